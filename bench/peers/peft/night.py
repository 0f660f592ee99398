#!/usr/bin/env python3
"""A real night's training beside transformers + PEFT + TRL: the very rows of a sample day, from command to adapter.

    python3 -m venv peers && peers/bin/pip install -r bench/peers/peft/requirements.txt
    peers/bin/python bench/peers/peft/night.py MODEL.gguf [--rounds 3] [--threads 1 --clock cpu] [--out FILE.json]

Before the clock runs: a bag is made, the day is chewed over (`banchu ruminate`), its rows are exported
(`banchu export lessons`) and the model is written for transformers. Then, in turn: `banchu train` on a fresh copy of
that bag, and TRL (trl_night.py) at each of its settings, both whole processes with their start-up, the same rows in
the same steps, the same rank, the same validations. TRL learns the rows' tokens by cross-entropy; banchu learns most of
them against its teacher's top 20, which TRL does not do: that is more work, not less.

--bag FOLDER takes a bag that was chewed over before. --max-steps N cuts the training of both short. With
--threads 1 --clock cpu it is processor time that counts, for machines that others use too.
"""
import argparse, json, os, pathlib, random, shutil, statistics, subprocess, sys, tempfile, time

from compare import BANCHU, busy_seconds, processor

HERE = pathlib.Path(__file__).resolve().parent
BATCH, SHARE, EPOCHS, RANK, ALPHA = 6, 0.4, 3, 32, 64  # the recipe's defaults; the recipe below says them again


def run(command, clock, threads):
    """(seconds, peak bytes, stdout, share of the machine that others took)"""
    environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began, busy = time.perf_counter(), busy_seconds()
        child = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        passed, cpu = time.perf_counter() - began, used.ru_utime + used.ru_stime
        others = max(0.0, busy_seconds() - busy - cpu) / (passed * os.cpu_count())
        out.seek(0), err.seek(0)
        text = out.read()
        if status:
            sys.exit(f"{' '.join(map(str, command))}\n{text}{err.read()[-4000:]}")
    return {"seconds": cpu if clock == "cpu" else passed, "peak_rss_bytes": used.ru_maxrss * 1024,
            "others": round(others, 3)} | {"answer": json.loads(text.strip().splitlines()[-1])}


def write_for_transformers(gguf_path, folder):
    """The dequantised weights and a tokenizer that only knows the ids: the rows are tokens already."""
    import gguf, tokenizers, torch, transformers
    from peer import load
    model, _ = load(gguf_path, torch.float32)
    model.save_pretrained(folder)
    words = gguf.GGUFReader(gguf_path).get_field("tokenizer.ggml.tokens").contents()
    ids = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(words)}, unk_token=words[0]))
    transformers.PreTrainedTokenizerFast(tokenizer_object=ids, pad_token=words[0], eos_token=words[0],
                                         unk_token=words[0]).save_pretrained(folder)


def in_steps(rows, steps, limit, seed):
    """Rows in the order of the steps, as src/train/data_order.h draws them (its shuffles come from another generator),
    and the steps of one pass over the lessons. `limit`: how many lessons are drawn at most."""
    rings = [[r for r in rows if (r["kind"] == "rehearsal") == kind] for kind in (False, True)]
    share = SHARE if rings[1] else 0
    order, rng, out = [[], []], random.Random(seed), []

    def rehearsals_before(step):
        return int(step * BATCH * share + 1e-9)

    def lessons_before(step):
        return min(step * BATCH - rehearsals_before(step), limit)

    for step in range(steps):
        for kind, before in ((0, lessons_before), (1, rehearsals_before)):
            for _ in range(before(step + 1) - before(step)):
                order[kind] = order[kind] or rng.sample(rings[kind], len(rings[kind]))
                out.append(order[kind].pop())
    an_epoch = 1
    while lessons_before(an_epoch) < len(rings[0]):
        an_epoch += 1
    return out, an_epoch


def prepare(options, work):
    bag = pathlib.Path(options.bag) if options.bag else work / "bag"
    base = [BANCHU, "--model", options.model, "--seed", str(options.seed), "--json"]
    if not options.bag:
        for words in (["bag", "init"], ["journal", "add", options.day], ["ruminate"]):
            subprocess.run([*base, *words, "--bag", bag], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*base, "export", "lessons", "--bag", bag, "--to", work / "rows.jsonl"], check=True,
                   stdout=subprocess.DEVNULL)
    write_for_transformers(options.model, work / "hf")
    return bag


