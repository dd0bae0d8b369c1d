//! Migrations between simulated platforms, and signing in to one, through the real binary over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;
use support::{Place, sum};

#[test]
fn a_sample_company_goes_from_one_simulated_platform_to_the_other() {
    for (from, to) in [("quickbooks", "xero"), ("xero", "quickbooks")] {
        let place = Place::new();
        let done = place.carry(&["try", "--from", from, "--to", to, "--invoices", "40", "--json", "--quiet"]);
        assert_eq!(done.stderr, "");
        let tried = &done.expect(0).json()[0];
        assert_eq!(tried["name"], format!("{from} to {to}"));
        assert_eq!(tried["unexpected"], Value::Array(Vec::new()), "{tried:#}");
        assert_eq!(tried["reconciliation"]["agrees"], true, "{tried:#}");
        assert_eq!(tried["reconciliation"]["different"], 0);
        assert!(tried["reconciliation"]["compared"].as_u64().unwrap() > 100, "{tried:#}");
        assert_eq!(sum(tried, "failed"), 0);
        for entity in ["invoice", "bill", "payment", "bill_payment", "credit_note", "journal"] {
            assert!(tried["counts"][entity]["migrated"].as_u64().unwrap() > 0, "{entity} {tried:#}");
        }
        for title in ["QuickBooks Online", "Xero"] {
            assert!(tried["calls"][title].as_u64().unwrap() > 10, "{tried:#}");
        }
        let report = std::fs::read_to_string(tried["report"]["json"].as_str().unwrap()).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        let balances = report["contacts"].as_array().unwrap();
        assert!(balances.iter().all(|row| row["balance"]["before"] == row["balance"]["after"]));
        assert!(balances.len() > 5, "{balances:?}");
    }
}

#[test]
fn a_try_names_both_platforms_or_none() {
    let place = Place::new();
    place.carry(&["try", "--from", "quickbooks"]).expect(2);
    place.carry(&["try", "--from", "sage", "--to", "xero"]).expect(2);
    place.carry(&["try", "--from", "xero", "--to", "quickbooks", "--samples", "."]).expect(2);
    place.carry(&["try", "--invoices", "5"]).expect(2);
}

/// A sandbox that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_sandbox_is_signed_in_to_and_migrated_from() {
    let place = Place::new();
    let serve = ["sandbox", "xero", "--region", "au", "--invoices", "5", "--no-limits", "--json"];
    let mut sandbox = Running(place.command(&serve).stdout(Stdio::piped()).spawn().unwrap());
    let said: Value = {
        let out = BufReader::new(sandbox.0.stdout.as_mut().unwrap());
        serde_json::Deserializer::from_reader(out).into_iter().next().unwrap().unwrap()
    };
    let (api, connection) =
        (said["api"].as_str().unwrap(), said["companies"][0]["connection"].as_str().unwrap());
    assert!(connection.starts_with(&format!("xero+{api}/")), "{said:#}");
    let variables = said["variables"].as_object().unwrap();
    let signed = |args: &[&str]| {
        let mut command = place.command(args);
        command.envs(variables.iter().map(|(name, value)| (name, value.as_str().unwrap())));
        command
    };

    let connect = ["connect", "xero", "--api", api, "--port", "0", "--no-browser", "--state", "state"];
    let mut connecting = signed(&connect).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(connecting.stderr.take().unwrap()).lines().map(Result::unwrap);
    let page = stderr.find(|line| line.starts_with("http")).unwrap();
    consent(&page);
    let connected = support::Done::of(connecting.wait_with_output().unwrap()).expect(0);
    assert!(connected.stdout.contains(connection), "{}", connected.stdout);

    let full = ["full", "--from", connection, "--to", "t.sqlite", "--state", "state", "--json", "--quiet"];
    let done = support::Done::of(signed(&full).output().unwrap());
    assert!([0, 1].contains(&done.code), "{}", done.stderr);
    assert_eq!(done.json()["reconciliation"]["agrees"], true);
    assert!(place.query("t.sqlite", "select count(*) from documents where kind = 'invoice'") >= 4);
}

/// Does what a person does on the consent page: allows it, and lets the browser go where that leads.
fn consent(page: &str) {
    let answer = get(&format!("{page}&decision=allow"));
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    let back = get(location.unwrap_or_else(|| panic!("{answer}")));
    assert!(back.contains("Signed in."), "{back}");
}

fn get(url: &str) -> String {
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
