#!/usr/bin/env python3
"""Rank correlation of the coherence score with people's ratings of short machine-written stories.

    bench/arc/ratings.py --union ant_data.txt... --manplts AMT_ROC.CSV... [--model MODEL.gguf] [--every 1] [--as-given]
                         [--keep DIR]

The files are those of the public repositories thu-coai/UNION (Data/*/ant_data/ant_data.txt: 7 votes a story) and
PlusLabNLP/Plot-guided-Coherence-Evaluation (Data/AMT/*.CSV: 5 ratings a story). Nothing of the engine was fitted to
them. Their placeholders get names and their tokenisation is undone, unless --as-given. Needs numpy and scipy.
"""
import argparse, collections, csv, json, pathlib, re, subprocess, tempfile

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


def lines_of(path):
    """The JSON objects of a file, without a last line that a stopped run left half."""
    for line in path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            pass


def score(stories, args, kept):
    """Readings by the story's number. `kept`: those of earlier runs are taken from there, new ones are added."""
    known = {row["id"]: row for row in lines_of(kept)}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for number, (text, _) in stories.items():
            told = {"text": text} if args.as_given else {"units": as_prose(text)}
            if str(number) not in known:
                lines.write(json.dumps({"id": str(number), **told}) + "\n")
        lines.seek(0)
        words = [str(LAB), "score", "fast", *([str(args.model)] if args.model else [])]
        with subprocess.Popen(words, stdin=lines, stdout=subprocess.PIPE, text=True) as lab:
            for line in lab.stdout:
                row = json.loads(line)
                known[row["id"]] = row
                if kept:
                    with open(kept, "a", encoding="utf-8") as file:
                        file.write(line)
    return known


def correlations(stories, readings):
    """Stories without a number are left out and counted."""
    rows = [(readings[str(number)], rating) for number, (_, rating) in stories.items() if str(number) in readings]
    values = {"coherence": [r["coherence"] for r, _ in rows]}
    for name in rows[0][0]["subscores"]:
        values[name] = [r["subscores"][name] for r, _ in rows]
    values["mean_context_gain"] = [float(np.mean(r["gains"][1:])) if len(r["gains"]) > 1 else None for r, _ in rows]
    answer = {"stories": len(rows), "without_a_number": sum(v is None for v in values["coherence"])}
    for name, column in values.items():
        pairs = [(value, rating) for value, (_, rating) in zip(column, rows) if value is not None]
        if len(pairs) > 10:
            answer[name] = round(float(spearmanr(*zip(*pairs))[0]), 3)
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--union", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--manplts", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1, help="only every n-th story")
    parser.add_argument("--as-given", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for what the engine said")
    args = parser.parse_args()
    for reader, paths in ((read_union, args.union), (read_manplts, args.manplts)):
        for path in paths:
            stories = {i: story for i, story in enumerate(reader(path)) if i % args.every == 0}
            kept = args.keep / f"{path.stem}.{'model' if args.model else 'words'}.jsonl" if args.keep else None
            print(json.dumps({path.name: correlations(stories, score(stories, args, kept))}), flush=True)


if __name__ == "__main__":
    main()
