#!/usr/bin/env python3
"""Which readings of a language model's log-probabilities tell whole stories from damaged ones, and what do people say?

    bench/arc/damages.py --tales train.csv --model MODEL.gguf [--union ant_data.txt] [--manplts AMT_ROC.CSV]
                         [--windows 80] [--keep DIR]

Windows of five short sentences from TALES (FairytaleQA's training tales) are damaged in five ways: a sentence or phrase
said twice, another order, strange words, strange sentences, a negation put in or taken out. A logistic regression on the
differences, non-negative, learns to tell them apart; the same weights are then asked about stories that people rated.
The ratings teach nothing. DIR keeps what the model said, which takes most of the time. Needs numpy, scipy, scikit-learn
and build/dev/bin/arc_series_lab.
"""
import argparse, collections, json, pathlib, random, re, subprocess

import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

import ratings, shuffle

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "build/dev/bin/arc_series_lab"
KINDS = ["repetition", "order", "words", "sentences", "negation"]
CAP = 2.0  # nats a token
FITS = [["gain"], ["gain_cap", "least_gain"], ["gain_cap", "four_grams", "overlap"],
        ["gain_cap", "gain_new", "four_grams", "overlap"], ["gain_cap", "gain_new", "four_grams", "overlap", "relative"],
        ["gain_cap", "gain_new", "four_grams", "overlap", "least_gain", "last_gain"],
        ["gain_cap", "gain_new", "four_grams", "overlap", "log_p_new"],
        ["relative", "unit_cap", "unit_new", "unit_overlap", "unit_repeated"]]  # as shipped (src/arc/follow.cpp)
LOOK_BACK = 4
COMMON = set("the and that this with from were was had have they their them then when which what will would could his her "
             "him she you your for but not are who out all said there into very been".split())
AUXILIARIES = r"\b(was|were|is|are|had|could|would|will|did|should|must|can)\b"


def windows(tales, count, rng):
    found = []
    for name, units in tales.items():
        at = 0
        while at + 5 <= len(units):
            five = [u.strip() for u in units[at:at + 5]]
            fits = all(4 <= len(u.split()) <= 18 and '"' not in u for u in five)
            if fits:
                found.append((f"{name}:{at}", five))
            at += 5 if fits else 1
    rng.shuffle(found)
    return dict(found[:count])


def repeated(units, rng):
    units, at = units[:], rng.randrange(1, 5)
    if rng.random() < 0.7:
        units[at] = units[rng.randrange(at) if rng.random() < 0.4 else at - 1]
        return units
    words = units[at].split()
    length = rng.randrange(3, max(4, len(words) - 1))
    begin = rng.randrange(max(1, len(words) - length))
    units[at] = " ".join(words[:begin + length] + ["and"] + words[begin:])
    return units


