#!/usr/bin/env python3
"""Makes the tables of figures in src/arc/tables/ from public data, and prints what they reach on held-out text.

    tools/make_arc_tables.py DATA valence      valence.en.tsv, valence.ko.tsv
    tools/make_arc_tables.py DATA emotion      emotion.en.tsv, emotion.ko.tsv

DATA is a folder with the files that docs/arc.md names (sources, licences). No sentence of them enters a table, only
words or syllables with a figure. Needs numpy, scipy, scikit-learn; --kiwi also kiwipiepy, to measure what morphemes
would add.
"""
import argparse, collections, csv, hashlib, pathlib, re

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLES = ROOT / "src/arc/tables"
WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
HANGUL = re.compile("[가-힣]+")
# KOTE's labels by number: those that a comment's valence counts as glad and as unglad; the others count as neither.
KOTE_GLAD = {1, 2, 4, 7, 8, 13, 14, 16, 28, 32, 40, 42, 43}
KOTE_UNGLAD = {0, 3, 5, 6, 9, 10, 12, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 41}


def tenth(text):
    """A text's tenth, by its digest: 0 and 1 are held out."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % 10


def english_lexicon(data):
    """Mean of VADER's figure (-4..4) and 0.8 x AFINN's (-5..5), for plain words."""
    figures = collections.defaultdict(list)
    for name, factor in (("vader_lexicon.txt", 1.0), ("AFINN-en-165.txt", 0.8)):
        for line in (data / name).read_text(encoding="utf-8").splitlines():
            word, figure = line.split("\t")[:2]
            if WORD.fullmatch(word):
                figures[word].append(float(figure) * factor)
    return {word: sum(values) / len(values) for word, values in figures.items()}


def syllable_grams(text):
    """What korean.cpp looks up: pairs and triples of syllables inside a run, and the run's beginning ("^")."""
    grams = set()
    for run in HANGUL.findall(text):
        grams.add("^" + run[:2] if len(run) > 1 else "^" + run)
        if len(run) > 2:
            grams.add("^" + run[:3])
        grams.update(run[i:i + 2] for i in range(len(run) - 1))
        grams.update(run[i:i + 3] for i in range(len(run) - 2))
    return grams


def matrix(bags, index):
    rows, columns = [], []
    for row, bag in enumerate(bags):
        for gram in bag:
            if gram in index:
                rows.append(row)
                columns.append(index[gram])
    return sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(bags), len(index)))


def read_nsmc(data):
    rows = (line.split("\t") for line in (data / "nsmc-ratings-40k.tsv").read_text(encoding="utf-8").splitlines()[1:])
    return [(row[1], (int(row[0]) - 5.5) / 4.5) for row in rows if len(row) == 2]


def read_kote(data):
    out = []
    for line in (data / "kote-val.tsv").read_text(encoding="utf-8").splitlines():
        _, text, labels = line.split("\t")
        labels = set(map(int, labels.split(",")))
        glad, unglad = len(labels & KOTE_GLAD), len(labels & KOTE_UNGLAD)
        out.append((text, (glad - unglad) / max(1, glad + unglad), labels))
    return out


