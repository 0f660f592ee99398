#!/usr/bin/env python3
"""Learns src/arc/tables/{position.en,adjacency,order_weights.en}.tsv from shuffled tales.

    tools/make_arc_order.py TALES.csv tables     figures of words and shapes, from two thirds of the tales
    (build arc_lab anew)
    tools/make_arc_order.py TALES.csv weights    weights of the English features, from the other third
    tools/make_arc_order.py TALES.csv korean     weights of the Korean features, from that third, the English golden
                                                 episodes and bench/arc/stories.ko.jsonl: no Korean golden episode

TALES.csv has columns document_id,text, one sentence a row (FairytaleQA's training tales, Apache-2.0). Only shuffles
teach: no human judgement. No sentence enters a table. Needs numpy, scikit-learn and build/dev/bin/arc_lab.
"""
import argparse, collections, csv, hashlib, json, pathlib, subprocess

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

ROOT = pathlib.Path(__file__).resolve().parents[1]
LAB = ROOT / "build/dev/bin/arc_lab"
TABLES = ROOT / "src/arc/tables"
SHAPES, EDGE, LEAST = 48, 3, 12
FEATURES = ["article", "article-first", "antecedent", "recurrence", "span", "growth", "quotes", "adjacency", "opening",
            "closing", "drift", "given", "naming", "time"]
RULES = ["article", "article-first", "antecedent", "recurrence", "span", "growth", "quotes", "given", "naming", "time"]
SIGNED = {"recurrence", "span", "growth"}  # short stories return to their beginning, where these turn round


def read_tales(path):
    tales = collections.OrderedDict()
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            tales.setdefault(row["document_id"], []).append(row["text"])
    return tales


def third(name):
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 3