def train_banchu(options, work, bag):
    own = work / "night"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(bag, own, symlinks=True)
    recipe = {"lora_r": RANK, "lora_alpha": ALPHA, "micro_batch_size": BATCH, "num_epochs": EPOCHS,
              "rehearsal_share": SHARE, "early_stopping_patience": 0, "max_steps": options.max_steps}
    (own / "night.yaml").write_text("".join(f"{k}: {v}\n" for k, v in recipe.items()))
    threads = ["--threads", options.threads] if options.threads else []
    ran = run([BANCHU, "train", "--bag", own, "--seed", options.seed, "--json", *threads], options.clock,
              options.threads)
    ran["answer"] = ran["answer"]["train"]
    return ran


def train_trl(options, work, settings):
    threads = ["--threads", options.threads] if options.threads else []
    return run([sys.executable, HERE / "trl_night.py", work / "hf", work / "night.json", work / "adapter",
                "--settings", settings, *threads], options.clock, options.threads)


def rows_for_trl(options, work, steps):
    rows = [json.loads(line) for line in open(work / "rows.jsonl")]
    slim = lambda r: {"input_ids": r["input_ids"], "labels": r["labels"]}
    rows_to_learn = [r for r in rows if r["set"] == "train"]
    lessons = sum(r["kind"] != "rehearsal" for r in rows_to_learn)
    limit = BATCH * steps if options.max_steps else EPOCHS * lessons
    drawn, an_epoch = in_steps(rows_to_learn, steps, limit, options.seed)
    train = [slim(r) for r in drawn]
    night = {"train": train, "valid": [slim(r) for r in rows if r["set"] == "valid"], "rank": RANK, "alpha": ALPHA,
             "batch": BATCH, "eval_steps": max(1, (an_epoch + 1) // 2), "rate": 1.3e-3, "seed": options.seed}
    (work / "night.json").write_text(json.dumps(night))
    return sum(len(r["input_ids"]) for r in train)


def summary(runs):
    return {"seconds": round(statistics.median(r["seconds"] for r in runs), 2),
            "runs": [round(r["seconds"], 2) for r in runs],
            "peak_rss_bytes": int(statistics.median(r["peak_rss_bytes"] for r in runs)),
            "others": statistics.median(r["others"] for r in runs),
            "start_up_seconds": runs[0]["answer"].get("start_up_seconds"), "steps": runs[0]["answer"]["steps"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--day", default=str(HERE.parents[2] / "samples/en/day1.jsonl"))
    parser.add_argument("--bag", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-steps", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settings", nargs="+", default=["grouped", "padding-free", "default"])
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        bag = prepare(options, work)
        for _ in range(options.rounds):
            runs.setdefault("banchu", []).append(train_banchu(options, work, bag))
            answer = runs["banchu"][0]["answer"]
            trl_tokens = rows_for_trl(options, work, answer["steps"])
            for settings in options.settings:
                runs.setdefault("trl " + settings, []).append(train_trl(options, work, settings))
    table = {name: summary(rs) for name, rs in runs.items()}
    best = min((n for n in table if n.startswith("trl")), key=lambda n: table[n]["seconds"])
    ratios = {"over_trls_best": round(table[best]["seconds"] / table["banchu"]["seconds"], 2), "best": best}
    if "trl default" in table:
        ratios["over_trls_defaults"] = round(table["trl default"]["seconds"] / table["banchu"]["seconds"], 2)
    result = {"command": " ".join(["night.py", pathlib.Path(options.model).name, *sys.argv[2:]]),
              "machine": processor(), "date": time.strftime("%Y-%m-%d"), "clock": options.clock,
              "threads": options.threads or os.cpu_count(), "day": pathlib.Path(options.day).name,
              "tokens": {"banchu": answer["tokens"], "trl": trl_tokens}, "table": table, "ratios": ratios}
    text = json.dumps(result, indent=1)
    if options.out:
        pathlib.Path(options.out).write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
