"""multilingual-e5-small in torch: BERT of 12 layers over Unigram pieces, mean over pieces, length 1."""
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).parents[1] / "encoder"))
import encoder as english  # noqa: E402

LAYERS, HEADS, PIECES_MAX = 12, 12, 64
PREFIX = "query: "


class Model:
    def __init__(self, base):
        self.tokenizer = Tokenizer.from_file(str(Path(base) / "tokenizer.json"))
        self.tokenizer.enable_truncation(PIECES_MAX)
        self.weights = english.load(Path(base) / "base.safetensors")

    def embedded(self, ids):
        weights = self.weights
        x = F.embedding(ids, weights["embeddings.word_embeddings.weight"])
        x = x + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = x + weights["embeddings.token_type_embeddings.weight"][0]
        return self.norm(x, "embeddings.LayerNorm")

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"], 1e-12)

    def layer(self, x, seen, index):
        def split(x):
            return x.view(*x.shape[:2], HEADS, -1).transpose(1, 2)

        name = f"encoder.layer.{index}."
        parts = (split(self.linear(x, f"{name}attention.self.{part}")) for part in ("query", "key", "value"))
        mixed = F.scaled_dot_product_attention(*parts, attn_mask=seen).transpose(1, 2).reshape(x.shape)
        x = self.norm(x + self.linear(mixed, name + "attention.output.dense"), name + "attention.output.LayerNorm")
        wide = F.gelu(self.linear(x, name + "intermediate.dense"))
        return self.norm(x + self.linear(wide, name + "output.dense"), name + "output.LayerNorm")

    def directions(self, texts):
        rows = self.tokenizer.encode_batch([PREFIX + text for text in texts])
        ids, mask = english.padded([row.ids for row in rows])
        x = self.embedded(ids)
        for index in range(LAYERS):
            x = self.layer(x, mask[:, None, None, :].bool(), index)
        share = mask[..., None].float()
        return F.normalize((x * share).sum(1) / share.sum(1), dim=1)

    @torch.inference_mode()
    def encode(self, texts, batch=64):
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors = np.zeros((len(texts), 384), np.float32)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            vectors[part] = self.directions([texts[index] for index in part]).numpy()
        return vectors
