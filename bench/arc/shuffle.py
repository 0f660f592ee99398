#!/usr/bin/env python3
"""The shuffle test: of an original text and a shuffle of its blocks of k units, which one has the higher evidence?

    bench/arc/shuffle.py TALES.csv|EPISODES.jsonl... [--shuffles 32] [--seed 11]

Prints, for k = 1, 3, 5, 10, the share of shuffles told from their original: every feature alone, and the shipped
weights. Ties count half. Texts with fewer than two blocks are left out. The 95 % interval resamples texts.
"""
import argparse, collections, csv, json, pathlib, subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "build/dev/bin/arc_lab"
FEATURES = ["article", "article-first", "antecedent", "recurrence", "span", "growth", "quotes", "adjacency", "opening",
            "closing", "drift", "given", "naming", "time"]


def read_texts(path):
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {row["id"]: [u if isinstance(u, str) else u["text"] for u in row["units"]] for row in rows}
    tales = collections.OrderedDict()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            tales.setdefault(row["document_id"], []).append(row["text"])
    return tales


def share(differences):
    return float(((differences > 0) + 0.5 * (differences == 0)).mean())


def measure(texts, block, shuffles, seed):
    """By text: an array [shuffles, features + 1] of original minus shuffle; the last column is the shipped sum."""
    texts = {name: units for name, units in texts.items() if len(units) > block}
    lines = "".join(json.dumps({"id": name, "units": units}) + "\n" for name, units in texts.items())
    out = subprocess.run([LAB, "shuffles", str(block), str(shuffles), str(seed)], input=lines, capture_output=True,
                         text=True, check=True).stdout
    original, rows = {}, collections.defaultdict(list)
    for line in out.splitlines():
        name, number, *values = line.split("\t")
        values = np.array(values, dtype=float)
        if number == "-1":
            original[name] = values
        else:
            rows[name].append(original[name] - values)
    return {name: np.array(r) for name, r in rows.items()}


def shuffle_test(texts, shuffles=32, seed=11):
    answer = {}
    for block in (1, 3, 5, 10):
        by_text = measure(texts, block, shuffles, seed)
        each = np.array([share(d[:, -1]) for d in by_text.values()])
        rng = np.random.default_rng(5)
        draws = [each[rng.integers(0, len(each), len(each))].mean() for _ in range(2000)]
        everything = np.concatenate(list(by_text.values()))
        answer[f"k{block}"] = {
            "texts": len(each), "shuffles": len(everything), "accuracy": round(float(each.mean()), 4),
            "interval": [round(float(q), 4) for q in np.quantile(draws, [0.025, 0.975])],
            "features": {f: round(share(everything[:, i]), 3) for i, f in enumerate(FEATURES)}}
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=pathlib.Path, nargs="+")
    parser.add_argument("--shuffles", type=int, default=32)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    for path in args.texts:
        print(json.dumps({path.name: shuffle_test(read_texts(path), args.shuffles, args.seed)}, indent=1))


if __name__ == "__main__":
    main()
