//! Removing: what Xero lets go is deleted, posted documents are voided, contacts and used accounts are archived.

use carry_connector::{Method, Removal};
use carry_model::{Code, Entity, Fault, TargetId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::index::{endpoint_of, is_gone};
use super::outgoing::{Names, Standing};
use super::settled::PaymentId;
use crate::client::Xero;
use crate::manifest::{BATCH, NO_FILE_REMOVED};
use crate::shapes::{Contact, Doc, Item};

type Outcome = Result<Removal, Fault>;

/// The status in which a document ends.
pub(super) const fn end_of(entity: Entity, status: &str) -> &'static str {
    let is_draft = matches!(status.as_bytes(), b"DRAFT" | b"SUBMITTED");
    match entity {
        Entity::Invoice | Entity::Bill | Entity::CreditNote | Entity::BillCredit | Entity::Journal
            if !is_draft =>
        {
            "VOIDED"
        }
        _ => "DELETED",
    }
}

/// What is known of a record whose removal was refused.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Known {
    status: String,
}

impl Xero {
    pub(super) async fn remove_records(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Result<Vec<Outcome>, Fault> {
        match entity {
            Entity::Journal => self.remove_journals(ids).await,
            Entity::Attachment => {
                let fault = Fault::new(Code::CannotRemove).detail(format!("{NO_FILE_REMOVED}."));
                Ok(ids.iter().map(|_| Err(fault.clone())).collect())
            }
            entity => self.remove_as(entity, ids).await,
        }
    }

    /// Removes records that are in Xero what their entity says.
    pub(super) async fn remove_as(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Outcome>, Fault> {
        let mut outcomes = Vec::with_capacity(ids.len());
        match entity {
            Entity::Account | Entity::TrackingCategory | Entity::Item | Entity::TaxRate => {
                for id in ids {
                    outcomes.push(settle(self.remove_listed(entity, id.as_str()).await)?);
                }
                self.forget_target().await;
                *self.items.lock().await = None;
            }
            Entity::Payment | Entity::BillPayment => {
                for id in ids {
                    outcomes.push(self.remove_payment(id).await?);
                }
            }
            Entity::Transfer => {
                for id in ids {
                    outcomes.push(self.remove_transfer(id.as_str()).await?);
                }
            }
            Entity::Contact => {
                for chunk in ids.chunks(BATCH) {
                    outcomes.extend(self.archive_contacts(chunk).await?);
                }
            }
            _ => {
                for chunk in ids.chunks(BATCH) {
                    outcomes.extend(self.strike_out(entity, chunk).await?);
                }
            }
        }
        Ok(outcomes)
    }

    /// Voids or deletes documents and journals, the numbers of those that must be unique freed first.
    pub(super) async fn strike_out(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Outcome>, Fault> {
        let names = Names::of(entity);
        let endpoint = endpoint_of(entity);
        if matches!(entity, Entity::Invoice | Entity::CreditNote | Entity::Estimate | Entity::PurchaseOrder) {
            let freed: Vec<_> = ids
                .iter()
                .map(|id| Standing::renumbered(&names, id.as_str(), format!("VOID-{id}")))
                .collect();
            // What refuses another number is gone already, or is found out below.
            self.send_all::<_, Doc>(Method::Post, endpoint, &freed).await?;
        }
        let mut outcomes: Vec<Option<Outcome>> = ids.iter().map(|_| None).collect();
        for status in [end_of(entity, ""), end_of(entity, "DRAFT")] {
            let open: Vec<_> = outcomes
                .iter()
                .enumerate()
                .filter(|(_, o)| !matches!(o, Some(Ok(_))))
                .map(|(i, _)| i)
                .collect();
            let left: Vec<_> = open.iter().filter_map(|place| Some((*place, ids.get(*place)?))).collect();
            if left.is_empty() {
                break;
            }
            let standing: Vec<_> = left.iter().map(|(_, id)| standing(entity, &names, id, status)).collect();
            let sent = self.send_all::<_, Doc>(Method::Post, endpoint, &standing).await?;
            for ((place, id), sent) in left.into_iter().zip(sent) {
                let outcome = match sent {
                    Err(why) => self.gone_or(endpoint, id.as_str(), why).await?,
                    Ok(_) if status == "VOIDED" => Ok(Removal::Void),
                    Ok(_) => Ok(Removal::Delete),
                };
                if outcome.is_ok() {
                    self.note_removed(endpoint, id.as_str()).await;
                }
                if let Some(slot) = outcomes.get_mut(place) {
                    *slot = Some(outcome);
                }
            }
        }
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(Fault::new(Code::Bug))))
            .collect())
    }

