"""Makes gnucash/: the book of a small German publisher of maps, written by GnuCash's own engine, and expected.json.

Run: /usr/bin/python3 make_gnucash.py   (Debian packages gnucash, python3-gnucash, libdbd-sqlite3)
Totals, taxes and balances in expected.json are what the engine answers after the book was closed and opened again.
"""

import os
import sqlite3
import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from gnucash import Account, GncNumeric, GncPrice, Session, SessionOpenMode, Split, Transaction
from gnucash import gnucash_core_c as core
from gnucash.gnucash_business import Bill, BillTerm, Customer, Entry, Invoice, Job, TaxTable, TaxTableEntry, Vendor

import gnucash_truth
from books import Dice, write_expected

HERE = Path(__file__).parent / "gnucash"
# Euros for one US dollar, by half-year: the engine takes the inverse (1.25, 1.28), which is exact too.
RATES = {1: ("0.8", "1.25"), 2: ("0.78125", "1.28")}

ACCOUNTS = [
    ("Assets", core.ACCT_TYPE_ASSET, "EUR", None),
    ("Current account", core.ACCT_TYPE_BANK, "EUR", "Assets"),
    ("Savings", core.ACCT_TYPE_BANK, "EUR", "Assets"),
    ("Dollar account", core.ACCT_TYPE_BANK, "USD", "Assets"),
    ("Cash", core.ACCT_TYPE_CASH, "EUR", "Assets"),
    ("Accounts Receivable", core.ACCT_TYPE_RECEIVABLE, "EUR", "Assets"),
    ("Accounts Receivable USD", core.ACCT_TYPE_RECEIVABLE, "USD", "Assets"),
    ("Input VAT 19%", core.ACCT_TYPE_ASSET, "EUR", "Assets"),
    ("Liabilities", core.ACCT_TYPE_LIABILITY, "EUR", None),
    ("Accounts Payable", core.ACCT_TYPE_PAYABLE, "EUR", "Liabilities"),
    ("VAT 19%", core.ACCT_TYPE_LIABILITY, "EUR", "Liabilities"),
    ("VAT 7%", core.ACCT_TYPE_LIABILITY, "EUR", "Liabilities"),
    ("Resource levy", core.ACCT_TYPE_LIABILITY, "EUR", "Liabilities"),
    ("Company card", core.ACCT_TYPE_CREDIT, "EUR", "Liabilities"),
    ("Equity", core.ACCT_TYPE_EQUITY, "EUR", None),
    ("Opening Balances", core.ACCT_TYPE_EQUITY, "EUR", "Equity"),
    ("Income", core.ACCT_TYPE_INCOME, "EUR", None),
    ("Consulting", core.ACCT_TYPE_INCOME, "EUR", "Income"),
    ("Books and maps", core.ACCT_TYPE_INCOME, "EUR", "Income"),
    ("Interest", core.ACCT_TYPE_INCOME, "EUR", "Income"),
    ("Expenses", core.ACCT_TYPE_EXPENSE, "EUR", None),
    ("Rent", core.ACCT_TYPE_EXPENSE, "EUR", "Expenses"),
    ("Printing", core.ACCT_TYPE_EXPENSE, "EUR", "Expenses"),
    ("Subcontractors", core.ACCT_TYPE_EXPENSE, "EUR", "Expenses"),
    ("Bank charges", core.ACCT_TYPE_EXPENSE, "EUR", "Expenses"),
]

# name -> [(account, per cent)]
TAXES = {
    "USt 19%": [("VAT 19%", "19")],
    "USt 7%": [("VAT 7%", "7")],
    "USt 19% + Abgabe": [("VAT 19%", "19"), ("Resource levy", "1.5")],
    "Vorsteuer 19%": [("Input VAT 19%", "19")],
}
TERMS = [("14 Tage netto", 14, None), ("30 Tage netto", 30, None), ("2% 10, 30 netto", 30, "2")]
CUSTOMERS = [
    ("Ahrens Verlag GmbH", "EUR"),
    ("Buchhandlung Öhler", "EUR"),
    ("Carta & Figli S.r.l.", "EUR"),
    ("Dünenhof Hotel", "EUR"),
    ("Eastern Map Society", "USD"),
    ("Fährmann Reisen", "EUR"),
    ("Great Lakes Atlas, Inc.", "USD"),
    ("Heimatmuseum Wyk e. V.", "EUR"),
]
VENDORS = ["Druckerei Zöllner", "Lektorat Mai", "Papierhaus Elbe", "Reederei Hansen"]
JOBS = [("Atlas 2026", "Ahrens Verlag GmbH"), ("Wall maps", "Great Lakes Atlas, Inc."), ("Exhibition", "Heimatmuseum Wyk e. V.")]
LINES = [
    ("Consulting, hours", "Consulting", "USt 19%"),
    ("Map sheets", "Books and maps", "USt 7%"),
    ("Large-format prints", "Books and maps", "USt 19% + Abgabe"),
    ("Field survey, days", "Consulting", "USt 19%"),
    ("Gift edition", "Books and maps", "USt 7%"),
]


