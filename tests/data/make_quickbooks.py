"""Makes quickbooks/: a year of Larkspur Landscaping LLC as QuickBooks Online exports, and expected.json.

Run: python3 make_quickbooks.py   (Python 3.9 or later, standard library only; the same bytes every time)
"""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import larkspur
import quickbooks_files
from books import ZERO, Dice, balances, cents, control_totals, text, write_expected

AS_OF = date(2026, 9, 30)
YEAR_START = date(2025, 10, 1)
TERMS = {"Net 30": 30, "Net 15": 15, "Due on receipt": 0, "Net 60": 60}
CURRENCY_OF = {row[0]: row[1] for row in larkspur.CUSTOMERS + larkspur.VENDORS}
TAX_OF = {
    "Harrow School District": "Washoe NV 8.265%",
    "Juniper Court Apartments": "Washoe NV 8.265%",
    "Quail Run Golf Club": "Washoe NV 8.265%",
    "Lakeview Hospitality Corp.": "HST ON 13%",
    "Island Gardens Ltd.": "GST 5%",
    "Pemberton Trust": "GST 5%",
}
PAYERS = {"Brightwater HOA:Clubhouse": "Brightwater HOA", "Brightwater HOA:Pool Deck": "Brightwater HOA"}


def rate_on(currency, day):
    """US dollars for one unit of `currency` on `day`; None for the US dollar."""
    if currency == "USD":
        return None
    quarter = ((day.year - 2025) * 12 + day.month - 10) // 3
    return Decimal(larkspur.RATES[currency][quarter])


class Books:
    """The company in memory: documents, payments, and what happened beside them."""

    def __init__(self):
        self.dice = Dice("larkspur")
        self.documents = []
        self.payments = []
        self.settlements = []
        self.other = []

    def of(self, *entities):
        return [d for d in self.documents if d["entity"] in entities]

    def document(self, entity, number, contact, day, lines, **more):
        currency = CURRENCY_OF[contact]
        total = sum((line["amount"] + line["tax"] for line in lines), ZERO)
        doc = dict(
            entity=entity,
            number=number,
            contact=contact,
            date=day,
            currency=currency,
            rate=rate_on(currency, day),
            lines=lines,
            total=total,
            open=total,
            **more,
        )
        self.documents.append(doc)
        return doc

    def pay(self, entity, contact, day, applied, unapplied=ZERO, **more):
        """Applies [(document, amount)]; a credit note's amount counts against the money that moved."""
        money = unapplied
        for doc, amount in applied:
            assert ZERO < amount <= doc["open"], (doc["number"], amount, doc["open"])
            doc["open"] -= amount
            money += -amount if doc["entity"] in ("credit_note", "bill_credit") else amount
        first = 5001 if entity == "payment" else 1201
        number = str(first + sum(p["entity"] == entity for p in self.payments))
        currency = CURRENCY_OF[contact]
        pay = dict(
            entity=entity,
            number=number,
            contact=contact,
            date=day,
            currency=currency,
            rate=rate_on(currency, day),
            applied=applied,
            unapplied=unapplied,
            total=money,
            **more,
        )
        self.payments.append(pay)
        return pay


def sale_lines(dice, contact, count):
    """Lines of a sale: item, quantity (some with decimals), price, amount, tax code and tax."""
    currency, lines = CURRENCY_OF[contact], []
    local = TAX_OF.get(contact, dice.pick(["Santa Rosa 9.25%", "Sonoma County 8.5%"]))
    for _ in range(count):
        item = dice.pick(larkspur.ITEMS[:-1])
        goods = item[8] == "yes"
        price = Decimal(item[4].replace(",", ""))
        if dice.chance(15):
            price = (price * Decimal("0.95")).quantize(Decimal("0.0001")).normalize()
        low = price < 20
        quantity = Decimal(dice.between(10, 240)) if goods and low else Decimal(dice.between(1, 48)) / 4
        if price > 300 or (goods and not low):
            quantity = Decimal(dice.between(1, 6))
        code = "NON" if currency == "EUR" or (currency == "USD" and not goods) else local
        amount = cents(quantity * price)
        tax = cents(amount * Decimal(larkspur.TAX_CODES[code]) / 100)
        lines.append(dict(item=item[0], description=item[3], quantity=quantity, price=price, amount=amount, code=code, tax=tax, account=item[6]))
    return lines


