#!/usr/bin/env python3
"""What is forgotten, and what holds it: which maps learn, and whether the old self is rehearsed.

    cmake --build build/dev --target train_lab banchu
    bench/train/forgetting.py MODEL.gguf [--bag FOLDER] [--seeds 1 2] [--steps 0] [--out FILE.json]

The same day, the same lessons, as many passes over them; only what the title says differs. As the engine serves it, nats a token on
held-out replies (what was to be learned) and on prose that nobody trained on (what was to be kept), each against the
self before. PEFT's own study of forgetting found more of it behind the MLP's maps than behind attention's.
"""
import argparse, pathlib, tempfile, time

from three_ways import lab, lessons_of, mean, tell

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
MLP = ["gate_proj", "up_proj", "down_proj"]
WAYS = {
    "every map, rehearsed (a night)": ["0.4"],
    "every map, not rehearsed": ["0"],
    "attention alone, not rehearsed": ["0", *ATTENTION],
    "MLP alone, not rehearsed": ["0", *MLP],
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--bag", default="")
    parser.add_argument("--seeds", nargs="+", default=["1", "2"])
    parser.add_argument("--steps", type=int, default=0, help="of a training; 0: as a night does")
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        lessons = lessons_of(options, work)
        table = {"the self before": lab("served", options.model, lessons)}
        for way, words in WAYS.items():
            runs = []
            for seed in options.seeds:
                lab("engrave", options.model, lessons, work / "a.lora", seed, options.steps, *words)
                runs.append({"way": lab("served", options.model, lessons, work / "a.lora")})
            table[way] = mean(runs)["way"]
    result = {"command": " ".join(["forgetting.py", pathlib.Path(options.model).name]), "seeds": options.seeds,
              "date": time.strftime("%Y-%m-%d"), "unit": "nats a token, as the engine serves it", "table": table}
    tell(result, options.out)


if __name__ == "__main__":
    main()
