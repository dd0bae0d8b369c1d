//! What is sent to a platform for each kind of record that comes from the other one, word for word.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write;

use carry_pipeline::{Settings, run};
use carry_platforms::{Company, Move, Platform, clean};
use carry_ports::RunKind;
use carry_sandbox::Region;
use serde_json::{Value, json};

const INVOICES: usize = 4;
/// Bodies shown of each kind.
const SHOWN: usize = 2;

/// Carries a sample company and hands back what was sent, by what it is.
async fn sent(here: Platform, there: Platform, region: Region) -> BTreeMap<String, Vec<Value>> {
    let from = Company::sample(here, region, 7, INVOICES);
    let to = Company::empty(there, region).await;
    let (side, sent) = to.open_recorded().await;
    let trip = Move::named("golden");
    let engine = trip.engine(from.open().await.reader, side.writer, side.clock);
    let ended = run(&engine, &trip.migration, RunKind::Full, &Settings::default()).await.unwrap();
    clean(&engine, &ended).await;
    to.kept_limits();
    let mut bodies: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (line, body) in sent.lock().unwrap().iter() {
        if let Some((what, file)) = file(line, body) {
            bodies.entry(what).or_default().push(file);
            continue;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { continue };
        for (what, body) in taken_apart(line, body) {
            bodies.entry(what).or_default().push(body);
        }
    }
    bodies
}

/// A call's records, each with what it is: `create Invoice`, `PUT Invoices`.
fn taken_apart(line: &str, body: Value) -> Vec<(String, Value)> {
    if let Some(items) = body.get("BatchItemRequest").and_then(Value::as_array) {
        return items.iter().map(batch_item).collect();
    }
    let (method, path) = line.split_once(' ').unwrap();
    let path = path.split('?').next().unwrap();
    let path = path.split_once("/api.xro/2.0/").map_or(path, |(_, path)| path);
    let path = path.split_once("/company/").map_or(path, |(_, path)| path.split_once('/').unwrap().1);
    // An id in the middle is the sandbox's.
    let path: Vec<&str> = path.split('/').filter(|part| part.len() != 36).collect();
    let what = format!("{method} {}", path.join(" "));
    let lists = body.as_object().into_iter().flatten();
    let elements: Vec<_> = lists.filter_map(|(_, list)| list.as_array()).flatten().cloned().collect();
    let is_list = body.as_object().is_some_and(|fields| fields.len() == 1) && !elements.is_empty();
    let records = if is_list { elements } else { vec![body] };
    records.into_iter().map(|record| (what.clone(), record)).collect()
}

/// What is said of a file that is sent, with its hash in place of its content.
fn file(line: &str, body: &[u8]) -> Option<(String, Value)> {
    let told = |content: &[u8]| json!({"bytes": content.len(), "sha256": carry_connector::sha256(content)});
    if let Some((path, name)) = line.split_once("/Attachments/") {
        let endpoint = path.rsplit('/').nth(1)?;
        let file = json!({"endpoint": endpoint, "name": name, "content": told(body)});
        return Some(("PUT Attachments".to_owned(), file));
    }
    if !line.contains("/upload?") {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let (boundary, _) = text.split_once("\r\n")?;
    let end = format!("\r\n{boundary}");
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let about: Value = serde_json::from_str(rest.split(&end).next()?).ok()?;
    let second = rest.split_once(&end)?.1.split_once("\r\n\r\n")?.0;
    let begin = body.windows(4).enumerate().filter(|(_, four)| four == b"\r\n\r\n").nth(1)?.0 + 4;
    let content = body.get(begin..body.len() - end.len() - "--\r\n".len())?;
    let heads: Vec<_> = [head.split_once("\r\n")?.1, second.trim_start()].map(str::to_owned).into();
    Some(("POST upload".to_owned(), json!({"heads": heads, "metadata": about, "content": told(content)})))
}

fn batch_item(item: &Value) -> (String, Value) {
    let verb = item.get("operation").and_then(Value::as_str).unwrap();
    let mut fields = item.as_object().unwrap().iter();
    let (kind, body) = fields.rfind(|(_, value)| value.is_object()).unwrap();
    (format!("{verb} {kind}"), body.clone())
}

fn show(bodies: &[Value]) -> String {
    let mut text = String::new();
    for body in bodies.iter().take(SHOWN) {
        writeln!(text, "{}", serde_json::to_string_pretty(body).unwrap()).unwrap();
    }
    text
}

fn check(name: &str, sent: &BTreeMap<String, Vec<Value>>, kinds: &[&str]) {
    let found: Vec<&str> = sent.keys().map(String::as_str).collect();
    assert_eq!(found, kinds, "{name}");
    for (what, bodies) in sent {
        let file = format!("{name}__{}", what.to_lowercase().replace(' ', "_"));
        insta::assert_snapshot!(file, show(bodies));
    }
}

#[tokio::test(start_paused = true)]
async fn from_quickbooks_to_xero() {
    let sent = sent(Platform::QuickBooks, Platform::Xero, Region::Uk).await;
    check(
        "quickbooks_to_xero",
        &sent,
        &[
            "PUT Accounts",
            "PUT Attachments",
            "PUT BankTransactions",
            "PUT BankTransfers",
            "PUT Contacts",
            "PUT CreditNotes",
            "PUT CreditNotes Allocations",
            "PUT Invoices",
            "PUT Items",
            "PUT ManualJournals",
            "PUT Payments",
            "PUT PurchaseOrders",
            "PUT Quotes",
            "PUT TaxRates",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn from_xero_to_quickbooks() {
    let sent = sent(Platform::Xero, Platform::QuickBooks, Region::Uk).await;
    check(
        "xero_to_quickbooks",
        &sent,
        &[
            "POST billpayment",
            "POST taxservice taxcode",
            "POST upload",
            "create Account",
            "create Bill",
            "create BillPayment",
            "create CreditMemo",
            "create Customer",
            "create Estimate",
            "create Invoice",
            "create Item",
            "create JournalEntry",
            "create Payment",
            "create Purchase",
            "create PurchaseOrder",
            "create Transfer",
            "create Vendor",
            "create VendorCredit",
        ],
    );
}
