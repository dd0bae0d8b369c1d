"""Migrates generated books through the flow of a metered local stack; counts, and computes what that costs in AWS."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import boto3

from harness.bill import Counts, bill, gb_seconds, prices

RUN = "bench-{}"
STAGES = ("plan", "extract", "transform", "load", "reconcile", "report")
LOG_LINE_BYTES = 26
"""What CloudWatch adds to each line."""
ZIPPED_MAX_MB = 12


def env(name: str) -> str:
    return os.environ[name]


def client(service: str) -> Any:
    return boto3.client(service, region_name=env("AWS_REGION"))


def meter(method: str = "GET") -> dict[str, Any]:
    address = f"{env('AWS_ENDPOINT_URL')}/_carry/meter"
    with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
        return json.load(answer)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def books(invoices: int) -> tuple[Path, dict[str, Any]]:
    cache = Path(os.environ.get("CARRY_CACHE", Path.home() / ".cache/carryforward")) / "bench"
    folder = cache / f"cloud-{invoices}"
    if not (folder / "expected.json").exists():
        subprocess.run([f"{env('BINARIES')}/function/carry-bench", "generate", "--invoices", str(invoices),
                        "--out", folder], check=True, stdout=subprocess.DEVNULL)
    return folder, json.loads((folder / "expected.json").read_text())


def prepare(folder: Path, invoices: int) -> str:
    """A migration of these books into a database of its own; its id. Nothing runs yet, nothing watches later."""
    name = f"bench_{invoices}_{int(time.time())}"
    subprocess.run(["psql", "--quiet", "--no-psqlrc", env("PGURL"), "--command", f"create database {name}"], check=True)
    target = f"{env('PGURL').rsplit('/', 1)[0]}/{name}"
    done = subprocess.run([env("CARRY"), "--cloud", env("STACK"), "--customer", name, "--json", "--quiet", "prepare",
                           "--from", folder, "--to", target], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["migration"]["id"]


def migrate(migration: str, run: str) -> float:
    """Runs the flow to its end; seconds."""
    flow = client("stepfunctions")
    machine = next(machine["stateMachineArn"] for machine in flow.list_state_machines()["stateMachines"]
                   if machine["name"] == f"{env('STACK')}-migration")
    began = time.monotonic()
    started = flow.start_execution(stateMachineArn=machine, name=run, input=json.dumps(
        {"migration": migration, "run": run, "attempt": 1, "kind": "full"}))["executionArn"]
    while (status := flow.describe_execution(executionArn=started)["status"]) == "RUNNING":
        time.sleep(0.2)
    if status != "SUCCEEDED":
        raise SystemExit(f"the flow of {run} ended as {status}")
    return time.monotonic() - began


def staged_bytes(migration: str) -> int:
    bucket = f"{env('STACK')}-staging-{env('AWS_ACCESS_KEY_ID')}-{env('AWS_REGION')}"
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"migrations/{migration}/")
    return sum(item["Size"] for page in pages for item in page.get("Contents", []))


def log_bytes(since_ms: int) -> int:
    logs, total = client("logs"), 0
    for stage in STAGES:
        group = f"/aws/lambda/{env('STACK')}-{stage}"
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms):
            total += sum(len(event["message"].encode()) + LOG_LINE_BYTES for event in page["events"])
    return total


def memories() -> dict[str, int]:
    functions = client("lambda").get_paginator("list_functions").paginate()
    return {item["FunctionName"]: item["MemorySize"] for page in functions for item in page["Functions"]}


def counts(read: dict[str, Any], migration: str, since_ms: int) -> Counts:
    calls, memory = read["calls"], memories()
    return Counts(
        functions={name: (memory[name], int(of["invocations"]), of["wall_ms"], of["cpu_ms"])
                   for name, of in read["functions"].items()},
        transitions=read["transitions"],
        write_units=read["units"].get("write", 0),
        read_units=read["units"].get("read", 0),
        puts=calls.get("s3.Put", 0) + calls.get("s3.List", 0) + calls.get("s3.Post", 0),
        gets=calls.get("s3.Get", 0) + calls.get("s3.Head", 0),
        secret_calls=sum(n for name, n in calls.items() if name.startswith("secretsmanager.")),
        secrets=2,
        staged_bytes=staged_bytes(migration),
        log_bytes=log_bytes(since_ms),
    )


def measured(invoices: int) -> dict[str, Any]:
    folder, expected = books(invoices)
    migration = prepare(folder, invoices)
    run = RUN.format(f"{invoices}-{int(time.time())}")
    meter("DELETE")
    since_ms = int(time.time() * 1_000)
    seconds = migrate(migration, run)
    read = meter()
    counted = counts(read, migration, since_ms)
    items = bill(counted, price := prices())
    per_processor = price["lambda"]["mb_per_processor"]
    links = expected["contacts"] + expected["invoices"] + expected["payments"]
    return {
        "invoices": invoices, "records": links, "seconds": seconds, "read": read,
        "transitions": counted.transitions, "write_units": counted.write_units, "read_units": counted.read_units,
        "puts": counted.puts, "gets": counted.gets, "staged_bytes": counted.staged_bytes,
        "log_bytes": counted.log_bytes,
        "invocations": sum(of[1] for of in counted.functions.values()),
        "gb_seconds": float(sum(gb_seconds(memory, wall, cpu, per_processor)
                                for memory, _, wall, cpu in counted.functions.values())),
        "bill": {name: float(dollars) for name, dollars in items.items()},
        "dollars": float(sum(items.values())),
    }


def zipped_mb(binary: Path) -> float:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(binary, "bootstrap")
    return buffer.tell() / 1_000_000


def table(header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[at]) for row in [header, *rows]) for at in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
    print()


def show_functions(results: list[dict[str, Any]]) -> None:
    rows = []
    for binary in sorted(Path(env("BINARIES"), "function").glob("carry-fn-*")):
        if binary.suffix:
            continue
        name = binary.name.removeprefix("carry-fn-")
        of = [found for result in results if (found := result["read"]["functions"].get(f"{env('STACK')}-{name}"))]
        total = {key: sum(found.get(key, 0) for found in of) for key in ("invocations", "cold", "wall_ms", "first_ms")}
        warm = total["invocations"] - total["cold"]
        size = zipped_mb(binary)
        rows.append([
            name, f"{size:.1f}" + ("" if size <= ZIPPED_MAX_MB else " TOO LARGE"),
            f"{total['first_ms'] / total['cold']:.0f}" if total["cold"] else "",
            f"{(total['wall_ms'] - total['first_ms']) / warm:.0f}" if warm else "",
            f"{max(found['peak_kib'] for found in of) * 1024 / 1_000_000:.0f}" if of else "",
        ])
    table(["function", "zipped MB", "first ms", "later ms", "peak MB"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/cloud", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000", help="numbers of invoices, comma separated")
    parser.add_argument("--json", type=Path, help="write every figure to this file too")
    given = parser.parse_args()
    results = []
    for invoices in sorted(int(size) for size in given.sizes.split(",")):
        say(f"{invoices:,} invoices")
        results.append(measured(invoices))
        if given.json:
            given.json.write_text(json.dumps(results, indent=1))
    show_functions(results)
    rows = []
    for result in results:
        rows.append([f"{result['invoices']:,}", f"{result['seconds']:.1f}", f"{result['invocations']:,}",
                     f"{result['gb_seconds']:.1f}", f"{result['transitions']:,}",
                     f"{result['write_units'] / result['records']:.2f}", f"{result['read_units']:,.0f}",
                     f"{result['puts']:,}", f"{result['gets']:,}", f"{result['staged_bytes'] / 1e6:.1f}",
                     f"{result['dollars']:.4f}"])
    table(["invoices", "seconds", "calls of functions", "GB-seconds", "transitions", "write units a record",
           "read units", "puts and lists", "gets", "staged MB", "dollars"], rows)
    names = list(results[-1]["bill"])
    table(["dollars for", *(f"{result['invoices']:,}" for result in results)],
          [[name, *(f"{result['bill'][name]:.5f}" for result in results)] for name in names])


if __name__ == "__main__":
    main()
