//! The sample books into a real Odoo 19: balances read back over Odoo's own API, a second run, a run killed while
//! it loads, a rollback. Skipped with a printed line where no Odoo can be had.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Place, expected, sample};

/// A fresh company of a real Odoo.
struct Odoo {
    variables: HashMap<String, String>,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Odoo {
    /// With its ledger in that currency; None where there is no Odoo to be had here.
    fn up(database: &str, currency: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../odoo/up");
        let output =
            Command::new(script).args(["--fresh", database]).stderr(Stdio::inherit()).output().unwrap();
        if output.status.code() == Some(77) {
            println!("skipped: no Odoo can be had on this machine");
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

    fn variable(&self, name: &str) -> &str {
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

    fn spec(&self) -> String {
        format!("odoo+{}/{}", self.variable("ODOO_URL"), self.variable("ODOO_DB"))
    }

    fn carry(&self, place: &Place, kind: &str, books: &str, more: &[&str]) -> Command {
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

    fn documents(&self) -> i64 {
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
fn check(odoo: &Odoo, name: &str, done: &Value) {
    let books = expected(name);
    assert_eq!(odoo.open_balances("asset_receivable"), expected_balances(&books, "receivable", 1), "{name}");
    assert_eq!(odoo.open_balances("liability_payable"), expected_balances(&books, "payable", -1), "{name}");
    assert_eq!(done["reconciliation"]["different"], 0, "{done:#}");
}

fn finish(mut command: Command) -> Value {
    let output = command.output().unwrap();
    let code = output.status.code().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(code <= 1, "exit code {code}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Records written; what the source says to be open is noted, not written.
fn created(done: &Value) -> u64 {
    let counts = done["counts"].as_object().unwrap().iter().filter(|(entity, _)| *entity != "open_balance");
    counts.map(|(_, c)| c).map(|c| c["migrated"].as_u64().unwrap() + c["updated"].as_u64().unwrap()).sum()
}

#[test]
fn quickbooks_again_killed_and_rolled_back() {
    let Some(odoo) = Odoo::up("e2e_quickbooks", "USD") else { return };
    let place = Place::with("quickbooks");
    kill_while_loading(odoo.carry(&place, "full", "books", &[]), &odoo);
    let done = finish(odoo.carry(&place, "full", "books", &[]));
    assert_eq!(done["attempts"], 2, "the killed run was resumed");
    check(&odoo, "quickbooks", &done);
    let documents = odoo.documents();

    let again = finish(odoo.carry(&place, "full", "books", &[]));
    check(&odoo, "quickbooks", &again);
    assert_eq!((odoo.documents(), created(&again)), (documents, 0), "nothing is doubled");

    finish(odoo.carry(&place, "rollback", "books", &["--all", "--yes"]));
    assert_eq!(odoo.documents(), 0, "every document is gone");
}

/// Kills the process once Odoo holds some of the invoices.
fn kill_while_loading(mut command: Command, odoo: &Odoo) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(240);
    while odoo.documents() < 40 {
        assert!(Instant::now() < patience, "nothing arrives");
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn xero() {
    let Some(odoo) = Odoo::up("e2e_xero", "GBP") else { return };
    let place = Place::with("xero");
    let done = finish(odoo.carry(&place, "full", "books", &[]));
    check(&odoo, "xero", &done);
}

#[test]
fn gnucash() {
    let Some(odoo) = Odoo::up("e2e_gnucash", "EUR") else { return };
    let place = Place::new();
    let book = sample("gnucash").join("book.gnucash");
    let done = finish(odoo.carry(&place, "full", book.to_str().unwrap(), &[]));
    check(&odoo, "gnucash", &done);
}