def number(value):
    """A GncNumeric of a decimal, exactly."""
    n, d = Decimal(value).as_integer_ratio()
    scale = 1
    while d * scale % 10 and d != 1:
        scale += 1
    return GncNumeric(n * scale, d * scale)


class Maker:
    def __init__(self, book):
        self.book, self.dice = book, Dice("gnucash")
        table = book.get_table()
        self.currency = {code: table.lookup("CURRENCY", code) for code in ("EUR", "USD")}
        self.account, self.tax, self.terms, self.owner, self.jobs = {}, {}, {}, {}, {}
        self.counters = {}
        self.payments = 0

    def lists(self):
        root = self.book.get_root_account()
        for i, (name, kind, currency, parent) in enumerate(ACCOUNTS):
            account = Account(self.book)
            (self.account[parent] if parent else root).append_child(account)
            account.SetName(name)
            account.SetType(kind)
            account.SetCommodity(self.currency[currency])
            account.SetCode(f"{1000 + 10 * i}")
            account.SetPlaceholder(parent is None)
            self.account[name] = account
        for name, parts in TAXES.items():
            entries = [TaxTableEntry(self.account[account], True, number(percent)) for account, percent in parts]
            self.tax[name] = TaxTable(self.book, name, entries[0])
            for entry in entries[1:]:
                self.tax[name].AddEntry(entry)
        for name, days, discount in TERMS:
            terms = BillTerm(self.book)
            terms.SetName(name)
            terms.SetDescription(name)
            terms.SetType(core.GNC_TERM_TYPE_DAYS)
            terms.SetDueDays(days)
            if discount:
                terms.SetDiscountDays(10)
                terms.SetDiscount(number(discount))
            self.terms[name] = (terms, days)
        for i, (name, currency) in enumerate(CUSTOMERS, 1):
            customer = self.owner[name] = Customer(self.book, f"{i:06d}", self.currency[currency], name)
            address = customer.GetAddr()
            address.SetName(name)
            address.SetAddr1(f"Hafenweg {i}")
            address.SetAddr2("20457 Hamburg" if currency == "EUR" else "Chicago, IL 60601")
            address.SetEmail(f"kunde{i}@example.com")
            address.SetPhone(f"+49 40 555 01{i:02d}")
        for i, name in enumerate(VENDORS, 1):
            vendor = self.owner[name] = Vendor(self.book, f"{i:06d}", self.currency["EUR"], name)
            vendor.GetAddr().SetName(name)
            vendor.GetAddr().SetEmail(f"lieferant{i}@example.org")
        for i, (name, owner) in enumerate(JOBS, 1):
            job = self.jobs[name] = Job(self.book, f"{i:06d}", self.owner[owner], name)
            job.SetReference(f"Order {700 + i}")

    def next_id(self, kind):
        """GnuCash numbers invoices and bills apart: both begin with 000001."""
        self.counters[kind] = self.counters.get(kind, 0) + 1
        return f"{self.counters[kind]:06d}"

    def price(self, day):
        """Dollars for one euro, kept in the price database too."""
        price = GncPrice(self.book)
        price.begin_edit()
        price.set_commodity(self.currency["EUR"])
        price.set_currency(self.currency["USD"])
        price.set_time64(day)
        price.set_value(number(RATES[1 if day.month < 7 else 2][1]))
        price.commit_edit()
        return price

    def sale(self, contact, day, lines, job=None, credit=False, post=True, terms="30 Tage netto", reference=""):
        """lines: (text, quantity, price, account, tax or None, included, discount or None)."""
        currency = dict(CUSTOMERS)[contact]
        doc = Invoice(self.book, self.next_id("invoice"), self.currency[currency], self.jobs[job] if job else self.owner[contact], day)
        doc.SetIsCreditNote(credit)
        doc.SetBillingID(reference)
        doc.SetTerms(self.terms[terms][0])
        for text, quantity, price, account, tax, included, discount in lines:
            entry = Entry(self.book, doc, day)
            entry.SetDescription(text)
            entry.SetQuantity(number(-Decimal(quantity) if credit else quantity))
            entry.SetInvAccount(self.account[account])
            entry.SetInvPrice(number(price))
            entry.SetInvTaxable(tax is not None)
            if tax:
                entry.SetInvTaxTable(self.tax[tax])
                entry.SetInvTaxIncluded(included)
            if discount:
                amount, kind, how = discount
                entry.SetInvDiscount(number(amount))
                entry.SetInvDiscountType(kind)
                entry.SetInvDiscountHow(how)
        if currency == "USD":
            doc.AddPrice(self.price(day))
        if post:
            account = "Accounts Receivable" if currency == "EUR" else "Accounts Receivable USD"
            doc.PostToAccount(self.account[account], day, day + timedelta(days=self.terms[terms][1]), f"Posted {day}", True, False)
        return doc

    def purchase(self, vendor, day, lines, credit=False, post=True, reference=""):
        doc = Bill(self.book, self.next_id("bill"), self.currency["EUR"], self.owner[vendor], day)
        doc.SetIsCreditNote(credit)
        doc.SetBillingID(reference)
        for text, quantity, price, account, tax, included in lines:
            entry = Entry(self.book, doc, day)
            entry.SetDescription(text)
            entry.SetQuantity(number(-Decimal(quantity) if credit else quantity))
            entry.SetBillAccount(self.account[account])
            entry.SetBillPrice(number(price))
            entry.SetBillTaxable(tax is not None)
            if tax:
                entry.SetBillTaxTable(self.tax[tax])
                entry.SetBillTaxIncluded(included)
        if post:
            doc.PostToAccount(self.account["Accounts Payable"], day, day + timedelta(days=30), f"Posted {day}", True, False)
        return doc

    def pay(self, doc, day, amount, account="Current account", rate="1"):
        """One payment for one document; the engine counts money to a supplier (or back to a customer) negative."""
        self.payments += 1
        doc.ApplyPayment(None, self.account[account], number(amount), number(rate), day, "Payment", f"P{self.payments:03d}")

    def pay_all(self, contact, day, amount, receivable="Accounts Receivable", account="Current account"):
        """One payment spread by the engine over what the customer has open; what is too much stays in a lot."""
        self.payments += 1
        self.owner[contact].ApplyPayment(
            None,
            None,
            self.account[receivable],
            self.account[account],
            number(amount),
            number("1"),
            day,
            "Payment on account",
            f"P{self.payments:03d}",
            True,
        )

    def transaction(self, day, num, description, splits):
        """Splits: (account, value in EUR, quantity in the account's own currency)."""
        txn = Transaction(self.book)
        txn.BeginEdit()
        txn.SetCurrency(self.currency["EUR"])
        txn.SetDate(day.day, day.month, day.year)
        txn.SetNum(num)
        txn.SetDescription(description)
        for account, value, *quantity in splits:
            split = Split(self.book)
            split.SetParent(txn)
            split.SetAccount(self.account[account])
            split.SetValue(number(value))
            split.SetAmount(number(quantity[0] if quantity else value))
        txn.CommitEdit()


