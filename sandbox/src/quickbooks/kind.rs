//! The kinds of objects that the API knows, and what can be done to each.

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Account,
    Attachable,
    Bill,
    BillPayment,
    Class,
    CompanyCurrency,
    CompanyInfo,
    CreditCardPayment,
    CreditMemo,
    Customer,
    Department,
    Deposit,
    Employee,
    Estimate,
    ExchangeRate,
    Invoice,
    Item,
    JournalEntry,
    Payment,
    PaymentMethod,
    Preferences,
    Purchase,
    PurchaseOrder,
    RefundReceipt,
    SalesReceipt,
    TaxAgency,
    TaxCode,
    TaxRate,
    Term,
    TimeActivity,
    Transfer,
    Vendor,
    VendorCredit,
}

/// How an object is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// It is gone.
    Delete,
    /// It is set inactive.
    Inactivate,
    /// It stays.
    Never,
}

use Kind::{
    Account, Attachable, Bill, BillPayment, Class, CompanyCurrency, CompanyInfo, CreditCardPayment,
    CreditMemo, Customer, Department, Deposit, Employee, Estimate, ExchangeRate, Invoice, Item, JournalEntry,
    Payment, PaymentMethod, Preferences, Purchase, PurchaseOrder, RefundReceipt, SalesReceipt, TaxAgency,
    TaxCode, TaxRate, Term, TimeActivity, Transfer, Vendor, VendorCredit,
};

/// All kinds with their names.
const NAMES: [(Kind, &str); 33] = [
    (Account, "Account"),
    (Attachable, "Attachable"),
    (Bill, "Bill"),
    (BillPayment, "BillPayment"),
    (Class, "Class"),
    (CompanyCurrency, "CompanyCurrency"),
    (CompanyInfo, "CompanyInfo"),
    (CreditCardPayment, "CreditCardPaymentTxn"),
    (CreditMemo, "CreditMemo"),
    (Customer, "Customer"),
    (Department, "Department"),
    (Deposit, "Deposit"),
    (Employee, "Employee"),
    (Estimate, "Estimate"),
    (ExchangeRate, "ExchangeRate"),
    (Invoice, "Invoice"),
    (Item, "Item"),
    (JournalEntry, "JournalEntry"),
    (Payment, "Payment"),
    (PaymentMethod, "PaymentMethod"),
    (Preferences, "Preferences"),
    (Purchase, "Purchase"),
    (PurchaseOrder, "PurchaseOrder"),
    (RefundReceipt, "RefundReceipt"),
    (SalesReceipt, "SalesReceipt"),
    (TaxAgency, "TaxAgency"),
    (TaxCode, "TaxCode"),
    (TaxRate, "TaxRate"),
    (Term, "Term"),
    (TimeActivity, "TimeActivity"),
    (Transfer, "Transfer"),
    (Vendor, "Vendor"),
    (VendorCredit, "VendorCredit"),
];

impl Kind {
    /// Its name in bodies, queries and links.
    pub(super) fn name(self) -> &'static str {
        NAMES.into_iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of a name, in any case of letters.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(kind, _)| kind)
    }

    /// The kind of a segment of a path: the name in lower case.
    pub(super) fn at_path(segment: &str) -> Option<Self> {
        if segment.eq_ignore_ascii_case("creditcardpayment") {
            return Some(CreditCardPayment);
        }
        Self::named(segment)
    }

    /// The plural that messages about a missing reference use.
    pub(super) fn plural(self) -> String {
        match self {
            Customer | Vendor | Employee => "Names".to_owned(),
            Class => "Classes".to_owned(),
            kind => format!("{}s", kind.name()),
        }
    }

    /// Whether it is a transaction: dated, numbered with the others, closed with the period.
    pub(super) fn is_transaction(self) -> bool {
        self.is_sale()
            || self.is_expense()
            || matches!(
                self,
                Payment | BillPayment | JournalEntry | Deposit | Transfer | TimeActivity | CreditCardPayment
            )
    }

    /// Whether it has lines that sell.
    pub(super) fn is_sale(self) -> bool {
        matches!(self, Invoice | Estimate | SalesReceipt | RefundReceipt | CreditMemo)
    }

    /// Whether it has lines that buy.
    pub(super) fn is_expense(self) -> bool {
        matches!(self, Bill | VendorCredit | Purchase | PurchaseOrder)
    }

    /// Whether it is a person or a company: names are unique over all three kinds.
    pub(super) fn is_name(self) -> bool {
        matches!(self, Customer | Vendor | Employee)
    }

    /// Whether rows that are inactive are hidden unless asked for.
    pub(super) fn is_list(self) -> bool {
        self.is_name()
            || matches!(
                self,
                Account
                    | Item
                    | Class
                    | Department
                    | Term
                    | PaymentMethod
                    | TaxCode
                    | TaxRate
                    | CompanyCurrency
            )
    }

    /// How it is taken away.
    pub(super) fn removal(self) -> Removal {
        match self {
            TaxAgency | TaxCode | TaxRate | CompanyInfo | Preferences | ExchangeRate => Removal::Never,
            kind if kind.is_list() => Removal::Inactivate,
            _ => Removal::Delete,
        }
    }

    /// Whether it can be voided.
    pub(super) fn can_be_voided(self) -> bool {
        matches!(self, Invoice | SalesReceipt | Payment | BillPayment)
    }

    /// Whether an update may leave out what it does not change, by the reference pages.
    pub(super) fn is_sparse(self) -> bool {
        matches!(
            self,
            Customer
                | Invoice
                | Estimate
                | SalesReceipt
                | RefundReceipt
                | JournalEntry
                | Deposit
                | Transfer
                | CreditCardPayment
                | Payment
                | CompanyInfo
                | Preferences
        )
    }

    /// Whether changes of it can be asked for.
    pub(super) fn is_in_cdc(self) -> bool {
        !matches!(
            self,
            TimeActivity
                | TaxAgency
                | TaxCode
                | TaxRate
                | ExchangeRate
                | CompanyInfo
                | Preferences
                | CompanyCurrency
        )
    }

    /// Whether it can be queried and read, but not written by itself.
    pub(super) fn is_read_only(self) -> bool {
        matches!(self, TaxCode | TaxRate)
    }
}
