"""MiniStack as the tests and `localstack/up` run it.

Prints the endpoint's URL on standard output once it answers; its log goes to standard error. What this program changes
in the emulator, each because the service in the cloud behaves so (or answers faster):

* the Lambda runtime's answers wait neither for Nagle's algorithm nor 50 ms for a line of log;
* schedules are due in their own time zone, `<aws.scheduler.*>` is filled in, and the sweep runs every second;
* expired items leave within seconds and write the REMOVE record that names the service as who removed them;
* functions see the variables that the template gives them and none of this shell's;
* a query reads a partition by its key, in time that does not grow with the partition (`stack/partitions.py`);
* calls fail where a test asks for it (`stack/faults.py`).
"""

from __future__ import annotations

import argparse
import os
import socket
import socketserver
import sys
import threading
import time
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "TZ", "LOG_LEVEL", "RUST_BACKTRACE", "SSL_CERT_FILE")
KEPT_PREFIXES = ("MINISTACK_", "LAMBDA_", "SFN_")
LOG_WAIT_S = 0.002
"""How long an answer waits for a first line of log, and for one more."""
TTL_YEARS_MAX = 5
"""The service takes a time further back than this for a mistake and keeps the item."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serve", description="Runs MiniStack and prints its URL once it answers.")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "eu-central-1"),
                        help="the region of every client (default: AWS_REGION, else eu-central-1)")
    parser.add_argument("--account", default="000000000000", help="twelve digits (default: zeros)")
    parser.add_argument("--sweep", type=float, default=1.0, metavar="SECONDS",
                        help="how often schedules and expired items are looked at (default: 1)")
    parser.add_argument("--wait-scale", metavar="FACTOR",
                        help="multiplies the seconds of Wait states; 0 skips them (default: wait as written)")
    parser.add_argument("--states", metavar="URL", help="where another Step Functions runs; schedules start there")
    parser.add_argument("--meter", action="store_true", help="count calls, units and time, read at /_carry/meter")
    return parser.parse_args()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare_environment(options: argparse.Namespace, port: int) -> None:
    """Functions inherit this process's environment: it must name the emulator and nothing of the person's."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    url = f"http://127.0.0.1:{port}"
    kept |= {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": options.region,
        "MINISTACK_ACCOUNT_ID": options.account,
        "AWS_REGION": options.region,
        "AWS_DEFAULT_REGION": options.region,
        "AWS_ACCESS_KEY_ID": options.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": url,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    if options.states:
        kept["AWS_ENDPOINT_URL_SFN"] = options.states
    if options.wait_scale is not None:
        kept["SFN_WAIT_SCALE"] = options.wait_scale
    kept.setdefault("LOG_LEVEL", "WARNING")
    os.environ.clear()
    os.environ.update(kept)


def answer_at_once() -> None:
    from ministack.core import lambda_runtime

    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def drain_briefly(worker: Any, first_line_wait: float = LOG_WAIT_S) -> str:
        # Whoever waits longer on purpose (the log of a failed start) still does.
        return drain(worker, first_line_wait=first_line_wait, idle_confirm=LOG_WAIT_S)

    lambda_runtime.Worker._drain_stderr_bounded = drain_briefly


def start_executions_at(url: str) -> None:
    import botocore.session

    from ministack.services import eventbridge

    def start(arn: str, payload: str) -> None:
        region, account = arn.split(":")[3:5]
        client = botocore.session.get_session().create_client(
            "stepfunctions", endpoint_url=url, region_name=region,
            aws_access_key_id=account, aws_secret_access_key="test")
        client.start_execution(stateMachineArn=arn, input=payload)

    eventbridge._dispatch_to_stepfunctions = start


class Schedules:
    """Fires what is due; takes the place of the emulator's own sweep."""

    def __init__(self) -> None:
        from ministack.services import eventbridge, scheduler
        from stack.schedules import next_due

        self.next_due = next_due
        self.scheduler: ModuleType = scheduler
        self.eventbridge: ModuleType = eventbridge
        self.fired: dict[Any, tuple[float, float]] = {}
        """Per schedule the version it was seen in and the moment it last fired."""

    def sweep(self) -> None:
        now = time.time()
        for key, schedule in list(self.scheduler._schedules._data.items()):
            if schedule.get("State") == "ENABLED":
                self.consider(key, schedule, now)

    def consider(self, key: Any, schedule: dict[str, Any], now: float) -> None:
        expression = schedule["ScheduleExpression"].strip()
        once = expression.startswith("at(")
        begins = self.scheduler._to_epoch(schedule.get("StartDate")) or 0.0
        ends = self.scheduler._to_epoch(schedule.get("EndDate")) or float("inf")
        version = schedule["LastModificationDate"]
        seen, last = self.fired.get(key, (version, None))
        fired = last is not None and seen == version
        if once and fired:
            return
        due = self.next_due(expression, schedule.get("ScheduleExpressionTimezone") or "UTC",
                            last if fired else max(version, begins))
        if due is None or not max(due, begins) <= now <= ends:
            return
        self.fired[key] = (version, now)
        self.fire(key, schedule, due)
        if once and schedule.get("ActionAfterCompletion") == "DELETE":
            self.scheduler._schedules._data.pop(key, None)

    def fire(self, key: Any, schedule: dict[str, Any], due: float) -> None:
        account, region = key[0], key[1]
        event_id = self.scheduler.new_uuid()
        target = dict(schedule["Target"])
        if isinstance(target.get("Input"), str):
            written = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name, value in {"schedule-arn": schedule["Arn"], "scheduled-time": written,
                                "execution-id": event_id, "attempt-number": "1"}.items():
                target["Input"] = target["Input"].replace(f"<aws.scheduler.{name}>", value)
        event = {"EventId": event_id, "Source": "aws.scheduler", "DetailType": "Scheduled Event", "Detail": "{}",
                 "Time": due, "Resources": [schedule["Arn"]], "Account": account, "Region": region}
        with acting_as(account, region):
            self.eventbridge._invoke_target(target, event, schedule)


class Expiry:
    """Removes what has expired; takes the place of the emulator's own sweep, which leaves no record of it."""

    def __init__(self) -> None:
        from ministack.services import dynamodb

        self.tables = dynamodb
        remove = dynamodb._remove_item

        def remove_unless_reaper(*item: Any) -> Any:
            if threading.current_thread().name == "dynamodb-ttl-reaper":
                return None
            return remove(*item)

        dynamodb._remove_item = remove_unless_reaper

    def sweep(self) -> None:
        now = time.time()
        with self.tables._lock:
            for (account, region, name), setting in list(self.tables._ttl_settings.all_items()):
                table = self.tables._tables.get_scoped(account, region, name)
                if table and setting.get("TimeToLiveStatus") == "ENABLED":
                    with acting_as(account, region):
                        self.sweep_table(name, table, setting["AttributeName"], now)

    def sweep_table(self, name: str, table: dict[str, Any], attribute: str, now: float) -> None:
        for partition, items in list(table["items"].items()):
            for sort, item in list(items.items()):
                if is_expired(item.get(attribute), now):
                    self.tables._remove_item(table, partition, sort)
                    self.tables._emit_stream_event(name, "REMOVE", item, None)
                    if records := self.tables._stream_records.get(name):
                        records[-1]["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def is_expired(value: dict[str, Any] | None, now: float) -> bool:
    """Only a Number counts, and not one that is years past."""
    if not value or "N" not in value:
        return False
    return now - TTL_YEARS_MAX * 365 * 86_400 < float(value["N"]) <= now


class acting_as:  # noqa: N801 (reads as a sentence where it is used)
    """The account and region that the emulator takes for the caller's."""

    def __init__(self, account: str, region: str) -> None:
        from ministack.core import responses

        self.responses = responses
        self.then = (account, region)
        self.before = (responses.get_account_id(), responses.get_region())

    def __enter__(self) -> None:
        self.take(*self.then)

    def __exit__(self, *_: object) -> None:
        self.take(*self.before)

    def take(self, account: str, region: str) -> None:
        self.responses.set_request_account_id(account)
        self.responses.set_request_region(region)


def every(seconds: float, task: Any) -> None:
    def forever() -> None:
        while True:
            time.sleep(seconds)
            try:
                task()
            except Exception as error:  # a sweep that failed once is tried again; the emulator goes on
                print(f"{task.__qualname__}: {error!r}", file=sys.stderr)

    threading.Thread(target=forever, daemon=True, name=task.__qualname__).start()


def announce(port: int) -> None:
    """One line, when the port answers."""
    def wait() -> None:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        print(os.environ["AWS_ENDPOINT_URL"], flush=True)

    threading.Thread(target=wait, daemon=True, name="announce").start()


def run() -> None:
    options = arguments()
    port = options.port or free_port()
    prepare_environment(options, port)
    answer_at_once()
    if options.states:
        start_executions_at(options.states)
    from ministack.services import scheduler

    scheduler._tick_schedules = lambda: None
    every(options.sweep, Schedules().sweep)
    every(options.sweep, Expiry().sweep)
    announce(port)
    from ministack import app

    if options.meter:
        from stack.meter import Meter

        app.app = Meter(app.app)
        app.app.watch_functions()
        app.app.watch_states()
    from stack.faults import Faults
    from stack.partitions import read_by_key

    read_by_key()
    app.app = Faults(app.app)
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    run()
