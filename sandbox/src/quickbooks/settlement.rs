//! What payments take off open items, and what deposits take up.

use carry_model::Decimal;

use super::books::{Books, Key, Record, number, reference};
use super::kind::Kind;
use super::posting;
use super::refusal::{Refusal, business, cannot_be_linked, invalid_reference, required};
use crate::json::{Json, object};

/// The kind that a link's `TxnType` names; checks and expenses are purchases.
pub(super) fn linked_kind(name: &str) -> Option<Kind> {
    match name {
        "Check" | "Expense" | "CreditCardCredit" | "CashPurchase" | "CreditCardExpense" => {
            Some(Kind::Purchase)
        }
        "BillPaymentCheck" | "BillPaymentCreditCard" => Some(Kind::BillPayment),
        name => Kind::named(name),
    }
}

/// The name by which a link to a transaction goes.
fn link_name(record: &Record) -> &'static str {
    match (record.kind, record.text("PayType")) {
        (Kind::BillPayment, Some("CreditCard")) => "BillPaymentCreditCard",
        (Kind::BillPayment, _) => "BillPaymentCheck",
        (kind, _) => kind.name(),
    }
}

/// The links of a line or of a transaction, with their ids.
pub(super) fn links(json: &Json) -> impl Iterator<Item = (&str, &str)> {
    let links = json.get("LinkedTxn").and_then(Json::as_array).unwrap_or_default();
    links.iter().filter_map(|link| Some((link.get("TxnType")?.as_str()?, link.get("TxnId")?.as_str()?)))
}

fn lines(record: &Record) -> &[Json] {
    record.body.get("Line").and_then(Json::as_array).unwrap_or_default()
}

/// What a payment takes off each open item.
pub(super) fn applications(record: &Record) -> Vec<(Key, Decimal)> {
    if !matches!(record.kind, Kind::Payment | Kind::BillPayment) {
        return Vec::new();
    }
    let of_line = |line: &Json| {
        let amount = number(line, "Amount").unwrap_or_default();
        let keys = links(line).filter_map(|(kind, id)| Some((linked_kind(kind)?, id.to_owned())));
        keys.map(|key| (key, amount)).collect::<Vec<_>>()
    };
    lines(record).iter().flat_map(of_line).collect()
}

/// The transactions that a deposit takes up.
pub(super) fn deposits(record: &Record) -> Vec<Key> {
    if record.kind != Kind::Deposit {
        return Vec::new();
    }
    let linked = lines(record).iter().flat_map(links);
    linked.filter_map(|(kind, id)| Some((linked_kind(kind)?, id.to_owned()))).collect()
}

/// Who pays: customers settle receivables, vendors payables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Receivable,
    Payable,
}

impl Side {
    pub(super) fn of(kind: Kind) -> Self {
        if kind == Kind::BillPayment { Self::Payable } else { Self::Receivable }
    }

    pub(super) fn account_type(self) -> &'static str {
        match self {
            Self::Receivable => "Accounts Receivable",
            Self::Payable => "Accounts Payable",
        }
    }

    fn party(self) -> (Kind, &'static str) {
        match self {
            Self::Receivable => (Kind::Customer, "CustomerRef"),
            Self::Payable => (Kind::Vendor, "VendorRef"),
        }
    }
}

/// What a transaction adds to what these parties owe, or are owed: positive is a charge, negative a credit.
pub(super) fn worth(books: &Books, item: &Record, side: Side, is_party: impl Fn(&str) -> bool) -> Decimal {
    let Some(entry) = posting::entry(books, item) else { return Decimal::ZERO };
    let counted = entry.postings.iter().filter(|posting| {
        books.account_type(&posting.account) == side.account_type()
            && posting.party.as_deref().is_some_and(&is_party)
    });
    let sum: Decimal = counted.map(|posting| posting.amount).sum();
    if side == Side::Payable { -sum } else { sum }
}

