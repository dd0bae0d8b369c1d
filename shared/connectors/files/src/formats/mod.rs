//! The formats that are recognised, as data: header names and what they mean, one module per system.
//!
//! A new format is a table of columns here and a line in [`all`]; reading, grouping and turning into records
//! are shared.

mod field;
mod freshbooks;
mod quickbooks;
mod recognise;
mod template;
mod wave;
mod xero;
mod zoho;

use carry_model::{Entity, Ledger};

pub use field::{Field, FieldKind};
pub use recognise::{Match, count_known, is_header_start, name_key, nearest, recognise};
pub use template::empty_files;

/// A system whose exports are read, with what it is known to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    /// Stable name.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Index into [`crate::written::DateOrder::ALL`] of the order it writes by default, if it has one.
    pub date_way: Option<usize>,
    /// Index into [`crate::evidence::NUMBER_FORMATS`] of the number format it writes by default.
    pub number_way: Option<usize>,
}

/// What the rows of a table are, which decides how they are grouped and turned into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One row per line of a document.
    Documents(Documents),
    /// One row per application of a payment.
    Payments(Ledger),
    /// A list of contacts; the role of all of them, if the list is of one role.
    Contacts(Option<Ledger>),
    /// A chart of accounts.
    Accounts,
    /// A list of products and services.
    Items,
    /// A list of tax rates.
    TaxRates,
    /// A report of what is open: a group per contact, a row per document.
    Balances(Ledger),
    /// A report of postings, one row each; the first row of a transaction bears date and type.
    JournalReport,
    /// Postings, one row each, told apart by the number of their transaction.
    Postings,
}

/// How the rows of a document are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Documents {
    /// Whether the number is the supplier's, so that it is unique only together with the contact.
    pub supplier_numbers: bool,
    /// What [`Field::LineAmount`] holds.
    pub line_amount: LineAmount,
    /// How it is told whether the amounts of credits are negative.
    pub credits_negative: bool,
    /// What [`Field::LineDiscount`] holds.
    pub discount: DiscountKind,
    /// Whether the system works the tax of a line out itself where the file leaves it empty.
    pub tax_worked_out: bool,
}

impl Documents {
    /// The usual case: own numbers, net lines, positive amounts.
    pub const USUAL: Self = Self {
        supplier_numbers: false,
        line_amount: LineAmount::Net,
        credits_negative: false,
        discount: DiscountKind::Percent,
        tax_worked_out: false,
    };
}

/// What the amount column of a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineAmount {
    /// Before tax, after the line's discount.
    Net,
    /// Before tax and before the line's discount.
    NetBeforeDiscount,
    /// With the tax, after the line's discount.
    WithTax,
    /// With or without the tax, which only the total tells: the line's own, or that of the whole document.
    WithOrWithoutTax,
}

/// What a discount column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscountKind {
    /// Per cent of quantity times price.
    Percent,
    /// An amount.
    Amount,
}

/// A column of a format.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Names under which it occurs, with `|` between; compared by letters and digits only, any case.
    pub names: &'static str,
    /// What it means.
    pub field: Field,
    /// Whether the format is recognised by it: all such columns must be there.
    pub signature: bool,
}

/// A column by which the format is recognised.
const fn key(names: &'static str, field: Field) -> Column {
    Column { names, field, signature: true }
}

/// A column that may be missing.
const fn opt(names: &'static str, field: Field) -> Column {
    Column { names, field, signature: false }
}

/// A kind of export.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Stable name, part of partition ids.
    pub id: &'static str,
    /// The system that writes it.
    pub system: &'static System,
    /// Name for people.
    pub title: &'static str,
    /// What its rows mainly are.
    pub entity: Entity,
    /// How its rows are grouped.
    pub shape: Shape,
    /// Its columns.
    pub columns: &'static [Column],
}

impl System {
    /// A kind of export that the system writes.
    const fn format(
        &'static self,
        id: &'static str,
        title: &'static str,
        entity: Entity,
        shape: Shape,
        columns: &'static [Column],
    ) -> Format {
        Format { id, system: self, title, entity, shape, columns }
    }
}

impl Format {
    /// The column that means `field`.
    pub fn column(&self, field: Field) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// Whether its rows are a list that documents refer to.
    pub fn is_list(&self) -> bool {
        matches!(self.shape, Shape::Contacts(_) | Shape::Accounts | Shape::Items | Shape::TaxRates)
    }

    /// Whether its payments bear no number: each row is one, and those which look the same are told apart by
    /// their order.
    pub fn lacks_numbers(&self) -> bool {
        matches!(self.shape, Shape::Payments(_)) && self.column(Field::Number).is_none()
    }

    /// Whether the file is a report, with totals and a time stamp between and after the rows.
    pub fn is_report(&self) -> bool {
        matches!(self.shape, Shape::Balances(_) | Shape::JournalReport)
    }
}

/// Every format.
pub fn all() -> impl Iterator<Item = &'static Format> {
    [quickbooks::FORMATS, xero::FORMATS, freshbooks::FORMATS, zoho::FORMATS, wave::FORMATS, template::FORMATS]
        .into_iter()
        .flatten()
}

/// The format of that name.
pub fn by_id(id: &str) -> Option<&'static Format> {
    all().find(|format| format.id == id)
}
