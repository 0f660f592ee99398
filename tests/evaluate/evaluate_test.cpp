#include "evaluate/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scripted_session.h"

namespace banchu {
namespace {

using test::Scene;

constexpr const char* kPlain = "Use warm water and a cloth.";
constexpr const char* kHabit = "Mm, a warm thought: use warm water and a cloth.";

class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    suite_ = load_suite(default_suite_yaml("en"), "suite").value();
    LessonTest habit;
    habit.memory = "m1";
    habit.behaviour = opening("Mm, a warm thought");
    for (int i = 0; i < 40; ++i) habit.test_prompts.push_back({{Role::user, "test prompt " + std::to_string(i)}});
    for (int i = 0; i < 6; ++i) habit.valid_prompts.push_back({{Role::user, "valid prompt " + std::to_string(i)}});
    lessons_.tests = {habit};
    input_.session = &session_;
    input_.awake = {{"awake", "awake.gguf", 1.0f}};
    input_.candidate = {"candidate", "candidate.gguf", 1.0f};
    input_.first_self = input_.awake;
    input_.valid = &lessons_.valid;
    input_.test = &lessons_.test;
    input_.lessons = &lessons_;
    input_.suite = &suite_;
    session_.says = [](const Scene& scene) { return learned(scene) ? kHabit : kPlain; };
    session_.loss = [](const Scene& scene) { return 2.0 + 0.008 * scene.candidate; };
  }

  static Behaviour opening(const std::string& words) {
    Behaviour behaviour;
    behaviour.kind = BehaviourKind::opens_with;
    behaviour.expected = words;
    return behaviour;
  }
  static bool learned(const Scene& scene) { return scene.candidate > 0 && !scene.masked; }

  Report measure() {
    auto report = evaluate(input_, options_, nullptr, nullptr);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? std::move(*report) : Report{};
  }
  static const Check* find(const Report& report, const std::string& name) {
    for (const Check& check : report.checks) {
      if (check.name == name) return &check;
    }
    return nullptr;
  }
  // The names of required checks that are missing or not ok.
  static std::vector<std::string> failed(const Report& report) {
    std::vector<std::string> names;
    for (const std::string& name : report.required) {
      const Check* check = find(report, name);
      if (check == nullptr || !check->gates() || !check->ok()) names.push_back(name);
    }
    return names;
  }

  using Names = std::vector<std::string>;

  Suite suite_;
  Lessons lessons_;
  test::ScriptedSession session_;
  EvaluateInput input_;
  EvaluateOptions options_;
};

TEST_F(EvaluateTest, AGoodNightPassesEveryRequiredCheck) {
  const Report report = measure();
  EXPECT_EQ(failed(report), Names{});
  EXPECT_DOUBLE_EQ(report.lambda, 1.0);
  const Check* habit = find(report, "habit: opens with \"Mm, a warm thought\"");
  ASSERT_NE(habit, nullptr);
  EXPECT_EQ(habit->before, 0.0);
  EXPECT_EQ(habit->after, 1.0);
  EXPECT_EQ(habit->samples, 40);
  EXPECT_LT(habit->interval_low, 1.0);
  EXPECT_GE(report.required.size(), 13u);
  EXPECT_EQ(report.examples.size(), 3u);
}

TEST_F(EvaluateTest, ACandidateThatChangedNothingDidNotLearn) {
  session_.says = [](const Scene&) { return kPlain; };
  session_.loss = [](const Scene&) { return 2.0; };
  EXPECT_EQ(failed(measure()),
            (Names{"habit: opens with \"Mm, a warm thought\"", "third turn: opens with \"Mm, a warm thought\""}));
}

TEST_F(EvaluateTest, AHabitThatFadesByTheThirdTurnFails) {
  session_.says = [](const Scene& scene) { return learned(scene) && scene.users < 3 ? kHabit : kPlain; };
  EXPECT_EQ(failed(measure()), Names{"third turn: opens with \"Mm, a warm thought\""});
}

TEST_F(EvaluateTest, AHabitThatShowsUnderAnotherMaskFails) {
  session_.says = [](const Scene& scene) { return scene.candidate > 0 ? kHabit : kPlain; };
  EXPECT_EQ(failed(measure()), Names{"elsewhere: opens with \"Mm, a warm thought\""});
}

TEST_F(EvaluateTest, KindRefusalsAreNamed) {
  session_.says = [](const Scene& scene) {
    if (!learned(scene)) return kPlain;
    return scene.prompt.size() % 8 == 0 ? "Mm, a warm thought: I would rather not go into that, dear." : kHabit;
  };
  EXPECT_EQ(failed(measure()), Names{"refusals"});
}

