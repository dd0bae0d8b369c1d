//! Payments, overpayments and applied credits that stand in Xero, by the mark in their reference.
//!
//! A payment of the source may be several things in Xero. Its target id is its mark, followed by each credit note
//! and document it was applied to: `CF-1a2b3c4d5e6f <credit note>/<document>`.

use carry_connector::{Balance, Found};
use carry_model::{Code, Currency, Decimal, Fault, RecordKey, TargetId, checked_sum};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::index::{Index, uuid};
use crate::client::Xero;
use crate::mark;
use crate::shapes::{Doc, Payment};

/// See the module. About 200 bytes a payment.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    marked: FxHashMap<String, Standing>,
    /// Credits applied, by credit note and document.
    applied: FxHashMap<(Uuid, Uuid), (Decimal, Currency)>,
    fresh: bool,
}

/// What stands under one mark.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) over: Option<Over>,
    currency: Option<Currency>,
    contact: Option<Uuid>,
}

/// A payment of one document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) id: Uuid,
    pub(crate) document: Uuid,
    /// Negative where money went back.
    pub(crate) amount: Decimal,
}

/// Money that is not applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    pub(crate) total: Decimal,
    pub(crate) remaining: Decimal,
}

/// A payment's target id, taken apart.
#[derive(Debug)]
pub(crate) struct PaymentId {
    pub(crate) mark: String,
    /// Credit note and document of each applied credit.
    pub(crate) applied: Vec<(Uuid, Uuid)>,
}

impl PaymentId {
    pub(crate) fn parse(id: &TargetId) -> Option<Self> {
        let mut parts = id.as_str().split(' ');
        let mark = parts.next().and_then(mark::at_end)?.to_owned();
        let pair = |part: &str| {
            let (credit, document) = part.split_once('/')?;
            Some((uuid(credit)?, uuid(document)?))
        };
        let applied = parts.map(pair).collect::<Option<Vec<_>>>()?;
        Some(Self { mark, applied })
    }

    pub(crate) fn target(&self) -> TargetId {
        let pairs = self.applied.iter().map(|(credit, document)| format!(" {credit}/{document}"));
        TargetId::new(std::iter::once(self.mark.clone()).chain(pairs).collect::<String>())
    }
}

impl Settled {
    fn add_payment(&mut self, payment: &Payment, home: Currency) -> Result<(), Fault> {
        let Some(mark) = payment.reference.as_deref().and_then(mark::at_end) else { return Ok(()) };
        let broken = || Fault::new(Code::AnswerUnreadable).detail("A payment without its document.");
        let settled = payment.settled().ok_or_else(broken)?;
        let of = settled.document;
        let amount = payment.amount.unwrap_or_default();
        let piece = Piece {
            id: uuid(&payment.id).ok_or_else(broken)?,
            document: uuid(settled.id).ok_or_else(broken)?,
            amount: if settled.is_credit { -amount } else { amount },
        };
        let standing = self.marked.entry(mark.to_owned()).or_default();
        if standing.pieces.iter().all(|known| known.id != piece.id) {
            standing.pieces.push(piece);
        }
        let currency = of.currency.as_deref().and_then(|code| code.parse().ok());
        standing.currency = currency.or(standing.currency).or(Some(home));
        standing.contact = uuid(&of.contact.id).or(standing.contact);
        Ok(())
    }

    fn add_over(&mut self, over: &Doc, home: Currency) {
        let Some(mark) = over.reference.as_deref().and_then(mark::at_end) else { return };
        let standing = self.marked.entry(mark.to_owned()).or_default();
        let total = over.total.unwrap_or_default();
        standing.over = Some(Over { total, remaining: over.remaining.unwrap_or(total) });
        let currency = over.currency.as_deref().and_then(|code| code.parse().ok());
        standing.currency = currency.or(standing.currency).or(Some(home));
        standing.contact = uuid(&over.contact.id).or(standing.contact);
    }

    fn add_applied(&mut self, note: &Doc, home: Currency) {
        let Some(credit) = uuid(&note.id) else { return };
        let currency = note.currency.as_deref().and_then(|code| code.parse().ok()).unwrap_or(home);
        for allocation in note.allocations.iter().filter(|allocation| !allocation.is_deleted) {
            if let Some(document) = uuid(&allocation.invoice.invoice) {
                let known = self.applied.entry((credit, document)).or_insert((Decimal::ZERO, currency));
                known.0 = known.0.saturating_add(allocation.amount.unwrap_or_default());
            }
        }
    }

    /// What stands under a mark.
    pub(crate) fn standing(&self, mark: &str) -> Option<&Standing> {
        self.marked.get(mark).filter(|standing| !standing.pieces.is_empty() || standing.over.is_some())
    }

    /// True where a credit was applied to a document.
    pub(crate) fn is_applied(&self, pair: (Uuid, Uuid)) -> bool {
        self.applied.contains_key(&pair)
    }

    fn balance(&self, target: &TargetId) -> Result<Option<Balance>, Fault> {
        let Some(id) = PaymentId::parse(target) else { return Ok(None) };
        let standing = self.standing(&id.mark);
        let applied = id.applied.iter().find_map(|pair| self.applied.get(pair));
        let currency = standing.and_then(|s| s.currency).or(applied.map(|(_, currency)| *currency));
        let Some(currency) = currency else { return Ok(None) };
        let over = standing.and_then(|standing| standing.over);
        let pieces = standing.into_iter().flat_map(|standing| &standing.pieces).map(|piece| piece.amount);
        Ok(Some(Balance {
            id: target.clone(),
            total: checked_sum(pieces.chain(over.map(|over| over.total)))?,
            outstanding: over.map_or(Decimal::ZERO, |over| over.remaining),
            currency,
            contact: standing.and_then(|s| s.contact).map(|contact| TargetId::new(contact.to_string())),
        }))
    }
}

