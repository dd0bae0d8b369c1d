//! Batch payments: several payments that the bank sees as one.

use carry_model::{Date, Decimal, Timestamp};
use uuid::Uuid;

use super::books::Books;
use super::document::{Side, reference};
use super::input::Input;
use super::payment;
use super::render::money;
use super::when;
use crate::json::{Json, object};

#[derive(Clone, Debug)]
pub(super) struct BatchPayment {
    pub(super) id: Uuid,
    account: Uuid,
    date: Date,
    reference: Option<String>,
    payments: Vec<Uuid>,
    side: Side,
    total: Decimal,
    is_deleted: bool,
    pub(super) updated: Timestamp,
}

impl BatchPayment {
    pub(super) fn json(&self, books: &Books, with_payments: bool) -> Json {
        let currency = books.accounts.get(self.account).and_then(|account| account.currency.clone());
        let payments = self.payments.iter().filter_map(|id| books.payments.get(*id)).map(|payment| {
            object! {
                "Invoice" => books.documents.get(payment.document).map(reference),
                "PaymentID" => payment.id,
                "Amount" => money(payment.amount),
                "BankAmount" => money(payment.bank_amount),
            }
        });
        object! {
            "Account" => object! { "AccountID" => self.account, "CurrencyCode" => currency },
            "Reference" => self.reference.clone(),
            "BatchPaymentID" => self.id,
            "DateString" => when::iso_date(self.date),
            "Date" => when::wire_date(self.date),
            "Payments" => with_payments.then(|| payments.collect::<Vec<_>>()),
            "Type" => if self.side == Side::Sales { "RECBATCH" } else { "PAYBATCH" },
            "Status" => if self.is_deleted { "DELETED" } else { "AUTHORISED" },
            "TotalAmount" => money(self.total),
            "UpdatedDateUTC" => when::wire_time(self.updated),
            "IsReconciled" => false,
        }
    }
}

/// Pays several invoices, or several bills, at once.
pub(super) fn create(books: &mut Books, sent: &Json) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let date = input.date("Date").unwrap_or_else(|| books.today());
    let account = input.field("Account").and_then(|account| books.account_of(account)).map(|found| found.id);
    if account.is_none() {
        input.problem("Account could not be found.");
    }
    let reference = input.text_max("Reference", 255);
    let sent_payments = input.field("Payments").and_then(Json::as_array).unwrap_or_default();
    if sent_payments.is_empty() {
        input.problem("At least one payment must be specified");
    }
    input.check()?;
    let account = account.unwrap_or_default();
    let id = books.ids.next();
    let mut batch = BatchPayment {
        id,
        account,
        date,
        reference,
        payments: Vec::new(),
        side: Side::Sales,
        total: Decimal::ZERO,
        is_deleted: false,
        updated: books.now,
    };
    for (index, sent) in sent_payments.iter().enumerate() {
        let mut payment = sent.clone();
        payment.set("Account", object! { "AccountID" => account });
        payment.set("Date", date.to_string());
        let paid = payment::pay(books, &payment, Some(id))?;
        let Some(payment) = books.payments.get(paid) else { continue };
        let side = books.documents.get(payment.document).map_or(Side::Sales, |document| document.side);
        if index > 0 && side != batch.side {
            return Err(vec!["All payments of a batch must be of invoices, or all of bills".to_owned()]);
        }
        batch.side = side;
        batch.total += payment.amount;
        batch.payments.push(paid);
    }
    books.batch_payments.insert(id, batch.clone());
    Ok(batch.json(books, true))
}

/// Deletes a batch with its payments.
pub(super) fn delete(books: &mut Books, id: Uuid) -> Result<Json, Vec<String>> {
    let Some(batch) = books.batch_payments.get(id).cloned() else {
        return Err(vec!["Batch payment not found".to_owned()]);
    };
    if !books.switches.batch_payments_can_be_deleted {
        return Err(vec!["Batch payments cannot be deleted".to_owned()]);
    }
    if batch.is_deleted {
        return Err(vec!["This batch payment has already been deleted".to_owned()]);
    }
    for payment in &batch.payments {
        payment::delete(books, *payment, true)?;
    }
    let deleted = BatchPayment { is_deleted: true, updated: books.now, ..batch };
    let json = deleted.json(books, false);
    books.batch_payments.insert(id, deleted);
    Ok(json)
}
