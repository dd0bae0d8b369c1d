//! The source side.

use async_trait::async_trait;
use carry_connector::{
    BatchBuilder, BatchHeader, Changes, Manifest, Pages, Partition, RawSink, Reader, Survey, Transformer,
};
use carry_model::{Code, Entity, Fault, Timestamp};
use serde_json::value::RawValue;

use crate::changes::{WHOLE, condition};
use crate::kinds::Kind;
use crate::manifest::MANIFEST;
use crate::session::QuickBooks;
use crate::transform::QuickBooksTransformer;

/// A platform that sends this many rows more than it counted sends them for ever.
const ROWS_BEYOND_COUNT_MAX: u64 = 10_000;

fn corrupt(what: &str) -> Fault {
    Fault::new(Code::StagingCorrupt).detail(what)
}

fn kind_of(partition: &Partition) -> Result<Kind, Fault> {
    let name = partition.spec.get("kind").and_then(serde_json::Value::as_str);
    name.and_then(Kind::named).ok_or_else(|| corrupt("a partition names no kind"))
}

#[async_trait]
impl Reader for QuickBooks {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        self.look(None).await
    }

    async fn changes(&self, since: Timestamp) -> Result<Option<Survey>, Fault> {
        match self.gone(since).await? {
            Some(gone) => self.look(Some(Changes { since, gone, whole: WHOLE.into() })).await.map(Some),
            None => Ok(None),
        }
    }

    async fn extract(
        &self,
        _survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let kind = kind_of(partition)?;
        let header = BatchHeader {
            entity: partition.entity,
            partition: partition.id.clone(),
            file: kind.name().to_owned(),
            shape: serde_json::json!({ "kind": kind.name() }),
        };
        let mut batch = BatchBuilder::new(header);
        if kind.entity() == Entity::TrackingCategory {
            return self.extract_list(kind, after, &mut batch, sink).await;
        }
        let since = partition.spec.get("since").and_then(serde_json::Value::as_str);
        let since = since.map(str::parse).transpose().map_err(|_| corrupt("a partition's time"))?;
        let condition = condition(kind, since);
        let mut next = match after {
            Some(cursor) => cursor.parse().map_err(|_| corrupt("a cursor"))?,
            None => 1_usize,
        };
        if kind == Kind::Attachable {
            let read = self.extract_files(next, &mut batch, sink).await?;
            return self.check_count(kind, &condition, partition, read).await;
        }
        let mut pages = Pages::of(kind.name());
        let mut surveyed = self.surveyed(kind, &condition).await.filter(|_| next == 1);
        loop {
            let whole = surveyed.is_some();
            let page = match surveyed.take() {
                Some(rows) => rows,
                None => self.company.page(kind, &condition, next).await?,
            };
            if page.is_empty() {
                break;
            }
            pages.take(&page)?;
            for row in &page {
                let line = u64::try_from(next).unwrap_or_default();
                batch.push(line, line, row)?;
                next += 1;
                if batch.is_full() {
                    sink.accept(batch.take(), Some(next.to_string())).await?;
                }
            }
            let read = u64::try_from(next - 1).unwrap_or(u64::MAX);
            // As many in all as were counted: what came since is for the next delta.
            if whole || read == partition.rows {
                break;
            }
            if read > partition.rows + ROWS_BEYOND_COUNT_MAX {
                return Err(
                    Fault::new(Code::AnswerUnreadable).detail(format!("{} pages never end.", kind.name()))
                );
            }
        }
        if !batch.is_empty() {
            sink.accept(batch.take(), None).await?;
        }
        self.check_count(kind, &condition, partition, next - 1).await
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone.
pub fn transformer(survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    Ok(Box::new(QuickBooksTransformer::new(survey)?))
}

impl QuickBooks {
    /// A list that the survey of this process read whole already; it is handed out once.
    async fn surveyed(&self, kind: Kind, condition: &str) -> Option<Vec<Box<RawValue>>> {
        let rows = self.surveyed.lock().await.remove(&kind);
        rows.filter(|_| condition == kind.condition())
    }

    /// What was read must be what QuickBooks counts, at the survey or now that it is read.
    async fn check_count(
        &self,
        kind: Kind,
        condition: &str,
        partition: &Partition,
        read: usize,
    ) -> Result<(), Fault> {
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        if read == partition.rows {
            return Ok(());
        }
        let now = self.company.count(kind, condition).await?;
        if read == now {
            return Ok(());
        }
        let detail = format!("{} {} were read, QuickBooks counts {now}.", read, kind.name());
        Err(Fault::new(Code::CountsDiffer)
            .detail(detail)
            .hint("Let nobody work in QuickBooks while it is read, then run again."))
    }

    /// A whole list as one row: its members only make sense together.
    async fn extract_list(
        &self,
        kind: Kind,
        after: Option<String>,
        batch: &mut BatchBuilder,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        if after.is_some() {
            return Ok(());
        }
        let all = self.company.all_rows(kind, kind.condition(), 0).await?;
        let last = u64::try_from(all.len()).unwrap_or_default();
        batch.push(1, last, &all)?;
        sink.accept(batch.take(), None).await
    }
}
