//! Postings: journal entries, and what only the journal tells of (expenses, deposits, transfers).

use carry_model::{
    AccountClass, BankLine, BankTransaction, Body, Code, Date, Decimal, Direction, Document, Entity, Fault,
    Journal, JournalLine, Line, SourceId, TaxMode, Transfer, checked_sum,
};

use super::Draft;
use super::cells::{Layout, Outcome, Problem};
use super::documents::tracking;
use crate::formats::Field;
use crate::kinds::{JournalKind, journal_kind};
use crate::unit::{Unit, UnitRow};

/// A transaction of a journal report. The note is its ordinal among transactions that begin with the same row.
pub(super) fn transaction(layout: &Layout, unit: &Unit<'_>) -> Outcome<Draft> {
    let head = layout.head(unit)?;
    let date = layout.required_date(head, Field::Date)?;
    let lines = lines(layout, unit)?;
    let JournalKind::Carried(wanted) = journal_kind(layout.text(head, Field::Kind)) else {
        let fault = Fault::new(Code::Bug).detail("a transaction that another file carries was extracted");
        return Err(Box::new(fault.into()));
    };
    let number = layout.owned(head, Field::Number);
    let contact = layout.some(head, Field::Contact).map(SourceId::from);
    let memo = layout.owned(head, Field::Description);
    let shaped = match wanted {
        Entity::Expense => expense(layout, date, contact, memo.clone(), &lines),
        Entity::BankTransaction => deposit(layout, date, contact, memo.clone(), &lines),
        Entity::Transfer => transfer(layout, date, memo.clone(), &lines),
        _ => None,
    };
    // What does not have the usual accounts is carried as the postings it consists of.
    let (entity, body) = match shaped {
        Some(body) => (wanted, body),
        None => {
            let currency = layout.profile.home_currency;
            (Entity::Journal, Body::Journal(Journal { date, currency, rate: None, memo, lines }))
        }
    };
    let id = transaction_id(layout, head, entity, &unit.note);
    Ok(Draft { entity, id: id.into(), number, body })
}

/// A numbered journal entry keeps its id when it is changed; the others are told apart by date, number and name,
/// and by their order where these are the same.
fn transaction_id(layout: &Layout, head: &UnitRow<'_>, entity: Entity, ordinal: &str) -> String {
    let (kind, number) = (layout.text(head, Field::Kind), layout.text(head, Field::Number));
    let mut id = match entity {
        Entity::Journal if !number.is_empty() => format!("{kind} {number}"),
        _ => {
            let (date, contact) = (layout.text(head, Field::Date), layout.text(head, Field::Contact));
            format!("{kind} {date} {number} {contact}").split_whitespace().collect::<Vec<_>>().join(" ")
        }
    };
    id.push_str(ordinal);
    id
}

/// Postings that are told apart by their transaction's number.
pub(super) fn postings(layout: &Layout, unit: &Unit<'_>) -> Outcome<Draft> {
    let head = layout.head(unit)?;
    let number = layout.required(head, Field::Number)?;
    if layout.text(head, Field::Status).eq_ignore_ascii_case("draft") {
        return Err(Box::new(Fault::new(Code::DraftNotCarried).into()));
    }
    let currency = layout.currency(head)?;
    let journal = Journal {
        date: layout.required_date(head, Field::Date)?,
        currency,
        rate: layout.rate(head, currency)?,
        memo: layout.owned(head, Field::Memo),
        lines: lines(layout, unit)?,
    };
    let contact = layout.text(head, Field::Contact);
    let written = layout.text(head, Field::Date);
    let id = crate::ids::document(&layout.profile, Entity::Journal, false, number, contact, written);
    Ok(Draft {
        entity: Entity::Journal,
        id: id.into(),
        number: Some(number.to_owned()),
        body: Body::Journal(journal),
    })
}

