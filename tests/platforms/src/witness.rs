//! What a platform itself says of its books: its documents as anybody who asks sees them, and its own reports, which
//! the sandbox works out of a ledger that knows nothing of this program. No connector is involved.

mod database;
pub(crate) mod quickbooks;
pub(crate) mod xero;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use carry_model::{Date, Decimal};
use carry_sandbox::Request;
use carry_sandbox::json::{Json, decimal};
use jiff::tz::TimeZone;

use crate::company::{Company, Platform};

/// Whose balance, in which currency.
pub type Party = (String, String);

/// A company's books, as its platform tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Documents that stand, in order.
    pub documents: Vec<Document>,
    /// Files attached to them, in order.
    pub files: Vec<File>,
    /// Everybody's name, as [`plain`] has it.
    pub names: BTreeSet<String>,
    /// The names of those that are not retired, in full.
    pub active: BTreeSet<String>,
    /// What each customer owes, by the report of aged receivables.
    pub receivable: BTreeMap<Party, Decimal>,
    /// What each vendor is owed, by the report of aged payables.
    pub payable: BTreeMap<Party, Decimal>,
    /// Every account with what was ever booked on it, debit positive, in the home currency; the years' results are not
    /// in retained earnings.
    pub trial_balance: BTreeMap<String, Decimal>,
}

/// A document with the two figures that count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Document {
    /// `invoice`, `credit`, `bill`, `vendor credit`, `quote`, `order`.
    pub kind: &'static str,
    /// Its contact, as [`plain`] has it.
    pub contact: String,
    /// Its day: `2026-06-30`.
    pub date: String,
    /// Its number, where both platforms have room for it.
    pub number: Option<String>,
    /// What it is in.
    pub currency: String,
    /// Everything included.
    pub total: Decimal,
    /// Still to be settled; nothing of quotes and orders.
    pub open: Decimal,
}

/// A file attached to a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// The document, with nothing said of what is open.
    pub of: Document,
    /// Its name, as [`file_name`] has it.
    pub name: String,
    /// Bytes.
    pub size: usize,
    /// Of these bytes.
    pub sha256: String,
}

impl File {
    fn new(of: &Document, name: &str, content: &[u8]) -> Self {
        let of = Document { open: Decimal::ZERO, ..of.clone() };
        let sha256 = carry_connector::sha256(content);
        Self { of, name: file_name(name), size: content.len(), sha256 }
    }
}

/// A file's name without characters that not every platform takes, and without what tells two of one name apart.
pub(crate) fn file_name(name: &str) -> String {
    let name = name.replace(['<', '>', ':', '"', '/', '\\', '|', '?', '*', '+', '%', '#', '&'], "_");
    let Some((stem, rest)) = name.split_once(" CF-") else { return name };
    let ending = rest.get(12..).unwrap_or_default();
    format!("{stem}{ending}")
}

/// Longest number that every platform takes.
const NUMBER_MAX: usize = 21;

impl Document {
    fn number(text: &str) -> Option<String> {
        // One that was shortened ends in a tilde and a digest.
        let is_whole = text.rsplit_once('~').is_none_or(|(_, digest)| digest.len() != 6);
        let fits = !text.is_empty() && text.chars().count() <= NUMBER_MAX;
        (fits && is_whole).then(|| text.to_owned())
    }

    /// True for a credit that stands for what was paid too much: it is numbered by the program's own mark.
    fn is_overpaid(&self) -> bool {
        self.number.as_deref().is_some_and(|number| number.starts_with("CF-") && number.len() == 15)
    }
}

/// A contact's name without what a platform adds to tell the sides or the currencies of one contact apart.
pub fn plain(name: &str) -> String {
    let mut name = name.trim();
    while let Some((before, added)) = name.rsplit_once(" (") {
        let added = added.trim_end_matches(')');
        let is_currency = added.len() == 3 && added.chars().all(|c| c.is_ascii_uppercase());
        if !is_currency && !matches!(added, "vendor" | "customer" | "deleted") {
            break;
        }
        name = before.trim_end();
    }
    name.to_owned()
}

pub use database::books as database_books;

