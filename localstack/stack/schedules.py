"""When a schedule of EventBridge Scheduler is due, in its own time zone.

The rules are those of the service: a wall-clock time that the change to summer time skips does not fire, one that the
change back repeats fires once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ministack.services import eventbridge

TRIES_MAX = 16
"""Occurrences looked at for one that exists; summer time skips one a year."""


def next_due(expression: str, zone: str, after: float) -> float | None:
    """The first moment later than `after` at which `expression` is due; both in seconds since 1970.

    `at(...)` gives its moment whether it is past or not. Nothing comes back for an expression the emulator cannot read
    or one that is never due again.
    """
    if expression.startswith("at("):
        return _moment(datetime.fromisoformat(expression[3:-1]), ZoneInfo(zone))
    if (interval := eventbridge._parse_rate_seconds(expression)) is not None:
        return after + interval
    if (fields := eventbridge._parse_cron_fields(expression)) is not None:
        return _next_cron(fields, ZoneInfo(zone), after)
    return None


def _next_cron(fields: Any, zone: ZoneInfo, after: float) -> float | None:
    # The emulator's own search knows no zones: it is given the wall clock as if that were UTC.
    wall = datetime.fromtimestamp(after, zone).replace(tzinfo=UTC)
    for _ in range(TRIES_MAX):
        found = eventbridge._cron_next_fire(fields, wall)
        if found is None:
            return None
        if (moment := _moment(found.replace(tzinfo=None), zone)) is not None:
            return moment
        wall = found
    return None


def _moment(wall: datetime, zone: ZoneInfo) -> float | None:
    """The moment of a wall-clock time, or nothing where the zone skips that time."""
    local = wall.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        return None
    return local.timestamp()
