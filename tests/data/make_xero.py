"""Makes xero/: a year of Harbour & Finch Ltd as Xero exports, and expected.json.

Run: python3 make_xero.py   (Python 3.9 or later, standard library only; the same bytes every time)
"""

import math
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import harbour
import xlsx
from books import ZERO, CsvFile, Dice, balances, cents, control_totals, text, write_expected

AS_OF = date(2026, 9, 30)
YEAR_START = date(2025, 10, 1)
PEOPLE = {row[0]: row for row in harbour.CONTACTS}
CUSTOMERS = [row[0] for row in harbour.CONTACTS[:18]] + [harbour.ARCHIVED]
TYPES = {"invoice": "Sales invoice", "credit_note": "Sales credit note", "bill": "Bill", "bill_credit": "Bill credit note"}
ADDRESS = ["AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode", "Country"]
COLUMNS = [
    "ContactName",
    "EmailAddress",
    *("PO" + a for a in ADDRESS),
    *("SA" + a for a in ADDRESS),
    "InvoiceNumber",
    "Reference",
    "InvoiceDate",
    "DueDate",
    "PlannedDate",
    "Total",
    "TaxTotal",
    "InvoiceAmountPaid",
    "InvoiceAmountDue",
    "InventoryItemCode",
    "Description",
    "Quantity",
    "UnitAmount",
    "Discount",
    "LineAmount",
    "AccountCode",
    "TaxType",
    "TaxAmount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
    "Currency",
    "Type",
    "Sent",
    "Status",
]


def currency_of(contact):
    return PEOPLE[contact][12] if contact in PEOPLE else "GBP"


class Books:
    def __init__(self):
        self.dice = Dice("harbour")
        self.documents = []

    def document(self, entity, file, number, contact, day, lines, fate, due=None, reference="", tax_adjust=ZERO):
        """Adds a document; `fate` says how much is paid: paid, partial, open, draft or voided."""
        lines[-1]["tax"] += tax_adjust
        tax = sum((line["tax"] for line in lines), ZERO)
        total = tax + sum((line["amount"] for line in lines), ZERO)
        paid = {"paid": total, "partial": cents(total * self.dice.between(20, 80) / 100)}.get(fate, ZERO)
        status = {"paid": "Paid", "draft": "Draft", "voided": "Voided"}.get(fate, "Awaiting Payment")
        self.documents.append(
            dict(
                entity=entity,
                file=file,
                number=number,
                contact=contact,
                date=day,
                due=due or day + timedelta(days=30),
                lines=lines,
                tax=tax,
                total=total,
                paid=paid,
                open=ZERO if fate == "voided" else total - paid,
                status=status,
                reference=reference,
                currency=currency_of(contact),
            )
        )


def line(dice, item, contact, quantity=None):
    code, _, _, _, _, _, description, price, account, tax = item
    price, discount = Decimal(price), dice.pick(["", "", "", "", "10", "12.5"])
    if currency_of(contact) != "GBP":
        account, tax = "210", "Zero Rated Income"
        price = (price * Decimal("1.1875")).quantize(Decimal("0.0001"))
    quantity = quantity or (Decimal(dice.between(2, 60)) if code not in ("WKSHOP", "SHIP") else Decimal(dice.between(1, 9)))
    if code == "KINDLE":
        quantity += Decimal("0.5")
    amount = cents(quantity * price * (100 - Decimal(discount or 0)) / 100)
    region = dice.pick(["", "Coast", "Dales", "Cities"])
    return dict(
        item=code,
        description=description,
        quantity=quantity,
        price=price,
        discount=discount,
        amount=amount,
        account=account,
        tax_type=tax,
        tax=cents(amount * Decimal(harbour.TAXES[tax]) / 100),
        region=region,
        channel=dice.pick(["Shop", "Wholesale"]) if region else "",
    )


