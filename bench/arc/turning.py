#!/usr/bin/env python3
"""How far are the five turning points from where people put them? Mean distance D in per cent of the text's sentences.

    bench/arc/turning.py TRIPOD_synopses_test.csv...

The files are those of the public repository ppapalampidi/TRIPOD (Synopses_and_annotations/): film synopses with one
sentence a turning point, some annotated more than once (a film counts once). Beside the engine's figure stands that of
the five places that theory names, 10, 25, 50, 75 and 95 %. The interval resamples films. Needs numpy and
build/dev/bin/arc_lab.
"""
import argparse, ast, collections, csv, json, pathlib, re, subprocess, sys

import numpy as np

LAB = pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin/arc_lab"
THEORY = np.array([0.10, 0.25, 0.50, 0.75, 0.95])


def read_synopses(path):
    """[(film, sentences, five sentence numbers)], an entry an annotation."""
    csv.field_size_limit(sys.maxsize)
    films = []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            units = [u.strip() for u in re.findall(r"\[STR_SENT\](.*?)\[END_SENT\]", row["synopsis_segmented"], re.S)]
            points = [np.atleast_1d(ast.literal_eval(row[f"tp{k}"]))[0] for k in range(1, 6)]
            name = row["movie_name"]
            films.append((re.sub(r"_\d+$", "", name), units, np.array(points, float)))
    return films


def look(films):
    """What the engine says of each: {"points", "features"}."""
    lines = "".join(json.dumps({"id": film, "units": units}) + "\n" for film, units, _ in films)
    out = subprocess.run([LAB, "turning"], input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def by_film(films, distances):
    """Rows of five distances -> one row a film."""
    rows = collections.defaultdict(list)
    for (film, *_), row in zip(films, distances):
        rows[film].append(row)
    return np.array([np.mean(r, axis=0) for r in rows.values()])


def report(rows):
    rng = np.random.default_rng(5)
    draws = [rows[rng.integers(0, len(rows), len(rows))].mean() for _ in range(2000)]
    return {"D": round(100 * float(rows.mean()), 2),
            "interval": [round(100 * float(q), 2) for q in np.quantile(draws, [0.025, 0.975])],
            "each": [round(100 * float(d), 2) for d in rows.mean(axis=0)]}


def measure(path):
    films = read_synopses(path)
    engine, theory, hits = [], [], []
    for (_, units, truth), seen in zip(films, look(films)):
        engine.append(np.abs(np.array(seen["points"]) - truth) / len(units))
        theory.append(np.abs(np.round(THEORY * (len(units) - 1)) - truth) / len(units))
        hits.append(np.array(seen["points"]) == truth)
    engine, theory = by_film(films, engine), by_film(films, theory)
    return {"films": len(engine), "engine": report(engine), "theory": report(theory),
            "hit": round(100 * float(by_film(films, hits).mean()), 1),
            "nearer_than_theory": report(theory - engine)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("synopses", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().synopses:
        print(json.dumps({path.name: measure(path)}, indent=1))


if __name__ == "__main__":
    main()
