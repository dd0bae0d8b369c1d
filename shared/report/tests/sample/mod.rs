//! Reports to look at and to test with: a clean one, a realistic one, a hostile one.

#![allow(dead_code, reason = "each user takes what it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

pub(crate) mod stream;

use carry_model::{Code, Currency, Decimal, Entity, Fault, Ledger, Money, Place, Reject};
use carry_report::*;

pub(crate) fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

pub(crate) fn money(text: &str, currency: Currency) -> Money {
    Money::new(dec(text), currency)
}

pub(crate) fn same(text: &str) -> Compared {
    Compared::new(dec(text), dec(text)).unwrap()
}

pub(crate) fn header(kind: RunKind, state: RunState) -> RunHeader {
    let setting = |name: &str, value: &str| Setting { name: name.into(), value: value.into() };
    RunHeader {
        migration: "019ce000-6b5a-7c31-9f2e-1d1f4b1c0001".into(),
        id: "019ce001-0d2b-7a44-8a51-55b0a7e40002".into(),
        kind,
        state,
        state_reason: None,
        source: Side { system: "QuickBooks Online".into(), name: "Harbour & Finch Ltd".into() },
        target: Side { system: "Odoo 19".into(), name: "harbour-finch".into() },
        started: "2026-03-02T14:05:00+02:00".parse().unwrap(),
        finished: Some("2026-03-02T14:08:27+02:00".parse().unwrap()),
        mode: Mode::Detailed,
        settings: vec![
            setting("Document numbers", "kept"),
            setting("Inactive records", "carried as archived"),
            setting("Home currency", "EUR"),
        ],
    }
}

pub(crate) fn summary(entity: Entity, available: u64, skipped: u64, failed: u64) -> EntitySummary {
    EntitySummary {
        available,
        skipped,
        failed,
        migrated: available - skipped - failed,
        ..EntitySummary::new(entity)
    }
}

pub(crate) fn document(
    entity: Entity,
    n: u64,
    contact: &str,
    currency: Currency,
    total: &str,
    open: &str,
) -> DocumentBalance {
    DocumentBalance {
        entity,
        source_id: format!("{}", 4000 + n).into(),
        number: Some(format!("{n:05}")),
        target_id: Some(format!("{}", 90 + n).into()),
        contact: Some(contact.into()),
        date: Some("2025-11-14".parse().unwrap()),
        currency,
        total: same(total),
        outstanding: same(open),
        missing: false,
    }
}

pub(crate) fn contact(ledger: Ledger, name: &str, currency: Currency, balance: Compared) -> ContactBalance {
    ContactBalance { ledger, contact: name.into(), source_id: None, target_id: None, currency, balance }
}

/// Two documents, all well.
pub(crate) fn clean() -> (RunReport, MemoryRows) {
    let run = RunReport {
        run: header(RunKind::Demo, RunState::Finished),
        summary: vec![summary(Entity::Contact, 1, 0, 0), summary(Entity::Invoice, 2, 0, 0)],
        reconciliation: Reconciliation {
            not_performed: None,
            control_totals: vec![ControlTotal {
                entity: Entity::Invoice,
                currency: Some(Currency::EUR),
                records: Counts { before: 2, not_carried: 0, after: 2 },
                total: Some(same("1309.00")),
                outstanding: Some(same("119")),
            }],
            clearing: vec![ClearingBalance {
                account: "999999 Migration clearing".into(),
                balance: money("0.00", Currency::EUR),
            }],
        },
        not_carried: vec![],
        findings: vec![],
        stages: vec![StageTiming { stage: "load".into(), records: 3, duration_ms: 412 }],
    };
    let rows = MemoryRows {
        documents: vec![
            document(Entity::Invoice, 42, "Acme Ltd", Currency::EUR, "1190.00", "0"),
            document(Entity::Invoice, 43, "Acme Ltd", Currency::EUR, "119.00", "119.00"),
        ],
        contacts: vec![contact(Ledger::Receivable, "Acme Ltd", Currency::EUR, same("119.00"))],
        crosswalk: vec![CrosswalkRow {
            entity: Entity::Invoice,
            source_id: "4042".into(),
            source_number: Some("00042".into()),
            target_id: "132".into(),
            target_number: Some("00042".into()),
            note: None,
        }],
        ..MemoryRows::default()
    };
    (run, rows)
}

