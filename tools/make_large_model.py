#!/usr/bin/env python3
"""Writes a GGUF of a large model's dimensions with random Q4_K weights (attn_v, ffn_down and the head in Q6_K, as Q4_K_M
does): for measuring speed and memory, never to talk to.

    tools/make_large_model.py 8b  /tmp/large.gguf     (4.6 GB; Llama-3.1-8B's dimensions)
    tools/make_large_model.py 1b  /tmp/large.gguf     (0.8 GB; Llama-3.2-1B's)

The quantised blocks are random bytes with sane scales, so the file is written as fast as the disk takes it. Needs the
packages gguf and numpy.
"""
import sys

import gguf
import numpy as np

SHAPES = {  # layers, width, heads, key heads, head width, feed-forward, vocabulary, tied
    "1b": (16, 2048, 32, 8, 64, 8192, 128256, True),
    "8b": (32, 4096, 32, 8, 128, 14336, 128256, False),
}
BLOCK = 256
rng = np.random.default_rng(1)


def half(value):
    return np.frombuffer(np.float16(value).tobytes(), np.uint8)


def blocks(rows, columns, kind):
    """Random blocks of the type whose numbers are about 0.02 wide. Q4_K: d, dmin, 12 bytes of scales, 128 of quants;
    Q6_K: 128 + 64 bytes of quants, 16 signed scales, d."""
    n = rows * columns // BLOCK
    if kind == gguf.GGMLQuantizationType.Q4_K:
        out = rng.integers(0, 256, (n, 144), np.uint8)
        out[:, 0:2], out[:, 2:4] = half(1e-4), half(8e-4)
    else:
        out = rng.integers(0, 256, (n, 210), np.uint8)
        out[:, 192:208] = rng.integers(8, 24, (n, 16), np.uint8)
        out[:, 208:210] = half(7e-5)
    return out.reshape(rows, -1)


def write_vocabulary(writer, size):
    """Words that mean nothing, so that the engine loads the file too and its tables have their true size."""
    normal, unknown, control, byte = 1, 2, 3, 6
    words = ["<unk>", "<s>", "</s>"] + [f"<0x{value:02X}>" for value in range(256)]
    kinds = [unknown, control, control] + [byte] * 256
    words += [f"\u2581word{number}" for number in range(size - len(words))]
    kinds += [normal] * (size - len(kinds))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([-float(number) for number in range(size)])
    writer.add_token_types(kinds)


def main():
    shape, path = sys.argv[1], sys.argv[2]
    layers, width, heads, key_heads, head, feed, vocabulary, tied = SHAPES[shape]
    q4, q6 = gguf.GGMLQuantizationType.Q4_K, gguf.GGMLQuantizationType.Q6_K
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(layers)
    writer.add_context_length(131072)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    write_vocabulary(writer, vocabulary)

    maps = {"attn_q": (heads * head, width, q4), "attn_k": (key_heads * head, width, q4),
            "attn_v": (key_heads * head, width, q6), "attn_output": (width, heads * head, q4),
            "ffn_gate": (feed, width, q4), "ffn_up": (feed, width, q4), "ffn_down": (width, feed, q6)}
    tensors = [("token_embd.weight", vocabulary, width, q6 if tied else q4)]
    tensors += [] if tied else [("output.weight", vocabulary, width, q6)]
    tensors += [(f"blk.{i}.{name}.weight", *rest) for i in range(layers) for name, rest in maps.items()]
    norms = ["output_norm.weight"] + [f"blk.{i}.{n}_norm.weight" for i in range(layers) for n in ("attn", "ffn")]
    for name in norms:
        writer.add_tensor_info(name, [width], np.dtype(np.float32), 4 * width)
    for name, rows, columns, kind in tensors:
        size = gguf.GGML_QUANT_SIZES[kind]
        row_bytes = columns // size[0] * size[1]
        writer.add_tensor_info(name, [rows, row_bytes], np.dtype(np.uint8), rows * row_bytes, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for _ in norms:
        writer.write_tensor_data(np.ones(width, np.float32))
    for _, rows, columns, kind in tensors:
        writer.write_tensor_data(blocks(rows, columns, kind))
    writer.close()


if __name__ == "__main__":
    main()
