//! Checks of the transactions that are no documents: payments, deposits, transfers, journals, time, rates.

use carry_model::{Date, Decimal};

use super::books::{Books, Key, Record, number, reference};
use super::kind::Kind;
use super::references::{demanded, resolve, resolve_field};
use super::refusal::{
    Refusal, bad_choice, business, cannot_be_linked, deposited, invalid_reference, negative, refusal,
    required,
};
use super::settlement::{self, linked_kind};
use crate::json::{Json, object};

/// Where a payment's money goes, or comes from.
pub(super) fn check_payment(books: &Books, kind: Kind, body: &mut Json, is_new: bool) -> Result<(), Refusal> {
    if kind == Kind::Payment {
        if reference(body, "DepositToAccountRef").is_none() {
            let account = resolve(books, Kind::Account, books.system("UndepositedFunds"), false)?;
            body.set("DepositToAccountRef", account);
        }
        return Ok(());
    }
    demanded(body, "VendorRef")?;
    let (part, field) = match body.get("PayType").and_then(Json::as_str) {
        Some("Check") => ("CheckPayment", "BankAccountRef"),
        Some("CreditCard") => ("CreditCardPayment", "CCAccountRef"),
        _ => return Err(required("PayType")),
    };
    let mut detail = body.get(part).cloned().ok_or_else(|| required(part))?;
    demanded(&detail, field)?;
    resolve_field(books, &mut detail, field, Kind::Account, is_new)?;
    body.set(part, detail);
    Ok(())
}

/// Refuses accounts of a document that are not of the type that its kind needs.
pub(super) fn check_accounts(books: &Books, kind: Kind, body: &mut Json) -> Result<(), Refusal> {
    let wrong = || refusal("6430", "Account type", "The type of the account does not fit this transaction");
    if kind == Kind::Purchase {
        let account = books.account_type(demanded(body, "AccountRef")?);
        let is_card = body.get("PaymentType").and_then(Json::as_str) == Some("CreditCard");
        let fits = if is_card {
            account == "Credit Card"
        } else {
            matches!(account, "Bank" | "Other Current Asset")
        };
        if !fits {
            return Err(wrong());
        }
        if let Some(mut payee) = body.get("EntityRef").cloned() {
            let name = payee.get("type").and_then(Json::as_str).unwrap_or("Vendor").to_owned();
            let kind =
                Kind::named(&name).filter(|kind| kind.is_name()).ok_or_else(|| bad_choice("type", &name))?;
            let id = payee.get("value").and_then(Json::as_str).unwrap_or_default().to_owned();
            payee = resolve(books, kind, &id, false)?;
            payee.set("type", kind.name());
            body.set("EntityRef", payee);
        }
    }
    for (field, needed) in [("ARAccountRef", "Accounts Receivable"), ("APAccountRef", "Accounts Payable")] {
        if reference(body, field).is_some_and(|id| books.account_type(id) != needed) {
            return Err(wrong().on(field));
        }
    }
    Ok(())
}

/// The day a document falls due: as its terms say, or at once.
pub(super) fn due_date(books: &Books, body: &Json, date: Date) -> Date {
    let term = reference(body, "SalesTermRef").and_then(|id| books.get(Kind::Term, id));
    let days = term.and_then(|term| i64::try_from(number(&term.body, "DueDays")?).ok());
    date.saturating_add(jiff::Span::new().try_days(days.unwrap_or(0)).unwrap_or_default())
}

