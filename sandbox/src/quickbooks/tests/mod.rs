//! The rules of the API, one by one, without a server.

mod documents;
mod protocol;
mod sample;
mod settlement;

use std::collections::BTreeMap;

use carry_model::Decimal;
use jiff::{SignedDuration, Timestamp};

use super::company::Company;
use super::kind::Kind;
use super::{QuickBooks, route};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::platform::Platform;
use crate::region::Region;

/// A client of one company. Each call comes a second after the last.
pub(super) struct Client {
    pub(super) quickbooks: QuickBooks,
    pub(super) now: Timestamp,
}

impl Client {
    pub(super) fn of(region: Region) -> Self {
        let now: Timestamp = "2026-06-15T09:00:00Z".parse().unwrap();
        Self { quickbooks: QuickBooks::empty(region, 7, now), now }
    }

    pub(super) fn company(&mut self) -> &mut Company {
        &mut self.quickbooks.company
    }

    pub(super) fn send(&mut self, request: Request) -> Response {
        self.now += SignedDuration::from_secs(1);
        let path = request.path.clone();
        let request = request.header("accept", "application/json");
        let response = self.quickbooks.company.answer(&request, &route::segments(&path), self.now);
        self.witness();
        response
    }

    /// A call without a token, so many seconds later.
    pub(super) fn open(&mut self, request: Request, seconds: i64) -> Option<Response> {
        self.now += SignedDuration::from_secs(seconds);
        self.quickbooks.open(&request, self.now)
    }

    pub(super) fn call(&mut self, method: &str, target: &str, body: &str) -> (u16, Json) {
        let response = self.send(Request::new(method, target).body(body));
        (response.status, Json::parse(&response.body).unwrap())
    }

    /// What stands in a reply that is not refused, under its one name.
    pub(super) fn post(&mut self, target: &str, body: &str) -> Json {
        let (status, body) = self.call("POST", target, body);
        assert_eq!(status, 200, "{target}: {body}");
        body.as_object().unwrap()[0].1.clone()
    }

    /// Creates, and gives the id back.
    pub(super) fn add(&mut self, target: &str, body: &str) -> String {
        text(&self.post(target, body), "Id")
    }

    pub(super) fn get(&mut self, target: &str) -> Json {
        let (status, body) = self.call("GET", target, "");
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    pub(super) fn read(&mut self, kind: &str, id: &str) -> Json {
        self.get(&format!("{kind}/{id}")).as_object().unwrap()[0].1.clone()
    }

    pub(super) fn query(&mut self, query: &str) -> Json {
        let encoded: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        self.get(&format!("query?query={encoded}")).get("QueryResponse").unwrap().clone()
    }

    /// Code and detail of what a call that breaks a rule is told.
    pub(super) fn refused(&mut self, target: &str, body: &str) -> (String, String) {
        let (status, body) = self.call("POST", target, body);
        assert_eq!(status, 400, "{target}: {body}");
        let error = &body.at("Fault.Error").and_then(Json::as_array).unwrap()[0];
        (text(error, "code"), text(error, "Detail"))
    }

    pub(super) fn customer(&mut self, name: &str) -> String {
        self.add("customer", &format!(r#"{{"DisplayName":"{name}"}}"#))
    }

    /// An invoice over an amount without tax, in the United States.
    pub(super) fn invoice(&mut self, customer: &str, amount: &str) -> String {
        self.add("invoice", &invoice(customer, amount))
    }

    /// A payment applied to transactions.
    pub(super) fn pay(&mut self, customer: &str, total: &str, lines: &[(&str, &str, &str)]) -> Json {
        let lines = lines.iter().map(|(amount, kind, id)| {
            format!(r#"{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{id}","TxnType":"{kind}"}}]}}"#)
        });
        let lines = lines.collect::<Vec<_>>().join(",");
        let body =
            format!(r#"{{"CustomerRef":{{"value":"{customer}"}},"TotalAmt":{total},"Line":[{lines}]}}"#);
        self.post("payment", &body)
    }

    /// Balance of an account in the home currency, debit positive, by its subtype.
    pub(super) fn ledger(&self, subtype: &str) -> Decimal {
        let company = &self.quickbooks.company;
        company.ledger.balance(company.books.system(subtype), None).normalize()
    }

    /// Every entry adds up to zero; what is open on documents stands on receivables and payables, to the cent.
    pub(super) fn witness(&self) {
        let (books, ledger) = (&self.quickbooks.company.books, &self.quickbooks.company.ledger);
        assert!(ledger.trial_balance(None).values().sum::<Decimal>().is_zero());
        let mut open: BTreeMap<&str, (Decimal, Decimal)> = BTreeMap::new();
        let controls = books.live(Kind::Account).filter(|account| {
            matches!(account.text("AccountType"), Some("Accounts Receivable" | "Accounts Payable"))
        });
        for control in controls {
            for (_, posting) in ledger.postings(&control.id, None) {
                let sums = open.entry(posting.document.as_deref().unwrap()).or_default();
                sums.0 += posting.amount;
                sums.1 += posting.home;
            }
        }
        for (document, (amount, home)) in open {
            let (kind, id) = document.split_once('/').unwrap();
            let Some(record) = books.get(Kind::named(kind).unwrap(), id) else {
                panic!("{document} is gone and open by {amount}")
            };
            let expected = match record.kind {
                Kind::Invoice | Kind::VendorCredit => record.amount("Balance"),
                Kind::Bill | Kind::CreditMemo => -record.amount("Balance"),
                Kind::Payment => -record.amount("UnappliedAmt"),
                _ => continue,
            };
            assert_eq!(amount, expected, "{document}");
            assert!(!amount.is_zero() || home.is_zero(), "{document} leaves {home} at home");
        }
    }
}

pub(super) fn invoice(customer: &str, amount: &str) -> String {
    format!(
        r#"{{"CustomerRef":{{"value":"{customer}"}},"TxnDate":"2026-05-01",
            "Line":[{{"Amount":{amount},"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{"ItemRef":{{"value":"1"}}}}}}]}}"#
    )
}

pub(super) fn text(json: &Json, path: &str) -> String {
    match json.at(path) {
        Some(Json::Text(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("no {path} in {json}"),
    }
}