/// Checks a payment of a customer or to a vendor, and works out what of it is unapplied.
pub(super) fn check(books: &Books, kind: Kind, body: &mut Json, own: Option<&Key>) -> Result<(), Refusal> {
    let side = Side::of(kind);
    let (party_kind, field) = side.party();
    let party = reference(body, field).ok_or_else(|| required(field))?.to_owned();
    let currency = reference(body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    let total = number(body, "TotalAmt").ok_or_else(|| required("TotalAmt"))?;
    let total = books.round(total, &currency);
    if total < Decimal::ZERO {
        return Err(super::refusal::negative("TotalAmt"));
    }
    let mut draft = Record {
        kind,
        id: own.map_or_else(String::new, |(_, id)| id.clone()),
        token: 0,
        created: books.now,
        updated: books.now,
        is_deleted: false,
        body: body.clone(),
    };
    draft.body.set("Line", kept_lines(books, body, &currency)?);
    let mut applied = Decimal::ZERO;
    let mut seen: Vec<(Key, Decimal)> = Vec::new();
    for (item, amount) in applications(&draft) {
        match seen.iter_mut().find(|(known, _)| *known == item) {
            Some((_, sum)) => *sum += amount,
            None => seen.push((item, amount)),
        }
    }
    for (item, amount) in &seen {
        let worth = open_worth(books, item, side, (party_kind, &party), &currency)?;
        let others: Decimal =
            books.settlements(item).filter(|(by, _)| Some(*by) != own).map(|(_, amount)| amount).sum();
        if *amount > worth.abs() - others {
            return Err(business(format!(
                "The amount applied to {} {} is more than what is open of it",
                item.0.name(),
                item.1
            )));
        }
        applied += if worth < Decimal::ZERO { -*amount } else { *amount };
    }
    if applied > total {
        return Err(business("The amounts of the lines are more than the total of the payment"));
    }
    body.set("Line", draft.body.get("Line").cloned());
    body.set("TotalAmt", total);
    if kind == Kind::Payment {
        body.set("UnappliedAmt", total - applied);
        body.set("ProcessPayment", false);
    }
    Ok(())
}

/// The lines as they are kept: amounts rounded, each with its links.
fn kept_lines(books: &Books, body: &Json, currency: &str) -> Result<Vec<Json>, Refusal> {
    let sent = body.get("Line").and_then(Json::as_array).unwrap_or_default();
    sent.iter()
        .map(|line| {
            let amount = number(line, "Amount").ok_or_else(|| required("Line.Amount"))?;
            if amount < Decimal::ZERO {
                return Err(super::refusal::negative("Line.Amount"));
            }
            let linked = links(line).map(|(kind, id)| {
                if linked_kind(kind).is_none() {
                    return Err(super::refusal::bad_choice("TxnType", kind));
                }
                Ok(object! { "TxnId" => id, "TxnType" => kind })
            });
            let linked = linked.collect::<Result<Vec<_>, _>>()?;
            if linked.is_empty() {
                return Err(required("Line.LinkedTxn"));
            }
            Ok(object! { "Amount" => books.round(amount, currency), "LinkedTxn" => linked })
        })
        .collect()
}

/// What an item is worth to a party that settles it.
fn open_worth(
    books: &Books,
    item: &Key,
    side: Side,
    (party_kind, party): (Kind, &str),
    currency: &str,
) -> Result<Decimal, Refusal> {
    let (kind, id) = item;
    let record = books.get(*kind, id).ok_or_else(|| invalid_reference("Transactions", id))?;
    let linkable = match side {
        Side::Receivable => matches!(
            kind,
            Kind::Invoice | Kind::CreditMemo | Kind::JournalEntry | Kind::Purchase | Kind::Deposit
        ),
        Side::Payable => {
            matches!(
                kind,
                Kind::Bill | Kind::VendorCredit | Kind::JournalEntry | Kind::Purchase | Kind::Deposit
            )
        }
    };
    if !linkable {
        return Err(cannot_be_linked(&format!("a {} cannot be settled so", kind.name())));
    }
    if record.reference("CurrencyRef").unwrap_or(&books.home) != currency {
        return Err(business("The currencies of the payment and of what it is applied to differ"));
    }
    let worth = worth(books, record, side, |of| pays_for(books, party_kind, party, of));
    if worth.is_zero() {
        let text =
            "A transaction of another customer or vendor cannot be linked, nor one that is worth nothing";
        return Err(business(text));
    }
    Ok(worth)
}

/// Whether a posting's party is the one that settles, or one of its jobs: a parent pays for those below it.
fn pays_for(books: &Books, kind: Kind, party: &str, of: &str) -> bool {
    let mut at = of.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix('/'));
    while let Some(id) = at {
        if id == party {
            return true;
        }
        at = books.get(kind, id).and_then(|record| record.reference("ParentRef"));
    }
    false
}

