#!/usr/bin/env python3
"""The 35 -> 95 experiment: the same weak predictions read in ever more ways, against arcs that a person drew.

    bench/arc/ablation.py samples/golden/*.jsonl [--probe en=PROBE.json,STATES.f32]

Fixed before the first run. Texts: the golden episodes with their hand-set valence (-3 .. 3 a sentence); no step below
was fitted to a valence label of theirs. Human arc: those labels smoothed by a gaussian of max(2, 6 % of the sentences).
Steps: A0 the likeliest label of the one-vs-rest classifier; A1 labels by their tuned thresholds; A2 its probabilities;
A3 those smoothed as the human arc is; A4 decoded with transitions (gamma 1) instead; A5 with the rules; L3 and L5 the
same as A3 and A5 for the lexicon; B3 and B5 for both added. Columns: local macro-F1 of three classes (label <= -1, >= 1,
between), Spearman by sentence, Spearman of arcs, cosine of DCT 1..5, F1 of peaks and valleys within 6 %, and
C = 100 (.4 rho + .3 cosine + .3 F1), beside it the median and the 95 % point of all circular shifts of the same
arc. Sham: random predictions through the same steps. A part that adds less than 2 points to C is no gain.
A6, with --probe: a probe that the golden episodes did not teach (bench/arc/probe.py), read off the states of their sentences
(the same order), smoothed as A3; alone, and with the lexicon in the share that its own fit gave it.
"""
import argparse, json, pathlib, subprocess

import numpy as np
from scipy.fft import dct
from scipy.stats import spearmanr

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "build/dev/bin/arc_series_lab"


def smooth(values, width):
    at = np.arange(len(values))
    kernel = np.exp(-0.5 * ((at[:, None] - at[None, :]) / width)**2)
    return kernel @ values / kernel.sum(axis=1)


def width_of(count):
    return max(2.0, 0.06 * count)


def rho(a, b):
    return 0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else float(spearmanr(a, b)[0])


def cosine(a, b):
    x, y = dct(a, norm="ortho")[1:6], dct(b, norm="ortho")[1:6]
    size = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / size) if size > 0 else 0.0


def extrema(arc):
    """Peaks and valleys whose persistence is at least one standard deviation of the arc, plateaus at their middle."""
    turns = [0]
    for i in range(1, len(arc)):
        step = np.sign(arc[i] - arc[i - 1])
        if step and (len(turns) == 1 or step != turns[-1][1]):
            turns.append((i - 1, step))
        if step:
            last = i
    if len(turns) == 1:
        return [], []
    points = [t[0] for t in turns[1:]] + [last]
    limit = arc.std()
    while len(points) > 2:
        gaps = [abs(arc[points[i + 1]] - arc[points[i]]) for i in range(len(points) - 1)]
        least = int(np.argmin(gaps))
        if gaps[least] >= limit:
            break
        if least == 0:
            points.pop(0)
        elif least == len(gaps) - 1:
            points.pop()
        else:
            del points[least:least + 2]
    up = [i for i, p in enumerate(points) if arc[p] > arc[points[i - 1 if i else 1]]]
    return [points[i] for i in up], [points[i] for i in range(len(points)) if i not in up]


def f1_of_places(found, true, reach):
    if not found or not true:
        return 1.0 if not found and not true else 0.0
    hits = sum(min(abs(f - t) for t in true) <= reach for f in found)
    seen = sum(min(abs(f - t) for f in found) <= reach for t in true)
    precision, recall = hits / len(found), seen / len(true)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def parts(arc, truth):
    peaks, valleys = extrema(arc)
    reach = max(1, round(0.06 * len(arc)))
    pv = (f1_of_places(peaks, truth["peaks"], reach) + f1_of_places(valleys, truth["valleys"], reach)) / 2
    return np.array([rho(arc, truth["arc"]), cosine(arc, truth["arc"]), pv])


def whole(p):
    return 100 * (0.4 * p[0] + 0.3 * p[1] + 0.3 * p[2])


def macro_f1(guess, truth):
    scores = []
    for label in (-1, 0, 1):
        hit = ((guess == label) & (truth == label)).sum()
        scores.append(2 * hit / max(1, (guess == label).sum() + (truth == label).sum()))
    return float(np.mean(scores))


