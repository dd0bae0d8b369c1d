"""Partitions that a query reads by their key, as the service does.

For each page of a query MiniStack examines every item of the partition, so that reading a large partition takes time by
the square of its size. Here a partition keeps its items in the order of their sort keys, and a query of a table (not of
an index) that reads forward is shown the items that its page can hold, from where it begins. The emulator still decides
which of them match, and where the page ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from types import ModuleType
from typing import Any

from sortedcontainers import SortedDict

PAGE_BYTES = 1024 * 1024
"""What the service reads for one page."""
KEY_CONDITION = re.compile(r"pk = (?P<pk>:\w+)(?: AND (?:sk > (?P<after>:\w+)|begins_with\(sk, (?P<prefix>:\w+)\)))?")
"""The conditions that begin somewhere in the partition; any other is left to the emulator."""

Item = dict[str, Any]


class Partition(SortedDict):
    """The items of a partition by sort key; to a query that is being answered, those that its page can hold."""

    page: list[Item] | None = None

    def values(self) -> Iterable[Item]:
        return super().values() if self.page is None else self.page


class Partitions(defaultdict):
    """The partitions of a table, in the place of a `defaultdict(dict)`."""

    def __init__(self, items: dict[str, dict[str, Item]]) -> None:
        super().__init__(Partition, {key: Partition(partition) for key, partition in items.items()})

    def setdefault(self, key: str, default: dict[str, Item] | None = None) -> Partition:
        if key not in self:
            self[key] = Partition(default or {})
        return self[key]


class Query:
    """Answers one query of a table whose keys are `pk` and `sk`, texts both."""

    def __init__(self, tables: ModuleType) -> None:
        self.tables = tables
        self.answer = tables._query

    def __call__(self, data: dict[str, Any]) -> Any:
        condition = KEY_CONDITION.fullmatch(data.get("KeyConditionExpression") or "")
        table = self.tables._tables.get(self.tables._normalize_table_name(data.get("TableName")))
        if not (condition and table) or data.get("IndexName") or not data.get("ScanIndexForward", True):
            return self.answer(data)
        given = {name: text(data.get("ExpressionAttributeValues", {}).get(value))
                 for name, value in condition.groupdict().items() if value}
        if not isinstance(table["items"], Partitions):  # the table was made a moment ago
            table["items"] = Partitions(table["items"])
        partition = table["items"].get(given["pk"])
        if partition is None:
            return self.answer(data)
        left_at = text(data.get("ExclusiveStartKey", {}).get("sk"))
        first = max(given.get("after", ""), given.get("prefix", ""), left_at)
        partition.page = list(self.page(partition, first, data.get("Limit")))
        try:
            return self.answer(data)
        finally:
            partition.page = None

    def page(self, partition: Partition, first: str, limit: int | None) -> Iterator[Item]:
        """Items from `first` on, one past the end of the page: the item at `first` may not match."""
        size = 0
        for key in islice(partition.irange(minimum=first), None if limit is None else int(limit) + 1):
            yield partition[key]
            size += self.tables._item_size_bytes(partition[key])
            if size > 2 * PAGE_BYTES:
                return


def text(value: dict[str, Any] | None) -> str:
    return (value or {}).get("S", "")


def read_by_key() -> None:
    from ministack.services import dynamodb

    dynamodb._query = Query(dynamodb)