def sale_lines(dice, currency, count):
    discounts = [None] * 7 + [
        ("10", core.GNC_AMT_TYPE_PERCENT, core.GNC_DISC_PRETAX),
        ("5.00", core.GNC_AMT_TYPE_VALUE, core.GNC_DISC_PRETAX),
        ("3", core.GNC_AMT_TYPE_PERCENT, core.GNC_DISC_SAMETIME),
        ("2.5", core.GNC_AMT_TYPE_PERCENT, core.GNC_DISC_POSTTAX),
    ]
    lines = []
    for _ in range(count):
        text, account, tax = dice.pick(LINES)
        quantity = str(Decimal(dice.between(2, 60)) / 4)
        price = dice.pick(["33.3333", "95.00", "12.49", "148.75", "7.995", "249.90", "60"])
        lines.append((text, quantity, price, account, tax if currency == "EUR" else None, dice.chance(30), dice.pick(discounts)))
    return lines


def sales(maker):
    """36 invoices and 4 credit notes over 2026, and one invoice that was never posted."""
    dice, open_now = maker.dice, {}
    names = [name for name, _ in CUSTOMERS]
    for i in range(36):
        day = date(2026, 1, 7) + timedelta(days=i * 7)
        contact = names[i % 8] if i < 8 else dice.pick(names)
        currency = dict(CUSTOMERS)[contact]
        job = next((job for job, owner in JOBS if owner == contact and dice.chance(60)), None)
        doc = maker.sale(
            contact,
            day,
            sale_lines(dice, currency, dice.between(1, 6)),
            job,
            terms=dice.pick(list(maker.terms)),
            reference=f"PO-{dice.between(100, 999)}" if dice.chance(40) else "",
        )
        total = Decimal(doc.GetTotal().num()) / doc.GetTotal().denom()
        fate = dice.weighted([("paid", 45), ("partial", 20), ("twice", 10), ("open", 25)])
        paid_on = day + timedelta(days=dice.between(3, 28))
        # A dollar payment arrives on the dollar account, or is changed into euros on the day.
        bank, rate = ("Current account", "1") if currency == "EUR" else dice.pick([("Dollar account", "1"), ("Current account", "0.79")])
        part = (total * dice.between(20, 70) / 100).quantize(Decimal("0.01"))
        if fate in ("partial", "twice"):
            maker.pay(doc, paid_on, part, bank, rate)
        if fate == "twice":
            maker.pay(doc, paid_on + timedelta(days=9), total - part, bank, rate)
        if fate == "paid":
            maker.pay(doc, paid_on, total, bank, rate)
        if fate in ("partial", "open"):
            open_now.setdefault(contact, []).append(doc)
    credits = [
        maker.sale(
            contact,
            date(2026, 9, 10 + i),
            [(text, "2", "17.85", "Books and maps", "USt 7%" if currency == "EUR" else None, i % 2 == 0, None)],
            credit=True,
        )
        for i, (contact, currency, text) in enumerate(
            [
                ("Ahrens Verlag GmbH", "EUR", "Returned sheets"),
                ("Dünenhof Hotel", "EUR", "Misprint"),
                ("Eastern Map Society", "USD", "Goodwill"),
                ("Fährmann Reisen", "EUR", "Returned"),
            ]
        )
    ]
    balance = credits[3].GetPostedLot().get_balance()
    maker.pay(credits[3], date(2026, 9, 20), Decimal(balance.num()) / balance.denom())  # paid back
    credits[1].AutoApplyPayments()  # applied to what the customer has open
    maker.sale("Buchhandlung Öhler", date(2026, 9, 25), sale_lines(dice, "EUR", 2), post=False)
    return open_now


