//! How an object stands in a reply.

use super::books::{Books, Record};
use super::kind::Kind;
use super::name;
use crate::json::{Json, object};

/// Seconds for which the address of a file is good.
const ADDRESS_GOOD_S: i64 = 15 * 60;

/// An object with its envelope.
pub(super) fn record(books: &Books, record: &Record) -> Json {
    let mut json = object! { "domain" => "QBO", "sparse" => false, "Id" => &record.id };
    json.set("SyncToken", record.token.to_string());
    json.set("MetaData", metadata(books, record));
    for (field, value) in record.body.as_object().unwrap_or_default() {
        json.set(field, value.clone());
    }
    match record.kind {
        Kind::Customer => {
            let balance = name::balance(books, record);
            json.set("Balance", balance);
            json.set("BalanceWithJobs", balance);
        }
        Kind::Vendor => json.set("Balance", name::balance(books, record)),
        Kind::Account => {
            let sign = match record.text("Classification") {
                Some("Asset" | "Expense") => carry_model::Decimal::ONE,
                _ => -carry_model::Decimal::ONE,
            };
            let balance = books.balance(&format!("Account/{}", record.id)) * sign;
            json.set("CurrentBalance", balance);
            json.set("CurrentBalanceWithSubAccounts", balance);
        }
        Kind::Attachable if books.files.contains_key(&record.id) => {
            let path = format!("/v3/company/{}/download/{}", books.realm, record.id);
            json.set("TempDownloadUri", format!("{}{path}/content?expires={}", books.origin, expiry(books)));
            json.set("FileAccessUri", path);
        }
        _ => {}
    }
    json
}

/// Until when the address of a file is good, in seconds of the epoch.
fn expiry(books: &Books) -> i64 {
    books.now.as_second() + ADDRESS_GOOD_S
}

/// A deleted object, as changes show it.
pub(super) fn tombstone(books: &Books, record: &Record) -> Json {
    let metadata = object! { "LastUpdatedTime" => books.time(record.updated) };
    object! { "domain" => "QBO", "status" => "Deleted", "Id" => &record.id, "MetaData" => metadata }
}

fn metadata(books: &Books, record: &Record) -> Json {
    object! { "CreateTime" => books.time(record.created), "LastUpdatedTime" => books.time(record.updated) }
}
