#!/usr/bin/env python3
"""Emotion probes against the lexicon, on sentences that neither has seen.

    bench/arc/probe.py rows DATA OUT                       labelled rows (JSON Lines) from the public sets
    bench/arc/probe.py states OUT MODEL.gguf NAME... [--seconds S]   their states, in sittings; NAME: see below
    bench/arc/probe.py judge OUT MODEL.gguf --teach NAME... --judge NAME... [--probe FILE] [--out arc.json]

NAME: golden_en, golden_ko (own), emobank (measured on only), goemotions, kote_train, kote_held, nsmc_train,
nsmc_held. Held: the tenths 0 and 1 by the text's digest, which taught neither the lexicon nor a probe; all sets in the
order of a digest, so that the first rows are a fair sample. `judge` teaches a probe (arc_lab fit) from what is read of
the --teach sets, writes it to --probe, and prints Pearson's r, Spearman's rho and, where |truth| > .3, the share of right
signs (of two-sided truths, around each set's own middle) of the probe, of the lexicon, and of both in the mix that
the fit found without the judged rows. DATA: see tools/make_arc_tables.py. Needs numpy, scipy.
"""
import argparse, csv, hashlib, json, pathlib, subprocess, sys

import numpy as np
from scipy.stats import pearsonr, spearmanr

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import make_arc_tables as maker  # the readers and the split

LAB = ROOT / "build/dev/bin/arc_lab"
AT_ONCE = 64
UNGLAD = {0, 1, 2, 5}  # of maker.EMOTIONS


def in_order(rows):
    return sorted(rows, key=lambda row: hashlib.sha256(("probe" + row["text"]).encode()).hexdigest())


def golden(lang):
    for line in (ROOT / f"samples/golden/{lang}.jsonl").read_text(encoding="utf-8").splitlines():
        episode = json.loads(line)
        for unit in episode["units"]:
            yield {"text": unit["text"], "group": episode["id"], "valence": unit["valence"] / 3}


def goemotions(data):
    for text, labels in maker.read_goemotions(data, "train"):
        glad, unglad = int(3 in labels), len(labels & UNGLAD)
        yield {"text": text, "valence": (glad - unglad) / max(1, glad + unglad),
               "labels": [maker.EMOTIONS[e] for e in sorted(labels)]}


def kote(data):
    for text, valence, labels in maker.read_kote(data):
        yield {"text": text, "valence": valence,
               "labels": [maker.EMOTIONS[e] for e, group in enumerate(maker.KOTE_EMOTIONS) if labels & group]}


