#!/usr/bin/env python3
"""Collects sentences and their translations into 36 languages: one [language, source, English, translation] a line.

    python3 pairs.py SOURCES PAIRS.jsonl

SOURCES holds what ../language/README.md lists: of it, LASER and chromium-locales are used.
"""
import html
import json
import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "language"))
from collect import CHROMIUM, TATOEBA, files, git, language  # noqa: E402

WORDS = range(2, 26)
LETTERS_MIN = 8


def tatoeba(sources):
    laser = sources / "LASER"
    for match, text in files(laser, r"^data/tatoeba/v1/tatoeba\.(\w+)-eng\.eng$"):
        code = TATOEBA.get(match[1])
        if code and code != "en":
            path = f"HEAD:data/tatoeba/v1/tatoeba.{match[1]}-eng.{match[1]}"
            translations = git(laser, "show", path).decode()
            yield from ((code, a.strip(), b.strip()) for a, b in zip(text.splitlines(), translations.splitlines()))


def pack(path):
    """Reads the texts of a locale pack by their number, without markup and placeholders."""
    data = path.read_bytes()
    version, _, count, _ = struct.unpack_from("<IB3xHH", data)
    assert version == 5, version
    entries = [struct.unpack_from("<HI", data, 12 + 6 * i) for i in range(count + 1)]
    texts = {}
    for (id, start), (_, end) in zip(entries, entries[1:]):
        text = html.unescape(data[start:end].decode("utf-8", "replace"))
        texts[id] = " ".join(re.sub(r"<[^>]*>|\$\d|\$\{\w+\}|\{[^{}]*?(?=\{)|[{}]", " ", text).split())
    return texts


def chromium(sources):
    english = pack(sources / CHROMIUM / "en-GB.pak")
    for path in sorted((sources / CHROMIUM).glob("*.pak")):
        code = language(path.stem)
        if not code or code == "en" or "_" in path.stem:
            continue
        translations, seen = pack(path), set()
        for id, text in english.items():
            translation = translations.get(id)
            is_sentence = len(text.split()) in WORDS and sum(map(str.isalpha, text)) >= LETTERS_MIN
            if translation and translation != text and is_sentence and "http" not in text and text not in seen:
                seen.add(text)
                yield code, text, translation


def main(sources, out):
    sources = pathlib.Path(sources)
    with open(out, "w") as file:
        for source, collect in (("tatoeba", tatoeba), ("chromium", chromium)):
            for code, text, translation in collect(sources):
                file.write(json.dumps([code, source, text, translation], ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
