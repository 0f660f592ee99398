"""Makes tests/fixtures/exchange/: adapters that PEFT itself wrote, and what PEFT answers with them.

    python3 tools/make_peft_fixture.py

Needs torch, transformers, peft and gguf (from PyPI); the product and its tests do not. The base is the tiny llama of
tests/fixtures/parity/base.gguf. Three adapters with random numbers, each saved by PEFT's save_pretrained:

    plain       r 4, alpha 8, every linear map, float32
    stabilised  r 5, alpha 7, use_rslora, q v down, bfloat16
    patterns    r 4, alpha 8, rank_pattern and alpha_pattern, with the output head, float16

logits.json holds the tokens and, for each adapter and for none, the logits of every position, computed in float32 with
the numbers as saved (rounded to 16 bits where the file has 16 bits).
"""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from make_parity_fixture import HEADS, KV_HEADS, LAYERS, NAMES, VOCABULARY, make_model
from peft import LoraConfig, get_peft_model

FIXTURES = Path(__file__).resolve().parent.parent / "tests/fixtures"
FOLDER = FIXTURES / "exchange"
TOKENS = [3, 17, 60, 0, 5, 41, 41, 12, 8, 33]
LINEAR = [name.split(".")[1] for name in NAMES]
ADAPTERS = {
    "plain": (torch.float32, {"r": 4, "lora_alpha": 8, "target_modules": LINEAR}),
    "stabilised": (torch.bfloat16, {"r": 5, "lora_alpha": 7, "use_rslora": True,
                                    "target_modules": ["q_proj", "v_proj", "down_proj"]}),
    "patterns": (torch.float16, {"r": 4, "lora_alpha": 8, "target_modules": LINEAR + ["lm_head"],
                                 "rank_pattern": {"q_proj": 2, "layers.1.mlp.down_proj": 6},
                                 "alpha_pattern": {"model.layers.1.mlp.down_proj": 3, "k_proj": 5}}),
}


def unpermute(rows, heads):
    """GGUF's order of a q or k matrix's rows to Hugging Face's."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def load_base():
    """The tiny llama with the committed numbers, whatever torch's generator does today."""
    tensors = {t.name: np.array(t.data) for t in gguf.GGUFReader(FIXTURES / "parity/base.gguf").tensors}
    model = make_model()
    names = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
             "output.weight": "lm_head.weight"}
    for i in range(LAYERS):
        names[f"blk.{i}.attn_norm.weight"] = f"model.layers.{i}.input_layernorm.weight"
        names[f"blk.{i}.ffn_norm.weight"] = f"model.layers.{i}.post_attention_layernorm.weight"
        names |= {f"blk.{i}.{ours}.weight": f"model.layers.{i}.{theirs}.weight" for theirs, ours in NAMES.items()}
    state = {}
    for ours, theirs in names.items():
        heads = HEADS if "attn_q" in ours else KV_HEADS if "attn_k" in ours else 0
        rows = unpermute(tensors[ours], heads) if heads else tensors[ours]
        state[theirs] = torch.tensor(np.ascontiguousarray(rows))
    model.load_state_dict(state)
    return model.eval()


def logits_of(model):
    with torch.no_grad():
        return [[round(x, 6) for x in row] for row in model(torch.tensor([TOKENS])).logits[0].tolist()]


def make_adapter(name, dtype, options, seed):
    torch.manual_seed(seed)
    model = get_peft_model(load_base(), LoraConfig(lora_dropout=0.0, task_type="CAUSAL_LM", **options)).eval()
    lora = [p for n, p in model.named_parameters() if "lora_" in n]
    for p in lora:
        p.data = torch.randn_like(p).mul(0.15).to(dtype).float()
    answer = logits_of(model)
    for p in lora:
        p.data = p.data.to(dtype)
    model.peft_config["default"].base_model_name_or_path = "tiny-parity-llama"
    model.save_pretrained(FOLDER / name, save_embedding_layers=False)
    (FOLDER / name / "README.md").unlink(missing_ok=True)
    return answer


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    result = {"tokens": TOKENS, "vocabulary": VOCABULARY, "base": logits_of(load_base())}
    for seed, (name, (dtype, options)) in enumerate(ADAPTERS.items()):
        result[name] = make_adapter(name, dtype, options, 100 + seed)
    (FOLDER / "logits.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
