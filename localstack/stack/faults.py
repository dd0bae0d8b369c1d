"""Faults that the services in the cloud make and an emulator never does: calls that are throttled, and answers that are
lost after the call was carried out.

Asked for at `/_carry/faults`: PUT `{"dynamodb": 7, "s3": 5}` lets every seventh call of DynamoDB and every fifth of S3
fail, one time as refused, the next time with its answer lost; PUT `{}` ends it. GET tells how many failed.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

from stack.meter import whole

PATH = "/_carry/faults"
THROTTLED = {
    "dynamodb": (400, b"application/x-amz-json-1.0",
                 b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}'),
    "s3": (503, b"application/xml", b"<Error><Code>SlowDown</Code><Message>slow</Message></Error>"),
}
LOST = {
    "dynamodb": (500, b"application/x-amz-json-1.0", b'{"__type":"InternalServerError","message":"lost"}'),
    "s3": (500, b"application/xml", b"<Error><Code>InternalError</Code><Message>lost</Message></Error>"),
}


class Faults:
    """An ASGI application around another one."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.lock = threading.Lock()
        self.every: dict[str, int] = {}
        self.calls: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == PATH:
            await self.configure(scope["method"], receive, send)
        elif (service := self.due(service_of(scope))) is None:
            await self.app(scope, receive, send)
        elif self.failed[service] % 2:
            await whole(receive)
            await answer(send, *THROTTLED[service])
        else:
            await self.app(scope, receive, nowhere)
            await answer(send, *LOST[service])

    async def configure(self, method: str, receive: Any, send: Any) -> None:
        if method == "PUT":
            wanted = json.loads(await whole(receive) or b"{}")
            with self.lock:
                self.every, self.calls, self.failed = wanted, Counter(), Counter()
        await answer(send, 200, b"application/json", json.dumps(self.failed).encode())

    def due(self, service: str | None) -> str | None:
        """The service, where this call of it is to fail."""
        if service is None or not self.every.get(service):
            return None
        with self.lock:
            self.calls[service] += 1
            if self.calls[service] % self.every[service]:
                return None
            self.failed[service] += 1
            return service


def service_of(scope: Any) -> str | None:
    headers = dict(scope["headers"])
    if headers.get(b"x-amz-target", b"").startswith(b"DynamoDB_"):
        return "dynamodb"
    return "s3" if b"/s3/" in headers.get(b"authorization", b"") else None


async def nowhere(_: dict[str, Any]) -> None:
    """Takes an answer that is lost on the way."""


async def answer(send: Any, status: int, kind: bytes, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-type", kind), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