impl Company {
    /// What the platform says of this company's books, asked by somebody else than the program under test. Their
    /// limits have room for it, and for what comes after it: time passes.
    pub async fn books(&self) -> Books {
        self.control.set_switch("aged_reports_in_document_currency", true);
        self.pause(60);
        let mut books = match self.platform {
            Platform::QuickBooks => quickbooks::books(self).await,
            Platform::Xero => xero::books(self).await,
        };
        self.pause(60);
        books.documents.retain(|document| !document.is_overpaid());
        books.documents.sort();
        books.files.retain(|file| !file.of.is_overpaid());
        books.files.sort();
        books.receivable.retain(|_, owed| !owed.is_zero());
        books.payable.retain(|_, owed| !owed.is_zero());
        books.trial_balance.retain(|_, balance| !balance.is_zero());
        let sum: Decimal = books.trial_balance.values().sum();
        assert!(sum.is_zero(), "the trial balance is out by {sum}");
        books
    }

    /// What was ever booked on each account.
    pub(crate) async fn trial_balance(&self) -> BTreeMap<String, Decimal> {
        match self.platform {
            Platform::QuickBooks => quickbooks::trial_balance(self).await,
            Platform::Xero => xero::trial_balance(self).await,
        }
    }

    /// Overpayments that stand, of customers: how many, and what is left of them by contact and currency.
    pub(crate) async fn overpaid(&self) -> (u64, BTreeMap<Party, Decimal>) {
        match self.platform {
            Platform::QuickBooks => Default::default(),
            Platform::Xero => xero::overpaid(self).await,
        }
    }

    /// Lets so many seconds pass.
    pub fn pause(&self, seconds: u64) {
        self.control.advance(Duration::from_secs(seconds));
    }

    /// A file's content, from an address that the platform gave.
    async fn fetch(&self, address: &str) -> Vec<u8> {
        let path = address.strip_prefix("http://localhost").unwrap();
        self.control.send(Request::new("GET", path)).await.unwrap().body
    }

    async fn see(&self, path: &str) -> Json {
        self.pause(2);
        Json::parse(&self.ask("GET", path, "").await.body).unwrap()
    }
}

/// The last days of the financial years in which a company had business, and the last day that anything is dated: what
/// a report shows of income and expenses is of one year only.
fn year_ends(company: &Company, first_month: i8) -> Vec<Date> {
    // It may be tomorrow already where the company is.
    let today = company.control.now().to_zoned(TimeZone::UTC).date().tomorrow().unwrap();
    let starts = (today.year() - 2..=today.year()).filter_map(|year| Date::new(year, first_month, 1).ok());
    let ends = starts.filter_map(|start| start.yesterday().ok()).filter(|end| *end < today);
    ends.chain([today]).collect()
}

/// An account's row in a trial balance.
struct Row {
    account: String,
    balance: Decimal,
    /// True for income and expenses, which begin at zero every year.
    is_of_year: bool,
}

/// What was ever booked on each account, out of the trial balances of the years, oldest first.
fn lifetime(years: Vec<Vec<Row>>) -> BTreeMap<String, Decimal> {
    let mut booked: BTreeMap<String, Decimal> = BTreeMap::new();
    let last = years.len().saturating_sub(1);
    for (year, rows) in years.into_iter().enumerate() {
        for row in rows {
            if row.is_of_year || year == last {
                *booked.entry(row.account).or_default() += row.balance;
            }
            if row.is_of_year && year < last {
                *booked.entry(RETAINED.to_owned()).or_default() -= row.balance;
            }
        }
    }
    booked
}

/// Where the results of earlier years stand.
const RETAINED: &str = "Retained Earnings";

pub(crate) fn list<'a>(json: &'a Json, path: &str) -> &'a [Json] {
    json.at(path).and_then(Json::as_array).unwrap_or_default()
}

pub(crate) fn text<'a>(json: &'a Json, path: &str) -> &'a str {
    json.at(path).and_then(Json::as_str).unwrap_or_default()
}

pub(crate) fn amount(json: &Json, path: &str) -> Decimal {
    json.at(path).and_then(Json::as_decimal).unwrap_or_default()
}

/// An amount of a report's cell; an empty one is nothing.
fn shown(text: &str) -> Decimal {
    if text.is_empty() { Decimal::ZERO } else { decimal(text).unwrap() }
}
