use std::fmt;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::{
    Account, Activity, Attachment, BankTransaction, Code, Company, Contact, Document, Entity, Fault, Item,
    Journal, OpenBalance, Payment, PaymentMethod, Project, RecordKey, SourceId, TaxRate, Terms,
    TrackingCategory, Transfer,
};

/// Where in the source something stands: a file and its lines, a table and its key, an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// File name relative to the folder, table name, or endpoint.
    pub file: String,
    /// First line or row, counted from 1; 0 where it makes no sense.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub line: u64,
    /// Last line, where it is another.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_line: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.last_line) {
            (0, _) => f.write_str(&self.file),
            (line, last) if last > line => write!(f, "{}:{line}-{last}", self.file),
            (line, _) => write!(f, "{}:{line}", self.file),
        }
    }
}

/// 128 bits of XXH3 over what a record says: the same record with the same content has the same fingerprint, wherever it
/// stands in its source. It tells changes and guards nothing. Serialises as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Of a number and a body. Where it stands, when it changed and what is still to be paid do not count: a
    /// payment does not change the invoice it settles.
    pub fn of(number: Option<&str>, body: &Body) -> Self {
        match body {
            Body::Document(document) if document.outstanding.is_some() => {
                let document = Document { outstanding: None, ..Document::clone(document) };
                Self::hash(number, &Body::Document(document.into()))
            }
            _ => Self::hash(number, body),
        }
    }

    fn hash(number: Option<&str>, body: &Body) -> Self {
        Self::of_texts(&[&json(&(number, body))])
    }

    /// Of a number and a body that is at hand as JSON, as [`Body`] serialises.
    fn of_json(number: Option<&str>, body: &str) -> Self {
        Self::of_texts(&[b"[", &json(&number), b",", body.as_bytes(), b"]"])
    }

    /// Of texts that stand one after the other.
    fn of_texts(texts: &[&[u8]]) -> Self {
        let mut hasher = Xxh3::new();
        for text in texts {
            hasher.update(text);
        }
        Self(hasher.digest128())
    }
}

/// A record has no part that JSON cannot hold, and memory takes every byte.
fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::new();
    let written = serde_json::to_writer(&mut text, value);
    debug_assert!(written.is_ok(), "a record did not serialise");
    text
}

impl Fingerprint {
    /// Its 16 bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// From its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        u128::from_str_radix(text, 16).map(Self).map_err(|e| Fault::new(Code::StagingCorrupt).caused_by(e))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a record says. The variant and [`Record::entity`] always agree ([`Body::fits`]). What is large is boxed:
/// records are moved from stage to stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// See [`Company`].
    Company(Company),
    /// See [`Account`].
    Account(Box<Account>),
    /// See [`TaxRate`].
    TaxRate(Box<TaxRate>),
    /// See [`Terms`].
    Terms(Terms),
    /// See [`PaymentMethod`].
    PaymentMethod(PaymentMethod),
    /// See [`TrackingCategory`].
    TrackingCategory(TrackingCategory),
    /// See [`Contact`].
    Contact(Box<Contact>),
    /// See [`Item`].
    Item(Box<Item>),
    /// See [`Project`].
    Project(Project),
    /// Every entity for which [`Entity::is_document`] holds.
    Document(Box<Document>),
    /// See [`OpenBalance`].
    OpenBalance(OpenBalance),
    /// Payment and bill payment.
    Payment(Box<Payment>),
    /// See [`Transfer`].
    Transfer(Box<Transfer>),
    /// See [`BankTransaction`].
    BankTransaction(Box<BankTransaction>),
    /// See [`Journal`].
    Journal(Journal),
    /// Time, expense and fee activity.
    Activity(Box<Activity>),
    /// See [`Attachment`].
    Attachment(Box<Attachment>),
}

