#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <system_error>

#include "base/rng.h"
#include "train/state.h"

namespace banchu::lora {

namespace {

constexpr char kMagic[16] = "banchu-train-02";
constexpr std::size_t kFamily = 13;  // "banchu-train-": of some version

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

// A cheap 64-bit checksum: torn and rotten files are what it must see, not forgeries.
class Checksum {
 public:
  void add(const void* data, std::size_t bytes) {
    const char* p = static_cast<const char*>(data);
    for (; bytes >= 8; bytes -= 8, p += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, p, 8);
      sum_ = Rng::mix(sum_ ^ word);
    }
    for (; bytes > 0; --bytes, ++p) sum_ = Rng::mix(sum_ ^ static_cast<unsigned char>(*p));
  }
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

class Writer {
 public:
  explicit Writer(std::FILE* file) : file_(file) {}
  void bytes(const void* data, std::size_t n) {
    checksum_.add(data, n);
    good_ = good_ && (n == 0 || std::fwrite(data, 1, n, file_) == n);
  }
  template <typename T>
  void value(T v) {
    bytes(&v, sizeof v);
  }
  template <typename T>
  void list(const std::vector<T>& v) {
    value<std::uint64_t>(v.size());
    bytes(v.data(), v.size() * sizeof(T));
  }
  void text(const std::string& v) {
    value<std::uint64_t>(v.size());
    bytes(v.data(), v.size());
  }
  void block(std::span<const std::byte> v) {
    value<std::uint64_t>(v.size());
    bytes(v.data(), v.size());
  }
  void finish() { value(checksum_.sum()); }
  bool good() const { return good_; }

 private:
  std::FILE* file_;
  Checksum checksum_;
  bool good_ = true;
};

class Reader {
 public:
  Reader(std::FILE* file, std::uint64_t size) : file_(file), left_(size) {}
  void bytes(void* data, std::size_t n) {
    good_ = good_ && n <= left_ && (n == 0 || std::fread(data, 1, n, file_) == n);
    if (!good_) return;
    left_ -= n;
    checksum_.add(data, n);
  }
  template <typename T>
  void value(T* v) {
    bytes(v, sizeof *v);
  }
  template <typename T>
  void list(std::vector<T>* v) {
    std::uint64_t n = 0;
    value(&n);
    good_ = good_ && n <= left_ / sizeof(T);
    if (!good_) return;
    v->resize(n);
    bytes(v->data(), n * sizeof(T));
  }
  std::string text() {
    std::uint64_t n = 0;
    value(&n);
    good_ = good_ && n <= left_;
    std::string v(good_ ? n : 0, '\0');
    bytes(v.data(), v.size());
    return v;
  }
  // Of exactly this size.
  void block(std::span<std::byte> v) {
    std::uint64_t n = 0;
    value(&n);
    good_ = good_ && n == v.size();
    if (good_) bytes(v.data(), v.size());
  }
  bool finish() {
    const std::uint64_t expected = checksum_.sum();
    std::uint64_t found = 0;
    value(&found);
    return good_ && found == expected && left_ == 0;
  }
  bool good() const { return good_; }

 private:
  std::FILE* file_;
  std::uint64_t left_;
  Checksum checksum_;
  bool good_ = true;
};

// One list of fields for both ways.
template <typename Value, typename List, typename State>
void visit(State& s, const Value& value, const List& list) {
  value(s.step);
  list(s.parameters);
  value(s.adam.steps);
  list(s.best);
  list(s.mean);
  value(s.best_is_mean);
  value(s.best_loss);
  value(s.first_valid_loss);
  value(s.validations_without_gain);
  value(s.tokens);
  value(s.step_seconds);
  value(s.seconds);
  list(s.curve);
}

// What a checkpoint belongs to, and what to call it when it is another's.
struct Belonging {
  const char* name;
  std::string JobIdentity::* digest;
};
constexpr Belonging kBelongings[] = {{"another model", &JobIdentity::base},
                                     {"another self", &JobIdentity::selves},
                                     {"another dataset", &JobIdentity::rows},
                                     {"other options", &JobIdentity::options},
                                     {"another processor or thread count", &JobIdentity::arithmetic}};

Status write_all(const TrainState& state, const JobIdentity& job, const std::string& path) {
  const File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return error_from_errno("cannot write the checkpoint", path);
  Writer out(file.get());
  out.bytes(kMagic, sizeof kMagic);
  for (const Belonging& one : kBelongings) out.text(job.*one.digest);
  out.block(state.adam.bytes.all());
  visit(
      state, [&](const auto& v) { out.value(v); }, [&](const auto& v) { out.list(v); });
  out.finish();
  if (!out.good() || std::fflush(file.get()) != 0 || fsync(fileno(file.get())) != 0) {
    return error_from_errno("cannot write the checkpoint", path);
  }
  return {};
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace

std::filesystem::path checkpoint_path(const std::filesystem::path& folder) { return folder / "train.checkpoint"; }

Status save_checkpoint(const TrainState& state, const JobIdentity& job, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = checkpoint_path(folder).string();
  const std::string unfinished = path + ".new";
  if (auto written = write_all(state, job, unfinished); !written) {
    std::filesystem::remove(unfinished, error);
    return written;
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return error_from_errno("cannot rename", unfinished);
  sync_folder(folder);
  return {};
}

CheckpointFound load_checkpoint(const JobIdentity& job, const std::filesystem::path& folder, TrainState* state) {
  const std::filesystem::path path = checkpoint_path(folder);
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  const File file(error ? nullptr : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return {};
  const auto because = [&](const std::string& why) {
    return CheckpointFound{false, "the checkpoint " + path.string() + " " + why + ": the training begins anew"};
  };
  Reader in(file.get(), size);
  char magic[sizeof kMagic] = {};
  in.bytes(magic, sizeof magic);
  if (!in.good() || std::memcmp(magic, kMagic, kFamily) != 0) return because("is damaged");
  if (std::memcmp(magic, kMagic, sizeof kMagic) != 0) return because("is of another version of banchu");
  for (const Belonging& one : kBelongings) {
    const std::string digest = in.text();
    if (!in.good()) return because("is damaged");
    if (digest != job.*one.digest) return because(std::string("is of ") + one.name);
  }
  in.block(state->adam.bytes.all());
  visit(
      *state, [&](auto& v) { in.value(&v); }, [&](auto& v) { in.list(&v); });
  if (!in.finish()) return because("is damaged");
  return {true, ""};
}

void remove_checkpoint(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove(checkpoint_path(folder), error);
}

}  // namespace banchu::lora
