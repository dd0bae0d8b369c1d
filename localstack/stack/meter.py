"""Counts what a bill would count: calls and units of each service, and each function's time, processor time and memory.

Answers at `/_carry/meter` (GET reads, DELETE begins anew). Units of DynamoDB are those the emulator computes from the
sizes of items as the service documents it; the request is asked to return them.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from typing import Any

PATH = "/_carry/meter"
TICKS = os.sysconf("SC_CLK_TCK")
DYNAMODB = "dynamodb_20120810."
STEP_BYTES = 4096
"""What one consistent read reads."""
METERED = ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems",
           "TransactWriteItems", "UpdateItem")
READS = ("BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems")


class Meter:
    """An ASGI application around the emulator's own."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.lock = threading.Lock()
        self.begin()

    def begin(self) -> None:
        with self.lock:
            self.calls: Counter[str] = Counter()
            self.units: Counter[str] = Counter()
            self.bytes: Counter[str] = Counter()
            self.functions: dict[str, Counter[str]] = {}
            self.transitions = 0

    def reading(self) -> dict[str, Any]:
        """Calls as `service.Operation`, units as `read` and `write`, bytes of S3 bodies as `put`, transitions of states,
        and per function invocations, cold starts, wall and processor milliseconds (those of first invocations as
        `first_ms` too), starts' milliseconds and peak memory in KiB."""
        with self.lock:
            return {"calls": dict(self.calls), "units": dict(self.units), "bytes": dict(self.bytes),
                    "transitions": self.transitions,
                    "functions": {name: dict(figures) for name, figures in self.functions.items()}}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == PATH:
            await self.answer(scope["method"], send)
        else:
            await self.count(scope, receive, send)

    async def answer(self, method: str, send: Any) -> None:
        body = json.dumps(self.reading()).encode()
        if method == "DELETE":
            self.begin()
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    async def count(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        target = headers.get("x-amz-target", "")
        if target.lower().startswith(DYNAMODB):
            await self.count_items(target.split(".")[1], scope, receive, send)
            return
        if "/s3/" in headers.get("authorization", ""):
            self.count_object(scope, headers)
        elif target:
            with self.lock:
                self.calls[target] += 1
        await self.app(scope, receive, send)

    def count_object(self, scope: Any, headers: dict[str, str]) -> None:
        method = scope["method"]
        listing = method == "GET" and b"list-type=" in scope["query_string"]
        with self.lock:
            self.calls["s3.List" if listing else f"s3.{method.capitalize()}"] += 1
            if method == "PUT":
                size = headers.get("x-amz-decoded-content-length") or headers.get("content-length") or "0"
                self.bytes["put"] += int(size)

    async def count_items(self, operation: str, scope: Any, receive: Any, send: Any) -> None:
        body = await whole(receive)
        if operation in METERED:
            body = json.dumps(json.loads(body) | {"ReturnConsumedCapacity": "TOTAL"}).encode()
        scope = scope | {"headers": [(name, str(len(body)).encode() if name.lower() == b"content-length" else value)
                                     for name, value in scope["headers"]]}
        answered = bytearray()

        async def given() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def sent(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, given, sent)
        answer = json.loads(answered or b"{}")
        consumed = answer.get("ConsumedCapacity") or []
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        if operation in ("BatchGetItem", "Query"):
            units = read_units(operation, json.loads(body), answer)
        with self.lock:
            self.calls[f"dynamodb.{operation}"] += 1
            self.units["read" if operation in READS else "write"] += units

    def watch_functions(self) -> None:
        from ministack.core import lambda_runtime

        worker_class = lambda_runtime.ProvidedWorker
        invoke, spawn = worker_class.invoke, worker_class._spawn
        meter = self

        def timed_spawn(worker: Any, *arguments: Any, **named: Any) -> Any:
            began = time.monotonic()
            try:
                return spawn(worker, *arguments, **named)
            finally:
                meter.add(worker.func_name, cold=1, start_ms=(time.monotonic() - began) * 1_000)

        def timed_invoke(worker: Any, *arguments: Any, **named: Any) -> Any:
            began, spent = time.monotonic(), processor_ms(worker._proc)
            first = worker._proc is None
            result = invoke(worker, *arguments, **named)
            wall_ms = (time.monotonic() - began) * 1_000
            meter.add(worker.func_name, invocations=1, wall_ms=wall_ms, first_ms=wall_ms if first else 0,
                      cpu_ms=max(0.0, processor_ms(worker._proc) - spent), peak_kib=peak_kib(worker._proc))
            return result

        worker_class.invoke, worker_class._spawn = timed_invoke, timed_spawn

    def watch_states(self) -> None:
        """Each time a state is entered is one transition, in children of a map too."""
        from ministack.services import stepfunctions

        meter = self

        def counted(execute: Any) -> Any:
            def enter(*arguments: Any, **named: Any) -> Any:
                meter.transit()
                return execute(*arguments, **named)
            return enter

        for kind in ("pass", "task", "choice", "wait", "parallel", "map"):
            name = f"_execute_{kind}"
            setattr(stepfunctions, name, counted(getattr(stepfunctions, name)))
        add_event = stepfunctions._add_event

        def noted(execution: Any, kind: str, *arguments: Any, **named: Any) -> Any:
            if kind in ("SucceedStateEntered", "FailStateEntered"):
                meter.transit()
            return add_event(execution, kind, *arguments, **named)

        stepfunctions._add_event = noted

    def transit(self) -> None:
        with self.lock:
            self.transitions += 1

    def add(self, function: str, **figures: float) -> None:
        with self.lock:
            kept = self.functions.setdefault(function, Counter())
            for name, value in figures.items():
                kept[name] = max(kept[name], value) if name == "peak_kib" else kept[name] + value


def read_units(operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> float:
    """The emulator counts one unit for any of these calls. The service counts 4 KiB steps: of each item of a batch, one
    for a key that finds nothing; of all items of a query together. Sizes are those of the items as JSON: a little more
    than the service's own.
    """
    if operation == "Query":
        steps = max(1, -(-len(json.dumps(answer.get("Items", []))) // STEP_BYTES))
        return steps if asked.get("ConsistentRead") else steps / 2
    units = 0.0
    for table, request in asked["RequestItems"].items():
        found = answer.get("Responses", {}).get(table, [])
        steps = sum(-(-len(json.dumps(item)) // STEP_BYTES) for item in found) + len(request["Keys"]) - len(found)
        units += steps if request.get("ConsistentRead") else steps / 2
    return units


async def whole(receive: Any) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
    return bytes(body)


def processor_ms(process: Any) -> float:
    """What a process has used so far; nothing where it has gone."""
    try:
        with open(f"/proc/{process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except (AttributeError, OSError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) * 1_000 / TICKS


def peak_kib(process: Any) -> int:
    try:
        with open(f"/proc/{process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (AttributeError, OSError, StopIteration):
        return 0
