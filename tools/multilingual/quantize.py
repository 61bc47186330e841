#!/usr/bin/env python3
"""Makes the multilingual encoder's files, crates/nlp/models/multilingual-e5-int4, from the base and its places.

    python3 quantize.py PLACES.safetensors BASE_FOLDER OUT_FOLDER

Large matrices become half bytes with one bfloat16 scale for 32 numbers; positions and projections int8 with one f32
scale a row; the rest stays f32. crates/nlp reads the tensors in the order written here.
"""
import gzip
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "encoder"))
from quantize import LINEAR, NORMS, quantized, read, write  # noqa: E402

LAYERS, BLOCK = 12, 32


def bfloat16(values):
    """The upper half of each f32, rounded."""
    return ((values.view("<u4") + 0x8000) >> 16).astype("<u2")


def halves(matrix):
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(2)[..., None], 2)[..., 0]
    # the largest number of a block becomes -8, which half bytes reach and 8 they do not
    scales = bfloat16((largest / -8).astype("<f4"))
    steps = (scales.astype("<u4") << 16).view("<f4")
    steps = np.where(steps == 0, np.float32(1), steps)[..., None]
    numbers = (np.clip(np.rint(blocks / steps), -8, 7) + 8).astype("u1").reshape(len(matrix), -1)
    return scales, numbers[:, ::2] | numbers[:, 1::2] << 4


def parts(tensors, scores):
    def packed(name):
        scales, numbers = halves(tensors[name])
        yield f"{name}.scale", scales
        yield name, numbers

    def rows(name, values):
        scale, numbers = quantized(values)
        yield f"{name}.scale", scale
        yield name, numbers

    def plain(name):
        yield name, tensors[name]

    positions = "embeddings.position_embeddings.weight"
    yield "scores", scores
    yield from packed("embeddings.word_embeddings.weight")
    yield from rows(positions, tensors[positions] + tensors["embeddings.token_type_embeddings.weight"][0])
    yield from plain("embeddings.LayerNorm.weight")
    yield from plain("embeddings.LayerNorm.bias")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name in LINEAR:
            yield from packed(f"{prefix}{name}.weight")
            yield from plain(f"{prefix}{name}.bias")
        for name in NORMS:
            yield from plain(f"{prefix}{name}.weight")
            yield from plain(f"{prefix}{name}.bias")
    for name in ("linked", "compared", "shared"):
        yield from rows(f"{name}.weight", tensors[f"{name}.weight"])
        yield from plain(f"{name}.bias")
        if name != "shared":
            yield from plain(f"{name}.shifts")


def main(places, base, out):
    base, out = pathlib.Path(base), pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = json.loads((base / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    pieces = "".join(f"{piece}\n" for piece, _ in vocabulary).encode("utf-8")
    (out / "pieces.txt.gz").write_bytes(gzip.compress(pieces, 9, mtime=0))
    scores = np.array([score for _, score in vocabulary], "<f4")
    tensors = read(base / "base.safetensors") | read(places)
    write(out / "model.int4.safetensors", parts(tensors, scores))


if __name__ == "__main__":
    main(*sys.argv[1:4])
