#!/usr/bin/env python3
"""Writes the sets that measure the model: files of `code<TAB>text`.

    sets.py SOURCES OUT [XSID.jsonl.gz]

Only every second text of a source is taken, from the second on: the others were there to choose by, or (Tatoeba)
to train on.
"""
import gzip
import json
import pathlib
import random
import sys

from collect import CODES, TATOEBA, files


def lingua(sources, kind):
    """Yields the test data in lingua's repository; Norwegian is half Bokmål, half Nynorsk."""
    for match, text in files(sources / "lingua-rs", rf"^language-models/(\w\w)/testdata/{kind}\.txt$"):
        if match[1] in ("nb", "nn"):
            yield "no", text.splitlines()[:500]
        elif match[1] in CODES:
            yield match[1], text.splitlines()


def tatoeba(sources):
    for match, text in files(sources / "LASER", r"^data/tatoeba/v1/tatoeba\.\w+-eng\.(\w+)$"):
        code = "en" if "deu-eng.eng" in match[0] else TATOEBA.get(match[1])
        if code:
            yield code, text.splitlines()[: 500 if match[1] == "nno" else None]


def subtitles(sources):
    """Yields up to 600 subtitles of 12 to 70 characters a language."""
    shuffled = random.Random(3)
    for match, text in sorted(files(sources / "XED", r"^Projections/(\w\w)-projections2?\.tsv$"), key=lambda f: f[0][0]):
        lines = {line.split("\t")[0] for line in text.splitlines()}
        lines = sorted(line for line in lines if 12 <= len(line) <= 70)
        shuffled.shuffle(lines)
        if match[1] in CODES:
            yield match[1], lines[:600]


def write(path, texts):
    lines = [f"{code}\t{' '.join(text.split())}" for code, text in texts if text.strip()]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def main():
    sources, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    sets = {"sentences": list(lingua(sources, "sentences")), "word-pairs": list(lingua(sources, "word-pairs")),
            "words": list(lingua(sources, "single-words")), "tatoeba": list(tatoeba(sources)),
            "subtitles": list(subtitles(sources))}
    for name, languages in sets.items():
        write(out / f"{name}.tsv", [(code, text) for code, texts in languages for text in texts[1::2]])
    for name in ("tatoeba", "subtitles"):  # four said one after the other, as in a conversation
        joined = [(code, " ".join(texts[1::2][at:at + 4])) for code, texts in sets[name]
                  for at in range(0, len(texts[1::2]) - 3, 4)]
        write(out / f"{name}-by-4.tsv", joined)
    for path in sys.argv[3:]:
        conversations = [json.loads(line) for line in gzip.open(path)]
        contact = [(c["language"][:2], [t["text"] for t in c["turns"] if t["role"] == "contact"])
                   for c in conversations]
        name = pathlib.Path(path).name.removesuffix(".jsonl.gz")
        write(out / f"{name}.tsv", [(code, text) for code, texts in contact for text in texts])
        write(out / f"{name}-whole.tsv", [(code, " ".join(texts)) for code, texts in contact])


if __name__ == "__main__":
    main()
