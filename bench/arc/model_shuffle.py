#!/usr/bin/env python3
"""The shuffle test by a language model: which of a text and a shuffle of its blocks of k units has the higher log p?

    bench/arc/model_shuffle.py TALES.csv|EPISODES.jsonl... --model MODEL.gguf [--shuffles 32] [--seed 11]
                               [--characters 3200] [--every 1] [--keep DIR]

Of each text only the first sentences are read that fit CHARACTERS (a window of 1,024 tokens holds about 4,000 English
ones), whole and shuffled alike, so that both are the same sentences. The draws are the same at every run; DIR keeps
what the model said, so that a test can be made in several sittings, each with more shuffles. The engine reads the
text (build/dev/bin/arc_series_lab). Needs numpy.
"""
import argparse, hashlib, json, pathlib, random, subprocess, tempfile

import numpy as np

import shuffle

LAB = pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin/arc_series_lab"
BLOCKS = (1, 3, 5, 10)


def opening(units, characters):
    kept, length = [], 0
    for unit in units:
        length += len(unit) + 1
        if length > characters:
            break
        kept.append(unit)
    return kept


def shuffled(units, block, rng):
    blocks = [units[i:i + block] for i in range(0, len(units), block)]
    order = blocks[:]
    while order == blocks:
        rng.shuffle(order)
    return sum(order, [])


def copies(name, units, shuffles, seed):
    """The text as told, and its shuffles by block size."""
    answer = {f"{name}|0|0": units}
    for block in BLOCKS:
        rng = random.Random(f"{seed} {name} {block}")
        if len(units) > block:
            answer |= {f"{name}|{block}|{i}": shuffled(units, block, rng) for i in range(shuffles)}
    return answer


def log_p(texts, model, kept):
    """Sum of the tokens' log p, by name."""
    known = dict(map(json.loads, kept.read_text().splitlines())) if kept and kept.exists() else {}
    missing = {name: units for name, units in texts.items() if name not in known}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for name, units in missing.items():
            lines.write(json.dumps({"id": name, "units": units}) + "\n")
        lines.seek(0)
        with subprocess.Popen([LAB, "tokens", model], stdin=lines, stdout=subprocess.PIPE, text=True) as lab:
            for line in lab.stdout:
                row = json.loads(line)
                known[row["id"]] = sum(token[1] for unit in row["units"] for token in unit)
                if kept:
                    with open(kept, "a", encoding="utf-8") as file:
                        file.write(json.dumps([row["id"], known[row["id"]]]) + "\n")
    return known


def judge(names, known):
    answer = {}
    for block in BLOCKS:
        each = []
        for name in names:
            told = known.get(f"{name}|0|0")
            others = [v for key, v in known.items() if key.rsplit("|", 1)[0] == f"{name}|{block}"]
            if told is not None and others:
                each.append((np.mean([(told > other) + 0.5 * (told == other) for other in others]), len(others)))
        if each:
            answer[f"k{block}"] = {"texts": len(each), "shuffles": sum(n for _, n in each),
                                   "accuracy": round(float(np.mean([share for share, _ in each])), 4)}
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=pathlib.Path, nargs="+")
    parser.add_argument("--model", required=True)
    parser.add_argument("--shuffles", type=int, default=32)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--characters", type=int, default=3200)
    parser.add_argument("--every", type=int, default=1, help="only every n-th text")
    parser.add_argument("--keep", type=pathlib.Path)
    args = parser.parse_args()
    for path in args.texts:
        texts = {name: opening(units, args.characters) for name, units in shuffle.read_texts(path).items()}
        names = [name for i, name in enumerate(texts) if i % args.every == 0 and len(texts[name]) > 1]
        # Shuffle by shuffle, so that a run that is stopped has looked at every text.
        wanted = {}
        for count in range(1, args.shuffles + 1):
            for name in names:
                wanted |= copies(name, texts[name], count, args.seed)
        tag = hashlib.sha256(f"{args.model} {args.characters}".encode()).hexdigest()[:8]
        kept = args.keep / f"{path.stem}.{args.seed}.{tag}.jsonl" if args.keep else None
        known = log_p(wanted, args.model, kept)
        print(json.dumps({path.name: judge(names, {key: known[key] for key in wanted if key in known})}, indent=1))


if __name__ == "__main__":
    main()
