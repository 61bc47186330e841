"""The encoder: BERT of 6 layers, mean over tokens, length 1. Weights keep the names of the base file throughout."""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

LAYERS, HEADS = 6, 12
TOKENS_MAX = 64


def load(path):
    return load_file(str(path))


def save(weights, path):
    """Writes beside the path first, so that a reader never meets half a file."""
    path = Path(path)
    part = path.with_suffix(".part")
    save_file({name: value.detach().contiguous() for name, value in weights.items()}, str(part), {"format": "pt"})
    part.replace(path)


def tokenizer(path):
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def padded(rows):
    length = max(map(len, rows))
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return ids, mask


def forward(weights, ids, mask, dropout=0.0):
    def linear(x, name):
        return F.linear(x, weights[name + ".weight"], weights[name + ".bias"])

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], weights[name + ".weight"], weights[name + ".bias"], 1e-12)

    def split(x):
        return x.view(*x.shape[:2], HEADS, -1).transpose(1, 2)

    words = F.embedding(ids, weights["embeddings.word_embeddings.weight"])
    places = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = norm(words + places + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    seen = mask[:, None, None, :].bool()
    for index in range(LAYERS):
        layer = f"encoder.layer.{index}."
        query, key, value = (split(linear(x, f"{layer}attention.self.{part}")) for part in ("query", "key", "value"))
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=seen).transpose(1, 2).reshape(x.shape)
        change = F.dropout(linear(mixed, layer + "attention.output.dense"), dropout, dropout > 0)
        x = norm(x + change, layer + "attention.output.LayerNorm")
        change = linear(F.gelu(linear(x, layer + "intermediate.dense")), layer + "output.dense")
        x = norm(x + F.dropout(change, dropout, dropout > 0), layer + "output.LayerNorm")
    share = mask[..., None].to(x.dtype)
    return F.normalize((x * share).sum(1).float() / share.sum(1), dim=1)


@torch.inference_mode()
def encode(weights, tokenize, texts, batch=64):
    rows = tokenize(texts)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    vectors = np.zeros((len(rows), 384), np.float32)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        vectors[part] = forward(weights, *padded([rows[index] for index in part])).numpy()
    return vectors


def between(base, tuned, share):
    """Goes from the base to the mean of tuned weights, a share of the way."""
    def mixed(name):
        if not base[name].is_floating_point():
            return base[name]
        mean = sum(weights[name] for weights in tuned) / len(tuned)
        return (1 - share) * base[name] + share * mean
    return {name: mixed(name) for name in base}
