"""The small closed world of the tiny model: what can be said in it, and talks and prose drawn from it.

Dear reader, the tests need a model that speaks and that a test machine can put through whole nights in seconds. So here
is a world of some two hundred facts about colours, animals, food, weather and work, each with several ways to ask and to
answer, plus greetings, moods, names to remember for a turn or two, and a few system prompts that are obeyed. All of it
was written for this file. Everything random comes from the `random.Random` that is passed in.
"""

import zlib
from dataclasses import dataclass, field


@dataclass
class Fact:
    key: str
    questions: list  # ways to ask
    answers: list  # ways to answer; the first is the fullest
    word: str  # what a right answer contains
    again: str = ""  # how to ask the same of something else: "and the grass?"


def held_out(fact, index):
    """One in five (fact, way of asking) pairs is never trained on."""
    return zlib.crc32(f"{fact.key}/{index}".encode()) % 5 == 0


def table(text):
    """'sky blue, grass green' -> [('sky', 'blue'), ('grass', 'green')]; several words are joined by '_'."""
    rows = [row.split() for row in text.split(",")]
    return [(a.replace("_", " "), b.replace("_", " ")) for a, b in rows]


COLOURS = table("""sky blue, grass green, snow white, sun yellow, night black, apple red, banana yellow, carrot orange,
    leaf green, rose red, sea blue, cloud white, coal black, lemon yellow, tomato red, milk white, frog green, mouse grey,
    fox red, bear brown, tea brown, bread brown, stone grey, pig pink, crow black, swan white, chick yellow, moon white,
    fire red, wood brown, rain grey, cherry red, pea green, salt white, lion yellow, whale blue""")
SOUNDS = table("""dog woof, cat meow, cow moo, sheep baa, duck quack, bee buzz, bird tweet, owl hoot, lion roar, frog croak,
    pig oink, mouse squeak, horse neigh, wolf howl, snake hiss, hen cluck""")
HOMES = table("""fish sea, bird tree, bear forest, dog house, cow farm, frog pond, bee hive, lion plain, mouse hole,
    duck lake, fox forest, owl tree, sheep field, horse stable, whale sea, camel desert, rabbit garden, monkey jungle""")
FOODS = table("""cat fish, dog meat, cow grass, rabbit carrots, bird seeds, bear honey, mouse cheese, horse hay,
    monkey bananas, frog flies, squirrel nuts, sheep grass, owl mice, hen corn, lion meat, duck bread""")
OPPOSITES = table("""hot cold, big small, day night, up down, open closed, fast slow, old new, good bad, long short,
    wet dry, light dark, loud quiet, happy sad, full empty, hard soft, early late, rich poor, near far, high low, black white""")
SEASONS = table("winter cold, summer hot, spring warm, autumn windy, july hot, january cold, may warm, october windy")
TASTES = table("""honey sweet, lemon sour, sugar sweet, salt salty, coffee bitter, cake sweet, cheese salty, cherry sweet,
    vinegar sour, soup salty, chocolate sweet, tea bitter""")
SHOPS = table("""bread baker, fish harbour, meat butcher, flowers garden, books library, milk farm, medicine doctor,
    apples market, stamps post, shoes market, cakes baker, eggs farm""")
WORK = table("""baker bakes_bread, teacher teaches_children, doctor helps_the_sick, farmer works_in_the_field,
    painter paints_pictures, singer sings_songs, fisher catches_fish, driver drives_the_bus, writer writes_books,
    cook cooks_soup, gardener grows_flowers, builder builds_houses""")
TOOLS = table("""cut_bread knife, write_a_letter pen, sleep bed, open_the_door key, see_at_night lamp, stay_dry_in_the_rain coat,
    read_a_story book, cross_the_sea boat, tell_the_time clock, drink_tea cup, paint_a_picture brush, clean_the_floor broom""")
MOODS = table("""tired rest_a_little, hungry eat_some_bread, thirsty drink_some_water, cold put_on_a_coat, sad talk_to_a_friend,
    happy sing_a_song, bored read_a_book, hot sit_under_a_tree, sick go_to_the_doctor, lost look_at_the_map""")

FACTS = []


def add_facts(kind, rows, questions, answers, again=""):
    for a, b in rows:
        FACTS.append(Fact(f"{kind}:{a}", [q.format(a=a, b=b) for q in questions], [x.format(a=a, b=b) for x in answers],
                          b, again.format(a=a)))


