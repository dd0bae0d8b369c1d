"""What the two dlt peers share: the settings its documentation recommends, and the tables as resources.

Rows: pages of 10,000 dictionaries, which dlt normalises one by one, as it does with what an API returns.
Arrow: record batches that pyarrow reads, cleans and types, which dlt passes on without looking at each row.
"""

import itertools
import os
import time


def configure(workers):
    """Must run before dlt is imported; processes that dlt starts inherit it."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    os.environ["NORMALIZE__WORKERS"] = str(workers)
    if workers > 1:
        # One file per table leaves the second worker idle while the largest table is normalised.
        os.environ["EXTRACT__DATA_WRITER__FILE_MAX_ITEMS"] = "50000"
        os.environ["NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS"] = "50000"


PAGE_ROWS = 10_000
BLOCK_BYTES = 8 << 20


def row_pages(folder, table):
    import books

    rows = books.records(folder, table)
    while page := list(itertools.islice(rows, PAGE_ROWS)):
        yield page


def arrow_tables(folder, table):
    import books
    import pyarrow
    from pyarrow import compute, csv

    decimals = {"money": pyarrow.decimal128(18, 2), "rate": pyarrow.decimal128(18, 6)}
    file, title_rows, fields = books.TABLES[table]
    wanted = [column for column, _, _ in fields]
    batches = csv.open_csv(
        folder / file,
        csv.ReadOptions(skip_rows=title_rows, block_size=BLOCK_BYTES),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types={column: pyarrow.string() for column in wanted},
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    for batch in batches:
        if table == "invoices":
            batch = batch.filter(compute.is_valid(batch["*Customer"]))
        columns = []
        for column, _, kind in fields:
            values = compute.utf8_trim_whitespace(batch[column])
            if kind == "date":
                values = compute.strptime(values, "%m/%d/%Y", "s").cast(pyarrow.date32())
            elif kind in decimals:
                values = values.cast(decimals[kind])
            columns.append(values)
        yield pyarrow.table(columns, names=[name for _, name, _ in fields])


def carry(arguments, destination, loader_file_format):
    """Runs the pipeline; gives the seconds it took and the records it normalised."""
    import books
    import dlt

    started = time.perf_counter()
    source = arrow_tables if arguments.arrow else row_pages
    pipeline = dlt.pipeline(
        "bench",
        destination=destination,
        dataset_name="books",
        pipelines_dir=str(arguments.work),
    )
    resources = [
        dlt.resource(source(arguments.folder, table), name=table, write_disposition="append")
        for table in books.TABLES
    ]
    info = pipeline.run(resources, loader_file_format=loader_file_format)
    info.raise_on_failed_jobs()
    counts = pipeline.last_trace.last_normalize_info.row_counts
    return time.perf_counter() - started, sum(counts[table] for table in books.TABLES)


def parser(description):
    import argparse
    from pathlib import Path

    options = argparse.ArgumentParser(description=description)
    options.add_argument("folder", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("work", type=Path, help="where dlt keeps its own files between its steps")
    options.add_argument("--workers", type=int, default=1, help="processes that normalise")
    options.add_argument("--arrow", action="store_true", help="hand dlt Arrow tables instead of rows")
    return options
