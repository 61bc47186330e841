#!/usr/bin/env python3
"""Makes the bundled sample, crates/server/sample/*.jsonl.gz, from the data sets named in its README.

    python3 make.py DATA_FOLDER OUT_FOLDER

DATA_FOLDER holds star-dev, dstc11-insurance and banking77-train as .jsonl.gz in the format that
`refrain import` reads. Gold labels are left out. The same input gives the same bytes.
"""
import gzip
import json
import sys

SETS = {
    # name: (file, keep every n-th conversation)
    "star": ("star-dev", 1),
    "insurance": ("dstc11-insurance", 1),
    "banking": ("banking77-train", 4),
}


def main(data, out):
    for name, (source, step) in SETS.items():
        with gzip.open(f"{data}/{source}.jsonl.gz", "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines][::step]
        for record in records:
            record.pop("labels", None)
            for turn in record["turns"]:
                turn.pop("id", None)
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        with open(f"{out}/{name}.jsonl.gz", "wb") as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
                packed.write(text.encode("utf-8"))
        print(name, len(records))


if __name__ == "__main__":
    main(*sys.argv[1:3])
