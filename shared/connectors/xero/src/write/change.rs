//! Changing a document that is settled. Xero changes no lines of one, so what settles it is taken off, the document
//! is changed, and the same is put on again: payments with their references, credits with their amounts.

use carry_connector::Method;
use carry_model::{Code, Fault, Reach};
use uuid::Uuid;

use super::index::uuid;
use super::outgoing::Outgoing;
use crate::client::Xero;
use crate::shapes::{Allocation, Doc, Identified, Payment};

/// What settles a document.
struct Settlement {
    payments: Vec<Payment>,
    /// Credit note, its allocation's id, and the allocation.
    credits: Vec<(Uuid, String, Allocation)>,
}

impl Xero {
    /// Changes a settled document; gives it back as Xero has it now.
    pub(super) async fn change_settled(&self, outgoing: &Outgoing) -> Result<Doc, Fault> {
        let endpoint = outgoing.names.endpoint;
        let gone = || Fault::new(Code::RecordGone).detail("The document to be changed is no longer in Xero.");
        let id = outgoing.id.as_deref().ok_or_else(gone)?;
        let standing = self.get_one(endpoint, id).await?.ok_or_else(gone)?;
        let doc = standing.read::<Doc>()?.into_iter().next().ok_or_else(gone)?;
        let settlement = self.settlement_of(&doc, endpoint).await?;
        let in_doubt = |fault: Fault| fault.reach(Reach::Unknown);
        self.take_off(&settlement).await?;
        let outcome = self.send_all::<_, Doc>(Method::Post, endpoint, &[outgoing]).await.map_err(in_doubt)?;
        let outcome = outcome.into_iter().next().ok_or_else(gone)?;
        // Whether it was changed or not, what settled it belongs on it.
        self.put_on(settlement).await.map_err(in_doubt)?;
        self.note_written(endpoint, outcome.as_ref().ok()).await?;
        outcome
    }

    async fn settlement_of(&self, doc: &Doc, endpoint: &str) -> Result<Settlement, Fault> {
        let mut settlement = Settlement { payments: Vec::new(), credits: Vec::new() };
        for payment in doc.payments.iter().filter(|payment| payment.status != "DELETED") {
            // A document names its payments without their accounts.
            let whole = self.get_one("Payments", &payment.id).await?;
            let whole = whole.map(|page| page.read::<Payment>()).transpose()?;
            settlement.payments.extend(whole.into_iter().flatten().filter(|p| p.status != "DELETED"));
        }
        if endpoint == "CreditNotes" {
            let own = uuid(&doc.id).unwrap_or_default();
            settlement.credits = doc
                .allocations
                .iter()
                .filter(|allocation| !allocation.is_deleted)
                .map(|allocation| (own, allocation.id.clone(), allocation.clone()))
                .collect();
            return Ok(settlement);
        }
        for note in &doc.credit_notes {
            let Some(page) = self.get_one("CreditNotes", &note.credit_note).await? else { continue };
            for whole in page.read::<Doc>()? {
                let Some(credit) = uuid(&whole.id) else { continue };
                let on_this = whole
                    .allocations
                    .into_iter()
                    .filter(|allocation| !allocation.is_deleted && allocation.invoice.invoice == doc.id);
                settlement
                    .credits
                    .extend(on_this.map(|allocation| (credit, allocation.id.clone(), allocation)));
            }
        }
        Ok(settlement)
    }

    async fn take_off(&self, settlement: &Settlement) -> Result<(), Fault> {
        let mut reached = false;
        for (credit, allocation, _) in &settlement.credits {
            let path = format!("CreditNotes/{credit}/Allocations/{allocation}");
            let outcome = self.delete(&path, "Allocations").await;
            outcome.map_err(|fault| if reached { fault.reach(Reach::Unknown) } else { fault })?;
            reached = true;
        }
        for payment in &settlement.payments {
            let outcome = self.delete_payment(&payment.id).await;
            outcome.map_err(|fault| if reached { fault.reach(Reach::Unknown) } else { fault })?;
            reached = true;
        }
        Ok(())
    }

    async fn put_on(&self, settlement: Settlement) -> Result<(), Fault> {
        let again: Vec<_> = settlement.payments.into_iter().map(anew).collect();
        for chunk in again.chunks(crate::manifest::BATCH) {
            let outcomes = self.send_all::<_, Payment>(Method::Put, "Payments", chunk).await?;
            if let Some(refused) = outcomes.into_iter().find_map(Result::err) {
                return Err(refused
                    .detail("A payment could not be put back on the changed document.")
                    .hint("Enter the payment in Xero by hand, or roll the run back."));
            }
        }
        for (credit, _, allocation) in settlement.credits {
            let again = Allocation { id: String::new(), ..allocation };
            self.apply_credit(credit, again).await?;
        }
        *self.settled.lock().await = None;
        Ok(())
    }
}

/// The same payment, to be made once more.
fn anew(payment: Payment) -> Payment {
    let (mut invoice, mut credit_note) = (None, None);
    if let Some(settled) = payment.settled() {
        let id = settled.id.to_owned();
        match settled.is_credit {
            true => credit_note = Some(Identified { credit_note: id, ..Identified::default() }),
            false => invoice = Some(Identified { invoice: id, ..Identified::default() }),
        }
    }
    Payment {
        id: String::new(),
        status: String::new(),
        invoice,
        credit_note,
        date: crate::dates::date(&payment.date).map_or(payment.date.clone(), |date| date.to_string()),
        ..payment
    }
}
