//! Tracking categories and projects: analytic plans and accounts, and the distribution of a line over them.

use carry_connector::WriteBatch;
use carry_connector::{Links, WriteItem};
use carry_model::{Body, Code, Entity, Fault, SourceId, Tracking, TrackingCategory};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use crate::lists::{Draft, Place, Results};
use crate::names::{digest, external_for, id_of};
use crate::session::Odoo;
use crate::sheet::Row;
use crate::value;

/// Analytic accounts by plan and lower-case name.
#[derive(Debug, Default)]
pub(crate) struct Options(FxHashMap<(i64, String), i64>);

fn unavailable() -> Fault {
    Fault::new(Code::EntityUnsupported)
        .detail("Analytic accounting is switched off in Odoo, or the user may not use it.")
        .hint("Switch on Analytic Accounting in Odoo's accounting settings, then run `carry retry`.")
}

impl Odoo {
    /// Creates or updates plans, one for each category, with an account for each option.
    pub(crate) async fn write_tracking(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        if !self.books.analytic {
            return Ok(batch.items.iter().map(|_| Err(unavailable())).collect());
        }
        let places = self.places(&batch.items).await?;
        let draft = |(item, place): (&WriteItem, &Place)| match &item.record.body {
            Body::TrackingCategory(category) => {
                let row = place.row().with("name", category.name.clone());
                Ok(Draft { row, number: Some(category.name.clone()), notes: Vec::new() })
            }
            _ => Err(Fault::new(Code::Bug).detail("no tracking category")),
        };
        let drafts = batch.items.iter().zip(&places).map(draft).collect();
        let results = self.import_list("account.analytic.plan/load", batch, &places, drafts).await?;
        for (item, result) in batch.items.iter().zip(&results) {
            let plan = result.as_ref().ok().and_then(|written| id_of(&written.id));
            if let (Body::TrackingCategory(category), Some(plan)) = (&item.record.body, plan) {
                self.write_options(&external_for(&item.record), category, plan).await?;
            }
        }
        Ok(results)
    }

    async fn write_options(
        &self,
        external: &str,
        category: &TrackingCategory,
        plan: i64,
    ) -> Result<(), Fault> {
        let row = |option: &String| {
            Row::create(&format!("{external}_{}", digest(option, 16)))
                .with("name", option.clone())
                .with_id("plan_id", Some(plan))
        };
        let rows: Vec<Row> = category.options.iter().map(row).collect();
        let outcomes = self.load_idempotent("account.analytic.account/load", &rows).await?;
        outcomes.into_iter().try_for_each(|outcome| outcome.map(|_| ()))
    }

    /// Creates or updates projects as analytic accounts of Odoo's own plan for projects.
    pub(crate) async fn write_projects(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        if !self.books.analytic {
            return Ok(batch.items.iter().map(|_| Err(unavailable())).collect());
        }
        let places = self.places(&batch.items).await?;
        let plan = self.project_plan().await?;
        let draft = |(item, place): (&WriteItem, &Place)| match &item.record.body {
            Body::Project(project) => {
                let partner = batch.links.get_opt(Entity::Contact, &project.contact).and_then(id_of);
                let row = place
                    .row()
                    .with("name", project.name.clone())
                    .with("code", project.code.clone().unwrap_or_default())
                    .with_id("partner_id", partner)
                    .with_id("plan_id", Some(plan));
                let closed = "Closed in the source; kept active, for documents are booked to it.";
                let notes = if project.active { Vec::new() } else { vec![closed.to_owned()] };
                Ok(Draft { row, number: project.code.clone().or_else(|| Some(project.name.clone())), notes })
            }
            _ => Err(Fault::new(Code::Bug).detail("no project")),
        };
        let drafts = batch.items.iter().zip(&places).map(draft).collect();
        self.import_list("account.analytic.account/load", batch, &places, drafts).await
    }

    async fn project_plan(&self) -> Result<i64, Fault> {
        // Odoo creates this plan itself; it is the first one.
        let plans = self.search("account.analytic.plan/search_read", json!([]), &["name"]).await?;
        if let Some(plan) = plans.first() {
            return Ok(value::id(plan));
        }
        let name = "plan_projects";
        let row = Row::create(name).with("name", "Project");
        let created = self.load_idempotent("account.analytic.plan/load", &[row]).await?;
        created.into_iter().next().unwrap_or_else(|| Err(Fault::new(Code::Bug).detail("no plan")))
    }

    /// The options of every category that lines of a batch use.
    pub(crate) async fn options(&self, links: &Links, tracking: Vec<&Tracking>) -> Result<Options, Fault> {
        let mut plans: Vec<i64> = tracking
            .into_iter()
            .filter_map(|tracking| links.get(Entity::TrackingCategory, &tracking.category).and_then(id_of))
            .collect();
        plans.sort_unstable();
        plans.dedup();
        if plans.is_empty() || !self.books.analytic {
            return Ok(Options::default());
        }
        let domain = json!([["plan_id", "in", plans]]);
        let found = self.search("account.analytic.account/search_read", domain, &["name", "plan_id"]).await?;
        let option = |account: &value::Fields| {
            let plan = value::reference(account, "plan_id")?;
            Some(((plan, value::text(account, "name")?.to_lowercase()), value::id(account)))
        };
        Ok(Options(found.iter().filter_map(option).collect()))
    }

    /// The analytic distribution of a line as JSON; empty where it has none.
    pub(crate) fn distribution(
        &self,
        links: &Links,
        options: &Options,
        project: &Option<SourceId>,
        tracking: &[Tracking],
    ) -> String {
        let mut accounts: Vec<i64> =
            links.get_opt(Entity::Project, project).and_then(id_of).into_iter().collect();
        accounts.extend(tracking.iter().filter_map(|tracking| {
            let plan = id_of(links.get(Entity::TrackingCategory, &tracking.category)?)?;
            options.0.get(&(plan, tracking.option.to_lowercase())).copied()
        }));
        if accounts.is_empty() {
            return String::new();
        }
        let keys: Vec<String> = accounts.iter().map(i64::to_string).collect();
        // From 17 on one share is split along several plans at once by a compound key.
        let shares: Map<String, Value> = if self.version >= 17 {
            [(keys.join(","), json!(100))].into_iter().collect()
        } else {
            keys.into_iter().map(|key| (key, json!(100))).collect()
        };
        Value::Object(shares).to_string()
    }
}

/// The outcome for a record that cannot be written: kept here so that entities without a place answer alike.
pub(crate) fn unsupported(batch: &WriteBatch, why: &str) -> Results {
    let fault = || Err(Fault::new(Code::EntityUnsupported).detail(why));
    batch.items.iter().map(|_| fault()).collect()
}
