"""Works the truth of the QuickBooks sample out from its files."""

from decimal import Decimal

from check_common import HERE, amount, differ, expected, open_items, table, totals, us

FOLDER = HERE / "quickbooks"
CURRENCIES = {"USD", "CAD", "EUR"}
FORMS = [
    ("Invoices.csv", "invoice", "*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Item"),
    ("Credit Memos.csv", "credit_note", "*CreditMemoNo", "*Customer", "*CreditMemoDate", "*DueDate", "Item"),
    ("Estimates.csv", "estimate", "*EstimateNo", "*Customer", "*EstimateDate", "*ExpirationDate", "Item"),
    ("Sales Receipts.csv", "sales_receipt", "*SalesReceiptNo", "*Customer", "*SalesReceiptDate", "*DueDate", "Item"),
    ("Bills.csv", "bill", "*BillNo", "*Vendor", "*BillDate", "*DueDate", "Line"),
    ("Vendor Credits.csv", "bill_credit", "*VendorCreditNo", "*Vendor", "*VendorCreditDate", "*DueDate", "Line"),
]


def groups(rows, number, contact, day):
    """A new document begins where the header fields do, or where the number changes."""
    found, last = [], None
    for line, row, width in rows:
        begins = row.get(contact) or row.get(day) or (row[number] and row[number] != last)
        if begins:
            found.append([])
            last = row[number]
        found[-1].append((line, row, width))
    return found


def fault(rows, width, form):
    """The first thing wrong with a document: (line, column, kind, text), or None."""
    _, _, number, contact, day, due, part = form
    line, head, _ = rows[0]
    for at, row, cells in rows:
        if cells != width:
            return at, None, "columns", ",".join(row.values())
    for column in (number, contact):
        if not head[column]:
            return line, column, "missing", ""
    for column in (day, due):
        try:
            us(head[column])
        except ValueError:
            return line, column, "date", head[column]
    if head["Currency"] not in CURRENCIES:
        return line, "Currency", "currency", head["Currency"]
    for at, row, _ in rows:
        for column in (f"*{part}Amount", f"{part}TaxAmount"):
            try:
                amount(row[column])
            except ValueError:
                return at, column, "amount", row[column]
    return None


def documents(rejects):
    found = []
    for form in FORMS:
        name, entity, number, contact, day, due, part = form
        header, rows = table(FOLDER / name, number)
        for group in groups(rows, number, contact, day):
            wrong = fault(group, len(header), form)
            head = group[0][1]
            if wrong:
                rejects.append(
                    dict(
                        file=name,
                        line=wrong[0],
                        column=wrong[1],
                        kind=wrong[2],
                        text=wrong[3],
                        document=head[number] or None,
                        lost_lines=[line for line, _, _ in group if line != wrong[0]],
                    )
                )
                continue
            tax = sum(amount(row[f"{part}TaxAmount"]) for _, row, _ in group)
            found.append(
                dict(
                    entity=entity,
                    number=head[number],
                    contact=head[contact],
                    date=us(head[day]),
                    due=us(head[due]),
                    currency=head["Currency"],
                    exchange_rate=head["Exchange Rate"] or None,
                    status="open",
                    lines=len(group),
                    tax=str(tax),
                    total=str(tax + sum(amount(row[f"*{part}Amount"]) for _, row, _ in group)),
                )
            )
    return found


def payments(docs, rejects):
    """Payments grouped by their number; a negative row uses up a credit."""
    found = {}
    for name, entity, number, contact, apply, paid, debt, credit in [
        ("Received Payments.csv", "payment", "Receive Payment #", "Customer", "Invoice Apply", "Amount Received", "invoice", "credit_note"),
        ("Bill Payments.csv", "bill_payment", "Bill Payment #", "Vendor", "Bill Apply", "Amount Paid", "bill", "bill_credit"),
    ]:
        _, rows = table(FOLDER / name, number)
        for line, row, _ in rows:
            reject = dict(file=name, line=line, document=row[number], lost_lines=[])
            try:
                value = amount(row[paid])
            except ValueError:
                rejects.append(dict(reject, column=paid, kind="amount", text=row[paid]))
                continue
            wanted = debt if value >= 0 else credit
            same = [d for d in docs if d["entity"] == wanted and d["number"] == row[apply] and (debt == "invoice" or d["contact"] == row[contact])]
            if row[apply] and not same:
                rejects.append(dict(reject, column=apply, kind="reference", text=row[apply]))
                continue
            pay = found.setdefault(
                (entity, row[number]),
                dict(
                    entity=entity,
                    number=row[number],
                    contact=row[contact],
                    date=us(row["Payment Date"]),
                    currency=row["Currency"],
                    exchange_rate=row["Exchange Rate"] or None,
                    total=Decimal("0.00"),
                    unapplied=Decimal("0.00"),
                    allocations=[],
                ),
            )
            pay["total"] += value
            if row[apply]:
                assert len(same) == 1, (row, same)
                same[0]["explained"] -= abs(value)
                pay["allocations"].append(dict(entity=wanted, number=row[apply], amount=str(abs(value))))
            else:
                pay["unapplied"] += value
    return [dict(pay, total=str(pay["total"]), unapplied=str(pay["unapplied"])) for pay in found.values()]


def reported():
    """Open balance per (type, contact, number) as the two balance reports state it."""
    found = {}
    for name in ("Customer Balance Detail.csv", "Vendor Balance Detail.csv"):
        contact, running = None, Decimal(0)
        for _, row, _ in table(FOLDER / name, "")[1]:
            if row.get("") and not row.get("Date"):
                if row[""].startswith("Total for "):
                    assert amount(row["Open Balance"]) == running, row
                contact, running = row[""], Decimal(0)
            elif row.get("Num"):
                running += amount(row["Open Balance"])
                assert amount(row["Balance"]) == running, row
                found[(row["Transaction Type"], contact, row["Num"])] = abs(amount(row["Open Balance"]))
    return found


