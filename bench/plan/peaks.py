#!/usr/bin/env python3
"""What `banchu plan` says of memory, beside what talking and training then take.

    bench/plan/peaks.py MODEL.gguf [MODEL.gguf ...] [--only chat train] [--out bench/results/plan.json]

Talking: a fresh bag, one message long enough to fill a batch, the program's default context. Training: two steps of
`banchu bench train`, whose own forecast is the one that `plan`, `train` and `night` share. A peak is the largest
resident size of that one process, mapped pages of the model included.
"""
import argparse, json, os, pathlib, platform, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANCHU = os.environ.get("BANCHU", str(ROOT / "bin/banchu"))
CONTEXT = 4096  # the default of `chat`
MESSAGE = "The old house by the river had a garden full of quiet roses. " * 30
PEAK = ("import resource, subprocess, sys\n"
        "ran = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)\n"
        "print(ran.stdout if ran.returncode == 0 else ran.stderr)\n"
        "sys.exit(ran.returncode)")


def measured(words):
    """Peak bytes of a process of its own, and its JSON answer."""
    ran = subprocess.run([sys.executable, "-c", PEAK, BANCHU, *words, "--json"], capture_output=True, text=True)
    peak, _, answer = ran.stdout.partition("\n")
    if ran.returncode != 0:
        sys.exit(f"banchu {' '.join(words)}: {answer}")
    return int(peak), json.loads(answer)


def chat(model):
    _, plan = measured(["plan", "--model", model, "--for", "chat", "--context", str(CONTEXT)])
    with tempfile.TemporaryDirectory(prefix="banchu-plan-") as bag:
        measured(["bag", "init", "--bag", bag, "--model", model])
        peak, _ = measured(["chat", "--once", MESSAGE, "--mode", "sandbox", "--bag", bag, "--model", model])
    return {"planned_bytes": plan["total_bytes"], "peak_bytes": peak}


def train(model):
    peak, answer = measured(["bench", "train", "--model", model, "--steps", "2", "--warm-up", "0"])
    planned = int(answer["memory_choice"].split()[0]) << 20
    return {"planned_bytes": planned, "peak_bytes": peak, "choice": answer["memory_choice"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--only", nargs="+", choices=["chat", "train"], default=["chat", "train"])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results/plan.json")
    options = parser.parse_args()
    rows = []
    for model in options.models:
        for use in options.only:
            row = {"model": pathlib.Path(model).name, "for": use} | {"chat": chat, "train": train}[use](model)
            row["off_by"] = round(row["planned_bytes"] / row["peak_bytes"] - 1, 3)
            rows.append(row)
            print(f"{row['model']:40} {use:6} planned {row['planned_bytes'] >> 20:6} MB   "
                  f"peak {row['peak_bytes'] >> 20:6} MB   {row['off_by']:+.1%}", flush=True)
    options.out.write_text(json.dumps({"command": " ".join(["bench/plan/peaks.py", *sys.argv[1:]]),
                                       "machine": platform.machine(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
