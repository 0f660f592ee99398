#!/usr/bin/env python3
"""The open question of llama.cpp's #13485, with numbers: where should a LoRA be trained, and how should it be served?

    cmake --build build/dev --target train_lab banchu
    bench/train/three_ways.py MODEL.gguf [--formats q4_0 q8_0] [--seeds 1 2] [--out FILE.json]

The day samples/en/day1.jsonl is chewed over once; every training below learns from the same rows. F is the model in F16
(of a quantised file: its dequantised twin, which is a 16-bit model, but not the one its maker had), Q the same
quantised to each format. Then, as the engine serves it, nats a token on held-out replies and on prose:

    F + adapter(F)            the ceiling: 16 bits everywhere
    quantise(F + adapter(F))  trained on 16 bits, merged, quantised
    Q + adapter(F)            trained on 16 bits, served unmerged on the quantised file
    quantise(Q + adapter(Q))  trained on the quantised file, merged, quantised again
    F16(Q + adapter(Q))       the same, left in 16 bits
    Q + adapter(Q)            trained on the quantised file, served unmerged: what banchu does

and, for the last one, what the trainer's own forward says (dequantised weights; f32, bf16) beside the served arithmetic.
--bag FOLDER takes a bag that was chewed over before; its first night counts.
"""
import argparse, json, os, pathlib, sqlite3, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANCHU = os.environ.get("BANCHU", str(ROOT / "bin/banchu"))
LAB = os.environ.get("TRAIN_LAB", str(ROOT / "build/dev/bin/train_lab"))


def call(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def lab(*words):
    return call(LAB, *words)


def lessons_of(options, work):
    bag = pathlib.Path(options.bag or work / "bag")
    if not options.bag:
        for words in (["bag", "init"], ["journal", "add", ROOT / "samples/en/day1.jsonl"], ["ruminate", "--seed", "1"]):
            call(BANCHU, "--model", options.model, "--bag", bag, "--json", *words)
    rows = sqlite3.connect(f"file:{bag / 'banchu.db'}?mode=ro", uri=True).execute("select body from runs order by started")
    blob = [json.loads(body)["lessons_blob"] for (body,) in rows if "lessons_blob" in body][0]
    return bag / "memory_core/blobs" / blob


def one_seed(work, seed, steps, full, quantised, name, lessons):
    """Every way at one format."""
    on_full, on_quantised = work / f"full.{seed}.lora", work / f"{name}.{seed}.lora"
    if not on_full.exists():
        lab("engrave", full, lessons, on_full, seed, steps)
    lab("engrave", quantised, lessons, on_quantised, seed, steps)
    merged = work / "merged.gguf"

    def merged_and_served(base, adapter, format):
        lab("convert", base, merged, format, adapter)
        answer = lab("served", merged, lessons)
        merged.unlink()
        return answer

    return {
        "F": lab("served", full, lessons), "Q": lab("served", quantised, lessons),
        "F + adapter(F)": lab("served", full, lessons, on_full),
        "quantise(F + adapter(F))": merged_and_served(full, on_full, name),
        "Q + adapter(F)": lab("served", quantised, lessons, on_full),
        "quantise(Q + adapter(Q))": merged_and_served(quantised, on_quantised, name),
        "F16(Q + adapter(Q))": merged_and_served(quantised, on_quantised, "f16"),
        "Q + adapter(Q)": lab("served", quantised, lessons, on_quantised),
        "Q + adapter(Q), trainer's forward in f32": lab("forward", quantised, lessons, "f32", on_quantised),
        "Q + adapter(Q), trainer's forward in bf16": lab("forward", quantised, lessons, "bf16", on_quantised),
    }


def mean(runs):
    return {way: {key: round(statistics.mean(run[way][key] for run in runs), 4) for key in runs[0][way]}
            for way in runs[0]}


def tell(result, out):
    text = json.dumps(result, indent=1)
    if out:
        pathlib.Path(out).write_text(text + "\n")
    print(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--bag", default="")
    parser.add_argument("--formats", nargs="+", default=["q4_0", "q8_0"])
    parser.add_argument("--seeds", nargs="+", default=["1", "2"])
    parser.add_argument("--steps", type=int, default=0, help="of a training; 0: as a night does")
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        lessons = lessons_of(options, work)
        full = work / "full.gguf"
        lab("convert", options.model, full, "f16")
        table = {}
        for name in options.formats:
            quantised = work / f"{name}.gguf"
            lab("convert", full, quantised, name)
            runs = [one_seed(work, seed, options.steps, full, quantised, name, lessons) for seed in options.seeds]
            table[name] = {"mean": mean(runs), "replies_by_seed": {way: [round(r[way]["replies"], 4) for r in runs]
                                                                   for way in runs[0]}}
    result = {"command": " ".join(["three_ways.py", pathlib.Path(options.model).name, *sys.argv[2:]]),
              "date": time.strftime("%Y-%m-%d"), "unit": "nats a token, served by the engine unless it says otherwise",
              "table": table}
    tell(result, options.out)


if __name__ == "__main__":
    main()
