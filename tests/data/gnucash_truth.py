"""Reads expected.json out of a GnuCash book through the engine: totals, taxes and lot balances are its answers."""

from decimal import Decimal

from gnucash import GncLot, Query
from gnucash import gnucash_core_c as core
from gnucash.gnucash_business import Customer, Invoice, Job, Vendor

from books import balances, control_totals, text

# The engine's Python bindings cannot write the company's name into a book.
COMPANY = {"name": None, "home_currency": "EUR", "as_of": "2026-09-30"}


def decimal(value):
    return Decimal(value.num()) / Decimal(value.denom())


def objects(book, kind, make):
    """All objects of one type in the book, whether posted or not."""
    query = Query()
    query.search_for(kind)
    query.set_book(book)
    found = [make(instance=instance) for instance in query.run()]
    query.destroy()
    return found


def end_owner(owner):
    """(contact, job name or None)"""
    if isinstance(owner, Job):
        return owner.GetOwner(), owner.GetName()
    return owner, None


def entity_of(doc):
    """Customers' and suppliers' documents lie in one table; the owner tells them apart."""
    owner, _ = end_owner(doc.GetOwner())
    if isinstance(owner, Customer):
        return "credit_note" if doc.GetIsCreditNote() else "invoice"
    return "bill_credit" if doc.GetIsCreditNote() else "bill"


def documents(book, rates):
    found = []
    for doc in objects(book, "gncInvoice", Invoice):
        owner, job = end_owner(doc.GetOwner())
        posted = doc.IsPosted()
        day = (doc.GetDatePosted() if posted else doc.GetDateOpened()).date()
        currency = doc.GetCurrency().get_mnemonic()
        row = dict(
            entity=entity_of(doc),
            number=doc.GetID(),
            contact=owner.GetName(),
            date=day.isoformat(),
            due=doc.GetDateDue().date().isoformat() if posted else None,
            currency=currency,
            exchange_rate=None if currency == "EUR" else rates[1 if day.month < 7 else 2][0],
            status="open" if posted else "draft",
            lines=len(doc.GetEntries()),
            tax=text(abs(decimal(doc.GetTotalTax()))),
            total=text(abs(decimal(doc.GetTotal()))),
            outstanding=text(abs(decimal(doc.GetPostedLot().get_balance()))) if posted else None,
            project=job,
            reference=doc.GetBillingID() or None,
        )
        found.append(row)
    return sorted(found, key=lambda r: (r["entity"], r["number"]))


def control_accounts(book):
    return [a for a in book.get_root_account().get_descendants_sorted() if a.GetType() in (core.ACCT_TYPE_RECEIVABLE, core.ACCT_TYPE_PAYABLE)]


def invoice_of(lot):
    instance = core.gncInvoiceGetInvoiceFromLot(lot.get_instance())
    return Invoice(instance=instance) if instance else None


def payments(book):
    """Payments and the links between a credit and a document, from the splits in lots."""
    groups = {}
    for account in control_accounts(book):
        payable = account.GetType() == core.ACCT_TYPE_PAYABLE
        for split in account.GetSplitList():
            txn = split.GetParent()
            if txn.GetTxnType() in ("P", "L"):
                row = groups.setdefault(txn.GetGUID().to_string(), dict(txn=txn, account=account, payable=payable, splits=[]))
                row["splits"].append(split)
    found = []
    for row in groups.values():
        sign = 1 if row["payable"] else -1
        contact, allocations, unapplied = None, [], Decimal(0)
        for split in row["splits"]:
            lot = GncLot(instance=split.GetLot())
            doc = invoice_of(lot)
            if doc:
                contact = end_owner(doc.GetOwner())[0].GetName()
                allocations.append(dict(entity=entity_of(doc), number=doc.GetID(), amount=text(abs(decimal(split.GetAmount())))))
            else:
                unapplied += sign * decimal(split.GetAmount())
                contact = contact or owner_of(book, lot)
        txn = row["txn"]
        money = sum(sign * decimal(s.GetAmount()) for s in row["splits"])
        found.append(
            dict(
                entity="bill_payment" if row["payable"] else "payment",
                number=txn.GetNum(),
                contact=contact,
                date=txn.GetDate().date().isoformat(),
                currency=row["account"].GetCommodity().get_mnemonic(),
                exchange_rate=None,
                total=text(money),
                unapplied=text(unapplied),
                allocations=sorted(allocations, key=lambda a: (a["entity"], a["number"])),
            )
        )
    return sorted(found, key=lambda r: (r["entity"], r["date"], r["number"]))


