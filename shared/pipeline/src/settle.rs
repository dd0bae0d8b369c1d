//! Settle: brings every document to the outstanding balance its source states, and the clearing account to zero.
//!
//! What payments did not account for becomes one settlement a document, against the clearing account. Settlements
//! are derived records with ids of their own, so a later run finds them, changes them or takes them back. The
//! clearing account is then closed out by one visible journal entry per currency.

use carry_connector::{AccountBalance, Adjustment, AdjustmentKind, exact};
use carry_model::{
    Allocation, Body, Code, Decimal, Entity, Fault, Journal, JournalLine, Payment, Record, RecordKey,
    SourceId, checked_sum, round_half_up,
};
use carry_ports::Link;

use crate::load::{Loader, settlement_key};
use crate::tally::Tally;

/// Documents settled in one go.
const PAGE: usize = 1_000;

impl Loader<'_> {
    /// Settles every document and closes out the clearing account.
    pub(crate) async fn settle(&self) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        for entity in [Entity::Invoice, Entity::CreditNote, Entity::Bill, Entity::BillCredit] {
            let mut after = None;
            loop {
                self.engine.cancel.check()?;
                let page = self.engine.jobs.links(&self.run.migration, entity, after.as_ref(), PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.id.clone());
                tally.merge(&self.settle_page(entity, page).await?)?;
            }
        }
        tally.merge(&self.close_clearing().await?)?;
        // Settlements are the engine's own: they are adjustments, not records of the source.
        let made: u64 = tally.entities.values().map(|counts| counts.migrated + counts.updated).sum();
        tally.adjustments += made;
        tally.entities.clear();
        Ok(tally)
    }

    async fn settle_page(&self, entity: Entity, page: Vec<Link>) -> Result<Tally, Fault> {
        let Some(by) = entity.settled_by() else { return Ok(Tally::default()) };
        let documents: Vec<_> = page.into_iter().filter(|l| l.is_done() && l.outstanding.is_some()).collect();
        let keys: Vec<_> = documents.iter().filter_map(|link| settlement_key(&link.key)).collect();
        let settlements = self.engine.jobs.resolve(&self.run.migration, &keys).await?;
        let mut wanted = Vec::new();
        for (document, settlement) in documents.iter().zip(settlements) {
            let settlement = settlement.filter(Link::is_done);
            let amount = gap(document, settlement.as_ref())?;
            let standing = settlement.as_ref().and_then(|link| link.total).unwrap_or_default().abs();
            if amount == standing {
                continue;
            }
            if let Some(settlement) = &settlement {
                self.remove_settlement(&document.key, settlement).await?;
            }
            if amount > Decimal::ZERO {
                wanted.push(settlement_record(by, document, amount)?);
            }
        }
        if wanted.is_empty() {
            return Ok(Tally::default());
        }
        self.load_records(by, "settlements", wanted).await
    }

    /// Brings the clearing account to zero by one entry per currency, against the settlements account.
    async fn close_clearing(&self) -> Result<Tally, Fault> {
        let clearing = RecordKey::new(Entity::Account, exact::CLEARING);
        let found = self.engine.jobs.resolve(&self.run.migration, &[clearing]).await?;
        let Some(target) = found.into_iter().flatten().find_map(|link| link.target) else {
            return Ok(Tally::default());
        };
        let mut entries = Vec::new();
        for balance in self.engine.connection.writer.account_balance(&target).await? {
            if !balance.amount.amount.is_zero() || !balance.home.is_zero() {
                entries.push(self.closing_entry(&balance)?);
            }
        }
        if entries.is_empty() {
            return Ok(Tally::default());
        }
        self.load_records(Entity::Journal, "clearing", entries).await
    }

    fn closing_entry(&self, balance: &AccountBalance) -> Result<Record, Fault> {
        let currency = balance.amount.currency;
        let home = self.plan.survey.company.home_currency;
        let amount = balance.amount.amount;
        let line = |account: &str, amount| JournalLine {
            account: SourceId::from(account),
            amount,
            contact: None,
            description: Some("Settlements carried forward".to_owned()),
            tracking: Vec::new(),
        };
        // The entry's rate is the average of what was settled, so that it closes the home currency's side too.
        let rate = if currency == home { None } else { balance.home.checked_div(amount) };
        let journal = Journal {
            date: self.run.started.to_zoned(jiff::tz::TimeZone::UTC).date(),
            currency,
            rate,
            memo: Some(format!("Carryforward: closes out the clearing account in {currency}")),
            lines: vec![line(exact::CLEARING, -amount), line(exact::SETTLEMENTS, amount)],
        };
        let id = format!("carryforward:clearing:{currency}:{}", self.run.id);
        Record::new(Entity::Journal, id, None, Body::Journal(journal))
    }
}

/// What a document's settlement must come to: what is left of its total once payments and its stated outstanding
/// balance are taken off. Never negative: allocations were cut down when they were carried.
fn gap(document: &Link, settlement: Option<&Link>) -> Result<Decimal, Fault> {
    let (Some(total), Some(outstanding)) = (document.total, document.outstanding) else {
        return Err(Fault::new(Code::Bug).detail("a document without figures was to be settled"));
    };
    let standing = settlement.and_then(|link| link.total).unwrap_or_default().abs();
    let gap = checked_sum([total, -outstanding, -document.applied, standing])?;
    let digits = document.currency.map_or(2, |currency| currency.minor_digits());
    Ok(round_half_up(gap, digits).max(Decimal::ZERO))
}

fn settlement_record(by: Entity, document: &Link, amount: Decimal) -> Result<Record, Fault> {
    let missing = || Fault::new(Code::StateUnusable).detail("a document's date or currency is unknown");
    let currency = document.currency.ok_or_else(missing)?;
    // Settling a credit pays it out, so the money goes the other way.
    let pays_out = matches!(document.key.entity.ledger(), Some((_, -1)));
    let number = document.number.clone().unwrap_or_else(|| document.key.id.to_string());
    let payment = Payment {
        contact: document.contact.clone(),
        date: document.date.ok_or_else(missing)?,
        currency,
        rate: document.rate,
        amount: if pays_out { -amount } else { amount },
        account: Some(SourceId::from(exact::CLEARING)),
        method: None,
        reference: Some(format!("Settlement {number}")),
        memo: Some(format!("Carryforward settlement of {} {number}, as in the source", document.key.entity)),
        allocations: vec![Allocation { document: document.key.clone(), amount }],
    };
    let id = exact::settlement_id(&document.key);
    Record::new(by, id, Some(format!("Settlement {number}")), Body::Payment(payment))
}

/// The adjustment that a settlement or closing entry is, for the report.
pub(crate) fn adjustment_of(link: &Link) -> Option<Adjustment> {
    if !exact::is_derived(&link.key.id) {
        return None;
    }
    let (kind, why) = match link.key.entity {
        Entity::Journal => {
            (AdjustmentKind::ClearingClosed, "Closes out the clearing account, which ends at zero.")
        }
        Entity::Payment | Entity::BillPayment => (
            AdjustmentKind::Settlement,
            "The source states a lower outstanding balance than its payments account for.",
        ),
        _ => return None,
    };
    Some(Adjustment { kind, amount: link.total?, currency: link.currency?, why: why.to_owned() })
}