def sales(books):
    """90 invoices, the last quarter's in the workbook, and 8 credit notes."""
    dice = books.dice
    for i in range(90):
        day = YEAR_START + timedelta(days=1 + i * 4)
        file = "SalesInvoices.csv" if day < date(2026, 7, 1) else "SalesInvoices Jul-Sep.xlsx"
        contact = CUSTOMERS[i % 19 if i < 19 else dice.below(18)]
        lines = [line(dice, dice.pick(harbour.ITEMS), contact) for _ in range(dice.weighted([(1, 5), (2, 6), (3, 4), (5, 2), (7, 1)]))]
        if i % 23 == 7:
            lines.append(
                dict(
                    item="",
                    description="Loyalty discount\nas agreed",
                    quantity=Decimal(1),
                    price=Decimal("-5.0000"),
                    discount="",
                    amount=Decimal("-5.00"),
                    account="200",
                    tax_type="No VAT",
                    tax=ZERO,
                    region="",
                    channel="",
                )
            )
        fate = dice.weighted([("paid", 52), ("partial", 14), ("open", 24), ("draft", 5), ("voided", 5)])
        # Tax that a person changed by a penny on the form; it stands as written.
        nudge = Decimal("0.01") if i in (11, 47, 83) else ZERO
        books.document(
            "invoice",
            file,
            f"INV-{i + 98:04d}",
            contact,
            day,
            lines,
            fate,
            reference=f"PO {dice.between(1000, 99999)}" if dice.chance(40) else "",
            tax_adjust=nudge,
        )
    for i in range(8):
        day = date(2025, 11, 3) + timedelta(days=i * 37)
        file = "SalesInvoices.csv" if day < date(2026, 7, 1) else "SalesInvoices Jul-Sep.xlsx"
        contact = CUSTOMERS[(i * 5) % 18]
        lines = [line(dice, harbour.ITEMS[i % 4], contact, Decimal(dice.between(1, 4)))]
        books.document(
            "credit_note",
            file,
            f"CN-{i + 7:04d}",
            contact,
            day,
            lines,
            ["paid", "open", "partial", "open"][i % 4],
            reference="Damaged in transit" if i % 2 else "",
        )


def purchases(books):
    """Bills in Windows-1252, those of four weeks in a file saved by a German spreadsheet, and 3 credits."""
    dice, suppliers = books.dice, list(harbour.PURCHASES)
    for i in range(38):
        day = YEAR_START + timedelta(days=3 + i * 9)
        contact = suppliers[i % 10]
        lines = []
        for _ in range(dice.between(1, 4)):
            account, description, tax, low, high = dice.pick(harbour.PURCHASES[contact])
            amount = cents(Decimal(dice.between(low, high)) / 100)
            lines.append(
                dict(
                    item="",
                    description=description,
                    quantity=Decimal(1),
                    price=amount,
                    discount="",
                    amount=amount,
                    account=account,
                    tax_type=tax,
                    tax=cents(amount * Decimal(harbour.TAXES[tax]) / 100),
                    region="",
                    channel="",
                )
            )
        number = "INV-1001" if i in (3, 6) else "STMT" if i in (4, 14) else f"{dice.between(0, 99999):06d}" if i % 2 else f"R{day:%Y}/{i + 410}"
        fate = dice.weighted([("paid", 58), ("partial", 12), ("open", 24), ("draft", 4), ("voided", 2)])
        file = "Bills.csv" if i < 28 else "Bills saved in Germany.csv"
        if i in (30, 35):
            lines[0].update(
                amount=Decimal("1234.56"),
                price=Decimal("1234.56"),
                tax=cents(Decimal("1234.56") * Decimal(harbour.TAXES[lines[0]["tax_type"]]) / 100),
            )
        books.document("bill", file, number, contact, day, lines, fate)
    for i, contact in enumerate(["Moor & Coast Candle Supplies", "Céramiques Lefèvre", "Quayside Print Ltd"]):
        account, description, tax, low, _ = harbour.PURCHASES[contact][0]
        amount = cents(Decimal(low) / 400)
        lines = [
            dict(
                item="",
                description=f"Return: {description}",
                quantity=Decimal(1),
                price=amount,
                discount="",
                amount=amount,
                account=account,
                tax_type=tax,
                tax=cents(amount * Decimal(harbour.TAXES[tax]) / 100),
                region="",
                channel="",
            )
        ]
        books.document("bill_credit", "Bills.csv", f"CR{i + 51}", contact, date(2026, 1 + i, 21), lines, ["paid", "open", "partial"][i])


