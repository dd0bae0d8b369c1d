//! The rules of the API, one by one, without a server.

mod banking;

mod invoices;
mod lists;
mod names;
mod reports;
mod sample;
mod settlement;

use std::collections::BTreeMap;

use carry_model::{Date, Decimal};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::books::Books;
use super::company::Company;
use crate::http::Request;
use crate::json::Json;
use crate::region::Region;

/// A client of one organisation. Each call comes a second after the last.
pub(super) struct Client {
    pub(super) company: Company,
    pub(super) now: Timestamp,
}

/// An answer's status and body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Json,
}

impl Client {
    /// An organisation in the United Kingdom that also has euros and dollars.
    pub(super) fn new() -> Self {
        let now: Timestamp = "2026-06-15T09:00:00Z".parse().unwrap();
        let mut books = Books::new("Larch & Pine Ltd", Region::Uk, "GB", "GBP", 7, now);
        books.currencies.push_back("EUR".to_owned());
        books.currencies.push_back("USD".to_owned());
        Self { company: Company::new(books), now }
    }

    pub(super) fn send(&mut self, request: Request) -> Answer {
        self.now += SignedDuration::from_secs(1);
        let path = request.path.trim_start_matches('/').to_owned();
        let answered = self.company.answer(&request, &path, self.now, Uuid::nil());
        self.balance();
        let text = answered.response.body;
        let body = Json::parse(&text).unwrap_or_else(|_| String::from_utf8_lossy(&text).into_owned().into());
        Answer { status: answered.response.status, body }
    }

    pub(super) fn call(&mut self, method: &str, target: &str, body: &str) -> Answer {
        self.send(Request::new(method, target).body(body))
    }

    pub(super) fn get(&mut self, target: &str) -> Json {
        let answer = self.call("GET", target, "");
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        answer.body
    }

    /// Writes, and gives back the first row of the answer.
    pub(super) fn write(&mut self, method: &str, target: &str, body: &str) -> Json {
        let answer = self.call(method, target, body);
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        answer.rows()[0].clone()
    }

    pub(super) fn put(&mut self, target: &str, body: &str) -> Json {
        self.write("PUT", target, body)
    }

    pub(super) fn post(&mut self, target: &str, body: &str) -> Json {
        self.write("POST", target, body)
    }

    /// What a call that breaks a rule is told.
    pub(super) fn refused(&mut self, method: &str, target: &str, body: &str) -> String {
        let answer = self.call(method, target, body);
        assert_eq!(answer.status, 400, "{target}: {}", answer.body);
        assert_eq!(answer.body.at("Type").and_then(Json::as_str), Some("ValidationException"));
        let elements = answer.body.get("Elements").and_then(Json::as_array).unwrap();
        let errors = elements[0].get("ValidationErrors").and_then(Json::as_array).unwrap();
        errors.iter().map(|error| text(error, "Message")).collect::<Vec<_>>().join(" | ")
    }

    /// An authorised sales invoice over an amount without tax.
    pub(super) fn invoice(&mut self, contact: &str, number: &str, amount: &str) -> String {
        let invoice = self.put(
            "Invoices",
            &format!(
                r#"{{"Type":"ACCREC","Status":"AUTHORISED","Contact":{{"Name":"{contact}"}},"InvoiceNumber":"{number}",
                    "Date":"2026-05-01","DueDate":"2026-05-31","LineAmountTypes":"NoTax",
                    "LineItems":[{{"Description":"Work","Quantity":1,"UnitAmount":{amount},"AccountCode":"200"}}]}}"#
            ),
        );
        text(&invoice, "InvoiceID")
    }

    /// An authorised sales credit note over an amount without tax.
    pub(super) fn credit(&mut self, contact: &str, amount: &str) -> String {
        let note = self.put(
            "CreditNotes",
            &format!(
                r#"{{"Type":"ACCRECCREDIT","Status":"AUTHORISED","Contact":{{"Name":"{contact}"}},"Date":"2026-05-02",
                    "LineAmountTypes":"NoTax",
                    "LineItems":[{{"Description":"Back","Quantity":1,"UnitAmount":{amount},"AccountCode":"200"}}]}}"#
            ),
        );
        text(&note, "CreditNoteID")
    }

    /// Pays an invoice from the business bank account.
    pub(super) fn pay(&mut self, invoice: &str, amount: &str) -> String {
        let payment = self.put(
            "Payments",
            &format!(
                r#"{{"Invoice":{{"InvoiceID":"{invoice}"}},"Account":{{"Code":"090"}},"Date":"2026-05-20","Amount":{amount}}}"#
            ),
        );
        text(&payment, "PaymentID")
    }

    /// A document as it is read back.
    pub(super) fn read(&mut self, endpoint: &str, id: &str) -> Json {
        let body = self.get(&format!("{endpoint}/{id}"));
        body.get(endpoint).and_then(Json::as_array).unwrap()[0].clone()
    }

    /// Balance of an account in the home currency, debit positive, without zeros at its end.
    pub(super) fn ledger(&self, code: &str) -> Decimal {
        let account = self.company.books.account(code).unwrap().id.to_string();
        self.company.ledger.balance(&account, None).normalize()
    }

    /// Every entry adds up to zero; what is open on documents stands on the control accounts.
    pub(super) fn balance(&self) {
        let ledger = &self.company.ledger;
        assert!(ledger.trial_balance(None).values().sum::<Decimal>().is_zero());
        for (account, owed) in [("610", true), ("800", false)] {
            let account = self.company.books.account(account).unwrap().id.to_string();
            let mut open: BTreeMap<Uuid, (Decimal, Decimal)> = BTreeMap::new();
            for (_, posting) in ledger.postings(&account, None) {
                let document = posting.document.as_ref().unwrap().parse().unwrap();
                let (amount, home) = open.entry(document).or_default();
                *amount += posting.amount;
                *home += posting.home;
            }
            for (document, (amount, home)) in open {
                let document = self.company.books.documents.get(document).unwrap();
                let sign = if document.family.is_credit() == owed { -Decimal::ONE } else { Decimal::ONE };
                assert_eq!(amount, sign * document.open(), "{}", document.number);
                assert!(!document.open().is_zero() || home.is_zero(), "{}", document.number);
            }
        }
    }

    pub(super) fn lock(&mut self, day: &str) {
        self.company.books.organisation.period_lock = Some(day.parse::<Date>().unwrap());
    }
}

impl Answer {
    /// The rows of the answer, whatever they are called.
    pub(super) fn rows(&self) -> &[Json] {
        let fields = self.body.as_object().unwrap();
        let list = fields.iter().find_map(|(name, value)| value.as_array().filter(|_| name != "Warnings"));
        list.unwrap_or_else(|| panic!("no rows in {}", self.body))
    }
}

pub(super) fn text(json: &Json, path: &str) -> String {
    match json.at(path) {
        Some(Json::Text(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("no {path} in {json}"),
    }
}
