"""Makes tests/fixtures/parity/variants.json: what PEFT does with the other options of its LoRA table.

    python3 tools/make_variant_fixture.py

On the model, the adapter and the rows of make_parity_fixture.py (which must have run), 30 steps each: rank-stabilised
LoRA, LoRA+ (peft.optimizers), Hugging Face's cosine and constant schedules with warm-up steps, some modules only, and
pairs of replies with the loss of DPO written out from its paper (arXiv 2305.18290, equation 7), the reference being the
model with its adapter disabled. Writes every variant's options and its loss, rate and gradient length of every step.
"""

import json
import tempfile
from pathlib import Path

import torch
from make_parity_fixture import (ALPHA, DECAY, FOLDER, NAMES, RANK, RATE, VOCABULARY, make_model, make_rows, row_loss,
                                 step_rows, write_lora)
from peft import LoraConfig, get_peft_model
from peft.optimizers import create_loraplus_optimizer
from transformers import (get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup,
                          get_linear_schedule_with_warmup)

STEPS, WARMUP_STEPS = 30, 4
ALL = [name.split(".")[1] for name in NAMES]
VARIANTS = {
    "rslora": {"rank_stabilised": True},
    "loraplus": {"b_rate_ratio": 8.0},
    "cosine": {"schedule": "cosine"},
    "constant": {"schedule": "constant"},
    "modules": {"target_modules": ["q_proj", "v_proj", "up_proj"]},
    "dpo": {"preference_beta": 0.3},
}
SCHEDULES = {"linear": get_linear_schedule_with_warmup, "cosine": get_cosine_schedule_with_warmup,
             "constant": lambda optimiser, warmup, _: get_constant_schedule_with_warmup(optimiser, warmup)}


def make_pairs():
    """Rows whose second half was said in two ways."""
    rng = torch.Generator().manual_seed(8)
    pairs = []
    for i in range(6):
        draw = lambda n: torch.randint(0, VOCABULARY, (n,), generator=rng).tolist()
        prompt, chosen, rejected = draw(5 + i), draw(6 + 2 * i), draw(9 + i)
        pairs.append({"kind": "preference", "weight": 1.0 if i else 0.5, "teacher": [],
                      "tokens": prompt + chosen, "targets": list(range(len(prompt), len(prompt) + len(chosen))),
                      "rejected": prompt + rejected,
                      "rejected_targets": list(range(len(prompt), len(prompt) + len(rejected)))})
    return pairs


def log_probability(model, tokens, targets):
    logprobs = torch.log_softmax(model(torch.tensor([tokens])).logits[0], 1)
    return sum(logprobs[t - 1, tokens[t]] for t in targets)


def lead(model, row):
    return (log_probability(model, row["tokens"], row["targets"])
            - log_probability(model, row["rejected"], row["rejected_targets"]))


def dpo_loss(model, row, reference, beta):
    return -row["weight"] * torch.nn.functional.logsigmoid(beta * (lead(model, row) - reference))


def make_adapter(options):
    base = make_model()
    model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=ALL, lora_dropout=0.0,
                                            use_rslora=options.get("rank_stabilised", False)))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    with tempfile.TemporaryDirectory() as folder:
        write_lora(model, Path(folder) / "initial.gguf")
        assert (Path(folder) / "initial.gguf").read_bytes() == (FOLDER / "initial.gguf").read_bytes()
    if "target_modules" not in options:
        return model.eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    some = get_peft_model(make_model(), LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=0.0,
                                                   target_modules=options["target_modules"]))
    some.load_state_dict({name: state[name] for name in some.state_dict() if name in state}, strict=False)
    return some.eval()


def make_optimiser(model, options):
    if "b_rate_ratio" in options:
        return create_loraplus_optimizer(model, torch.optim.AdamW, lr=RATE, loraplus_lr_ratio=options["b_rate_ratio"],
                                         loraplus_weight_decay=DECAY)
    parameters = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)


def run(name, options, rows, pairs):
    model = make_adapter(options)
    rows = pairs if name == "dpo" else rows
    references = {}
    if name == "dpo":
        with torch.no_grad(), model.disable_adapter():
            references = {id(row): lead(model, row) for row in rows}
    optimiser = make_optimiser(model, options)
    schedule = SCHEDULES[options.get("schedule", "linear")](optimiser, WARMUP_STEPS, STEPS)
    curve = []
    for step in range(STEPS):
        batch = step_rows(rows, step)
        if name == "dpo":
            total = sum(dpo_loss(model, row, references[id(row)], options["preference_beta"]) for row in batch)
            loss = total / sum(row["weight"] for row in batch)
        else:
            loss = sum(row_loss(model, row) for row in batch) / sum(row["weight"] * len(row["targets"]) for row in batch)
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        curve.append({"loss": loss.item(), "learning_rate": schedule.get_last_lr()[0], "grad_norm": norm.item()})
        optimiser.step()
        schedule.step()
    print(f"{name}: {curve[0]['loss']:.5f} -> {curve[-1]['loss']:.5f}")
    return {"options": options, "curve": curve}


def main():
    torch.set_num_threads(1)
    rows, pairs = make_rows(), make_pairs()
    fixture = {"common": {"max_steps": STEPS, "warmup_steps": WARMUP_STEPS}, "pairs": pairs,
               "variants": {name: run(name, options, rows, pairs) for name, options in VARIANTS.items()}}
    (FOLDER / "variants.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