const NAMES: [&str; 24] = [
    "Acme Ltd",
    "Blue Heron Catering",
    "Cooper & Sons",
    "Delacroix Frères SARL",
    "Ebenholz GmbH",
    "Fjord Logistics AS",
    "Gables Property Management",
    "Hartmann Elektrotechnik",
    "Iris Photography",
    "Jansen Bouw B.V.",
    "Kestrel Consulting",
    "Łódź Textiles",
    "Mill Lane Dental Practice",
    "North Quay Fisheries",
    "Oak Street Bakery",
    "Pemberton Joinery",
    "Quarry Hill School",
    "Rossi Costruzioni S.r.l.",
    "St. Mary's Hospice",
    "Thornbury Vets",
    "Umbra Lighting Design",
    "Vantage Point Surveyors of the Greater Metropolitan Area and Adjoining Counties",
    "Wren & Daughters",
    "Zoë Müller",
];

fn reject(code: Code, n: u64, place: Place, column: &str, text: &str, detail: &str, raw: &str) -> RejectRow {
    let fault = Fault::new(code).field(column).text(text).detail(detail).raw(raw);
    let outcome = if matches!(code.kind(), carry_model::Kind::Unsupported) {
        Outcome::Skipped
    } else {
        Outcome::Failed
    };
    let entity = if place.file.starts_with("Bills") { Entity::Bill } else { Entity::Invoice };
    let reject = Reject {
        entity,
        id: Some(format!("{}", 4000 + n).into()),
        number: Some(format!("{n:05}")),
        place,
        fault,
        raw: String::new(),
    };
    RejectRow {
        contact: Some(NAMES[n as usize % NAMES.len()].into()),
        amount: n.is_multiple_of(3).then(|| money("1480.50", Currency::EUR)),
        ..RejectRow::new(outcome, &reject)
    }
}

fn place(file: &str, line: u64, last_line: u64) -> Place {
    Place { file: file.into(), line, last_line }
}

fn rejects() -> Vec<RejectRow> {
    vec![
        reject(Code::AmountUnreadable, 61, place("Invoices.csv", 114, 0), "Amount", "1.2.30,0", "", ""),
        reject(
            Code::AmountUnreadable,
            63,
            place("Invoices.csv", 131, 134),
            "Tax amount",
            "n/a",
            "The cell holds no figure.",
            "",
        ),
        reject(
            Code::DateUnreadable,
            66,
            place("Invoices.csv", 151, 0),
            "Due date",
            "31/02/2025",
            "February has no day 31.",
            "",
        ),
        reject(
            Code::TargetRefused,
            72,
            place("Invoices.csv", 190, 193),
            "",
            "",
            "",
            "ValidationError: The currency GBP is not active. Activate it before you post entries in it.",
        ),
        reject(Code::DraftNotCarried, 75, place("Invoices.csv", 201, 0), "", "", "", ""),
        reject(Code::DraftNotCarried, 79, place("Bills.csv", 18, 0), "", "", "", ""),
    ]
}