/// Brings what an item shows of its settlements up to date, because one of them changed.
pub(super) fn refresh(books: &mut Books, item: &Key) {
    if let Some(body) = shown(books, item) {
        books.follow(item.0, &item.1, body);
    }
}

/// Completes what an object that was just written shows of its settlements.
pub(super) fn show(books: &mut Books, own: &Key) {
    let Some(body) = shown(books, own) else { return };
    let Some(record) = books.get(own.0, &own.1).filter(|record| record.body != body) else { return };
    let record = Record { body, ..record.clone() };
    books.put(record);
}

/// An item with its balance and its links.
fn shown(books: &Books, item: &Key) -> Option<Json> {
    let (kind, id) = item;
    let record = books.get(*kind, id)?;
    if !kind.is_transaction() || matches!(kind, Kind::Transfer | Kind::TimeActivity | Kind::CreditCardPayment)
    {
        return None;
    }
    let mut body = record.body.clone();
    let settled: Decimal = books.settlements(item).map(|(_, amount)| amount).sum();
    let total = number(&body, "TotalAmt").unwrap_or_default();
    let currency = reference(&body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    let balance = books.round(total - settled, &currency);
    match kind {
        Kind::Invoice | Kind::Bill | Kind::VendorCredit => {
            body.set("Balance", balance);
        }
        Kind::CreditMemo => {
            body.set("Balance", balance);
            body.set("RemainingCredit", balance);
        }
        _ => {}
    }
    if books.is_multicurrency && body.get("Balance").is_some() {
        let rate = number(&body, "ExchangeRate").unwrap_or(Decimal::ONE);
        body.set("HomeBalance", books.at_home(balance, rate));
    }
    let own = links(&body).filter(|(kind, _)| {
        !matches!(linked_kind(kind), Some(Kind::Payment | Kind::BillPayment | Kind::Deposit))
    });
    let mut shown: Vec<Json> = own.map(|(kind, id)| object! { "TxnId" => id, "TxnType" => kind }).collect();
    let settling = books.settlements(item).filter_map(|((kind, id), _)| books.get(*kind, id));
    let taking = books.deposited.get(item).and_then(|id| books.get(Kind::Deposit, id));
    shown.extend(settling.chain(taking).map(|by| object! { "TxnId" => &by.id, "TxnType" => link_name(by) }));
    body.set("LinkedTxn", shown);
    Some(body)
}

/// Takes an item out of every payment that was applied to it; the money is unapplied again.
pub(super) fn release(books: &mut Books, item: &Key) {
    let settling: Vec<Key> = books.settlements(item).map(|(by, _)| by.clone()).collect();
    for (kind, id) in settling {
        let Some(record) = books.get(kind, &id) else { continue };
        let mut body = record.body.clone();
        let mut freed = Decimal::ZERO;
        let kept = lines(record).iter().filter(|line| {
            let names_it = links(line).any(|(kind, id)| linked_kind(kind) == Some(item.0) && id == item.1);
            if names_it {
                freed += number(line, "Amount").unwrap_or_default();
            }
            !names_it
        });
        let kept: Vec<Json> = kept.cloned().collect();
        body.set("Line", kept);
        if kind == Kind::Payment {
            let unapplied = number(&body, "UnappliedAmt").unwrap_or_default();
            body.set("UnappliedAmt", unapplied + freed);
        }
        books.follow(kind, &id, body);
    }
}
