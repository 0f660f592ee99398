#!/usr/bin/env python3
"""The work of `banchu bench train`, done by transformers + PEFT: the same weights (dequantised from the same GGUF), the
same tokens, rank and rows, every token a target. Prints one JSON object.

    peer.py MODEL.gguf --dtype bfloat16 [--rank 16] [--rows 4] [--row-tokens 256] [--steps 5] [--threads N] [--clock cpu]

--dtype: float32; bfloat16 (adapters in float32, as PEFT does by default); bfloat16-all (adapters too); nf4 (bitsandbytes
4-bit, bfloat16 compute). --clock cpu measures the process's CPU time, which on one thread is what an undisturbed core
would take; for machines that are shared.
"""
import argparse, json, resource, statistics, time

import gguf
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NAMES = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}


def config_of(reader):
    def get(key):
        field = reader.get_field("llama." + key)
        return None if field is None else field.contents()
    tensors = {t.name for t in reader.tensors}
    return LlamaConfig(
        vocab_size=int(next(t for t in reader.tensors if t.name == "token_embd.weight").shape[1]),
        hidden_size=get("embedding_length"), intermediate_size=get("feed_forward_length"),
        num_hidden_layers=get("block_count"), num_attention_heads=get("attention.head_count"),
        num_key_value_heads=get("attention.head_count_kv"), rms_norm_eps=get("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": get("rope.freq_base") or 10000.0},
        max_position_embeddings=get("context_length"), tie_word_embeddings="output.weight" not in tensors)


def name_of(name):
    stem = name.removesuffix(".weight")
    if not stem.startswith("blk."):
        return NAMES[stem] + ".weight"
    _, layer, part = stem.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.weight"


def load(path, dtype):
    """Tensor by tensor, so that loading costs no more memory than training."""
    reader = gguf.GGUFReader(path)
    config = config_of(reader)
    torch.set_default_dtype(dtype)
    model = LlamaForCausalLM._from_config(config, attn_implementation="sdpa", dtype=dtype)
    torch.set_default_dtype(torch.float32)
    parameters = dict(model.named_parameters())
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    with torch.no_grad():
        for tensor in reader.tensors:
            part = tensor.name.split(".")[-2]
            if part == "rope_freqs":
                continue
            rows = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            if part in heads:  # the GGUF turns neighbours, transformers turns halves
                n, width = heads[part], rows.shape[1]
                rows = rows.reshape(n, rows.shape[0] // n // 2, 2, width).swapaxes(1, 2).reshape(-1, width)
            parameters[name_of(tensor.name)].copy_(torch.from_numpy(rows.copy()))
    return model, config


def in_four_bits(model):
    import bitsandbytes as bnb
    for name, module in list(model.named_modules()):
        for child, linear in list(module.named_children()):
            if child in LINEAR:
                four = bnb.nn.Linear4bit(linear.in_features, linear.out_features, bias=False,
                                         compute_dtype=torch.bfloat16, quant_type="nf4")
                four.weight = bnb.nn.Params4bit(linear.weight.data, requires_grad=False, quant_type="nf4")
                setattr(module, child, four.to("cpu"))
    model.is_loaded_in_4bit = True
    return model


def made_up_tokens(seed, rows, row_tokens, vocabulary):
    out, x = [], seed
    for _ in range(rows * row_tokens):
        x = (1103515245 * x + 12345) % 2**31
        out.append(x % vocabulary)
    return torch.tensor(out).reshape(rows, row_tokens)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--dtype", default="bfloat16", choices=["float32", "bfloat16", "bfloat16-all", "nf4"])
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--row-tokens", type=int, default=256)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clock", default="wall", choices=["wall", "cpu"])
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    torch.manual_seed(options.seed)
    model, config = load(options.model, torch.float32 if options.dtype == "float32" else torch.bfloat16)
    model.config.use_cache = False
    if options.dtype == "nf4":
        model = in_four_bits(model)
    lora = LoraConfig(r=options.rank, lora_alpha=2 * options.rank, lora_dropout=0.0, target_modules=LINEAR,
                      task_type="CAUSAL_LM")
    model = get_peft_model(model, lora, autocast_adapter_dtype=options.dtype != "bfloat16-all")
    model.train()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    tokens = made_up_tokens(options.seed, options.rows, options.row_tokens, config.vocab_size)
    seconds, losses = [], []
    for _ in range(options.steps + 1):
        began = clock()
        loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
        seconds.append(clock() - began)
    step = options.rows * options.row_tokens
    print(json.dumps({
        "dtype": options.dtype, "tokens_per_second": step / statistics.median(seconds[1:]), "step_tokens": step,
        "step_seconds": seconds[1:], "clock": options.clock, "losses": losses,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
