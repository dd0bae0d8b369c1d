"""Writes the sample books of Larkspur Landscaping in the shapes QuickBooks Online exports them.

Import-format files carry a document's header fields on its first row only. Sales forms repeat the number on
every row, bills and vendor credits do not: both are seen in real files. Reports begin with title rows and end
with a time stamp. The bad rows are put in here and returned as the list of what a reader must reject.
"""

import larkspur
from books import ZERO, CsvFile, cents

STAMP = " Wednesday, September 30, 2026 01:46 PM GMT-05:00"


def us(day):
    return f"{day:%m/%d/%Y}"


def money(amount):
    """1,234.50"""
    return "" if amount is None else f"{amount:,.2f}"


def plain(number):
    """2.5, 12, 1,250.00: quantities as they are, prices of a thousand and more with a comma."""
    if number is None:
        return ""
    return f"{number:,.2f}" if number >= 1000 else f"{number:f}"


def titled(width, *titles, newline="\r\n"):
    """A report file with its title rows and the blank row after them."""
    file = CsvFile(newline=newline)
    for title in titles:
        file.add([title] + [""] * (width - 1))
    file.raw("")
    return file


def footer(file, width):
    for _ in range(3):
        file.raw("")
    file.raw(f'"{STAMP}"' + "," * (width - 1))


class Rejects:
    """What a reader must refuse. `column` is None where the row as a whole cannot be read."""

    def __init__(self):
        self.rows = []

    def add(self, file, line, column, kind, text, document=None, lost_lines=()):
        self.rows.append(dict(file=file, line=line, column=column, kind=kind, text=text, document=document, lost_lines=list(lost_lines)))


def lists(folder, rejects):
    """Customers, vendors, accounts, products: the four list exports."""
    file = titled(6, larkspur.COMPANY, "Customer Contact List")
    file.add(["Customer full name", "Phone numbers", "Email", "Full name", "Bill address", "Ship address"])
    for i, (name, _, mail, phone, person, address) in enumerate(larkspur.CUSTOMERS):
        if i == 17:
            line = file.add(["", "Phone:(555) 010-1199", "lost.name@example.com", "", "12 Nowhere St\nSanta Rosa, CA 95401", ""])
            rejects.add("Customers.csv", line, "Customer full name", "missing", "")
        phones = "Phone:" + phone + (" Mobile:(555) 010-19%02d" % i if i % 5 == 0 else "") if phone else ""
        bill = "\n".join(address)
        file.add([name, phones, mail, person, bill, bill if i % 3 == 0 else ""])
    footer(file, 6)
    file.save(folder / "Customers.csv", "utf-8-sig")

    file = titled(6, larkspur.COMPANY, "Vendor Contact List")
    file.add(["Vendor", "Phone numbers", "Email", "Full name", "Address", "Account #"])
    for name, _, mail, phone, person, address, account in larkspur.VENDORS:
        file.add([name, "Phone:" + phone, mail, person, "\n".join(address), account])
    footer(file, 6)
    file.save(folder / "Vendors.csv", "utf-8-sig")

    file = CsvFile()
    file.add(["Product/Service", "Type", "SKU", "Description", "Price", "Cost", "Income account", "Expense account", "Taxable"])
    for item in larkspur.ITEMS:
        file.add(item)
    file.save(folder / "Products and Services.csv")


SALES = [
    "Terms",
    "Location",
    "Memo",
    "Item(Product/Service)",
    "ItemDescription",
    "ItemQuantity",
    "ItemRate",
    "*ItemAmount",
    "*ItemTaxCode",
    "ItemTaxAmount",
    "Currency",
    "Service Date",
    "Exchange Rate",
]


