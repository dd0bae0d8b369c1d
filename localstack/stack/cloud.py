"""A client per service of one account, wherever its services answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

ACCOUNT = "000000000000"
RETRIES = Config(retries={"mode": "standard", "max_attempts": 5})


@dataclass
class Cloud:
    """`url` answers for every service but Step Functions, which may have an interpreter of its own at `states`."""

    url: str
    states: str | None = None
    region: str = "eu-central-1"
    clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_environment(cls) -> Cloud:
        """The emulator that the usual variables name; never an account in the cloud."""
        url = os.environ.get("AWS_ENDPOINT_URL")
        if not url:
            raise SystemExit("AWS_ENDPOINT_URL names no emulator: run localstack/up, then eval \"$(localstack/env)\"")
        return cls(url, os.environ.get("AWS_ENDPOINT_URL_SFN"), os.environ.get("AWS_REGION", "eu-central-1"))

    def client(self, service: str, url: str | None = None) -> Any:
        key = f"{service} {url or ''}"
        if key not in self.clients:
            own = self.states if service == "stepfunctions" else None
            self.clients[key] = boto3.client(
                service, endpoint_url=url or own or self.url, region_name=self.region,
                aws_access_key_id=ACCOUNT, aws_secret_access_key="test", config=RETRIES)
        return self.clients[key]

    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to find this account instead of one in the cloud."""
        named = {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region,
                 "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
        return named | ({"AWS_ENDPOINT_URL_SFN": self.states} if self.states else {})