def owed(docs):
    balances = [doc.GetPostedLot().get_balance() for doc in docs]
    return sum((Decimal(b.num()) / b.denom() for b in balances), Decimal(0)).quantize(Decimal("0.01"))


def on_account(maker, open_now):
    """One payment over several invoices, one that is too much, one with nothing to settle."""
    several = max((c for c in open_now if dict(CUSTOMERS)[c] == "EUR"), key=lambda c: len(open_now[c]))
    maker.pay_all(several, date(2026, 9, 22), owed(open_now[several]) - Decimal("40.00"))
    doc = maker.sale("Carta & Figli S.r.l.", date(2026, 9, 23), [("Rush survey", "1", "1000.00", "Consulting", "USt 19%", False, None)])
    maker.pay(doc, date(2026, 9, 28), Decimal("1250.00"))
    maker.pay_all(
        "Great Lakes Atlas, Inc.",
        date(2026, 9, 29),
        owed(open_now.get("Great Lakes Atlas, Inc.", [])) + Decimal("130.00"),
        "Accounts Receivable USD",
        "Dollar account",
    )


def purchases(maker):
    """15 bills, a credit note of a supplier, and a bill that was never posted."""
    dice = maker.dice
    bills = []
    for i in range(15):
        day = date(2026, 1, 12) + timedelta(days=i * 17)
        vendor = VENDORS[i % 4]
        account = {"Druckerei Zöllner": "Printing", "Papierhaus Elbe": "Printing"}.get(vendor, "Subcontractors")
        lines = [
            (
                dice.pick(["Offset printing", "Proofs", "Editing, pages", "Freight"]),
                str(dice.between(1, 40)),
                dice.pick(["3.45", "88.20", "19.999", "145"]),
                account,
                "Vorsteuer 19%" if dice.chance(85) else None,
                dice.chance(25),
            )
            for _ in range(dice.between(1, 4))
        ]
        bills.append(maker.purchase(vendor, day, lines, reference=f"R-{dice.between(1000, 9999)}"))
        owed = bills[-1].GetTotal()
        owed = Decimal(owed.num()) / owed.denom()
        fate = dice.weighted([("paid", 55), ("partial", 20), ("open", 25)])
        if fate != "open":
            amount = owed if fate == "paid" else (owed / 3).quantize(Decimal("0.01"))
            maker.pay(bills[-1], day + timedelta(days=dice.between(5, 25)), -amount, dice.pick(["Current account", "Company card"]))
    maker.purchase(
        "Papierhaus Elbe", date(2026, 9, 3), [("Returned reams", "3", "14.20", "Printing", "Vorsteuer 19%", False)], credit=True, reference="G-17"
    )
    maker.purchase("Lektorat Mai", date(2026, 9, 26), [("Editing, pages", "12", "4.80", "Subcontractors", "Vorsteuer 19%", False)], post=False)


