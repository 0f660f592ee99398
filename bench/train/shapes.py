#!/usr/bin/env python3
"""Does cost grow as the flop model says? tokens/s over contexts and model shapes, one row of tokens a step.

    tools/make_large_model.py 1b /tmp/1b.gguf
    bench/train/shapes.py MODEL.gguf /tmp/1b.gguf [--contexts 256 512 1024 2048 4096] [--limits 0] [--out FILE.json]

One thread by processor time, so that a machine that others use gives the same figures; --threads N for the wall clock.
Every figure is `banchu bench train`'s own: `flops_per_token` is counted from the shape, `share` is counted flops over
the rate of that step's own products, measured in the same run. If cost follows the model, share stays level while
tokens/s falls. Written after every run, so it can be stopped.
"""
import argparse, json, os, pathlib, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANCHU = os.environ.get("BANCHU", str(ROOT / "bin/banchu"))
KEPT = ("tokens_per_second", "flops_per_token", "achieved_gflops", "gemm_peak_gflops", "share", "peak_rss_bytes",
        "memory_choice", "parts")


def measure(model, context, limit, options):
    clock = ["--threads", str(options.threads or 1), "--clock", "wall" if options.threads else "cpu"]
    command = [BANCHU, "bench", "train", "--json", "--profile", "--model", model, "--rows", "1", "--row-tokens",
               str(context), "--steps", str(options.steps), "--warm-up", str(options.warm_up), *clock,
               *(["--memory-limit", str(limit)] if limit else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"failed": (done.stdout + done.stderr).strip()}
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return {key: answer[key] for key in KEPT} | {"memory_limit_mb": limit}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+")
    parser.add_argument("--contexts", nargs="+", type=int, default=[256, 512, 1024, 2048, 4096])
    parser.add_argument("--limits", nargs="+", type=int, default=[0], help="MB, one for all or one for each context")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    limits = options.limits * len(options.contexts) if len(options.limits) == 1 else options.limits
    out = pathlib.Path(options.out) if options.out else None
    table = json.loads(out.read_text()) if out and out.exists() else {}
    for model in options.models:
        for context, limit in zip(options.contexts, limits):
            row = measure(model, context, limit, options)
            table.setdefault(pathlib.Path(model).stem, {})[str(context)] = row
            print(pathlib.Path(model).stem, context, json.dumps(row), file=sys.stderr, flush=True)
            if out:
                out.write_text(json.dumps(table, indent=1) + "\n")
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