def sale_rows(doc, extra):
    """A sales form's rows: header fields on the first, the number on all."""
    rows = []
    for i, line in enumerate(doc["lines"]):
        first = i == 0
        head = (
            [doc["contact"], us(doc["date"]), us(doc.get("due") or doc["date"]), doc.get("terms", ""), doc["location"], doc["memo"]]
            if first
            else [""] * 6
        )
        service = us(doc["date"]) if line["account"] != "Landscaping Services:Job Materials" and doc["entity"] == "invoice" else ""
        amount = money(line["amount"])
        if line["amount"] < 0 and int(doc["date"].day) % 2:
            amount = f"({money(-line['amount'])})"
        tail = [doc["currency"] if first else "", service, f"{doc['rate']:f}" if first and doc["rate"] else ""]
        rows.append(
            [doc["number"]]
            + head
            + [line["item"], line["description"], plain(line["quantity"]), plain(line["price"]), amount, line["code"], money(line["tax"])]
            + tail
            + (extra(doc) if first else [""] * len(extra(doc)))
        )
    return rows


def plain_invoice(number, customer, day, due, item, quantity, rate, amount, currency="USD"):
    """A row of an invoice without tax; the rows that continue it leave the date out."""
    terms, currency = ("Net 30", currency) if day else ("", "")
    return [number, customer, day, due, terms, "", "", item, "", quantity, rate, amount, "NON", "0.00", currency, "", "", ""]


def bad_invoices():
    """(place, rows, index of the bad row, column, kind, text): whole documents that cannot be carried."""
    return [
        (
            9,
            [
                plain_invoice("00131", "Cedar Ridge Farm", "11/03/2025", "12/03/2025", "Maintenance:Pruning", "2", "78.00", "156.00"),
                plain_invoice("00131", "", "", "", "Topsoil", "3", "39.25", "117.7S"),
                plain_invoice("00131", "", "", "", "Bark mulch", "1", "48.90", "48.90"),
            ],
            1,
            "*ItemAmount",
            "amount",
            "117.7S",
        ),
        (
            33,
            [plain_invoice("2101", "Umber Studio", "02/30/2026", "03/30/2026", "Design:Site visit", "1", "95.00", "95.00")],
            0,
            "*InvoiceDate",
            "date",
            "02/30/2026",
        ),
        (51, [plain_invoice("2102", "", "02/17/2026", "03/19/2026", "Design:Garden plan", "1", "450.00", "450.00")], 0, "*Customer", "missing", ""),
        (
            70,
            [plain_invoice("2103", "Tidepool Cafe", "03/28/2026", "04/27/2026", "Flagstone", "160", "7.85", "1.256.00")],
            0,
            "*ItemAmount",
            "amount",
            "1.256.00",
        ),
        (
            88,
            [plain_invoice("2104", "Kestrel Winery, Inc.", "05/06/2026", "06/05/2026", "Maintenance:Pruning", "4", "78.00", "312.00", "XXQ")],
            0,
            "Currency",
            "currency",
            "XXQ",
        ),
        (
            101,
            [plain_invoice("", "Oak Hollow Cemetery", "06/08/2026", "07/08/2026", "Maintenance:Lawn mowing", "2", "62.50", "125.00")],
            0,
            "*InvoiceNo",
            "missing",
            "",
        ),
        (117, [["2105", "Cedar Ridge Farm", "07/20/2026"]], 0, None, "columns", "2105,Cedar Ridge Farm,07/20/2026"),
    ]


def sales(folder, books, rejects):
    """Invoices, credit memos, estimates and sales receipts."""
    forms = [
        ("Invoices.csv", "invoice", ["*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate"], ["Crew Chief"], lambda d: [d["chief"]]),
        ("Credit Memos.csv", "credit_note", ["*CreditMemoNo", "*Customer", "*CreditMemoDate", "*DueDate"], [], lambda d: []),
        ("Estimates.csv", "estimate", ["*EstimateNo", "*Customer", "*EstimateDate", "*ExpirationDate"], [], lambda d: []),
        (
            "Sales Receipts.csv",
            "sales_receipt",
            ["*SalesReceiptNo", "*Customer", "*SalesReceiptDate", "*DueDate"],
            ["Payment method", "Deposit to"],
            lambda d: [d["method"], d["account"]],
        ),
    ]
    for name, entity, head, more, extra in forms:
        file = CsvFile()
        file.add(head + SALES + more)
        bad = {place: rest for place, *rest in bad_invoices()} if entity == "invoice" else {}
        for i, doc in enumerate(books.of(entity)):
            for row in sale_rows(doc, extra):
                file.add(row)
            if i in bad:
                rows, at, column, kind, text = bad[i]
                lines = [file.add(row) for row in rows]
                rejects.add(name, lines[at], column, kind, text, rows[0][0] or None, lines[:at] + lines[at + 1 :])
        file.save(folder / name)