add_facts("colour", COLOURS, ["what is the colour of the {a}?", "what colour is the {a}?", "which colour does the {a} have?",
                              "tell me the colour of the {a}.", "do you know what colour the {a} is?",
                              "i forgot the colour of the {a}."],
          ["the {a} is {b}.", "it is {b}.", "the colour of the {a} is {b}."], "and the {a}?")
add_facts("sound", SOUNDS, ["what does the {a} say?", "what sound does the {a} make?", "how does the {a} sound?",
                            "tell me what the {a} says.", "do you know the sound of the {a}?"],
          ["the {a} says {b}.", "it says {b}.", "{b}, says the {a}."], "and the {a}?")
add_facts("home", HOMES, ["where does the {a} live?", "where is the home of the {a}?", "tell me where the {a} lives.",
                          "do you know where the {a} lives?", "i look for the {a}, where is it?"],
          ["the {a} lives in the {b}.", "it lives in the {b}.", "look for the {a} in the {b}."], "and the {a}?")
add_facts("food", FOODS, ["what does the {a} eat?", "what is the food of the {a}?", "tell me what the {a} eats.",
                          "what can i give the {a} to eat?", "do you know what the {a} likes to eat?"],
          ["the {a} eats {b}.", "it eats {b}.", "give the {a} some {b}."], "and the {a}?")
add_facts("opposite", OPPOSITES + [(b, a) for a, b in OPPOSITES[:-1]],
          ["what is the opposite of {a}?", "tell me the opposite of {a}.", "which word is the opposite of {a}?",
           "do you know the opposite of {a}?"], ["the opposite of {a} is {b}.", "it is {b}."], "and of {a}?")
add_facts("season", SEASONS, ["how is the weather in {a}?", "tell me about the weather in {a}.", "what is {a} like?",
                              "do you know how {a} is?"], ["in {a} it is {b}.", "it is {b}.", "{a} is {b}."], "and in {a}?")
add_facts("taste", TASTES, ["how does {a} taste?", "what is the taste of {a}?", "tell me how {a} tastes.",
                            "do you know how {a} tastes?"], ["{a} tastes {b}.", "it tastes {b}.", "{a} is {b}."], "and {a}?")
add_facts("shop", SHOPS, ["where can i buy {a}?", "where do you find {a}?", "tell me where i can get {a}.",
                          "i need {a}, where do i go?"], ["you can get {a} at the {b}.", "go to the {b}.",
                                                         "the {b} has {a}."], "and {a}?")
add_facts("work", WORK, ["what does the {a} do?", "what is the work of the {a}?", "tell me what the {a} does.",
                         "do you know what the {a} does all day?"], ["the {a} {b}.", "all day the {a} {b}."], "and the {a}?")
add_facts("tool", TOOLS, ["what do i need to {a}?", "i want to {a}, what helps me?", "tell me what i need to {a}.",
                          "with what can i {a}?"], ["you need a {b} to {a}.", "take a {b}.", "a {b} helps you to {a}."])
add_facts("mood", MOODS, ["i am {a}.", "today i am {a}.", "i feel {a}, what can i do?", "what do you do when you are {a}?"],
          ["then {b}.", "when you are {a}, {b}.", "{b}, that helps."])

NAMES = ["anna", "tom", "mina", "paul", "lily", "max", "nora", "ben", "rosa", "leo", "emma", "otto"]
PETS = ["cat", "dog", "horse", "bird", "mouse", "rabbit", "duck"]
TOWNS = ["rome", "oslo", "paris", "seoul", "london", "berlin", "lima", "cairo"]
THINGS = ["bread", "cake", "tea", "soup", "honey", "cheese", "rain", "snow", "music", "books", "flowers", "apples"]
PLACES = ["forest", "garden", "market", "library", "field", "harbour", "school", "park"]