impl Body {
    /// True where a record of that entity may have this body.
    pub fn fits(&self, entity: Entity) -> bool {
        match self {
            Self::Company(_) => entity == Entity::Company,
            Self::Account(_) => entity == Entity::Account,
            Self::TaxRate(_) => entity == Entity::TaxRate,
            Self::Terms(_) => entity == Entity::Terms,
            Self::PaymentMethod(_) => entity == Entity::PaymentMethod,
            Self::TrackingCategory(_) => entity == Entity::TrackingCategory,
            Self::Contact(_) => entity == Entity::Contact,
            Self::Item(_) => entity == Entity::Item,
            Self::Project(_) => entity == Entity::Project,
            Self::Document(_) => entity.is_document(),
            Self::OpenBalance(_) => entity == Entity::OpenBalance,
            Self::Payment(_) => matches!(entity, Entity::Payment | Entity::BillPayment),
            Self::Transfer(_) => entity == Entity::Transfer,
            Self::BankTransaction(_) => entity == Entity::BankTransaction,
            Self::Journal(_) => entity == Entity::Journal,
            Self::Activity(_) => {
                matches!(entity, Entity::TimeActivity | Entity::ExpenseActivity | Entity::FeeActivity)
            }
            Self::Attachment(_) => entity == Entity::Attachment,
        }
    }

    /// Calls `visit` with every record this one refers to (repeats included).
    pub fn each_reference<'a>(&'a self, mut visit: impl FnMut(Entity, &'a SourceId)) {
        let mut some = |entity, id: &'a Option<SourceId>| {
            if let Some(id) = id {
                visit(entity, id);
            }
        };
        match self {
            Self::Company(_) | Self::Terms(_) | Self::PaymentMethod(_) | Self::TrackingCategory(_) => {}
            Self::Account(account) => some(Entity::Account, &account.parent),
            Self::TaxRate(tax) => {
                some(Entity::Account, &tax.account);
                tax.components.iter().for_each(|component| some(Entity::Account, &component.account));
            }
            Self::Contact(contact) => some(Entity::Contact, &contact.parent),
            Self::Item(item) => {
                some(Entity::Account, &item.income_account);
                some(Entity::Account, &item.expense_account);
                some(Entity::TaxRate, &item.tax_rate);
            }
            Self::Project(project) => some(Entity::Contact, &project.contact),
            Self::Document(document) => document_references(document, visit),
            Self::OpenBalance(open) => visit(open.document.entity, &open.document.id),
            Self::Payment(payment) => {
                some(Entity::Contact, &payment.contact);
                some(Entity::Account, &payment.account);
                some(Entity::PaymentMethod, &payment.method);
                payment.allocations.iter().for_each(|a| visit(a.document.entity, &a.document.id));
            }
            Self::Transfer(transfer) => {
                visit(Entity::Account, &transfer.from);
                visit(Entity::Account, &transfer.to);
            }
            Self::BankTransaction(bank) => {
                some(Entity::Contact, &bank.contact);
                bank.lines.iter().for_each(|line| some(Entity::TaxRate, &line.tax_rate));
                visit(Entity::Account, &bank.account);
                bank.lines.iter().for_each(|line| visit(Entity::Account, &line.account));
            }
            Self::Journal(journal) => {
                for line in &journal.lines {
                    if let Some(contact) = &line.contact {
                        visit(Entity::Contact, contact);
                    }
                    visit(Entity::Account, &line.account);
                    line.tracking.iter().for_each(|t| visit(Entity::TrackingCategory, &t.category));
                }
            }
            Self::Activity(activity) => {
                some(Entity::Contact, &activity.contact);
                some(Entity::Project, &activity.project);
                some(Entity::Item, &activity.item);
                some(Entity::Invoice, &activity.invoice);
            }
            Self::Attachment(attachment) => visit(attachment.of.entity, &attachment.of.id),
        }
    }
}

