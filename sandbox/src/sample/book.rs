//! What a sample company holds.

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use jiff::tz::TimeZone;

use crate::region::Region;

/// A sample company.
#[derive(Clone, Debug, PartialEq)]
pub struct Book {
    /// Where it is.
    pub region: Region,
    /// Its home currency.
    pub home: &'static str,
    /// Foreign currencies it deals in; none for a company with one currency only.
    pub currencies: Vec<&'static str>,
    /// Customers and vendors.
    pub contacts: Vec<Contact>,
    /// What it sells.
    pub items: Vec<Item>,
    /// What happened, by day.
    pub events: Vec<Event>,
    /// Contacts, by their index, that are archived in the end if nothing of them is open.
    pub archived: Vec<usize>,
    /// What is attached to documents.
    pub files: Vec<File>,
}

/// A file attached to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Index of the document in [`Book::documents`].
    pub document: usize,
    /// Its name. Another file of the document may bear the same, and not every platform takes every character.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Which sides a contact is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It buys.
    Customer,
    /// It sells.
    Vendor,
    /// Both. Where names must differ between the sides, the vendor's gets a suffix.
    Both,
}

/// A customer or a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its name, different from all others also without regard to the case of letters.
    pub name: String,
    /// Which sides it is on.
    pub role: Role,
    /// What it trades in.
    pub currency: &'static str,
    /// Its address for mail, if it has one.
    pub email: Option<String>,
    /// First line of the postal address.
    pub street: Option<String>,
    /// Town.
    pub city: Option<String>,
}

/// Something it sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Short and unique.
    pub code: String,
    /// Shown on documents.
    pub name: String,
    /// Price in the home currency.
    pub price: Decimal,
}

/// Accounts that every platform's chart has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Sales of services.
    Sales,
    /// Income besides.
    OtherIncome,
    /// Advertising.
    Advertising,
    /// What the office needs.
    Office,
    /// Rent.
    Rent,
    /// Travel.
    Travel,
    /// What the owner put in.
    Equity,
}

/// How a line is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tax {
    /// The region's usual rate.
    Standard,
    /// A lower rate, where there is one.
    Reduced,
    /// Taxed at nothing.
    Zero,
    /// Not taxed.
    None,
}

/// A line of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub description: String,
    /// Index of the item, on sales.
    pub item: Option<usize>,
    /// Where it goes, on purchases.
    pub account: Account,
    /// Quantity and price, up to 4 decimals each; a line with an amount only has none.
    pub priced: Option<(Decimal, Decimal)>,
    /// In the document's currency, two decimals: quantity times price, rounded half up.
    pub amount: Decimal,
    /// How it is taxed.
    pub tax: Tax,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// A sale that is owed.
    Invoice,
    /// Taken off a customer's account.
    CreditNote,
    /// A purchase that is owed.
    Bill,
    /// Taken off what is owed to a vendor.
    VendorCredit,
    /// An offer.
    Quote,
    /// An order to a vendor.
    PurchaseOrder,
}

impl DocumentKind {
    /// Whether it is sold to a customer.
    pub fn is_sale(self) -> bool {
        matches!(self, Self::Invoice | Self::CreditNote | Self::Quote)
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Its number, at most 21 characters. Bills of different vendors may share one.
    pub number: String,
    /// A longer number, for platforms that take one.
    pub long_number: Option<String>,
    /// Index of the contact.
    pub contact: usize,
    /// When it was made.
    pub date: Date,
    /// When it is due.
    pub due: Date,
    /// Home units per unit of its currency.
    pub rate: Decimal,
    /// Amounts include tax.
    pub is_inclusive: bool,
    /// A whole percentage that is taken off.
    pub discount: Option<u32>,
    /// Something to remember.
    pub note: Option<String>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// It is voided in the end.
    pub is_voided: bool,
}

/// How much of what is open of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    All,
    /// So many percent of it.
    Percent(u32),
}

