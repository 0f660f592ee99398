#!/usr/bin/env python3
"""banchu and PEFT do the identical training steps, in turn; medians, ratios, and how busy the machine was with others.

    python3 -m venv peers && peers/bin/pip install -r bench/peers/peft/requirements.txt
    peers/bin/python bench/peers/peft/compare.py MODEL.gguf [--rounds 3] [--threads 1 --clock cpu] [--out FILE.json]

PEFT's best is the fastest of its number formats; its best memory is the smallest of them. banchu runs with all the
memory there is and again within a quarter of PEFT's best. `others` is the share of the machine's time that other
programs took during a run: figures by the wall clock mean little where it is above a few percent, and for such a
machine there is --threads 1 --clock cpu.
"""
import argparse, json, os, pathlib, platform, resource, statistics, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
BANCHU = os.environ.get("BANCHU", str(HERE.parents[2] / "bin/banchu"))
PEERS = ["float32", "bfloat16", "bfloat16-all", "nf4"]


def busy_seconds():
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command):
    began, busy, own = time.time(), busy_seconds(), own_seconds()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    passed = (time.time() - began) * os.cpu_count()
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return answer | {"others": round(max(0.0, busy_seconds() - busy - own_seconds() + own) / passed, 3)}


def summary(runs):
    keys = ("tokens_per_second", "peak_rss_bytes", "share", "gemm_peak_gflops", "flops_per_token", "others")
    out = {k: statistics.median(r[k] for r in runs) for k in keys if k in runs[0]}
    out["first_loss"] = runs[0]["losses"][0]
    out["runs"] = [round(r["tokens_per_second"], 1) for r in runs]
    if runs[0].get("memory_choice"):
        out["memory_choice"] = runs[0]["memory_choice"]
    return out


def processor():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()}), {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--row-tokens", type=int, default=256)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"])
    parser.add_argument("--peers", nargs="+", default=PEERS)
    parser.add_argument("--limit-mb", type=int, default=0, help="of the second run; 0: a quarter of PEFT's best")
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    work = ["--rank", str(options.rank), "--rows", str(options.rows), "--row-tokens", str(options.row_tokens),
            "--steps", str(options.steps), "--threads", str(options.threads), "--clock", options.clock]
    ours = [BANCHU, "bench", "train", "--json", "--model", options.model, *work]
    runs = {}
    for _ in range(options.rounds):
        for name in options.peers:
            peer = [sys.executable, str(HERE / "peer.py"), options.model, "--dtype", name, *work]
            runs.setdefault("peft " + name, []).append(run(peer))
            runs.setdefault("banchu", []).append(run(ours))
        peaks = [r["peak_rss_bytes"] for name, rs in runs.items() if name.startswith("peft") for r in rs]
        limit = options.limit_mb or min(peaks) // 4 // 2**20
        runs.setdefault("banchu frugal", []).append(run([*ours, "--memory-limit", str(limit)]))
    table = {name: summary(rs) for name, rs in runs.items()}
    peers = {n: t for n, t in table.items() if n.startswith("peft")}
    best = max(peers.values(), key=lambda t: t["tokens_per_second"])
    least = min(t["peak_rss_bytes"] for t in peers.values())
    result = {
        "command": " ".join(["compare.py", pathlib.Path(options.model).name, *sys.argv[2:]]),
        "machine": processor(), "date": time.strftime("%Y-%m-%d"), "clock": options.clock,
        "threads": options.threads or os.cpu_count(), "table": table,
        "ratios": {n: {"speed_over_pefts_best": round(table[n]["tokens_per_second"] / best["tokens_per_second"], 3),
                       "memory_over_pefts_best": round(table[n]["peak_rss_bytes"] / least, 3),
                       "share_of_product_rate": round(table[n]["share"], 3)} for n in ("banchu", "banchu frugal")},
    }
    text = json.dumps(result, indent=1)
    if options.out:
        pathlib.Path(options.out).write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
