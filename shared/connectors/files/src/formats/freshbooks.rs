//! FreshBooks: invoices, clients, and the report of payments.

use carry_model::{Entity, Ledger};

use super::{Column, Documents, Field, Format, Shape, System, key, opt};

/// Exports follow the account's own date format; there is no known default.
static SYSTEM: System = System { id: "freshbooks", title: "FreshBooks", date_way: None, number_way: Some(0) };

const INVOICES: &[Column] = &[
    key("Client Name", Field::Contact),
    key("Invoice #|Invoice Number", Field::Number),
    key("Date Issued|Issued Date", Field::Date),
    opt("Date Due|Due Date", Field::Due),
    key("Invoice Status", Field::Status),
    opt("Date Paid", Field::Ignored),
    opt("Item Name", Field::Item),
    opt("Item Description", Field::Description),
    key("Rate", Field::Price),
    key("Quantity", Field::Quantity),
    opt("Discount Percentage", Field::LineDiscount),
    key("Line Subtotal", Field::LineAmount),
    opt("Tax 1 Type", Field::Tax),
    opt("Tax 1 Amount", Field::TaxAmount),
    opt("Tax 2 Type", Field::Tax2),
    opt("Tax 2 Amount", Field::Tax2Amount),
    key("Line Total", Field::Ignored),
    opt("Amount Due|Balance", Field::Outstanding),
    opt("PO Number|Reference", Field::Reference),
    opt("Currency", Field::Currency),
];

const CLIENTS: &[Column] = &[
    key("Organization", Field::Name),
    key("First Name", Field::FirstName),
    key("Last Name", Field::LastName),
    key("Email", Field::Email),
    opt("Phone", Field::Phone),
    opt("Street|Street 1", Field::Bill1),
    opt("Street 2", Field::Bill2),
    opt("City", Field::BillCity),
    opt("Province/State|Province", Field::BillRegion),
    opt("Country", Field::BillCountry),
    opt("Postal Code", Field::BillPostal),
    opt("Notes", Field::Memo),
];

/// The report Payments Collected. Its header is known from a public program's test only; all of it must be there.
const PAYMENTS: &[Column] = &[
    key("Date", Field::Date),
    key("Client Name", Field::Contact),
    key("Method", Field::PaymentMethod),
    key("Description", Field::Memo),
    key("Payment for", Field::AppliedKind),
    key("Number", Field::AppliedTo),
    key("Amount", Field::Amount),
    key("Currency", Field::Currency),
];

pub(super) const FORMATS: &[Format] = &[
    SYSTEM.format(
        "freshbooks-clients",
        "clients",
        Entity::Contact,
        Shape::Contacts(Some(Ledger::Receivable)),
        CLIENTS,
    ),
    SYSTEM.format(
        "freshbooks-invoices",
        "invoices",
        Entity::Invoice,
        Shape::Documents(Documents::USUAL),
        INVOICES,
    ),
    SYSTEM.format(
        "freshbooks-payments",
        "payments collected",
        Entity::Payment,
        Shape::Payments(Ledger::Receivable),
        PAYMENTS,
    ),
];
