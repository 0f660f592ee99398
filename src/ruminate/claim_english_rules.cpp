#include "ruminate/claim_english_rules.h"

namespace banchu {
namespace {

using Strings = std::vector<std::string>;

EnglishRule pet_rule() {
  return {{"my {thing} is called {value}", "my {thing} is named {value}", "my {thing}'s name is {value}",
           "our {thing} is called {value}", "i have a {thing} called {value}", "i have a {thing} named {value}"},
          MemoryKind::fact,
          "name of {thing}",
          "{value}",
          "your {thing} is called {value}",
          "{value}",
          2,
          {"What is my {thing} called?", "What's the name of my {thing}?", "Do you remember my {thing}'s name?",
           "Tell me what my {thing} is called.", "How is my {thing} called?", "Who is my {thing}?",
           "Can you say the name of my {thing}?", "What name does my {thing} have?",
           "Which name did I give you for my {thing}?", "Remind me, what is my {thing} called?",
           "What do I call my {thing}?", "I wonder if you still know the name of my {thing}?"},
          {"Your {thing} is called {value}.", "{value} is the name of your {thing}."},
          {"What is my neighbour's parrot called?", "What was the name of my first school?"}};
}

EnglishRule name_rule() {
  return {{"my name is {value}", "my name's {value}", "please call me {value}", "you can call me {value}"},
          MemoryKind::fact,
          "user's name",
          "{value}",
          "your name is {value}",
          "{value}",
          3,
          {"What is my name?", "Do you know my name?", "What's my name?", "Who am I?", "Tell me my name.",
           "Do you remember what I am called?", "Can you say my name?", "How should you call me?",
           "Remind me, what is my name?", "What name did I tell you?", "Which name do I go by?", "Say who I am."},
          {"Your name is {value}.", "You are {value}."},
          {"What is my middle name?", "What is my teacher's name?"}};
}

EnglishRule home_rule() {
  return {{"i live in {value}", "i'm living in {value}", "i am living in {value}", "we live in {value}"},
          MemoryKind::fact,
          "home",
          "{value}",
          "you live in {value}",
          "{value}",
          4,
          {"Where do I live?", "Do you know where I live?", "Which place do I live in?", "Where is my home?",
           "Tell me where I live.", "In what town do I live?", "Do you remember where my home is?",
           "What place do I call home?", "Remind me, where do I live?", "Where did I say that I live?",
           "Can you name the place where I live?", "Whereabouts is my house?"},
          {"You live in {value}.", "Your home is in {value}."},
          {"Where was my father born?", "In which street is my office?"}};
}

EnglishRule birthday_rule() {
  return {{"my birthday is on {value}", "my birthday is {value}", "i was born on {value}"},
          MemoryKind::fact,
          "birthday",
          "{value}",
          "your birthday is on {value}",
          "{value}",
          4,
          {"When is my birthday?", "On what day is my birthday?", "Do you remember my birthday?",
           "What date is my birthday?", "Tell me my birthday.", "When was I born?", "Which day is my birthday?",
           "Do you know when my birthday is?", "Remind me, when is my birthday?", "When do I celebrate my birthday?",
           "What day did I give you as my birthday?", "When should the candles be lit for me?"},
          {"Your birthday is on {value}.", "It is on {value}."},
          {"When is my brother's birthday?", "When is my wedding day?"}};
}

EnglishRule allergy_rule() {
  return {{"i am allergic to {value}", "i'm allergic to {value}"},
          MemoryKind::fact,
          "allergy: {value}",
          "allergic",
          "you are allergic to {value}",
          "{value}",
          3,
          {"What am I allergic to?", "Do you remember my allergy?", "Which food is dangerous for me?",
           "What should I not eat?", "Tell me what I am allergic to.", "What must be kept out of my food?",
           "Do you know my allergy?", "What would make me ill?", "Remind me, what am I allergic to?",
           "Which allergy do I have?", "What can't I eat?", "What allergy did I tell you about?"},
          {"You are allergic to {value}.", "Keep away from {value}, you are allergic to it."},
          {"What is my sister allergic to?", "Which medicine do I take?"}};
}

EnglishRule work_rule() {
  return {{"i work as {value}", "i work at {value}", "i work for {value}", "i work in {value}"},
          MemoryKind::fact,
          "work",
          "{value}",
          "you work {word} {value}",
          "{value}",
          4,
          {"What is my work?", "What do I do for a living?", "What is my job?", "Where do I work?",
           "Do you remember my work?", "Tell me what I work as.", "How do I earn my bread?", "Do you know my job?",
           "Remind me, what is my work?", "What did I say about my job?", "What fills my working day?",
           "Which job do I have?"},
          {"You work {word} {value}."},
          {"What did I study?", "Who is my boss?"}};
}

EnglishRule favourite_rule() {
  return {{"my favourite {thing} is {value}", "my favorite {thing} is {value}"},
          MemoryKind::preference,
          "favourite {thing}",
          "{value}",
          "your favourite {thing} is {value}",
          "{value}",
          5,
          {"What is my favourite {thing}?", "Which {thing} is my favourite?", "Do you know my favourite {thing}?",
           "Tell me my favourite {thing}.", "Which {thing} do I like best?", "What {thing} do I love most?",
           "Do you remember which {thing} I like best?", "What's my favourite {thing}?",
           "Remind me of my favourite {thing}.", "Which {thing} would I choose?",
           "What {thing} did I call my favourite?", "Which {thing} makes me happiest?"},
          {"Your favourite {thing} is {value}.", "It is {value}."},
          {"What is my least favourite song?", "Which shop do I never enter?"}};
}

EnglishRule taste_rule(const std::string& verb, const std::string& stance, const Strings& patterns) {
  return {patterns,
          MemoryKind::preference,
          "taste: {value}",
          stance,
          "you " + verb + " {value}",
          "{value}",
          4,
          {"What do I " + verb + "?", "Tell me something I " + verb + ".", "Do you know what I " + verb + "?",
           "Name one thing that I " + verb + ".", "What did I say that I " + verb + "?",
           "Do you remember what I " + verb + "?", "What is it that I " + verb + "?", "Say one thing I " + verb + ".",
           "Remind me, what do I " + verb + "?", "Which thing do I " + verb + "?",
           "What have I told you that I " + verb + "?", "Can you name something I " + verb + "?"},
          {"You " + verb + " {value}.", "You told me that you " + verb + " {value}."},
          {"What does my uncle like?", "Which song do I hum in the morning?"}};
}

}  // namespace

const std::vector<EnglishRule>& english_rules() {
  static const std::vector<EnglishRule> kRules = {
      name_rule(),
      favourite_rule(),
      pet_rule(),
      home_rule(),
      birthday_rule(),
      allergy_rule(),
      work_rule(),
      taste_rule("do not like", "dislikes",
                 {"i don't like {value}", "i do not like {value}", "i hate {value}", "i dislike {value}",
                  "i can't stand {value}"}),
      taste_rule("like", "likes",
                 {"i like {value}", "i love {value}", "i really like {value}", "i adore {value}",
                  "i really love {value}", "i enjoy {value}"}),
  };
  return kRules;
}

}  // namespace banchu
