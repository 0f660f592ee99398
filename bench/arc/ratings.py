#!/usr/bin/env python3
"""Rank correlation of the coherence score with people's ratings of short machine-written stories.

    bench/arc/ratings.py --union ant_data.txt... --manplts AMT_ROC.CSV... [--model MODEL.gguf] [--every 1] [--as-given]

The files are those of the public repositories thu-coai/UNION (Data/*/ant_data/ant_data.txt: 7 votes a story) and
PlusLabNLP/Plot-guided-Coherence-Evaluation (Data/AMT/*.CSV: 5 ratings a story). Nothing of the engine was fitted to
them. Their placeholders get names and their tokenisation is undone, unless --as-given. Needs numpy and scipy.
"""
import argparse, collections, csv, json, pathlib, re, subprocess

import numpy as np
from scipy.stats import spearmanr

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "build/dev/bin/arc_lab"


def read_union(path):
    rows = [line.split("|||") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row[1].strip(), float(np.mean(list(map(int, row[2].split()))))) for row in rows]


def read_manplts(path):
    ratings = collections.defaultdict(list)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for i in range(1, 6):
                text, answer = row.get(f"Input.text{i}"), row.get(f"Answer.text{i}")
                if text and answer and re.fullmatch(r"[0-9.]+", answer.strip()):
                    ratings[re.sub(r"\s*</s>\s*", " ", text).strip()].append(float(answer))
    return [(text, float(np.mean(r))) for text, r in ratings.items()]


def as_prose(text):
    """The sets' placeholders get names, and their tokenisation is undone."""
    for mark, name in (("[MALE]", "tom"), ("[FEMALE]", "mary"), ("[NEUTRAL]", "alex")):
        text = text.replace(mark, name)
    text = re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", text)
    text = re.sub(r"\s+([.,!?;:])", r"\1", re.sub(r"\bi\b", "I", text))
    text = re.sub(r"\b(tom|mary|alex)\b", lambda m: m[0].capitalize(), text)
    return [s[0].upper() + s[1:] for s in re.split(r"(?<=[.!?])\s+", text.strip()) if re.search(r"\w", s)]


def score(stories, model, as_given):
    texts = [{"text": text} if as_given else {"units": as_prose(text)} for text, _ in stories]
    lines = "".join(json.dumps({"id": str(i), **text}) + "\n" for i, text in enumerate(texts))
    words = [str(LAB), "score", "fast", *([str(model)] if model else [])]
    out = subprocess.run(words, input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def correlations(stories, model, as_given):
    """Stories without a number are left out and counted."""
    readings = score(stories, model, as_given)
    human = np.array([rating for _, rating in stories])
    values = {"coherence": [r["coherence"] for r in readings]}
    for name in readings[0]["subscores"]:
        values[name] = [r["subscores"][name] for r in readings]
    values["mean_context_gain"] = [float(np.mean(r["gains"][1:])) if len(r["gains"]) > 1 else None for r in readings]
    answer = {"stories": len(stories), "without_a_number": sum(v is None for v in values["coherence"])}
    for name, column in values.items():
        mask = np.array([v is not None for v in column])
        if mask.sum() > 10:
            rho = spearmanr(np.array([v for v in column if v is not None], float), human[mask])[0]
            answer[name] = round(float(rho), 3)
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--union", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--manplts", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1, help="only every n-th story")
    parser.add_argument("--as-given", action="store_true")
    args = parser.parse_args()
    for reader, paths in ((read_union, args.union), (read_manplts, args.manplts)):
        for path in paths:
            print(json.dumps({path.name: correlations(reader(path)[::args.every], args.model, args.as_given)}), flush=True)


if __name__ == "__main__":
    main()
