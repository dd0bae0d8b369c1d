"""dlt to a folder of .jsonl.gz."""

import dlt_books


def main():
    arguments = dlt_books.parser(__doc__).parse_args()
    dlt_books.configure(arguments.workers)
    import books
    import dlt

    destination = dlt.destinations.filesystem(bucket_url=arguments.out.resolve().as_uri())
    seconds, count = dlt_books.carry(arguments, destination, "jsonl")
    shape = "arrow" if arguments.arrow else "rows"
    books.report(f"dlt {shape}, {arguments.workers} worker(s), jsonl.gz", seconds, count)


if __name__ == "__main__":
    main()
