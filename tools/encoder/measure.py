"""Groups the evaluation sets as the product does, at several cuts, and scores the groups.

A short copy of `grouping`: all texts compared at once, and every text that is left over joins the nearest group.
"""
import argparse
import random
from pathlib import Path

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

import data
import encoder

CUTS = [0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70]


def sets(folder):
    """Texts and labels by name; `banking38` has the intents that --hold-out leaves out."""
    def sample(pairs, count):
        pairs = list(pairs)
        random.Random(7).shuffle(pairs)
        return pairs[:count]

    folder = Path(folder)
    insurance = [(text, labels[0]) for text, labels in data.labeled_turns(folder / "dstc11-insurance.jsonl.gz")]
    banking = data.banking(folder)
    held_out = data.held_out_intents(intent for _, intent in banking)
    unseen = [pair for pair in banking if pair[1] in held_out]
    return {
        "insurance": insurance,
        "star": sample(data.star(folder), 1800),
        "software": sample(data.multidogo(folder, "software"), 1800),
        "airline": sample(data.multidogo(folder, "airline"), 1200),
        "banking77": sample(banking, 3000),
        "banking38": sample(unseen, 2000),
    }


def normalized(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def moved(vectors, neighbors):
    near = vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    best = np.argpartition(-near, neighbors - 1, axis=1)[:, :neighbors]
    weights = np.maximum(np.take_along_axis(near, best, 1), 0)
    mean = np.einsum("nk,nkd->nd", weights, vectors[best]) / neighbors
    return normalized(0.3 * vectors + 0.7 * mean)


class Tree:
    def __init__(self, texts, vectors):
        folded = [" ".join(text.lower().split()) for text in texts]
        _, first, self.row_of, self.weights = np.unique(folded, True, True, True)
        self.vectors = vectors[first]
        count = len(first)
        y = normalized(self.vectors - self.vectors.sum(0) / (count + 30))
        neighbors = min(max(round(count**0.5 / 3), 2), 10)
        for _ in range(2):
            y = moved(y, neighbors)
        distances = np.maximum(1 - (y @ y.T).astype(np.float64), 0)
        np.fill_diagonal(distances, 0)
        self.links = linkage(squareform(distances, checks=False), "average")

    def groups(self, cut):
        clusters = fcluster(self.links, cut, "distance") - 1
        weights = np.bincount(clusters, self.weights)
        large = np.flatnonzero(weights >= max(3, self.weights.sum() ** 0.5 / 4))
        if not len(large):
            large = np.array([weights.argmax()])
        centroids = normalized(np.stack([self.vectors[clusters == cluster].sum(0) for cluster in large]))
        nearest = large[(self.vectors @ centroids.T).argmax(1)]
        return np.where(np.isin(clusters, large), clusters, nearest)[self.row_of]


def scores(groups, labels):
    _, groups = np.unique(groups, return_inverse=True)
    _, labels = np.unique(labels, return_inverse=True)
    table = np.zeros((groups.max() + 1, labels.max() + 1))
    np.add.at(table, (groups, labels), 1)
    count = table.sum()
    pairs = linear_sum_assignment(-table)
    precision, recall = table.max(1).sum() / count, table.max(0).sum() / count

    def entropy(values):
        share = values[values > 0] / count
        return -(share * np.log(share)).sum()

    rows, columns = table.sum(1), table.sum(0)
    information = entropy(rows) + entropy(columns) - entropy(table.ravel())
    two = lambda values: (values * (values - 1) / 2).sum()
    expected = two(rows) * two(columns) / (count * (count - 1) / 2)
    found = dict(zip(pairs[1], rows[pairs[0]]))
    return {
        "ACC": table[pairs].sum() / count,
        "F1": 2 * precision * recall / (precision + recall),
        "NMI": 2 * information / (entropy(rows) + entropy(columns)),
        "ARI": (two(table.ravel()) - expected) / ((two(rows) + two(columns)) / 2 - expected),
        "K": len(rows),
        "count error": sum(abs(found.get(label, 0) - size) for label, size in enumerate(columns)) / count,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="folder with the data sets")
    parser.add_argument("tokenizer", help="tokenizer.json of the base")
    parser.add_argument("weights", nargs="+", help="model.safetensors of the encoders to measure")
    parser.add_argument("--sets", default="", help="only these, separated by commas")
    parser.add_argument("--full", action="store_true", help="every cut and every score")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tokenize = encoder.tokenizer(arguments.tokenizer)
    found = sets(arguments.data)
    found = {name: found[name] for name in arguments.sets.split(",") if name} or found
    for path in arguments.weights:
        report(path, encoder.load(path), tokenize, found, arguments.full)


def report(title, weights, tokenize, found, full):
    print(title, flush=True)
    means = np.zeros(len(CUTS))
    for name, pairs in found.items():
        texts, labels = zip(*pairs)
        tree = Tree(texts, encoder.encode(weights, tokenize, list(texts)))
        measured = [scores(tree.groups(cut), labels) for cut in CUTS]
        means += [100 * score["ACC"] / len(found) for score in measured]
        if full:
            for cut, score in zip(CUTS, measured):
                cells = [f"{score[key]:.0f}" if key == "K" else f"{100 * score[key]:.1f}" for key in score]
                print(f"| {name} ({len(set(labels))}) | {cut:.2f} | {' | '.join(cells)} |", flush=True)
        else:
            cells = [f"{100*s['ACC']:.0f}/{100*s['F1']:.0f}/{100*s['ARI']:.0f}/{s['K']}" for s in measured]
            print(f"  {name:10s} ({len(set(labels)):2d})  {'  '.join(cells)}", flush=True)
    print("  mean ACC        " + "  ".join(f"{mean:.1f}" for mean in means), flush=True)


if __name__ == "__main__":
    main()
