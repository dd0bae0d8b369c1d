//! What earlier attempts left: finished records are taken or replaced, unfinished ones are removed.

use carry_connector::{Operation, WriteBatch, Written};
use carry_model::{Entity, Fault};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::external::Located;
use crate::lists::{Place, Results};
use crate::names::target;
use crate::session::Odoo;
use crate::value;

/// Ends of the external ids of what is made along with a record, in the order in which it can be removed.
const COMPANIONS: [&str; 3] = ["_payment", "_payment_entry", "_entry"];

impl Odoo {
    /// Looks for what earlier attempts left of a batch's records. A finished record is taken for the outcome where
    /// that is asked for. It is replaced in place where it is of `model`; otherwise it is removed, and so is
    /// whatever is unfinished. None stands for a record that needs nothing more.
    pub(crate) async fn clear_the_way(
        &self,
        batch: &WriteBatch,
        model: &str,
        results: &mut Results,
    ) -> Result<Vec<Option<Place>>, Fault> {
        let places = self.places(&batch.items).await?;
        let mut names: Vec<String> = places.iter().map(|place| place.external.clone()).collect();
        for place in &places {
            names.extend(COMPANIONS.iter().map(|end| format!("{}{end}", place.external)));
        }
        let located = self.locate(&names).await?;
        let mut open = Vec::with_capacity(places.len());
        for (at, (mut place, item)) in places.into_iter().zip(&batch.items).enumerate() {
            let is_new = item.operation == Operation::Create;
            let there = located.get(&place.external);
            let finished = there.is_some_and(|there| there.finished);
            if let Some(there) = there.filter(|_| finished && is_new && batch.verify_first) {
                let written = self.found(batch.entity, there).await;
                if let Some(result) = results.get_mut(at) {
                    *result = written;
                }
                open.push(None);
                continue;
            }
            if let Some(there) = there.filter(|there| !there.finished || there.model != model) {
                self.remove_one(batch.entity, &target(&there.model, there.id)).await?;
                place.existing = None;
            }
            if !finished || model.is_empty() {
                self.remove_companions(&place.external, &located).await?;
            }
            open.push(Some(place));
        }
        Ok(open)
    }

    /// A payment whose entry was not yet linked to it does not take the entry along.
    async fn remove_companions(
        &self,
        external: &str,
        located: &FxHashMap<String, Located>,
    ) -> Result<(), Fault> {
        for end in COMPANIONS {
            match located.get(&format!("{external}{end}")) {
                Some(there) if there.model == "account.payment" => self.remove_payments(&[there.id]).await?,
                Some(there) => self.remove_moves(&[there.id]).await?,
                None => {}
            }
        }
        Ok(())
    }

    async fn found(&self, entity: Entity, there: &Located) -> Result<Written, Fault> {
        let label = match there.model.as_str() {
            "account.payment" => "account.payment/search_read",
            "sale.order" => "sale.order/search_read",
            "purchase.order" => "purchase.order/search_read",
            _ => "account.move/search_read",
        };
        let found = self.search(label, json!([["id", "=", there.id]]), &["name"]).await?;
        let name = found.first().and_then(|fields| value::text(fields, "name"));
        let id = target(&there.model, there.id);
        let balance = self.balances(entity, std::slice::from_ref(&id)).await?;
        let total = balance.into_iter().next().flatten().map(|balance| balance.total);
        Ok(Written { number: name.map(str::to_owned), total, ..Written::new(id) })
    }
}
