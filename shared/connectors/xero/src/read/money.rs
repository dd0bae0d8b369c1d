//! Payments, transfers, bank transactions and journals.

use carry_model::{
    Allocation, BankLine, BankTransaction, Body, Code, Direction, Entity, Fault, Journal, JournalLine,
    Payment, RecordKey, SourceId, Transfer, checked_sum,
};

use super::documents::rate;
use super::profile::Profile;
use super::transform::{Outcome, Read, Refused, changed, day, filled, needed};
use crate::{mark, shapes};

/// A text without the mark of an earlier migration.
fn unmarked(text: Option<&str>) -> Option<String> {
    text.map(mark::without).filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn payment(profile: &Profile, found: shapes::Payment) -> Outcome {
    let number = unmarked(found.reference.as_deref());
    let refused = |fault| Refused::new(&found.id, number.as_deref(), fault);
    let (entity, body) = read_payment(profile, &found).map_err(refused)?;
    let modified = changed(found.updated.as_ref());
    Ok(vec![Read { entity, id: found.id, number, body: Body::Payment(body.into()), modified }])
}

fn read_payment(profile: &Profile, found: &shapes::Payment) -> Result<(Entity, Payment), Fault> {
    let unknown = || Fault::new(Code::ValueUnknown).field("PaymentType").text(&found.payment_type);
    let (entity, of, is_refund) = match found.payment_type.as_str() {
        "ACCRECPAYMENT" => (Entity::Payment, Entity::Invoice, false),
        "ACCPAYPAYMENT" => (Entity::BillPayment, Entity::Bill, false),
        "ARCREDITPAYMENT" => (Entity::Payment, Entity::CreditNote, true),
        "APCREDITPAYMENT" => (Entity::BillPayment, Entity::BillCredit, true),
        _ => return Err(unknown()),
    };
    let settled = found.settled().ok_or_else(|| Fault::new(Code::FieldMissing).field("Invoice"))?;
    let paid = settled.document;
    let currency = profile.currency(paid.currency.as_deref())?;
    let amount = needed("Amount", found.amount)?;
    let body = Payment {
        contact: Some(paid.contact.id.as_str()).filter(|id| !id.is_empty()).map(SourceId::from),
        date: day("Date", &found.date)?,
        currency,
        rate: rate(profile, currency, found.currency_rate),
        amount: if is_refund { -amount } else { amount },
        account: found.account.as_ref().and_then(|account| profile.account_of(account)),
        method: None,
        reference: unmarked(found.reference.as_deref()),
        memo: None,
        allocations: vec![Allocation { document: RecordKey::new(of, settled.id), amount }],
    };
    Ok((entity, body))
}

pub(super) fn transfer(profile: &Profile, found: shapes::BankTransfer) -> Outcome {
    let number = unmarked(found.reference.as_deref());
    let read = || {
        let missing = |field| Fault::new(Code::FieldMissing).field(field);
        let from = profile.account_of(&found.from_bank_account).ok_or_else(|| missing("FromBankAccount"))?;
        let to = profile.account_of(&found.to_bank_account).ok_or_else(|| missing("ToBankAccount"))?;
        let currency = profile.bank_currency(&from);
        Ok(Transfer {
            date: day("Date", &found.date)?,
            from,
            to,
            currency,
            amount: needed("Amount", found.amount)?,
            received: None,
            rate: rate(profile, currency, found.currency_rate),
            memo: number.clone(),
        })
    };
    let body = read().map_err(|fault| Refused::new(&found.id, number.as_deref(), fault))?;
    let modified = changed(found.created.as_ref());
    Ok(vec![Read {
        entity: Entity::Transfer,
        id: found.id,
        number,
        body: Body::Transfer(body.into()),
        modified,
    }])
}

pub(super) fn bank_transaction(profile: &Profile, found: shapes::Doc) -> Outcome {
    let number = unmarked(found.reference.as_deref());
    let body = read_bank_transaction(profile, &found)
        .map_err(|fault| Refused::new(&found.bank_transaction_id, number.as_deref(), fault))?;
    let modified = changed(found.updated.as_ref());
    let id = found.bank_transaction_id;
    Ok(vec![Read {
        entity: Entity::BankTransaction,
        id,
        number,
        body: Body::BankTransaction(body.into()),
        modified,
    }])
}

fn read_bank_transaction(profile: &Profile, found: &shapes::Doc) -> Result<BankTransaction, Fault> {
    let missing = |field| Fault::new(Code::FieldMissing).field(field);
    let currency = profile.currency(found.currency.as_deref())?;
    let inclusive = found.line_amount_types.eq_ignore_ascii_case("inclusive");
    let mut lines = Vec::with_capacity(found.lines.len());
    for line in &found.lines {
        let amount = line.line_amount.unwrap_or_default();
        let tax = line.tax_amount.filter(|tax| !tax.is_zero());
        if amount.is_zero() && tax.is_none() {
            continue;
        }
        let account = profile.account(line.account_id.as_deref(), line.account_code.as_deref());
        lines.push(BankLine {
            account: account.ok_or_else(|| missing("AccountCode"))?,
            net: if inclusive { checked_sum([amount, -tax.unwrap_or_default()])? } else { amount },
            tax_rate: filled(line.tax_type.clone()).map(SourceId::from),
            tax,
            description: filled(line.description.clone()),
        });
    }
    Ok(BankTransaction {
        date: day("Date", &found.date)?,
        account: profile.account_of(&found.bank_account).ok_or_else(|| missing("BankAccount"))?,
        direction: if found.kind == "RECEIVE" { Direction::In } else { Direction::Out },
        contact: Some(found.contact.id.as_str()).filter(|id| !id.is_empty()).map(SourceId::from),
        currency,
        rate: rate(profile, currency, found.rate),
        total: needed("Total", found.total)?,
        lines,
        memo: unmarked(found.reference.as_deref()),
    })
}

pub(super) fn journal(profile: &Profile, found: shapes::ManualJournal) -> Outcome {
    let narration = mark::without(&found.narration).to_owned();
    let body = read_journal(profile, &found, &narration)
        .map_err(|fault| Refused::new(&found.id, Some(&narration), fault))?;
    let modified = changed(found.updated.as_ref());
    Ok(vec![Read {
        entity: Entity::Journal,
        id: found.id,
        number: Some(narration).filter(|text| !text.is_empty()),
        body: Body::Journal(body),
        modified,
    }])
}

fn read_journal(profile: &Profile, found: &shapes::ManualJournal, narration: &str) -> Result<Journal, Fault> {
    let missing = |field| Fault::new(Code::FieldMissing).field(field);
    let inclusive = found.line_amount_types.eq_ignore_ascii_case("inclusive");
    let mut lines = Vec::with_capacity(found.journal_lines.len());
    let mut taxes = Vec::new();
    for line in &found.journal_lines {
        let amount = needed("LineAmount", line.line_amount)?;
        let tax = line.tax_amount.unwrap_or_default();
        taxes.push(tax);
        let account = profile.account(Some(&line.account_id), Some(&line.account_code));
        lines.push(JournalLine {
            account: account.ok_or_else(|| missing("AccountCode"))?,
            amount: if inclusive { checked_sum([amount, -tax])? } else { amount },
            contact: None,
            description: filled(line.description.clone()),
            tracking: profile.tracking(&line.tracking),
        });
    }
    // Xero books the tax of journal lines to its own tax account, on a line that it does not show.
    let tax = checked_sum(taxes)?;
    if !tax.is_zero() {
        let account = profile.tax_account.as_deref().map(SourceId::from);
        lines.push(JournalLine {
            account: account.ok_or_else(|| missing("TaxAmount"))?,
            amount: tax,
            contact: None,
            description: Some("Tax".to_owned()),
            tracking: Vec::new(),
        });
    }
    Ok(Journal {
        date: day("Date", &found.date)?,
        currency: profile.home,
        rate: None,
        memo: Some(narration.to_owned()).filter(|text| !text.is_empty()),
        lines,
    })
}