/// A journal entry: what it debits and credits must be the same.
pub(super) fn check_journal(books: &Books, body: &mut Json, is_new: bool) -> Result<(), Refusal> {
    let currency = reference(body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    let sent = body.get("Line").and_then(Json::as_array).unwrap_or_default().to_vec();
    let mut lines: Vec<Json> = Vec::with_capacity(sent.len());
    let (mut debits, mut credits, mut entries) = (Decimal::ZERO, Decimal::ZERO, 0);
    let mut controls: Vec<String> = Vec::new();
    for sent in &sent {
        let mut line = object! { "Id" => lines.len().to_string() };
        for field in ["Description", "DetailType"] {
            if let Some(value) = sent.get(field) {
                line.set(field, value.clone());
            }
        }
        let Some(detail) = sent.get("JournalEntryLineDetail") else {
            lines.push(line);
            continue;
        };
        let amount = number(sent, "Amount").ok_or_else(|| required("Line.Amount"))?;
        if amount < Decimal::ZERO {
            return Err(negative("Line.Amount"));
        }
        let amount = books.round(amount, &currency);
        let detail = journal_detail(books, detail.clone(), is_new)?;
        let with_tax = amount + number(&detail, "TaxAmount").unwrap_or_default();
        match detail.get("PostingType").and_then(Json::as_str) {
            Some("Debit") => debits += with_tax,
            Some("Credit") => credits += with_tax,
            _ => return Err(refusal("2260", "Posting type missing", "PostingType must be Debit or Credit")),
        }
        let account = reference(&detail, "AccountRef").unwrap_or_default();
        if matches!(books.account_type(account), "Accounts Receivable" | "Accounts Payable")
            && !controls.iter().any(|known| known == account)
        {
            controls.push(account.to_owned());
        }
        line.set("Amount", amount);
        line.set("JournalEntryLineDetail", detail);
        lines.push(line);
        entries += 1;
    }
    if entries < 2 {
        return Err(refusal("2250", "Lines missing", "A journal entry needs at least two lines"));
    }
    if controls.len() > 1 {
        return Err(business("Transactions can have only one account of receivables or payables"));
    }
    if debits != credits {
        let text = format!("Total debits {debits} do not equal total credits {credits}");
        return Err(refusal("2300", "Total debits do not equal total credits", text));
    }
    body.set("Line", lines);
    body.set("TotalAmt", debits);
    if body.get("Adjustment").is_none() {
        body.set("Adjustment", false);
    }
    Ok(())
}

fn journal_detail(books: &Books, mut detail: Json, is_new: bool) -> Result<Json, Refusal> {
    demanded(&detail, "AccountRef")?;
    for (field, kind) in [
        ("AccountRef", Kind::Account),
        ("ClassRef", Kind::Class),
        ("DepartmentRef", Kind::Department),
        ("TaxCodeRef", Kind::TaxCode),
    ] {
        resolve_field(books, &mut detail, field, kind, is_new)?;
    }
    let entity = detail.get("Entity").cloned();
    let kind = entity.as_ref().and_then(|entity| entity.get("Type")?.as_str()).map(str::to_owned);
    let account = books.account_type(reference(&detail, "AccountRef").unwrap_or_default());
    let wanted = match account {
        "Accounts Receivable" => Some("Customer"),
        "Accounts Payable" => Some("Vendor"),
        _ => None,
    };
    if wanted.is_some() && wanted != kind.as_deref() {
        let who = wanted.unwrap_or_default().to_lowercase();
        return Err(business(format!("When you use {account}, you must choose a {who} in the Name field.")));
    }
    if let (Some(entity), Some(name)) = (entity, kind) {
        let kind =
            Kind::named(&name).filter(|kind| kind.is_name()).ok_or_else(|| bad_choice("Type", &name))?;
        let id = demanded(&entity, "EntityRef")?;
        let party = resolve(books, kind, id, is_new)?;
        detail.set("Entity", object! { "Type" => kind.name(), "EntityRef" => party });
    }
    Ok(detail)
}

/// A deposit: payments from undeposited funds, and money from elsewhere.
pub(super) fn check_deposit(
    books: &Books,
    body: &mut Json,
    own: Option<&Key>,
    is_new: bool,
) -> Result<(), Refusal> {
    demanded(body, "DepositToAccountRef")?;
    let currency = reference(body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    let sent = body.get("Line").and_then(Json::as_array).unwrap_or_default().to_vec();
    if sent.is_empty() {
        return Err(required("Line"));
    }
    let (mut lines, mut total) = (Vec::new(), Decimal::ZERO);
    for sent in &sent {
        let amount = number(sent, "Amount").ok_or_else(|| required("Line.Amount"))?;
        let amount = books.round(amount, &currency);
        let mut line = sent.clone();
        line.set("Id", (lines.len() + 1).to_string());
        line.set("LineNum", lines.len() + 1);
        line.set("Amount", amount);
        let links = sent.get("LinkedTxn").and_then(Json::as_array).unwrap_or_default();
        match (links, sent.get("DepositLineDetail").cloned()) {
            ([link], _) => {
                takes_up(books, link, amount, own)?;
            }
            ([], Some(mut detail)) => {
                demanded(&detail, "AccountRef")?;
                resolve_field(books, &mut detail, "AccountRef", Kind::Account, is_new)?;
                resolve_field(books, &mut detail, "PaymentMethodRef", Kind::PaymentMethod, is_new)?;
                resolve_field(books, &mut detail, "ClassRef", Kind::Class, is_new)?;
                line.set("DepositLineDetail", detail);
                line.set("DetailType", "DepositLineDetail");
            }
            _ => return Err(required("Line.DepositLineDetail")),
        }
        total += amount;
        lines.push(line);
    }
    if let Some(mut back) = body.get("CashBack").cloned() {
        demanded(&back, "AccountRef")?;
        resolve_field(books, &mut back, "AccountRef", Kind::Account, is_new)?;
        total -= number(&back, "Amount").unwrap_or_default();
        body.set("CashBack", back);
    }
    if total < Decimal::ZERO {
        return Err(negative("TotalAmt"));
    }
    body.set("Line", lines);
    body.set("TotalAmt", total);
    Ok(())
}

/// Checks that a deposit may take a transaction up: it waits in undeposited funds, and is taken up as a whole.
fn takes_up(books: &Books, link: &Json, amount: Decimal, own: Option<&Key>) -> Result<(), Refusal> {
    let name = link.get("TxnType").and_then(Json::as_str).unwrap_or_default();
    let id = link.get("TxnId").and_then(Json::as_str).unwrap_or_default();
    let kind = linked_kind(name).ok_or_else(|| bad_choice("TxnType", name))?;
    let record = books.get(kind, id).ok_or_else(|| invalid_reference("Transactions", id))?;
    let undeposited = books.system("UndepositedFunds");
    let key = record.key();
    if books.deposited.get(&key).is_some_and(|by| own.is_none_or(|(_, own)| own != by)) {
        return Err(deposited());
    }
    let sign = match kind {
        Kind::Payment | Kind::SalesReceipt => Decimal::ONE,
        Kind::RefundReceipt => -Decimal::ONE,
        _ => return Err(cannot_be_linked(&format!("a {name} cannot be deposited"))),
    };
    if record.reference("DepositToAccountRef") != Some(undeposited) {
        return Err(cannot_be_linked("it is not in undeposited funds"));
    }
    if record.amount("TotalAmt") * sign != amount {
        return Err(business("A payment is deposited with its whole amount"));
    }
    Ok(())
}

/// A transfer between accounts, or a payment of a credit card.
pub(super) fn check_move(books: &Books, kind: Kind, body: &mut Json) -> Result<(), Refusal> {
    let (from, to) = match kind {
        Kind::Transfer => ("FromAccountRef", "ToAccountRef"),
        _ => ("BankAccountRef", "CreditCardAccountRef"),
    };
    let amount = number(body, "Amount").ok_or_else(|| required("Amount"))?;
    if amount < Decimal::ZERO {
        return Err(negative("Amount"));
    }
    let (from, to) = (demanded(body, from)?.to_owned(), demanded(body, to)?.to_owned());
    if from == to {
        return Err(business("The two accounts of a transfer must differ"));
    }
    let is_balance_sheet = |id: &String| {
        let classification = books.get(Kind::Account, id).and_then(|account| account.text("Classification"));
        matches!(classification, Some("Asset" | "Liability" | "Equity"))
    };
    if !(is_balance_sheet(&from) && is_balance_sheet(&to)) {
        return Err(refusal("6430", "Account type", "The type of the account does not fit this transaction"));
    }
    let currency = reference(body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    body.set("Amount", books.round(amount, &currency));
    Ok(())
}

/// Time that somebody worked.
pub(super) fn check_time(body: &mut Json) -> Result<(), Refusal> {
    let who = match body.get("NameOf").and_then(Json::as_str) {
        Some("Employee") => "EmployeeRef",
        Some("Vendor") => "VendorRef",
        _ => return Err(required("NameOf")),
    };
    demanded(body, who)?;
    let hours = number(body, "Hours");
    let has_span = body.get("StartTime").is_some() && body.get("EndTime").is_some();
    if hours.is_none() && number(body, "Minutes").is_none() && !has_span {
        return Err(required("Hours"));
    }
    if hours.is_some_and(|hours| hours < Decimal::ZERO || hours > Decimal::from(8760)) {
        return Err(refusal("2110", "Invalid Number Range", "Hours must be from 0 to 8760").on("Hours"));
    }
    match body.get("BillableStatus").and_then(Json::as_str) {
        Some("HasBeenBilled") => return Err(bad_choice("BillableStatus", "HasBeenBilled")),
        Some("Billable") if reference(body, "CustomerRef").is_none() => {
            return Err(
                refusal("6310", "Customer missing", "Billable time needs a customer").on("CustomerRef")
            );
        }
        Some("Billable") if number(body, "HourlyRate").is_none() => {
            return Err(
                refusal("6330", "Rate missing", "Billable time needs an hourly rate").on("HourlyRate")
            );
        }
        None => body.set("BillableStatus", "NotBillable"),
        _ => {}
    }
    Ok(())
}

/// A rate that is stated for a currency on a day.
pub(super) fn check_rate(books: &Books, body: &mut Json) -> Result<(), Refusal> {
    let code = body.get("SourceCurrencyCode").and_then(Json::as_str);
    let code = code.ok_or_else(|| required("SourceCurrencyCode"))?.to_owned();
    if number(body, "Rate").is_none_or(|rate| rate <= Decimal::ZERO) {
        return Err(required("Rate"));
    }
    super::currency::check(books, &code)?;
    if body.get("AsOfDate").is_none() {
        body.set("AsOfDate", books.today().to_string());
    }
    body.set("TargetCurrencyCode", &books.home);
    Ok(())
}

/// Closes the estimates and purchase orders that a document was made of.
pub(super) fn close_linked(books: &mut Books, own: &Key) {
    let Some(record) = books.get(own.0, &own.1) else { return };
    let (wanted, field) = match record.kind {
        Kind::Invoice => (Kind::Estimate, "TxnStatus"),
        Kind::Bill | Kind::Purchase => (Kind::PurchaseOrder, "POStatus"),
        _ => return,
    };
    let lines = record.body.get("Line").and_then(Json::as_array).unwrap_or_default();
    let links = std::iter::once(&record.body).chain(lines).flat_map(settlement::links);
    let ids: Vec<String> =
        links.filter(|(name, _)| linked_kind(name) == Some(wanted)).map(|(_, id)| id.to_owned()).collect();
    let link = object! { "TxnId" => &record.id, "TxnType" => record.kind.name() };
    for id in ids {
        let Some(linked) = books.get(wanted, &id).map(|record: &Record| record.body.clone()) else {
            continue;
        };
        let mut body = linked;
        body.set(field, "Closed");
        let mut links = body.get("LinkedTxn").and_then(Json::as_array).unwrap_or_default().to_vec();
        if !links.contains(&link) {
            links.push(link.clone());
        }
        body.set("LinkedTxn", links);
        books.follow(wanted, &id, body);
    }
}
