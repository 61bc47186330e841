#!/usr/bin/env python3
"""Makes the encoder's files, crates/nlp/models/minilm-l6-int8, from a model shaped as all-MiniLM-L6-v2.

    python3 quantize.py MODEL.safetensors TOKENIZER.json OUT_FOLDER

Matrices become int8 with one f32 scale a row (largest absolute value / 127), the rest stays f32. What encoding
never reads is left out: [unused] pieces, positions beyond 128, the pooler. Every token has type 0, so that
type's row is added to the positions. crates/nlp reads the tensors in the order written here.
"""
import json
import pathlib
import struct
import sys

import numpy as np

POSITIONS = 128
LINEAR = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
          "intermediate.dense", "output.dense"]
NORMS = ["attention.output.LayerNorm", "output.LayerNorm"]


def read(path):
    """Gives each tensor of a safetensors file as f32, by its name inside the BERT."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack_from("<Q", data)[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        kind = {"F32": "<f4", "F16": "<f2"}.get(entry.get("dtype"))
        if kind:
            start, end = entry["data_offsets"]
            values = np.frombuffer(data[8 + size + start:8 + size + end], kind).astype("<f4")
            tensors[name.removeprefix("bert.")] = values.reshape(entry["shape"])
    return tensors


def vocabulary(path):
    """Gives the pieces by id."""
    vocab = json.loads(pathlib.Path(path).read_text("utf-8"))["model"]["vocab"]
    return sorted(vocab, key=vocab.get)


def quantized(matrix):
    scale = np.maximum(np.abs(matrix).max(axis=1), np.finfo("<f4").tiny) / np.float32(127)
    return scale.astype("<f4"), np.rint(matrix / scale[:, None]).astype("i1")


def parts(tensors, kept):
    """Yields name and values in the file's order: a matrix after its scales, a bias after its matrix."""
    def matrix(name, values):
        scale, rows = quantized(values)
        yield f"{name}.scale", scale
        yield name, rows

    def plain(name):
        yield name, tensors[name]

    words, positions = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
    yield from matrix(words, tensors[words][kept])
    yield from matrix(positions, tensors[positions][:POSITIONS] + tensors["embeddings.token_type_embeddings.weight"][0])
    yield from plain("embeddings.LayerNorm.weight")
    yield from plain("embeddings.LayerNorm.bias")
    for layer in range(6):
        prefix = f"encoder.layer.{layer}."
        for name in LINEAR:
            yield from matrix(f"{prefix}{name}.weight", tensors[f"{prefix}{name}.weight"])
            yield from plain(f"{prefix}{name}.bias")
        for name in NORMS:
            yield from plain(f"{prefix}{name}.weight")
            yield from plain(f"{prefix}{name}.bias")


def write(path, named):
    """Writes a safetensors file whose tensors lie in the given order."""
    header, data = {}, bytearray()
    for name, values in named:
        start = len(data)
        data += values.tobytes()
        header[name] = {"dtype": {"f4": "F32", "i1": "I8", "u1": "U8", "u2": "U16"}[values.dtype.str[1:]], "shape": values.shape,
                        "data_offsets": [start, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main(model, tokenizer, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    pieces = vocabulary(tokenizer)
    kept = [id for id, piece in enumerate(pieces) if not piece.startswith("[unused")]
    (out / "vocab.txt").write_text("".join(f"{pieces[id]}\n" for id in kept), "utf-8")
    write(out / "model.int8.safetensors", parts(read(model), kept))


if __name__ == "__main__":
    main(*sys.argv[1:4])
