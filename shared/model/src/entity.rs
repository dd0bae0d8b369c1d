use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! entities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $singular:literal, $plural:literal, level $level:literal;)*) => {
        /// The sorts of record that books hold, in the order in which a target can take them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Entity {
            $($(#[$doc])* $variant,)*
        }

        impl Entity {
            /// Every entity, in load order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name used in object keys, JSON and the mapping file: `credit_note`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// For people: "credit note".
            pub const fn singular(self) -> &'static str {
                match self { $(Self::$variant => $singular,)* }
            }

            /// For people: "credit notes".
            pub const fn plural(self) -> &'static str {
                match self { $(Self::$variant => $plural,)* }
            }

            /// Dependency level: a record refers only to records of its own or a lower level.
            pub const fn level(self) -> u8 {
                match self { $(Self::$variant => $level,)* }
            }
        }
    };
}

entities! {
    /// The business itself.
    Company = "company", "company", "companies", level 0;
    /// An account of the chart of accounts.
    Account = "account", "account", "accounts", level 0;
    /// A tax rate with its components.
    TaxRate = "tax_rate", "tax rate", "tax rates", level 0;
    /// Terms of payment.
    Terms = "terms", "terms of payment", "terms of payment", level 0;
    /// A way of paying.
    PaymentMethod = "payment_method", "payment method", "payment methods", level 0;
    /// A tracking category (class, department, location, analytic plan) with its options.
    TrackingCategory = "tracking_category", "tracking category", "tracking categories", level 0;
    /// A customer, a supplier, or both.
    Contact = "contact", "contact", "contacts", level 1;
    /// A product or service.
    Item = "item", "item", "items", level 1;
    /// A project, job or matter.
    Project = "project", "project", "projects", level 2;
    /// An offer to a customer.
    Estimate = "estimate", "estimate", "estimates", level 3;
    /// A customer's order.
    SalesOrder = "sales_order", "sales order", "sales orders", level 3;
    /// An order to a supplier.
    PurchaseOrder = "purchase_order", "purchase order", "purchase orders", level 3;
    /// A claim on a customer.
    Invoice = "invoice", "invoice", "invoices", level 4;
    /// A supplier's claim.
    Bill = "bill", "bill", "bills", level 4;
    /// A sale paid on the spot.
    SalesReceipt = "sales_receipt", "sales receipt", "sales receipts", level 4;
    /// A purchase paid on the spot.
    Expense = "expense", "expense", "expenses", level 4;
    /// What a customer has in their favour.
    CreditNote = "credit_note", "credit note", "credit notes", level 5;
    /// What a supplier owes back.
    BillCredit = "bill_credit", "bill credit", "bill credits", level 5;
    /// Money paid back to a customer.
    Refund = "refund", "refund", "refunds", level 5;
    /// What the source states to be still open on a document, where it says so apart from the document.
    OpenBalance = "open_balance", "open balance", "open balances", level 6;
    /// A customer's payment, or a credit note applied to invoices.
    Payment = "payment", "payment", "payments", level 7;
    /// A payment to a supplier, or a bill credit applied to bills.
    BillPayment = "bill_payment", "bill payment", "bill payments", level 7;
    /// Money moved between own accounts.
    Transfer = "transfer", "transfer", "transfers", level 7;
    /// Money spent or received without a document.
    BankTransaction = "bank_transaction", "bank transaction", "bank transactions", level 7;
    /// A general journal entry.
    Journal = "journal", "journal entry", "journal entries", level 7;
    /// Time worked.
    TimeActivity = "time_activity", "time activity", "time activities", level 8;
    /// A cost to pass on.
    ExpenseActivity = "expense_activity", "expense activity", "expense activities", level 8;
    /// A fee to charge.
    FeeActivity = "fee_activity", "fee activity", "fee activities", level 8;
    /// A file attached to a record.
    Attachment = "attachment", "attachment", "attachments", level 9;
}

/// Which ledger a document or payment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ledger {
    /// Accounts receivable: what customers owe.
    Receivable,
    /// Accounts payable: what is owed to suppliers.
    Payable,
}

impl Entity {
    /// True where the record's body is a [`crate::Document`].
    pub const fn is_document(self) -> bool {
        matches!(self.level(), 3..=5)
    }

    /// True for the kinds a demo counts as document types: documents, payments and other transactions.
    pub const fn is_transaction(self) -> bool {
        self.is_document() || self.level() == 7
    }

    /// The ledger whose balance the record moves, and whether it raises (`1`) or lowers (`-1`) it.
    /// None for records that leave no open balance.
    pub const fn ledger(self) -> Option<(Ledger, i8)> {
        match self {
            Self::Invoice => Some((Ledger::Receivable, 1)),
            Self::CreditNote | Self::Payment => Some((Ledger::Receivable, -1)),
            Self::Bill => Some((Ledger::Payable, 1)),
            Self::BillCredit | Self::BillPayment => Some((Ledger::Payable, -1)),
            _ => None,
        }
    }

    /// Whether the lines of a document are debits (`1`) or credits (`-1`); zero for those that move no ledger, and
    /// for what is no document.
    pub const fn line_sign(self) -> i8 {
        match self {
            Self::Invoice | Self::SalesReceipt | Self::BillCredit => -1,
            Self::CreditNote | Self::Refund | Self::Bill | Self::Expense => 1,
            _ => 0,
        }
    }

    /// The payment entity that settles this document, where there is one.
    pub const fn settled_by(self) -> Option<Self> {
        match self {
            Self::Invoice | Self::CreditNote => Some(Self::Payment),
            Self::Bill | Self::BillCredit => Some(Self::BillPayment),
            _ => None,
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.singular())
    }
}

impl FromStr for Entity {
    type Err = String;

    /// Reads a stable name ([`Entity::name`]); dashes and plurals are understood.
    fn from_str(text: &str) -> Result<Self, String> {
        // Journals are read row by row: what this program wrote itself is known at a glance.
        if let Some(entity) = Self::ALL.iter().find(|entity| entity.name() == text) {
            return Ok(*entity);
        }
        let wanted = text.trim().to_lowercase().replace(['-', ' '], "_");
        Self::ALL
            .iter()
            .copied()
            .find(|e| {
                e.name() == wanted
                    || e.plural().replace(' ', "_") == wanted
                    || e.singular().replace(' ', "_") == wanted
            })
            .ok_or_else(|| {
                format!(
                    "no entity is called '{text}'; known: {}",
                    Self::ALL.iter().map(|e| e.name()).collect::<Vec<_>>().join(", ")
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_levels_rise() {
        for entity in Entity::ALL {
            assert_eq!(entity.name().parse::<Entity>(), Ok(*entity));
            assert_eq!(entity.plural().parse::<Entity>(), Ok(*entity));
            assert_eq!(serde_json::to_string(entity).unwrap(), format!("\"{}\"", entity.name()));
        }
        assert!(Entity::ALL.windows(2).all(|pair| pair[0].level() <= pair[1].level()));
    }
}
