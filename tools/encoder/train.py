"""Tunes the encoder to bring texts about one issue together, and averages tuned encoders.

    train.py run DATA BASE OUT [--steps 120] [--seed 1] [--mix ..] [--far] [--hold-out]
    train.py mean BASE OUT TUNED.. [--share 1.0]

BASE is a folder with model.safetensors and tokenizer.json.
"""
import argparse
import random
import time
from pathlib import Path

import numpy as np
import torch

import data
import encoder

TEMPERATURE = 0.07
TEXTS = 64
FROZEN_LAYERS = 2
DROPOUT = 0.1
WARM_UP = 30
MIX = "banking77=5,nlupp=2,multidogo=1,star=1,general=4,pool=1.5"


class Batches:
    """Batches of one source each, so that the texts to tell apart are of one domain."""

    def __init__(self, sources, mix, augmented, chance):
        self.sources, self.augmented, self.chance = sources, augmented, chance
        pairs = [pair.split("=") for pair in mix.split(",")]
        self.names, self.odds = [name for name, _ in pairs], [float(odds) for _, odds in pairs]
        self.by_label = {}
        for name, pairs in sources.labeled.items():
            by_label = self.by_label[name] = {}
            for text, labels in pairs:
                by_label.setdefault(labels, []).append(text)
        self.near = {}

    def draw_near(self, name, encode):
        """From now on, the labels of a batch are neighbors: the ones that are hard to tell apart."""
        by_label = self.by_label[name]
        labels = list(by_label)
        centers = np.stack([encode(by_label[label][:20]).mean(0) for label in labels])
        centers -= centers.mean(0)
        centers /= np.linalg.norm(centers, axis=1, keepdims=True)
        order = (-centers @ centers.T).argsort(1)
        self.near[name] = {label: [labels[index] for index in row] for label, row in zip(labels, order)}

    def next(self):
        name = self.chance.choices(self.names, self.odds)[0]
        if name in self.sources.unlabeled:
            texts = self.chance.sample(self.sources.unlabeled[name], TEXTS // 2)
            views = [data.masked(text, self.chance) for text in texts * 2]
            return name, views, [frozenset([index]) for index in range(len(texts))] * 2
        if name == "nlupp":  # Several labels a text: a plain sample has overlaps enough.
            pairs = self.chance.sample(self.sources.labeled[name], TEXTS)
        else:
            by_label = self.by_label[name]
            labels = self.chance.sample(list(by_label), min(len(by_label), TEXTS // 4))
            if name in self.near:
                labels = self.near[name][labels[0]][: TEXTS // 4]
            each = min(TEXTS // len(labels), 8)
            pairs = [
                (text, label)
                for label in labels
                for text in self.chance.sample(by_label[label], min(each, len(by_label[label])))
            ]
        texts = [
            data.spoken(text, self.sources, self.chance) if self.chance.random() < self.augmented else text
            for text, _ in pairs
        ]
        return name, texts, [labels for _, labels in pairs]


def contrast(vectors, labels):
    """Supervised contrastive loss. Pairs of half-equal label sets attract in part, of less equal ones not at all."""
    near = vectors @ vectors.T / TEMPERATURE
    overlap = torch.tensor([[len(a & b) / len(a | b) for b in labels] for a in labels])
    itself = torch.eye(len(labels), dtype=torch.bool)
    attract = torch.where(overlap >= 0.5, overlap, 0.0).masked_fill(itself, 0)
    ignored = itself | ((overlap > 0) & (overlap < 0.5))
    log_share = near - near.masked_fill(ignored, -1e9).logsumexp(1, keepdim=True)
    some = attract.sum(1) > 0
    return -((attract * log_share).sum(1)[some] / attract.sum(1)[some]).mean()


def run(arguments):
    chance = random.Random(arguments.seed)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    batches = Batches(
        data.Sources(arguments.data, arguments.seed, arguments.hold_out), arguments.mix, arguments.augmented, chance
    )
    tokenize = encoder.tokenizer(Path(arguments.base, "tokenizer.json"))
    weights = encoder.load(Path(arguments.base, "model.safetensors"))
    tuned = []
    for name in weights:
        if name.startswith("encoder.layer.") and int(name.split(".")[2]) >= FROZEN_LAYERS:
            weights[name] = weights[name].clone().requires_grad_()
            tuned.append(weights[name])
    if not arguments.far:
        batches.draw_near("banking77", lambda texts: encoder.encode(weights, tokenize, texts))
    optimizer = torch.optim.AdamW(tuned, lr=arguments.rate, weight_decay=0.01)
    started = time.monotonic()
    losses = {}
    for step in range(arguments.steps):
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * min(1, (step + 1) / WARM_UP) * max(0.05, 1 - step / arguments.steps)
        source, texts, labels = batches.next()
        ids, mask = encoder.padded(tokenize(texts))
        vectors = encoder.forward(weights, ids, mask, DROPOUT)
        loss = contrast(vectors, labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tuned, 1.0)
        optimizer.step()
        losses.setdefault(source, []).append(loss.item())
        if (step + 1) % 50 == 0:
            means = {name: round(float(np.mean(values[-10:])), 2) for name, values in sorted(losses.items())}
            print(f"step {step + 1}, {time.monotonic() - started:.0f} s, losses {means}", flush=True)
        if arguments.every and (step + 1) % arguments.every == 0 or step + 1 == arguments.steps:
            encoder.save(weights, f"{arguments.out}-{step + 1}.safetensors")


def mean(arguments):
    base = encoder.load(Path(arguments.base, "model.safetensors"))
    tuned = [encoder.load(path) for path in arguments.tuned]
    encoder.save(encoder.between(base, tuned, arguments.share), arguments.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run")
    command.set_defaults(do=run)
    for name in ("data", "base", "out"):
        command.add_argument(name)
    command.add_argument("--steps", type=int, default=120)
    command.add_argument("--every", type=int, default=0, help="steps between files kept on the way")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--rate", type=float, default=5e-5)
    command.add_argument("--mix", default=MIX, help="sources and their odds")
    command.add_argument("--augmented", type=float, default=0.6, help="share of labeled texts made spoken")
    command.add_argument("--far", action="store_true", help="draw intents at random, not near each other")
    command.add_argument("--hold-out", action="store_true", help="leave out what unseen sets are made of")
    command = commands.add_parser("mean")
    command.set_defaults(do=mean)
    for name in ("base", "out"):
        command.add_argument(name)
    command.add_argument("tuned", nargs="+")
    command.add_argument("--share", type=float, default=1.0, help="of the way from the base")
    arguments = parser.parse_args()
    arguments.do(arguments)


if __name__ == "__main__":
    main()