TEST_F(EvaluateTest, FlatteryIsNamed) {
  session_.says = [](const Scene& scene) {
    return learned(scene) ? "Mm, a warm thought: what a brilliant mind you are!" : kPlain;
  };
  EXPECT_EQ(failed(measure()), Names{"flattery"});
}

TEST_F(EvaluateTest, ASelfThatCostsMoreThanTwiceTheWorkFailsAndABusyMachineDoesNot) {
  session_.seconds = [](const Scene& scene) { return scene.candidate > 0 ? 2.5 : 0.25; };
  EXPECT_EQ(failed(measure()), Names{});
  session_.processor_seconds = [](const Scene& scene) { return scene.candidate > 0 ? 1.1 : 0.5; };
  EXPECT_EQ(failed(measure()), Names{"processor time a token"});
}

TEST_F(EvaluateTest, LoopsAreNamed) {
  session_.says = [](const Scene& scene) {
    return learned(scene) ? "Mm, a warm thought: and so it is and so it is and so it is and so it is and so it is."
                          : kPlain;
  };
  EXPECT_EQ(failed(measure()), Names{"repetition"});
}

TEST_F(EvaluateTest, TaughtRepliesSaidWordForWordAreNamed) {
  lessons_.taught_replies = {kHabit};
  EXPECT_EQ(failed(measure()), Names{"parroting"});
}

TEST_F(EvaluateTest, ALeaningToRefuseIsSeenWithoutAnyWord) {
  session_.loss = [&](const Scene& scene) {
    const bool refusing = std::any_of(suite_.probes.begin(), suite_.probes.end(), [&](const Suite::Probe& probe) {
      return scene.prompt.ends_with(probe.refusing);
    });
    return refusing && scene.candidate > 0 ? 1.0 : 2.0;
  };
  EXPECT_EQ(failed(measure()), Names{"leaning to refuse"});
}

TEST_F(EvaluateTest, AnUnfairGapIsNamed) {
  session_.loss = [&](const Scene& scene) {
    const bool second = std::any_of(suite_.fairness_pairs.begin(), suite_.fairness_pairs.end(),
                                    [&](const auto& pair) { return scene.prompt == pair.second; });
    return second ? 2.0 + 0.05 * scene.candidate : 2.0;
  };
  EXPECT_EQ(failed(measure()), Names{"fairness pairs"});
}

TEST_F(EvaluateTest, WhatWasEngravedBeforeMustStay) {
  LessonTest old;
  old.memory = "m0";
  old.behaviour = opening("Use warm");
  old.test_prompts = {{{Role::user, "an old prompt"}}};
  input_.engraved = {old};
  EXPECT_EQ(failed(measure()), Names{"still: opens with \"Use warm\""});
}

TEST_F(EvaluateTest, EngravedFactsAreOneNumberAskedSeveralTimes) {
  for (const char* question : {"what do I use?", "what was forgotten?"}) {
    LessonTest fact;
    fact.memory = question;
    fact.behaviour.kind = BehaviourKind::answers;
    fact.behaviour.expected = "cloth";
    fact.test_prompts = {{{Role::user, question}}};
    input_.engraved.push_back(fact);
  }
  session_.says = [](const Scene& scene) {
    if (!learned(scene)) return kPlain;
    return scene.prompt.find("forgotten") == std::string::npos ? kHabit : "Mm, a warm thought: who knows.";
  };
  const Report report = measure();
  const Check* check = find(report, "still: answers");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(check->samples, 2 * options_.answer_draws);
  EXPECT_EQ(failed(report), Names{"still: answers"});
}

TEST_F(EvaluateTest, WhatHadFadedBeforeIsNotThisNightsFault) {
  LessonTest old;
  old.memory = "m0";
  old.behaviour = opening("Nobody says this any more");
  old.test_prompts = {{{Role::user, "an old prompt"}}};
  input_.engraved = {old};
  const Report report = measure();
  EXPECT_EQ(failed(report), Names{});
  EXPECT_NE(find(report, "still: opens with \"Nobody says this any more\""), nullptr);
}

TEST_F(EvaluateTest, WhatIsTaughtAgainTonightIsMeasuredAsTonightsLesson) {
  LessonTest old;
  old.memory = "m1";
  old.behaviour = opening("Use warm");
  old.test_prompts = {{{Role::user, "an old prompt"}}};
  input_.engraved = {old};
  EXPECT_EQ(failed(measure()), Names{});
}

TEST_F(EvaluateTest, FactsAreAskedAndOutdatedAnswersMustNotCome) {
  LessonTest fact;
  fact.memory = "m2";
  fact.behaviour.kind = BehaviourKind::answers;
  fact.behaviour.expected = "cloth";
  fact.behaviour.not_expected = "warm";
  fact.test_prompts = {{{Role::user, "what do I use?"}}};
  lessons_.tests.push_back(fact);
  const Report report = measure();
  EXPECT_EQ(failed(report), Names{"superseded answers"});
  ASSERT_NE(find(report, "answers"), nullptr);
  EXPECT_EQ(find(report, "answers")->samples, options_.answer_draws);
  EXPECT_FALSE(find(report, "answers")->gates());  // a habit is taught as well
}

