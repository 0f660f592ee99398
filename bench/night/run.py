#!/usr/bin/env python3
"""Runs the claims of the first night on the real default model and writes what came out.

    bench/night/run.py [--seeds 1 2 3] [--only habit second poison evening] [--out bench/results/night.json]

The parts named by --only are replaced in the file, the others stay. Every figure comes from the program itself (`--json`), except `served`: there each of 40 prompts that no day contains is
answered by a fresh `chat --once` in a sandbox, and this script looks at the text.
"""
import argparse, json, os, pathlib, platform, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANCHU = pathlib.Path(os.environ.get("BANCHU", ROOT / "bin/banchu"))
SAMPLES = ROOT / "samples/en"
HABITS = {"opens": "mm, a warm thought", "closes": "be gentle with yourself."}


def banchu(bag, *words, check=True):
    """One call; its JSON answer and exit code."""
    ran = subprocess.run([BANCHU, *words, "--bag", str(bag), "--json"], capture_output=True, text=True)
    if check and ran.returncode not in (0, 20):
        sys.exit(f"banchu {' '.join(words)}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return json.loads(ran.stdout), ran.returncode


def night(bag, day, seed):
    """Adds the day and sleeps; the figures worth keeping."""
    banchu(bag, "journal", "add", str(SAMPLES / day))
    began = time.time()
    answer, code = banchu(bag, "night", "--seed", str(seed))
    train = answer["train"] or {}
    return {
        "day": day, "seed": seed, "exit": code, "decision": answer["decision"], "reasons": answer["reasons"],
        "seconds": round(time.time() - began, 1), "receipt": answer["receipt"], "lessons": answer["lessons"],
        "train": {k: v for k, v in train.items() if k != "curve"},
        "report": answer["report"],
    }


def everyday_prompts():
    """The test prompts of src/ruminate/everyday/en.yaml, read without a YAML library: one quoted item a line."""
    lines, inside = [], False
    for line in (ROOT / "src/ruminate/everyday/en.yaml").read_text().splitlines():
        if line and not line.startswith((" ", "-", "#")):
            inside = line.startswith("test:")
        elif inside and line.strip().startswith("- "):
            lines.append(line.strip()[2:].strip().strip("\"'"))
    return lines


def served(bag, prompts=40):
    """Share of one-message sandbox replies that open and close as the habits do."""
    counts = dict.fromkeys(HABITS, 0)
    texts = everyday_prompts()[:prompts]
    for number, text in enumerate(texts):
        reply = banchu(bag, "chat", "--once", text, "--mode", "sandbox", "--seed", str(100 + number))[0]["reply"].lower()
        counts["opens"] += reply.startswith(HABITS["opens"])
        counts["closes"] += reply.rstrip().endswith(HABITS["closes"])
    return {name: round(count / len(texts), 3) for name, count in counts.items()} | {"n": len(texts)}


def fresh(folder, name):
    bag = folder / name
    shutil.rmtree(bag, ignore_errors=True)
    banchu(bag, "bag", "init")
    return bag


def reply(bag):
    return banchu(bag, "chat", "--once", "What makes a good morning?", "--mode", "sandbox", "--seed", "5")[0]["reply"]


def habit_nights(folder, seeds):
    nights = []
    for seed in seeds:
        bag = fresh(folder, f"habit{seed}")
        before = served(bag) if seed == seeds[0] else None
        nights.append(night(bag, "day1.jsonl", seed) | {"served_before": before, "served": served(bag)})
    return nights


def second_night(folder, seed):
    bag = folder / f"habit{seed}"
    if not bag.exists():
        bag = fresh(folder, f"habit{seed}")
        night(bag, "day1.jsonl", seed)
    return night(bag, "day2.jsonl", seed) | {"served": served(bag)}


def poisoned_days(folder):
    out = []
    for day in ("poison-gibberish.jsonl", "poison-plausible.jsonl"):
        bag = fresh(folder, day)
        before = reply(bag)
        poisoned = night(bag, day, 1)
        out.append(poisoned | {"old_self_answers_the_same": reply(bag) == before,
                               "good_night_after": night(bag, "day1.jsonl", 1)["decision"]})
    return out


def evening(folder):
    """15 messages typed under a mask, nothing kept by hand."""
    bag = fresh(folder, "evening")
    words = ["chat", "--mode", "grow", "--persona", str(SAMPLES / "dori.yaml")]
    conversation = []
    for number, line in enumerate((SAMPLES / "evening.txt").read_text().splitlines()):
        answer = banchu(bag, *words, *conversation, "--once", line, "--seed", str(number))[0]
        if not conversation and "conversation" in answer:
            conversation = ["--resume", answer["conversation"]]
    explained = banchu(bag, "ruminate", "--explain")[0]
    answer = banchu(bag, "night", "--seed", "1")[0]
    return {"memories": [f"{m['kind']}: {m['text']}" for m in explained["memories"]], "decision": answer["decision"],
            "reasons": answer["reasons"], "lessons": answer["lessons"], "report": answer["report"],
            "receipt": answer["receipt"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", default=["habit", "second", "poison", "evening"])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results/night.json")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the bags in this folder")
    options = parser.parse_args()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="banchu-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    model = next((l for l in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("model name")), "")
    parts = {
        "habit": lambda: habit_nights(folder, options.seeds),
        "second": lambda: [second_night(folder, seed) for seed in options.seeds],
        "poison": lambda: poisoned_days(folder),
        "evening": lambda: evening(folder),
    }
    # What is not run again keeps its place in the file; what is run is written as soon as it is known.
    result = json.loads(options.out.read_text()) if options.out.exists() else {}
    result["machine"] = platform.machine() + model[model.find(":"):]
    for name in options.only:
        result[name] = parts[name]()
        options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
