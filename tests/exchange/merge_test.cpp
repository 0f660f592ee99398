// A merged model answers as the base with its adapter, keeps everything else, and never lies half-written.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/float_model.h"
#include "model/quantise.h"
#include "tests/exchange/support.h"
#include "tests/train/tiny_model.h"

namespace banchu::test {
namespace {

class Merge : public ExchangeTest {
 protected:
  // The tiny speaking model as F16, so that libllama rounds no activations and only the merge itself is seen.
  std::filesystem::path wide_base() const {
    if (!std::filesystem::exists(at("wide.gguf"))) {
      const auto tiny = open_gguf(tiny_base());
      EXPECT_TRUE(merge_model({tiny.get(), nullptr, at("wide.gguf"), "f16", 1, {}, nullptr}));
    }
    return at("wide.gguf");
  }
  Result<MergeOutcome> merge(const std::filesystem::path& base, const Adapter* adapter, const std::string& format,
                             const CancelFlag* cancel = nullptr) const {
    const auto file = open_gguf(base);
    return merge_model({file.get(), adapter, at(format + ".gguf"), format, 1, {}, cancel});
  }
  AdapterUse saved(const Adapter& adapter) const {
    EXPECT_TRUE(write_adapter(adapter, at("adapter.gguf")));
    return {"adapter", at("adapter.gguf"), 1.0F};
  }
};

TEST_F(Merge, AnswersAsTheBaseWithItsAdapter) {
  const Adapter adapter = random_adapter(*open_gguf(tiny_base()), 4, 8, 0.1, 3);
  const AdapterUse use = saved(adapter);
  const auto unmerged = served(wide_base(), &use);
  ASSERT_GT(mean_kl(unmerged, served(wide_base(), nullptr)), 0.05) << "the adapter does nothing visible";
  const std::pair<const char*, double> bars[] = {{"f32", 1e-4}, {"f16", 1e-4}, {"bf16", 2e-3}};
  for (const auto& [format, bar] : bars) {
    const auto outcome = merge(wide_base(), &adapter, format);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->changed, adapter.tensors.size());
    EXPECT_EQ(outcome->bytes, std::filesystem::file_size(at(std::string(format) + ".gguf")));
    const double kl = mean_kl(unmerged, served(at(std::string(format) + ".gguf"), nullptr));
    std::printf("KL(unmerged || merged as %s) = %.1e nats a token\n", format, kl);
    EXPECT_LT(kl, bar) << format;
  }
}

TEST_F(Merge, GoesThroughTheEnginesQuantiserToOtherTypes) {
  const Adapter adapter = random_adapter(*open_gguf(tiny_base()), 4, 8, 0.1, 3);
  const AdapterUse use = saved(adapter);
  const auto unmerged = served(wide_base(), &use);
  const std::pair<const char*, double> bars[] = {{"q8_0", 0.01}, {"q4_k_m", 0.5}, {"iq4_nl", 0.5}, {"q4_1", 0.5}};
  for (const auto& [format, bar] : bars) {
    const auto outcome = merge(tiny_base(), &adapter, format);
    ASSERT_TRUE(outcome) << format << ": " << outcome.error().message;
    const double kl = mean_kl(unmerged, served(at(std::string(format) + ".gguf"), nullptr));
    std::printf("KL(unmerged || merged as %s) = %.1e nats a token\n", format, kl);
    EXPECT_LT(kl, bar) << format;
  }
  EXPECT_EQ(files_left(), 2 + std::size(bars)) << "the 16-bit file in between has gone";
}

TEST_F(Merge, KeepsEveryKeyAndEveryOtherTensorByteForByte) {
  Adapter adapter = random_adapter(*open_gguf(tiny_base()), 4, 8, 0.1, 3);
  adapter.tensors.resize(1);
  ASSERT_TRUE(merge(wide_base(), &adapter, "f16"));
  const auto before = open_gguf(wide_base()), after = open_gguf(at("f16.gguf")), tiny = open_gguf(tiny_base());
  ASSERT_EQ(before->raw_pairs().size(), after->raw_pairs().size());
  for (std::size_t i = 0; i < before->raw_pairs().size(); ++i) {
    const auto &x = before->raw_pairs()[i].bytes, &y = after->raw_pairs()[i].bytes, &z = tiny->raw_pairs()[i].bytes;
    EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin(), y.end()));
    if (tiny->raw_pairs()[i].key != "general.file_type") {
      EXPECT_TRUE(std::equal(x.begin(), x.end(), z.begin(), z.end()));
    }
  }
  EXPECT_EQ(after->integer("general.file_type"), 1);
  for (const GgufTensor& tensor : before->tensors()) {
    const GgufTensor* other = after->find_tensor(tensor.name);
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(other->type, tensor.type);
    const bool is_same = std::equal(tensor.data, tensor.data + tensor.bytes, other->data, other->data + other->bytes);
    EXPECT_EQ(is_same, tensor.name != adapter.tensors[0].base) << tensor.name;
  }
}

