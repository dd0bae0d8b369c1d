"""Lets GnuCash's own engine compute random documents: totals.py BOOK SEED COUNT writes the book, prints JSON.

Every way of stating a discount and of including tax, tables with several taxes and fixed amounts, three currencies
with 0, 2 and 3 decimals, negative quantities, credit notes, drafts and posted documents.
"""

import datetime
import json
import random
import sys

import gnucash.gnucash_core_c as core
from gnucash import Account, GncNumeric, Session, SessionOpenMode
from gnucash.gnucash_business import Bill, Customer, Entry, Invoice, TaxTable, TaxTableEntry, Vendor

VALUE, PERCENT = 1, 2


def account(book, name, kind, commodity):
    made = Account(book)
    book.get_root_account().append_child(made)
    made.SetName(name)
    made.SetType(kind)
    made.SetCommodity(commodity)
    return made


def tables(book, pick, tax, levy):
    made = []
    for rates in ([(tax, PERCENT, 19, 1)], [(tax, PERCENT, 7, 1)], [(tax, PERCENT, 825, 100)], [(tax, PERCENT, 5, 1), (levy, PERCENT, 3, 1)],
                  [(tax, PERCENT, 10, 1), (levy, VALUE, 50, 100)], [(tax, PERCENT, 0, 1)]):
        entries = [TaxTableEntry(a, kind == PERCENT, GncNumeric(num, denom)) for a, kind, num, denom in rates]
        table = TaxTable(book, f"T{len(made)}", entries[0])
        for entry in entries[1:]:
            table.AddEntry(entry)
        made.append(table)
    return made


def number(pick, digits):
    return GncNumeric(pick.randint(1, 10 ** (digits + 3)), 10**digits)


def entry(book, doc, pick, taxes, booked, sales, credit):
    made = Entry(book, doc, datetime.date(2026, 3, pick.randint(1, 28)))
    quantity = pick.choice([GncNumeric(pick.randint(1, 9), 1), number(pick, 1), number(pick, 3)])
    if credit != (pick.random() < 0.1):
        quantity = quantity.neg()
    made.SetQuantity(quantity)
    made.SetDescription("x")
    side = "Inv" if sales else "Bill"
    getattr(made, f"Set{side}Account")(booked)
    getattr(made, f"Set{side}Price")(number(pick, pick.choice([0, 2, 4])))
    taxed = pick.random() < 0.8
    getattr(made, f"Set{side}Taxable")(taxed)
    if taxed:
        getattr(made, f"Set{side}TaxTable")(pick.choice(taxes))
        getattr(made, f"Set{side}TaxIncluded")(pick.random() < 0.5)
    if sales and pick.random() < 0.5:
        kind = pick.choice([VALUE, PERCENT])
        made.SetInvDiscountType(kind)
        made.SetInvDiscount(GncNumeric(pick.randint(1, 500), 100) if kind == VALUE else GncNumeric(pick.randint(1, 4000), 100))
        made.SetInvDiscountHow(pick.choice([1, 2, 3]))


def main(path, seed, count):
    pick = random.Random(seed)
    session = Session(f"sqlite3://{path}", SessionOpenMode.SESSION_NEW_STORE)
    session.save()
    session.end()
    session = Session(f"sqlite3://{path}", SessionOpenMode.SESSION_NORMAL_OPEN)
    book = session.book
    found = []
    for code in ("EUR", "JPY", "BHD"):
        money = book.get_table().lookup("CURRENCY", code)
        booked = account(book, f"Booked {code}", core.ACCT_TYPE_INCOME, money)
        control = {True: account(book, f"AR {code}", core.ACCT_TYPE_RECEIVABLE, money), False: account(book, f"AP {code}", core.ACCT_TYPE_PAYABLE, money)}
        taxes = tables(book, pick, account(book, f"Tax {code}", core.ACCT_TYPE_LIABILITY, money), account(book, f"Levy {code}", core.ACCT_TYPE_LIABILITY, money))
        owners = {True: Customer(book, f"C{code}", money, f"Customer {code}"), False: Vendor(book, f"V{code}", money, f"Vendor {code}")}
        for at in range(count):
            sales, credit, posted = pick.random() < 0.7, pick.random() < 0.3, pick.random() < 0.5
            doc = (Invoice if sales else Bill)(book, f"{code}{at}", money, owners[sales])
            doc.SetIsCreditNote(credit)
            for _ in range(pick.randint(1, 6)):
                entry(book, doc, pick, taxes, booked, sales, credit)
            if posted:
                doc.PostToAccount(control[sales], datetime.datetime(2026, 4, 1), datetime.datetime(2026, 5, 1), "", True, False)
            total, tax = doc.GetTotal(), doc.GetTotalTax()
            found.append(dict(number=f"{code}{at}", credit=credit, posted=posted, total=[total.num(), total.denom()], tax=[tax.num(), tax.denom()]))
    session.save()
    session.end()
    print("RESULT " + json.dumps(found))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