impl Part {
    /// The amount of it, of what is open.
    pub fn of(self, open: Decimal) -> Decimal {
        match self {
            Self::All => open,
            Self::Percent(percent) => round_half_up(open * Decimal::from(percent) / Decimal::ONE_HUNDRED, 2),
        }
    }
}

/// Money received or paid, or a credit that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The side: customers pay, vendors are paid.
    pub is_sale: bool,
    /// Index of the contact.
    pub contact: usize,
    /// When.
    pub date: Date,
    /// Home units per unit of the contact's currency.
    pub rate: Decimal,
    /// Indexes of the documents in [`Book::documents`], each with how much of it.
    pub of: Vec<(usize, Part)>,
    /// Index of a credit that is used instead of money.
    pub credit: Option<usize>,
    /// Paid beyond what is open, in the contact's currency.
    pub beyond: Decimal,
    /// What the bank said.
    pub reference: String,
    /// It waits for a deposit before it reaches the bank.
    pub is_undeposited: bool,
}

/// Money spent or earned without a document that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// When.
    pub date: Date,
    /// Index of the contact.
    pub contact: usize,
    /// Its one line.
    pub line: Line,
    /// Received rather than spent.
    pub is_received: bool,
    /// What the bank said.
    pub reference: String,
}

/// A journal entry in the home currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// When.
    pub date: Date,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub text: String,
    /// Debits positive; they add up to zero.
    pub lines: Vec<(Account, Decimal)>,
}

/// From the bank account to the savings account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// When.
    pub date: Date,
    /// In the home currency.
    pub amount: Decimal,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A document was made.
    Document(Document),
    /// Something was settled.
    Settlement(Settlement),
    /// Money was spent or received.
    Spend(Spend),
    /// Something was booked.
    Journal(Journal),
    /// Money was moved.
    Transfer(Transfer),
}

impl Event {
    /// When it happened.
    pub fn date(&self) -> Date {
        match self {
            Self::Document(document) => document.date,
            Self::Settlement(settlement) => settlement.date,
            Self::Spend(spend) => spend.date,
            Self::Journal(journal) => journal.date,
            Self::Transfer(transfer) => transfer.date,
        }
    }

    /// Nine in the morning of its day, when everything is written.
    pub fn moment(&self) -> Timestamp {
        let zoned = self.date().at(9, 0, 0, 0).to_zoned(TimeZone::UTC);
        zoned.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
    }
}

impl Book {
    /// When its first event happened; None where nothing did.
    pub fn begins(&self) -> Option<Timestamp> {
        self.events.first().map(Event::moment)
    }

    /// Its documents in the order in which they were made.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.events.iter().filter_map(|event| match event {
            Event::Document(document) => Some(document),
            _ => None,
        })
    }

    /// The indices of those that are voided in the end.
    pub fn voided(&self) -> impl Iterator<Item = usize> {
        self.documents().enumerate().filter(|(_, document)| document.is_voided).map(|(index, _)| index)
    }

    /// The currency of a contact, by its index.
    pub fn currency(&self, contact: usize) -> &'static str {
        self.contacts.get(contact).map_or(self.home, |contact| contact.currency)
    }

    /// The percentage of a rate.
    pub fn percent(&self, tax: Tax) -> Decimal {
        let (digits, scale) = match (self.region, tax) {
            (_, Tax::Zero | Tax::None) => (0, 0),
            (Region::Us, Tax::Standard | Tax::Reduced) => (8, 0),
            (Region::Uk, Tax::Standard) => (20, 0),
            (Region::Uk, Tax::Reduced) => (5, 0),
            (Region::Au, Tax::Standard | Tax::Reduced) => (10, 0),
            (Region::Global, Tax::Standard) => (23, 0),
            (Region::Global, Tax::Reduced) => (135, 1),
        };
        Decimal::new(digits, scale)
    }
}
