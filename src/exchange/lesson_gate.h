// Private to exchange/: what every lesson passes before it is handed out, and the account of those that did not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange/first_data.h"

namespace banchu {

// 64-bit keys that were seen, in one flat table; past four million it remembers no new ones.
class SeenKeys {
 public:
  bool insert(std::uint64_t key);  // false: it was there

 private:
  void grow();
  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(1 << 10, 0);  // 0: free
  std::size_t used_ = 0;
};

class LessonGate {
 public:
  LessonGate(FirstData& data, const LessonSink& sink) : data_(&data), sink_(&sink) {}
  void skip(SkipReason reason, const std::string& where);
  // Cleans both texts (NFC, line ends, white space around) and hands them on, or says why not.
  Status pass(const std::string& where, const std::string& question, const std::string& answer);

 private:
  FirstData* data_;
  const LessonSink* sink_;
  SeenKeys seen_;
};

}  // namespace banchu
