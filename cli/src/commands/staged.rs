//! staged: batches as tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_connector::RawBatch;
use carry_model::{Body, Code, Entity, Fault, Record, Reject};
use carry_pipeline::RunStore;
use carry_ports::{Run, Stage, Staging, places};
use serde_json::{Value, json};

use crate::args::{Common, Staged};
use crate::commands::books;
use crate::exit::Exit;
use crate::output;
use crate::session::Session;

/// Lists batches, or shows one, or an entity's records, or the refused rows.
pub(crate) async fn run(common: &Common, args: &Staged) -> Result<Exit, Fault> {
    let session = Session::to_read(&common.state)?;
    let migration = session.one_migration(&args.which).await?;
    let run = session.run(&migration, args.run.as_deref(), |_| true).await?;
    let root = session.folder.join("staging").join(places::run(&run.migration, &run.id));
    let size = |key: &str| std::fs::metadata(root.join(key)).ok().map(|file| file.len());
    show(common, args, session.staging.clone(), &run, size).await
}

/// Shows what the arguments ask for of a run's staged objects; `size` knows an object's bytes, where anybody does.
pub(crate) async fn show(
    common: &Common,
    args: &Staged,
    staging: Arc<dyn Staging>,
    run: &Run,
    size: impl Fn(&str) -> Option<u64>,
) -> Result<Exit, Fault> {
    let store = RunStore::new(staging, run);
    let look = Look { common, limit: args.limit, store: &store };
    match (&args.batch, args.entity, args.rejects) {
        (Some(batch), _, _) => look.batch(batch).await?,
        (None, Some(entity), _) => look.entity(entity).await?,
        (None, None, true) => look.rejects().await?,
        (None, None, false) => look.list(run, size).await?,
    }
    Ok(Exit::Finished)
}

struct Look<'a> {
    common: &'a Common,
    limit: usize,
    store: &'a RunStore,
}

