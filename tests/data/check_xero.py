"""Works the truth of the Xero sample out from its files."""

import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

from check_common import HERE, amount, differ, expected, open_items, records, table, totals, uk

FOLDER = HERE / "xero"
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
ENTITIES = {"Sales invoice": "invoice", "Sales credit note": "credit_note", "Bill": "bill", "Bill credit note": "bill_credit"}
STATUS = {"Paid": "open", "Awaiting Payment": "open", "Draft": "draft", "Voided": "voided"}
AMOUNTS = ["Total", "TaxTotal", "InvoiceAmountPaid", "InvoiceAmountDue", "Quantity", "UnitAmount", "LineAmount", "TaxAmount"]


def workbook(path):
    """Rows of the first sheet as text: numbers at 15 digits as a spreadsheet shows them, dates as dd/mm/yyyy."""
    with zipfile.ZipFile(path) as book:
        strings = [si.findtext("m:t", namespaces=NS) for si in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    for row in sheet.iter("{%s}row" % NS["m"]):
        cells = {}
        for cell in row:
            value = cell.findtext("m:v", namespaces=NS)
            place = 0
            for letter in cell.get("r").rstrip("0123456789"):
                place = place * 26 + ord(letter) - 64
            if cell.get("t") == "s":
                value = strings[int(value)]
            elif cell.get("s") == "1":
                value = (date(1899, 12, 30) + timedelta(days=int(value))).strftime("%d/%m/%Y")
            elif cell.get("t") is None:
                value = format(float(value), ".15g")
            cells[place - 1] = value
        yield int(row.get("r")), cells


def sheets():
    """(file, rows as (line, {column: text}, complete), decimal comma, reader of dates) for each document file."""
    for name, encoding, delimiter in [
        ("SalesInvoices.csv", "utf-8-sig", ","),
        ("Bills.csv", "cp1252", ","),
        ("Bills saved in Germany.csv", "utf-16", ";"),
    ]:
        (_, header), *rows = records(FOLDER / name, encoding, delimiter)
        german = delimiter == ";"
        day = (lambda cell: datetime.strptime(cell, "%d.%m.%Y").date().isoformat()) if german else uk
        yield name, [(line, dict(zip(header, row)), len(row) == len(header)) for line, row in rows], german, day
    (_, header), *rows = workbook(FOLDER / "SalesInvoices Jul-Sep.xlsx")
    yield "SalesInvoices Jul-Sep.xlsx", [(line, {name: cells.get(i, "") for i, name in header.items()}, True) for line, cells in rows], False, uk


def fault(row, complete, comma, day):
    if not complete:
        return None, "columns", ",".join(row.values())
    if not row["ContactName"]:
        return "ContactName", "missing", ""
    for column in ("InvoiceDate", "DueDate"):
        try:
            day(row[column])
        except ValueError:
            return column, "date", row[column]
    for column in AMOUNTS:
        try:
            amount(row[column], comma)
        except ValueError:
            return column, "amount", row[column]
    if row["Currency"] not in ("GBP", "EUR", "USD"):
        return "Currency", "currency", row["Currency"]
    return None


def documents(rejects):
    """Rows with the same type, number, contact, date and total are one document."""
    found = {}
    for name, rows, comma, day in sheets():
        for line, row, complete in rows:
            wrong = fault(row, complete, comma, day)
            if wrong:
                rejects.append(
                    dict(file=name, line=line, column=wrong[0], kind=wrong[1], text=wrong[2], document=row["InvoiceNumber"], lost_lines=[])
                )
                continue
            value = {column: abs(amount(row[column], comma)) if column in AMOUNTS[:4] else amount(row[column], comma) for column in AMOUNTS}
            key = (row["Type"], row["InvoiceNumber"], row["ContactName"], row["InvoiceDate"], value["Total"])
            doc = found.setdefault(
                key,
                dict(
                    entity=ENTITIES[row["Type"]],
                    number=row["InvoiceNumber"],
                    contact=row["ContactName"],
                    date=day(row["InvoiceDate"]),
                    due=day(row["DueDate"]),
                    currency=row["Currency"],
                    exchange_rate=None,
                    status=STATUS[row["Status"]],
                    lines=0,
                    tax=value["TaxTotal"],
                    total=value["Total"],
                    outstanding=value["InvoiceAmountDue"],
                    paid=value["InvoiceAmountPaid"],
                    sums=[Decimal(0), Decimal(0)],
                ),
            )
            assert (doc["outstanding"], doc["paid"], doc["tax"]) == (value["InvoiceAmountDue"], value["InvoiceAmountPaid"], value["TaxTotal"]), row
            doc["lines"] += 1
            doc["sums"][0] += value["LineAmount"]
            doc["sums"][1] += value["TaxAmount"]
            off = Decimal("100") - amount(row["Discount"] or "0", comma)
            assert abs(value["Quantity"] * value["UnitAmount"] * off / 100 - value["LineAmount"]) <= Decimal("0.005"), row
    return list(found.values())


def two(value):
    return str(value.quantize(Decimal("0.01")))


def check():
    wanted, rejects = expected("xero"), []
    docs = documents(rejects)
    settlements = []
    for doc in docs:
        net, tax = (abs(x) for x in doc.pop("sums"))
        paid = doc.pop("paid")
        if tax != doc["tax"] or net + tax != doc["total"]:
            yield f"lines do not add up to {doc}"
        if doc["status"] != "voided" and doc["total"] != doc["outstanding"] + paid:
            yield f"paid and due do not add up to {doc}"
        if paid:
            settlements.append(
                dict(
                    entity=doc["entity"],
                    number=doc["number"],
                    contact=doc["contact"],
                    currency=doc["currency"],
                    explained=two(doc["total"]),
                    reported=two(doc["outstanding"]),
                    difference=two(paid),
                )
            )
        doc.update({key: two(doc[key]) for key in ("tax", "total", "outstanding")})
    names = [row["*ContactName"] for _, row, _ in table(FOLDER / "Contacts.csv", "*ContactName")[1]]
    extra = sorted({doc["contact"] for doc in docs} - set(names))
    counts = {
        "account": len(table(FOLDER / "ChartOfAccounts.csv", "*Code")[1]),
        "contact": len(names) + len(extra),
        "item": len(table(FOLDER / "Items.csv", "*ItemCode")[1]),
        "customer": len({d["contact"] for d in docs if d["entity"] in ("invoice", "credit_note")}),
        "supplier": len({d["contact"] for d in docs if d["entity"] in ("bill", "bill_credit")}),
    }
    for doc in docs:
        counts[doc["entity"]] = counts.get(doc["entity"], 0) + 1
    for row in wanted["settlements"]:
        row.pop("why")
    if wanted["lists"]["contacts_only_on_documents"] != extra:
        yield f"contacts only on documents: {extra}"
    yield from differ("counts", [counts], [wanted["counts"]])
    yield from differ("document", docs, wanted["documents"])
    yield from differ("receivable", open_items(docs, [], "invoice", "credit_note", "payment"), wanted["receivable"])
    yield from differ("payable", open_items(docs, [], "bill", "bill_credit", "bill_payment"), wanted["payable"])
    yield from differ("control total", totals(docs, []), wanted["control_totals"])
    yield from differ("settlement", settlements, wanted["settlements"])
    yield from differ("reject", rejects, wanted["rejects"])