def rows(doc):
    """A document's rows, one per line, header fields on each; credits are negative as Xero writes them.

    Cells are str, Decimal or date, so that each file can write them in its own way.
    """
    person = PEOPLE.get(doc["contact"])
    address = [""] * 8
    if person:
        street = person[5].split("\n")
        address = street + [""] * (4 - len(street)) + list(person[6:10])
    sign = -1 if doc["entity"] in ("credit_note", "bill_credit") else 1
    sale = doc["entity"] in ("invoice", "credit_note")
    for x in doc["lines"]:
        tracking = ["Region" if x["region"] else "", x["region"], "Channel" if x["channel"] else "", x["channel"]]
        yield [
            doc["contact"],
            person[2] if person else "",
            *address,
            *(address if sale and person else [""] * 8),
            doc["number"],
            doc["reference"],
            doc["date"],
            doc["due"],
            None,
            sign * doc["total"],
            sign * doc["tax"],
            sign * doc["paid"],
            sign * doc["open"],
            x["item"],
            x["description"],
            x["quantity"].quantize(Decimal("0.0001")),
            sign * x["price"].quantize(Decimal("0.0001")),
            Decimal(x["discount"]) if x["discount"] else None,
            sign * x["amount"],
            x["account"],
            x["tax_type"],
            sign * x["tax"],
            *tracking,
            doc["currency"],
            TYPES[doc["entity"]],
            ("Sent" if sale and doc["status"] != "Draft" else "Unsent") if sale else "",
            doc["status"],
        ]


def british(value):
    if value is None:
        return ""
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else f"{value:f}" if isinstance(value, Decimal) else value


def german(value):
    """As a spreadsheet set to German saves it: 31.01.2026, 1.234,50."""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, Decimal):
        if value == value.to_integral() and abs(value) < 1000:
            return f"{value.to_integral():f}"
        return f"{value.quantize(Decimal('0.01')):,f}".translate(str.maketrans(",.", ".,"))
    return british(value)


def as_binary(value):
    """What a spreadsheet stores for a sum that binary fractions cannot hold: 19.99 as 19.989999999999998."""
    return Decimal(format(math.nextafter(float(value), 0), ".17g"))


def bad_row(base, **cells):
    """A copy of a good single-line document with other cells: alone it would be fine, but for them."""
    row = list(base)
    for column, value in cells.items():
        row[COLUMNS.index(column)] = value
    return row


def bad_rows(books):
    """file -> {place: (row, column, kind, text)}; each is a document of its own."""
    sale = next(
        list(rows(d))[0]
        for d in books.documents
        if d["entity"] == "invoice" and len(d["lines"]) == 1 and d["currency"] == "GBP" and d["status"] == "Paid"
    )
    bill = next(list(rows(d))[0] for d in books.documents if d["entity"] == "bill" and len(d["lines"]) == 1 and d["status"] == "Paid")
    return {
        "SalesInvoices.csv": {
            8: (bad_row(sale, InvoiceNumber="INV-9001", InvoiceDate="31/02/2026"), "InvoiceDate", "date", "31/02/2026"),
            20: (bad_row(sale, InvoiceNumber="INV-9002", LineAmount="£4O.00"), "LineAmount", "amount", "£4O.00"),
            31: (bad_row(sale, InvoiceNumber="INV-9003", Currency="GPB"), "Currency", "currency", "GPB"),
            44: (bad_row(sale, InvoiceNumber="INV-9004", ContactName=""), "ContactName", "missing", ""),
            52: (bad_row(sale, InvoiceNumber="INV-9005")[:25], None, "columns", None),
        },
        "SalesInvoices Jul-Sep.xlsx": {6: (bad_row(sale, InvoiceNumber="INV-9006", Total=xlsx.Error("#REF!")), "Total", "amount", "#REF!")},
        "Bills.csv": {12: (bad_row(bill, InvoiceNumber="B-9007", Total="1,250.0.0"), "Total", "amount", "1,250.0.0")},
        "Bills saved in Germany.csv": {5: (bad_row(bill, InvoiceNumber="B-9008", InvoiceDate="29.02.2026"), "InvoiceDate", "date", "29.02.2026")},
    }


