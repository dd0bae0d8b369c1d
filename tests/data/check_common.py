"""Reading matter shared by the checks: CSV with line numbers, amounts, comparing lists."""

import csv
import io
import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent


def expected(name):
    return json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))


def records(path, encoding="utf-8-sig", delimiter=","):
    """(line on which the record begins, cells); blank lines come as []."""
    text = path.read_bytes().decode(encoding)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begin, found = 1, []
    for row in reader:
        found.append((begin, row))
        begin = reader.line_num + 1
    return found


def table(path, first_column, **how):
    """Rows under the header that begins with `first_column`, as (line, {column: cell}, number of cells)."""
    rows = records(path, **how)
    at = next(i for i, (_, row) in enumerate(rows) if row and row[0] == first_column)
    header = rows[at][1]
    return header, [(line, dict(zip(header, row)), len(row)) for line, row in rows[at + 1 :]]


AMOUNT = re.compile(r"(-?)\$?(\()?\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\)?")


def amount(cell, comma=False):
    """1,234.50 / -12.00 / (12.00) / $(12.00); 1.234,50 where `comma`. ValueError where it is none of them."""
    cell = cell.strip()
    if comma:
        cell = cell.replace(".", "").replace(",", ".")
    match = AMOUNT.fullmatch(cell)
    if not match:
        raise ValueError(cell)
    value = Decimal(match[3].replace(",", "") + (match[4] or ""))
    return -value if match[1] or match[2] else value


def us(cell):
    return datetime.strptime(cell, "%m/%d/%Y").date().isoformat()


def uk(cell):
    return datetime.strptime(cell, "%d/%m/%Y").date().isoformat()


def differ(what, found, wanted):
    """Differences between two collections of dicts, order left aside."""

    def key(row):
        return json.dumps(row, sort_keys=True, ensure_ascii=False)

    found, wanted = sorted(map(key, found)), sorted(map(key, wanted))
    for row in found:
        if row in wanted:
            wanted.remove(row)
        else:
            yield f"{what}: found, not expected: {row}"
    for row in wanted:
        yield f"{what}: expected, not found: {row}"


def open_items(documents, payments, debt, credit, payment):
    """Balance per contact and currency in one pass with signs, zero balances of nothing left out."""
    sums = {}
    for row in documents + payments:
        entity = row["entity"]
        column = {debt: 0, credit: 1, payment: 2}.get(entity)
        if column is None or row.get("status", "open") != "open":
            continue
        value = Decimal(row["unapplied"] if entity == payment else row["outstanding"])
        sums.setdefault((row["contact"], row["currency"]), [Decimal("0.00")] * 3)[column] += value
    return [
        dict(contact=c, currency=k, documents=str(v[0]), credits=str(v[1]), unapplied=str(v[2]), balance=str(v[0] - v[1] - v[2]))
        for (c, k), v in sums.items()
        if any(v)
    ]


def totals(documents, payments):
    rows = {}
    for row in documents + payments:
        entry = rows.setdefault((row["entity"], row["currency"], row.get("status", "open")), [0, Decimal("0.00"), Decimal("0.00")])
        entry[0] += 1
        entry[1] += Decimal(row["total"])
        entry[2] += Decimal(row.get("unapplied") or row.get("outstanding") or 0)
    return [dict(entity=e, currency=c, status=s, count=v[0], total=str(v[1]), outstanding=str(v[2])) for (e, c, s), v in rows.items()]
