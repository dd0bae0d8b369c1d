//! Runs that are cut off, at once or politely, and go on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Done, Place, assert_same};

const INVOICES: usize = 12_000;

/// Below a state folder: what stages note.
const NOTES: &str = "staging/.notes.db";

fn full(place: &Place, target: &str, state: &str) -> Command {
    let args =
        ["full", "--from", "books", "--to", target, "--state", state, "--json", "--set", "home_currency=USD"];
    let mut command = place.command(&args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits until the load has written its first batches.
fn until_loading(child: &mut Child, state: &Path) {
    let began = Instant::now();
    while parts_loaded(state) < 3 {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be cut off");
        assert!(began.elapsed() < Duration::from_secs(120), "the run does not load");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How many parts the load has noted as done.
fn parts_loaded(state: &Path) -> i64 {
    let read_only = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    rusqlite::Connection::open_with_flags(state.join(NOTES), read_only)
        .and_then(|notes| {
            notes.query_row("select count(*) from notes where key like '%/load/%'", [], |row| row.get(0))
        })
        .unwrap_or_default()
}

#[test]
fn a_run_that_was_killed_goes_on_and_ends_like_one_that_was_not() {
    let place = Place::large(INVOICES);
    Done::of(full(&place, "undisturbed.sqlite", "undisturbed").output().unwrap()).expect(0);

    let mut child = full(&place, "target.sqlite", "state").spawn().unwrap();
    until_loading(&mut child, &place.path("state"));
    child.kill().unwrap();
    child.wait().unwrap();
    let there = place.query("target.sqlite", "select count(*) from documents");
    assert!(there < i64::try_from(INVOICES).unwrap(), "{there} documents were written before the kill");

    let summary = Done::of(full(&place, "target.sqlite", "state").output().unwrap()).expect(0).json();
    assert_eq!(summary["attempts"], 2);
    assert_eq!(summary["counts"]["invoice"]["migrated"], INVOICES, "{summary:#}");
    assert_eq!(summary["reconciliation"]["agrees"], true);
    assert_same(&place.content("undisturbed.sqlite"), &place.content("target.sqlite"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_run_that_goes_on() {
    let place = Place::large(INVOICES);
    let mut child = full(&place, "target.sqlite", "state").spawn().unwrap();
    until_loading(&mut child, &place.path("state"));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let done = Done::of(child.wait_with_output().unwrap()).expect(3);
    assert!(done.stderr.contains("Stopping after the batch at hand"), "{}", done.stderr);
    let error = done.json();
    assert_eq!(error["error"]["code"], "CF9001");

    let status = place.carry(&["status", "--state", "state", "--json"]).expect(0).json();
    assert_eq!(status["migrations"][0]["runs"][0]["state"], "paused");
    let other = ["demo", "--from", "books", "--to", "target.sqlite", "--state", "state", "--json"];
    assert_eq!(place.carry(&other).expect(2).json()["error"]["code"], "CF1005");

    let summary = Done::of(full(&place, "target.sqlite", "state").output().unwrap()).expect(0).json();
    assert_eq!(summary["counts"]["invoice"]["migrated"], INVOICES);
    assert_eq!(summary["attempts"], 2);
}

#[cfg(unix)]
#[test]
fn two_processes_never_work_in_one_state_folder() {
    let place = Place::large(INVOICES);
    let mut child = full(&place, "target.sqlite", "state").spawn().unwrap();
    until_loading(&mut child, &place.path("state"));
    let second = Done::of(full(&place, "target.sqlite", "state").output().unwrap()).expect(2).json();
    assert_eq!(second["error"]["code"], "CF1005");
    let first = Done::of(child.wait_with_output().unwrap()).expect(0).json();
    assert_eq!(first["reconciliation"]["agrees"], true);
}

#[test]
fn a_run_that_was_cut_off_before_its_report_gets_it_when_the_command_is_given_again() {
    let place = Place::with("quickbooks");
    let full =
        || place.carry(&["full", "--from", "books", "--to", "target.sqlite", "--state", "state", "--json"]);
    let first = full().expect(1).json();
    let [migration, run] = ["migration", "run"].map(|name| first[name].as_str().unwrap());

    // What a kill between the end of the run and its report leaves.
    let written = format!("migrations/{migration}/runs/{run}/report/written.json");
    let notes = rusqlite::Connection::open(place.path("state").join(NOTES)).unwrap();
    assert_eq!(notes.execute("delete from notes where key = ?1", [&written]).unwrap(), 1);
    drop(notes);
    let folder = Path::new(first["report"]["folder"].as_str().unwrap());
    std::fs::rename(folder.join("report.html"), folder.join(".new-report.html")).unwrap();

    let again = full().expect(1).json();
    assert_eq!(again, first, "the run that had finished gets its report");
    assert!(folder.join("report.html").is_file());
    let hidden = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    assert!(!std::fs::read_dir(folder).unwrap().flatten().any(hidden), "nothing unfinished is left");

    std::fs::remove_dir_all(folder).unwrap();
    let third = full().expect(1).json();
    assert_ne!(third["run"], first["run"], "a report that was thrown away is no reason to leave a run out");
}
