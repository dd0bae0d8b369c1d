"""Python's own csv, Decimal and json, to one .jsonl.gz per table."""

import argparse
import gzip
import json
import time
from pathlib import Path

import books


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    started, count = time.perf_counter(), 0
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
    for table in books.TABLES:
        # Level 6 is what gzip itself takes; Python's default of 9 takes far longer for little.
        with gzip.open(arguments.out / f"{table}.jsonl.gz", "wt", compresslevel=6, encoding="utf-8") as out:
            for record in books.records(arguments.folder, table):
                out.write(encode(record) + "\n")
                count += 1
    books.report("python csv", time.perf_counter() - started, count)


if __name__ == "__main__":
    main()