TEST_F(Merge, AnAdapterOfAnotherBaseLeavesNoFile) {
  const Adapter stranger = random_adapter(*open_gguf(parity_base()), 2, 4, 0.1, 1);
  const auto outcome = merge(tiny_base(), &stranger, "f16");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::InvalidArgument);
  EXPECT_NE(outcome.error().message.find("does not fit the base"), std::string::npos) << outcome.error().message;
  EXPECT_EQ(files_left(), 0U);
}

TEST_F(Merge, CtrlCLeavesNoFile) {
  const CancelFlag stop{true};
  for (const char* format : {"f16", "q8_0"}) {
    const auto outcome = merge(tiny_base(), nullptr, format, &stop);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::Cancelled) << format;
  }
  // And in the middle of the engine's own work.
  CancelFlag later{false};
  const ProgressSink stop_soon = [&later](const Progress& progress) { later = progress.done >= 5; };
  const std::filesystem::path base = wide_base();
  const Status stopped = quantise_model(base, at("q.gguf"), {"q8_0", 1, stop_soon, &later});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Cancelled) << stopped.error().message;
  EXPECT_EQ(files_left(), 1U);
}

TEST_F(Merge, WhatF16CannotHoldIsRefusedAndBf16Holds) {
  Adapter adapter = random_adapter(*open_gguf(tiny_base()), 4, 8, 0.1, 3);
  adapter.tensors[0].b[0] = 1e7F;
  const auto outcome = merge(tiny_base(), &adapter, "f16");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::InvalidArgument);
  EXPECT_NE(outcome.error().hint.find("bf16"), std::string::npos);
  EXPECT_TRUE(merge(tiny_base(), &adapter, "bf16"));
}

TEST_F(Merge, AFormatThatIsNoneAndTheBaseItselfAreRefused) {
  EXPECT_EQ(merge(tiny_base(), nullptr, "q5_x").error().code, Code::InvalidArgument);
  const auto base = open_gguf(wide_base());
  EXPECT_EQ(merge_model({base.get(), nullptr, wide_base(), "f16", 1, {}, nullptr}).error().code, Code::InvalidArgument);
  EXPECT_EQ(merge_model({base.get(), nullptr, at("no/such/folder/x.gguf"), "f16", 1, {}, nullptr}).error().code,
            Code::NotFound);
}

TEST_F(Merge, ATypeThatNeedsAnImportanceMatrixSaysSo) {
  TinyModel wide;  // such types come in blocks of 256
  wide.n_embd = wide.n_ff = 256;
  wide.head_dim = 64;
  write_tiny_model(make_tiny_llama(1, false, wide), at("wide.gguf"));
  const auto outcome = merge(at("wide.gguf"), nullptr, "iq1_s");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::Unsupported);
  EXPECT_NE(outcome.error().message.find("importance matrix"), std::string::npos) << outcome.error().message;
}

constexpr int kSkipped = 77;

// On a volume that holds the 16-bit file but not the result beside it, and on one that holds neither.
int merge_on_a_small_volume(const std::filesystem::path& volume, const char* size, const std::string& format) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", volume.c_str(), "tmpfs", 0, size) != 0) {
    return kSkipped;
  }
  const auto base = open_gguf(tiny_base());
  const auto outcome = merge_model({base.get(), nullptr, volume / "x.gguf", format, 1, {}, nullptr});
  if (outcome || outcome.error().code != Code::NoSpace || outcome.error().hint.empty()) return 1;
  return std::filesystem::is_empty(volume) ? 0 : 2;
}

TEST_F(Merge, AFullDiskIsNamedAndLeavesNoFile) {
  const std::pair<const char*, const char*> cases[] = {{"size=1m", "f16"}, {"size=2m", "q8_0"}};
  std::filesystem::create_directories(at("volume"));
  for (const auto& [size, format] : cases) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(merge_on_a_small_volume(at("volume"), size, format));
    int status = 0;
    ::waitpid(child, &status, 0);
    const int answer = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (answer == kSkipped) GTEST_SKIP() << "mounting a small volume needs root";
    EXPECT_EQ(answer, 0) << format;
  }
}

}  // namespace
}  // namespace banchu::test