def strange_words(units, pool, rng):
    units = units[:]
    for _ in range(rng.choice([1, 2])):
        at = rng.randrange(1, 5)
        words = [m for m in re.finditer(r"[A-Za-z]{4,}", units[at]) if m[0].lower() not in COMMON]
        for m in sorted(rng.sample(words, min(len(words), max(1, len(words) // 2))), key=lambda m: -m.start()):
            units[at] = units[at][:m.start()] + rng.choice(pool) + units[at][m.end():]
    return units


def strange_sentences(units, others, rng):
    units = units[:]
    for at in rng.sample(range(1, 5), rng.choice([1, 2])):
        units[at] = rng.choice(rng.choice(others))
    return units


def reordered(units, rng):
    other = units[:]
    while other == units:
        rng.shuffle(other)
    return other


def negated(units, rng):
    units, turned = units[:], 0
    for at in rng.sample(range(5), 5):
        taken = re.sub(r"\b(not|never) ", "", units[at], count=1)
        put = re.sub(AUXILIARIES, r"\1 not", units[at], count=1)
        other = taken if taken != units[at] else put
        turned += other != units[at]
        units[at] = other
        if turned == 2:
            break
    return units if turned else None


def damaged(whole):
    rng = random.Random(9)
    pool = [w for units in whole.values() for u in units for w in re.findall(r"[a-z]{4,}", u) if w not in COMMON]
    stories = {}
    for name, units in whole.items():
        others = [other for key, other in whole.items() if key != name]
        copies = [repeated(units, rng), reordered(units, rng), strange_words(units, pool, rng),
                  strange_sentences(units, others, rng), negated(units, rng)]
        stories[f"{name}|whole"] = units
        stories |= {f"{name}|{kind}": copy for kind, copy in zip(KINDS, copies) if copy}
    return stories


def read_tokens(stories, model, kept):
    """By story: units of [token, log p]; read from `kept` when it is there."""
    if kept is None or not kept.exists():
        lines = "".join(json.dumps({"id": name, "units": units}) + "\n" for name, units in stories.items())
        out = subprocess.run([LAB, "tokens", model], input=lines, capture_output=True, text=True, check=True).stdout
        if kept:
            kept.write_text(out, encoding="utf-8")
    else:
        out = kept.read_text(encoding="utf-8")
    return {row["id"]: row["units"] for row in map(json.loads, out.splitlines())}


def repetition(units):
    words = [re.findall(r"[a-z']+", u.lower()) for u in units]
    flat = sum(words, [])
    grams = [tuple(flat[i:i + 4]) for i in range(len(flat) - 3)]
    pairs = [(set(words[j]), set(words[i])) for i in range(len(words)) for j in range(i)]
    return {"four_grams": len(set(grams)) / max(1, len(grams)) - 1,
            "overlap": -max((len(a & b) / max(1, min(len(a), len(b))) for a, b in pairs), default=0)}


def repetition_by_unit(units):
    """What follow.cpp counts: against the four units before, the mean over units."""
    words = [re.findall(r"[a-z']+", u.lower()) for u in units]
    grams = [[tuple(w[i:i + 4]) for i in range(len(w) - 3)] for w in words]
    overlap, repeated = [], []
    for i in range(1, len(units)):
        before = range(max(0, i - LOOK_BACK), i)
        own = set(words[i])
        overlap.append(max(len(own & set(words[j])) / max(1, min(len(own), len(set(words[j])))) for j in before))
        seen = set().union(*(grams[j] for j in before))
        again = [gram in seen or gram in grams[i][:k] for k, gram in enumerate(grams[i])]
        repeated.append(np.mean(again) if again else 0)
    return {"unit_overlap": -np.mean(overlap), "unit_repeated": -np.mean(repeated)}


def features(units, inside, alone):
    gains, relative, capped, new, log_p_new, unit_cap, unit_new = [], [], [], [], [], [], []
    known = {token for token, *_ in inside[0]}
    for unit, told in zip(units[1:], inside[1:]):
        by_itself = alone[unit][0]
        with_context, without = sum(t[1] for t in told), sum(t[1] for t in by_itself)
        gains.append((with_context - without) / len(told))
        relative.append((with_context - without) / max(1, -without))
        begun, begun_new = len(capped), len(new)
        shift = len(by_itself) - len(told)  # the first word may be cut otherwise behind a line break
        for i, (token, log_p, *_) in enumerate(told):
            gain = log_p - by_itself[i + shift][1] if 0 <= i + shift < len(by_itself) else 0
            capped.append(np.clip(gain, -CAP, CAP))
            if token not in known:
                new.append(capped[-1])
                log_p_new.append(log_p)
        unit_cap.append(np.mean(capped[begun:]))
        unit_new.append(np.mean(new[begun_new:] or [0]))
        known |= {token for token, *_ in told}
    return {"gain": np.mean(gains), "least_gain": min(gains), "last_gain": gains[-1], "relative": np.mean(relative),
            "gain_cap": np.mean(capped), "gain_new": np.mean(new or [0]), "log_p_new": np.mean(log_p_new or [0]),
            "unit_cap": np.mean(unit_cap), "unit_new": np.mean(unit_new), **repetition(units), **repetition_by_unit(units)}


def all_features(name, stories, args):
    kept = (lambda part: args.keep / f"{name}.{part}.jsonl") if args.keep else (lambda part: None)
    single = {u: [u] for units in stories.values() for u in units}
    inside = read_tokens(stories, args.model, kept("inside"))
    alone = read_tokens(single, args.model, kept("alone"))
    return {key: features(units, inside[key], alone) for key, units in stories.items() if len(units) > 1}


def fit(pairs, columns):
    x = np.concatenate([pairs[kind][:, columns] for kind in KINDS])
    weights = np.concatenate([np.full(len(pairs[kind]), len(x) / len(pairs[kind])) for kind in KINDS])
    scale = x.std(axis=0) + 1e-9
    keep = np.ones(len(columns), bool)
    while True:
        both = np.concatenate([x[:, keep], -x[:, keep]]) / scale[keep]
        model = LogisticRegression(C=0.01, fit_intercept=False, max_iter=2000)
        model.fit(both, np.repeat([1, 0], len(x)), np.tile(weights, 2))
        if (model.coef_[0] >= 0).all():
            break
        keep[np.flatnonzero(keep)[model.coef_[0] < 0]] = False
    fitted = np.zeros(len(columns))
    fitted[keep] = model.coef_[0] / scale[keep]
    return fitted


def told_or_damaged(sums, whole):
    """Slope and intercept of the logistic that says of a single window whether it was told; both kinds weigh the same."""
    model = LogisticRegression(C=1e6, class_weight="balanced").fit(sums[:, None], whole)
    return round(float(model.coef_[0, 0]), 3), round(float(model.intercept_[0]), 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tales", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--union", type=pathlib.Path)
    parser.add_argument("--manplts", type=pathlib.Path)
    parser.add_argument("--windows", type=int, default=80)
    parser.add_argument("--keep", type=pathlib.Path)
    args = parser.parse_args()
    seen = all_features("damaged", damaged(windows(shuffle.read_texts(args.tales), args.windows, random.Random(9))), args)
    names = list(next(iter(seen.values())))
    pairs = collections.defaultdict(list)
    for key, values in seen.items():
        name, kind = key.rsplit("|", 1)
        if kind != "whole":
            pairs[kind].append([seen[f"{name}|whole"][f] - values[f] for f in names])
    pairs = {kind: np.array(rows) for kind, rows in pairs.items()}
    rated = {}
    for label, path, reader in (("union", args.union, ratings.read_union), ("manplts", args.manplts, ratings.read_manplts)):
        if path:
            rows = reader(path)
            read = all_features(label, {str(i): ratings.as_prose(text) for i, (text, _) in enumerate(rows)}, args)
            rated[label] = (np.array([[v[f] for f in names] for v in read.values()]), [rows[int(i)][1] for i in read])
    for chosen in FITS:
        columns = [names.index(f) for f in chosen]
        weights = fit(pairs, columns)
        told = {kind: round(float((pairs[kind][:, columns] @ weights > 0).mean()), 2) for kind in KINDS}
        rho = {label: round(float(spearmanr(x[:, columns] @ weights, human)[0]), 3) for label, (x, human) in rated.items()}
        sums = np.array([[v[f] for f in chosen] for v in seen.values()]) @ weights
        single = told_or_damaged(sums, np.array([key.endswith("|whole") for key in seen]))
        print(json.dumps({"features": chosen, "told_apart": told, "ratings": rho,
                          "weights": dict(zip(chosen, np.round(weights, 3))), "slope_and_intercept": single}))


if __name__ == "__main__":
    main()
