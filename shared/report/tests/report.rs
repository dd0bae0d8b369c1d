//! A report as its readers see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod sample;

use std::sync::{Arc, Mutex};

use carry_model::{Code, Currency, Decimal, Entity, Ledger};
use carry_report::*;
use sample::stream::Stream;

fn html(run: &RunReport, rows: &dyn ReportRows) -> String {
    let mut out = Vec::new();
    Report::new(run, rows).unwrap().html(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(run: &RunReport, rows: &dyn ReportRows) -> String {
    let mut out = Vec::new();
    Report::new(run, rows).unwrap().json(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn csv(run: &RunReport, rows: &dyn ReportRows, table: Table) -> String {
    let mut out = Vec::new();
    Report::new(run, rows).unwrap().csv(table, &mut out).unwrap();
    String::from_utf8(out).unwrap().strip_prefix('\u{feff}').expect("a byte order mark").to_owned()
}

fn verdict(run: &RunReport, rows: &MemoryRows) -> Verdict {
    Report::new(run, rows).unwrap().verdict().clone()
}

/// The page without style and script, one element a line, so that a change of words is seen at once.
fn body_lines(page: &str) -> String {
    let body = &page[page.find("<body>").unwrap()..page.find("<script>").unwrap()];
    body.replace("><", ">\n<")
}

#[test]
fn a_clean_run_as_json_and_page() {
    let (run, rows) = sample::clean();
    insta::assert_snapshot!("clean_json", json(&run, &rows));
    insta::assert_snapshot!("clean_page", body_lines(&html(&run, &rows)));
}

#[test]
fn every_table_as_csv() {
    let (run, mut rows) = sample::realistic(true);
    rows.documents.truncate(3);
    rows.contacts.truncate(8);
    rows.crosswalk.drain(..210);
    rows.vanished.push(VanishedRow {
        entity: Entity::Invoice,
        source_id: "4999".into(),
        number: Some("00999".into()),
        target_id: Some("1089".into()),
        amount: Some(sample::money("75", Currency::EUR)),
        action: "left as it is".into(),
    });
    let all: String = Table::ALL
        .iter()
        .map(|table| {
            format!("== {}\n{}\n", table.file_name(), csv(&run, &rows, *table).replace("\r\n", "\n"))
        })
        .collect();
    insta::assert_snapshot!("tables", all);
}

#[test]
fn json_reads_back_as_what_it_was_written_from() {
    for (run, rows) in [sample::clean(), sample::realistic(true), sample::hostile()] {
        let text = json(&run, &rows);
        assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), run);
        assert_eq!(serde_json::from_str::<MemoryRows>(&text).unwrap(), rows);
    }
}

#[test]
fn empty_lists_are_valid_json() {
    let (run, _) = sample::clean();
    let value: serde_json::Value = serde_json::from_str(&json(&run, &MemoryRows::default())).unwrap();
    assert_eq!(value["crosswalk"], serde_json::json!([]));
    assert_eq!(value["verdict"]["status"], "agrees");
}

#[test]
fn a_clean_run_agrees_and_says_so() {
    let (run, rows) = sample::clean();
    let verdict = verdict(&run, &rows);
    assert_eq!(verdict.status, VerdictStatus::Agrees);
    assert_eq!(
        verdict.sentence,
        "Every one of 2 documents carries the same total and the same outstanding balance in the target; \
         accounts receivable agree to the cent."
    );
    assert_eq!(verdict.remarks, ["The clearing account ends at zero in EUR."]);
}

#[test]
fn what_was_not_carried_is_said_and_explains_the_ledger() {
    let (run, rows) = sample::realistic(false);
    let verdict = verdict(&run, &rows);
    assert_eq!(verdict.status, VerdictStatus::AgreesInPart);
    assert!(
        verdict.sentence.ends_with("agree to the cent, apart from what was not carried."),
        "{}",
        verdict.sentence
    );
    assert!(verdict.remarks.iter().any(|remark| remark.contains("1,480.50 EUR")), "{:?}", verdict.remarks);
}

/// Each single thing that can be wrong turns the verdict, whatever else is well.
#[test]
fn nothing_that_differs_is_called_agreement() {
    type Spoil = fn(&mut RunReport, &mut MemoryRows);
    let spoils: [(&str, Spoil); 9] = [
        ("1 of 2 documents", |_, rows| {
            rows.documents[0].total = Compared::new(sample::dec("1"), sample::dec("1.01")).unwrap();
        }),
        ("1 of 2 documents", |_, rows| {
            rows.documents[1].outstanding = Compared::new(sample::dec("1"), sample::dec("0.99")).unwrap();
        }),
        ("no longer in the target", |_, rows| rows.documents[1].missing = true),
        ("1 contact balance differs", |_, rows| {
            rows.contacts[0].balance = Compared::new(sample::dec("1"), sample::dec("2")).unwrap();
        }),
        ("Control totals differ for invoices", |run, _| {
            run.reconciliation.control_totals[0].records.after = 1
        }),
        ("Control totals differ for invoices", |run, _| {
            let total = Compared::new(sample::dec("10"), sample::dec("9")).unwrap();
            run.reconciliation.control_totals[0].total = Some(total);
        }),
        ("ends at 0.01 EUR instead of zero", |run, _| {
            run.reconciliation.clearing[0].balance = sample::money("0.01", Currency::EUR);
        }),
        ("Invoices at the source: 3; with an outcome: 2.", |run, _| run.summary[1].available = 3),
        ("Invoices skipped or failed: 1; listed with a reason: 0.", |run, _| {
            run.summary[1].available = 3;
            run.summary[1].failed = 1;
        }),
    ];
    for (words, spoil) in spoils {
        let (mut run, mut rows) = sample::clean();
        spoil(&mut run, &mut rows);
        let verdict = verdict(&run, &rows);
        assert_eq!(verdict.status, VerdictStatus::Differs, "{words}");
        let said = format!("{} {}", verdict.sentence, verdict.remarks.join(" "));
        assert!(said.contains(words), "'{words}' not in '{said}'");
    }
}

#[test]
fn a_run_that_did_not_end_or_was_not_read_back_does_not_agree() {
    let (mut run, rows) = sample::clean();
    run.run.state = RunState::Cancelled;
    assert_eq!(verdict(&run, &rows).status, VerdictStatus::AgreesInPart);
    run.reconciliation.not_performed = Some("the run was cancelled before.".to_owned());
    let verdict = verdict(&run, &rows);
    assert_eq!(verdict.status, VerdictStatus::NotReconciled);
    assert_eq!(verdict.sentence, "The target was not read back: the run was cancelled before.");
}

#[test]
fn hostile_names_stay_text_on_the_page() {
    let (run, rows) = sample::hostile();
    let page = html(&run, &rows);
    let (_, body) = page.split_once("<body>").unwrap();
    assert_eq!(page.matches("<script>").count(), 1, "only our own script");
    assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("<img"), "no element out of a name");
    assert!(!page.contains("\"'><"), "no attribute is closed by a name");
    assert!(page.contains("<title>Migration report: &lt;script&gt;"));
}

#[test]
fn hostile_names_stay_text_in_a_spreadsheet() {
    let (run, rows) = sample::hostile();
    for table in Table::ALL {
        let text = csv(&run, &rows, *table);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), table.columns());
        for record in reader.records() {
            for field in &record.unwrap() {
                let formula =
                    field.starts_with(['=', '+', '-', '@']) && Decimal::from_str_exact(field).is_err();
                assert!(!formula, "{}: {field}", table.name());
            }
        }
    }
    assert!(csv(&run, &rows, Table::Contacts).contains("'=HYPERLINK"));
    assert!(csv(&run, &rows, Table::Documents).contains(",-9.00,"), "a negative amount stays a number");
}