def plain(maker):
    """Opening balances, rent, transfers, interest: transactions with no document."""
    maker.transaction(
        date(2026, 1, 1),
        "",
        "Opening balances",
        [
            ("Current account", "18250.40"),
            ("Savings", "30000.00"),
            ("Cash", "212.35"),
            ("Dollar account", "4000.00", "5000.00"),
            ("Opening Balances", "-52462.75"),
        ],
    )
    for month in range(1, 10):
        maker.transaction(
            date(2026, month, 3),
            f"D{month:02d}",
            f"Rent {month:02d}/2026",
            [("Rent", "1100.00"), ("Input VAT 19%", "209.00"), ("Current account", "-1309.00")],
        )
    for month in (3, 6, 9):
        maker.transaction(date(2026, month, 28), "", "To savings", [("Savings", "2000.00"), ("Current account", "-2000.00")])
        maker.transaction(date(2026, month, 30), "", "Interest and charges", [("Savings", "31.07"), ("Interest", "-33.57"), ("Bank charges", "2.50")])
    maker.transaction(
        date(2026, 5, 15),
        "",
        "Dollars changed",
        [("Current account", "785.40"), ("Bank charges", "14.60"), ("Dollar account", "-800.00", "-1000.00")],
    )
    maker.transaction(date(2026, 8, 2), "", "Card settled", [("Company card", "350.00"), ("Current account", "-350.00")])


def pack(source, target):
    """The same tables on small pages: most of GnuCash's are nearly empty."""
    target.unlink(missing_ok=True)
    with sqlite3.connect(source) as book:
        book.execute("PRAGMA page_size = 1024")
        book.execute("DELETE FROM gnclock")
        book.commit()
        book.execute("VACUUM INTO ?", (str(target),))


def main():
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.gnucash"
        session = Session(f"sqlite3://{path}", SessionOpenMode.SESSION_NEW_STORE)
        session.end()
        session = Session(f"sqlite3://{path}", SessionOpenMode.SESSION_NORMAL_OPEN)
        maker = Maker(session.book)
        maker.lists()
        open_now = sales(maker)
        on_account(maker, open_now)
        purchases(maker)
        plain(maker)
        session.end()
        session = Session(f"sqlite3://{path}", SessionOpenMode.SESSION_READ_ONLY)
        truth = gnucash_truth.read(session.book, RATES, TAXES, [name for name, _, _ in TERMS])
        session.end()
        pack(path, HERE / "book.gnucash")
    write_expected(HERE / "expected.json", truth)
    # The bindings free some objects twice when the interpreter shuts down; everything is on disk by now.
    os._exit(0)


if __name__ == "__main__":
    main()
