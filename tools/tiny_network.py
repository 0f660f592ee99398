"""A llama network small enough to be trained here, and its GGUF file.

Rotary positions turn neighbouring pairs (0,1), (2,3), ... as llama.cpp's llama graph does, so q and k need no
permutation on their way into the file. Embedding and output are one tensor. Matrices are stored as Q8_0, norms as F32.
"""

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

N_EMBD, N_LAYER, N_HEAD, N_HEAD_KV, N_FF, CONTEXT = 128, 4, 4, 2, 320, 512
HEAD, EPSILON, ROPE_BASE = N_EMBD // N_HEAD, 1e-5, 10000.0
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


def rotate(x):  # [batch, head, token, HEAD]
    n = x.shape[-2]
    speed = ROPE_BASE ** (-torch.arange(0, HEAD, 2, dtype=torch.float32) / HEAD)
    angle = torch.arange(n, dtype=torch.float32)[:, None] * speed  # [token, HEAD/2]
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()), -1).flatten(-2)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda n_in, n_out: nn.Linear(n_in, n_out, bias=False)
        self.q, self.o = linear(N_EMBD, N_EMBD), linear(N_EMBD, N_EMBD)
        self.k, self.v = linear(N_EMBD, N_HEAD_KV * HEAD), linear(N_EMBD, N_HEAD_KV * HEAD)
        self.gate, self.up, self.down = linear(N_EMBD, N_FF), linear(N_EMBD, N_FF), linear(N_FF, N_EMBD)
        self.attention_norm, self.ffn_norm = nn.RMSNorm(N_EMBD, EPSILON), nn.RMSNorm(N_EMBD, EPSILON)

    def forward(self, x):
        h = self.attention_norm(x)
        split = lambda y: y.unflatten(-1, (-1, HEAD)).transpose(1, 2)
        q, k, v = rotate(split(self.q(h))), rotate(split(self.k(h))), split(self.v(h))
        k, v = (y.repeat_interleave(N_HEAD // N_HEAD_KV, 1) for y in (k, v))
        x = x + self.o(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        h = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Network(nn.Module):
    def __init__(self, n_vocab):
        super().__init__()
        self.embedding = nn.Embedding(n_vocab, N_EMBD)
        self.layers = nn.ModuleList(Layer() for _ in range(N_LAYER))
        self.norm = nn.RMSNorm(N_EMBD, EPSILON)
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.04)

    def forward(self, tokens):  # [batch, token] -> logits
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)
        return F.linear(self.norm(x), self.embedding.weight)


def write_gguf(path, network, tokens, merges, end_id, bos_id):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("banchu tiny test model")
    writer.add_license("mit")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(N_LAYER)
    writer.add_feed_forward_length(N_FF)
    writer.add_head_count(N_HEAD)
    writer.add_head_count_kv(N_HEAD_KV)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if t.startswith("<|") else gguf.TokenType.NORMAL for t in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(bos_id)
    writer.add_eos_token_id(end_id)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    def add(name, parameter):
        data = parameter.detach().numpy().astype(np.float32)
        if data.ndim == 1:
            writer.add_tensor(name, data)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)

    add("token_embd.weight", network.embedding.weight)
    add("output_norm.weight", network.norm.weight)
    for i, layer in enumerate(network.layers):
        names = {"attn_q": layer.q, "attn_k": layer.k, "attn_v": layer.v, "attn_output": layer.o, "ffn_gate": layer.gate,
                 "ffn_up": layer.up, "ffn_down": layer.down, "attn_norm": layer.attention_norm, "ffn_norm": layer.ffn_norm}
        for name, module in names.items():
            add(f"blk.{i}.{name}.weight", module.weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