impl Xero {
    /// Runs `look` over what is settled, read first where it is not there, or not fresh and `fresh` is asked.
    pub(crate) async fn with_settled<T>(
        &self,
        fresh: bool,
        look: impl FnOnce(&Settled) -> T + Send,
    ) -> Result<T, Fault> {
        let mut kept = self.settled.lock().await;
        let usable = kept.as_ref().is_some_and(|settled| settled.fresh || !fresh);
        if !usable {
            *kept = Some(self.read_settled().await?);
        }
        Ok(look(kept.get_or_insert_default()))
    }

    async fn read_settled(&self) -> Result<Settled, Fault> {
        let home = self.target().await?.home;
        let mut settled = Settled { fresh: true, ..Settled::default() };
        let authorised = [("where", r#"Status=="AUTHORISED""#.to_owned())];
        self.each_page("Payments", &authorised, |page| {
            page.read::<Payment>()?.iter().try_for_each(|payment| settled.add_payment(payment, home))
        })
        .await?;
        self.each_page("Overpayments", &[("where", r#"Status!="VOIDED""#.to_owned())], |page| {
            page.read::<Doc>()?.iter().for_each(|over| settled.add_over(over, home));
            Ok(())
        })
        .await?;
        self.each_page(
            "CreditNotes",
            &[("where", r#"Status!="DELETED" AND Status!="VOIDED""#.to_owned())],
            |page| {
                for note in page.read::<Doc>()? {
                    settled.add_applied(&note, home);
                    // Its number tells one that stands for an overpayment.
                    if note.number.as_deref().is_some_and(|number| mark::at_end(number) == Some(number)) {
                        settled.add_over(&note, home);
                    }
                }
                Ok(())
            },
        )
        .await?;
        Ok(settled)
    }

    /// Keeps up what is known after payments were written or removed: whatever was read is no longer fresh.
    pub(crate) async fn note_settled(&self, written: &[Payment], removed: &[Uuid]) -> Result<(), Fault> {
        let home = self.target().await?.home;
        if let Some(settled) = self.settled.lock().await.as_mut() {
            settled.fresh = false;
            for standing in settled.marked.values_mut().filter(|_| !removed.is_empty()) {
                standing.pieces.retain(|piece| !removed.contains(&piece.id));
            }
            written.iter().try_for_each(|payment| settled.add_payment(payment, home))?;
        }
        self.indexes.lock().await.values_mut().for_each(Index::spoil);
        Ok(())
    }

    /// Keeps up what is known after money was written that is not applied.
    pub(crate) async fn note_over(&self, written: impl Iterator<Item = &Doc> + Send) -> Result<(), Fault> {
        let home = self.target().await?.home;
        if let Some(settled) = self.settled.lock().await.as_mut() {
            settled.fresh = false;
            written.for_each(|over| settled.add_over(over, home));
        }
        Ok(())
    }

    /// Keeps up what is known after a credit was applied.
    pub(crate) async fn note_applied(&self, pair: (Uuid, Uuid), amount: Decimal) -> Result<(), Fault> {
        let home = self.target().await?.home;
        if let Some(settled) = self.settled.lock().await.as_mut() {
            settled.fresh = false;
            // The currency is read with the figures.
            let known = settled.applied.entry(pair).or_insert((Decimal::ZERO, home));
            known.0 = known.0.saturating_add(amount);
        }
        self.indexes.lock().await.values_mut().for_each(Index::spoil);
        Ok(())
    }

    pub(crate) async fn find_payment(&self, key: &RecordKey) -> Result<Option<Found>, Fault> {
        let mark = mark::of(key);
        let stands = self.with_settled(true, |settled| settled.standing(&mark).is_some()).await?;
        Ok(stands.then(|| Found { id: TargetId::new(mark), number: None }))
    }

    pub(crate) async fn read_back_payments(&self, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        self.with_settled(true, |settled| ids.iter().map(|id| settled.balance(id)).collect()).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_id_is_taken_apart_again() {
        let (credit, document) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let id = PaymentId { mark: "CF-0123456789ab".into(), applied: vec![(credit, document)] };
        let again = PaymentId::parse(&id.target()).unwrap();
        assert_eq!((again.mark, again.applied), (id.mark, id.applied));
        for text in ["", "CF-1", "987654321", "CF-0123456789ab x/y"] {
            assert!(PaymentId::parse(&TargetId::from(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn pieces_of_one_payment_add_up() {
        let mut settled = Settled::default();
        let payment = |id: u128, amount: &str| {
            let json = format!(
                r#"{{"PaymentID":"{}","Invoice":{{"InvoiceID":"{}","CurrencyCode":"EUR"}},"Amount":{amount},"Reference":"x CF-0123456789ab"}}"#,
                Uuid::from_u128(id),
                Uuid::from_u128(99)
            );
            serde_json::from_str::<Payment>(&json).unwrap()
        };
        for (id, amount) in [(1, "10.00"), (2, "5.50"), (2, "5.50")] {
            settled.add_payment(&payment(id, amount), Currency::GBP).unwrap();
        }
        let balance = settled.balance(&TargetId::from("CF-0123456789ab")).unwrap().unwrap();
        assert_eq!((balance.total.to_string(), balance.currency), ("15.50".into(), Currency::EUR));
        assert!(settled.balance(&TargetId::from("CF-000000000000")).unwrap().is_none());
    }
}
