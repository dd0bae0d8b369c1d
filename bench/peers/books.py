"""What every peer reads, and how it reports: the same four tables out of the same three files.

Customers.csv has three title rows above its header. In Invoices.csv the header fields stand on an invoice's first
row only, so each row is a line and a row with a customer is an invoice too. A record is one contact, one invoice,
one invoice line or one payment row.
"""

import csv
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

TITLE_ROWS = 3

# Per table: the file, the rows above its header, and (column in the file, name, kind) for each field.
TABLES = {
    "contacts": (
        "Customers.csv",
        TITLE_ROWS,
        [
            ("Customer full name", "name", "text"),
            ("Phone numbers", "phone", "text"),
            ("Email", "email", "text"),
            ("Full name", "person", "text"),
            ("Bill address", "bill_address", "text"),
            ("Ship address", "ship_address", "text"),
        ],
    ),
    "invoices": (
        "Invoices.csv",
        0,
        [
            ("*InvoiceNo", "number", "text"),
            ("*Customer", "customer", "text"),
            ("*InvoiceDate", "issued", "date"),
            ("*DueDate", "due", "date"),
            ("Terms", "terms", "text"),
            ("Location", "location", "text"),
            ("Memo", "memo", "text"),
            ("Currency", "currency", "text"),
            ("Exchange Rate", "exchange_rate", "rate"),
        ],
    ),
    "invoice_lines": (
        "Invoices.csv",
        0,
        [
            ("*InvoiceNo", "number", "text"),
            ("Item(Product/Service)", "item", "text"),
            ("ItemDescription", "description", "text"),
            ("ItemQuantity", "quantity", "rate"),
            ("ItemRate", "price", "money"),
            ("*ItemAmount", "amount", "money"),
            ("*ItemTaxCode", "tax_code", "text"),
            ("ItemTaxAmount", "tax", "money"),
            ("Service Date", "service_date", "date"),
        ],
    ),
    "payments": (
        "Received Payments.csv",
        0,
        [
            ("Receive Payment #", "number", "text"),
            ("Payment Date", "paid", "date"),
            ("Reference No.", "reference", "text"),
            ("Customer", "customer", "text"),
            ("Payment Method", "method", "text"),
            ("Memo", "memo", "text"),
            ("Deposit To", "deposit_to", "text"),
            ("Invoice Apply", "invoice", "text"),
            ("Amount Received", "amount", "money"),
            ("Currency", "currency", "text"),
            ("Exchange Rate", "exchange_rate", "rate"),
        ],
    ),
}


def iso_date(text):
    """12/31/2026 as 2026-12-31; a date that is none raises."""
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day)).isoformat()


def text_or_none(text):
    return text.strip() or None


def date_or_none(text):
    text = text.strip()
    return iso_date(text) if text else None


def decimal_or_none(text):
    text = text.strip()
    return Decimal(text) if text else None


CONVERT = {"text": text_or_none, "date": date_or_none, "money": decimal_or_none, "rate": decimal_or_none}


def raw_rows(folder, table):
    """The rows of a table's file as lists, and for each wanted field its name, place and conversion."""
    name, title_rows, fields = TABLES[table]
    with open(Path(folder) / name, encoding="utf-8", newline="") as file:
        for _ in range(title_rows):
            next(file)
        reader = csv.reader(file)
        header = next(reader)
        yield [(field, header.index(column), CONVERT[kind]) for column, field, kind in fields]
        yield from reader


def records(folder, table):
    """The cleaned records of a table as dictionaries."""
    rows = raw_rows(folder, table)
    fields = next(rows)
    only_headers = table == "invoices"
    for row in rows:
        if only_headers and not row[1]:
            continue
        yield {field: convert(row[place]) for field, place, convert in fields}


def report(tool, seconds, count):
    """The one line each peer prints; `seconds` excludes the time to start Python and import libraries."""
    json.dump({"tool": tool, "records": count, "seconds": round(seconds, 3)}, sys.stdout)
    print(flush=True)