def discount_line(amount):
    return dict(
        item="Discount", description="Courtesy discount", quantity=None, price=None, amount=-amount, code="NON", tax=ZERO, account="Discounts given"
    )


def invoices(books, count=140):
    dice = books.dice
    for i in range(count):
        day = YEAR_START + timedelta(days=2 + i * 350 // count)
        contact = larkspur.CUSTOMERS[i % 26 if i < 26 else dice.below(26)][0]
        lines = sale_lines(dice, contact, dice.weighted([(1, 5), (2, 8), (3, 8), (4, 5), (5, 3), (8, 1)]))
        subtotal = sum(line["amount"] for line in lines)
        if i % 17 == 5:
            lines.append(discount_line(cents(subtotal / 20)))
        if i in (31, 62):  # the amount stands, whatever quantity times rate would give
            lines[0].update(quantity=Decimal(3), price=Decimal("33.33"), amount=Decimal("100.00"), code="NON", tax=ZERO)
        if i in (48, 99):
            lines[0].update(quantity=Decimal(2), price=Decimal("50.00"), amount=Decimal("90.00"), code="NON", tax=ZERO)
        taxed = [line for line in lines if line["tax"]]
        if i % 9 == 4 and taxed:  # tax was worked out on the whole invoice and a line carries the odd cent
            taxed[-1]["tax"] += Decimal("0.01")
        number = f"{119 + i:05d}" if i < 12 else "123" if i == 20 else str(989 + i)
        terms = dice.weighted([("Net 30", 6), ("Net 15", 2), ("Due on receipt", 2), ("Net 60", 1)])
        location = "Reno" if "NV" in TAX_OF.get(contact, "") else dice.pick(["Santa Rosa", "Santa Rosa", "Healdsburg", ""])
        books.document(
            "invoice",
            number,
            contact,
            day,
            lines,
            terms=terms,
            due=day + timedelta(days=TERMS[terms]),
            location=location,
            memo=dice.pick(larkspur.MEMOS) if dice.chance(30) else "",
            chief=dice.pick(["R. Duarte", "S. Onwudiwe", ""]),
            fate="",
        )


def settle_invoices(books):
    """Payments: one for one, in parts, one for several, and several for several."""
    dice, waiting = books.dice, {}

    def receive(contact, day, applied, unapplied=ZERO):
        day = min(day, AS_OF)
        method = dice.pick(["Check", "Check", "Credit Card", "ACH"])
        deposit = {"CAD": "CAD Checking", "EUR": "Checking"}.get(CURRENCY_OF[contact]) or dice.pick(["Undeposited Funds", "Checking"])
        reference = str(dice.between(1000, 9999)) if method == "Check" else ""
        memo = "Paid in person,\nreceipt given" if dice.chance(6) else ""
        books.pay("payment", contact, day, applied, unapplied, method=method, account=deposit, reference=reference, memo=memo)

    def flush(payer):
        batch = waiting.pop(payer)
        day = batch[-1]["date"] + timedelta(days=dice.between(5, 40))
        extra = Decimal(dice.between(50, 300)) if dice.chance(5) else ZERO
        receive(payer, day, [(doc, doc["open"]) for doc in batch], extra)

    for doc in books.of("invoice"):
        payer = PAYERS.get(doc["contact"], doc["contact"])
        doc["fate"] = dice.weighted([("paid", 56), ("partial", 12), ("double", 12), ("open", 20)])
        if doc["fate"] in ("partial", "double"):
            part = cents(doc["total"] * dice.between(25, 70) / 100)
            receive(payer, doc["date"] + timedelta(days=dice.between(1, 30)), [(doc, part)])
        if doc["fate"] in ("paid", "double"):
            waiting.setdefault(payer, []).append(doc)
            if len(waiting[payer]) >= dice.between(1, 4):
                flush(payer)
    for payer in sorted(waiting):
        flush(payer)
    receive("Marlow Estate", date(2026, 8, 14), [], Decimal("500.00"))
    receive("Pemberton Trust", date(2026, 9, 2), [], Decimal("250.00"))


def credit_memos(books, count=15):
    """Credit memos: used up, used in part, left open, and one used together with money."""
    dice = books.dice
    candidates = [d for d in books.of("invoice") if d["open"] > 150]
    for i in range(count):
        against = candidates[i * len(candidates) // count]
        lines = [line for line in sale_lines(dice, against["contact"], 2) if line["amount"] < 140][:1]
        if not lines:
            lines = [
                dict(
                    item="Discount",
                    description="Goodwill",
                    quantity=Decimal(1),
                    price=Decimal("45.00"),
                    amount=Decimal("45.00"),
                    code="NON",
                    tax=ZERO,
                    account="Discounts given",
                )
            ]
        day = min(against["date"] + timedelta(days=dice.between(3, 20)), AS_OF)
        memo = "Returned plants" if i % 2 else "Goodwill"
        credit = books.document("credit_note", f"CM{1001 + i}", against["contact"], day, lines, location="", memo=memo)
        use = {0: credit["total"], 1: cents(credit["total"] / 2)}.get(i % 3, ZERO)
        use = min(use, against["open"])
        if use and credit["contact"] not in PAYERS:
            applied = [(against, use), (credit, use)]
            if i == 3:
                applied[0] = (against, against["open"])
            books.pay(
                "payment",
                credit["contact"],
                min(day + timedelta(days=2), AS_OF),
                applied,
                method="" if i != 3 else "Check",
                account="Undeposited Funds" if i == 3 else "",
                reference="8812" if i == 3 else "",
                memo="Credit applied",
            )


def other_sales(books):
    dice = books.dice
    for i in range(15):
        day = YEAR_START + timedelta(days=10 + i * 22)
        contact = larkspur.CUSTOMERS[dice.below(26)][0]
        books.document(
            "estimate",
            f"E-{201 + i}",
            contact,
            day,
            sale_lines(dice, contact, dice.between(1, 5)),
            due=day + timedelta(days=30),
            terms="",
            location="",
            memo=dice.pick(larkspur.MEMOS) if i % 4 == 0 else "",
        )
    for i in range(20):
        day = YEAR_START + timedelta(days=7 + i * 17)
        contact = dice.pick([row[0] for row in larkspur.CUSTOMERS if row[1] == "USD"])
        doc = books.document(
            "sales_receipt",
            f"SR-{i + 1:04d}",
            contact,
            day,
            sale_lines(dice, contact, dice.between(1, 3)),
            location="Santa Rosa",
            memo="",
            method=dice.pick(["Cash", "Credit Card", "Check"]),
            account=dice.pick(["Undeposited Funds", "Checking"]),
        )
        doc["open"] = ZERO


PURCHASES = {
    "Blue Heron Insurance": [("Insurance", "General liability, monthly", 18500, 42000)],
    "Coastal Fuel & Oil": [("Fuel", "Diesel", 9000, 46000), ("Fuel", "Two-stroke mix", 1500, 6000)],
    "Evergreen Wholesale Nursery": [("Cost of Goods Sold", "Plants, assorted", 20000, 190000), ("Cost of Goods Sold", "Delivery", 4500, 9500)],
    "Fraser Valley Stone": [("Cost of Goods Sold", "Basalt columns", 60000, 250000), ("Job Expenses", "Freight", 15000, 40000)],
    "Granite Rock Supply": [("Cost of Goods Sold", "Decomposed granite", 12000, 80000)],
    "Hollis & Crane LLP": [("Legal & Professional Fees", "Matter 2291,\ncontract review", 40000, 145000)],
    "Irrigation Depot": [
        ("Inventory Asset", "Sprinkler heads", 10000, 60000),
        ("Inventory Asset", "Drip line", 8000, 30000),
        ("Job Expenses", "Fittings", 900, 4000),
    ],
    "Meadow Tools B.V.": [("Job Expenses", "Hand tools", 15000, 70000)],
    "North Bay Equipment Rental": [("Job Expenses:Equipment Rental", "Mini excavator, day", 28000, 84000)],
    "Pacific Green Utilities": [("Utilities", "Yard, water and power", 9000, 31000)],
    "Redwood Mulch Co.": [("Cost of Goods Sold", "Bark, by the truck", 30000, 90000)],
    "Sierra Payroll Services": [("Payroll Expenses", "Processing fee", 4500, 6500)],
}


def purchase_lines(dice, vendor, count, scale=100):
    code = "GST 5%" if CURRENCY_OF[vendor] == "CAD" else "NON"
    lines = []
    for _ in range(count):
        account, description, low, high = dice.pick(PURCHASES[vendor])
        amount = cents(Decimal(dice.between(low, high)) / scale)
        tax = cents(amount * Decimal(larkspur.TAX_CODES[code]) / 100)
        lines.append(dict(account=account, description=description, amount=amount, code=code, tax=tax))
    return lines


def purchases(books):
    """Bills, vendor credits and their payments. Two vendors use the same bill number."""
    dice, names = books.dice, [row[0] for row in larkspur.VENDORS]
    for i in range(40):
        day = YEAR_START + timedelta(days=4 + i * 8)
        vendor = names[i % 12]
        number = "INV-1001" if i in (4, 10) else f"{dice.between(0, 99999):06d}" if i % 3 else f"{day:%y-%m%d}/{i}"
        terms = dice.pick(["Net 30", "Net 15", "Due on receipt"])
        books.document(
            "bill",
            number,
            vendor,
            day,
            purchase_lines(dice, vendor, dice.between(1, 4)),
            terms=terms,
            due=day + timedelta(days=TERMS[terms]),
            location="",
            memo="See attached\ndelivery note" if i % 7 == 3 else "",
        )
    for i, vendor in enumerate(
        ["Evergreen Wholesale Nursery", "Irrigation Depot", "Fraser Valley Stone", "Coastal Fuel & Oil", "Granite Rock Supply"]
    ):
        day = date(2026, 2 + i, 11 + 3 * i)
        books.document(
            "bill_credit", f"VC-{31 + i}", vendor, day, purchase_lines(dice, vendor, 1, scale=1000), terms="", due=day, location="", memo="Return"
        )
    for vendor in names:
        batch = []
        for doc in [d for d in books.of("bill") if d["contact"] == vendor]:
            doc["fate"] = dice.weighted([("paid", 62), ("partial", 14), ("open", 24)])
            day = min(doc["date"] + timedelta(days=dice.between(5, 35)), AS_OF)
            bank = "CAD Checking" if doc["currency"] == "CAD" else dice.pick(["Checking", "Checking", "Business Visa"])
            method = "Credit Card" if bank == "Business Visa" else dice.pick(["Check", "ACH"])
            if doc["fate"] == "partial":
                books.pay("bill_payment", vendor, day, [(doc, cents(doc["total"] * dice.between(30, 70) / 100))], method=method, account=bank)
            elif doc["fate"] == "paid":
                batch.append((doc, doc["open"]))
                if dice.chance(60):
                    books.pay("bill_payment", vendor, day, batch, method=method, account=bank)
                    batch = []
        if batch:
            books.pay(
                "bill_payment",
                vendor,
                min(batch[-1][0]["date"] + timedelta(days=21), AS_OF),
                batch,
                method="Check",
                account="CAD Checking" if CURRENCY_OF[vendor] == "CAD" else "Checking",
            )
    for credit in books.of("bill_credit")[:4]:
        bill = next((d for d in books.of("bill") if d["contact"] == credit["contact"] and d["open"] > 0), None)
        if bill:
            use = min(credit["open"], bill["open"])
            books.pay(
                "bill_payment",
                credit["contact"],
                max(bill["date"], credit["date"]) + timedelta(days=1),
                [(bill, use), (credit, use)],
                method="",
                account="",
            )


def settle_undocumented(books):
    """Open balances that the balance reports state lower than the payments explain.

    The documents stay as they are; only the reports know. A migration has to close the difference.
    """

    def settle(doc, difference, why):
        explained = doc["open"]
        doc["open"] = explained - difference
        books.settlements.append(
            dict(
                entity=doc["entity"],
                number=doc["number"],
                contact=doc["contact"],
                currency=doc["currency"],
                explained=text(explained),
                reported=text(doc["open"]),
                difference=text(difference),
                why=why,
            )
        )

    inv = [d for d in books.of("invoice") if d["open"] > 0]
    partial = [d for d in inv if d["fate"] == "partial" and d["currency"] == "USD" and d["open"] > 60]
    settle(partial[1], Decimal("37.45"), "part of it was written off; the write-off is in no file")
    settle(next(d for d in inv if d["currency"] == "CAD" and d["open"] > 300), Decimal("200.00"), "a payment on account is in no file")
    settle(partial[4], partial[4]["open"], "the rest was written off: the report no longer lists the invoice")
    bills = [d for d in books.of("bill") if d["open"] > 100 and d["currency"] == "USD"]
    settle(bills[2], Decimal("64.10"), "a card payment is in no file")


OPENING = [
    ("Checking", "Opening balance", "41250.18"),
    ("Savings", "Opening balance", "20000.00"),
    ("CAD Checking", "Opening balance", "3100.45"),
    ("Inventory Asset", "Opening balance", "5230.00"),
    ("Truck:Original Cost", "Opening balance", "38000.00"),
    ("Truck:Depreciation", "Opening balance", "-9500.00"),
    ("Business Visa", "Opening balance", "-1804.77"),
    ("Equipment Loan", "Opening balance", "-14200.00"),
    ("Opening Balance Equity", "Opening balance", "-82075.86"),
]


def journal(books):
    """Journal entries, expenses, transfers and deposits: (type, number, date, name, [(account, memo, debit)])."""

    def add(kind, number, day, name, lines):
        lines = [(account, memo, Decimal(amount)) for account, memo, amount in lines]
        assert sum(line[2] for line in lines) == 0, lines
        books.other.append((kind, number, day, name, lines))

    dice = books.dice
    add("Journal Entry", "1", YEAR_START, "", OPENING)
    for month in range(12):
        day = date(2025 + (9 + month) // 12, (9 + month) % 12 + 1, 1)
        end = (day + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        add(
            "Expense",
            "" if month % 2 else f"{3300 + month}",
            day + timedelta(days=1),
            "North Bay Equipment Rental",
            [("Rent or Lease", f"Yard rent {day:%B}", "1850.00"), ("Checking", "", "-1850.00")],
        )
        fuel, fee = Decimal(dice.between(8000, 30000)) / 100, Decimal(dice.between(150, 900)) / 100
        add(
            "Expense",
            "",
            day + timedelta(days=16),
            "Coastal Fuel & Oil",
            [("Fuel", "Trucks 1 and 2", fuel), ("Bank Charges & Fees", "Card fee", fee), ("Business Visa", "", -fuel - fee)],
        )
        if month % 3 == 2:
            add("Transfer", "", end, "", [("Savings", "Reserve", "1500.00"), ("Checking", "Reserve", "-1500.00")])
            add("Deposit", "", end, "", [("Savings", "Interest", "12.37"), ("Interest Earned", "Interest", "-12.37")])
        if month % 2:
            add("Transfer", "", day + timedelta(days=20), "", [("Business Visa", "Card paid", "600.00"), ("Checking", "Card paid", "-600.00")])
        add(
            "Journal Entry",
            str(2 + month),
            end,
            "",
            [("Depreciation", "Truck, straight line", "633.33"), ("Truck:Depreciation", "Truck, straight line", "-633.33")],
        )
        held = sum(
            (m["total"] for m in books.payments + books.of("sales_receipt") if m.get("account") == "Undeposited Funds" and day <= m["date"] <= end),
            ZERO,
        )
        if held:
            add("Deposit", "", end, "", [("Checking", "Bank deposit", held), ("Undeposited Funds", "Bank deposit", -held)])
    add(
        "Journal Entry",
        "14",
        date(2026, 6, 30),
        "",
        [("Equipment Loan", "Half-year instalment", "1120.00"), ("Bank Charges & Fees", "Loan interest", "284.00"), ("Checking", "", "-1404.00")],
    )
    add(
        "Journal Entry",
        "15",
        AS_OF,
        "Sierra Payroll Services",
        [("Payroll Expenses", "Accrued wages", "2310.55"), ("Owner's Equity", "Draw, reclassified", "500.00"), ("Checking", "", "-2810.55")],
    )


def expected(books, counts, trial, rejects, unknown):
    documents = [
        dict(
            entity=d["entity"],
            number=d["number"],
            contact=d["contact"],
            date=d["date"].isoformat(),
            due=d["due"].isoformat() if d.get("due") else None,
            currency=d["currency"],
            exchange_rate=None if d["rate"] is None else f"{d['rate']:f}",
            status="open",
            lines=len(d["lines"]),
            tax=text(sum((x["tax"] for x in d["lines"]), ZERO)),
            total=text(d["total"]),
            outstanding=None if d["entity"] == "estimate" else text(d["open"]),
        )
        for d in books.documents
    ]
    payments = [
        dict(
            entity=p["entity"],
            number=p["number"],
            contact=p["contact"],
            date=p["date"].isoformat(),
            currency=p["currency"],
            exchange_rate=None if p["rate"] is None else f"{p['rate']:f}",
            total=text(p["total"]),
            unapplied=text(p["unapplied"]),
            allocations=[dict(entity=d["entity"], number=d["number"], amount=text(a)) for d, a in p["applied"]],
        )
        for p in books.payments
    ]
    entity = {"Journal Entry": "journal", "Expense": "expense", "Transfer": "transfer", "Deposit": "bank_transaction"}
    ledger = [
        dict(
            entity=entity[kind],
            number=number,
            date=day.isoformat(),
            contact=name or None,
            lines=len(lines),
            total=text(sum(x[2] for x in lines if x[2] > 0)),
        )
        for kind, number, day, name, lines in books.other
    ]
    return {
        "format": 1,
        "source": "quickbooks",
        "company": {"name": larkspur.COMPANY, "home_currency": "USD", "as_of": AS_OF.isoformat()},
        "counts": counts,
        "lists": {
            "tax_rates": sorted({x["code"] for d in books.documents for x in d["lines"]}),
            "terms": sorted({d["terms"] for d in books.documents if d.get("terms")}),
            "payment_methods": sorted({m["method"] for m in books.payments + books.of("sales_receipt") if m["method"]}),
            "locations": sorted({d["location"] for d in books.documents if d["location"]}),
        },
        "documents": documents,
        "payments": payments,
        "ledger": ledger,
        "receivable": balances(documents, payments, "invoice", "credit_note", "payment"),
        "payable": balances(documents, payments, "bill", "bill_credit", "bill_payment"),
        "control_totals": control_totals(documents, payments),
        "trial_balance": trial,
        "settlements": books.settlements,
        "rejects": rejects,
        "unknown_columns": unknown,
    }


def main():
    books = Books()
    invoices(books)
    settle_invoices(books)
    credit_memos(books)
    other_sales(books)
    purchases(books)
    settle_undocumented(books)
    journal(books)
    folder = Path(__file__).parent / "quickbooks"
    folder.mkdir(exist_ok=True)
    counts, trial, rejects, unknown = quickbooks_files.write(folder, books)
    write_expected(folder / "expected.json", expected(books, counts, trial, rejects, unknown))


if __name__ == "__main__":
    main()