/// What a year of a small business looks like: 214 documents, two currencies, some rows that must fail.
pub(crate) fn realistic(different: bool) -> (RunReport, MemoryRows) {
    let mut rows = MemoryRows { rejects: rejects(), ..MemoryRows::default() };
    for n in 0..214_u64 {
        let currency = if n % 7 == 3 { Currency::USD } else { Currency::EUR };
        let entity = match n % 9 {
            0..=5 => Entity::Invoice,
            6..=7 => Entity::Bill,
            _ => Entity::CreditNote,
        };
        let total = format!("{}.{:02}", 90 + n * n % 3700, n * 37 % 100);
        let open = if n % 4 == 1 { total.clone() } else { "0".to_owned() };
        let contact = NAMES[n as usize % NAMES.len()];
        rows.documents.push(document(entity, n + 1, contact, currency, &total, &open));
        let (before, after) =
            (format!("{:05}", n + 1), if n == 17 { "00018-2".into() } else { format!("{:05}", n + 1) });
        rows.crosswalk.push(CrosswalkRow {
            entity,
            source_id: format!("{}", 4001 + n).into(),
            source_number: Some(before),
            target_id: format!("{}", 91 + n).into(),
            target_number: Some(after),
            note: (n == 17)
                .then(|| "The number is taken by an invoice that was in the target before.".to_owned()),
        });
    }
    rows.crosswalk.push(CrosswalkRow {
        entity: Entity::Contact,
        source_id: "18".into(),
        source_number: Some("Cooper & Sons".into()),
        target_id: "57".into(),
        target_number: Some("Cooper & Sons (supplier)".into()),
        note: Some("The target wants names that differ; a customer of this name exists.".into()),
    });
    for (n, name) in NAMES.iter().enumerate() {
        let figure = dec(&format!("{}.{:02}", 40 + n * n * 61 % 18_000, n * 41 % 100));
        let open = if n == 6 { dec("1480.50") } else { Decimal::ZERO };
        let balance = Compared::explained(figure + open, open, figure).unwrap();
        rows.contacts.push(contact(Ledger::Receivable, name, Currency::EUR, balance));
        if n % 3 == 0 {
            rows.contacts.push(contact(
                Ledger::Payable,
                name,
                Currency::EUR,
                same(&format!("{}.10", n * 417)),
            ));
        }
        if n % 5 == 0 {
            rows.contacts.push(contact(
                Ledger::Receivable,
                name,
                Currency::USD,
                same(&format!("{}.99", n * 217)),
            ));
        }
    }
    if different {
        rows.documents[40].outstanding = Compared::new(dec("250.00"), dec("249.99")).unwrap();
        rows.documents[77].missing = true;
        rows.documents[77].outstanding = Compared::new(dec("820.40"), Decimal::ZERO).unwrap();
        rows.documents[77].total = Compared::new(dec("820.40"), Decimal::ZERO).unwrap();
        rows.contacts[4].balance = Compared::new(dec("250.00"), dec("249.99")).unwrap();
    }
    rows.adjustments = adjustments();
    (realistic_run(), rows)
}

fn adjustments() -> Vec<Adjustment> {
    let adjustment = |n: u64, kind, amount: &str, currency, why: &str| Adjustment {
        entity: Entity::Invoice,
        source_id: format!("{}", 4000 + n).into(),
        number: Some(format!("{n:05}")),
        target_id: Some(format!("{}", 90 + n).into()),
        contact: Some(NAMES[n as usize % NAMES.len()].into()),
        kind,
        amount: money(amount, currency),
        why: why.into(),
        moved: None,
    };
    let other_account = Adjustment {
        moved: Some(Moved {
            from: Some("Discounts given".into()),
            to: None,
            debit: money("12.50", Currency::USD),
            home: money("11.46", Currency::EUR),
        }),
        ..adjustment(
            61,
            AdjustmentKind::OtherAccount,
            "12.50",
            Currency::USD,
            "Its discount is on the target's own account for discounts.",
        )
    };
    vec![
        other_account,
        adjustment(
            12,
            AdjustmentKind::AdjustmentLine,
            "-0.01",
            Currency::EUR,
            "The target rounds tax per document, the source per line.",
        ),
        adjustment(
            31,
            AdjustmentKind::AdjustmentLine,
            "0.02",
            Currency::EUR,
            "The target rounds tax per document, the source per line.",
        ),
        adjustment(
            58,
            AdjustmentKind::SettlementPayment,
            "1250.00",
            Currency::USD,
            "Settled by a write-off, which the target has no counterpart for.",
        ),
    ]
}

