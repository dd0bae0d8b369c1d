//! A real Odoo 19, with a fresh company for each test.
#![allow(clippy::print_stderr, reason = "says what is skipped")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Place, expected};

/// A fresh company of a real Odoo.
pub(crate) struct Odoo {
    variables: HashMap<String, String>,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Odoo {
    /// With its ledger in that currency; None where there is no Odoo to be had here.
    pub(crate) fn up(database: &str, currency: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../odoo/up");
        let output =
            Command::new(script).args(["--fresh", database]).stderr(Stdio::inherit()).output().unwrap();
        if output.status.code() == Some(77) {
            eprintln!("skipped: no Odoo can be had on this machine");
            return None;
        }
        assert!(output.status.success(), "tests/odoo/up failed");
        let text = String::from_utf8(output.stdout).unwrap();
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let odoo = Self {
            variables: text.lines().filter_map(pair).collect(),
            runtime,
            client: reqwest::Client::new(),
        };
        let domain = json!([["name", "=", currency], ["active", "in", [true, false]]]);
        let id = odoo.call("res.currency", "search", json!({ "domain": domain }))[0].clone();
        odoo.call("res.currency", "write", json!({ "ids": [id], "vals": { "active": true } }));
        odoo.call("res.company", "write", json!({ "ids": [1], "vals": { "currency_id": id } }));
        Some(odoo)
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    fn call(&self, model: &str, method: &str, body: Value) -> Value {
        let url = format!("{}/json/2/{model}/{method}", self.variable("ODOO_URL"));
        let call = self
            .client
            .post(url)
            .bearer_auth(self.variable("ODOO_API_KEY"))
            .header("X-Odoo-Database", self.variable("ODOO_DB"))
            .json(&body);
        self.runtime.block_on(async {
            let answer = call.send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
            answer.json().await.unwrap()
        })
    }

    pub(crate) fn spec(&self) -> String {
        format!("odoo+{}/{}", self.variable("ODOO_URL"), self.variable("ODOO_DB"))
    }

    pub(crate) fn carry(&self, place: &Place, kind: &str, books: &str, more: &[&str]) -> Command {
        let spec = self.spec();
        let mut args = vec![kind, "--from", books, "--to", &spec, "--state", "state", "--json", "--quiet"];
        args.extend(more);
        let mut command = place.command(&args);
        command.env("ODOO_API_KEY", self.variable("ODOO_API_KEY"));
        command
    }

    /// What Odoo's own ledger says customers owe and suppliers are owed, per currency, in cents of it.
    fn open_balances(&self, account_type: &str) -> BTreeMap<String, i64> {
        let lines = self.call(
            "account.move.line",
            "search_read",
            json!({
                "domain": [["account_id.account_type", "=", account_type], ["parent_state", "=", "posted"]],
                "fields": ["currency_id", "amount_residual_currency"],
            }),
        );
        let mut sums = BTreeMap::new();
        for line in lines.as_array().unwrap() {
            let currency = line["currency_id"][1].as_str().unwrap().to_owned();
            *sums.entry(currency).or_default() += cents(&line["amount_residual_currency"].to_string());
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }

    pub(crate) fn documents(&self) -> i64 {
        let domain = json!([["move_type", "!=", "entry"]]);
        self.call("account.move", "search_count", json!({ "domain": domain })).as_i64().unwrap()
    }
}

/// An amount as written, in hundredths.
fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let part: i64 = format!("{part:0<2}").get(..2).unwrap().parse().unwrap();
    whole.parse::<i64>().unwrap() * 100 + sign * part
}

fn expected_balances(books: &Value, ledger: &str, sign: i64) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in books[ledger].as_array().unwrap() {
        let currency = row["currency"].as_str().unwrap().to_owned();
        *sums.entry(currency).or_default() += sign * cents(row["balance"].as_str().unwrap());
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Odoo's own ledger must say what the books say, and every document must have been compared and found equal.
pub(crate) fn check(odoo: &Odoo, name: &str, done: &Value) {
    let books = expected(name);
    assert_eq!(odoo.open_balances("asset_receivable"), expected_balances(&books, "receivable", 1), "{name}");
    assert_eq!(odoo.open_balances("liability_payable"), expected_balances(&books, "payable", -1), "{name}");
    assert_eq!(done["reconciliation"]["different"], 0, "{done:#}");
}
