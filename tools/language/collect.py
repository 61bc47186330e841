#!/usr/bin/env python3
"""Collects the training text: one file a language, one `source<TAB>text` a line.

    collect.py SOURCES OUT

SOURCES holds what README.md lists: bare or ordinary git clones and the unpacked locale packs.
"""
import html
import pathlib
import random
import re
import struct
import subprocess
import sys

CODES = ("el de fr it es pt nl da sv no fi pl cs sk hu ro bg hr sr uk ru tr en zh ja ko hi id ms th vi tl ar"
         " he fa af sw").split()
ALIASES = {"nb": "no", "nn": "no", "in": "id", "iw": "he", "fil": "tl"}
COMMON_VOICE = "common-voice"
ANDROID = ["Dialer", "TvSettings", "Messaging", "Permission", "Contacts", "Car_Settings", "Email"]
TATOEBA = dict(zip("ell deu fra ita spa por nld dan swe nob fin pol ces slk hun ron bul hrv srp ukr rus tur - cmn jpn kor"
                   " hin ind zsm tha vie tgl ara heb pes afr swh".split(), CODES), nno="no")
CHROMIUM = "chromium-locales"
LIMIT = 2_000_000  # characters a language of Common Voice

TO_LATIN = dict(zip("абвгдђежзијклљмнњопрстћуфхцчџш",
                    "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š".split()))


def latin(text):
    """Writes Serbian in Latin letters."""
    return "".join(TO_LATIN.get(c) or TO_LATIN.get(c.lower(), c).capitalize() for c in text)


def language(tag):
    """Gives one of CODES, or None."""
    tag = re.sub(r"^b\+", "", tag).replace("+", "-")
    code = tag.split("-")[0]
    code = ALIASES.get(code, code)
    return code if code in CODES else None


def git(repo, *arguments):
    return subprocess.run(["git", "-C", repo, *arguments], check=True, capture_output=True).stdout


def files(repo, pattern):
    """Yields path and text of the files whose path matches."""
    for path in git(repo, "ls-tree", "-r", "--name-only", "HEAD").decode().splitlines():
        match = re.search(pattern, path)
        if match:
            shown = subprocess.run(["git", "-C", repo, "show", f"HEAD:{path}"], capture_output=True)
            if shown.returncode == 0:  # a clone may lack its largest files
                yield match, shown.stdout.decode("utf-8", "replace")


def common_voice(sources):
    lines = {}
    for match, text in files(sources / COMMON_VOICE, r"^server/data/([^/]+)/.*\.txt$"):
        code = language(match[1])
        if code and code != "id":  # there is none in Malay: what both say in speech would be Indonesian alone
            lines.setdefault(code, []).extend(text.splitlines())
    for code, texts in sorted(lines.items()):
        texts = sorted(set(texts))
        random.Random(1).shuffle(texts)
        size = 0
        for text in texts:
            size += len(text)
            if size > LIMIT:
                break
            yield code, "cv", text


def phrases(_):
    """Yields our own sentences: said in both of two close languages, and what chats begin and end with."""
    for line in pathlib.Path(__file__).with_name("phrases.tsv").read_text("utf-8").splitlines():
        code, text = line.split("\t")
        yield code, "phrases", text


def words(sources):
    for path in sorted((sources / "words").glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            yield language(path.stem), "lingua", line


def tatoeba(sources):
    """Yields every second sentence; the others measure the model."""
    for match, text in files(sources / "LASER", r"^data/tatoeba/v1/tatoeba\.\w+-eng\.(\w+)$"):
        code = "en" if "deu-eng.eng" in match[0] else TATOEBA.get(match[1])
        for line in text.splitlines()[::2] if code else ():
            yield code, "tatoeba", line


def android(sources):
    """Yields the translations and, from values/, the English originals."""
    for app in ANDROID:
        for match, text in files(sources / app, r"(?:^|/)res[^/]*/values(?:-([^/]+))?/strings\.xml$"):
            code = language(re.sub("-r", "-", match[1] or "en"))
            if not code:
                continue
            text = re.sub(r"<!--.*?-->", " ", text, flags=re.S)
            for body in re.findall(r"<(?:string|item)\b[^>]*>(.*?)</(?:string|item)>", text, flags=re.S):
                body = re.sub(r"<xliff:g.*?</xliff:g>|<[^>]*>", " ", body, flags=re.S)
                body = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), html.unescape(body))
                yield code, "android", re.sub(r"\\[nt]|%\d*\$?[sd]", " ", body).replace("\\", "").strip('" ')


def chromium(sources):
    for pack in sorted((sources / CHROMIUM).glob("*.pak")):
        code = language(pack.stem)
        if not code or "_" in pack.stem:
            continue
        data = pack.read_bytes()
        version, _, count, _ = struct.unpack_from("<IB3xHH", data)
        assert version == 5, version
        entries = [struct.unpack_from("<HI", data, 12 + 6 * i) for i in range(count + 1)]
        for (_, start), (_, end) in zip(entries, entries[1:]):
            text = data[start:end].decode("utf-8", "replace")
            text = re.sub(r"<[^>]*>|\$\d|\$\{\w+\}|\{[^{}]*?(?=\{)|[{}]", " ", html.unescape(text))
            yield code, "chromium", text


def main():
    sources, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    seen = {code: {} for code in CODES}
    for collect in (phrases, tatoeba, common_voice, android, chromium, words):
        for code, source, text in collect(sources):
            text = " ".join(text.split())
            if source != "phrases" and sum(c.isalpha() for c in text) < 4 or len(text) > 2000 or "http" in text:
                continue
            seen[code].setdefault(text, source)
            if code == "sr" and re.search("[а-ш]", text):
                seen[code].setdefault(latin(text), source)
    english = set(seen["en"])  # what a translation left in English teaches nothing
    for code, texts in seen.items():
        kept = [f"{source}\t{text}" for text, source in texts.items() if code == "en" or source == "phrases" or text not in english]
        (out / f"{code}.txt").write_text("\n".join(kept) + "\n", "utf-8")
        print(code, len(kept), sum(map(len, kept)), file=sys.stderr)


if __name__ == "__main__":
    main()
