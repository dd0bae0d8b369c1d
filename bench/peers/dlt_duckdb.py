"""dlt into a DuckDB file, through parquet."""

import dlt_books


def main():
    arguments = dlt_books.parser(__doc__).parse_args()
    dlt_books.configure(arguments.workers)
    import books
    import dlt

    # Not "books": DuckDB names the catalogue after the file, and the schema is called that.
    destination = dlt.destinations.duckdb(str(arguments.out / "peer.duckdb"))
    seconds, count = dlt_books.carry(arguments, destination, "parquet")
    shape = "arrow" if arguments.arrow else "rows"
    books.report(f"dlt {shape}, {arguments.workers} worker(s), DuckDB", seconds, count)


if __name__ == "__main__":
    main()