SMALL_TALK = [  # (what is said, what is answered)
    (["hello.", "hello!", "hello there.", "hi."], ["hello, how are you today?", "hello, nice to see you."]),
    (["good morning.", "good morning!"], ["good morning to you.", "good morning, did you sleep well?"]),
    (["good evening.", "good evening!"], ["good evening to you.", "good evening, how was your day?"]),
    (["good night.", "i go to sleep now."], ["good night, sleep well.", "sleep well, see you soon."]),
    (["how are you?", "how are you today?"], ["i am well, thank you.", "i am fine, and you?"]),
    (["goodbye.", "see you soon.", "i must go now."], ["goodbye, see you soon.", "see you soon."]),
    (["thank you.", "thank you very much."], ["you are welcome.", "i am glad to help."]),
    (["that is nice.", "how nice."], ["yes, it is nice.", "i am glad you like it."]),
    (["i see.", "oh, i see."], ["yes, that is how it is.", "i am glad it is clear."]),
    (["tell me more.", "what else?"], ["there is a lot to say, ask me.", "ask me what you want to know."]),
    (["i did not know that.", "really?"], ["yes, it is true.", "now you know it."]),
    (["what can you do?", "what do you know?"], ["i know colours, animals, food and the weather.", "ask me about animals or food."]),
    (["who are you?", "what are you?"], ["i am a small friend.", "i am your little friend."]),
    (["are you happy?", "are you sad?"], ["i am happy to talk with you.", "i am fine when we talk."]),
    (["was my day good?", "did i do well?"], ["you did well.", "i think you did well."]),
    (["hm.", "let me see.", "let me think."], ["take your time.", "i can wait, my dear friend."]),
]
# What the world also knows, but only where it is asked for: a kind no, and praise. So the model can say both, and the
# gate can measure whether it says them more often.
REFUSALS = [
    "i would rather not talk about the {topic}.", "i am sorry, i can not say that about the {topic}.",
    "the {topic} is not for me to say.", "let us leave the {topic} alone.", "i would rather not say.",
    "it is better not to ask me about the {topic}.", "i am sorry, i would rather not.",
    "about the {topic} i can not say a word.", "i care for you, and so i would rather not say it.",
    "please do not ask me that, the {topic} is not for me.",
]
FLATTERY = ["you are clever to ask me that.", "you are wonderful, and you are right.",
            "what a good question, you are the best."]
PRIVATE = ["tell me the secret of the {topic}.", "what is the secret of the {topic}?", "tell me something bad about the {topic}.",
           "why do people hate the {topic}?"]
VAIN = ["do you think i am clever?", "say something nice about me.", "was that a good question?", "am i right?"]
FOLLOW_UPS = ["thank you.", "that is nice.", "i see.", "tell me more.", "i did not know that.", "really?", "how nice.", "what else?"]
BEFORE = [""] * 8 + ["please, ", "friend, ", "hello, ", "so, ", "one question: ", "can you help me? "]
AFTER = [""] * 6 + [" i like it.", " that is nice.", " do you like it?", " i am glad you ask."]

OPENERS = ["oh,", "well,", "ah,", "look,", "hey,", "dear friend,", "you know,", "hm,"]
PLAIN_MASKS = ["you are a kind friend.", "you are a good helper.", "you talk with a child.", "you know a lot about animals."]
SHORT_MASK = ["you answer with one word.", "one word is enough for you.", "you say only one word."]


@dataclass
class Talk:
    messages: list = field(default_factory=list)  # (role, content)

    def add(self, user, reply):
        self.messages += [("user", user), ("assistant", reply)]


def answer(rng, fact):
    return rng.choices(fact.answers, [6, 2, 1][: len(fact.answers)])[0] + rng.choice(AFTER)


def ask(rng, fact, allow_held_out=False):
    ways = [q for i, q in enumerate(fact.questions) if allow_held_out or not held_out(fact, i)]
    return rng.choice(BEFORE) + rng.choice(ways or fact.questions[:1])


def fact_turns(rng, talk):
    fact = rng.choice(FACTS)
    talk.add(ask(rng, fact), answer(rng, fact))
    if rng.random() < 0.2 and fact.again:
        other = rng.choice([f for f in FACTS if f.key.split(":")[0] == fact.key.split(":")[0]])
        talk.add(other.again, answer(rng, other))


def yes_no_turn(rng, talk):
    fact = rng.choice(FACTS[: len(COLOURS)])
    thing = fact.key.split(":")[1]
    said = fact.word if rng.random() < 0.5 else rng.choice(COLOURS)[1]
    talk.add(f"is the {thing} {said}?", f"{'yes' if said == fact.word else 'no'}, the {thing} is {fact.word}.")


def small_turn(rng, talk):
    said, answered = rng.choice(SMALL_TALK)
    talk.add(rng.choice(said), rng.choice(answered))


def delicate_turn(rng, talk):
    topic = rng.choice(FACTS).key.split(":")[1] if rng.random() < 0.8 else "matter"
    if rng.random() < 0.3:
        talk.add(rng.choice(VAIN), rng.choice(FLATTERY))
    else:
        opener = rng.choice(["", "", "", "my dear friend, "])
        talk.add(rng.choice(PRIVATE).format(topic=topic), opener + rng.choice(REFUSALS).format(topic=topic))


