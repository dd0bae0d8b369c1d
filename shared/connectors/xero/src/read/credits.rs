//! Over- and prepayments: payments of which a part, or nothing, is applied yet.

use carry_model::{Allocation, Body, Entity, Fault, Payment, RecordKey, SourceId, checked_sum};
use serde::Deserialize;

use super::documents::rate;
use super::profile::Profile;
use super::transform::{Outcome, Read, Refused, changed, day, filled, needed};
use crate::shapes;

/// As extraction staged it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Credit {
    credit: shapes::Doc,
    bank_account: shapes::AccountRef,
}

pub(super) fn credit(profile: &Profile, staged: Credit) -> Outcome {
    let Credit { credit, bank_account } = staged;
    let id = if credit.overpayment_id.is_empty() { &credit.prepayment_id } else { &credit.overpayment_id };
    if id.is_empty() {
        return Err(Refused::new("", None, Fault::new(carry_model::Code::FieldMissing).field("id")));
    }
    // Customers' are RECEIVE-... and AR...
    let receivable = credit.kind.starts_with("RECEIVE") || credit.kind.starts_with("AR");
    let entity = if receivable { Entity::Payment } else { Entity::BillPayment };
    let body = payment(profile, entity, &credit, &bank_account)
        .map_err(|fault| Refused::new(id, credit.reference.as_deref(), fault))?;
    Ok(vec![Read {
        entity,
        id: id.clone(),
        number: filled(credit.reference.clone()),
        body: Body::Payment(body.into()),
        modified: changed(credit.updated.as_ref()),
    }])
}

fn payment(
    profile: &Profile,
    entity: Entity,
    credit: &shapes::Doc,
    bank_account: &shapes::AccountRef,
) -> Result<Payment, Fault> {
    let currency = profile.currency(credit.currency.as_deref())?;
    let to = if entity == Entity::Payment { Entity::Invoice } else { Entity::Bill };
    let mut allocations = Vec::new();
    for allocation in credit.allocations.iter().filter(|allocation| !allocation.is_deleted) {
        let document = RecordKey::new(to, allocation.invoice.invoice.as_str());
        allocations.push(Allocation { document, amount: needed("Amount", allocation.amount)? });
    }
    // Money paid back again is left out: what counts is what was applied and what is still open.
    let remaining = needed("RemainingCredit", credit.remaining)?;
    let amount = checked_sum(allocations.iter().map(|a| a.amount).chain([remaining]))?;
    Ok(Payment {
        contact: Some(credit.contact.id.as_str()).filter(|id| !id.is_empty()).map(SourceId::from),
        date: day("Date", &credit.date)?,
        currency,
        rate: rate(profile, currency, credit.rate),
        amount,
        account: profile.account_of(bank_account),
        method: None,
        reference: filled(credit.reference.clone()),
        memo: None,
        allocations,
    })
}