def owner_of(book, lot):
    """Whose pre-payment a lot holds: the transaction in it is described by the owner's name."""
    names = {o.GetName() for o in objects(book, "gncCustomer", Customer) + objects(book, "gncVendor", Vendor)}
    name = lot.get_earliest_split().GetParent().GetDescription()
    assert name in names, name
    return name


def ledger(book):
    """Transactions that neither post nor pay a document; GnuCash calls them all the same."""
    seen = {}
    for account in book.get_root_account().get_descendants_sorted():
        for split in account.GetSplitList():
            txn = split.GetParent()
            if txn.GetTxnType() not in ("P", "L", "I"):
                seen[txn.GetGUID().to_string()] = txn
    rows = [
        dict(
            entity="journal",
            number=t.GetNum(),
            date=t.GetDate().date().isoformat(),
            contact=None,
            description=t.GetDescription(),
            lines=len(t.GetSplitList()),
            total=text(sum(max(decimal(s.GetValue()), Decimal(0)) for s in t.GetSplitList())),
        )
        for t in seen.values()
    ]
    return sorted(rows, key=lambda r: (r["date"], r["description"]))


def verify(book, owners, rows):
    """The engine's balance per owner (which leaves pre-payments out) and per control account says the same."""
    for row in rows:
        owner = next(o for o in owners if o.GetName() == row["contact"])
        engine = abs(decimal(owner.GetBalanceInCurrency(owner.GetCurrency())))
        assert engine == abs(Decimal(row["documents"]) - Decimal(row["credits"])), (row, engine)
    for account in control_accounts(book):
        side = [o.GetName() for o in owners if isinstance(o, Vendor) == (account.GetType() == core.ACCT_TYPE_PAYABLE)]
        currency = account.GetCommodity().get_mnemonic()
        total = sum(Decimal(row["balance"]) for row in rows if row["contact"] in side and row["currency"] == currency)
        sign = -1 if account.GetType() == core.ACCT_TYPE_PAYABLE else 1
        assert total == sign * decimal(account.GetBalance()), (account.GetName(), total)


def full_name(account):
    return account.get_full_name().replace(".", ":")


def read(book, rates, tax_names, term_names):
    docs, pays, plain = documents(book, rates), payments(book), ledger(book)
    customers, vendors = objects(book, "gncCustomer", Customer), objects(book, "gncVendor", Vendor)
    jobs = objects(book, "gncJob", Job)
    accounts = book.get_root_account().get_descendants_sorted()
    # By name: posting leaves hidden copies of the tables and terms a document used, under the same names.
    taxes = sorted(name for name in tax_names if core.gncTaxTableLookupByName(book.get_instance(), name))
    terms = sorted(name for name in term_names if core.gncBillTermLookupByName(book.get_instance(), name))
    counts = {
        "account": len(accounts),
        "contact": len(customers) + len(vendors),
        "customer": len(customers),
        "supplier": len(vendors),
        "project": len(jobs),
        "tax_rate": len(taxes),
        "terms": len(terms),
    }
    for row in docs + pays + plain:
        counts[row["entity"]] = counts.get(row["entity"], 0) + 1
    receivable = balances(docs, pays, "invoice", "credit_note", "payment")
    payable = balances(docs, pays, "bill", "bill_credit", "bill_payment")
    verify(book, customers + vendors, receivable + payable)
    return {
        "format": 1,
        "source": "gnucash",
        "company": COMPANY,
        "counts": counts,
        "lists": {"tax_rates": taxes, "terms": terms, "projects": sorted(j.GetName() for j in jobs)},
        "documents": docs,
        "payments": pays,
        "ledger": plain,
        "receivable": receivable,
        "payable": payable,
        "control_totals": control_totals(docs, pays),
        "trial_balance": [
            dict(
                account=full_name(a),
                currency=a.GetCommodity().get_mnemonic(),
                balance=text(decimal(a.GetBalance()) if a.GetBalance().num() else Decimal(0)),
            )
            for a in sorted(accounts, key=full_name)
            if a.GetBalance().num()
        ],
        "settlements": [],
        "rejects": [],
        "unknown_columns": [],
    }
