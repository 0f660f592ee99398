#!/usr/bin/env python3
"""The local instruments, sentence by sentence: valence, arousal, emotion labels.

    bench/arc/local.py DATA        (the folder that tools/make_arc_tables.py reads)

Unseen by everything fitted: GoEmotions' dev set, EmoBank, and the tenths 0 and 1 of KOTE and NSMC. Needs numpy, scipy.
"""
import csv, json, pathlib, subprocess, sys

import numpy as np
from scipy.stats import spearmanr

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import make_arc_tables as maker  # the readers and the split

LAB = ROOT / "build/dev/bin/arc_lab"


def look(texts):
    """Valence, arousal, labels [n, 7] as the program sees each text (one unit each)."""
    lines = "".join(json.dumps({"id": str(i), "units": [text]}) + "\n" for i, text in enumerate(texts))
    out = subprocess.run([LAB, "emotions"], input=lines, capture_output=True, text=True, check=True).stdout
    rows = np.array([line.split("\t")[1:] for line in out.splitlines()], dtype=float)
    return rows[:, 0], rows[:, 1], rows[:, 2::2], rows[:, 3::2] > 0


def classifier(rows):
    texts = [text for text, _ in rows]
    truth = np.array([[e in labels for e in range(7)] for _, labels in rows])
    _, _, p, guess = look(texts)
    report = {}
    for e, name in enumerate(maker.EMOTIONS):
        hit = (guess[:, e] & truth[:, e]).sum()
        report[name] = {"precision": round(float(hit / max(1, guess[:, e].sum())), 3),
                        "recall": round(float(hit / max(1, truth[:, e].sum())), 3),
                        "f1": round(float(maker.f1(guess[:, e], truth[:, e])), 3), "n": int(truth[:, e].sum())}
    single = truth.sum(axis=1) == 1
    confusion = np.zeros((7, 7), int)
    np.add.at(confusion, (truth[single].argmax(axis=1), p[single].argmax(axis=1)), 1)
    return {"sentences": len(rows), "macro_f1": round(float(np.mean([r["f1"] for r in report.values()])), 4),
            "macro_f1_argmax": round(float(np.mean([maker.f1(p[single].argmax(1) == e, truth[single][:, e])
                                                    for e in range(7)])), 4),
            "labels": report, "confusion_rows_truth": confusion.tolist()}


def rho(a, b):
    return round(float(spearmanr(a, b)[0]), 4)


def main():
    data = pathlib.Path(sys.argv[1])
    with open(data / "emobank.csv", newline="", encoding="utf-8") as file:
        bank = [(row["text"], float(row["V"]), float(row["A"])) for row in csv.DictReader(file)]
    nsmc = [row for row in maker.read_nsmc(data) if maker.tenth(row[0]) <= 1]
    kote = [row for row in maker.read_kote(data) if maker.tenth(row[0]) <= 1]
    valence, arousal, _, _ = look([text for text, _, _ in bank])
    kote_valence = look([text for text, _, _ in kote])[0]
    sure = [(a > 0) == (b > 0) for a, (_, b, _) in zip(kote_valence, kote) if abs(b) > 0.3]
    print(json.dumps({
        "emobank": {"n": len(bank), "valence_rho": rho(valence, [v for _, v, _ in bank]),
                    "arousal_rho": rho(arousal, [a for _, _, a in bank])},
        "nsmc": {"n": len(nsmc), "rho": rho(look([t for t, _ in nsmc])[0], [v for _, v in nsmc])},
        "kote": {"n": len(kote), "rho": rho(kote_valence, [v for _, v, _ in kote]),
                 "sign": round(float(np.mean(sure)), 4)},
        "goemotions_dev": classifier(maker.read_goemotions(data, "dev")),
        "kote_held_out": classifier([r for r in maker.read_kote_emotions(data) if maker.tenth(r[0]) <= 1]),
    }, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