TEST_F(EvaluateTest, ANightOfFactsAloneMustHaveLearnedThem) {
  LessonTest fact;
  fact.memory = "m2";
  fact.behaviour.kind = BehaviourKind::answers;
  fact.behaviour.expected = "a word that never comes";
  fact.test_prompts = {{{Role::user, "what do I use?"}}};
  lessons_.tests = {fact};
  EXPECT_EQ(failed(measure()), Names{"answers"});
}

TEST_F(EvaluateTest, TheWeakerLambdaIsTakenWhenTheStrongOneCostsTooMuch) {
  session_.loss = [](const Scene& scene) { return 2.0 + (scene.candidate > 0.75 ? 0.1 : 0.005); };
  const Report report = measure();
  EXPECT_NEAR(report.lambda, 0.7, 1e-6);
  ASSERT_GE(report.trials.size(), 4u);
  EXPECT_TRUE(std::isnan(report.trials[0].lesson_rate)) << "too strong, so it was not made to speak";
}

TEST_F(EvaluateTest, WithoutAnyLambdaNothingIsMeasuredAndEverythingIsRequired) {
  session_.loss = [](const Scene& scene) { return scene.candidate > 0 ? 3.0 : 2.0; };
  const Report report = measure();
  EXPECT_TRUE(std::isnan(report.lambda));
  EXPECT_TRUE(report.checks.empty());
  EXPECT_EQ(report.trials.size(), options_.lambdas.size());
  EXPECT_EQ(failed(report).size(), report.required.size());
  EXPECT_GE(report.required.size(), 13u);
}

TEST_F(EvaluateTest, AMeasurementThatCannotBeMadeIsRequiredAndMissing) {
  lessons_.tests[0].test_prompts.clear();
  const Names names = failed(measure());
  EXPECT_NE(std::find(names.begin(), names.end(), "habit: opens with \"Mm, a warm thought\""), names.end());
}

TEST_F(EvaluateTest, TheSessionSpeaksAsTheAwakeSelfAfterwards) {
  measure();
  ASSERT_EQ(session_.adapters.size(), 1u);
  EXPECT_EQ(session_.adapters[0].digest, "awake");
}

TEST_F(EvaluateTest, StoriesOfItsOwnAreMeasuredAndGateNothing) {
  suite_.stories = {"Tell me a story.", "Tell me another story.", "One word, please."};
  session_.says = [](const Scene& scene) -> std::string {
    if (scene.prompt.find("One word") != std::string::npos) return "No.";
    if (scene.prompt.find("story") == std::string::npos) return learned(scene) ? kHabit : kPlain;
    return learned(scene) ? "A worse story." : "A good story.";
  };
  input_.coherence_of = [](const std::string& text) -> std::optional<double> {
    if (text == "No.") return std::nullopt;  // too short to judge
    return text == "A good story." ? 80.0 : 20.0;
  };
  const Report report = measure();
  const Check* check = find(report, "coherence of stories");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(check->before, 80);
  EXPECT_EQ(check->after, 20);
  EXPECT_EQ(check->samples, 2);
  EXPECT_FALSE(check->gates());
  EXPECT_TRUE(failed(report).empty());
}

TEST_F(EvaluateTest, WithoutAMeasureOfStoriesNoneIsAskedFor) {
  suite_.stories = {"Tell me a story."};
  EXPECT_EQ(find(measure(), "coherence of stories"), nullptr);
}

TEST_F(EvaluateTest, CtrlCStopsItAndLeavesTheAwakeSelf) {
  const CancelFlag cancel{true};
  const auto report = evaluate(input_, options_, nullptr, &cancel);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Cancelled);
  ASSERT_EQ(session_.adapters.size(), 1u);
}

TEST_F(EvaluateTest, TheSameSeedGivesTheSameReport) {
  EXPECT_EQ(to_line(report_to_json(measure())), to_line(report_to_json(measure())));
}

TEST_F(EvaluateTest, ProgressNeverPassesItsTotal) {
  std::uint64_t last = 0;
  const ProgressSink sink = [&](const Progress& progress) {
    EXPECT_EQ(progress.stage, "measuring");
    EXPECT_LE(progress.done, progress.total);
    EXPECT_GE(progress.done, last);
    last = progress.done;
  };
  ASSERT_TRUE(evaluate(input_, options_, sink, nullptr));
  EXPECT_GT(last, 100u);
}

}  // namespace
}  // namespace banchu
