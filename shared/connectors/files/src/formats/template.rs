//! Our own template: one CSV file per entity, headers in plain English (`docs/template.md` explains each).

use carry_model::{Entity, Ledger};

use super::{Column, DiscountKind, Documents, Field, Format, Shape, System, key, opt};

/// The template asks for year-month-day and a decimal point.
static SYSTEM: System =
    System { id: "template", title: "Carryforward template", date_way: Some(0), number_way: Some(0) };

const SALES: Documents = Documents { discount: DiscountKind::Amount, ..Documents::USUAL };
const PURCHASES: Documents = Documents { supplier_numbers: true, ..SALES };

/// Columns of a document, led by its number and contact.
macro_rules! document {
    ($number:literal, $contact:literal, $due:literal) => {
        &[
            key($number, Field::Number),
            key($contact, Field::Contact),
            key("Date", Field::Date),
            opt($due, Field::Due),
            opt("Currency", Field::Currency),
            opt("Exchange rate", Field::ExchangeRate),
            key("Total including tax", Field::Total),
            opt("Still to be paid", Field::Outstanding),
            opt("Status", Field::Status),
            opt("Terms", Field::Terms),
            opt("Reference", Field::Reference),
            opt("Memo", Field::Memo),
            opt("Project", Field::Project),
            opt("Document discount", Field::Discount),
            opt("Paid from or into account", Field::PaidAccount),
            opt("Payment method", Field::PaymentMethod),
            opt("Item", Field::Item),
            opt("Line description", Field::Description),
            opt("Quantity", Field::Quantity),
            opt("Unit price", Field::Price),
            opt("Line discount", Field::LineDiscount),
            key("Line net amount", Field::LineAmount),
            opt("Tax rate", Field::Tax),
            opt("Line tax amount", Field::TaxAmount),
            opt("Account", Field::Account),
            opt("Service date", Field::ServiceDate),
            opt("Tracking category 1", Field::Tracking1),
            opt("Tracking option 1", Field::Option1),
            opt("Tracking category 2", Field::Tracking2),
            opt("Tracking option 2", Field::Option2),
        ]
    };
}

macro_rules! payment {
    ($number:literal, $contact:literal, $account:literal) => {
        &[
            key($number, Field::Number),
            key("Date", Field::Date),
            key($contact, Field::Contact),
            opt("Currency", Field::Currency),
            opt("Exchange rate", Field::ExchangeRate),
            opt($account, Field::PaidAccount),
            opt("Payment method", Field::PaymentMethod),
            opt("Reference", Field::Reference),
            opt("Memo", Field::Memo),
            key("Applied to number", Field::AppliedTo),
            key("Amount applied", Field::Amount),
        ]
    };
}

const CONTACTS: &[Column] = &[
    key("Contact name", Field::Name),
    key("Is customer", Field::IsCustomer),
    key("Is supplier", Field::IsSupplier),
    opt("First name", Field::FirstName),
    opt("Last name", Field::LastName),
    opt("Email", Field::Email),
    opt("Phone", Field::Phone),
    opt("Account number", Field::AccountNumber),
    opt("Tax number", Field::TaxNumber),
    opt("Currency", Field::Currency),
    opt("Parent contact", Field::Parent),
    opt("Billing street 1", Field::Bill1),
    opt("Billing street 2", Field::Bill2),
    opt("Billing city", Field::BillCity),
    opt("Billing region", Field::BillRegion),
    opt("Billing postal code", Field::BillPostal),
    opt("Billing country", Field::BillCountry),
    opt("Shipping street 1", Field::Ship1),
    opt("Shipping street 2", Field::Ship2),
    opt("Shipping city", Field::ShipCity),
    opt("Shipping region", Field::ShipRegion),
    opt("Shipping postal code", Field::ShipPostal),
    opt("Shipping country", Field::ShipCountry),
    opt("Note", Field::Memo),
    opt("Active", Field::Active),
];

const ACCOUNTS: &[Column] = &[
    opt("Account code", Field::Code),
    key("Account name", Field::Name),
    key("Account class", Field::Type),
    opt("Parent account", Field::Parent),
    opt("Currency", Field::Currency),
    opt("Description", Field::Description),
    opt("Active", Field::Active),
];