#[test]
fn the_page_asks_no_other_host_for_anything() {
    let (run, rows) = sample::realistic(true);
    let page = html(&run, &rows);
    for forbidden in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn differences_stand_out_in_words_and_come_first() {
    let (run, rows) = sample::realistic(true);
    let page = html(&run, &rows);
    assert!(page.contains("<span class=\"flag\">differs</span> -0.01"));
    assert!(page.contains("<span class=\"flag\">missing</span> no longer in the target"));
    let contacts = &page[page.find("id=\"receivable-contacts\"").unwrap()..];
    let first = &contacts[contacts.find("<tbody>").unwrap()..];
    assert!(first.starts_with("<tbody><tr class=\"differs\">"), "{}", &first[..80]);
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    let (run, mut rows) = sample::clean();
    let yen: Currency = "JPY".parse().unwrap();
    rows.contacts.push(sample::contact(Ledger::Receivable, "Tanaka", yen, sample::same("1234567")));
    rows.contacts.push(sample::contact(
        Ledger::Receivable,
        "Odd cents",
        Currency::EUR,
        sample::same("12345.678"),
    ));
    let page = html(&run, &rows);
    assert!(page.contains(">1,234,567</td>"));
    assert!(page.contains(">12,345.678</td>"));
    assert!(verdict(&run, &rows).sentence.ends_with("agree to the smallest unit."));
}

struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn files_are_created_by_the_caller_and_named_after_their_tables() {
    let (run, rows) = sample::realistic(false);
    let mut created = Vec::new();
    let files = Files::write(&run, &rows, |name| {
        let written = Arc::new(Mutex::new(Vec::new()));
        created.push((name.to_owned(), written.clone()));
        Ok(Kept(written))
    });
    let Files { names, verdict: found } = files.unwrap();
    assert_eq!(found, verdict(&run, &rows));
    assert_eq!(names.len(), created.len());
    for (name, written) in &created {
        assert!(names.contains(name), "{name}");
        let mut alone = Vec::new();
        let report = Report::new(&run, &rows).unwrap();
        match Table::ALL.iter().find(|table| table.file_name() == *name) {
            Some(table) => report.csv(*table, &mut alone),
            None if name == HTML_FILE => report.html(&mut alone),
            None => report.json(&mut alone),
        }
        .unwrap();
        let written = written.lock().unwrap();
        assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&alone), "{name}");
    }
    assert_eq!(names.len(), Table::ALL.len() + 2);
    let page = html(&run, &rows);
    for name in &names {
        assert!(page.contains(&format!("href=\"{name}\"")), "{name}");
    }
}

