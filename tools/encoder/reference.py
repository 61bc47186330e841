#!/usr/bin/env python3
"""Makes what the encoder is tested against: pieces and vectors of the model before it was quantized.

    python3 reference.py MODEL.safetensors TOKENIZER.json > crates/nlp/tests/data/encoder/reference.json

Needs the `tokenizers` package.
"""
import json
import math
import sys

import numpy as np
from tokenizers import Tokenizer

from quantize import read

PIECES_MAX, HEADS = 64, 12
ENCODED = [
    "Where is my order?",
    "My card was stolen. What do I do?",
    "I was charged twice for the same booking and nobody answers my emails",
    "how do i reset my password",
    "refund",
    "",
    "Can I speak to a human please!!!",
    "The app crashes on Android 14 whenever I open the settings page.",
    "I'd like to change my delivery address to 221B Baker Street, London NW1 6XE",
    "Größe und café",
    "The parcel arrived two weeks late, the box was open, one of the four cups was broken and the invoice inside was "
    "somebody else's. I have written to you three times since Monday and all that I get is an automatic reply. Please "
    "send the cup again, correct the invoice, and tell me who reads these messages, if anyone does at all.",
    "thanks, that's all 🙂",
]
CUT = [
    "HELLO there", "I can't log in", "ungewöhnlicheswortohnestücke", "e-mail: a.b@c.de (urgent)", "你好, order 12",
    "$12.50 vs €9,99 — 25% off", "co\u00adoperate\u200b now", "x" * 101 + " refund", "tab\tnew\nline\u00a0space", "ΑΘΗΝΑ Москва",
    "naïve façade İstanbul", "(╯°□°)╯", "don't won't it’s “quoted”", "##ing [unused1] 3/4 ½ №5", "한국어 かな",
    "antidisestablishmentarianism", "C++ & C#", "\ufffd\x00", "a_b-c/d\\e", "…",
]


def encoder(tensors):
    """Gives a function from ids to a vector."""
    def linear(x, name):
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(x, name):
        x = x - x.mean(axis=1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-12)
        return x * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    def attend(x, name):
        def heads(part):
            return linear(x, f"{name}.{part}").reshape(len(x), HEADS, -1).transpose(1, 0, 2)

        scores = heads("query") @ heads("key").transpose(0, 2, 1)
        scores = np.exp(scores / math.sqrt(384 // HEADS))
        scores /= scores.sum(axis=2, keepdims=True)
        return (scores @ heads("value")).transpose(1, 0, 2).reshape(x.shape)

    def encode(ids):
        x = tensors["embeddings.word_embeddings.weight"][ids]
        x = x + tensors["embeddings.position_embeddings.weight"][:len(ids)]
        x = norm(x + tensors["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(6):
            name = f"encoder.layer.{layer}"
            added = linear(attend(x, f"{name}.attention.self"), f"{name}.attention.output.dense")
            x = norm(x + added, f"{name}.attention.output.LayerNorm")
            wide = linear(x, f"{name}.intermediate.dense")
            wide *= (1 + np.vectorize(math.erf)(wide / math.sqrt(2))) / 2
            x = norm(x + linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        vector = x.mean(axis=0)
        return vector / np.linalg.norm(vector)

    return encode


def main(model, tokenizer):
    tokenizer = Tokenizer.from_file(tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(PIECES_MAX)
    encode = encoder(read(model))
    rows = []
    for text in ENCODED + CUT:
        cut = tokenizer.encode(text)
        rows.append({"text": text, "pieces": " ".join(cut.tokens[1:-1])})
        if text in ENCODED:
            rows[-1]["vector"] = [round(float(value), 4) for value in encode(cut.ids)]
    print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")


if __name__ == "__main__":
    main(*sys.argv[1:3])
