"""Makes tests/fixtures/parity/: what PEFT does on a tiny llama, for banchu's trainer to be compared with.

    python3 tools/make_parity_fixture.py

Needs torch, transformers, peft and gguf (from PyPI); the product and its tests do not. It builds a random two-layer
llama in F32, a LoRA with a B that is not zero (so that the q/k row order is tested from the first step), some rows with
cross-entropy and some with top-k distillation targets, and trains 200 steps with torch's AdamW, Hugging Face's linear
schedule with warm-up and clipping at 1. It writes

    base.gguf      the model          initial.gguf   the LoRA before        final.gguf   the LoRA after
    parity.json    the options, the rows, and the loss, rate and gradient length of every step

The order of the rows is banchu's own (SplitMix64 and a Fisher-Yates shuffle an epoch, as in src/base/rng.h).
GGUF keeps the rows of q and k in another order than Hugging Face (rope turns pairs (2i, 2i+1) there, (i, i + d/2) here);
permute() below is that reordering, for the weights and for lora_B alike.
"""

import json
import math
from pathlib import Path

import gguf
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, get_linear_schedule_with_warmup

FOLDER = Path(__file__).resolve().parent.parent / "tests/fixtures/parity"
LAYERS, WIDTH, HEADS, KV_HEADS, INNER, VOCABULARY = 2, 32, 4, 2, 48, 61
RANK, ALPHA = 4, 8
STEPS, BATCH, SEED, RATE, WARMUP, DECAY = 200, 4, 11, 3e-3, 0.1, 0.01
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}
WORD = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


class Rng:
    """banchu's generator: one stream for every (seed, label)."""

    def __init__(self, seed, label):
        self.state = seed
        for byte in label.encode():
            self.state = (mix(self.state ^ byte) + GAMMA) & WORD

    def below(self, n):
        self.state = (self.state + GAMMA) & WORD
        return mix(self.state) % n

    def shuffle(self, items):
        for i in range(len(items), 1, -1):
            j = self.below(i)
            items[i - 1], items[j] = items[j], items[i - 1]


def permute(rows, heads):
    """Hugging Face's order of a q or k matrix's rows to GGUF's."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def heads_of(name):
    return {"attn_q": HEADS, "attn_k": KV_HEADS}.get(name)


def in_gguf_order(name, rows):
    heads = heads_of(name)
    return np.ascontiguousarray(permute(rows, heads) if heads else rows)


def make_rows():
    rng = np.random.default_rng(5)
    rows = []
    for i in range(8):
        tokens = rng.integers(0, VOCABULARY, int(rng.integers(10, 40))).tolist()
        row = {"kind": "distill" if i % 3 == 2 else "sft", "tokens": tokens, "weight": 1.0 if i != 1 else 0.5}
        row["targets"] = list(range(len(tokens) // 2, len(tokens)))
        row["teacher"] = []
        for _ in row["targets"] if row["kind"] == "distill" else []:
            logprobs = torch.log_softmax(2 * torch.tensor(rng.normal(size=VOCABULARY), dtype=torch.float32), 0)
            top = torch.topk(logprobs, 5)
            row["teacher"].append({"ids": top.indices.tolist(), "logprobs": top.values.tolist()})
        rows.append(row)
    return rows


def row_loss(model, row):
    """Sum of the row's target losses."""
    logits = model(torch.tensor([row["tokens"]])).logits[0]
    total = torch.zeros(())
    for i, target in enumerate(row["targets"]):
        logprobs = torch.log_softmax(logits[target - 1], 0)
        if row["kind"] == "sft":
            total = total - logprobs[row["tokens"][target]]
            continue
        ids = torch.tensor(row["teacher"][i]["ids"])
        teacher = torch.tensor(row["teacher"][i]["logprobs"])
        p, p_tail = teacher.exp(), 1 - teacher.exp().sum()
        others = torch.ones(VOCABULARY, dtype=torch.bool)
        others[ids] = False
        tail = torch.logsumexp(logprobs[others], 0)
        total = total + (p * (teacher - logprobs[ids])).sum() + p_tail * (p_tail.log() - tail)
    return row["weight"] * total


