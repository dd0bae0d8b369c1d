//! The lists that documents refer to.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Currency, SourceId};

/// The business whose books these are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// The currency its ledger is kept in.
    pub home_currency: Currency,
    /// ISO 3166 two-letter code, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The five classes of a chart of accounts, with the finer types that systems agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountClass {
    /// A bank account or cash.
    Bank,
    /// The control account of what customers owe.
    Receivable,
    /// Other current assets.
    CurrentAsset,
    /// Fixed and other long-lived assets.
    FixedAsset,
    /// A credit card.
    CreditCard,
    /// The control account of what is owed to suppliers.
    Payable,
    /// Other current liabilities, taxes owed among them.
    CurrentLiability,
    /// Long-term liabilities.
    LongTermLiability,
    /// Equity.
    Equity,
    /// Income from sales.
    Income,
    /// Other income.
    OtherIncome,
    /// Direct costs of what was sold.
    CostOfSales,
    /// Running expenses.
    Expense,
    /// Other expenses.
    OtherExpense,
}

/// An account of the chart of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Account number, where the source numbers its accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its own name, without its parents'.
    pub name: String,
    /// What sort it is.
    pub class: AccountClass,
    /// The account it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SourceId>,
    /// The currency it is held in, where it is bound to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// False where the source has retired it.
    pub active: bool,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street lines, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, county or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A customer, a supplier, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name documents show.
    pub name: String,
    /// Buys from the business.
    pub customer: bool,
    /// Sells to the business.
    pub supplier: bool,
    /// A company or a person's first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name of the person to speak to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The number the business gave the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_number: Option<String>,
    /// VAT or other tax registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// Where bills go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Address>,
    /// Where goods go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Address>,
    /// The contact it is part of (a sub-customer's parent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SourceId>,
    /// The currency the contact is dealt with in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True where the source has retired it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// A product or service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Stock-keeping or item code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Text for sales documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Sales price of one, net of tax, home currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Purchase price of one, net of tax, home currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Decimal>,
    /// Where its sales are booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub income_account: Option<SourceId>,
    /// Where its purchases are booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expense_account: Option<SourceId>,
    /// The tax its sales carry by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<SourceId>,
    /// True for work, false for goods; unknown where the source does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<bool>,
    /// True where the source has retired it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// A tax rate; its percentage is the sum of its components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    /// Its name.
    pub name: String,
    /// Short code, where the source has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Per cent, 19 for 19 %. None where the source names a tax but states no rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
    /// The parts it is made of; empty where it is a single tax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TaxComponent>,
    /// The liability account the tax is booked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SourceId>,
}

/// A part of a tax rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxComponent {
    /// Its name.
    pub name: String,
    /// Per cent.
    pub percent: Decimal,
    /// True where it is charged on net plus the components before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compound: bool,
    /// The liability account it is booked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SourceId>,
}

/// Terms of payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// "Net 30".
    pub name: String,
    /// Days from document date to due date, where they say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_days: Option<u32>,
}

/// A way of paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// "Check", "Cash", ...
    pub name: String,
}

/// A dimension along which lines are told apart, with its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingCategory {
    /// "Region".
    pub name: String,
    /// "North", "South".
    pub options: Vec<String>,
}

/// A project, job or matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its number, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SourceId>,
    /// False where the source has closed it.
    pub active: bool,
}