def bills(folder, books, rejects):
    """Bills and vendor credits; continuation rows leave the number empty too."""
    for name, entity, head in [
        ("Bills.csv", "bill", ["*BillNo", "*Vendor", "*BillDate", "*DueDate"]),
        ("Vendor Credits.csv", "bill_credit", ["*VendorCreditNo", "*Vendor", "*VendorCreditDate", "*DueDate"]),
    ]:
        file = CsvFile()
        file.add(
            head
            + [
                "Terms",
                "Location",
                "Memo",
                "*Account",
                "LineDescription",
                "*LineAmount",
                "*LineTaxCode",
                "LineTaxAmount",
                "Currency",
                "Exchange Rate",
            ]
        )
        for i, doc in enumerate(books.of(entity)):
            for j, line in enumerate(doc["lines"]):
                first = [doc["number"], doc["contact"], us(doc["date"]), us(doc["due"]), doc["terms"], doc["location"], doc["memo"]]
                tail = [doc["currency"], f"{doc['rate']:f}" if doc["rate"] else ""]
                file.add(
                    (first if j == 0 else [""] * 7)
                    + [line["account"], line["description"], money(line["amount"]), line["code"], money(line["tax"])]
                    + (tail if j == 0 else ["", ""])
                )
            if entity == "bill" and i == 22:
                line = file.add(
                    [
                        "GR-5519",
                        "Granite Rock Supply",
                        "13/45/2026",
                        "04/30/2026",
                        "Net 30",
                        "",
                        "",
                        "Cost of Goods Sold",
                        "Sand",
                        "88.00",
                        "NON",
                        "0.00",
                        "USD",
                        "",
                    ]
                )
                rejects.add(name, line, "*BillDate", "date", "13/45/2026", "GR-5519")
        file.save(folder / name)


def payments(folder, books, rejects):
    """One row per application. A used credit is a row of its own with a negative amount."""
    file = CsvFile()
    file.add(
        [
            "Receive Payment #",
            "Payment Date",
            "Reference No.",
            "Customer",
            "Payment Method",
            "Memo",
            "Deposit To",
            "Invoice Apply",
            "Amount Received",
            "Currency",
            "Exchange Rate",
        ]
    )
    paid = [p for p in books.payments if p["entity"] == "payment"]
    for i, pay in enumerate(paid):
        head = [pay["number"], us(pay["date"]), pay["reference"], pay["contact"], pay["method"], pay["memo"], pay["account"]]
        tail = [pay["currency"], f"{pay['rate']:f}" if pay["rate"] else ""]
        for doc, amount in pay["applied"]:
            file.add(head + [doc["number"], money(-amount if doc["entity"] == "credit_note" else amount)] + tail)
        if pay["unapplied"]:
            file.add(head + ["", money(pay["unapplied"])] + tail)
        if i == 40:
            line = file.add(["5990", us(pay["date"]), "1177", "Umber Studio", "Check", "", "Checking", "99999", "210.00", "USD", ""])
            rejects.add("Received Payments.csv", line, "Invoice Apply", "reference", "99999", "5990")
    file.save(folder / "Received Payments.csv")

    file = CsvFile()
    file.add(["Bill Payment #", "Payment Date", "Vendor", "Payment Method", "Bank Account", "Bill Apply", "Amount Paid", "Currency", "Exchange Rate"])
    paid = [p for p in books.payments if p["entity"] == "bill_payment"]
    still_open = next(d for d in books.of("bill") if d["open"] == d["total"] and d["currency"] == "USD")
    for i, pay in enumerate(paid):
        head = [pay["number"], us(pay["date"]), pay["contact"], pay["method"], pay["account"]]
        tail = [pay["currency"], f"{pay['rate']:f}" if pay["rate"] else ""]
        for doc, amount in pay["applied"]:
            file.add(head + [doc["number"], money(-amount if doc["entity"] == "bill_credit" else amount)] + tail)
        if i == 12:
            line = file.add(["1990", us(pay["date"]), still_open["contact"], "Check", "Checking", still_open["number"], "N/A", "USD", ""])
            rejects.add("Bill Payments.csv", line, "Amount Paid", "amount", "N/A", "1990")
    file.save(folder / "Bill Payments.csv")


