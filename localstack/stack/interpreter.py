"""LocalStack's own Step Functions interpreter, with every service that a state calls answered by MiniStack.

The stricter second opinion on the flow: it validates a definition, fails on a path that leads nowhere, keeps to the
payload limit. Runs without Docker. Listens where GATEWAY_LISTEN says; CARRY_BACKEND is MiniStack's URL.
"""

from __future__ import annotations

import os
from typing import Any

from localstack.aws.connect import InternalClientFactory


def send_calls_to(backend: str) -> None:
    """States call MiniStack; what the interpreter asks of Step Functions itself stays here."""
    get_client = InternalClientFactory.get_client

    def get_client_of(self: Any, service_name: str, *args: Any, endpoint_url: str | None = None, **named: Any) -> Any:
        elsewhere = backend if service_name != "stepfunctions" else None
        return get_client(self, service_name, *args, endpoint_url=endpoint_url or elsewhere, **named)

    InternalClientFactory.get_client = get_client_of


if __name__ == "__main__":
    send_calls_to(os.environ["CARRY_BACKEND"])
    from localstack.runtime.main import main

    main()
