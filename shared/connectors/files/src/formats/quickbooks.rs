//! QuickBooks Online: list and transaction exports, and two reports.

use carry_model::{Entity, Ledger};

use super::{Column, Documents, Field, Format, Shape, System, key, opt};

/// The United States edition writes month/day/year unless the company chose another format.
static SYSTEM: System =
    System { id: "quickbooks", title: "QuickBooks Online", date_way: Some(2), number_way: Some(0) };

const PURCHASES: Documents = Documents { supplier_numbers: true, ..Documents::USUAL };

/// Columns of a sales form, led by those of its own number and date.
macro_rules! sales_form {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            key("Customer", Field::Contact),
            opt("Terms", Field::Terms),
            opt("Location", Field::Location),
            opt("Class", Field::Class),
            opt("Memo|Message on invoice|Message", Field::Memo),
            key("Item(Product/Service)|Product/Service|Item", Field::Item),
            opt("ItemDescription|Description", Field::Description),
            opt("ItemQuantity|Quantity|Qty", Field::Quantity),
            opt("ItemRate|Rate", Field::Price),
            key("ItemAmount|Item Amount|Amount", Field::LineAmount),
            opt("ItemTaxCode|Item Tax Code|Taxable|Tax code", Field::Tax),
            opt("ItemTaxAmount|Item Tax Amount|Tax amount", Field::TaxAmount),
            opt("Currency", Field::Currency),
            opt("Exchange Rate", Field::ExchangeRate),
            opt("Service Date", Field::ServiceDate),
            opt("PO Number|Reference No.", Field::Reference),
        ]
    };
}

macro_rules! purchase_form {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            key("Vendor|Supplier", Field::Contact),
            opt("Terms", Field::Terms),
            opt("Location", Field::Location),
            opt("Class", Field::Class),
            opt("Memo", Field::Memo),
            key("Account|Category/Account", Field::Account),
            opt("LineDescription|Line Description|Description", Field::Description),
            key("LineAmount|Line Amount", Field::LineAmount),
            opt("LineTaxCode|Line Tax Code|Tax code", Field::Tax),
            opt("LineTaxAmount|Line Tax Amount", Field::TaxAmount),
            opt("Currency", Field::Currency),
            opt("Exchange Rate", Field::ExchangeRate),
        ]
    };
}

macro_rules! balance_report {
    () => {
        &[
            key("", Field::Group),
            key("Date", Field::Date),
            key("Transaction Type", Field::Kind),
            key("Num|No.", Field::Number),
            opt("Due Date", Field::Due),
            key("Amount", Field::Amount),
            key("Open Balance", Field::Open),
            key("Balance", Field::Running),
        ]
    };
}

const CUSTOMERS: &[Column] = &[
    key("Customer full name|Customer", Field::Name),
    opt("Phone numbers|Phone", Field::Phone),
    key("Email", Field::Email),
    key("Full name", Field::Person),
    key("Bill address|Billing address", Field::BillAddress),
    opt("Ship address|Shipping address", Field::ShipAddress),
];

const VENDORS: &[Column] = &[
    key("Vendor|Vendor display name|Supplier", Field::Name),
    opt("Phone numbers|Phone", Field::Phone),
    key("Email", Field::Email),
    opt("Full name", Field::Person),
    key("Address", Field::BillAddress),
    opt("Account #|Account number|Account No.", Field::AccountNumber),
];

const ACCOUNTS: &[Column] = &[
    key("Account name|Account|Full name", Field::Name),
    opt("Account number|Account #|Number", Field::Code),
    key("Type|Account type", Field::Type),
    key("Detail type", Field::DetailType),
    opt("Description", Field::Description),
    opt("Currency", Field::Currency),
    opt("Total balance|Balance", Field::Ignored),
];

const ITEMS: &[Column] = &[
    key("Product/Service|Product/Service Name|Product/Service full name", Field::Name),
    key("Type", Field::Type),
    opt("SKU", Field::Code),
    opt("Description|Sales description", Field::Description),
    key("Price|Sales price / rate|Sales price", Field::Price),
    opt("Cost|Purchase cost", Field::Cost),
    opt("Income account", Field::IncomeAccount),
    opt("Expense account", Field::ExpenseAccount),
    opt("Taxable", Field::Ignored),
    opt("Qty on hand|Quantity on hand|Quantity as-of date|Reorder point", Field::Ignored),
];

const RECEIVED: &[Column] = &[
    key("Receive Payment #|Receive Payment No|Payment #", Field::Number),
    key("Payment Date", Field::Date),
    opt("Reference No.|Ref No.", Field::Reference),
    key("Customer", Field::Contact),
    opt("Payment Method", Field::PaymentMethod),
    opt("Memo", Field::Memo),
    opt("Deposit To|Deposit To Account", Field::PaidAccount),
    key("Invoice Apply|Invoice No", Field::AppliedTo),
    key("Amount Received|Amount", Field::Amount),
    opt("Currency", Field::Currency),
    opt("Exchange Rate", Field::ExchangeRate),
];

const BILL_PAYMENTS: &[Column] = &[
    key("Bill Payment #|Bill Payment No", Field::Number),
    key("Payment Date", Field::Date),
    opt("Reference No.|Ref No.", Field::Reference),
    key("Vendor", Field::Contact),
    opt("Payment Method", Field::PaymentMethod),
    opt("Memo", Field::Memo),
    opt("Bank Account|Paid From|Account", Field::PaidAccount),
    key("Bill Apply|Bill No", Field::AppliedTo),
    key("Amount Paid|Amount", Field::Amount),
    opt("Currency", Field::Currency),
    opt("Exchange Rate", Field::ExchangeRate),
];

