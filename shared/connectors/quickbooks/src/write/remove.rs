//! How records leave QuickBooks again: transactions are deleted, names and lists made inactive.

use carry_connector::{Removal, owner_and_file};
use carry_model::{Code, Entity, Fault, Reach, TargetId};
use serde_json::{Value, json};

use super::documents::kind_of;
use super::set;
use super::target::Parts;
use crate::company::Operation;
use crate::fault;
use crate::kinds::Kind;
use crate::session::QuickBooks;

/// The kind that a bare id of an entity is of.
pub(super) fn default_kind(entity: Entity) -> Kind {
    match entity {
        Entity::Account => Kind::Account,
        Entity::TaxRate => Kind::TaxCode,
        Entity::Terms => Kind::Term,
        Entity::PaymentMethod => Kind::PaymentMethod,
        Entity::TrackingCategory => Kind::Class,
        Entity::Contact | Entity::Project => Kind::Customer,
        Entity::Item => Kind::Item,
        Entity::Payment => Kind::Payment,
        Entity::BillPayment => Kind::BillPayment,
        Entity::Transfer => Kind::Transfer,
        Entity::BankTransaction => Kind::Deposit,
        Entity::Journal => Kind::JournalEntry,
        Entity::TimeActivity => Kind::TimeActivity,
        Entity::Attachment => Kind::Attachable,
        entity => kind_of(entity).unwrap_or(Kind::Invoice),
    }
}

impl QuickBooks {
    pub(super) async fn remove_all(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        if entity == Entity::TaxRate {
            let why = "QuickBooks lets nobody remove tax codes over its API.";
            return Ok(ids.iter().map(|_| Err(Fault::new(Code::CannotRemove).detail(why))).collect());
        }
        let of_file = |id: &TargetId| owner_and_file(id).map(|(_, file)| TargetId::from(file));
        let parts: Vec<Parts> = ids
            .iter()
            .map(|id| Parts::of(&of_file(id).unwrap_or_else(|| id.clone()), default_kind(entity)))
            .collect();
        let mut results: Vec<Result<Removal, Fault>> = parts.iter().map(|parts| self.how(parts)).collect();
        if entity == Entity::Contact {
            for (parts, result) in parts.iter().zip(&mut results) {
                if let (Ok(_), Err(fault)) = (&result, self.remove_more_of(parts).await?) {
                    *result = Err(fault);
                }
            }
        }
        // Payments go before the entries that they set against credits.
        for kind in
            Kind::ALL.iter().copied().filter(|kind| *kind != Kind::JournalEntry).chain([Kind::JournalEntry])
        {
            let of_kind = |(index, parts): (usize, &Parts)| Some((index, parts.id(kind)?));
            let wanted: Vec<(usize, String)> = parts
                .iter()
                .enumerate()
                .filter(|(index, _)| results.get(*index).is_some_and(Result::is_ok))
                .filter_map(of_kind)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let ids: Vec<String> = wanted.iter().map(|(_, id)| id.clone()).collect();
            for ((index, _), outcome) in wanted.iter().zip(self.remove_of(kind, &ids).await?) {
                if let (Err(fault), Some(result)) = (outcome, results.get_mut(*index)) {
                    *result = Err(fault);
                }
            }
        }
        Ok(results)
    }

    fn how(&self, parts: &Parts) -> Result<Removal, Fault> {
        if parts.was_before() {
            return Err(Fault::new(Code::CannotRemove).detail("It was in QuickBooks before and stays there."));
        }
        let list = parts.all().iter().any(|(kind, _)| kind.is_list());
        Ok(if list { Removal::Archive } else { Removal::Delete })
    }

    /// Removes what more was made of a contact; the first refusal is the contact's.
    async fn remove_more_of(&self, parts: &Parts) -> Result<Result<(), Fault>, Fault> {
        for (kind, id) in self.more_of(parts.all()).await? {
            if let Some(Err(refused)) = self.remove_of(kind, &[id]).await?.pop() {
                return Ok(Err(refused));
            }
        }
        Ok(Ok(()))
    }

    /// Removes the objects that a record became.
    pub(super) async fn remove_parts(&self, parts: &[(Kind, String)]) -> Result<(), Fault> {
        let mut parts = parts.to_vec();
        parts.sort_by_key(|(kind, _)| *kind == Kind::JournalEntry);
        for (kind, id) in parts {
            let outcomes = self.remove_of(kind, std::slice::from_ref(&id)).await?;
            outcomes.into_iter().collect::<Result<(), Fault>>()?;
        }
        Ok(())
    }

    /// Removes objects of a kind; what is gone already is no fault.
    pub(super) async fn remove_of(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<Result<(), Fault>>, Fault> {
        let ids_there: Vec<String> = ids.iter().filter(|id| *id != "all").cloned().collect();
        let current = self.current(kind, &ids_there).await?;
        let operation = |id: &String| {
            let object = current.get(id)?;
            if kind.is_list() {
                let active = object.get("Active").and_then(Value::as_bool).unwrap_or(true);
                let mut body = object.clone();
                set(&mut body, "Active", json!(false));
                return active.then_some(Operation { verb: "update", kind, body });
            }
            let body = json!({"Id": id, "SyncToken": object.get("SyncToken")?});
            Some(Operation { verb: "delete", kind, body })
        };
        let operations: Vec<Option<Operation>> = ids.iter().map(operation).collect();
        let sent: Vec<Operation> = operations.iter().flatten().cloned().collect();
        let mut outcomes =
            if sent.is_empty() { Vec::new() } else { self.company.batch(&sent).await? }.into_iter();
        let mut results = Vec::with_capacity(ids.len());
        for (id, operation) in ids.iter().zip(operations) {
            let outcome = match operation {
                None => Ok(()),
                Some(_) => match outcomes.next() {
                    Some(Ok(_)) => Ok(()),
                    Some(Err(fault)) if fault::number(&fault) == Some(fault::NOT_FOUND) => Ok(()),
                    Some(Err(fault)) => Err(cannot(fault)),
                    None => Err(Fault::new(Code::Bug).detail("a record without an outcome")),
                },
            };
            if outcome.is_ok() {
                self.with_lists(|lists| lists.forget(kind, id)).await?;
            }
            results.push(outcome);
        }
        Ok(results)
    }
}

fn cannot(fault: Fault) -> Fault {
    match fault.code {
        Code::TargetRefused => {
            Fault::new(Code::CannotRemove).reach(Reach::Refused).detail(fault.detail).raw(fault.raw)
        }
        _ => fault,
    }
}