def read(paths):
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    truths = {}
    for row in rows:
        valence = np.array([u["valence"] for u in row["units"]], float)
        truths[row["id"]] = {"valence": valence, "arc": smooth(valence, width_of(len(valence))),
                             "peaks": row["peaks"], "valleys": row["valleys"]}
    lines = "".join(json.dumps({"id": r["id"], "units": [u["text"] for u in r["units"]]}) + "\n" for r in rows)
    out = subprocess.run([LAB, "arcs"], input=lines, capture_output=True, text=True, check=True).stdout
    return truths, {r["id"]: r for r in map(json.loads, out.splitlines())}


def scaled(values):
    values = np.array(values, float)
    return (values - values.mean()) / max(1e-12, values.std())


def add_probe(argument, rows, seen):
    lang, files = argument.split("=", 1)
    probe, states = files.split(",", 1)
    valence = next(t for t in json.loads(pathlib.Path(probe).read_text())["targets"] if t["name"] == "valence")
    share = next((row["share"] for row in valence["cross_validated"] if row["language"] == lang), 0.0)
    weights = np.array(valence["weights"])
    read = np.fromfile(states, dtype=np.float32).reshape(-1, len(weights)) @ weights + valence["bias"]
    for name in [n for n in rows if n.startswith(lang)]:
        count = len(seen[name]["lexicon"])
        mine, read = scaled(read[:count]), read[count:]
        seen[name]["probe"] = mine
        seen[name]["probe and lexicon"] = share * mine + (1 - share) * scaled(seen[name]["lexicon"])


def steps(seen):
    def smoothed(name):
        return smooth(np.array(seen[name]), width_of(len(seen[name])))

    def step(name, what):
        return np.array(seen["decoded"][name][what])
    probe = {} if "probe" not in seen else {"A6 probe smoothed": smoothed("probe"),
                                            "A6 probe and lexicon smoothed": smoothed("probe and lexicon")}
    return probe | {"A0 argmax": np.array(seen["argmax"], float), "A1 thresholds": np.array(seen["ovr"], float),
            "A2 posteriors": np.array(seen["posterior"]), "A3 smoothed": smoothed("posterior"),
            "A4 decoder": step("posterior", "gamma1"), "A5 rules": step("posterior", "rules"),
            "L3 lexicon smoothed": smoothed("lexicon"), "L5 lexicon decoded": step("lexicon", "rules"),
            "B3 both smoothed": smoothed("both"), "B5 both decoded": step("both", "rules"),
            "sham smoothed": smoothed("random"), "sham decoded": step("random", "rules")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("golden", type=pathlib.Path, nargs="+")
    parser.add_argument("--probe", action="append", default=[])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results/arc.json")
    args = parser.parse_args()
    truths, seen = read(args.golden)
    for argument in args.probe:
        add_probe(argument, truths, seen)
    answer = {}
    for lang in ("en", "ko"):
        names = [n for n in truths if n.startswith(lang)]
        local = {}
        for kind, source in (("A0 argmax", "argmax"), ("A1 thresholds", "ovr")):
            truth = np.concatenate([np.where(truths[n]["valence"] >= 1, 1, np.where(truths[n]["valence"] <= -1, -1, 0))
                                    for n in names])
            local[kind] = round(macro_f1(np.concatenate([np.array(seen[n][source]) for n in names]), truth), 3)
        table = {}
        for step in steps(seen[names[0]]):
            by_text, sentence, nulls = [], [], []
            for n in names:
                arc = steps(seen[n])[step]
                by_text.append(parts(arc, truths[n]))
                sentence.append(rho(arc, truths[n]["valence"]))
                nulls.append([whole(parts(np.roll(arc, s), truths[n])) for s in range(3, len(arc) - 2)])
            p = np.mean(by_text, axis=0)
            table[step] = {"sentence_rho": round(float(np.mean(sentence)), 3), "arc_rho": round(float(p[0]), 3),
                           "dct_cosine": round(float(p[1]), 3), "peaks_valleys_f1": round(float(p[2]), 3),
                           "C": round(float(whole(p)), 1),
                           "null_median": round(float(np.mean([np.median(x) for x in nulls])), 1),
                           "null_p95": round(float(np.mean([np.quantile(x, 0.95) for x in nulls])), 1)}
        answer[lang] = {"texts": len(names), "local_macro_f1_3_classes": local, "steps": table}
    print(json.dumps(answer, indent=1))
    kept = json.loads(args.out.read_text()) if args.out.exists() else {}
    kept["ablation"] = {"command": "bench/arc/ablation.py samples/golden/*.jsonl"} | answer
    args.out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