const JOURNAL: &[Column] = &[
    opt("", Field::Group),
    key("Date", Field::Date),
    key("Transaction Type", Field::Kind),
    key("Num|No.", Field::Number),
    key("Name", Field::Contact),
    opt("Memo/Description", Field::Description),
    key("Account", Field::Account),
    key("Debit", Field::Debit),
    key("Credit", Field::Credit),
];

pub(super) const FORMATS: &[Format] = &[
    SYSTEM.format(
        "quickbooks-customers",
        "customer list",
        Entity::Contact,
        Shape::Contacts(Some(Ledger::Receivable)),
        CUSTOMERS,
    ),
    SYSTEM.format(
        "quickbooks-vendors",
        "vendor list",
        Entity::Contact,
        Shape::Contacts(Some(Ledger::Payable)),
        VENDORS,
    ),
    SYSTEM.format("quickbooks-accounts", "account list", Entity::Account, Shape::Accounts, ACCOUNTS),
    SYSTEM.format("quickbooks-items", "products and services", Entity::Item, Shape::Items, ITEMS),
    SYSTEM.format(
        "quickbooks-invoices",
        "invoices",
        Entity::Invoice,
        Shape::Documents(Documents::USUAL),
        sales_form!(
            key("InvoiceNo|Invoice No|Invoice Number", Field::Number),
            key("InvoiceDate|Invoice Date", Field::Date),
            opt("DueDate|Due Date", Field::Due),
        ),
    ),
    SYSTEM.format(
        "quickbooks-credit-memos",
        "credit memos",
        Entity::CreditNote,
        Shape::Documents(Documents::USUAL),
        sales_form!(
            key("CreditMemoNo|Credit Memo No", Field::Number),
            key("CreditMemoDate|Credit Memo Date", Field::Date),
            opt("DueDate|Due Date", Field::Ignored),
        ),
    ),
    SYSTEM.format(
        "quickbooks-estimates",
        "estimates",
        Entity::Estimate,
        Shape::Documents(Documents::USUAL),
        sales_form!(
            key("EstimateNo|Estimate No", Field::Number),
            key("EstimateDate|Estimate Date", Field::Date),
            opt("ExpirationDate|Expiration Date|DueDate", Field::Due),
            opt("Estimate Status|Status", Field::Status),
        ),
    ),
    SYSTEM.format(
        "quickbooks-sales-receipts",
        "sales receipts",
        Entity::SalesReceipt,
        Shape::Documents(Documents::USUAL),
        sales_form!(
            key("SalesReceiptNo|Sales Receipt No", Field::Number),
            key("SalesReceiptDate|Sales Receipt Date", Field::Date),
            opt("DueDate|Due Date", Field::Ignored),
            opt("Payment method", Field::PaymentMethod),
            opt("Deposit to|Deposit To Account", Field::PaidAccount),
        ),
    ),
    SYSTEM.format(
        "quickbooks-refund-receipts",
        "refund receipts",
        Entity::Refund,
        Shape::Documents(Documents::USUAL),
        sales_form!(
            key("RefundReceiptNo|Refund Receipt No", Field::Number),
            key("RefundReceiptDate|Refund Receipt Date", Field::Date),
            opt("Payment method", Field::PaymentMethod),
            opt("Refund from|Paid from", Field::PaidAccount),
        ),
    ),
    SYSTEM.format(
        "quickbooks-bills",
        "bills",
        Entity::Bill,
        Shape::Documents(PURCHASES),
        purchase_form!(
            key("BillNo|Bill No", Field::Number),
            key("BillDate|Bill Date", Field::Date),
            opt("DueDate|Due Date", Field::Due),
        ),
    ),
    SYSTEM.format(
        "quickbooks-vendor-credits",
        "vendor credits",
        Entity::BillCredit,
        Shape::Documents(PURCHASES),
        purchase_form!(
            key("VendorCreditNo|Vendor Credit No", Field::Number),
            key("VendorCreditDate|Vendor Credit Date", Field::Date),
            opt("DueDate|Due Date", Field::Due),
        ),
    ),
    SYSTEM.format(
        "quickbooks-payments",
        "received payments",
        Entity::Payment,
        Shape::Payments(Ledger::Receivable),
        RECEIVED,
    ),
    SYSTEM.format(
        "quickbooks-bill-payments",
        "bill payments",
        Entity::BillPayment,
        Shape::Payments(Ledger::Payable),
        BILL_PAYMENTS,
    ),
    SYSTEM.format("quickbooks-journal", "journal report", Entity::Journal, Shape::JournalReport, JOURNAL),
    // The two balance reports share their header; the title above it tells them apart.
    SYSTEM.format(
        "quickbooks-customer-balances",
        "customer balance detail",
        Entity::OpenBalance,
        Shape::Balances(Ledger::Receivable),
        balance_report!(),
    ),
    SYSTEM.format(
        "quickbooks-vendor-balances",
        "vendor balance detail",
        Entity::OpenBalance,
        Shape::Balances(Ledger::Payable),
        balance_report!(),
    ),
];