#[test]
fn a_full_disk_and_a_broken_list_are_faults() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (run, rows) = sample::clean();
    let report = Report::new(&run, &rows).unwrap();
    for fault in [report.html(&mut Full), report.json(&mut Full), report.csv(Table::Crosswalk, &mut Full)] {
        let fault = fault.unwrap_err();
        assert_eq!(fault.code, Code::FileUnreadable);
        assert!(fault.raw.contains("no space left"), "{fault:?}");
    }

    let broken = Stream { fails: true, ..Stream::of(3) };
    assert_eq!(Report::new(&run, &broken).err().unwrap().code, Code::StagingCorrupt);
    let fault = Files::write(&run, &broken, |_| Ok(std::io::sink())).unwrap_err();
    assert_eq!(fault.code, Code::StagingCorrupt);
    let fault = Files::write(&run, &rows, |_| Ok(Full)).unwrap_err();
    assert!(fault.raw.contains("no space left"), "{fault:?}");
}

#[test]
fn the_page_shows_the_first_rows_and_counts_the_rest() {
    let (run, _) = sample::clean();
    let page = html(&run, &Stream::of(9_000));
    for words in [
        "Shown: 2,000 of 9,000 records. All of them are in <a href=\"crosswalk.csv\">",
        "Shown: 1,000 of 9,000 contact balances, those that differ first, then the largest. All of them are in",
        "Shown: 510 of 9,000 records. All of them are in <a href=\"rejects.csv\">",
        "And 8,490 more records of this cause.",
        "Shown: 500 of 9,000 adjustments.",
        "Contact 4321</th>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains(Code::DateUnreadable.sentence()), "a late cause is still shown");
}

#[test]
fn csv_and_json_are_complete_where_the_page_is_not() {
    let (run, _) = sample::clean();
    let rows = Stream::of(9_000);
    for table in [
        Table::Documents,
        Table::Contacts,
        Table::Adjustments,
        Table::Rejects,
        Table::Crosswalk,
        Table::Vanished,
    ] {
        assert_eq!(csv(&run, &rows, table).lines().count(), 9_001, "{}", table.name());
    }
    let value: serde_json::Value = serde_json::from_str(&json(&run, &rows)).unwrap();
    for list in ["documents", "contacts", "adjustments", "rejects", "crosswalk", "vanished"] {
        assert_eq!(value[list].as_array().unwrap().len(), 9_000, "{list}");
    }
}
