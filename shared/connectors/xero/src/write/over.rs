//! What a payment leaves to the contact's favour: an overpayment on a bank account. Xero takes overpayments on bank
//! accounts only; on any other account it is a credit note of one line, which books the same.

use carry_connector::{Method, Removal, WriteBatch};
use carry_model::{Code, Decimal, Entity, Fault, TargetId};

use super::Attempt;
use super::outgoing::{Names, Outgoing};
use super::payments::{Going, REFERENCE_MAX};
use super::target::{NO_TAX, Target};
use crate::client::Xero;
use crate::manifest::BATCH;
use crate::mark;
use crate::shapes::{ContactRef, Doc, Line};

impl Xero {
    pub(super) async fn send_over(
        &self,
        batch: &WriteBatch,
        target: &Target,
        going: &mut [Going<'_>],
        attempt: &mut Attempt,
    ) -> Result<(), Fault> {
        let mut elements = Vec::new();
        for (index, ready) in going.iter_mut().enumerate() {
            if ready.split.over.is_zero() || ready.refused.is_some() {
                continue;
            }
            match over(batch, target, ready) {
                Ok(outgoing) => elements.push((index, outgoing)),
                Err(fault) => ready.refused = Some(fault),
            }
        }
        let (bank, notes): (Vec<_>, Vec<_>) =
            elements.into_iter().partition(|(_, outgoing)| outgoing.bank_account.is_some());
        for (endpoint, elements) in [("BankTransactions", bank), ("CreditNotes", notes)] {
            for chunk in elements.chunks(BATCH) {
                let sent: Vec<_> = chunk.iter().map(|(_, outgoing)| outgoing).collect();
                let outcomes = self.send_all::<_, Doc>(Method::Put, endpoint, &sent).await;
                let outcomes = outcomes.map_err(|fault| attempt.broken_off(fault))?;
                attempt.reached();
                let written = || outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
                self.note_written(endpoint, written()).await?;
                self.note_over(written()).await?;
                for ((index, _), outcome) in chunk.iter().zip(outcomes) {
                    if let (Err(why), Some(ready)) = (outcome, going.get_mut(*index)) {
                        ready.refused = Some(why);
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes what was left over: an overpayment goes with its bank transaction.
    pub(super) async fn remove_over(&self, mark: &str) -> Result<Result<Removal, Fault>, Fault> {
        // Credit notes of both sides stand at one endpoint.
        for entity in [Entity::BankTransaction, Entity::CreditNote] {
            let endpoint = Names::of(entity).endpoint;
            let found = self.with_index(endpoint, false, |index| index.marked(mark)).await?;
            let Some(id) = found else { continue };
            let outcome = self.strike_out(entity, &[TargetId::new(id.to_string())]).await?;
            *self.settled.lock().await = None;
            return Ok(outcome.into_iter().next().unwrap_or_else(|| Err(Fault::new(Code::Bug))));
        }
        Ok(Ok(Removal::Delete))
    }
}

/// The credit note that stands for an overpayment on an account that is no bank.
const fn credit_of(payment: Entity) -> Entity {
    match payment {
        Entity::Payment => Entity::CreditNote,
        _ => Entity::BillCredit,
    }
}

fn over(batch: &WriteBatch, target: &Target, ready: &mut Going<'_>) -> Result<Outgoing, Fault> {
    let payment = ready.payment;
    let contact = batch.links.get_opt(Entity::Contact, &payment.contact).ok_or_else(|| {
        Fault::new(Code::FieldMissing).field("contact").detail("Xero takes no overpayment without a contact.")
    })?;
    let is_receivable = ready.key.entity == Entity::Payment;
    let (kind, control) =
        if is_receivable { ("RECEIVE-OVERPAYMENT", "DEBTORS") } else { ("SPEND-OVERPAYMENT", "CREDITORS") };
    let account = target.accounts.iter().find(|account| account.id == ready.account.id);
    let other = account.filter(|account| account.kind != "BANK");
    let names =
        Names::of(if other.is_some() { credit_of(ready.key.entity) } else { Entity::BankTransaction });
    if other.is_some() {
        ready.notes.push(
            "What it leaves over is a credit note: Xero takes overpayments on bank accounts only.".to_owned(),
        );
    }
    let line = Line {
        description: Some("Not applied".to_owned()),
        quantity: Some(Decimal::ONE),
        unit_amount: Some(ready.split.over),
        line_amount: Some(ready.split.over),
        tax_type: Some(NO_TAX.to_owned()),
        account_code: other.or_else(|| target.system_account(control)).map(|account| account.code.clone()),
        ..Line::default()
    };
    let said = payment.reference.as_deref().unwrap_or_default();
    Ok(Outgoing {
        id: None,
        kind: if other.is_some() { names.kind } else { Some(kind) },
        // By its number alone it is told from the credit notes of the source.
        number: other.map(|_| ready.id.mark.clone()),
        contact: ContactRef::of(contact.as_str()),
        date: payment.date.to_string(),
        due: None,
        reference: Some(mark::append(said, &ready.id.mark, REFERENCE_MAX)),
        url: None,
        currency: payment.currency.to_string(),
        rate: payment.rate,
        has_tax: false,
        lines: vec![line],
        status: other.map(|_| "AUTHORISED"),
        bank_account: other.is_none().then(|| ready.account.clone()),
        names,
    })
}