def ledger():
    """Transactions of the Journal that no other file holds; all of them must balance."""
    kinds = {"Journal Entry": "journal", "Expense": "expense", "Transfer": "transfer", "Deposit": "bank_transaction"}
    found, seen, sums, current = [], set(), {}, None
    for line, row, _ in table(FOLDER / "Journal.csv", "Date")[1]:
        if row.get("Date") == "TOTAL":
            break
        if row.get("Date"):
            current = dict(
                kind=row["Transaction Type"],
                number=row["Num"],
                date=us(row["Date"]),
                contact=row["Name"] or None,
                lines=0,
                debit=Decimal(0),
                credit=Decimal(0),
            )
        if row.get("Account"):
            debit, credit = (amount(row[c]) if row[c] else Decimal(0) for c in ("Debit", "Credit"))
            current["lines"] += 1
            current["debit"] += debit
            current["credit"] += credit
            sums[row["Account"]] = sums.get(row["Account"], Decimal(0)) + debit - credit
        elif row.get("Debit"):
            assert current["debit"] == current["credit"] == amount(row["Debit"]), (line, current)
            seen.add((current["kind"], current["number"], current["contact"]))
            if current["kind"] in kinds:
                found.append(
                    dict(
                        entity=kinds[current["kind"]],
                        number=current["number"],
                        date=current["date"],
                        contact=current["contact"],
                        lines=current["lines"],
                        total=str(current["debit"]),
                    )
                )
    return found, seen, sums


def lists(rejects):
    counts = {}
    for name, entity, column in [
        ("Customers.csv", "customer", "Customer full name"),
        ("Vendors.csv", "supplier", "Vendor"),
        ("Account List.csv", "account", "Account name"),
        ("Products and Services.csv", "item", "Product/Service"),
    ]:
        names = []
        for line, row, width in table(FOLDER / name, column)[1]:
            if width < 2 or " GMT" in row[column]:
                continue
            if row[column]:
                names.append(row[column])
            else:
                rejects.append(dict(file=name, line=line, column=column, kind="missing", text="", document=None, lost_lines=[]))
        assert len(set(names)) == len(names), name
        counts[entity] = names
    return counts


def check():
    wanted, rejects = expected("quickbooks"), []
    names = lists(rejects)
    docs = documents(rejects)
    for doc in docs:
        doc["explained"] = Decimal(doc["total"])
    pays = payments(docs, rejects)
    report = reported()
    words = {"invoice": "Invoice", "credit_note": "Credit Memo", "bill": "Bill", "bill_credit": "Vendor Credit"}
    settlements = []
    for doc in docs:
        explained = doc.pop("explained")
        doc["outstanding"] = "0.00" if doc["entity"] == "sales_receipt" else None
        if doc["entity"] in words:
            stated = report.pop((words[doc["entity"]], doc["contact"], doc["number"]), Decimal("0.00"))
            doc["outstanding"] = str(stated)
            if stated != explained:
                settlements.append(
                    dict(
                        entity=doc["entity"],
                        number=doc["number"],
                        contact=doc["contact"],
                        currency=doc["currency"],
                        explained=str(explained),
                        reported=str(stated),
                        difference=str(explained - stated),
                    )
                )
    for pay in pays:
        if pay["unapplied"] != "0.00":
            assert report.pop(("Payment", pay["contact"], pay["number"])) == Decimal(pay["unapplied"]), pay
    for left in report:
        yield f"balance report lists what no file holds: {left}"
    book, seen, sums = ledger()
    for doc in docs:
        kind = dict(words, sales_receipt="Sales Receipt").get(doc["entity"])
        if kind and (kind, doc["number"], doc["contact"]) not in seen:
            yield f"the Journal lacks {doc}"
    for _, row, width in table(FOLDER / "Account List.csv", "Account name")[1]:
        if width > 1 and row["Total balance"] and abs(amount(row["Total balance"])) != abs(sums.get(row["Account name"], 0)):
            yield f"Account List and Journal disagree: {row}"
    counts = {key: len(value) for key, value in names.items()}
    counts["contact"] = counts["customer"] + counts["supplier"]
    for row in docs + pays + book:
        counts[row["entity"]] = counts.get(row["entity"], 0) + 1
        if row.get("contact") and row["contact"] not in names["customer"] + names["supplier"]:
            yield f"contact in no list: {row}"
    for doc in [d for d in wanted["documents"] if d["entity"] in ("credit_note", "sales_receipt")]:
        doc["due"] = doc["due"] or doc["date"]
    for row in wanted["settlements"]:
        row.pop("why")
    yield from differ("counts", [counts], [wanted["counts"]])
    yield from differ("document", docs, wanted["documents"])
    yield from differ("payment", pays, wanted["payments"])
    yield from differ("ledger", book, wanted["ledger"])
    yield from differ("receivable", open_items(docs, pays, "invoice", "credit_note", "payment"), wanted["receivable"])
    yield from differ("payable", open_items(docs, pays, "bill", "bill_credit", "bill_payment"), wanted["payable"])
    yield from differ("control total", totals(docs, pays), wanted["control_totals"])
    yield from differ("trial balance", [dict(account=a, currency="USD", balance=str(v)) for a, v in sums.items() if v], wanted["trial_balance"])
    yield from differ("settlement", settlements, wanted["settlements"])
    yield from differ("reject", rejects, wanted["rejects"])
