// Hand-over: lessons, the rows a night trains on and the tests it will be measured by. Plain data.
//
// TrainSet, ValidSet and TestSet are different types: training on held-out rows does not compile.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/message.h"
#include "ruminate/memory.h"

namespace banchu {

// distill: teacher = the awake self with the mask in its context, student = without it. sft: cross-entropy on the
// reply. rehearsal: teacher = the awake self itself, holds the old self in place. preference: two replies to the same
// words, of which the one that the user gave is to become the likelier (DPO).
enum class RowKind { distill, sft, rehearsal, preference };
const char* name_of(RowKind kind);

struct LessonRow {
  RowKind kind = RowKind::sft;
  std::string conversation;            // rows of one conversation never stand in two sets
  std::vector<std::string> memories;   // ids
  std::vector<Token> tokens;           // what the student reads, the reply included
  std::vector<std::uint32_t> targets;  // ascending positions t >= 1; the loss is on tokens[t] given tokens[0..t)
  std::vector<TopK> teacher;           // one per target for distill and rehearsal; empty for sft
  float weight = 1;                    // of every target of this row
  std::vector<Token> rejected = {};    // preference: the same words with the other reply, and its targets
  std::vector<std::uint32_t> rejected_targets = {};
};

template <typename Tag>
class LessonSet {
 public:
  LessonSet() = default;
  explicit LessonSet(std::vector<LessonRow> rows) : rows_(std::move(rows)) {}
  const std::vector<LessonRow>& rows() const { return rows_; }
  std::vector<LessonRow>& rows() { return rows_; }

 private:
  std::vector<LessonRow> rows_;
};
using TrainSet = LessonSet<struct TrainTag>;
using ValidSet = LessonSet<struct ValidTag>;
using TestSet = LessonSet<struct TestTag>;

// The behavioural test of one memory: prompts (no mask) from conversations that are not trained on.
struct LessonTest {
  std::string memory;
  Behaviour behaviour;
  std::vector<std::vector<Message>> valid_prompts;  // the last message is the user's
  std::vector<std::vector<Message>> test_prompts;
};

struct Lessons {
  TrainSet train;
  ValidSet valid;
  TestSet test;
  std::vector<LessonTest> tests;
  std::vector<std::string> memories;        // ids that this night wants to engrave
  std::vector<std::string> taught_replies;  // every reply trained word for word, for the parroting check
  std::string tokenizer;                    // digest of the tokenizer that made the tokens; "": not known
  int count(RowKind kind) const;            // over train, valid and test
  bool empty() const { return train.rows().empty(); }
};

// Exact, versioned bytes, for the bag's blobs and for resuming a night. Corruption for anything else.
std::string lessons_to_bytes(const Lessons& lessons);
Result<Lessons> lessons_from_bytes(const std::string& bytes);

}  // namespace banchu