def write_documents(folder, books):
    """Writes the four document files; answers the rejects."""
    rejects = []
    forms = {
        "SalesInvoices.csv": (british, ",", "utf-8-sig"),
        "Bills.csv": (british, ",", "cp1252"),
        "Bills saved in Germany.csv": (german, ";", "utf-16"),
    }
    for file, bad in bad_rows(books).items():
        show, delimiter, encoding = forms.get(file, (None, None, None))
        sheet, out = [COLUMNS], CsvFile(delimiter or ",")
        out.add(COLUMNS)
        for i, doc in enumerate(d for d in books.documents if d["file"] == file):
            found = [(row, None) for row in rows(doc)] + ([(bad[i][0], bad[i][1:])] if i in bad else [])
            for row, wrong in found:
                sheet.append(row)
                cells = [show(value) for value in row] if show else row
                at = out.add(cells) if show else len(sheet)
                if wrong:
                    column, kind, said = wrong
                    rejects.append(
                        dict(
                            file=file,
                            line=at,
                            column=column,
                            kind=kind,
                            text=",".join(cells) if said is None else said,
                            document=row[18],
                            lost_lines=[],
                        )
                    )
        if show:
            out.save(folder / file, encoding)
        else:
            amount = COLUMNS.index("LineAmount")
            for row in sheet[1::4]:
                row[amount] = as_binary(row[amount])
            xlsx.save(folder / file, "SalesInvoices", sheet)
    return rejects


def write_contacts(folder):
    address = ["AttentionTo", *ADDRESS]
    header = [
        "*ContactName",
        "AccountNumber",
        "EmailAddress",
        "FirstName",
        "LastName",
        *("PO" + a for a in address),
        *("SA" + a for a in address),
        "PhoneNumber",
        "FaxNumber",
        "MobileNumber",
        "DDINumber",
        "SkypeName",
        "BankAccountName",
        "BankAccountNumber",
        "BankAccountParticulars",
        "TaxNumber",
        "AccountsReceivableTaxCodeName",
        "AccountsPayableTaxCodeName",
        "Website",
        "LegalName",
        "Discount",
        "CompanyNumber",
        "DueDateBillDay",
        "DueDateBillTerm",
        "DueDateSalesDay",
        "DueDateSalesTerm",
        "SalesAccount",
        "PurchasesAccount",
        "TrackingName1",
        "SalesTrackingOption1",
        "PurchasesTrackingOption1",
        "TrackingName2",
        "SalesTrackingOption2",
        "PurchasesTrackingOption2",
        "BrandingTheme",
        "DefaultTaxBills",
        "DefaultTaxSales",
        *(f"Person{n}{field}" for n in range(1, 6) for field in ("FirstName", "LastName", "Email", "IncludeInEmail")),
    ]
    file = CsvFile()
    file.add(header)
    for name, number, mail, first, last, street, city, region, post, country, phone, vat, _ in harbour.CONTACTS:
        streets = street.split("\n")
        where = [*streets, *[""] * (4 - len(streets)), city, region, post, country]
        cells = dict(zip(header, [name, number, mail, first, last, "", *where, "", *where, phone]), TaxNumber=vat)
        if name == "Dunmore Hotels Group":
            cells.update(
                Person1FirstName="Orla", Person1LastName="Keane", Person1Email="orla.keane@dunmore.example.com", Person1IncludeInEmail="true"
            )
        file.add([cells.get(column, "") for column in header])
    file.save(folder / "Contacts.csv", "utf-8-sig")