const ITEMS: &[Column] = &[
    opt("Item code", Field::Code),
    key("Item name", Field::Name),
    opt("Description", Field::Description),
    key("Sales price", Field::Price),
    key("Purchase price", Field::Cost),
    opt("Sales account", Field::IncomeAccount),
    opt("Purchase account", Field::ExpenseAccount),
    opt("Tax rate", Field::Tax),
    opt("Kind", Field::Type),
    opt("Active", Field::Active),
];

const TAX_RATES: &[Column] = &[
    key("Tax rate name", Field::Name),
    opt("Tax code", Field::Code),
    key("Per cent", Field::Percent),
    opt("Tax account", Field::Account),
];

const JOURNALS: &[Column] = &[
    key("Journal number", Field::Number),
    key("Date", Field::Date),
    opt("Currency", Field::Currency),
    opt("Exchange rate", Field::ExchangeRate),
    opt("Memo", Field::Memo),
    key("Account", Field::Account),
    key("Debit", Field::Debit),
    key("Credit", Field::Credit),
    opt("Customer", Field::Customer),
    opt("Supplier", Field::Supplier),
    opt("Line description", Field::Description),
    opt("Tracking category 1", Field::Tracking1),
    opt("Tracking option 1", Field::Option1),
    opt("Tracking category 2", Field::Tracking2),
    opt("Tracking option 2", Field::Option2),
];

const fn format(id: &'static str, entity: Entity, shape: Shape, columns: &'static [Column]) -> Format {
    SYSTEM.format(id, entity.plural(), entity, shape, columns)
}

const S: Shape = Shape::Documents(SALES);
const P: Shape = Shape::Documents(PURCHASES);

pub(super) const FORMATS: &[Format] = &[
    format("template-accounts", Entity::Account, Shape::Accounts, ACCOUNTS),
    format("template-tax-rates", Entity::TaxRate, Shape::TaxRates, TAX_RATES),
    format("template-contacts", Entity::Contact, Shape::Contacts(None), CONTACTS),
    format("template-items", Entity::Item, Shape::Items, ITEMS),
    format(
        "template-estimates",
        Entity::Estimate,
        S,
        document!("Estimate number", "Customer", "Valid until"),
    ),
    format(
        "template-sales-orders",
        Entity::SalesOrder,
        S,
        document!("Sales order number", "Customer", "Due date"),
    ),
    format(
        "template-purchase-orders",
        Entity::PurchaseOrder,
        S,
        document!("Purchase order number", "Supplier", "Due date"),
    ),
    format("template-invoices", Entity::Invoice, S, document!("Invoice number", "Customer", "Due date")),
    format(
        "template-credit-notes",
        Entity::CreditNote,
        S,
        document!("Credit note number", "Customer", "Due date"),
    ),
    format(
        "template-sales-receipts",
        Entity::SalesReceipt,
        S,
        document!("Sales receipt number", "Customer", "Due date"),
    ),
    format("template-refunds", Entity::Refund, S, document!("Refund number", "Customer", "Due date")),
    format("template-bills", Entity::Bill, P, document!("Bill number", "Supplier", "Due date")),
    format(
        "template-bill-credits",
        Entity::BillCredit,
        P,
        document!("Bill credit number", "Supplier", "Due date"),
    ),
    format("template-expenses", Entity::Expense, S, document!("Expense number", "Supplier", "Due date")),
    format(
        "template-payments",
        Entity::Payment,
        Shape::Payments(Ledger::Receivable),
        payment!("Payment number", "Customer", "Paid into account"),
    ),
    format(
        "template-bill-payments",
        Entity::BillPayment,
        Shape::Payments(Ledger::Payable),
        payment!("Bill payment number", "Supplier", "Paid from account"),
    ),
    format("template-journal-entries", Entity::Journal, Shape::Postings, JOURNALS),
];

/// The empty template: file names and their header lines.
pub fn empty_files() -> impl Iterator<Item = (String, String)> {
    FORMATS.iter().map(|format| {
        let name = format!("{}.csv", format.id.trim_start_matches("template-"));
        let header: Vec<&str> = format.columns.iter().map(|column| column.names).collect();
        (name, header.join(",") + "\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_explained() {
        let page = include_str!("../../../../../docs/template.md");
        for format in FORMATS {
            let file = format!("## {}.csv", format.id.trim_start_matches("template-"));
            assert!(page.contains(&file), "{file}");
            for column in format.columns {
                assert!(page.contains(&format!("| `{}` |", column.names)), "{}: {}", format.id, column.names);
            }
        }
    }
}
