//! What a run came to, as its report tells it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use carry_pipeline::{Ended, Engine, report_files};

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
    let files = Files::default();
    let kept = files.clone();
    report_files(engine, &ended.run, move |name| {
        Ok(Box::new(Kept(kept.clone(), name.to_owned())) as Box<dyn Write + Send>)
    })
    .await
    .unwrap();
    let files = std::mem::take(&mut *files.lock().unwrap());
    let tables = files.into_iter().filter(|(name, _)| name.ends_with(".csv"));
    tables.map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
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