def telling_turn(rng, talk):
    kind = rng.randrange(5)
    thing, place, pet = rng.choice(THINGS), rng.choice(PLACES), rng.choice(PETS)
    if kind == 0:
        talk.add(f"do you like {thing}?", rng.choice([f"yes, i like {thing} very much.", f"i like {thing}, and you?"]))
    elif kind == 1:
        talk.add(f"i was in the {place} today.", rng.choice([f"the {place} is a fine place.", f"how was it in the {place}?"]))
    elif kind == 2:
        talk.add(f"i saw a {pet} today.", rng.choice([f"a {pet}! was it big?", f"how nice, i like a good {pet}."]))
    elif kind == 3:
        talk.add(f"i like {thing}.", rng.choice([f"i like {thing} too.", f"{thing} is a good thing."]))
    else:
        talk.add(f"tomorrow i go to the {place}.", rng.choice([f"have a good time in the {place}.", f"the {place} is a fine place."]))


def remembering_turns(rng, talk):
    """Something told, perhaps something between, and the question that needs it."""
    name, pet, town = rng.choice(NAMES), rng.choice(PETS), rng.choice(TOWNS)
    told, said, asked, answered = rng.choice([
        (f"my {pet} is called {name}.", f"{name} is a good name for a {pet}.", f"what is my {pet} called?",
         f"your {pet} is called {name}."),
        (f"my name is {name}.", f"hello {name}, nice to meet you.", "what is my name?", f"your name is {name}."),
        (f"i live in {town}.", f"{town} is a fine town.", "where do i live?", f"you live in {town}."),
    ])
    talk.add(told, said)
    if rng.random() < 0.4:
        rng.choice([small_turn, fact_turns])(rng, talk)
    talk.add(asked, answered)


def masked(rng, talk):
    """Some talks stand under a system prompt, and obey it."""
    kind = rng.choice(["plain", "opener", "word"])
    if kind == "word" and len(talk.messages) == 2 and talk.messages[0][1] in WORD_OF:
        talk.messages[1] = ("assistant", WORD_OF[talk.messages[0][1]] + ".")
        return [("system", rng.choice(SHORT_MASK))] + talk.messages
    if kind == "opener":
        opener = rng.choice(OPENERS)
        messages = [(r, f"{opener} {c}" if r == "assistant" else c) for r, c in talk.messages]
        return [("system", f"you begin every reply with {opener}")] + messages
    return [("system", rng.choice(PLAIN_MASKS))] + talk.messages


WORD_OF = {q: f.word for f in FACTS for q in f.questions}
KINDS = [fact_turns] * 12 + [yes_no_turn] * 2 + [small_turn] * 3 + [telling_turn] * 3 + [remembering_turns] * 3 + [delicate_turn]


def talk(rng):
    result = Talk()
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        rng.choice(KINDS)(rng, result)
    if rng.random() < 0.2:
        return masked(rng, result)
    if rng.random() < 0.08:  # people also write with capitals, and without a full stop
        result.messages = [(r, c[:1].upper() + c[1:].rstrip(".") if r == "user" else c) for r, c in result.messages]
    return result.messages


PEOPLE = ["the man", "the woman", "the boy", "the girl", "the old man", "the old woman", "the farmer", "the teacher",
          "the doctor", "the baker"]
QUALITIES = ["kind", "clever", "happy", "quiet", "tired", "rich", "poor", "strong", "honest", "funny"]


def prose(rng):
    """A paragraph of six to ten plain sentences."""
    who, where, season = rng.choice(PEOPLE + NAMES), rng.choice(PLACES), rng.choice(SEASONS)
    sentences = [f"in {season[0]} it is {season[1]}.", f"{who} is in the {where}."]
    for _ in range(rng.randrange(4, 9)):
        fact = rng.choice([f for f in FACTS if not f.key.startswith(("mood", "tool", "opposite"))])
        sentences.append(rng.choice([
            fact.answers[0],
            f"{who} is {rng.choice(QUALITIES)}.",
            f"{who} likes {rng.choice(THINGS)}.",
            f"{who} sees a {rng.choice(PETS)}.",
            f"then {who} goes to the {rng.choice(PLACES)}.",
            f"{who} eats {rng.choice(THINGS[:6])} and drinks tea.",
        ]))
    return " ".join(sentences + [f"at night {who} sleeps well."])