def korean_valence(data, size, kiwi):
    nsmc, kote = read_nsmc(data), [(text, value) for text, value, _ in read_kote(data)]
    train = [(t, v, 0) for t, v in nsmc if tenth(t) > 1] + [(t, v, 1) for t, v in kote if tenth(t) > 1]
    held = {"nsmc": [r for r in nsmc if tenth(r[0]) <= 1], "kote": [r for r in kote if tenth(r[0]) <= 1]}
    target = np.array([v for _, v, _ in train])
    for domain in (0, 1):  # each source around its own mean: a lexicon has no opinion about films
        mask = np.array([d == domain for _, _, d in train])
        target[mask] -= target[mask].mean()

    def fit(bag_of, least, alpha, keep):
        bags = [bag_of(t) for t, _, _ in train]
        counts = collections.Counter(g for bag in bags for g in bag)
        grams = sorted(g for g in counts if counts[g] >= least)
        weights = Ridge(alpha=alpha).fit(matrix(bags, {g: i for i, g in enumerate(grams)}), target).coef_
        order = np.argsort(-np.abs(weights) * np.sqrt([counts[g] for g in grams]), kind="stable")[:keep]
        return {grams[i]: float(weights[i]) for i in order}

    def report(name, weights, bag_of):
        line = [f"{name}: {len(weights)} entries"]
        for source, rows in held.items():
            z = [sum(weights.get(g, 0) for g in bag_of(t)) for t, _ in rows]
            truth = [v for _, v in rows]
            sure = [(a > 0) == (b > 0) for a, b in zip(z, truth) if abs(b) > 0.3]
            line.append(f"{source} rho {spearmanr(z, truth)[0]:.4f} sign {np.mean(sure):.4f} (n {len(rows)})")
        print("  ".join(line), flush=True)

    weights = fit(syllable_grams, 5, 100, size)
    report("syllables", weights, syllable_grams)
    if kiwi:
        from kiwipiepy import Kiwi
        tokenizer = Kiwi()
        seen = {}

        def morphemes(text):
            if text not in seen:
                seen[text] = {f"{t.form}/{t.tag[:2]}" for t in tokenizer.tokenize(text)}
            return seen[text]
        report("kiwi morphemes", fit(morphemes, 3, 30, 10 ** 6), morphemes)
    return weights


def make_valence(args):
    lexicon = english_lexicon(args.data)
    with open(TABLES / "valence.en.tsv", "w", encoding="utf-8") as out:
        for word in sorted(lexicon):
            if round(lexicon[word] * 10):
                out.write(f"{word}\t{round(lexicon[word] * 10)}\n")
    weights = korean_valence(args.data, args.size, args.kiwi)
    scale = 127 / max(abs(w) for w in weights.values())
    print(f"Korean figures are weights x {scale:.3f}")
    with open(TABLES / "valence.ko.tsv", "w", encoding="utf-8") as out:
        for gram in sorted(weights):
            if round(weights[gram] * scale):
                out.write(f"{gram}\t{round(weights[gram] * scale)}\n")


EMOTIONS = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]
# KOTE's labels by number, as these seven.
KOTE_EMOTIONS = [{0, 6, 22, 31}, {3, 20, 21}, {18, 34, 41}, {1, 2, 4, 8, 13, 14, 16, 28, 32, 40, 42, 43}, {24},
                 {5, 10, 19, 25, 27, 36, 38}, {15, 33, 34, 39}]


def word_features(text):
    return set(WORD.findall(text.lower().replace("\u2019", "'")))


def read_goemotions(data, part):
    rows = (line.split("\t") for line in
            (data / f"goemotions-ekman-{part}.tsv").read_text(encoding="utf-8").splitlines())
    return [(row[0], {int(label) for label in row[1].split(",")}) for row in rows]


def read_kote_emotions(data):
    return [(text, {i for i, group in enumerate(KOTE_EMOTIONS) if labels & group})
            for text, _, labels in read_kote(data)]


def fit_focal(x, y, gamma, l2):
    """One-vs-rest logistic regression under focal loss (Lin et al. 2017): -(1 - p_t)^gamma log p_t."""
    sign = np.where(y, 1.0, -1.0)

    def loss(w):
        z = sign * (x @ w[:-1] + w[-1])
        p = np.clip(1 / (1 + np.exp(-z)), 1e-9, 1 - 1e-9)
        value = (-((1 - p) ** gamma) * np.log(p)).sum() + 0.5 * l2 * (w[:-1] ** 2).sum()
        slope = (1 - p) ** gamma * (gamma * p * np.log(p) - (1 - p)) * sign
        return value, np.append(x.T @ slope + l2 * w[:-1], slope.sum())
    return minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 150}).x


