//! What settles documents and moves money.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Currency, Fault, RecordKey, SourceId, checked_sum};

/// A part of a payment (or of a credit) that settles a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Invoice or bill that is settled, or credit note or bill credit that is used up.
    pub document: RecordKey,
    /// By how much the document's outstanding balance falls: positive for invoices and credits alike,
    /// in the payment's currency.
    #[serde(serialize_with = "crate::quick::decimal")]
    pub amount: Decimal,
}

/// A payment by a customer or to a supplier ([`crate::Entity`] tells), with what it settles.
///
/// `amount + credits used = documents settled + unapplied`. A credit note applied to an invoice without money
/// is a payment of zero that allocates to both. A refund of a credit note is a payment of negative amount that
/// allocates to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Who paid or was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SourceId>,
    /// When.
    pub date: Date,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// Home units for one unit of `currency`; None in the home currency.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub rate: Option<Decimal>,
    /// Money that changed hands; negative where it went the other way.
    #[serde(serialize_with = "crate::quick::decimal")]
    pub amount: Decimal,
    /// Bank, cash or card account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SourceId>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<SourceId>,
    /// Check number and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// What it settles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
}

impl Payment {
    /// What is left to the contact's favour: amount plus credits used less documents settled.
    pub fn unapplied(&self) -> Result<Decimal, Fault> {
        let effects = self.allocations.iter().map(|allocation| match allocation.document.entity.ledger() {
            Some((_, -1)) => allocation.amount,
            _ => -allocation.amount,
        });
        checked_sum(effects.chain([self.amount]))
    }
}

/// What the source states to be open on a document, apart from the document itself (an open-items report).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBalance {
    /// The document.
    pub document: RecordKey,
    /// Still to be paid (positive), in `currency`.
    pub outstanding: Decimal,
    /// None where the statement does not say: the document's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// Money moved between own accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// When.
    pub date: Date,
    /// The account it left.
    pub from: SourceId,
    /// The account it reached.
    pub to: SourceId,
    /// The currency of `amount`.
    pub currency: Currency,
    /// What left, positive.
    pub amount: Decimal,
    /// What arrived, where the other account is in another currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<crate::Money>,
    /// Home units for one unit of `currency`; None in the home currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Decimal>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
}

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the account.
    In,
    /// Out of the account.
    Out,
}

/// Money spent or received without a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankTransaction {
    /// When.
    pub date: Date,
    /// The bank or card account.
    pub account: SourceId,
    /// Which way.
    pub direction: Direction,
    /// The other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SourceId>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// Home units for one unit of `currency`; None in the home currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Decimal>,
    /// All of it, positive.
    pub total: Decimal,
    /// Where it went or came from.
    pub lines: Vec<BankLine>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
}

/// A part of a bank transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankLine {
    /// The income or expense account.
    pub account: SourceId,
    /// Net amount, positive in the transaction's direction.
    pub net: Decimal,
    /// Tax rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<SourceId>,
    /// Tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Decimal>,
    /// What it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A general journal entry; its lines add up to zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// When.
    pub date: Date,
    /// The currency of the amounts.
    pub currency: Currency,
    /// Home units for one unit of `currency`; None in the home currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Decimal>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Its lines.
    pub lines: Vec<JournalLine>,
}

impl Journal {
    /// Debits less credits: zero for an entry that balances.
    pub fn imbalance(&self) -> Result<Decimal, Fault> {
        checked_sum(self.lines.iter().map(|line| line.amount))
    }
}

/// A line of a journal entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// The account.
    pub account: SourceId,
    /// Debit positive, credit negative.
    pub amount: Decimal,
    /// Customer or supplier, on receivable and payable lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SourceId>,
    /// What the line says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tracking options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking: Vec<crate::Tracking>,
}
