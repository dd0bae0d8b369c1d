"""What a migration costs in AWS: the counts of a metered run times the public prices of `prices.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

PRICES = Path(__file__).resolve().parent.parent / "prices.toml"
GB = 1_000_000_000
STORED_DAYS = 6
"""How long a migration's data is kept: the day of the run and the five until the purge."""


@dataclass
class Counts:
    """One run. `functions` maps each function to (memory in MB, invocations, wall ms, processor ms)."""

    functions: dict[str, tuple[int, int, float, float]]
    transitions: int
    write_units: float
    read_units: float
    puts: int
    gets: int
    secret_calls: int
    secrets: int
    staged_bytes: int
    log_bytes: int


def prices() -> dict:
    return tomllib.loads(PRICES.read_text())


def gb_seconds(memory_mb: int, wall_ms: float, cpu_ms: float, mb_per_processor: int) -> Decimal:
    """What Lambda bills for work measured on a whole processor.

    Waiting takes the time it takes. Computing takes longer by as much as the function's share of a processor is
    smaller; at more memory than one processor's it takes as long as measured.
    """
    waiting = Decimal(max(0.0, wall_ms - cpu_ms))
    slower = max(Decimal(1), Decimal(mb_per_processor) / memory_mb)
    return (waiting + Decimal(cpu_ms) * slower) / 1_000 * memory_mb / 1024


def bill(counts: Counts, price: dict, architecture: str = "arm64") -> dict[str, Decimal]:
    """US dollars per item, in the order a reader wants them."""
    lambda_, dynamodb, s3, secrets = price["lambda"], price["dynamodb"], price["s3"], price["secrets_manager"]
    seconds = sum((gb_seconds(memory, wall, cpu, lambda_["mb_per_processor"])
                   for memory, _, wall, cpu in counts.functions.values()), Decimal(0))
    invocations = sum(invocations for _, invocations, _, _ in counts.functions.values())
    month = Decimal(STORED_DAYS) / 30
    return {
        "Lambda time": seconds * Decimal(lambda_[f"gb_second_{architecture}"]),
        "Lambda calls": each(invocations, 1_000_000, lambda_["million_requests"]),
        "Step Functions": each(counts.transitions, 1_000, price["step_functions"]["thousand_transitions"]),
        "DynamoDB writes": each(counts.write_units, 1_000_000, dynamodb["million_write_units"]),
        "DynamoDB reads": each(counts.read_units, 1_000_000, dynamodb["million_read_units"]),
        "S3 puts and lists": each(counts.puts, 1_000, s3["thousand_puts"]),
        "S3 gets": each(counts.gets, 1_000, s3["thousand_gets"]),
        "S3 storage": each(counts.staged_bytes, GB, s3["gb_month"]) * month,
        "Secrets": each(counts.secret_calls, 10_000, secrets["ten_thousand_calls"])
        + counts.secrets * Decimal(secrets["secret_month"]) * month,
        "Logs": each(counts.log_bytes, GB, price["logs"]["gb_ingested"]),
    }


def each(count: float, per: int, price: str) -> Decimal:
    return Decimal(count) / per * Decimal(price)
