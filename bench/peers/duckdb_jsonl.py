"""DuckDB, one shot: COPY a query over each file to one .jsonl.gz per table."""

import argparse
import time
from pathlib import Path

import duckdb

import books

DECIMALS = {"money": "DECIMAL(18, 2)", "rate": "DECIMAL(18, 6)"}


def expression(column, name, kind):
    text = f"""nullif(trim("{column}"), '')"""
    if kind == "date":
        text = f"CAST(strptime({text}, '%m/%d/%Y') AS DATE)"
    elif kind in DECIMALS:
        text = f"CAST({text} AS {DECIMALS[kind]})"
    return f'{text} AS "{name}"'


def query(folder, table):
    file, title_rows, fields = books.TABLES[table]
    path = str(folder / file).replace("'", "''")
    columns = ", ".join(expression(*field) for field in fields)
    only_headers = """WHERE "*Customer" IS NOT NULL""" if table == "invoices" else ""
    reader = f"read_csv('{path}', header = true, skip = {title_rows}, all_varchar = true, delim = ',', quote = '\"')"
    return f"SELECT {columns} FROM {reader} {only_headers}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    connection = duckdb.connect()
    started, count = time.perf_counter(), 0
    for table in books.TABLES:
        target = str(arguments.out / f"{table}.jsonl.gz").replace("'", "''")
        copied = connection.execute(
            f"COPY ({query(arguments.folder, table)}) TO '{target}' (FORMAT json, COMPRESSION gzip)"
        )
        count += copied.fetchone()[0]
    books.report("duckdb", time.perf_counter() - started, count)


if __name__ == "__main__":
    main()