fn realistic_run() -> RunReport {
    let finding = |kind, file: &str, column: Option<&str>, text: &str| Finding {
        kind,
        file: file.into(),
        column: column.map(str::to_owned),
        text: text.into(),
    };
    let stage = |stage: &str, records, duration_ms| StageTiming { stage: stage.into(), records, duration_ms };
    let control = |entity, before: u64, not_carried, total: Option<&str>, open: Option<&str>| ControlTotal {
        entity,
        currency: total.map(|_| Currency::EUR),
        records: Counts { before, not_carried, after: before - not_carried },
        total: total.map(same),
        outstanding: open.map(same),
    };
    RunReport {
        run: header(RunKind::Full, RunState::FinishedWithIssues),
        summary: vec![
            summary(Entity::Account, 84, 0, 0),
            EntitySummary { unchanged: 20, migrated: 4, ..summary(Entity::Contact, 24, 0, 0) },
            summary(Entity::Item, 61, 0, 0),
            summary(Entity::Estimate, 12, 12, 0),
            EntitySummary { unchanged: 20, updated: 1, migrated: 125, ..summary(Entity::Invoice, 151, 1, 4) },
            summary(Entity::Bill, 48, 1, 0),
            summary(Entity::CreditNote, 21, 0, 0),
            summary(Entity::Payment, 160, 0, 0),
        ]
        .into_iter()
        .map(|row| {
            if row.entity == Entity::Estimate {
                EntitySummary { skipped: 0, not_selected: 12, ..row }
            } else {
                row
            }
        })
        .collect(),
        reconciliation: Reconciliation {
            not_performed: None,
            control_totals: vec![
                control(Entity::Contact, 24, 0, None, None),
                control(Entity::Invoice, 151, 5, Some("184220.17"), Some("41033.20")),
                control(Entity::Bill, 48, 1, Some("60114.09"), Some("12010.00")),
                control(Entity::CreditNote, 21, 0, Some("4310.55"), Some("0.00")),
            ],
            clearing: vec![
                ClearingBalance {
                    account: "999999 Migration clearing".into(),
                    balance: money("0.00", Currency::EUR),
                },
                ClearingBalance {
                    account: "999999 Migration clearing".into(),
                    balance: money("0.00", Currency::USD),
                },
            ],
        },
        not_carried: not_carried(),
        findings: vec![
            finding(
                FindingKind::NotUnderstood,
                "Invoices.csv",
                Some("Loyalty pts"),
                "Nothing in the books corresponds to this column; 140 of 151 rows have a figure in it. It was not carried.",
            ),
            finding(
                FindingKind::Assumption,
                "Invoices.csv",
                Some("Invoice date"),
                "Read as day/month/year: 63 of 151 dates have a first part above 12, none has a second part above 12.",
            ),
            finding(
                FindingKind::Assumption,
                "Bills.csv",
                Some("Amount"),
                "Decimal comma: 44 of 48 amounts end in a comma and two digits.",
            ),
            finding(
                FindingKind::Notice,
                "Customers.xlsx",
                None,
                "A header row was found on line 4 and a total row on line 29; both were passed over.",
            ),
        ],
        stages: vec![
            stage("plan", 561, 214),
            stage("extract", 561, 1_290),
            stage("transform", 561, 870),
            stage("load", 543, 181_400),
            stage("reconcile", 214, 21_050),
            stage("report", 543, 312),
        ],
    }
}

fn not_carried() -> Vec<NotCarried> {
    vec![
        NotCarried {
            entity: Entity::Estimate,
            what: "estimates".into(),
            count: 12,
            totals: vec![money("31405.00", Currency::EUR), money("2200", Currency::USD)],
            outstanding: vec![],
            why: "The sales module is not installed in the target.".into(),
        },
        NotCarried {
            entity: Entity::Invoice,
            what: "invoices, skipped or failed".into(),
            count: 5,
            totals: vec![money("1480.50", Currency::EUR)],
            outstanding: vec![money("1480.50", Currency::EUR)],
            why: "Listed one by one under skipped and failed records.".into(),
        },
        NotCarried {
            entity: Entity::Attachment,
            what: "attachments".into(),
            count: 88,
            totals: vec![],
            outstanding: vec![],
            why: "The export holds no files.".into(),
        },
    ]
}

/// Names that try to break out of the page or into the spreadsheet.
pub(crate) fn hostile() -> (RunReport, MemoryRows) {
    let (mut run, mut rows) = clean();
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let formula = "=HYPERLINK(\"http://evil.example\",\"pay\")";
    run.run.source.name = script.into();
    run.run.settings.push(Setting { name: script.into(), value: script.into() });
    run.findings.push(Finding {
        kind: FindingKind::Notice,
        file: script.into(),
        column: Some(script.into()),
        text: formula.into(),
    });
    rows.contacts[0].contact = formula.into();
    rows.documents[0].contact = Some(script.into());
    rows.documents[0].number = Some("+1+cmd|' /C calc'!A0".into());
    rows.documents[0].total = Compared::new(dec("5"), dec("-4")).unwrap();
    rows.crosswalk[0].source_number = Some(script.into());
    rows.crosswalk[0].note = Some("-2+3".into());
    let fault = Fault::new(Code::TargetRefused)
        .text(script)
        .raw(script)
        .detail(script)
        .field(script)
        .hint("@SUM(A1)");
    let reject = Reject {
        entity: Entity::Invoice,
        id: Some(script.into()),
        number: None,
        place: place(script, 3, 0),
        fault,
        raw: String::new(),
    };
    rows.rejects.push(RejectRow::new(Outcome::Failed, &reject));
    (run, rows)
}
