//! Documents: imported as drafts, made exact, posted, and paid on the spot where they are receipts.

use carry_connector::{Adjustment, WriteBatch, WriteItem, Written};
use carry_model::{Code, Document, Entity, Fault, Reach, Status};
use serde_json::json;

use crate::books::currencies;
use crate::call::Call;
use crate::document_rows::{Facts, Prepared, is_sale, line_items};
use crate::exact_tax::Draft;
use crate::fault::is_about_number;
use crate::lists::{Place, Results};
use crate::names::{id_of, target};
use crate::numbers::{AUTOMATIC, usable};
use crate::reconcile::Matched;
use crate::session::Odoo;
use crate::taxes::rates;
use crate::value::{self, Fields};

pub(crate) const MOVE: &str = "account.move";

/// A document of a batch on its way.
struct Going<'a> {
    at: usize,
    item: &'a WriteItem,
    document: &'a Document,
    place: Place,
    prepared: Prepared,
    id: i64,
    adjustments: Vec<Adjustment>,
    /// What an earlier version of it was matched with.
    matched: Vec<Matched>,
}

impl Odoo {
    /// Creates or replaces documents.
    pub(crate) async fn write_documents(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let unwritten = || Err(Fault::new(Code::Bug).detail("a document without an outcome"));
        let mut results: Results = batch.items.iter().map(|_| unwritten()).collect();
        let places = self.clear_the_way(batch, MOVE, &mut results).await?;
        let (places, matched) = self.reopen_earlier(places).await?;
        let facts = self.facts(batch).await?;
        let mut going = self.prepare_all(batch, places, &facts, &mut results).await?;
        for document in &mut going {
            document.matched = matched.get(document.at).cloned().unwrap_or_default();
        }
        going = self.import_drafts(going, &mut results).await?;
        going = self.exact_drafts(going, &mut results).await?;
        going = self.post_all(going, &mut results).await?;
        self.pay_receipts(batch, &going, &mut results, &facts).await?;
        let names: Vec<String> = going
            .iter()
            .filter(|going| results.get(going.at).is_none_or(is_pending))
            .map(|going| going.place.external.clone())
            .collect();
        self.mark_finished(&names).await?;
        self.report(going, &mut results).await?;
        Ok(results)
    }

    /// Takes the earlier versions of documents back to empty drafts; one that is gone is made anew.
    async fn reopen_earlier(
        &self,
        places: Vec<Option<Place>>,
    ) -> Result<(Vec<Option<Place>>, Vec<Vec<Matched>>), Fault> {
        let mut open = Vec::with_capacity(places.len());
        let mut all = Vec::with_capacity(places.len());
        for mut place in places {
            let mut matched = None;
            if let Some(id) = place.as_ref().and_then(|place| place.existing) {
                matched = self.reopen(id).await?;
                if let (None, Some(place)) = (&matched, &mut place) {
                    place.existing = None;
                }
            }
            all.push(matched.unwrap_or_default());
            open.push(place);
        }
        Ok((open, all))
    }

    async fn facts(&self, batch: &WriteBatch) -> Result<Facts, Fault> {
        let documents = || batch.items.iter().filter_map(|item| item.record.document());
        let purchase = !is_sale(batch.entity);
        let mut products: Vec<i64> = line_items(documents())
            .into_iter()
            .filter_map(|id| batch.links.get(Entity::Item, id).and_then(id_of))
            .collect();
        products.sort_unstable();
        products.dedup();
        let lines = documents().flat_map(|document| document.lines.iter());
        let tracking: Vec<_> = lines.flat_map(|line| line.tracking.iter()).collect();
        let currencies = currencies(self, documents().map(|document| document.currency).collect()).await?;
        let all: Vec<&Document> = documents().collect();
        Ok(Facts {
            rated: self.rated(&all, &currencies).await?,
            day_rates: self.day_rates(&all, &currencies).await?,
            currencies,
            journals: self.journals().await?,
            taxes: self.taxes(&batch.links, rates(&batch.items), purchase).await?,
            products: self.product_accounts(&products).await?,
            options: self.options(&batch.links, tracking).await?,
            tax_account: self.tax_account(purchase).await?,
        })
    }