fn document_references<'a>(document: &'a Document, mut visit: impl FnMut(Entity, &'a SourceId)) {
    let mut some = |entity, id: &'a Option<SourceId>| {
        if let Some(id) = id {
            visit(entity, id);
        }
    };
    some(Entity::Contact, &document.contact);
    some(Entity::Terms, &document.terms);
    some(Entity::Project, &document.project);
    some(Entity::Account, &document.paid_account);
    some(Entity::PaymentMethod, &document.payment_method);
    some(Entity::Account, document.discount.as_ref().map_or(&None, |discount| &discount.account));
    for line in &document.lines {
        some(Entity::Item, &line.item);
        some(Entity::TaxRate, &line.tax_rate);
        some(Entity::Account, &line.account);
        some(Entity::Project, &line.project);
    }
    document.taxes.iter().for_each(|tax| some(Entity::TaxRate, &tax.tax_rate));
    let tracking = document.lines.iter().flat_map(|line| &line.tracking);
    tracking.for_each(|tracking| visit(Entity::TrackingCategory, &tracking.category));
    document.related.iter().for_each(|key| visit(key.entity, &key.id));
}

/// One canonical record: who it is, what it says, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What sort.
    pub entity: Entity,
    /// Its id at the source.
    pub id: SourceId,
    /// The number or name people know it by at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When the source says it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When the source says it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// True where no record of the source says so: another one merely named it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implied: bool,
    /// What it says.
    pub body: Body,
    /// Where it stands in the source.
    pub place: Place,
    /// The raw source slice, verbatim: JSON as the extract stage read it; "" where it was derived, and once it is
    /// staged apart from the record (the extract batch of the same name holds it at the lines of `place`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raw: String,
    #[serde(skip)]
    fingerprint: Derived,
}

/// A fingerprint, once it was asked for. It says nothing that the record does not, so it takes no part in
/// comparisons and is not written.
#[derive(Clone, Debug, Default)]
struct Derived(OnceLock<Fingerprint>);

impl PartialEq for Derived {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Derived {}

impl Record {
    /// A record of the source. A fault where the body is of another sort than `entity`.
    pub fn new(
        entity: Entity,
        id: impl Into<SourceId>,
        number: Option<String>,
        body: Body,
    ) -> Result<Self, Fault> {
        if !body.fits(entity) {
            return Err(Fault::new(Code::Bug).detail(format!("a record of entity {entity} got another body")));
        }
        Ok(Self {
            entity,
            id: id.into(),
            number,
            created: None,
            modified: None,
            implied: false,
            body,
            place: Place::default(),
            raw: String::new(),
            fingerprint: Derived::default(),
        })
    }

    /// Of number and body: worked out when it is first asked for, and kept whatever becomes of them after that.
    pub fn fingerprint(&self) -> Fingerprint {
        *self.fingerprint.0.get_or_init(|| Fingerprint::of(self.number.as_deref(), &self.body))
    }

    /// Works the fingerprint out from the JSON that the body was read from, which spares writing it again. What
    /// [`Body`] did not write itself must not be given here.
    pub fn learn_fingerprint(&mut self, body: &str) {
        // What is still to be paid does not count.
        if self.document().is_none_or(|document| document.outstanding.is_none()) {
            self.fingerprint = Derived(Fingerprint::of_json(self.number.as_deref(), body).into());
        }
    }

    /// Its identity.
    pub fn key(&self) -> RecordKey {
        RecordKey::new(self.entity, self.id.clone())
    }

    /// The document in it, where it is one.
    pub fn document(&self) -> Option<&Document> {
        match &self.body {
            Body::Document(document) => Some(document),
            _ => None,
        }
    }
}

/// A source row that could not be carried, with what a person needs to mend it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reject {
    /// What it would have been.
    pub entity: Entity,
    /// Its id, where it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<SourceId>,
    /// Its number or name, where it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// Why, with column, text and remedy.
    pub fault: Fault,
    /// The raw source slice, verbatim.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raw: String,
}