def write_lists(folder):
    """Contacts, chart of accounts, items."""
    write_contacts(folder)
    file = CsvFile()
    file.add(["*Code", "*Name", "*Type", "*Tax Code", "Description", "Dashboard", "Expense Claims", "Enable Payments"])
    for account in harbour.ACCOUNTS:
        file.add(account)
    file.save(folder / "ChartOfAccounts.csv")
    file = CsvFile()
    file.add(
        [
            "*ItemCode",
            "ItemName",
            "PurchasesDescription",
            "PurchasesUnitPrice",
            "PurchasesAccount",
            "PurchasesTaxRate",
            "SalesDescription",
            "SalesUnitPrice",
            "SalesAccount",
            "SalesTaxRate",
        ]
    )
    for item in harbour.ITEMS:
        file.add(item)
    file.save(folder / "Items.csv", "utf-8-sig")


def expected(books, rejects):
    """Nothing on file explains what was paid: every paid or part-paid document is a settlement."""
    status = {"Draft": "draft", "Voided": "voided"}
    documents = [
        dict(
            entity=d["entity"],
            number=d["number"],
            contact=d["contact"],
            date=d["date"].isoformat(),
            due=d["due"].isoformat(),
            currency=d["currency"],
            exchange_rate=None,
            status=status.get(d["status"], "open"),
            lines=len(d["lines"]),
            tax=text(d["tax"]),
            total=text(d["total"]),
            outstanding=text(d["open"]),
        )
        for d in books.documents
    ]
    settlements = [
        dict(
            entity=d["entity"],
            number=d["number"],
            contact=d["contact"],
            currency=d["currency"],
            explained=text(d["total"]),
            reported=text(d["open"]),
            difference=text(d["paid"]),
            why="the export states what was paid, not how",
        )
        for d in books.documents
        if d["paid"]
    ]
    used = {d["contact"] for d in books.documents}
    counts = {
        "account": len(harbour.ACCOUNTS),
        "contact": len(harbour.CONTACTS) + 1,
        "customer": len({d["contact"] for d in books.documents if d["entity"] in ("invoice", "credit_note")}),
        "supplier": len({d["contact"] for d in books.documents if d["entity"].startswith("bill")}),
        "item": len(harbour.ITEMS),
    }
    for d in books.documents:
        counts[d["entity"]] = counts.get(d["entity"], 0) + 1
    return {
        "format": 1,
        "source": "xero",
        "company": {"name": harbour.COMPANY, "home_currency": "GBP", "as_of": AS_OF.isoformat()},
        "counts": counts,
        "lists": {
            "tax_rates": sorted({x["tax_type"] for d in books.documents for x in d["lines"]}),
            "tracking": {"Region": ["Cities", "Coast", "Dales"], "Channel": ["Shop", "Wholesale"]},
            "contacts_only_on_documents": sorted(used - set(PEOPLE)),
        },
        "documents": documents,
        "payments": [],
        "ledger": [],
        "receivable": balances(documents, [], "invoice", "credit_note", "payment"),
        "payable": balances(documents, [], "bill", "bill_credit", "bill_payment"),
        "control_totals": control_totals(documents, []),
        "settlements": settlements,
        "rejects": rejects,
        "unknown_columns": [],
    }


def main():
    books = Books()
    sales(books)
    purchases(books)
    folder = Path(__file__).parent / "xero"
    folder.mkdir(exist_ok=True)
    write_lists(folder)
    rejects = write_documents(folder, books)
    write_expected(folder / "expected.json", expected(books, rejects))


if __name__ == "__main__":
    main()
