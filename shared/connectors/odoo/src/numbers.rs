//! Document numbers: the source's where they are free, and Odoo's own where they cannot be kept.

use carry_model::Fault;
use rustc_hash::FxHashSet;
use serde_json::json;

use crate::session::Odoo;
use crate::value;

/// What Odoo takes for "give it the next number".
pub(crate) const AUTOMATIC: &str = "/";

impl Odoo {
    /// Numbers that are free in a journal: each as wanted, or with `-2`, `-3`, ... behind it. None stays None.
    /// `own` are the documents that may keep the numbers they have.
    pub(crate) async fn free_numbers(
        &self,
        journal: i64,
        wanted: &[Option<String>],
        own: &[i64],
    ) -> Result<Vec<Option<String>>, Fault> {
        let asked: Vec<&String> = wanted.iter().flatten().collect();
        if asked.is_empty() {
            return Ok(wanted.to_vec());
        }
        let patterns: Vec<String> = asked.iter().flat_map(|n| (1..4).map(move |k| suffixed(n, k))).collect();
        let domain = json!([["journal_id", "=", journal], ["name", "in", patterns], ["id", "not in", own]]);
        let found = self.search("account.move/search_read", domain, &["name"]).await?;
        let mut taken: FxHashSet<String> =
            found.iter().filter_map(|fields| value::text(fields, "name")).map(str::to_lowercase).collect();
        let free = |number: &Option<String>| {
            number.as_ref().map(|number| crate::names::unique(number, "-", &mut taken))
        };
        Ok(wanted.iter().map(free).collect())
    }
}

fn suffixed(number: &str, count: u32) -> String {
    if count == 1 { number.to_owned() } else { format!("{number}-{count}") }
}

/// The number as it may be kept: Odoo takes any text but an empty one and its own sign for "none yet".
pub(crate) fn usable(number: Option<&String>) -> Option<String> {
    let number = number?.trim();
    (!number.is_empty() && number != AUTOMATIC).then(|| number.to_owned())
}
