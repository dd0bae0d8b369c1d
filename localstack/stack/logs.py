"""Prints what the functions wrote to their logs, in the order of time."""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from typing import Any

from stack.cloud import Cloud

PREFIX = "/aws/lambda/"
POLL_S = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="logs", description=__doc__)
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="plan, load, ... (default: all)")
    parser.add_argument("--follow", action="store_true", help="go on until interrupted")
    options = parser.parse_args()
    client = Cloud.of_environment().client("logs")
    seen: set[tuple[str, str, int, str]] = set()
    try:
        while True:
            for event in new_events(client, options.functions, seen):
                print_event(*event)
            if not options.follow:
                break
            time.sleep(POLL_S)
    except (KeyboardInterrupt, BrokenPipeError):
        pass


def new_events(client: Any, wanted: list[str], seen: set[Any]) -> list[tuple[int, str, str]]:
    """Time in milliseconds, function and line of what was not seen before."""
    found = []
    for group in client.describe_log_groups(logGroupNamePrefix=PREFIX)["logGroups"]:
        function = group["logGroupName"].rsplit("-", 1)[-1]
        if wanted and function not in wanted:
            continue
        for page in client.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            for event in page["events"]:
                key = (function, event["logStreamName"], event["timestamp"], event["message"])
                if key not in seen:
                    seen.add(key)
                    found.append((event["timestamp"], function, event["message"]))
    return sorted(found, key=lambda event: event[0])


def print_event(at_ms: int, function: str, message: str) -> None:
    clock = datetime.fromtimestamp(at_ms / 1000).strftime("%H:%M:%S.%f")[:-3]
    for line in message.rstrip().splitlines():
        print(f"{clock} {function:<9} {line}", flush=True)


if __name__ == "__main__":
    main()