impl Look<'_> {
    /// Stage and entity with their batches and size.
    async fn list(&self, run: &Run, size: impl Fn(&str) -> Option<u64>) -> Result<(), Fault> {
        let mut groups: BTreeMap<(String, String), (u64, Option<u64>)> = BTreeMap::new();
        let mut keys = Vec::new();
        for key in self.store.list("").await? {
            let bytes = size(&key);
            let mut parts = key.split('/');
            let (stage, what) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            if key.ends_with(".jsonl.zst") && what != "done" {
                let (batches, sum) = groups.entry((stage.to_owned(), what.to_owned())).or_default();
                *batches += 1;
                *sum = bytes.map(|bytes| sum.unwrap_or_default() + bytes);
                keys.push(json!({ "key": key, "stage": stage, "entity": what, "bytes": bytes }));
            }
        }
        if self.common.json {
            return output::json(&json!({ "run": run.id, "batches": keys }));
        }
        let rows = groups.into_iter().map(|((stage, what), (batches, bytes))| {
            let bytes = bytes.map(output::count).unwrap_or_default();
            vec![stage, what.replace(".jsonl.zst", ""), output::count(batches), bytes]
        });
        output::line(&output::table(&["stage", "what", "batches", "bytes"], rows.collect(), &[2, 3]))?;
        output::note(
            "`carry staged --entity NAME` shows records, `--rejects` refused rows, `--json` the keys of batches.",
        );
        Ok(())
    }

    /// The records of an entity, up to the limit.
    async fn entity(&self, entity: Entity) -> Result<(), Fault> {
        let mut found = Vec::new();
        for key in books::batches(self.store, entity).await? {
            let room = self.limit.saturating_sub(found.len());
            if room == 0 {
                break;
            }
            found.extend(books::records(self.store, &key).await?.into_iter().take(room));
        }
        self.records(&found)
    }

    async fn rejects(&self) -> Result<(), Fault> {
        let mut found = Vec::new();
        for key in books::rejects(self.store).await? {
            found.extend(self.store.get_rows::<Reject>(&key).await?);
        }
        found.truncate(self.limit);
        self.show_rejects(&found)
    }

    async fn batch(&self, key: &str) -> Result<(), Fault> {
        let lines =
            self.store.get_lines(key).await.map_err(|fault| {
                fault.hint("`carry staged --json` lists the keys of the batches there are.")
            })?;
        if key.starts_with(Stage::Extract.name()) {
            return self.raw(&RawBatch::from_jsonl(&lines)?);
        }
        if key.starts_with(&format!("{}/rejects/", Stage::Transform.name())) {
            return self.show_rejects(&self.parsed::<Reject>(&lines)?);
        }
        if key.starts_with(Stage::Transform.name()) {
            let mut records = carry_pipeline::parse_records(&lines)?;
            records.truncate(self.limit);
            return self.records(&records);
        }
        output::json(&self.parsed::<Value>(&lines)?)
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, lines: &[u8]) -> Result<Vec<T>, Fault> {
        let mut rows = carry_pipeline::parse_lines(lines)?;
        rows.truncate(self.limit);
        Ok(rows)
    }

    /// Source rows as they were read.
    fn raw(&self, batch: &RawBatch) -> Result<(), Fault> {
        let rows = batch.rows().take(self.limit).collect::<Result<Vec<_>, _>>()?;
        if self.common.json {
            let parsed = rows.iter().map(|row| {
                let data: Value = serde_json::from_str(row.data.get())
                    .map_err(|e| Fault::new(Code::StagingCorrupt).caused_by(e))?;
                Ok(json!({ "line": row.line, "last": row.last, "data": data }))
            });
            let parsed = parsed.collect::<Result<Vec<_>, Fault>>()?;
            return output::json(&json!({ "header": batch.header, "rows": parsed }));
        }
        output::line(&format!("{} of {}", batch.header.entity.plural(), batch.header.file))?;
        let table = rows.iter().map(|row| vec![row.line.to_string(), output::cell(row.data.get())]);
        output::line(&output::table(&["line", "as read"], table.collect(), &[0]))?;
        self.more(rows.len(), batch.rows);
        Ok(())
    }

    fn records(&self, records: &[Record]) -> Result<(), Fault> {
        if self.common.json {
            return output::json(&records);
        }
        let rows = records.iter().map(row);
        let header = ["id", "number", "date", "contact", "", "total", "open", "place"];
        output::line(&output::table(&header, rows.collect(), &[5, 6]))?;
        self.more(records.len(), self.limit);
        Ok(())
    }

    fn show_rejects(&self, rejects: &[Reject]) -> Result<(), Fault> {
        if self.common.json {
            return output::json(&rejects);
        }
        let rows = rejects.iter().map(|reject| {
            let number = reject.number.clone().unwrap_or_default();
            vec![
                reject.place.to_string(),
                format!("{} {}", reject.entity, output::cell(&number)),
                format!("{} {}", reject.fault.code.id(), reject.fault.sentence()),
                output::cell(&reject.fault.text),
            ]
        });
        output::line(&output::table(&["place", "what", "why", "text"], rows.collect(), &[]))?;
        self.more(rejects.len(), self.limit);
        Ok(())
    }

    fn more(&self, shown: usize, all: usize) {
        if shown == self.limit && all >= shown {
            output::note(&format!("The first {shown}; --limit shows more."));
        }
    }
}

/// A record in a row; texts of customers are cut to what a terminal can take.
fn row(record: &Record) -> Vec<String> {
    let text = |value: Option<String>| value.map(|value| output::cell(&value)).unwrap_or_default();
    let (date, contact, currency, total, open) = match &record.body {
        Body::Document(d) => (
            Some(d.date.to_string()),
            d.contact.as_ref().map(ToString::to_string),
            Some(d.currency.to_string()),
            Some(d.total.to_string()),
            d.outstanding.map(|open| open.to_string()),
        ),
        Body::Payment(p) => (
            Some(p.date.to_string()),
            p.contact.as_ref().map(ToString::to_string),
            Some(p.currency.to_string()),
            Some(p.amount.to_string()),
            p.unapplied().ok().map(|open| open.to_string()),
        ),
        Body::OpenBalance(o) => {
            (None, None, o.currency.map(|c| c.to_string()), None, Some(o.outstanding.to_string()))
        }
        Body::Transfer(t) => {
            (Some(t.date.to_string()), None, Some(t.currency.to_string()), Some(t.amount.to_string()), None)
        }
        Body::BankTransaction(b) => (
            Some(b.date.to_string()),
            b.contact.as_ref().map(ToString::to_string),
            Some(b.currency.to_string()),
            Some(b.total.to_string()),
            None,
        ),
        Body::Journal(j) => (Some(j.date.to_string()), None, Some(j.currency.to_string()), None, None),
        _ => (None, None, None, None, None),
    };
    let id = Some(record.id.to_string());
    let number = record.number.clone();
    let columns = [id, number, date, contact, currency, total, open, Some(record.place.to_string())];
    columns.into_iter().map(text).collect()
}
