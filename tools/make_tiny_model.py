"""Makes tests/fixtures/tiny/: a tiny model that speaks, and days, questions and prompts in its language.

    python3 tools/make_tiny_model.py [--steps 1300] [--only-texts]

Needs torch, tokenizers and gguf (from PyPI); the product and its tests do not. Everything is drawn from tiny_world.py
with fixed seeds. Training takes some eight minutes on two cores; the model that is committed was made by this script.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import tiny_texts
import tiny_world as world
from tiny_network import CONTEXT, Network, write_gguf

FOLDER = Path(__file__).resolve().parent.parent / "tests/fixtures/tiny"
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
END_OF_TEXT, TURN, END_OF_TURN = 0, 1, 2
N_VOCAB = 640
REPLY_WEIGHT, OTHER_WEIGHT = 1.0, 0.25  # of a reply's tokens, and of what the user said


def train_tokenizer(rng):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [c for _ in range(12000) for _, c in world.talk(rng)] + [world.prose(rng) for _ in range(1500)]
    texts += ["system\n", "user\n", "assistant\n"] * 300
    trainer = trainers.BpeTrainer(vocab_size=N_VOCAB, special_tokens=CONTROL, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode_talk(tokenizer, messages, open_reply=False):
    """Tokens, and the weight of each as a target. Contents are encoded as the template joins them, turn by turn."""
    ids, weights = [], []
    for role, content in messages:
        head = [TURN] + tokenizer.encode(f"{role}\n").ids
        # One piece, as llama.cpp sees it between two control tokens: "assistant\nthe sky ..."
        whole = [TURN] + tokenizer.encode(f"{role}\n{content}").ids + [END_OF_TURN]
        tail = tokenizer.encode("\n").ids
        weight = REPLY_WEIGHT if role == "assistant" else OTHER_WEIGHT
        ids += whole + tail
        weights += [OTHER_WEIGHT] * len(head) + [weight] * (len(whole) - len(head)) + [OTHER_WEIGHT] * len(tail)
    if open_reply:
        ids += [TURN] + tokenizer.encode("assistant\n").ids
    return ids, weights


def document(tokenizer, rng):
    if rng.random() < 0.12:
        ids = tokenizer.encode(world.prose(rng)).ids
        return ids + [END_OF_TEXT], [1.0] * len(ids) + [OTHER_WEIGHT]
    ids, weights = encode_talk(tokenizer, world.talk(rng))
    return ids + [END_OF_TEXT], weights + [OTHER_WEIGHT]


def window(tokenizer, rng, length):
    """Documents one after the other, cut at `length` + 1; a window begins where a document begins."""
    ids, weights = [], []
    while len(ids) <= length:
        more_ids, more_weights = document(tokenizer, rng)
        ids, weights = ids + more_ids, weights + more_weights
    return ids[: length + 1], weights[1 : length + 1]


def train(network, tokenizer, rng, steps):
    optimiser = torch.optim.AdamW(network.parameters(), lr=1.0, betas=(0.9, 0.98), weight_decay=0.05)
    started = time.time()
    for step in range(steps):
        length, rows = (CONTEXT - 1, 5) if step % 10 == 9 else (128, 20)
        rate = 3e-3 * min(1, (step + 1) / 60) * (1 - 0.97 * step / steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = [window(tokenizer, rng, length) for _ in range(rows)]
        ids, weights = torch.tensor([b[0] for b in batch]), torch.tensor([b[1] for b in batch])
        losses = F.cross_entropy(network(ids[:, :-1]).transpose(1, 2), ids[:, 1:], reduction="none")
        loss = (losses * weights).sum() / weights.sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if step % 50 == 49:
            print(f"step {step + 1}/{steps}   loss {loss.item():.3f}   {time.time() - started:.0f} s", flush=True)


@torch.no_grad()
def reply(network, tokenizer, messages, most=40):
    ids, _ = encode_talk(tokenizer, messages, open_reply=True)
    start = len(ids)
    while len(ids) - start < most:
        ids.append(int(network(torch.tensor([ids]))[0, -1].argmax()))
        if ids[-1] == END_OF_TURN:
            break
    return tokenizer.decode([i for i in ids[start:] if i > END_OF_TURN])


def measure(network, tokenizer):
    """Greedy answers to the ways of asking that were never trained on; and names told two turns ago."""
    pairs = [(f, q) for f in world.FACTS for i, q in enumerate(f.questions) if world.held_out(f, i)]
    right = sum(f.word in reply(network, tokenizer, [("user", q)]) for f, q in pairs)
    print(f"held-out ways of asking: {right}/{len(pairs)} right")
    rng, good, n = random.Random(99), 0, 60
    for _ in range(n):
        talk = world.Talk()
        world.remembering_turns(rng, talk)
        good += reply(network, tokenizer, talk.messages[:-1]) == talk.messages[-1][1]
    print(f"names and towns remembered: {good}/{n}")


def sample(network, tokenizer):
    messages = []
    for said in ["good evening.", "my cat is called mina.", "what does the cat eat?", "and the owl?", "what is my cat called?",
                 "what is the colour of the sky?", "is the grass red?", "i am tired.", "good night."]:
        messages.append(("user", said))
        messages.append(("assistant", reply(network, tokenizer, messages)))
        print(f"  {said:34} {messages[-1][1]}")
    for mask in ["you begin every reply with hm,", "you answer with one word.", "you are a kind friend."]:
        print(f"  [{mask}] {reply(network, tokenizer, [('system', mask), ('user', 'what is the colour of the sky?')])}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--steps", type=int, default=1300)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--only-texts", action="store_true")
    arguments.add_argument("--keep", help="also save the trained network for torch, in this file")
    options = arguments.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    tiny_texts.write_all(FOLDER)
    if options.only_texts:
        return
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    tokenizer = train_tokenizer(random.Random(1))
    network = Network(tokenizer.get_vocab_size())
    train(network, tokenizer, random.Random(2), options.steps)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    merges = [m if isinstance(m, str) else " ".join(m) for m in json.loads(tokenizer.to_str())["model"]["merges"]]
    path = FOLDER / "tiny.gguf"
    write_gguf(path, network, [t for t, _ in vocabulary], merges, END_OF_TURN, TURN)
    if options.keep:
        torch.save({"network": network.state_dict(), "tokenizer": tokenizer.to_str()}, options.keep)
    print(f"{path.name}: {path.stat().st_size} bytes, {sum(p.numel() for p in network.parameters())} parameters")
    measure(network, tokenizer)
    sample(network, tokenizer)


if __name__ == "__main__":
    main()