def lab(tales, *words):
    lines = "".join(json.dumps({"id": name, "units": units}) + "\n" for name, units in tales.items())
    out = subprocess.run([LAB, *map(str, words)], input=lines, capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def dump(tales):
    units = collections.OrderedDict()
    for name, _, shape, words in lab(tales, "dump"):
        units.setdefault(name, []).append((int(shape, 16), words.split()))
    return units


def position_figures(units):
    rows, opening, closing, drift = [], [], [], []
    for tale in units.values():
        for i, (_, words) in enumerate(tale):
            rows.append(words)
            opening.append(i < EDGE)
            closing.append(i >= len(tale) - EDGE)
            drift.append(i / max(1, len(tale) - 1) - 0.5)
    counts = collections.Counter(w for words in rows for w in set(words))
    vocabulary = sorted(w for w in counts if counts[w] >= LEAST and w.isascii())
    index = {w: i for i, w in enumerate(vocabulary)}
    x = np.zeros((len(rows), len(vocabulary)), dtype=np.float32)
    for row, words in enumerate(rows):  # as order.cpp: a sum over the known words / sqrt(known + 3)
        known = [index[w] for w in words if w in index]
        for column in known:
            x[row, column] += (len(known) + 3) ** -0.5
    edge = dict(C=0.05, max_iter=500)
    return vocabulary, np.stack([
        LogisticRegression(**edge).fit(x, opening).coef_[0], LogisticRegression(**edge).fit(x, closing).coef_[0],
        Ridge(alpha=30).fit(x, np.array(drift)).coef_ * 4], axis=1)


def bits(shape):
    return np.array([(shape >> b) & 1 for b in range(SHAPES)], dtype=np.float32)


def adjacency_figures(units, rng):
    """True neighbours against pairs drawn from the same tale."""
    pairs, labels = [], []
    for tale in units.values():
        shapes = [bits(shape) for shape, _ in tale]
        for i in range(len(shapes) - 1):
            pairs.append(np.outer(shapes[i], shapes[i + 1]).ravel())
            labels.append(1)
            for _ in range(2):
                a, b = rng.choice(len(shapes), 2, replace=False)
                if b != a + 1:
                    pairs.append(np.outer(shapes[a], shapes[b]).ravel())
                    labels.append(0)
    model = LogisticRegression(C=0.01, max_iter=300).fit(np.array(pairs), labels)
    return model.coef_[0].reshape(SHAPES, SHAPES)


def make_tables(tales):
    units = dump({name: tale for name, tale in tales.items() if third(name) > 0})
    vocabulary, figures = position_figures(units)
    with open(TABLES / "position.en.tsv", "w", encoding="utf-8") as out:
        for word, row in zip(vocabulary, np.rint(figures * 100).astype(int)):
            if row.any():
                out.write("\t".join([word, *map(str, row)]) + "\n")
    table = np.rint(adjacency_figures(units, np.random.default_rng(1)) * 100).astype(int)
    (TABLES / "adjacency.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in table))


def differences(tales, counts):
    """Original minus shuffle, every feature, for each block size."""
    out = []
    for block in (1, 3, 5, 10):
        original = {}
        for row in lab(tales, "shuffles", block, counts, 7):
            values = np.array(row[2:2 + len(FEATURES)], dtype=float)
            if row[1] == "-1":
                original[row[0]] = values
            else:
                out.append((block, original[row[0]] - values))
    return [b for b, _ in out], np.array([d for _, d in out])


def fit_weights(d, blocks, features, name):
    columns = [FEATURES.index(f) for f in features]
    x = d[:, columns]
    scale = np.abs(x).mean(axis=0) + 1e-9
    both = np.concatenate([x, -x]) / scale  # no intercept: an order and its mirror image
    labels = np.concatenate([np.ones(len(x)), np.zeros(len(x))])
    # Non-negative by dropping what comes out negative: every feature was built to be larger in the original.
    keep = np.ones(len(features), bool)
    while True:
        model = LogisticRegression(C=0.3, fit_intercept=False, max_iter=500).fit(both[:, keep], labels)
        if (model.coef_[0] >= 0).all():
            break
        keep[np.flatnonzero(keep)[model.coef_[0] < 0]] = False
    weights = np.zeros(len(features))
    weights[keep] = model.coef_[0] / scale[keep]
    if name:
        with open(TABLES / name, "w", encoding="utf-8") as out:
            for feature, weight in zip(features, weights):
                if weight:
                    out.write(f"{feature}\t{round(weight * 1000)}\n")
    for block in (1, 3, 5, 10):
        mask = np.array(blocks) == block
        alone = {f: round(float(((x[mask, i] > 0) + 0.5 * (x[mask, i] == 0)).mean()), 3) for i, f in enumerate(features)}
        z = x[mask] @ weights
        print(name or "rules alone", "k", block, "fitted", round(float(((z > 0) + 0.5 * (z == 0)).mean()), 4), alone)
    print(dict(zip(features, np.round(weights, 3))))


def read_episodes(path):
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: [u if isinstance(u, str) else u["text"] for u in row["units"]] for row in rows}


def fit_korean(tales):
    """Each of the three sets weighs the same, each feature is counted in its own set's spread; the weights are in the
    spread of the Korean stories."""
    sets = [{name: tale for name, tale in tales.items() if third(name) == 0},
            read_episodes(ROOT / "samples/golden/en.jsonl"), read_episodes(ROOT / "bench/arc/stories.ko.jsonl")]
    x, weights, scale = [], [], None
    for texts in sets:
        d = differences(texts, 16)[1]
        scale = np.sqrt((d**2).mean(axis=0))
        x.append(d / np.maximum(scale, 1e-9))
        weights.append(np.full(len(d), 1 / len(d)))
    x, weights = np.concatenate(x), np.concatenate(weights)
    weights /= weights.mean()
    keep = np.ones(len(FEATURES), bool)
    while True:
        model = LogisticRegression(C=0.01, fit_intercept=False, max_iter=800)
        model.fit(np.concatenate([x[:, keep], -x[:, keep]]), np.repeat([1, 0], len(x)), np.tile(weights, 2))
        wrong = [f for f, w in zip(np.flatnonzero(keep), model.coef_[0]) if w < 0 and FEATURES[f] not in SIGNED]
        if not wrong:
            break
        keep[wrong] = False
    fitted = np.zeros(len(FEATURES))
    fitted[keep] = model.coef_[0] * (scale[keep] > 0) / np.maximum(scale[keep], 1e-9)
    with open(TABLES / "order_weights.ko.tsv", "w", encoding="utf-8") as out:
        for feature, weight in zip(FEATURES, fitted):
            if weight:
                out.write(f"{feature}\t{round(weight * 1000)}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tales", type=pathlib.Path)
    parser.add_argument("what", choices=["tables", "weights", "korean"])
    args = parser.parse_args()
    tales = read_tales(args.tales)
    if args.what == "tables":
        return make_tables(tales)
    if args.what == "korean":
        return fit_korean(tales)
    blocks, d = differences({name: tale for name, tale in tales.items() if third(name) == 0}, 8)
    fit_weights(d, blocks, FEATURES, "order_weights.en.tsv")
    fit_weights(d, blocks, RULES, None)  # for comparison: what the rules alone reach


if __name__ == "__main__":
    main()