def f1(guess, truth):
    hit = (guess & truth).sum()
    return 2 * hit / max(1, guess.sum() + truth.sum())


def best_threshold(p, truth):
    grid = np.arange(0.05, 0.95, 0.01)
    return float(grid[int(np.argmax([f1(p >= t, truth) for t in grid]))])


def train_emotions(train, tune, bag_of, least, size, gamma, l2):
    """Weights [feature][emotion], biases, thresholds (from `tune`), and the macro-F1 there."""
    bags = [bag_of(t) for t, _ in train]
    counts = collections.Counter(g for bag in bags for g in bag)
    grams = sorted(g for g in counts if counts[g] >= least)
    x = matrix(bags, {g: i for i, g in enumerate(grams)})
    labels = np.array([[e in y for e in range(7)] for _, y in train])
    w = np.stack([fit_focal(x, labels[:, e], gamma, l2) for e in range(7)], axis=1)
    order = np.argsort(-np.abs(w[:-1]).max(axis=1) * np.sqrt([counts[g] for g in grams]), kind="stable")[:size]
    keep = sorted(grams[i] for i in order)
    scale = 127 / np.abs(w[:-1]).max()
    place = {g: i for i, g in enumerate(grams)}
    table = {g: np.rint(w[place[g]] * scale).astype(int) for g in keep}
    xt = matrix([bag_of(t) for t, _ in tune], {g: i for i, g in enumerate(keep)})
    p = 1 / (1 + np.exp(-(xt @ np.stack([table[g] for g in keep]) / scale + w[-1])))
    truth = np.array([[e in y for e in range(7)] for _, y in tune])
    thresholds = [best_threshold(p[:, e], truth[:, e]) for e in range(7)]
    score = np.mean([f1(p[:, e] >= thresholds[e], truth[:, e]) for e in range(7)])
    plain = np.mean([f1(p[:, e] >= 0.5, truth[:, e]) for e in range(7)])
    return table, w[-1], scale, thresholds, score, plain


def make_emotion(args):
    """Thresholds are tuned on tenth 2 of the training text; tenths 0 and 1 of KOTE and GoEmotions' dev stay unseen."""
    english = read_goemotions(args.data, "train")
    korean = [row for row in read_kote_emotions(args.data) if tenth(row[0]) > 1]
    for name, rows, bag_of, least, size in (("en", english, word_features, 5, 5000),
                                            ("ko", korean, syllable_grams, 4, 6000)):
        train, tune = [r for r in rows if tenth(r[0]) != 2], [r for r in rows if tenth(r[0]) == 2]
        best = None
        for gamma in (0.0, 1.0, 2.0):
            made = train_emotions(train, tune, bag_of, least, size, gamma, 3.0)
            print(f"{name} focal gamma {gamma}: macro-F1 {made[4]:.4f} with thresholds, {made[5]:.4f} at one half",
                  flush=True)
            if best is None or made[4] > best[4]:
                best = made
        table, bias, scale, thresholds = best[:4]
        with open(TABLES / f"emotion.{name}.tsv", "w", encoding="utf-8") as out:
            out.write("#bias\t" + "\t".join(str(round(b * scale)) for b in bias) + "\n")
            out.write("#threshold\t" + "\t".join(str(round(t * 100)) for t in thresholds) + "\n")
            out.write(f"#scale\t{round(scale * 1000)}" + "\t0" * 6 + "\n")
            for gram in sorted(table):
                if table[gram].any():
                    out.write(gram + "\t" + "\t".join(map(str, table[gram])) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("what", choices=["valence", "emotion"])
    parser.add_argument("--size", type=int, default=14000)
    parser.add_argument("--kiwi", action="store_true")
    args = parser.parse_args()
    TABLES.mkdir(exist_ok=True)
    {"valence": make_valence, "emotion": make_emotion}[args.what](args)


if __name__ == "__main__":
    main()
