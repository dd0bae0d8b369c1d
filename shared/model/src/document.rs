//! Documents: what is offered, ordered, claimed and credited.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Currency, Fault, Money, RecordKey, SourceId, checked_sum};

/// Whether the amounts a document shows on its lines hold the tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxMode {
    /// Line amounts are net; tax comes on top.
    #[default]
    Exclusive,
    /// Line amounts were shown with tax; [`Line::net`] has it taken out.
    Inclusive,
    /// No tax.
    None,
}

/// Where a document stands in its life. Paid or not is told by its outstanding balance, not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet issued: moves no ledger.
    Draft,
    /// Issued (invoice, bill, credit note), sent or pending (estimate, order).
    #[default]
    Open,
    /// Accepted by the other side (estimate, order).
    Accepted,
    /// Turned down (estimate, order).
    Declined,
    /// Done with (estimate, order).
    Closed,
    /// Struck out: it stays for the record and moves nothing.
    Voided,
}

/// An option of a tracking category, on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// The category.
    pub category: SourceId,
    /// The option's name.
    pub option: String,
}

/// A line of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The product or service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<SourceId>,
    /// What the line says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub quantity: Option<Decimal>,
    /// Price of one as the source states it (with tax where the document is [`TaxMode::Inclusive`]).
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub unit_price: Option<Decimal>,
    /// Discount on the line, positive, already taken off [`Line::net`].
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub discount: Option<Decimal>,
    /// What the line adds to the document before tax and after discount, in the document's currency.
    #[serde(serialize_with = "crate::quick::decimal")]
    pub net: Decimal,
    /// The tax rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<SourceId>,
    /// Tax on the line. None where the source states tax for the whole document only.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub tax: Option<Decimal>,
    /// The income or expense account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SourceId>,
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<SourceId>,
    /// Tracking options.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking: Vec<Tracking>,
    /// When the service was rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_date: Option<Date>,
}

/// Tax stated for the whole document rather than its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTax {
    /// The tax rate, where named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<SourceId>,
    /// The tax, in the document's currency.
    pub amount: Decimal,
}

/// A discount on the whole document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// What is taken off, positive, in the document's currency.
    pub amount: Decimal,
    /// The per cent it was worked out with, where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
    /// The account it is booked to, where stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SourceId>,
}

/// Estimate, order, invoice, credit note, receipt, refund, bill, bill credit or expense: [`crate::Entity`] tells.
///
/// All amounts are positive in the document's own sense (a credit note of 50 has total 50) and in its currency.
/// [`Document::total`] and [`Document::outstanding`] are the two sacred figures: they are stated by the source,
/// never worked out from the lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Customer or supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SourceId>,
    /// The document's date.
    pub date: Date,
    /// When it falls due (or, for an estimate, expires).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// Home units for one unit of `currency`, full precision; None in the home currency.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub rate: Option<Decimal>,
    /// How line amounts were shown.
    #[serde(default)]
    pub tax_mode: TaxMode,
    /// Inclusive of every tax, fee and discount, as the source states it.
    #[serde(serialize_with = "crate::quick::decimal")]
    pub total: Decimal,
    /// Still to be paid, as the source states it. None where it says so elsewhere ([`crate::OpenBalance`]) or
    /// nowhere (then total less allocations is expected).
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::quick::optional")]
    pub outstanding: Option<Decimal>,
    /// Where it stands.
    #[serde(default)]
    pub status: Status,
    /// Its lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Tax that no line states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<DocumentTax>,
    /// Discount on the whole, not yet taken off any line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// Terms of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<SourceId>,
    /// The other side's reference (purchase order number).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// The project of the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<SourceId>,
    /// Bank or card account that a receipt, refund or expense moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_account: Option<SourceId>,
    /// How a receipt, refund or expense was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<SourceId>,
    /// Documents this one came from or belongs to (an invoice's estimate, a credit note's invoice).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RecordKey>,
}

impl Document {
    /// A document with nothing in it but what every document has.
    pub fn new(date: Date, currency: Currency, total: Decimal) -> Self {
        Self {
            contact: None,
            date,
            due: None,
            currency,
            rate: None,
            tax_mode: TaxMode::default(),
            total,
            outstanding: None,
            status: Status::default(),
            lines: Vec::new(),
            taxes: Vec::new(),
            discount: None,
            terms: None,
            reference: None,
            memo: None,
            project: None,
            paid_account: None,
            payment_method: None,
            related: Vec::new(),
        }
    }

    /// The total with its currency.
    pub fn total_money(&self) -> Money {
        Money::new(self.total, self.currency)
    }

    /// What the parts add up to: nets, taxes, less the discount. Where it differs from [`Document::total`] the
    /// difference must become a visible adjustment.
    pub fn sum_of_parts(&self) -> Result<Decimal, Fault> {
        let lines = self.lines.iter().flat_map(|line| [Some(line.net), line.tax]).flatten();
        let taxes = self.taxes.iter().map(|tax| tax.amount);
        let discount = self.discount.iter().map(|discount| -discount.amount);
        checked_sum(lines.chain(taxes).chain(discount))
    }

    /// All tax in it.
    pub fn tax_total(&self) -> Result<Decimal, Fault> {
        checked_sum(
            self.lines.iter().filter_map(|line| line.tax).chain(self.taxes.iter().map(|tax| tax.amount)),
        )
    }
}