    /// Whether a record whose removal was refused is gone already; else why it stays.
    async fn gone_or(&self, endpoint: &'static str, id: &str, why: Fault) -> Result<Outcome, Fault> {
        let Some(page) = self.get_one(endpoint, id).await? else { return Ok(Ok(Removal::Delete)) };
        let known = page.read::<Known>()?.into_iter().next().unwrap_or_default();
        Ok(match known.status.as_str() {
            "VOIDED" => Ok(Removal::Void),
            status if is_gone(status) => Ok(Removal::Delete),
            _ => Err(stays(why)),
        })
    }

    /// Removes all that a payment of the source is in Xero. Overpayments stay where credits hang on them.
    pub(super) async fn remove_payment(&self, target: &TargetId) -> Result<Outcome, Fault> {
        let Some(id) = PaymentId::parse(target) else { return Ok(Err(Fault::new(Code::RecordGone))) };
        let standing = self.with_settled(false, |settled| settled.standing(&id.mark).cloned()).await?;
        for (credit, document) in &id.applied {
            self.take_back_credit(*credit, *document).await?;
        }
        let Some(standing) = standing else { return Ok(Ok(Removal::Delete)) };
        let mut removed = Vec::new();
        for piece in &standing.pieces {
            match self.delete_payment(&piece.id.to_string()).await {
                Ok(()) => removed.push(piece.id),
                Err(fault) if fault.code == Code::RecordGone => removed.push(piece.id),
                Err(fault) if fault.action() == carry_model::Action::Quarantine => {
                    self.note_settled(&[], &removed).await?;
                    return Ok(Err(stays(fault)));
                }
                Err(fault) => return Err(fault),
            }
        }
        self.note_settled(&[], &removed).await?;
        if standing.over.is_some() {
            return self.remove_over(&id.mark).await;
        }
        Ok(Ok(Removal::Delete))
    }

    /// Deletes a payment; one that is deleted already is a fault of [`Code::RecordGone`].
    pub(super) async fn delete_payment(&self, id: &str) -> Result<(), Fault> {
        let body = [BTreeMap::from([("Status", "DELETED")])];
        let path = format!("Payments/{id}");
        match self.put(Method::Post, &path, "Payments", &body, &[]).await {
            Ok(_) => Ok(()),
            Err(fault) if fault.action() == carry_model::Action::Quarantine => {
                match self.gone_or("Payments", id, fault).await? {
                    Ok(_) => Err(Fault::new(Code::RecordGone)),
                    Err(why) => Err(why),
                }
            }
            Err(fault) => Err(fault),
        }
    }

    async fn take_back_credit(&self, credit: Uuid, document: Uuid) -> Result<(), Fault> {
        let Some(page) = self.get_one("CreditNotes", &credit.to_string()).await? else { return Ok(()) };
        for note in page.read::<Doc>()? {
            let here = note.allocations.iter().filter(|allocation| {
                !allocation.is_deleted && allocation.invoice.invoice == document.to_string()
            });
            for allocation in here {
                let path = format!("CreditNotes/{credit}/Allocations/{}", allocation.id);
                self.delete(&path, "Allocations").await?;
            }
        }
        *self.settled.lock().await = None;
        self.indexes.lock().await.values_mut().for_each(super::Index::spoil);
        Ok(())
    }

    pub(super) async fn remove_transfer(&self, id: &str) -> Result<Outcome, Fault> {
        let body = [BTreeMap::from([("BankTransferID", id), ("Status", "DELETED")])];
        let path = format!("BankTransfers/{id}");
        let outcome = self.put(Method::Post, &path, "BankTransfers", &body, &[]).await;
        let outcome = match outcome {
            Ok(_) => Ok(Removal::Delete),
            Err(fault) if fault.action() == carry_model::Action::Quarantine => {
                self.gone_or("BankTransfers", id, fault).await?
            }
            Err(fault) => return Err(fault),
        };
        self.note_removed("BankTransfers", id).await;
        Ok(outcome)
    }

