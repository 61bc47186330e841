#!/usr/bin/env python3
"""Opens the English encoder as it is shipped, crates/nlp/models/minilm-l6-int8: f32, the tensor names of its base.

    python3 shipped.py MODEL_FOLDER TOKENIZER.json OUT.safetensors

Pieces that were left out get zeros; the row of token type 0 is in the positions already.
"""
import json
import pathlib
import struct
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "encoder"))
from encoder import save  # noqa: E402
from quantize import vocabulary  # noqa: E402

KINDS = {"F32": "<f4", "I8": "i1"}
WORDS, TYPES = (f"embeddings.{kind}_embeddings.weight" for kind in ("word", "token_type"))


def tensors(path):
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    for name, entry in json.loads(data[8 : 8 + size]).items():
        start, end = (8 + size + at for at in entry["data_offsets"])
        yield name, np.frombuffer(data[start:end], KINDS[entry["dtype"]]).astype("<f4").reshape(entry["shape"])


def main(folder, tokenizer, out):
    folder = pathlib.Path(folder)
    found = dict(tensors(folder / "model.int8.safetensors"))
    scales = {name: found.pop(f"{name}.scale") for name in list(found) if f"{name}.scale" in found}
    for name, scale in scales.items():
        found[name] *= scale[:, None]
    kept = {piece: row for row, piece in enumerate((folder / "vocab.txt").read_text("utf-8").split("\n")[:-1])}
    rows, pieces = found[WORDS], vocabulary(tokenizer)
    found[WORDS] = np.zeros((len(pieces), rows.shape[1]), "<f4")
    for at, piece in enumerate(pieces):
        if piece in kept:
            found[WORDS][at] = rows[kept[piece]]
    found[TYPES] = np.zeros((1, rows.shape[1]), "<f4")
    save({name: torch.from_numpy(values) for name, values in found.items()}, out)


if __name__ == "__main__":
    main(*sys.argv[1:4])
