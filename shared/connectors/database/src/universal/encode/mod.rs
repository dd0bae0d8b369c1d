//! From records to rows. Pure: what cannot be kept is a fault of the record before anything is written.

mod documents;
mod lists;
mod settlement;

use carry_connector::Links;
use carry_model::{Body, Code, Currency, Decimal, Entity, Fault, Record, SourceId};
use rustc_hash::FxHashMap;

use super::cell::{Cell, Rows};

/// Currency and rate of documents that payments in a foreign currency settle, by the documents' keys.
pub(super) type DocumentRates = FxHashMap<i64, (Currency, Option<Decimal>)>;

/// What a record needs to know of the rest of the books.
pub(super) struct Context<'c> {
    /// Keys of everything the batch refers to.
    pub(super) links: &'c Links,
    /// Keys of the records of the batch itself.
    pub(super) own: &'c FxHashMap<&'c str, i64>,
    /// The currency of the ledger.
    pub(super) home: Currency,
    /// See [`DocumentRates`].
    pub(super) rates: &'c DocumentRates,
}

impl Context<'_> {
    /// The key of a record; None where there is no link to it.
    fn find(&self, entity: Entity, id: &SourceId) -> Result<Option<i64>, Fault> {
        self.links.get(entity, id).map(|target| key(target.as_str())).transpose()
    }

    /// The key of an optional reference; without a link it is left out.
    fn opt(
        &self,
        rows: &mut Rows<'_>,
        entity: Entity,
        id: &Option<SourceId>,
    ) -> Result<Cell<'static>, Fault> {
        match id {
            None => Ok(Cell::Null),
            Some(id) => self.find(entity, id).map(|found| rows.refer(entity, found)),
        }
    }

    /// The key of a reference to a record of the same entity, which may be in this very batch.
    fn parent(
        &self,
        rows: &mut Rows<'_>,
        entity: Entity,
        id: &Option<SourceId>,
    ) -> Result<Cell<'static>, Fault> {
        let Some(id) = id else { return Ok(Cell::Null) };
        let known = self.find(entity, id)?.or_else(|| self.own.get(id.as_str()).copied());
        Ok(rows.refer(entity, known))
    }

    /// The key of a reference that the record makes no sense without.
    fn need(
        &self,
        rows: &mut Rows<'_>,
        entity: Entity,
        id: &SourceId,
        field: &str,
    ) -> Result<Cell<'static>, Fault> {
        match self.find(entity, id)? {
            Some(found) => Ok(rows.refer(entity, Some(found))),
            None => Err(Fault::new(Code::DependencyFailed)
                .field(field)
                .detail(format!("It refers to {entity} {id}, which is not in the target."))),
        }
    }
}

/// Reads a key of this database from a target id.
pub(super) fn key(target: &str) -> Result<i64, Fault> {
    target.parse().map_err(|_| {
        Fault::new(Code::TargetRefused)
            .text(target)
            .detail("A link leads to no key of the universal database.")
    })
}

/// Adds a record's rows. The total of a document as its parts have it, the amount of a payment; else None.
pub(super) fn encode<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    context: &Context<'_>,
) -> Result<Option<Decimal>, Fault> {
    let plain = match &record.body {
        Body::Document(body) => return documents::document(rows, id, record, body, context).map(Some),
        Body::Payment(body) => return settlement::payment(rows, id, record, body, context).map(Some),
        Body::Company(body) => lists::company(rows, id, record, body),
        Body::Account(body) => lists::account(rows, id, record, body, context),
        Body::TaxRate(body) => lists::tax_rate(rows, id, record, body, context),
        Body::Terms(body) => lists::terms(rows, id, record, body),
        Body::PaymentMethod(body) => lists::payment_method(rows, id, record, body),
        Body::TrackingCategory(body) => lists::tracking_category(rows, id, record, body),
        Body::Contact(body) => lists::contact(rows, id, record, body, context),
        Body::Item(body) => lists::item(rows, id, record, body, context),
        Body::Project(body) => lists::project(rows, id, record, body, context),
        Body::Transfer(body) => settlement::transfer(rows, id, record, body, context),
        Body::BankTransaction(body) => settlement::bank_transaction(rows, id, record, body, context),
        Body::Journal(body) => settlement::journal(rows, id, record, body, context),
        Body::Activity(body) => lists::activity(rows, id, record, body, context),
        Body::Attachment(body) => lists::attachment(rows, id, record, body),
        Body::OpenBalance(_) => Err(Fault::new(Code::EntityUnsupported)),
    };
    plain.map(|()| None)
}

/// Positions count from 1.
fn position(at: usize) -> Cell<'static> {
    Cell::int(i64::try_from(at + 1).ok())
}