def balance_detail(folder, books, name, debt, credit, payment, brackets):
    """What is open, grouped by contact, in the contact's currency; the last row totals in home currency."""

    def signed(amount, sign=""):
        if amount >= 0:
            return f"{sign}{amount:,.2f}"
        return f"{sign}({-amount:,.2f})" if brackets else f"-{sign}{-amount:,.2f}"

    file = titled(8, larkspur.COMPANY, name, "All Dates", newline="\n")
    file.add(["", "Date", "Transaction Type", "Num", "Due Date", "Amount", "Open Balance", "Balance"])
    words = {
        "invoice": "Invoice",
        "credit_note": "Credit Memo",
        "payment": "Payment",
        "bill": "Bill",
        "bill_credit": "Vendor Credit",
        "bill_payment": "Bill Payment (Check)",
    }
    rows = [
        (d["contact"], d["date"], words[d["entity"]], d["number"], us(d.get("due") or d["date"]), d["total"], d["open"], d["rate"])
        for d in books.of(debt)
        if d["open"]
    ]
    rows += [
        (d["contact"], d["date"], words[d["entity"]], d["number"], us(d.get("due") or d["date"]), -d["total"], -d["open"], d["rate"])
        for d in books.of(credit)
        if d["open"]
    ]
    rows += [
        (p["contact"], p["date"], words[payment], p["number"], us(p["date"]), -p["total"], -p["unapplied"], p["rate"])
        for p in books.payments
        if p["entity"] == payment and p["unapplied"]
    ]
    home = ZERO
    for contact in sorted({row[0] for row in rows}):
        file.add([contact] + [""] * 7)
        balance, total = ZERO, ZERO
        for _, day, kind, number, due, amount, still, rate in sorted((r for r in rows if r[0] == contact), key=lambda r: r[1:4]):
            balance += still
            total += amount
            home += cents(still * (rate or 1))
            file.add(["", us(day), kind, number, due, signed(amount), signed(still), signed(balance)])
        file.add([f"Total for {contact}", "", "", "", "", signed(total, "$"), signed(balance, "$"), ""])
    file.add(["TOTAL", "", "", "", "", "", signed(home, "$"), ""])
    footer(file, 8)
    file.save(folder / f"{name}.csv")


def control(base, currency):
    return base if currency == "USD" else f"{base} - {currency}"


def postings(books):
    """Every transaction in home currency: (date, type, number, name, [(account, memo, debit)])."""
    kinds = {
        "invoice": ("Invoice", 1),
        "credit_note": ("Credit Memo", -1),
        "sales_receipt": ("Sales Receipt", 1),
        "bill": ("Bill", -1),
        "bill_credit": ("Vendor Credit", 1),
    }
    found = []
    for doc in books.documents:
        if doc["entity"] not in kinds:
            continue
        kind, sign = kinds[doc["entity"]]
        rate = doc["rate"] or 1
        tax_account = "GST/HST Payable" if doc["currency"] == "CAD" else "Sales Tax Payable"
        lines = [(line["account"], line["description"], -sign * cents(line["amount"] * rate)) for line in doc["lines"]]
        tax = sum((line["tax"] for line in doc["lines"]), ZERO)
        if tax:
            lines.append((tax_account, "", -sign * cents(tax * rate)))
        base = "Accounts Payable (A/P)" if doc["entity"].startswith("bill") else "Accounts Receivable (A/R)"
        first = doc["account"] if doc["entity"] == "sales_receipt" else control(base, doc["currency"])
        found.append((doc["date"], kind, doc["number"], doc["contact"], [(first, doc["memo"], -sum(line[2] for line in lines))] + lines))
    for pay in books.payments:
        if not pay["total"]:
            continue
        sign, base, kind = (
            (1, "Accounts Receivable (A/R)", "Payment") if pay["entity"] == "payment" else (-1, "Accounts Payable (A/P)", "Bill Payment (Check)")
        )
        money_in = sign * cents(pay["total"] * (pay["rate"] or 1))
        owed = sum((cents(a * (d["rate"] or 1)) * (-1 if d["entity"] in ("credit_note", "bill_credit") else 1) for d, a in pay["applied"]), ZERO)
        owed = -sign * (owed + cents(pay["unapplied"] * (pay["rate"] or 1)))
        lines = [(pay["account"], pay.get("memo", ""), money_in), (control(base, pay["currency"]), "", owed)]
        if money_in + owed:
            lines.append(("Exchange Gain or Loss", "", -money_in - owed))
        found.append((pay["date"], kind, pay["number"], pay["contact"], lines))
    found += [(day, kind, number, name, lines) for kind, number, day, name, lines in books.other]
    return sorted(found, key=lambda t: (t[0], t[1], t[2]))


