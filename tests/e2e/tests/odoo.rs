//! The sample books into a real Odoo 19: balances read back over Odoo's own API, a second run, a run killed while
//! it loads, a rollback. Skipped with a printed line where no Odoo can be had.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::odoo::{Odoo, check};
use support::{Place, sample};

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
