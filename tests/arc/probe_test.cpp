// Probes: what is planted in states is found, what is not there is not, and a score reads what calibration taught.
#include "arc/probe.h"

#include <gtest/gtest.h>

#include "arc/arc.h"
#include "arc/calibrate.h"
#include "arc/probe_states.h"
#include "base/file.h"
#include "base/rng.h"
#include "tests/arc/story.h"

namespace banchu {
namespace {

constexpr std::size_t kSentences = 400;
constexpr std::size_t kDimension = 12;

struct Taught {
  std::vector<LabelledSet> sets;
  std::vector<std::vector<float>> states;
};

// Sentences without a word of feeling, whose valence is 3 h[2] + 1 h[5] + noise and whose joy is h[7] > 0.
Taught planted(bool is_sham) {
  Taught taught;
  taught.sets.push_back({"made up", "d", {}});
  Rng rng(9, "probe");
  for (std::size_t i = 0; i < kSentences; ++i) {
    std::vector<float> state(kDimension);
    for (float& x : state) x = static_cast<float>(40 + 10 * rng.normal());
    const double valence = 3 * static_cast<double>(state[2]) + static_cast<double>(state[5]) + 10 * rng.normal();
    LabelledSentence sentence{"Number " + std::to_string(i) + " stands there.", "", {}, {}, {}};
    sentence.valence = is_sham ? rng.normal() : valence;
    const bool joy = is_sham ? rng.uniform() < 0.5 : state[7] > 40;
    sentence.labels = joy ? std::vector<std::string>{"joy"} : std::vector<std::string>{};
    taught.sets[0].sentences.push_back(sentence);
    taught.states.push_back(state);
  }
  return taught;
}

TEST(Probe, FindsWhatWasPlanted) {
  Taught taught = planted(false);
  const auto states = taught.states;
  const Probe probe = fit_probe(taught.sets, taught.states).value();
  ASSERT_EQ(probe.targets.size(), 2u);
  const ProbeTarget& valence = *probe.target("valence");
  EXPECT_EQ(valence.languages.size(), 1u);
  EXPECT_GT(valence.languages[0].probe, 0.9);
  EXPECT_GT(valence.share_in(ArcLanguage::english), 0.9);
  EXPECT_EQ(valence.share_in(ArcLanguage::korean), 0);
  EXPECT_NEAR(valence.weights[2] / valence.weights[5], 3, 0.5);
  EXPECT_GT(probe.target("joy")->languages[0].probe, 0.9);
  // Read on the states themselves: in standard deviations of the sentences that taught it.
  double mean = 0;
  for (const auto& state : states) mean += valence.read(state) / kSentences;
  EXPECT_NEAR(mean, 0, 1e-6);
}

TEST(Probe, FindsNothingInNoise) {
  Taught taught = planted(true);
  const Probe probe = fit_probe(taught.sets, taught.states).value();
  EXPECT_LT(probe.target("valence")->languages[0].probe, 0.15);
  EXPECT_NEAR(probe.target("joy")->languages[0].probe, 0.5, 0.1);
}

TEST(Probe, RowsOfAGroupNeverJudgeEachOther) {
  // Every state twice, with the same random valence: split apart, the twin gives it away.
  Taught taught = planted(true);
  for (std::size_t i = 1; i < kSentences; i += 2) {
    taught.states[i] = taught.states[i - 1];
    taught.sets[0].sentences[i].valence = taught.sets[0].sentences[i - 1].valence;
  }
  for (auto& state : taught.states) {
    Rng rng(static_cast<std::uint64_t>(1000 + state[0] * 10), "wide");
    state.resize(300);
    for (float& x : state) x = static_cast<float>(rng.normal());
  }
  const double apart = fit_probe(taught.sets, taught.states).value().target("valence")->languages[0].probe;
  for (std::size_t i = 0; i < kSentences; ++i) taught.sets[0].sentences[i].group = std::to_string(i / 2);
  const double grouped = fit_probe(taught.sets, taught.states).value().target("valence")->languages[0].probe;
  EXPECT_GT(apart, 0.5);
  EXPECT_LT(grouped, 0.2);
}

TEST(Probe, IsReadBackAsItWasWritten) {
  Taught taught = planted(false);
  Probe probe = fit_probe(taught.sets, taught.states).value();
  probe.model = std::string(64, 'a');
  probe.model_name = "mine.gguf";
  const std::string text = probe_text(probe);
  const Probe back = parse_probe(text, "mine.json").value();
  EXPECT_EQ(probe_text(back), text);
  EXPECT_EQ(back.digest.size(), 64u);
  EXPECT_NEAR(back.target("valence")->read(taught.states[0]), probe.target("valence")->read(taught.states[0]), 1e-3);
  EXPECT_EQ(back.sources[0].rows, kSentences);
}

TEST(Probe, AFileThatIsNoneIsRefusedByField) {
  Taught taught = planted(false);
  Probe probe = fit_probe(taught.sets, taught.states).value();
  probe.model = std::string(64, 'a');
  const std::string text = probe_text(probe);
  const auto broken = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    const auto parsed = parse_probe(other, "mine.json");
    return parsed ? "" : parsed.error().message;
  };
  EXPECT_NE(broken("banchu-probe", "something").find("format"), std::string::npos);
  EXPECT_NE(broken("\"version\":1", "\"version\":9").find("version"), std::string::npos);
  EXPECT_NE(broken("\"dimension\":12", "\"dimension\":13").find("valence.weights"), std::string::npos);
  EXPECT_NE(broken(std::string(64, 'a'), "abc").find("model.digest"), std::string::npos);
  EXPECT_FALSE(parse_probe("{\"format\":\"banchu-probe\",\"version\":1,\"model\":7,\"targets\":3}", "x"));
  EXPECT_FALSE(parse_probe("[]", "x"));
}

TEST(Probe, ASentenceIsReadAtAMark) {
  for (const char* closed : {"He came.", "\"He came.\" ", "그가 왔다…", "정말?", "(so)"})
    EXPECT_EQ(closing_mark(closed), "");
  for (const char* open : {"He came", "그가 왔다", "ㅋㅋ", ""}) EXPECT_EQ(closing_mark(open), ".");
}

TEST(Labelled, RowsAndGoldenEpisodesAreRead) {
  const auto folder = TemporaryFolder::create("labelled").value();
  const auto file = folder.path() / "rows.jsonl";
  ASSERT_TRUE(write_file_atomic(file,
                                "{\"text\":\"It rained.\",\"valence\":-1,\"labels\":[\"sad\"],\"group\":\"a\"}\n\n"
                                "{\"id\":\"b\",\"units\":[{\"text\":\"비가 왔다.\",\"valence\":2}]}\n"));
  const LabelledSet set = read_labelled(file).value();
  ASSERT_EQ(set.sentences.size(), 2u);
  EXPECT_EQ(set.sentences[0].labels->front(), "sad");
  EXPECT_EQ(set.sentences[1].group, "b");
  EXPECT_EQ(set.sentences[1].valence, 2);
  for (const char* wrong : {"{\"text\":\"x\"}", "{\"valence\":1}", "{\"text\":\"x\",\"valence\":\"high\"}", "7",
                            "{\"text\":\"x\",\"labels\":\"joy\"}", "{\"units\":[1]}", "{"}) {
    ASSERT_TRUE(write_file_atomic(file, std::string("{\"text\":\"x\",\"valence\":1}\n") + wrong + "\n"));
    const auto read = read_labelled(file);
    ASSERT_FALSE(read) << wrong;
    EXPECT_NE(read.error().message.find("row 2"), std::string::npos) << read.error().message;
  }
}

TEST(Labelled, ThinningKeepsTheSameSentencesInAnyOrder) {
  std::vector<LabelledSet> one = planted(true).sets;
  std::vector<LabelledSet> two = one;
  std::reverse(two[0].sentences.begin(), two[0].sentences.end());
  thin_out(one, 50);
  thin_out(two, 50);
  ASSERT_EQ(one[0].sentences.size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(one[0].sentences[i].text, two[0].sentences[49 - i].text);
}

class ProbedScore : public testing::Test {
 protected:
  // Weights that say one thing of one place of the state; they count for all of valence.
  std::shared_ptr<Probe> probe() const {
    auto made = std::make_shared<Probe>();
    made->model = model_->digest();
    made->dimension = model_->info().n_embd;
    ProbeTarget target{"valence", false, std::vector<double>(made->dimension, 0.0), 0.25, 1, {}};
    target.weights[3] = 2;
    target.languages.push_back({"en", 100, 0.9, 0.1, 0.9, 1.0});
    made->targets.push_back(target);
    made->digest = "p";
    return made;
  }
  ArcOptions options() const {
    ArcOptions options;
    options.session = session_.get();
    options.with_interval = false;
    return options;
  }

  std::shared_ptr<Model> model_ =
      Model::load(std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/tiny/tiny.gguf").value();
  std::unique_ptr<Session> session_ = Session::open(model_, {1, 512, 4}).value();
};

TEST_F(ProbedScore, ReadsWhatCalibrationWouldRead) {
  ArcOptions with = options();
  with.probe = probe();
  const Reading reading = score_text(kStory, with).value();
  std::vector<std::string_view> texts;
  for (const ArcUnit& unit : reading.units) texts.push_back(unit.text);
  const auto states = read_states(texts, *session_, nullptr, nullptr).value();
  EXPECT_EQ(reading.probe_targets, std::vector<std::string>{"valence"});
  EXPECT_EQ(reading.inputs.probe, "p");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(reading.units[i].probe.size(), 1u);
    EXPECT_NEAR(reading.units[i].probe[0], 0.25 + 2 * static_cast<double>(states[i][3]), 0.05);
  }
}

TEST_F(ProbedScore, TheArcFollowsTheProbeAsFarAsItsShareGoes) {
  ArcOptions with = options();
  const Reading plain = score_text(kStory, with).value();
  auto full = probe();
  with.probe = full;
  const Reading probed = score_text(kStory, with).value();
  EXPECT_NE(probed.arc, plain.arc);
  full->targets[0].languages[0].share = 0;
  EXPECT_EQ(score_text(kStory, with).value().arc, plain.arc);
}

TEST_F(ProbedScore, CostsNoThirdReading) {
  ArcOptions with = options();
  const Reading plain = score_text(kStory, with).value();
  with.probe = probe();
  const Reading probed = score_text(kStory, with).value();
  EXPECT_LE(probed.cost.tokens, plain.cost.tokens + probed.units.size());
}

TEST_F(ProbedScore, SaysHowToMakeAProbeWhereThereIsNone) {
  const Reading reading = score_text(kStory, options()).value();
  ASSERT_FALSE(reading.notes.empty());
  EXPECT_NE(reading.notes[0].find("arc calibrate"), std::string::npos);
  EXPECT_TRUE(reading.inputs.probe.empty());
}

TEST_F(ProbedScore, AnotherModelsProbeIsRefused) {
  ArcOptions with = options();
  auto other = probe();
  other->model = std::string(64, '0');
  with.probe = other;
  const auto reading = score_text(kStory, with);
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Code::FailedPrecondition);
  EXPECT_NE(reading.error().hint.find("arc calibrate"), std::string::npos);
}

// From sentences to a probe by the model itself: half of them of the sun, half of the rain.
TEST_F(ProbedScore, WhatAModelWasTaughtItReads) {
  LabelledSet letters{"letters", "d", {}};
  for (int i = 0; i < 80; ++i) {
    const std::string day = " on day " + std::to_string(i) + ".";
    letters.sentences.push_back({(i % 2 == 0 ? "the sun is bright" : "the rain is cold") + day, "", {}, {}, {}});
    letters.sentences.back().valence = i % 2 == 0 ? 1 : -1;
  }
  const Probe made = calibrate_probe(std::span(&letters, 1), *session_, {}).value();
  EXPECT_EQ(made.model, model_->digest());
  EXPECT_EQ(made.dimension, model_->info().n_embd);
  EXPECT_EQ(made.model_name, "tiny.gguf");
  EXPECT_GT(made.target("valence")->languages[0].probe, 0.8);
}

TEST(ShippedProbe, ReadsTheDefaultModelAndNoOther) {
  const auto probe = shipped_probe("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->dimension, 576u);
  EXPECT_GT(probe->target("valence")->share_in(ArcLanguage::english), 0);
  EXPECT_EQ(probe->target("valence")->share_in(ArcLanguage::korean), 0);  // the model knows none
  EXPECT_FALSE(shipped_probe(std::string(64, '0')));
}

TEST_F(ProbedScore, TooFewSentencesTeachNothing) {
  std::vector<LabelledSet> sets = planted(false).sets;
  sets[0].sentences.resize(30);
  EXPECT_EQ(calibrate_probe(sets, *session_, {}).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace banchu
