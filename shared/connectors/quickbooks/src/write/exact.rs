//! The last resort for an exact total: one visible line, and where that does not help, nothing.

use carry_connector::{Adjustment, AdjustmentKind, WriteBatch, Written};
use carry_model::{Code, Decimal, Document, Fault, Reach, checked_sum};
use serde_json::Value;

use super::documents::{total_of, written};
use super::lines::Maker;
use super::{Done, Draft, Results, set};
use crate::company::Operation;
use crate::session::QuickBooks;

impl QuickBooks {
    /// Compares each document's total with the one it has to show; a gap is closed by a line. A document that shows
    /// another total even then is taken back and refused.
    pub(super) async fn make_exact(
        &self,
        batch: &WriteBatch,
        places: &[usize],
        outcomes: Vec<Result<(Done, Draft), Fault>>,
    ) -> Result<Results, Fault> {
        let mut results: Vec<Option<Result<Written, Fault>>> = Vec::new();
        let mut again = Vec::new();
        for (at, (place, outcome)) in places.iter().zip(outcomes).enumerate() {
            results.push(None);
            let document = batch.items.get(*place).and_then(|item| item.record.document());
            let result = match (outcome, document) {
                (Ok((done, draft)), Some(document)) => {
                    let shown = total_of(&done)?;
                    if shown == document.total {
                        Ok(written(draft.kind, done, draft, shown))
                    } else {
                        let gap = checked_sum([document.total, -shown])?;
                        again.push((
                            at,
                            document,
                            done.head.id,
                            self.with_gap(batch, document, draft, gap).await,
                        ));
                        continue;
                    }
                }
                (Err(fault), _) => Err(fault),
                (_, None) => Err(Fault::new(Code::Bug).detail("no document")),
            };
            if let Some(slot) = results.get_mut(at) {
                *slot = Some(result);
            }
        }
        let mut drafts = Vec::new();
        let mut waiting = Vec::new();
        for (at, document, id, draft) in again {
            waiting.push((at, document, id.clone()));
            drafts.push((id, draft));
        }
        let mut taken_back = Vec::new();
        for ((at, document, id), outcome) in waiting.into_iter().zip(self.replace(drafts).await?) {
            let result = match outcome {
                Ok((done, draft)) if total_of(&done)? == document.total => {
                    Ok(written(draft.kind, done, draft, document.total))
                }
                Ok((done, draft)) => {
                    let shown = total_of(&done)?;
                    taken_back.push((draft.kind, id));
                    Err(refused(document, shown))
                }
                Err(fault) => {
                    if let Some(item) = places.get(at).and_then(|place| batch.items.get(*place)) {
                        taken_back.push((super::documents::kind_of(item.record.entity)?, id));
                    }
                    Err(fault)
                }
            };
            if let Some(slot) = results.get_mut(at) {
                *slot = Some(result);
            }
        }
        self.take_back(taken_back).await?;
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    async fn with_gap(
        &self,
        batch: &WriteBatch,
        document: &Document,
        mut draft: Draft,
        gap: Decimal,
    ) -> Result<Draft, Fault> {
        let purchase = crate::transform::is_purchase(draft.kind);
        let (line, adjustment) = self
            .with_lists(|lists| {
                let maker = Maker { lists, batch, document, purchase, classes: false };
                let tax = self.tax_of(lists, batch, document, purchase)?;
                let line = maker.extra(
                    gap,
                    "Carryforward adjustment: difference to the total as stated in the source",
                    &tax,
                )?;
                let why = "QuickBooks works the document out to another total; a line makes it exact.";
                let adjustment = maker.on_extra(gap, why, None);
                Ok::<_, Fault>((line, Adjustment { kind: AdjustmentKind::AdjustmentLine, ..adjustment }))
            })
            .await??;
        draft.adjustments.push(adjustment);
        if let Some(Value::Array(lines)) = draft.body.get_mut("Line") {
            lines.push(line);
        } else {
            set(&mut draft.body, "Line", Value::Array(vec![line]));
        }
        Ok(draft)
    }

    async fn take_back(&self, objects: Vec<(crate::kinds::Kind, String)>) -> Result<(), Fault> {
        for (kind, id) in objects {
            let current = self.current(kind, std::slice::from_ref(&id)).await?;
            let Some(token) = current.get(&id).and_then(|object| object.get("SyncToken")) else { continue };
            let body = serde_json::json!({"Id": id, "SyncToken": token});
            let removal = Operation { verb: "delete", kind, body };
            if let Some(Err(fault)) = self.company.batch(&[removal]).await?.pop() {
                return Err(fault.reach(Reach::Unknown));
            }
        }
        Ok(())
    }
}

fn refused(document: &Document, shown: Decimal) -> Fault {
    Fault::new(Code::TargetRefused)
        .reach(Reach::Refused)
        .detail(format!("QuickBooks shows a total of {shown}, the source states {}.", document.total))
}
