//! What a run came to, as its report tells it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use carry_model::Decimal;
use carry_pipeline::{Ended, Engine, report_files};
use carry_sandbox::json::{Json, decimal};

use crate::alike::Explained;
use crate::witness::{list, text};

type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

struct Kept(Files, String);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().entry(self.1.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The report's tables by file name.
pub async fn tables(engine: &Engine, ended: &Ended) -> BTreeMap<String, String> {
    let files = files(engine, ended).await.into_iter();
    let tables = files.filter(|(name, _)| name.ends_with(".csv"));
    tables.map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

/// What the report says of accounts on which more or less stands than in the source. What it does not name is an
/// account of the platforms' own: where they keep tax, or what rounding leaves.
pub async fn explained(engine: &Engine, ended: &Ended) -> Explained {
    let report = files(engine, ended).await.remove("report.json").unwrap();
    let report = Json::parse(&report).unwrap();
    let mut moved: BTreeMap<String, Decimal> = BTreeMap::new();
    for row in list(&report, "adjustments").iter().filter(|row| row.get("moved").is_some()) {
        let own = if text(row, "kind") == "rounding" { "(exchange)" } else { "(tax)" };
        let account = |side| match text(row, side) {
            "" => own.to_owned(),
            name => name.to_owned(),
        };
        let home = decimal(text(row, "moved.home.amount")).unwrap();
        *moved.entry(account("moved.to")).or_default() += home;
        *moved.entry(account("moved.from")).or_default() -= home;
    }
    Explained { moved, ..Explained::default() }
}

async fn files(engine: &Engine, ended: &Ended) -> BTreeMap<String, Vec<u8>> {
    let files = Files::default();
    let kept = files.clone();
    report_files(engine, &ended.run, move |name| {
        Ok(Box::new(Kept(kept.clone(), name.to_owned())) as Box<dyn Write + Send>)
    })
    .await
    .unwrap();
    std::mem::take(&mut *files.lock().unwrap())
}

/// Every figure agrees and nothing failed; panics with the rows that say otherwise.
pub async fn clean(engine: &Engine, ended: &Ended) {
    let failed: u64 = ended.tally.entities.values().map(|counts| counts.failed).sum();
    if ended.reconciled.agrees() && failed == 0 {
        return;
    }
    let mut shown = String::new();
    for (name, table) in tables(engine, ended).await {
        let in_order = match name.as_str() {
            "rejects.csv" => "\0",
            "contacts.csv" => ",0.00",
            "documents.csv" => ",equal",
            _ => continue,
        };
        let lines = table.lines().enumerate();
        let lines = lines.filter(|(at, line)| *at == 0 || !line.trim_end().ends_with(in_order));
        shown.push_str(&format!("{name}\n"));
        lines.take(40).for_each(|(_, line)| shown.push_str(&format!("  {line}\n")));
    }
    let figures =
        (ended.reconciled.different, ended.reconciled.contacts_different, &ended.reconciled.clearing);
    panic!("{shown}{:?} {figures:?}", ended.tally.entities);
}
