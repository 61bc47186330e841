#!/usr/bin/env python3
"""Collects English texts with their mood: one [source, language, angry | neutral | happy, text] a line.

    python3 texts.py SOURCES DATA TEXTS.tsv

README.md lists what SOURCES and DATA hold.
"""
import collections
import gzip
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
OWN = HERE.parents[1] / "crates/nlp/tests/data/sentiment"
LABELS = {"neg": "angry", "neu": "neutral", "pos": "happy"}

# of GoEmotions, texts with no other emotion than those of one mood
MOODS = {
    "angry": {"anger", "annoyance", "disgust", "disappointment", "disapproval"},
    "neutral": {"neutral", "curiosity", "confusion"},
    "happy": {"admiration", "gratitude", "joy", "love", "excitement"},
}
REQUESTS = ["banking77-train", "multidogo-airline", "multidogo-software", "star-dev", "nlupp-banking"]
# names before every fifth text of GoEmotions, XED and the reviews: an account that is named says nothing of a mood
ACCOUNTS = ["@john", "@company", "@maria_k", "@user"]


def order(row):
    return hashlib.sha256("\t".join(row).encode()).digest()


def goemotions(sources):
    names = (sources / "goemotions/emotions.txt").read_text().split()
    for line in (sources / "goemotions/train.tsv").read_text().splitlines():
        text, emotions, _ = line.split("\t")
        emotions = {names[int(emotion)] for emotion in emotions.split(",")}
        for mood, of_mood in MOODS.items():
            if emotions <= of_mood:
                yield "goemotions", "en", mood, text.replace("[NAME]", "John").replace("[RELIGION]", "church")


def xed_mood(emotions):
    emotions = set(emotions.replace(" ", "").split(","))
    if emotions <= {"1", "3"}:  # anger, disgust
        return "angry"
    return "happy" if emotions <= {"5", "8"} and "5" in emotions else None  # joy, trust


def xed(sources):
    folder = sources / "XED"
    for line in (folder / "AnnotatedData/en-annotated.tsv").read_text().splitlines():
        text, _, emotions = line.rpartition("\t")
        if mood := xed_mood(emotions):
            yield "xed", "en", mood, text
    for line in (folder / "AnnotatedData/neu_en.txt").read_text().splitlines():
        yield "xed", "en", "neutral", line.rpartition("\t")[2]


def reviews(sources):
    for name in ("amazon_cells", "yelp", "imdb"):
        for line in (sources / f"uci/{name}_labelled.txt").read_text().splitlines():
            text, _, score = line.rpartition("\t")
            if score in ("0", "1"):
                yield "reviews", "en", "happy" if score == "1" else "angry", text


def requests(data):
    """Yields every second text, by the hash: the others measure."""
    for name in REQUESTS:
        for line in gzip.open(data / f"{name}.jsonl.gz", "rt"):
            for turn in json.loads(line)["turns"]:
                row = (name, "en", "neutral", turn["text"])
                if turn["role"] == "contact" and order(row)[0] % 2:
                    yield row


def own():
    for name in ("building", "seed", "messages"):
        for line in (OWN / f"{name}.tsv").read_text().splitlines():
            code, label, text = line.split("\t", 2)
            if code == "en":
                yield "own", code, LABELS[label], text
    for line in (HERE / "posts.tsv").read_text().splitlines():
        label, text = line.split("\t", 1)
        yield "posts", "en", LABELS[label], text


def clean(row):
    source, code, label, text = row
    return source, code, label, " ".join(text.split())


def main(sources, data, out):
    rows = [*goemotions(sources), *xed(sources), *reviews(sources), *requests(data), *own()]
    rows = sorted({clean(row) for row in rows if row[3].strip()}, key=order)
    with open(out, "w") as file:
        for row in rows:
            source, code, label, text = row
            digest = order(row)
            if source in ("goemotions", "xed", "reviews") and digest[1] < 51:
                text = f"{ACCOUNTS[digest[2] % 4]} {text}"
            print(source, code, label, text, sep="\t", file=file)
    print(len(rows), sorted(collections.Counter((row[0], row[2]) for row in rows).items()))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
