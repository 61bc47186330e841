#!/usr/bin/env python3
"""Trains the head on texts and on what the product's own encoder and word list find in them.

    python3 train.py TEXTS.tsv NUMBERS.f32 HEAD.f32

TEXTS.tsv is english.tsv of texts.py, NUMBERS.f32 what the ignored test `write_numbers` writes of it (README.md).
"""
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

EMBEDDING, FINDINGS = 256, 12
# embeddings have length 1: stretched, they are held back as little as the findings
STRETCH = 4
MOODS = ["angry", "neutral", "happy"]
WEIGHTS = {"goemotions": 1, "xed": 0.5, "reviews": 2, "own": 20, "posts": 40, "banking77-train": 2, "nlupp-banking": 4,
           "star-dev": 1, "multidogo-airline": 0.5, "multidogo-software": 0.5}
# requests count as neutral, but for those in which the list finds a mood
REQUESTS = ["banking77-train", "nlupp-banking", "star-dev", "multidogo-airline", "multidogo-software"]


def main(texts, numbers, out):
    rows = [line.rstrip("\n").split("\t") for line in open(texts)]
    sources = np.array([row[0] for row in rows])
    moods = np.array([MOODS.index(row[2]) for row in rows])
    numbers = np.fromfile(numbers, "<f4").reshape(len(rows), EMBEDDING + FINDINGS)
    numbers[:, :EMBEDDING] *= STRETCH
    is_listed = numbers[:, -2:].any(axis=1)
    kept = ~(np.isin(sources, REQUESTS) & is_listed)
    weights = np.array([WEIGHTS[source] for source in sources])
    model = LogisticRegression(C=0.1, max_iter=300)
    model.fit(numbers[kept], moods[kept], sample_weight=weights[kept])
    coefficients = model.coef_.astype(np.float64)
    coefficients[:, :EMBEDDING] *= STRETCH
    neutral = np.append(coefficients[1], model.intercept_[1])
    head = [np.append(coefficients[mood], model.intercept_[mood]) - neutral for mood in (0, 2)]
    np.concatenate(head).astype("<f4").tofile(out)


if __name__ == "__main__":
    main(*sys.argv[1:4])