def journal(folder, books):
    """The Journal report: all types, as the real one has them. Answers the balance of each account."""
    file = titled(8, larkspur.COMPANY, "Journal", "October 1, 2025 - September 30, 2026", newline="\n")
    file.add(["Date", "Transaction Type", "Num", "Name", "Memo/Description", "Account", "Debit", "Credit"])
    balance, grand = {}, ZERO
    for day, kind, number, name, lines in postings(books):
        assert sum(line[2] for line in lines) == 0, (kind, number)
        total = ZERO
        for i, (account, memo, debit) in enumerate(lines):
            balance[account] = balance.get(account, ZERO) + debit
            total += max(debit, ZERO)
            head = [us(day), kind, number, name] if i == 0 else [""] * 4
            file.add(head + [memo, account, money(debit) if debit >= 0 else "", money(-debit) if debit < 0 else ""])
        file.add([""] * 6 + [f"${total:,.2f}"] * 2)
        file.add([""] * 8)
        grand += total
    file.add(["TOTAL"] + [""] * 5 + [f"${grand:,.2f}"] * 2)
    footer(file, 8)
    file.save(folder / "Journal.csv")
    return balance


def account_list(folder, balance):
    """The chart, with balances for the accounts of the balance sheet, credits negative on the asset side only."""
    file = titled(6, larkspur.COMPANY, "Account List")
    file.add(["Account name", "Account number", "Type", "Detail type", "Description", "Total balance"])
    liabilities = ("Accounts payable (A/P)", "Credit Card", "Other Current Liabilities", "Long Term Liabilities", "Equity")
    for name, number, kind, detail, description in larkspur.ACCOUNTS:
        amount = balance.get(name, ZERO)
        shown = "" if number >= "4000" else money(-amount if kind in liabilities else amount)
        file.add([name, number, kind, detail, description, shown.replace("-0.00", "0.00")])
    footer(file, 6)
    file.save(folder / "Account List.csv")


def write(folder, books):
    """Writes every file; answers counts per entity, the trial balance, what must be rejected, and the unknown columns."""
    rejects = Rejects()
    lists(folder, rejects)
    sales(folder, books, rejects)
    bills(folder, books, rejects)
    payments(folder, books, rejects)
    balance_detail(folder, books, "Customer Balance Detail", "invoice", "credit_note", "payment", False)
    balance_detail(folder, books, "Vendor Balance Detail", "bill", "bill_credit", "bill_payment", True)
    balance = journal(folder, books)
    account_list(folder, balance)
    entities = {"Journal Entry": "journal", "Expense": "expense", "Transfer": "transfer", "Deposit": "bank_transaction"}
    counts = {
        "account": len(larkspur.ACCOUNTS),
        "contact": len(larkspur.CUSTOMERS) + len(larkspur.VENDORS),
        "customer": len(larkspur.CUSTOMERS),
        "supplier": len(larkspur.VENDORS),
        "item": len(larkspur.ITEMS),
    }
    for entity in [d["entity"] for d in books.documents] + [p["entity"] for p in books.payments] + [entities[o[0]] for o in books.other]:
        counts[entity] = counts.get(entity, 0) + 1
    trial = [dict(account=name, currency="USD", balance=f"{amount:.2f}") for name, amount in sorted(balance.items()) if amount]
    return counts, trial, rejects.rows, [{"file": "Invoices.csv", "column": "Crew Chief"}]