    async fn prepare_all<'a>(
        &self,
        batch: &'a WriteBatch,
        places: Vec<Option<Place>>,
        facts: &Facts,
        results: &mut Results,
    ) -> Result<Vec<Going<'a>>, Fault> {
        let journal = facts.journals.first(if is_sale(batch.entity) { "sale" } else { "purchase" })?.id;
        let keeps = |item: &WriteItem, place: &Option<Place>| {
            let draft = item.record.document().is_some_and(|document| document.status == Status::Draft);
            place.is_some() && batch.keep_numbers && is_sale(batch.entity) && !draft
        };
        let wanted: Vec<Option<String>> = batch
            .items
            .iter()
            .zip(&places)
            .map(|(item, place)| usable(item.record.number.as_ref()).filter(|_| keeps(item, place)))
            .collect();
        let own: Vec<i64> = places.iter().flatten().filter_map(|place| place.existing).collect();
        let numbers = self.free_numbers(journal, &wanted, &own).await?;
        let mut going = Vec::with_capacity(batch.items.len());
        for (at, ((item, place), (wanted, number))) in
            batch.items.iter().zip(places).zip(wanted.iter().zip(numbers)).enumerate()
        {
            let Some(place) = place else { continue };
            let Some(document) = item.record.document() else { continue };
            let name = number.as_deref().unwrap_or(AUTOMATIC);
            match self.prepare(&item.record, document, &place, &batch.links, facts, name) {
                Ok(mut prepared) => {
                    if let (Some(wanted), Some(number)) = (wanted, &number)
                        && wanted != number
                    {
                        prepared.notes.push(format!("Number {wanted} is taken in Odoo; it became {number}."));
                    }
                    let adjustments = prepared.adjustments.clone();
                    going.push(Going {
                        at,
                        item,
                        document,
                        place,
                        prepared,
                        id: 0,
                        adjustments,
                        matched: Vec::new(),
                    });
                }
                Err(fault) => set(results, at, Err(fault)),
            }
        }
        Ok(going)
    }

    async fn import_drafts<'a>(
        &self,
        going: Vec<Going<'a>>,
        results: &mut Results,
    ) -> Result<Vec<Going<'a>>, Fault> {
        let rows: Vec<_> = going.iter().map(|going| going.prepared.row.clone()).collect();
        let outcomes = self.load("account.move/load", &rows).await?;
        let mut drafts = Vec::with_capacity(going.len());
        for (mut going, outcome) in going.into_iter().zip(outcomes) {
            match outcome {
                Ok(id) => drafts.push(Going { id, ..going }),
                Err(fault) => {
                    going.prepared.notes.clear();
                    set(results, going.at, Err(fault));
                }
            }
        }
        Ok(drafts)
    }

    async fn exact_drafts<'a>(
        &self,
        going: Vec<Going<'a>>,
        results: &mut Results,
    ) -> Result<Vec<Going<'a>>, Fault> {
        let drafts: Vec<Draft<'_>> =
            going.iter().map(|going| Draft { id: going.id, prepared: &going.prepared }).collect();
        let answers = self.make_exact(&drafts).await?;
        let mut exact = Vec::with_capacity(going.len());
        for (mut going, answer) in going.into_iter().zip(answers) {
            match answer {
                Ok(forced) => {
                    going.adjustments.extend(forced);
                    exact.push(going);
                }
                Err(fault) => {
                    self.unlink_drafts(&[going.id]).await?;
                    set(results, going.at, Err(fault));
                }
            }
        }
        Ok(exact)
    }

    /// Posts the drafts. A number that Odoo does not take for the date gives way to one of Odoo's own.
    async fn post_all<'a>(
        &self,
        going: Vec<Going<'a>>,
        results: &mut Results,
    ) -> Result<Vec<Going<'a>>, Fault> {
        let ids: Vec<i64> = going
            .iter()
            .filter(|going| going.document.status != Status::Draft)
            .map(|going| going.id)
            .collect();
        let mut faults = self.post(&ids).await?;
        let mut posted = Vec::with_capacity(going.len());
        for mut going in going {
            let mut fault = faults.remove(&going.id);
            if fault.as_ref().is_some_and(is_about_number) {
                let number = going.item.record.number.clone().unwrap_or_default();
                let values = json!({"name": AUTOMATIC, "payment_reference": number});
                self.call(Call::rewrite("account.move/write").on([going.id]).with("vals", values)).await?;
                fault = self.post(&[going.id]).await?.remove(&going.id);
                going.prepared.notes.push(format!(
                    "Odoo reads the number {number} as one of another period; it gave its own, with {number} as payment \
                     reference. The system parameter sequence.mixin.constraint_start_date, set to a day after the \
                     document's, lets such numbers in."
                ));
            }
            match fault {
                None => {
                    self.match_again(going.id, &going.matched).await?;
                    posted.push(going);
                }
                Some(fault) => {
                    self.unlink_drafts(&[going.id]).await?;
                    set(results, going.at, Err(fault));
                }
            }
        }
        Ok(posted)
    }

    /// Posts drafts; gives those that were refused, with the reason. They stay drafts.
    pub(crate) async fn post(&self, ids: &[i64]) -> Result<rustc_hash::FxHashMap<i64, Fault>, Fault> {
        let mut refused = rustc_hash::FxHashMap::default();
        let mut work = vec![ids.to_vec()];
        while let Some(group) = work.pop() {
            if group.is_empty() {
                continue;
            }
            let fault =
                match self.call(Call::write("account.move/action_post").on(group.iter().copied())).await {
                    Ok(_) => continue,
                    Err(fault) if fault.reach == Reach::Refused && !passes(&fault) => fault,
                    Err(fault) => return Err(fault),
                };
            match group.as_slice() {
                [only] => {
                    refused.insert(*only, fault);
                }
                many => {
                    let (left, right) = many.split_at(many.len() / 2);
                    work.extend([right.to_vec(), left.to_vec()]);
                }
            }
        }
        Ok(refused)
    }

    pub(crate) async fn unlink_drafts(&self, ids: &[i64]) -> Result<(), Fault> {
        let mut context = crate::call::context(self.company());
        if let serde_json::Value::Object(flags) = &mut context {
            // A draft that was posted before holds a number in the middle of its series.
            flags.insert("force_delete".to_owned(), json!(true));
        }
        let call = Call::rewrite("account.move/unlink").on(ids.iter().copied()).with("context", context);
        self.call(call).await.map(|_| ())
    }

    async fn report(&self, going: Vec<Going<'_>>, results: &mut Results) -> Result<(), Fault> {
        if going.is_empty() {
            return Ok(());
        }
        let call = Call::read("account.move/read")
            .on(going.iter().map(|going| going.id))
            .with("fields", json!(["name", "ref", "amount_total"]));
        let shown: rustc_hash::FxHashMap<i64, Fields> =
            value::records(self.call(call).await?)?.into_iter().map(|f| (value::id(&f), f)).collect();
        for going in going {
            if results.get(going.at).is_some_and(|result| !is_pending(result)) {
                continue;
            }
            let Some(fields) = shown.get(&going.id) else {
                set(results, going.at, Err(Fault::new(Code::RecordGone).reach(Reach::Unknown)));
                continue;
            };
            let own = value::text(fields, "name").filter(|name| *name != AUTOMATIC);
            let number =
                if is_sale(going.item.record.entity) { own } else { value::text(fields, "ref").or(own) };
            let digits = going.document.currency.minor_digits();
            let shown = value::amount(fields, "amount_total", digits)?;
            let total = if going.document.total.is_sign_negative() { -shown } else { shown };
            let written = Written {
                id: target(MOVE, going.id),
                number: number.map(str::to_owned),
                total: Some(total),
                adjustments: going.adjustments,
                notes: going.prepared.notes,
            };
            set(results, going.at, Ok(written));
        }
        Ok(())
    }

    async fn pay_receipts(
        &self,
        batch: &WriteBatch,
        going: &[Going<'_>],
        results: &mut Results,
        facts: &Facts,
    ) -> Result<(), Fault> {
        if !matches!(batch.entity, Entity::SalesReceipt | Entity::Expense | Entity::Refund) {
            return Ok(());
        }
        let paid: Vec<_> = going
            .iter()
            .filter(|going| going.document.status != Status::Draft)
            .map(|going| crate::payments::Receipt {
                entity: batch.entity,
                external: going.place.external.clone(),
                id: going.id,
                document: going.document,
                number: going.item.record.number.clone(),
            })
            .collect();
        let outcomes = self.pay_on_the_spot(batch, &paid, facts).await?;
        for (receipt, outcome) in paid.iter().zip(outcomes) {
            let Some(going) = going.iter().find(|going| going.id == receipt.id) else { continue };
            if let Err(fault) = outcome {
                self.remove_one(batch.entity, &target(MOVE, going.id)).await?;
                set(results, going.at, Err(fault));
            }
        }
        Ok(())
    }
}

/// True for the mark that a record has no outcome yet.
fn is_pending(result: &Result<Written, Fault>) -> bool {
    matches!(result, Err(fault) if fault.code == Code::Bug)
}

/// True where the same call may succeed later.
fn passes(fault: &Fault) -> bool {
    matches!(
        fault.kind(),
        carry_model::Kind::Transient | carry_model::Kind::Auth | carry_model::Kind::RateLimited
    )
}

fn set(results: &mut Results, at: usize, result: Result<Written, Fault>) {
    if let Some(place) = results.get_mut(at) {
        *place = result;
    }
}
