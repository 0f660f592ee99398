#!/usr/bin/env python3
"""Runs the claims of the measuring engine that need no language model and writes what came out.

    bench/arc/run.py --tales valid.csv --train train.csv --data DATA [--golden EPISODES.jsonl...]
                     [--out bench/results/arc.json]

`tales`: FairytaleQA's valid tales, `train`: its training tales (of which only the third that taught weights, but no
table, is damaged here). DATA: see tools/make_arc_tables.py. Needs numpy, scipy, scikit-learn, build/dev/bin/arc_lab.
"""
import argparse, hashlib, json, pathlib, platform, random, subprocess, sys, time

import numpy as np

import shuffle

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))


def lab(texts, *words):
    lines = "".join(json.dumps({"id": name, "units": units}) + "\n" for name, units in texts.items())
    return subprocess.run([shuffle.LAB, *words], input=lines, capture_output=True, text=True, check=True).stdout


def readings(texts):
    return {r["id"]: r for r in map(json.loads, lab(texts, "score", "full").splitlines())}


def damages(tales):
    """The same tales, each broken in one way; fixed draws."""
    rng = random.Random(3)
    names = list(tales)

    def shuffled(units, block):
        blocks = [units[i:i + block] for i in range(0, len(units), block)]
        order = blocks[:]
        while order == blocks and len(blocks) > 1:
            rng.shuffle(order)
        return sum(order, [])

    def spliced(name):
        other = tales[rng.choice([n for n in names if n != name])]
        return tales[name][:len(tales[name]) // 2] + other[len(other) // 2:]

    def repeated(units):
        units = units[:]
        for _ in range(max(1, len(units) // 8)):
            at = rng.randrange(len(units) - 1)
            units[at + 1] = units[at]
        return units

    def strangers(units):
        units = units[:]
        for _ in range(max(1, len(units) // 6)):
            units[rng.randrange(len(units))] = rng.choice(tales[rng.choice(names)])
        return units
    return {"shuffled_1": {n: shuffled(u, 1) for n, u in tales.items()},
            "shuffled_10": {n: shuffled(u, 10) for n, u in tales.items()},
            "spliced": {n: spliced(n) for n in tales}, "repeated_1_in_8": {n: repeated(u) for n, u in tales.items()},
            "strangers_1_in_6": {n: strangers(u) for n, u in tales.items()}}


def quartiles(values):
    return [round(float(q), 1) for q in np.quantile([v for v in values if v is not None], [0.25, 0.5, 0.75])]


def whole_scores(tales):
    told = readings(tales)
    answer = {"told": {"coherence": quartiles(r["coherence"] for r in told.values()),
                       "null": quartiles(r["null"] for r in told.values()),
                       "grid_range": quartiles(max(c) - min(c) for c in ([cell["coherence"] for cell in r["grid"]]
                                                                         for r in told.values()) if c)}}
    for name, broken in damages(tales).items():
        read = readings(broken)
        higher = [(told[n]["coherence"] > read[n]["coherence"]) + 0.5 * (told[n]["coherence"] == read[n]["coherence"])
                  for n in told]
        answer[name] = {"coherence": quartiles(r["coherence"] for r in read.values()),
                        "told_is_higher": round(float(np.mean(higher)), 3)}
    return answer


def sham(tales):
    rows = [line.split("\t") for line in lab(tales, "sham").splitlines()]
    return {kind: {"mean_share_of_shuffles_below": round(float(np.mean([float(r[3]) for r in rows if r[1] == kind])), 3)}
            for kind in ("told", "random")}


def golden(paths):
    texts = {}
    for path in paths:
        texts |= shuffle.read_texts(path)
    rows = [line.split("\t") for line in lab(texts, "standard").splitlines()]
    held_out = {name: float(score) for name, score, *_ in rows if name != "knot"}
    return {"held_out": held_out, "held_out_median": float(np.median(list(held_out.values()))),
            "shuffle_test": {path.name: shuffle.shuffle_test(shuffle.read_texts(path)) for path in paths}}


def vader_speed(tales):
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    analyzer = SentimentIntensityAnalyzer()
    units = [u for tale in tales.values() for u in tale]
    began = time.process_time()
    for unit in units:
        analyzer.polarity_scores(unit)
    return round(sum(map(len, units)) / (time.process_time() - began) / 1e6, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tales", type=pathlib.Path, required=True)
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--golden", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results/arc.json")
    args = parser.parse_args()
    tales = shuffle.read_texts(args.tales)
    third = {n: u for n, u in shuffle.read_texts(args.train).items()
             if int(hashlib.sha256(n.encode()).hexdigest()[:8], 16) % 3 == 0}
    local = json.loads(subprocess.run([sys.executable, ROOT / "bench/arc/local.py", args.data], capture_output=True,
                                      text=True, check=True).stdout)
    results = {
        "commands": ["bench/arc/run.py --tales valid.csv --train train.csv --data DATA --golden samples/golden/*.jsonl",
                     "bench/arc/ratings.py --union ... --manplts ... [--model ...]"],
        "machine": f"{platform.machine()}, one core, no language model",
        "shuffle_test": {"to_beat": [0.888, 0.866, 0.858, 0.839], "fairytaleqa_valid": shuffle.shuffle_test(tales)},
        "whole_scores": {"valid": whole_scores(tales), "train_third": whole_scores(third)},
        "sham": sham(tales), "local": local,
        "speed": {"tales_one_by_one": json.loads(lab(tales, "speed")),
                  "one_novel": json.loads(lab({"novel": sum(tales.values(), []) * 4}, "speed")),
                  "vader_python_mb_per_s": vader_speed(tales),
                  "unit": "MB a CPU second of one core; signals: sentences, words, lexicon, rules and one decode"}}
    if args.golden:
        results["golden"] = golden(args.golden)
    kept = json.loads(args.out.read_text()) if args.out.exists() else {}
    kept.update(results)  # ratings, written by hand from ratings.py, stay
    args.out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