fn lines(layout: &Layout, unit: &Unit<'_>) -> Outcome<Vec<JournalLine>> {
    let mut lines = Vec::with_capacity(unit.rows.len());
    for row in &unit.rows {
        let debit = layout.number(row, Field::Debit)?.unwrap_or_default();
        let credit = layout.number(row, Field::Credit)?.unwrap_or_default();
        let amount = debit
            .checked_sub(credit)
            .ok_or_else(|| layout.problem(row, Field::Debit, Code::AmountOutOfRange, ""))?;
        let account = layout.account(row, Field::Account);
        let account = account.ok_or_else(|| layout.problem(row, Field::Account, Code::FieldMissing, ""))?;
        if layout.number(row, Field::TaxAmount)?.is_some_and(|tax| !tax.is_zero()) {
            // The system posts the tax besides, to accounts that the file does not name.
            return Err(layout.problem(row, Field::TaxAmount, Code::JournalUnbalanced, ""));
        }
        let contact = [Field::Contact, Field::Customer, Field::Supplier]
            .into_iter()
            .find_map(|field| layout.some(row, field));
        lines.push(JournalLine {
            account: account.into(),
            amount,
            contact: contact.map(SourceId::from),
            description: layout.owned(row, Field::Description),
            tracking: tracking(layout, row),
        });
    }
    let imbalance = checked_sum(lines.iter().map(|l| l.amount)).map_err(|fault| Box::new(fault.into()))?;
    if imbalance.is_zero() {
        return Ok(lines);
    }
    let fault = Fault::new(Code::JournalUnbalanced).detail(format!("Debits less credits are {imbalance}."));
    Err(Box::new(Problem { fault, line: unit.rows.first().map_or(0, |row| row.line) }))
}

fn is_money(layout: &Layout, account: &SourceId) -> bool {
    let class = layout.profile.account_classes.get(account.as_str());
    matches!(class, Some(AccountClass::Bank | AccountClass::CreditCard))
}

/// The one line that moves money, and the others: a bank or card account, or the only line on its side.
fn money_line<'a>(
    layout: &Layout,
    lines: &'a [JournalLine],
    negative: bool,
) -> Option<(&'a JournalLine, Vec<&'a JournalLine>)> {
    let on_side = |line: &&JournalLine| line.amount.is_sign_negative() == negative && !line.amount.is_zero();
    let side: Vec<&JournalLine> = lines.iter().filter(on_side).collect();
    let money: Vec<&JournalLine> =
        side.iter().copied().filter(|line| is_money(layout, &line.account)).collect();
    let line = match (money.as_slice(), side.as_slice()) {
        ([one], _) | ([], [one]) => *one,
        _ => return None,
    };
    let others = lines.iter().filter(|other| !std::ptr::eq(*other, line)).collect();
    Some((line, others))
}

fn expense(
    layout: &Layout,
    date: Date,
    contact: Option<SourceId>,
    memo: Option<String>,
    lines: &[JournalLine],
) -> Option<Body> {
    let (paid, others) = money_line(layout, lines, true)?;
    let mut document = Document::new(date, layout.profile.home_currency, -paid.amount);
    document.contact = contact;
    document.memo = memo;
    document.paid_account = Some(paid.account.clone());
    document.tax_mode = TaxMode::None;
    document.lines = others
        .into_iter()
        .map(|line| Line {
            description: line.description.clone(),
            quantity: None,
            net: line.amount,
            account: Some(line.account.clone()),
            tracking: line.tracking.clone(),
            ..Line::default()
        })
        .collect();
    Some(Body::Document(document.into()))
}

fn deposit(
    layout: &Layout,
    date: Date,
    contact: Option<SourceId>,
    memo: Option<String>,
    lines: &[JournalLine],
) -> Option<Body> {
    let (bank, others) = money_line(layout, lines, false)?;
    Some(Body::BankTransaction(Box::new(BankTransaction {
        date,
        account: bank.account.clone(),
        direction: Direction::In,
        contact,
        currency: layout.profile.home_currency,
        rate: None,
        total: bank.amount,
        lines: others
            .into_iter()
            .map(|line| BankLine {
                account: line.account.clone(),
                net: if line.amount.is_zero() { Decimal::ZERO } else { -line.amount },
                tax_rate: None,
                tax: None,
                description: line.description.clone(),
            })
            .collect(),
        memo,
    })))
}

fn transfer(layout: &Layout, date: Date, memo: Option<String>, lines: &[JournalLine]) -> Option<Body> {
    let [a, b] = lines else { return None };
    let (from, to) = if a.amount.is_sign_negative() { (a, b) } else { (b, a) };
    (to.amount > Decimal::ZERO).then(|| {
        Body::Transfer(Box::new(Transfer {
            date,
            from: from.account.clone(),
            to: to.account.clone(),
            currency: layout.profile.home_currency,
            amount: to.amount,
            received: None,
            rate: None,
            memo,
        }))
    })
}