def make_rows(args):
    with open(args.data / "emobank.csv", newline="", encoding="utf-8") as file:
        bank = [{"text": r["text"], "valence": float(r["V"]), "arousal": float(r["A"])} for r in csv.DictReader(file)
                if r["text"].strip()]
    korean = {"kote": list(kote(args.data)), "nsmc": [{"text": t, "valence": v} for t, v in maker.read_nsmc(args.data)]}
    sets = {"golden_en": list(golden("en")), "golden_ko": list(golden("ko")), "emobank": in_order(bank),
            "goemotions": in_order(goemotions(args.data))}
    for name, rows in korean.items():
        sets[f"{name}_train"] = in_order(r for r in rows if maker.tenth(r["text"]) > 1)
        sets[f"{name}_held"] = in_order(r for r in rows if maker.tenth(r["text"]) <= 1)
    args.folder.mkdir(exist_ok=True)
    for name, rows in sets.items():
        (args.folder / f"{name}.jsonl").write_text(
            "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


def rows_of(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def states_path(folder, name, model):
    return folder / f"{name}.{model.stem}.f32"


def read_states(args):
    """Adds to what an earlier sitting read; every 64 sentences are on disk."""
    for name in args.names:
        path = states_path(args.folder, name, args.model)
        rows = rows_of(args.folder, name)
        done = path.stat().st_size // (4 * width_of(args.model)) // AT_ONCE * AT_ONCE if path.exists() else 0
        lines = "".join(json.dumps({"id": str(i), "units": [r["text"] for r in rows[i:i + AT_ONCE]]}) + "\n"
                        for i in range(done, len(rows), AT_ONCE))
        if not lines:
            continue
        more = path.with_suffix(".more")
        try:
            subprocess.run([LAB, "states", args.model, more], input=lines, text=True, check=True, timeout=args.seconds)
        except subprocess.TimeoutExpired:
            pass
        kept = path.read_bytes()[:done * 4 * width_of(args.model)] if path.exists() else b""
        path.write_bytes(kept + more.read_bytes())
        more.unlink()


def width_of(model):
    answer = subprocess.run([ROOT / "build/dev/bin/banchu", "--json", "model", "inspect", model], capture_output=True,
                            text=True, check=True).stdout
    return json.loads(answer)["width"]


def states_of(folder, name, model, width):
    flat = np.fromfile(states_path(folder, name, model), dtype=np.float32)
    return flat[:len(flat) // width * width].reshape(-1, width)


def words_of(rows):
    lines = "".join(json.dumps({"id": str(i), "units": [r["text"]]}) + "\n" for i, r in enumerate(rows))
    out = subprocess.run([LAB, "emotions"], input=lines, capture_output=True, text=True, check=True).stdout
    table = np.array([line.split("\t")[1:3] for line in out.splitlines()], dtype=float)
    return {"valence": table[:, 0], "arousal": table[:, 1]}


def figures(guess, truth):
    sure = np.abs(truth) > 0.3
    middle = np.median(guess) if truth.min() >= 0 else 0.0  # a scale without a sign has no right sign
    answer = {"n": len(truth), "r": round(float(pearsonr(guess, truth)[0]), 4),
              "rho": round(float(spearmanr(guess, truth)[0]), 4)}
    if truth.min() < 0:
        answer["sign"] = round(float(np.mean((guess > middle)[sure] == (truth > 0)[sure])), 4)
    return answer


def scaled(values):
    return (values - values.mean()) / values.std()


def teach(args, names):
    """A probe of the rows that have states, by the program's own fit."""
    width = width_of(args.model)
    parts, files = [], []
    for name in names:
        states = states_of(args.folder, name, args.model, width)[:args.rows]
        rows = rows_of(args.folder, name)[:len(states)]
        part = args.folder / f"part.{name}.jsonl"
        part.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
        parts.append(states[:len(rows)])
        files.append(part)
    flat = args.folder / "part.f32"
    np.concatenate(parts).tofile(flat)
    out = args.probe or args.folder / "probe.json"
    table = subprocess.run([LAB, "fit", args.model, flat, out, *files], capture_output=True, text=True, check=True).stdout
    print(table)
    return json.loads(out.read_text()), [line.split("\t") for line in table.splitlines()]


def judge(args):
    probe, table = teach(args, args.teach)
    answer = {"model": probe["model"], "taught_by": [{k: d[k] for k in ("name", "rows")} for d in probe["data"]],
              "cross_validated": [dict(zip(("target", "language", "rows", "probe", "lexicon", "both", "share"), row))
                                  for row in table], "judged": {}}
    for name in args.judge:
        states = states_of(args.folder, name, args.model, probe["model"]["dimension"])
        rows = rows_of(args.folder, name)[:len(states)]
        states, words = states[:len(rows)], words_of(rows)
        answer["judged"][name] = {}
        for target in probe["targets"]:
            key = target["name"]
            if key not in words or key not in rows[0]:
                continue
            truth = np.array([r[key] for r in rows], float)
            read = states @ np.array(target["weights"]) + target["bias"]
            lang = "ko" if name.split("_")[0] in ("kote", "nsmc") or name == "golden_ko" else "en"
            share = next((row["share"] for row in target["cross_validated"] if row["language"] == lang), 0.0)
            mix = share * scaled(read) + (1 - share) * scaled(words[key])
            # The mix is around the middle of its own set; the two alone are judged by their own zero.
            shift = share * read.mean() / read.std() + (1 - share) * words[key].mean() / words[key].std()
            answer["judged"][name][key] = {"probe": figures(read, truth), "lexicon": figures(words[key], truth),
                                           "both": figures(mix + shift, truth), "share": share}
    print(json.dumps(answer, indent=1, ensure_ascii=False))
    if args.out:
        kept = json.loads(args.out.read_text()) if args.out.exists() else {}
        kept.setdefault("probe", {})[args.name or args.model.stem] = answer
        args.out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    rows = verbs.add_parser("rows")
    rows.add_argument("data", type=pathlib.Path)
    rows.add_argument("folder", type=pathlib.Path)
    rows.set_defaults(run=make_rows)
    states = verbs.add_parser("states")
    states.add_argument("folder", type=pathlib.Path)
    states.add_argument("model", type=pathlib.Path)
    states.add_argument("names", nargs="+")
    states.add_argument("--seconds", type=int, default=600)
    states.set_defaults(run=read_states)
    judged = verbs.add_parser("judge")
    judged.add_argument("folder", type=pathlib.Path)
    judged.add_argument("model", type=pathlib.Path)
    judged.add_argument("--teach", nargs="+", required=True)
    judged.add_argument("--judge", nargs="+", default=[])
    judged.add_argument("--rows", type=int, default=100000)
    judged.add_argument("--probe", type=pathlib.Path)
    judged.add_argument("--out", type=pathlib.Path)
    judged.add_argument("--name")
    judged.set_defaults(run=judge)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
