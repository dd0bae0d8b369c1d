//! External ids in Odoo: who is where, and whether it is finished.

use carry_model::Fault;
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::call::Call;
use crate::names::MODULE;
use crate::session::Odoo;
use crate::value;

/// Where a record is.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    /// Its model.
    pub(crate) model: String,
    /// Its id there.
    pub(crate) id: i64,
    /// False where writing it broke off: a draft, or a payment that is not reconciled.
    pub(crate) finished: bool,
}

impl Odoo {
    /// Where the records of these external ids are; those that are not there are left out.
    pub(crate) async fn locate(&self, names: &[String]) -> Result<FxHashMap<String, Located>, Fault> {
        if names.is_empty() {
            return Ok(FxHashMap::default());
        }
        let domain = json!([["module", "=", MODULE], ["name", "in", names]]);
        let fields = ["name", "model", "res_id", "noupdate"];
        let found = self.search("ir.model.data/search_read", domain, &fields).await?;
        let located = found.iter().filter_map(|row| {
            let located = Located {
                model: value::text(row, "model")?.to_owned(),
                id: value::int(row, "res_id"),
                finished: value::flag(row, "noupdate"),
            };
            Some((value::text(row, "name")?.to_owned(), located))
        });
        Ok(located.collect())
    }

    /// Marks records as finished. The flag is Odoo's own "not to be updated with its module".
    pub(crate) async fn mark_finished(&self, names: &[String]) -> Result<(), Fault> {
        if names.is_empty() {
            return Ok(());
        }
        let domain = json!([["module", "=", MODULE], ["name", "in", names]]);
        let found = value::ids(self.call(Call::read("ir.model.data/search").with("domain", domain)).await?)?;
        let values = json!({"noupdate": true});
        self.call(Call::rewrite("ir.model.data/write").on(found).with("vals", values)).await?;
        Ok(())
    }

    /// The external ids of records, below our module.
    pub(crate) async fn names_of(&self, model: &str, ids: &[i64]) -> Result<FxHashMap<i64, String>, Fault> {
        let domain = json!([["module", "=", MODULE], ["model", "=", model], ["res_id", "in", ids]]);
        let found = self.search("ir.model.data/search_read", domain, &["name", "res_id"]).await?;
        let named = found
            .iter()
            .filter_map(|row| Some((value::int(row, "res_id"), value::text(row, "name")?.to_owned())));
        Ok(named.collect())
    }
}
