#!/usr/bin/env python3
"""Finds the linear ways from the multilingual encoder's directions to the two English spaces, how far each language
lies off there, and what of an English vector shows in other languages too.

    python3 place.py BASE_FOLDER PAIRS.jsonl DATA ENGLISH_MODEL ENGLISH_TOKENIZER POTION_FOLDER OUT.safetensors

Ridge regression on pairs of sentences, so many a language and source, and on English texts of customers; the outcome is
stretched until it spreads as its targets do, and each language's mean becomes that of its translations.
"""
import collections
import json
import pathlib
import random
import sys

import numpy as np
import torch
from tokenizers import Tokenizer

from model import Model, english
from data import Sources  # of ../encoder, which `model` puts on the path

A_SOURCE = 300
CUSTOMERS_WEIGH = 2
RIDGE = 1e-4
LANGUAGES = ("el de fr it es pt nl da sv no fi pl cs sk hu ro bg hr sr uk ru tr en zh ja ko hi id ms th vi tl ar he fa"
             " af sw").split()


def pairs(path):
    """A sample of (language, English, translation)."""
    by_kind = collections.defaultdict(list)
    with open(path) as file:
        for line in file:
            language, source, text, translation = json.loads(line)
            by_kind[language, source].append((text, translation))
    chance = random.Random(1)
    return [
        (language, *pair)
        for (language, _), found in sorted(by_kind.items())
        for pair in chance.sample(found, min(A_SOURCE, len(found)))
    ]


def customers(folder):
    """The English texts that the English encoder was tuned on with their labels."""
    labeled = Sources(folder, seed=1, hold_out=False).labeled.values()
    return sorted({text for texts in labeled for text, _ in texts})


def potion(folder, texts):
    """Static vectors: the mean of the rows of a text's pieces, of length 1 (zeros where there is none)."""
    folder = pathlib.Path(folder)
    data = (folder / "model.int8.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    count = (len(data) - start) // 260
    scales = np.frombuffer(data, "<f4", count, start)
    rows = np.frombuffer(data, "i1", count * 256, start + 4 * count).reshape(count, 256)
    unknown = tokenizer.token_to_id("[UNK]")
    vectors = np.zeros((len(texts), 256), np.float32)
    for vector, row in zip(vectors, tokenizer.encode_batch(texts, add_special_tokens=False)):
        ids = [id for id in row.ids if id != unknown]
        vector += (rows[ids] * scales[ids, None]).sum(0)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def linear(given, targets):
    """Weights (in × out) that bring centered vectors near centered targets, and as far apart."""
    square = given.T @ given + RIDGE * len(given) * np.eye(given.shape[1])
    weights = np.linalg.solve(square, given.T @ targets)
    return weights * np.sqrt((targets**2).sum() / ((given @ weights) ** 2).sum())


def place(directions, targets, languages):
    """Weights (out × in), bias and shifts, so that directions @ weights.T + bias - shift lies near the targets."""
    means = {language: directions[languages == language].mean(0) for language in LANGUAGES}
    weights = linear(directions - np.stack([means[language] for language in languages]), targets - targets.mean(0))
    bias = targets.mean(0) - directions.mean(0) @ weights
    off = directions @ weights + bias - targets
    shifts = np.stack([off[languages == language].mean(0) for language in LANGUAGES])
    return {"weight": weights.T, "bias": bias, "shifts": np.concatenate([shifts, shifts.mean(0, keepdims=True)])}


def shared(english_vectors, placed):
    """Weights and bias that bring English vectors near where the multilingual encoder puts the same texts."""
    middle = english_vectors.mean(0)
    weights = linear(english_vectors - middle, placed - placed.mean(0))
    return {"weight": weights.T, "bias": middle - middle @ weights}


def main(base, path, data, english_model, english_tokenizer, potion_folder, out):
    found, said = pairs(path), customers(data)
    found += [("en", text, text) for text in sorted({text for _, text, _ in found})]
    count = len(found)
    found += [("en", text, text) for text in said]
    texts = sorted({text for _, text, _ in found})
    at = {text: index for index, text in enumerate(texts)}
    index = np.array([at[text] for _, text, _ in found])
    languages = np.array([language for language, _, _ in found])
    compared = english.encode(english.load(english_model), english.tokenizer(english_tokenizer), texts)[index]
    linked = potion(potion_folder, texts)[index]
    directions = Model(base).encode([text for _, _, text in found])
    known = np.flatnonzero(np.linalg.norm(linked[:count], axis=1))
    rows = np.concatenate([np.arange(count), np.repeat(np.arange(count, len(found)), CUSTOMERS_WEIGH)])
    parts = {
        "linked": place(directions[known], linked[known], languages[known]),
        "compared": place(directions[rows], compared[rows], languages[rows]),
    }
    placed = directions @ parts["compared"]["weight"].T + parts["compared"]["bias"]
    of_pairs = np.flatnonzero(languages[:count] == "en")
    parts["shared"] = shared(compared[of_pairs], placed[of_pairs])
    tensors = {
        f"{name}.{part}": torch.from_numpy(np.ascontiguousarray(value, np.float32))
        for name, values in parts.items()
        for part, value in values.items()
    }
    english.save(tensors, out)


if __name__ == "__main__":
    main(*sys.argv[1:8])