def step_rows(rows, step):
    """Step `step` takes the next BATCH rows of an endless stream, shuffled anew every pass."""
    picked = []
    for index in range(step * BATCH, (step + 1) * BATCH):
        order = list(range(len(rows)))
        Rng(SEED, f"lessons {index // len(rows)}").shuffle(order)
        picked.append(rows[order[index % len(rows)]])
    return picked


def train(model, rows):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=DECAY)
    schedule = get_linear_schedule_with_warmup(optimiser, math.ceil(WARMUP * STEPS), STEPS)
    curve = []
    for step in range(STEPS):
        batch = step_rows(rows, step)
        weight = sum(row["weight"] * len(row["targets"]) for row in batch)
        loss = sum(row_loss(model, row) for row in batch) / weight
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        curve.append({"loss": loss.item(), "learning_rate": schedule.get_last_lr()[0], "grad_norm": norm.item()})
        optimiser.step()
        schedule.step()
    return curve


def write_base(model, path):
    out = gguf.GGUFWriter(path, "llama")
    out.add_block_count(LAYERS)
    out.add_context_length(128)
    out.add_embedding_length(WIDTH)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(KV_HEADS)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_rope_freq_base(10000.0)
    out.add_layer_norm_rms_eps(model.config.rms_norm_eps)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    out.add_tensor("token_embd.weight", state["model.embed_tokens.weight"])
    out.add_tensor("output_norm.weight", state["model.norm.weight"])
    out.add_tensor("output.weight", state["lm_head.weight"])
    for i in range(LAYERS):
        out.add_tensor(f"blk.{i}.attn_norm.weight", state[f"model.layers.{i}.input_layernorm.weight"])
        out.add_tensor(f"blk.{i}.ffn_norm.weight", state[f"model.layers.{i}.post_attention_layernorm.weight"])
        for theirs, ours in NAMES.items():
            out.add_tensor(f"blk.{i}.{ours}.weight", in_gguf_order(ours, state[f"model.layers.{i}.{theirs}.weight"]))
    finish(out)


def finish(out):
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def write_lora(model, path):
    out = gguf.GGUFWriter(path, "llama")
    out.add_type("adapter")
    out.add_string("adapter.type", "lora")
    out.add_float32("adapter.lora.alpha", float(ALPHA))
    for i in range(LAYERS):
        for theirs, ours in NAMES.items():
            layer = model.get_submodule(f"base_model.model.model.layers.{i}.{theirs}")
            a = layer.lora_A["default"].weight.detach().numpy()
            b = layer.lora_B["default"].weight.detach().numpy()
            out.add_tensor(f"blk.{i}.{ours}.weight.lora_a", np.ascontiguousarray(a))
            out.add_tensor(f"blk.{i}.{ours}.weight.lora_b", in_gguf_order(ours, b))
    finish(out)


def make_model():
    torch.manual_seed(3)
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=INNER, num_hidden_layers=LAYERS,
                         num_attention_heads=HEADS, num_key_value_heads=KV_HEADS, max_position_embeddings=128,
                         rms_norm_eps=1e-5, tie_word_embeddings=False, initializer_range=0.2,
                         attn_implementation="eager")
    return LlamaForCausalLM(config).float().eval()


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    base = make_model()
    write_base(base, FOLDER / "base.gguf")
    targets = [name.split(".")[1] for name in NAMES]
    model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=targets, lora_dropout=0.0))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    model.eval()  # no dropout anywhere; gradients flow all the same
    write_lora(model, FOLDER / "initial.gguf")
    rows = make_rows()
    curve = train(model, rows)
    write_lora(model, FOLDER / "final.gguf")
    options = {"rank": RANK, "alpha": ALPHA, "batch_rows": BATCH, "max_steps": STEPS, "seed": SEED,
               "learning_rate": RATE, "warmup_share": WARMUP, "weight_decay": DECAY}
    fixture = {"options": options, "rows": rows, "curve": curve}
    (FOLDER / "parity.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"loss {curve[0]['loss']:.5f} -> {curve[-1]['loss']:.5f}")


if __name__ == "__main__":
    main()
