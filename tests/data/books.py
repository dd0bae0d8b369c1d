"""Shared by the scripts that make the sample books: dice, money, CSV with line numbers, expected.json.

Everything here is deterministic: the same script writes the same bytes on every machine.
"""

import csv
import io
import json
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(value):
    """Rounds half away from zero to two decimals, as the systems that write these exports do."""
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def text(amount):
    """A decimal as expected.json writes it: plain digits, two decimals, '.'."""
    return None if amount is None else f"{cents(amount):f}"


class Dice:
    """Random choices from `Random.random()` alone: Python promises the same stream in every version."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def below(self, n):
        return int(self._random.random() * n)

    def between(self, low, high):
        """An integer from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self._random.random() * 100 < percent

    def weighted(self, pairs):
        """One of [(item, weight), ...]."""
        at = self.below(sum(weight for _, weight in pairs))
        for item, weight in pairs:
            at -= weight
            if at < 0:
                return item
        raise AssertionError("the weights cover every throw")


class CsvFile:
    """Rows of one CSV file; `add` answers the physical line (from 1) on which the row begins."""

    def __init__(self, delimiter=",", newline="\r\n"):
        self._delimiter = delimiter
        self._newline = newline
        self._text = ""
        self._line = 1

    def add(self, row):
        out = io.StringIO()
        csv.writer(out, delimiter=self._delimiter, lineterminator=self._newline).writerow(row)
        return self.raw(out.getvalue()[: -len(self._newline)])

    def raw(self, line):
        begin = self._line
        self._text += line + self._newline
        self._line += line.count("\n") + 1
        return begin

    def save(self, path, encoding="utf-8"):
        Path(path).write_bytes(self._text.encode(encoding))


def write_expected(path, expected):
    """Writes expected.json with one list element per line, so that a change shows as one line."""
    parts = []
    for key, value in expected.items():
        if isinstance(value, list) and value:
            rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in value)
            parts.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    Path(path).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def control_totals(documents, payments):
    """Count, total and outstanding per entity, currency and status, sorted; a payment's total is the money
    that changed hands and its outstanding the part that is not applied."""
    totals = {}
    for doc in documents:
        row = totals.setdefault((doc["entity"], doc["currency"], doc["status"]), [0, ZERO, ZERO])
        row[0] += 1
        row[1] += Decimal(doc["total"])
        row[2] += Decimal(doc["outstanding"] or 0)
    for pay in payments:
        row = totals.setdefault((pay["entity"], pay["currency"], "open"), [0, ZERO, ZERO])
        row[0] += 1
        row[1] += Decimal(pay["total"])
        row[2] += Decimal(pay["unapplied"])
    return [
        {"entity": e, "currency": c, "status": s, "count": n, "total": text(t), "outstanding": text(o)}
        for (e, c, s), (n, t, o) in sorted(totals.items())
    ]


def balances(documents, payments, debt, credit, payment):
    """What is open per contact and currency: documents - credits - unapplied payments.

    `debt`, `credit` and `payment` name the entities of one ledger. Drafts and voided documents move nothing;
    contacts with nothing open are left out.
    """
    rows = {}
    for doc in documents:
        key = (doc["contact"], doc["currency"])
        if doc["status"] != "open":
            continue
        if doc["entity"] == debt:
            rows.setdefault(key, [ZERO, ZERO, ZERO])[0] += Decimal(doc["outstanding"])
        elif doc["entity"] == credit:
            rows.setdefault(key, [ZERO, ZERO, ZERO])[1] += Decimal(doc["outstanding"])
    for pay in payments:
        if pay["entity"] == payment:
            rows.setdefault((pay["contact"], pay["currency"]), [ZERO, ZERO, ZERO])[2] += Decimal(pay["unapplied"])
    return [
        {"contact": contact, "currency": currency, "documents": text(d), "credits": text(c), "unapplied": text(u), "balance": text(d - c - u)}
        for (contact, currency), (d, c, u) in sorted(rows.items())
        if d or c or u
    ]
