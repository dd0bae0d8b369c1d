//! What a record's figures are, for the link journal.

use carry_model::{Body, Currency, Date, Decimal, Entity, Fault, Record, RunId, SourceId, Status};
use carry_ports::{Change, Link, LinkState, More};

use crate::plan::Plan;
use carry_connector::UnlistedBalance;

/// The figures a target must show for a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) contact: Option<SourceId>,
    pub(crate) date: Option<Date>,
    pub(crate) currency: Option<Currency>,
    pub(crate) rate: Option<Decimal>,
    pub(crate) total: Option<Decimal>,
    pub(crate) outstanding: Option<Decimal>,
    pub(crate) draft: bool,
}

impl Figures {
    /// Of a record, with what the plan says about documents whose balance is stated nowhere.
    pub(crate) fn of(record: &Record, plan: &Plan) -> Result<Self, Fault> {
        Ok(match &record.body {
            Body::Document(document) => {
                let draft = document.status == Status::Draft;
                let unlisted = || match record.entity.ledger()? {
                    (carry_model::Ledger::Receivable, _) => settled(plan.survey.unlisted_receivable),
                    (carry_model::Ledger::Payable, _) => settled(plan.survey.unlisted_payable),
                };
                let has_balance = record.entity.ledger().is_some() && !draft;
                Self {
                    contact: document.contact.clone(),
                    date: Some(document.date),
                    currency: Some(document.currency),
                    rate: document.rate,
                    total: Some(document.total),
                    outstanding: if has_balance { document.outstanding.or_else(unlisted) } else { None },
                    draft,
                }
            }
            Body::Payment(payment) => Self {
                contact: payment.contact.clone(),
                date: Some(payment.date),
                currency: Some(payment.currency),
                rate: payment.rate,
                total: Some(payment.amount),
                outstanding: Some(payment.unapplied()?),
                draft: false,
            },
            Body::Transfer(transfer) => Self {
                date: Some(transfer.date),
                currency: Some(transfer.currency),
                rate: transfer.rate,
                total: Some(transfer.amount),
                ..Self::default()
            },
            Body::BankTransaction(bank) => Self {
                contact: bank.contact.clone(),
                date: Some(bank.date),
                currency: Some(bank.currency),
                rate: bank.rate,
                total: Some(bank.total),
                ..Self::default()
            },
            Body::Journal(journal) => {
                let debits =
                    journal.lines.iter().map(|line| line.amount).filter(|amount| amount.is_sign_positive());
                Self {
                    date: Some(journal.date),
                    currency: Some(journal.currency),
                    rate: journal.rate,
                    total: Some(carry_model::checked_sum(debits)?),
                    ..Self::default()
                }
            }
            Body::Activity(activity) => Self {
                contact: activity.contact.clone(),
                date: Some(activity.date),
                currency: Some(activity.currency),
                total: activity.amount,
                ..Self::default()
            },
            _ => Self::default(),
        })
    }
}

const fn settled(unlisted: UnlistedBalance) -> Option<Decimal> {
    match unlisted {
        UnlistedBalance::Computed => None,
        UnlistedBalance::Settled => Some(Decimal::ZERO),
    }
}

/// A link of a record, its outcome still open.
pub(crate) fn link(record: &Record, run: &RunId, figures: Figures) -> Link {
    Link {
        key: record.key(),
        state: LinkState::Done,
        change: Change::Created,
        target: None,
        number: record.number.clone(),
        target_number: None,
        fingerprint: record.fingerprint(),
        run: run.clone(),
        contact: figures.contact,
        date: figures.date,
        currency: figures.currency,
        rate: figures.rate,
        total: figures.total,
        outstanding: figures.outstanding,
        applied: Decimal::ZERO,
        more: More { draft: figures.draft, place: record.place.clone(), ..More::default() },
    }
}

/// A link of a record that is not in the target, with the reason.
pub(crate) fn not_done(
    record: &Record,
    run: &RunId,
    figures: Figures,
    state: LinkState,
    fault: Fault,
) -> Link {
    let mut link = link(record, run, figures);
    link.state = state;
    link.more.fault = Some(fault);
    link
}

/// References a record cannot do without where the target has a place for them.
pub(crate) fn is_required(of: Entity, to: Entity, body: &Body) -> bool {
    match to {
        // A file without its record is nowhere.
        _ if of == Entity::Attachment => true,
        Entity::Contact | Entity::Account | Entity::Item | Entity::TaxRate | Entity::Project => true,
        // Allocations and billed activities; a document's related documents are only good to know.
        other => other.is_document() && !matches!(body, Body::Document(_)) && of != Entity::OpenBalance,
    }
}
