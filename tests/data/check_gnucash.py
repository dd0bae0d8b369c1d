"""Works the truth of the GnuCash sample out from its tables, with GnuCash's rules written down once more.

Net of an entry: quantity x price (less the tax inside, where it is included), less the discount, rounded to the cent.
Tax: summed unrounded per tax account over the document, then rounded once.
Open: what the splits in the document's lot leave.
"""

import sqlite3
from decimal import ROUND_HALF_UP, Decimal, getcontext

from check_common import HERE, differ, expected, open_items, totals

getcontext().prec = 40
CENT = Decimal("0.01")


def cents(value):
    return value.quantize(CENT, ROUND_HALF_UP)


class Book:
    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        self.slots = {}
        for row in self.rows("select * from slots"):
            self.slots.setdefault(row["obj_guid"], {})[row["name"]] = row
        self.currency = {r["guid"]: r["mnemonic"] for r in self.rows("select * from commodities")}
        self.account = {r["guid"]: r for r in self.rows("select * from accounts")}
        self.names = {r["guid"]: (r["name"], kind) for kind in ("customers", "vendors") for r in self.rows(f"select * from {kind}")}
        self.jobs = {r["guid"]: r for r in self.rows("select * from jobs")}
        self.txn = {r["guid"]: r for r in self.rows("select * from transactions")}
        self.splits = self.rows("select * from splits")

    def rows(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def slot(self, guid, name, column):
        row = self.slots.get(guid, {}).get(name)
        return row[column] if row else None


def num(row, name):
    return Decimal(row[f"{name}_num"]) / Decimal(row[f"{name}_denom"])


def amounts(book, doc, payable):
    """(net, tax) of a document from its entries."""
    side, mark = ("b", "bill") if payable else ("i", "invoice")
    net, taxes, lines = Decimal(0), {}, 0
    for entry in book.rows(f"select * from entries where {mark} = ?", doc["guid"]):
        lines += 1
        rates = (
            [
                (t["account"], num(t, "amount") / 100)
                for t in book.rows("select * from taxtable_entries where taxtable = ?", entry[f"{side}_taxtable"])
            ]
            if entry[f"{side}_taxable"]
            else []
        )
        rate = sum((r for _, r in rates), Decimal(0))
        base = num(entry, "quantity") * num(entry, f"{side}_price")
        if entry[f"{side}_taxincluded"] and rates:
            base /= 1 + rate
        value = base
        if not payable:
            discount, how = num(entry, "i_discount"), entry["i_disc_how"]
            of = base * (1 + rate) if how == "POSTTAX" else base
            value = base - (of * discount / 100 if entry["i_disc_type"] == "PERCENT" else discount)
            if how == "PRETAX":
                base = value
        net += cents(value)
        for account, part in rates:
            taxes[account] = taxes.get(account, Decimal(0)) + base * part
    return net, sum((cents(t) for t in taxes.values()), Decimal(0)), lines


def documents(book, problems):
    found, lots = [], {}
    rates = {r["date"][:10]: 1 / num(r, "value") for r in book.rows("select * from prices")}
    for doc in book.rows("select * from invoices"):
        job = book.jobs.get(doc["owner_guid"]) if doc["owner_type"] == 3 else None
        contact, kind = book.names[job["owner_guid"] if job else doc["owner_guid"]]
        payable = kind == "vendors"
        entity = (
            ("bill_credit" if payable else "credit_note")
            if book.slot(doc["guid"], "credit-note", "int64_val")
            else ("bill" if payable else "invoice")
        )
        net, tax, lines = amounts(book, doc, payable)
        posted = doc["post_lot"] is not None
        day = (doc["date_posted"] if posted else doc["date_opened"])[:10]
        due = (
            book.slot(doc["post_txn"], "trans-date-due", "timespec_val") or book.slot(doc["post_txn"], "trans-date-due", "gdate_val")
            if posted
            else None
        )
        total, still = abs(net + tax), None
        if posted:
            stated = [abs(num(s, "value")) for s in book.splits if s["tx_guid"] == doc["post_txn"] and s["account_guid"] == doc["post_acc"]]
            if stated != [total]:
                problems.append(f"entries give {total}, the posting says {stated}: {doc['id']}")
            still = str(cents(abs(sum(num(s, "quantity") for s in book.splits if s["lot_guid"] == doc["post_lot"]))))
            lots[doc["post_lot"]] = (entity, doc["id"], contact)
        currency = book.currency[doc["currency"]]
        found.append(
            dict(
                entity=entity,
                number=doc["id"],
                contact=contact,
                date=day,
                due=due[:10] if due else None,
                currency=currency,
                exchange_rate=None if currency == "EUR" else f"{rates[day].normalize():f}",
                status="open" if posted else "draft",
                lines=lines,
                tax=str(cents(abs(tax))),
                total=str(cents(total)),
                outstanding=still,
                project=job["name"] if job else None,
                reference=doc["billing_id"] or None,
            )
        )
    return found, lots


def payments(book, lots):
    found, others = [], []
    for guid, txn in book.txn.items():
        kind = book.slot(guid, "trans-txn-type", "string_val")
        splits = [s for s in book.splits if s["tx_guid"] == guid]
        control = [s for s in splits if book.account[s["account_guid"]]["account_type"] in ("RECEIVABLE", "PAYABLE")]
        if kind == "I":
            continue
        if not control:
            others.append(
                dict(
                    entity="journal",
                    number=txn["num"],
                    date=txn["post_date"][:10],
                    contact=None,
                    description=txn["description"],
                    lines=len(splits),
                    total=str(cents(sum(max(num(s, "value"), Decimal(0)) for s in splits))),
                )
            )
            continue
        payable = book.account[control[0]["account_guid"]]["account_type"] == "PAYABLE"
        sign = 1 if payable else -1
        known = [(s, lots.get(s["lot_guid"])) for s in control]
        found.append(
            dict(
                entity="bill_payment" if payable else "payment",
                number=txn["num"],
                contact=next((k[2] for _, k in known if k), txn["description"]),
                date=txn["post_date"][:10],
                currency=book.currency[book.account[control[0]["account_guid"]]["commodity_guid"]],
                exchange_rate=None,
                total=str(cents(sum((sign * num(s, "quantity") for s in control), Decimal(0)))),
                unapplied=str(cents(sum((sign * num(s, "quantity") for s, k in known if not k), Decimal(0)))),
                allocations=sorted(
                    [dict(entity=k[0], number=k[1], amount=str(cents(abs(num(s, "quantity"))))) for s, k in known if k],
                    key=lambda a: (a["entity"], a["number"]),
                ),
            )
        )
    return found, others


def trial_balance(book):
    sums = {}
    for split in book.splits:
        sums[split["account_guid"]] = sums.get(split["account_guid"], Decimal(0)) + num(split, "quantity")
    for guid, balance in sums.items():
        if balance:
            names, at = [], book.account[guid]
            while at["account_type"] != "ROOT":
                names.append(at["name"])
                at = book.account[at["parent_guid"]]
            yield dict(account=":".join(reversed(names)), currency=book.currency[book.account[guid]["commodity_guid"]], balance=str(cents(balance)))


def check():
    wanted, problems = expected("gnucash"), []
    book = Book(HERE / "gnucash" / "book.gnucash")
    docs, lots = documents(book, problems)
    pays, plain = payments(book, lots)
    for guid in book.txn:
        if sum(num(s, "value") for s in book.splits if s["tx_guid"] == guid):
            problems.append(f"transaction does not balance: {guid}")
    count = {kind: len(book.rows(f"select 1 from {kind}")) for kind in ("customers", "vendors", "jobs")}
    counts = {
        "account": sum(a["account_type"] != "ROOT" for a in book.account.values()),
        "contact": count["customers"] + count["vendors"],
        "customer": count["customers"],
        "supplier": count["vendors"],
        "project": count["jobs"],
        "tax_rate": len(book.rows("select 1 from taxtables where parent is null")),
        "terms": len(book.rows("select 1 from billterms where parent is null")),
    }
    for row in docs + pays + plain:
        counts[row["entity"]] = counts.get(row["entity"], 0) + 1
    yield from problems
    yield from differ("counts", [counts], [wanted["counts"]])
    yield from differ("document", docs, wanted["documents"])
    yield from differ("payment", pays, wanted["payments"])
    yield from differ("ledger", plain, wanted["ledger"])
    yield from differ("receivable", open_items(docs, pays, "invoice", "credit_note", "payment"), wanted["receivable"])
    yield from differ("payable", open_items(docs, pays, "bill", "bill_credit", "bill_payment"), wanted["payable"])
    yield from differ("control total", totals(docs, pays), wanted["control_totals"])
    yield from differ("trial balance", list(trial_balance(book)), wanted["trial_balance"])
