//! Xero as a target.

mod bank;
mod change;
mod contacts;
mod documents;
mod files;
mod index;
mod journals;
mod lines;
mod lists;
mod outgoing;
mod over;
mod payments;
mod preflight;
mod remove;
mod send;
mod settled;
mod target;

use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, Found, Manifest, Preflight, Removal, Support, WriteBatch, Writer,
    Written, own,
};
use carry_model::{Code, Entity, Fault, Reach, Record, TargetId};

pub(crate) use files::OnDocuments;
pub(crate) use index::Index;
pub(crate) use settled::Settled;
pub(crate) use target::Target;

use crate::client::Xero;

/// One outcome a record, in order.
pub(crate) type Results = Vec<Result<Written, Fault>>;

/// Outcomes of a batch as they come in, and whether anything has reached Xero yet.
pub(crate) struct Attempt {
    outcomes: Vec<Option<Result<Written, Fault>>>,
    reached: bool,
}

impl Attempt {
    pub(crate) fn new(records: usize) -> Self {
        Self { outcomes: (0..records).map(|_| None).collect(), reached: false }
    }

    pub(crate) fn set(&mut self, place: usize, outcome: Result<Written, Fault>) {
        if let Some(slot) = self.outcomes.get_mut(place) {
            *slot = Some(outcome);
        }
    }

    /// From here on something of the batch is in Xero.
    pub(crate) fn reached(&mut self) {
        self.reached = true;
    }

    /// A fault of the whole batch: its outcome is unknown once a part of it went through.
    pub(crate) fn broken_off(&self, fault: Fault) -> Fault {
        if self.reached { fault.reach(Reach::Unknown) } else { fault }
    }

    /// A refusal is the record's own; any other fault is the batch's and ends it.
    pub(crate) fn own<T>(&mut self, outcome: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
        let own = own(outcome).map_err(|fault| self.broken_off(fault))?;
        if own.is_ok() {
            self.reached();
        }
        Ok(own)
    }

    pub(crate) fn finish(self) -> Result<Results, Fault> {
        let missing = || Fault::new(Code::Bug).detail("a record without an outcome").reach(Reach::Unknown);
        self.outcomes.into_iter().map(|outcome| outcome.ok_or_else(missing)).collect()
    }
}

#[async_trait]
impl Writer for Xero {
    fn manifest(&self) -> &'static Manifest {
        &crate::manifest::MANIFEST
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        self.look_ahead().await
    }

    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        self.catalog_of(entity).await
    }

    async fn look_anew(&self) {
        self.forget_read().await;
    }

    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        let mut found = Vec::with_capacity(records.len());
        for record in records {
            let key = record.key();
            found.push(match record.entity {
                Entity::Account | Entity::TaxRate | Entity::TrackingCategory | Entity::Item => {
                    self.find_listed(record).await?
                }
                Entity::Payment | Entity::BillPayment => self.find_payment(&key).await?,
                Entity::Journal => self.find_journal(&key).await?.map(|id| Found { id, number: None }),
                // A name tells no record; what stands there already is seen when the file is written.
                Entity::Attachment => None,
                entity if entity.is_document() => self.find_document(record).await?,
                entity => self.find_marked(index::endpoint_of(entity), &key).await?,
            });
        }
        Ok(found)
    }

    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Results, Fault> {
        let written = self.write_batch(&batch).await;
        if written.is_err() {
            // What it did is not known, so what was read before tells no longer what is there.
            self.forget_read().await;
        }
        written
    }

    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        match entity {
            Entity::Payment | Entity::BillPayment => self.read_back_payments(ids).await,
            entity => self.read_back_documents(index::endpoint_of(entity), ids).await,
        }
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        self.balance_of(account).await
    }

    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        self.remove_records(entity, ids).await
    }
}

/// Whether a record made way for the one that takes its place: one that was gone already did too. Where Xero keeps it,
/// nothing may be put beside it.
pub(crate) fn made_way(removed: Result<Removal, Fault>) -> Result<(), Fault> {
    match removed {
        Err(fault) if fault.code != Code::RecordGone => Err(fault),
        _ => Ok(()),
    }
}

impl Xero {
    /// Drops all that was read of the organisation.
    async fn forget_read(&self) {
        self.indexes.lock().await.clear();
        *self.settled.lock().await = None;
        *self.items.lock().await = None;
        self.on_documents.lock().await.clear();
        self.forget_target().await;
    }

    async fn write_batch(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        match batch.entity {
            Entity::Account => self.write_accounts(batch).await,
            Entity::TaxRate => self.write_tax_rates(batch).await,
            Entity::TrackingCategory => self.write_tracking(batch).await,
            Entity::Contact => self.write_contacts(batch).await,
            Entity::Item => self.write_items(batch).await,
            Entity::Payment | Entity::BillPayment => self.write_payments(batch).await,
            Entity::Transfer => self.write_transfers(batch).await,
            Entity::BankTransaction => self.write_bank_transactions(batch).await,
            Entity::Journal => self.write_journals(batch).await,
            Entity::Attachment => self.write_files(batch).await,
            entity if self.manifest().entity(entity).write.is_yes() => self.write_documents(batch).await,
            entity => {
                let why = match self.manifest().entity(entity).write {
                    Support::No(why) => why,
                    Support::Yes => "not part of this system",
                };
                let fault = Fault::new(Code::EntityUnsupported).detail(why);
                Ok(batch.items.iter().map(|_| Err(fault.clone())).collect())
            }
        }
    }
}