    async fn archive_contacts(&self, ids: &[TargetId]) -> Result<Vec<Outcome>, Fault> {
        let body: Vec<_> = ids
            .iter()
            .map(|id| BTreeMap::from([("ContactID", id.as_str()), ("ContactStatus", "ARCHIVED")]))
            .collect();
        let mut outcomes = Vec::with_capacity(ids.len());
        for (id, sent) in ids.iter().zip(self.send_all::<_, Contact>(Method::Post, "Contacts", &body).await?)
        {
            outcomes.push(match sent {
                Ok(contact) if contact.contact_status == "ARCHIVED" => {
                    self.note_removed("Contacts", id.as_str()).await;
                    Ok(Removal::Archive)
                }
                Ok(_) => Err(Fault::new(Code::CannotRemove).raw("Xero did not archive it.")),
                Err(why) => Err(stays(why)),
            });
        }
        Ok(outcomes)
    }

    /// One that was ever used, if only by what is void now, can only be archived.
    async fn remove_tax_rate(&self, id: &str) -> Result<Removal, Fault> {
        let target = self.target().await?;
        let known = target.taxes.iter().find(|tax| tax.tax_type == id);
        let Some(name) = known.map(|tax| tax.name.as_str()) else { return Ok(Removal::Delete) };
        let body = |status| [BTreeMap::from([("Name", name), ("TaxType", id), ("Status", status)])];
        let deleted = self.put(Method::Post, "TaxRates", "TaxRates", &body("DELETED"), &[]).await;
        match deleted {
            Ok(_) => Ok(Removal::Delete),
            Err(fault) if fault.action() == carry_model::Action::Quarantine => self
                .put(Method::Post, "TaxRates", "TaxRates", &body("ARCHIVED"), &[])
                .await
                .map(|_| Removal::Archive),
            Err(fault) => Err(fault),
        }
    }

    async fn remove_listed(&self, entity: Entity, id: &str) -> Result<Removal, Fault> {
        let removed = match entity {
            Entity::TaxRate => return self.remove_tax_rate(id).await,
            Entity::Item => {
                let wanted = format!("Code==\"{}\"", id.replace('"', "\"\""));
                let items: Vec<Item> = self.get("Items", &[("where", wanted)]).await?.read()?;
                let Some(item) = items.into_iter().next() else { return Ok(Removal::Delete) };
                self.delete(&format!("Items/{}", item.id), "Items").await
            }
            Entity::TrackingCategory => {
                self.delete(&format!("TrackingCategories/{id}"), "TrackingCategories").await
            }
            _ => self.delete(&format!("Accounts/{id}"), "Accounts").await,
        };
        match removed {
            Ok(()) => Ok(Removal::Delete),
            Err(fault) if fault.code == Code::RecordGone => Ok(Removal::Delete),
            Err(fault) if entity == Entity::Account && fault.action() == carry_model::Action::Quarantine => {
                let body = [BTreeMap::from([("AccountID", id), ("Status", "ARCHIVED")])];
                let path = format!("Accounts/{id}");
                self.put(Method::Post, &path, "Accounts", &body, &[]).await.map(|_| Removal::Archive)
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Refusals are the record's; other faults end the call.
fn settle(outcome: Outcome) -> Result<Outcome, Fault> {
    Ok(carry_connector::own(outcome)?.map_err(stays))
}

/// Why a record stays, in Xero's words.
fn stays(why: Fault) -> Fault {
    Fault::new(Code::CannotRemove).raw(why.raw).reach(carry_model::Reach::Refused)
}

/// A change of status, as the endpoint words it.
fn standing(entity: Entity, names: &Names, id: &TargetId, status: &str) -> impl Serialize + use<> {
    match entity {
        Entity::Journal => Standing::journal(id.as_str(), status),
        _ => Standing::new(names, id.as_str(), status),
    }
}
