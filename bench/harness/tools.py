"""The tools that are measured: ours, and the peers with the settings each is at its best with."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import measure

JSONL, DATABASE = "staging", "database"


@dataclass
class Peer:
    """`job` says what its result is compared with: compressed staging, or a loaded database."""

    name: str
    job: str
    script: str
    options: tuple = ()
    needs_work_folder: bool = False


PEERS = [
    Peer("polars", JSONL, "polars_jsonl.py"),
    Peer("polars, streaming", JSONL, "polars_jsonl.py", ("--streaming",)),
    Peer("DuckDB", JSONL, "duckdb_jsonl.py"),
    Peer("Python csv + Decimal", JSONL, "python_csv.py"),
    Peer("dlt rows, 1 worker", JSONL, "dlt_jsonl.py", ("--workers", "1"), True),
    Peer("dlt rows, 2 workers", JSONL, "dlt_jsonl.py", ("--workers", "2"), True),
    Peer("dlt arrow, 2 workers", JSONL, "dlt_jsonl.py", ("--workers", "2", "--arrow"), True),
    Peer("dlt rows", DATABASE, "dlt_duckdb.py", ("--workers", "2"), True),
    Peer("dlt arrow", DATABASE, "dlt_duckdb.py", ("--workers", "2", "--arrow"), True),
]


@dataclass
class Row:
    """One line of the table. `seconds` is the time the rate is taken from; what a tool failed to do, or was not
    run for, stands in `note`."""

    tool: str
    job: str
    invoices: int
    records: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    disk_bytes: int = 0
    input_bytes: int = 0
    others: float = 0.0
    note: str = ""
    ours: bool = False
    failed: bool = False
    extrapolated: bool = False
    stages: object = None

    @property
    def rate(self):
        return self.records / self.seconds if self.seconds else 0.0

    @property
    def measured(self):
        return self.seconds > 0 and not self.failed and not self.extrapolated


def fresh(scratch, name):
    """A new folder below `scratch`."""
    scratch.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch))


def empty(folder):
    """Gives the disk back, and leaves the files until the end of the run: a file system that has just removed many
    is slow to make new ones, and who is measured next would pay for it."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)
    # What this tool left to be written would be written beside the next one.
    os.sync()


def run_peer(peer, python, scripts, books, expected, invoices, scratch):
    """Runs a peer in its own process. Its seconds are those it states itself, which leave out starting Python and
    importing libraries."""
    folder = fresh(scratch, "peer")
    out, work = fresh(folder, "out"), fresh(folder, "work")
    command = [str(python), str(scripts / peer.script), str(books), str(out)]
    command += [str(work)] if peer.needs_work_folder else []
    done = measure.run([*command, *peer.options], folder / "log")
    row = Row(peer.name, peer.job, invoices, input_bytes=measure.size_of(books, ".csv"))
    row.cpu_s, row.peak_mb, row.others = done.cpu_s, done.peak_mb, done.others
    row.disk_bytes = measure.size_of(out)
    told = last_json(done.output)
    if done.exit_code != 0 or not told:
        row.failed, row.note = True, f"exit {done.exit_code}: {tail(done.errors)}"
    else:
        row.records, row.seconds = told["records"], told["seconds"]
        if row.records != expected["records"]:
            row.failed, row.note = True, f"{row.records} records instead of {expected['records']}"
    empty(folder)
    return row


def run_ours(carry, job, books, expected, invoices, scratch):
    """Runs `carry stage` or `carry full`. The seconds are the wall time of the whole process."""
    folder = fresh(scratch, "ours")
    state, target = folder / "state", folder / "target.sqlite"
    command = [str(carry), "stage" if job == JSONL else "full", "--from", str(books), "--state", str(state), "--json"]
    command += ["--to", f"sqlite:{target}"] if job == DATABASE else []
    done = measure.run(command, folder / "log")
    row = Row(" ".join(("carry", command[1])), job, invoices, input_bytes=measure.size_of(books, ".csv"), ours=True)
    row.cpu_s, row.peak_mb, row.seconds, row.others = done.cpu_s, done.peak_mb, done.wall_s, done.others
    row.records = expected["records"]
    row.disk_bytes = measure.size_of(state, ".zst") if job == JSONL else measure.size_of(folder, target.name)
    told = last_json(done.output)
    row.stages = told.get("stages") if told else None
    if done.exit_code != 0:
        # A code that is not zero may mean "finished with issues": the time stands, but the reader is told.
        row.failed, row.note = not told, f"exit {done.exit_code}: {tail(done.errors)}"
    elif row.disk_bytes == 0:
        row.failed, row.note = True, "left nothing on disk"
    empty(folder)
    return row


def last_json(text):
    """The JSON document on standard output: all of it, or its last line where progress came before."""
    for candidate in (text, text.strip().rpartition("\n")[2]):
        try:
            document = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(document, dict):
            return document
    return None


def tail(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else "nothing on standard error"
