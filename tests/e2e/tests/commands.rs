//! The command line itself: help, exit codes, JSON everywhere, nothing of the books where it does not belong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use support::{Place, sample};

#[test]
fn help_is_as_documented() {
    let place = Place::new();
    insta::assert_snapshot!("help", place.carry(&["--help"]).expect(0).stdout);
    insta::assert_snapshot!("help_full", place.carry(&["full", "--help"]).expect(0).stdout);
    insta::assert_snapshot!("help_rollback", place.carry(&["rollback", "--help"]).expect(0).stdout);
}

#[test]
fn try_does_the_main_job() {
    let place = Place::new();
    let done = place.carry(&["try", "--samples", sample("").to_str().unwrap()]).expect(0);
    for name in ["quickbooks", "xero", "gnucash"] {
        assert!(done.stdout.contains(&format!("ok   {name}: Every one of")), "{}", done.stdout);
        assert!(done.stdout.contains(&format!("carryforward-try/{name}/state/reports/")), "{}", done.stdout);
    }
    let again =
        place.carry(&["try", "--samples", sample("").to_str().unwrap(), "--json", "--quiet"]).expect(0);
    let books = again.json();
    assert_eq!(books.as_array().unwrap().len(), 3);
    assert!(books[0]["counts"]["invoice"]["migrated"].as_u64().unwrap() > 100, "each try begins anew");
    assert_eq!(again.stderr, "");
}

#[test]
fn try_tells_of_rows_that_should_not_have_failed() {
    let place = Place::with("xero");
    let samples = place.path("samples");
    std::fs::create_dir(&samples).unwrap();
    std::fs::rename(place.path("books"), samples.join("xero")).unwrap();
    // Without expected.json no failure is expected.
    let done = place.carry(&["try", "--samples", "samples"]).expect(1);
    assert!(done.stdout.contains("LOOK xero"), "{}", done.stdout);
    assert!(done.stdout.contains("not expected: "), "{}", done.stdout);
}

#[test]
fn faults_end_with_the_code_that_is_documented() {
    let place = Place::with("xero");
    for (args, code, fault) in [
        (&["full", "--from", "nowhere", "--to", "t.sqlite"][..], 2, "CF1009"),
        (&["full", "--from", "books", "--to", "oracle://x/y"], 2, "CF1001"),
        (&["status", "--state", "none"], 2, "CF1006"),
        (&["delta", "--from", "books", "--to", "t.sqlite"], 2, "CF1008"),
        (&["full", "--from", "books", "--to", "t.sqlite", "--mapping", "none.toml"], 2, "CF1009"),
        (&["full", "--from", "books", "--to", "t.sqlite", "--set", "colour=red"], 2, "CF1001"),
        (&["full", "--from", "books/Contacts.csv.gz", "--to", "t.sqlite"], 2, "CF1009"),
    ] {
        let args = [args, &["--json"]].concat();
        let done = place.carry(&args).expect(code);
        let error = &done.json()["error"];
        assert_eq!(error["code"], fault, "{args:?}");
        assert!(done.stderr.contains(&format!("carry explain {fault}")), "{args:?}: {}", done.stderr);
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{args:?}");
    }
    place.carry(&["full"]).expect(2);
    place.carry(&["no-such-command"]).expect(2);
    place.carry(&["explain", "CF9999"]).expect(2);
}

#[test]
fn a_folder_without_books_is_no_success() {
    let place = Place::new();
    std::fs::create_dir(place.path("books")).unwrap();
    std::fs::write(place.path("books").join("notes.csv"), "a,b\n1,2\n").unwrap();
    let done = place.migrate("full", &[]).expect(2);
    assert_eq!(done.json()["error"]["code"], "CF1002");
}

#[test]
fn every_command_speaks_json() {
    let place = Place::with("xero");
    place.migrate("full", &[]).expect(1);
    let sides = ["--from", "books", "--to", "target.sqlite"];
    for args in [
        &["sources", "books"][..],
        &[&["plan"][..], &sides].concat(),
        &["status"],
        &["report"],
        &["staged"],
        &["staged", "--entity", "invoice"],
        &["staged", "--rejects"],
        &["rollback"],
        &["explain"],
        &["explain", "CF2001"],
    ] {
        let done = place.carry(&[args, &["--json", "--state", "state"]].concat()).expect(0);
        assert!(!done.json().is_null(), "{args:?}");
    }
}

#[test]
fn staged_batches_can_be_read() {
    let place = Place::with("xero");
    place.migrate("full", &[]).expect(1);
    let listed = place.carry(&["staged", "--state", "state", "--json"]).expect(0).json();
    for batch in listed["batches"].as_array().unwrap() {
        let key = batch["key"].as_str().unwrap();
        place.carry(&["staged", key, "--state", "state", "--json"]).expect(0).json();
        place.carry(&["staged", key, "--state", "state", "--limit", "2"]).expect(0);
    }
    let invoices = place.carry(&["staged", "--state", "state", "--entity", "invoice"]).expect(0);
    assert!(invoices.stdout.contains("SalesInvoices.csv:"), "{}", invoices.stdout);
    let rejects = place.carry(&["staged", "--state", "state", "--rejects"]).expect(0);
    assert!(rejects.stdout.contains("CF2001"), "{}", rejects.stdout);
}

#[test]
fn nothing_of_the_books_goes_to_stderr() {
    let place = Place::with("quickbooks");
    let args = ["full", "--from", "books", "--to", "target.sqlite", "--state", "state"];
    let mut command = place.command(&args);
    command.env("CARRY_LOG", "trace");
    let done = support::Done::of(command.output().unwrap()).expect(1);
    for text in ["Brightwater", "Marchand", "117.7S", "Alder"] {
        assert!(!done.stderr.contains(text), "{text}");
        assert!(!done.stdout.contains(text), "{text}");
    }
}

#[test]
fn a_password_is_neither_shown_nor_stored() {
    let place = Place::with("xero");
    let args = [
        "full",
        "--from",
        "books",
        "--to",
        "postgres://ann:s3cret@127.0.0.1:9/none",
        "--state",
        "state",
        "--json",
    ];
    let done = place.carry(&args);
    assert_ne!(done.code, 0);
    assert!(
        !done.stdout.contains("s3cret") && !done.stderr.contains("s3cret"),
        "{}{}",
        done.stdout,
        done.stderr
    );
}

#[test]
fn looking_changes_nothing() {
    let place = Place::with("xero");
    place.carry(&["sources", "books"]).expect(0);
    place.carry(&["plan", "--from", "books", "--to", "target.sqlite"]).expect(0);
    let names: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["books"]);
}

#[test]
fn a_run_that_was_given_up_makes_way() {
    let place = Place::with("xero");
    place.carry(&["cancel", "--state", "state"]).expect(2);
    place.migrate("full", &[]).expect(1);
    let none = place.carry(&["cancel", "--state", "state", "--json"]).expect(2).json();
    assert_eq!(none["error"]["code"], "CF1006");
}

#[test]
fn completion_scripts_are_written() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.carry(&["completion", shell]).expect(0).stdout;
        assert!(script.contains("remigrate"), "{shell}");
    }
}
