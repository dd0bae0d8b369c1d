//! Tax rates: a sales tax and its purchase twin, with their components, and what a document needs to know of them.

use carry_connector::{CatalogEntry, Links, WriteBatch, WriteItem};
use carry_model::{Body, Code, Decimal, Entity, Fault, SourceId, TaxComponent, TaxRate, checked_sum};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use crate::call::Call;
use crate::lists::{Draft, Place, Results};
use crate::names::{id_of, target, unique};
use crate::session::Odoo;
use crate::sheet::{Row, line};
use crate::value::{self, Fields, plain};

/// Ends the external id of the purchase twin.
const PURCHASE: &str = "_purchase";

const FIELDS: [&str; 6] =
    ["name", "amount", "amount_type", "price_include", "type_tax_use", "children_tax_ids"];

/// A tax as documents need it.
#[derive(Clone, Debug)]
pub(crate) struct Tax {
    /// Its id.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Per cent, components added up.
    pub(crate) percent: Decimal,
    /// Prices on lines hold it.
    pub(crate) included: bool,
    /// `sale`, `purchase` or `none`.
    pub(crate) used_for: String,
    /// Components.
    pub(crate) children: Vec<i64>,
}

/// The taxes that documents of a batch use, by source id.
#[derive(Debug, Default)]
pub(crate) struct Taxes(FxHashMap<SourceId, Tax>);

impl Taxes {
    /// The tax of a rate that the target has.
    pub(crate) fn get(&self, rate: Option<&SourceId>) -> Option<&Tax> {
        self.0.get(rate?)
    }
}

fn of_fields(fields: &Fields) -> Result<Tax, Fault> {
    Ok(Tax {
        id: value::id(fields),
        name: value::text(fields, "name").unwrap_or_default().to_owned(),
        percent: value::amount(fields, "amount", 4)?,
        included: value::flag(fields, "price_include"),
        used_for: value::text(fields, "type_tax_use").unwrap_or_default().to_owned(),
        children: value::references(fields, "children_tax_ids"),
    })
}

impl Odoo {
    async fn read_taxes(&self, ids: &[i64]) -> Result<FxHashMap<i64, Tax>, Fault> {
        if ids.is_empty() {
            return Ok(FxHashMap::default());
        }
        let found = self.search_all("account.tax/search_read", json!([["id", "in", ids]]), &FIELDS).await?;
        found.iter().map(|fields| Ok((value::id(fields), of_fields(fields)?))).collect()
    }

    /// Taxes to map to.
    pub(crate) async fn tax_catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let domain = json!([["type_tax_use", "in", ["sale", "purchase"]]]);
        let found = self.search("account.tax/search_read", domain, &FIELDS).await?;
        let entry = |fields: &Fields| {
            let tax = of_fields(fields)?;
            Ok(CatalogEntry {
                entity: Entity::TaxRate,
                id: target("account.tax", tax.id).to_string(),
                code: None,
                name: format!("{} ({})", tax.name, tax.used_for),
                class: None,
                percent: tax.children.is_empty().then_some(tax.percent),
            })
        };
        found.iter().map(entry).collect()
    }

    /// The taxes of these rates as sales or purchases use them.
    pub(crate) async fn taxes(
        &self,
        links: &Links,
        rates: Vec<&SourceId>,
        purchase: bool,
    ) -> Result<Taxes, Fault> {
        let rates: FxHashSet<&SourceId> = rates.into_iter().collect();
        let linked: Vec<(&SourceId, i64)> = rates
            .into_iter()
            .filter_map(|rate| Some((rate, id_of(links.get(Entity::TaxRate, rate)?)?)))
            .collect();
        let ids: Vec<i64> = linked.iter().map(|(_, id)| *id).collect();
        let mut known = self.read_taxes(&ids).await?;
        let twins = if purchase { self.purchase_twins(&known).await? } else { FxHashMap::default() };
        let more: Vec<i64> = twins.values().copied().collect();
        known.extend(self.read_taxes(&more).await?);
        let children: Vec<i64> = known.values().flat_map(|tax| tax.children.clone()).collect();
        let children = self.read_taxes(&children).await?;
        let mut taxes = Taxes::default();
        for (rate, id) in linked {
            let id = twins.get(&id).copied().unwrap_or(id);
            let Some(mut tax) = known.get(&id).cloned() else { continue };
            if !tax.children.is_empty() {
                let parts = tax.children.iter().filter_map(|child| children.get(child));
                tax.percent = checked_sum(parts.map(|child| child.percent))?;
            }
            taxes.0.insert(rate.clone(), tax);
        }
        Ok(taxes)
    }

    /// What purchases use in place of a sales tax: its own twin, or a purchase tax of the same name and rate.
    async fn purchase_twins(&self, taxes: &FxHashMap<i64, Tax>) -> Result<FxHashMap<i64, i64>, Fault> {
        let ids: Vec<i64> = taxes.keys().copied().collect();
        let names = self.names_of("account.tax", &ids).await?;
        let wanted: Vec<String> = names.values().map(|name| format!("{name}{PURCHASE}")).collect();
        let located = self.locate(&wanted).await?;
        let mut twins = FxHashMap::default();
        for (id, name) in &names {
            if let Some(twin) = located.get(&format!("{name}{PURCHASE}")) {
                twins.insert(*id, twin.id);
            }
        }
        let strangers: Vec<&Tax> =
            taxes.values().filter(|tax| tax.used_for == "sale" && !twins.contains_key(&tax.id)).collect();
        if !strangers.is_empty() {
            let domain = json!([["type_tax_use", "=", "purchase"]]);
            let offered = self.search("account.tax/search_read", domain, &FIELDS).await?;
            let offered = offered.iter().map(of_fields).collect::<Result<Vec<_>, _>>()?;
            for tax in strangers {
                let alike =
                    |o: &&Tax| o.percent == tax.percent && o.children.is_empty() && tax.children.is_empty();
                let twin = offered.iter().filter(alike).min_by_key(|o| (o.name != tax.name, o.id));
                twins.extend(twin.map(|twin| (tax.id, twin.id)));
            }
        }
        Ok(twins)
    }

    /// The account that the target's own taxes book to, for rates whose account the source does not tell.
    pub(crate) async fn tax_account(&self, purchase: bool) -> Result<Option<i64>, Fault> {
        let used_for = if purchase { "purchase" } else { "sale" };
        let domain = json!([
            ["tax_id.type_tax_use", "=", used_for],
            ["repartition_type", "=", "tax"],
            ["document_type", "=", "invoice"],
            ["account_id", "!=", false]
        ]);
        let found = self.search("account.tax.repartition.line/search_read", domain, &["account_id"]).await?;
        Ok(found.first().and_then(|fields| value::reference(fields, "account_id")))
    }

    /// Creates or updates taxes, each with its purchase twin.
    pub(crate) async fn write_taxes(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let places = self.places(&batch.items).await?;
        let twin_names: Vec<String> =
            places.iter().map(|place| format!("{}{PURCHASE}", place.external)).collect();
        let located = self.locate(&twin_names).await?;
        let twins: Vec<Place> = twin_names
            .into_iter()
            .map(|external| Place { existing: located.get(&external).map(|found| found.id), external })
            .collect();
        self.write_taxes_for(batch, &twins, "purchase").await?;
        self.write_taxes_for(batch, &places, "sale").await
    }

    async fn write_taxes_for(
        &self,
        batch: &WriteBatch,
        places: &[Place],
        use_for: &str,
    ) -> Result<Results, Fault> {
        let domain = json!([["company_id", "=", self.books.company]]);
        let own: FxHashSet<i64> = places.iter().filter_map(|place| place.existing).collect();
        let found = self.search_all("account.tax/search_read", domain, &["name", "type_tax_use"]).await?;
        let names = |wanted: &str| -> FxHashSet<String> {
            let others = found.iter().filter(|tax| {
                value::text(tax, "type_tax_use") == Some(wanted) && !own.contains(&value::id(tax))
            });
            others.filter_map(|tax| value::text(tax, "name")).map(str::to_lowercase).collect()
        };
        let mut taken = names(use_for);
        let default_account = self.tax_account(use_for == "purchase").await?;
        let mut drafts = Vec::with_capacity(batch.items.len());
        for (item, place) in batch.items.iter().zip(places) {
            let Body::TaxRate(rate) = &item.record.body else {
                drafts.push(Err(Fault::new(Code::Bug).detail("no tax rate")));
                continue;
            };
            let name = unique(&rate.name, " ", &mut taken);
            let account = |id: &Option<SourceId>| {
                batch.links.get_opt(Entity::Account, id).and_then(id_of).or(default_account)
            };
            drafts.push(self.tax_draft(rate, &name, place, use_for, &account).await);
        }
        self.import_list("account.tax/load", batch, places, drafts).await
    }

    async fn tax_draft(
        &self,
        rate: &TaxRate,
        name: &str,
        place: &Place,
        use_for: &str,
        account: &(dyn Fn(&Option<SourceId>) -> Option<i64> + Sync),
    ) -> Result<Draft, Fault> {
        let mut notes = Vec::new();
        if name != rate.name {
            notes.push(format!("There is a tax '{}' already; this one is called '{name}'.", rate.name));
        }
        let row = place.row().with("name", name).with("type_tax_use", use_for);
        let row = if rate.components.is_empty() {
            if rate.percent.is_none() {
                notes.push("The source states no rate; documents carry the tax as stated.".to_owned());
            }
            let percent = plain(rate.percent.unwrap_or_default())?;
            let row = self.excluded(row.with("amount_type", "percent").with("amount", percent));
            booked_to(row, account(&rate.account), place.existing.is_none())
        } else {
            let children = self.write_components(rate, name, place, account).await?;
            let children: Vec<String> = children.iter().map(i64::to_string).collect();
            self.excluded(row.with("amount_type", "group").with("children_tax_ids/.id", children.join(",")))
        };
        Ok(Draft { row, number: Some(name.to_owned()), notes })
    }

    fn excluded(&self, row: Row) -> Row {
        if self.version >= 18 {
            row.with("price_include_override", "tax_excluded")
        } else {
            row.with("price_include", "0")
        }
    }

    async fn write_components(
        &self,
        rate: &TaxRate,
        name: &str,
        place: &Place,
        account: &(dyn Fn(&Option<SourceId>) -> Option<i64> + Sync),
    ) -> Result<Vec<i64>, Fault> {
        let externals: Vec<String> =
            (1..=rate.components.len()).map(|n| format!("{}_part{n}", place.external)).collect();
        let located = self.locate(&externals).await?;
        let mut rows = Vec::with_capacity(externals.len());
        for (n, (part, external)) in rate.components.iter().zip(externals).enumerate() {
            let existing = located.get(&external).map(|found| found.id);
            let later_compound =
                rate.components.iter().skip(n + 1).any(|later: &TaxComponent| later.compound);
            let yes = |yes: bool| if yes { "1" } else { "0" };
            let is_new = existing.is_none();
            let row = Place { external, existing }
                .row()
                // Names of taxes are unique; a component is its tax's own.
                .with(
                    "name",
                    format!(
                        "{} ({name}{})",
                        part.name,
                        if place.external.ends_with(PURCHASE) { ", purchases" } else { "" }
                    ),
                )
                .with("type_tax_use", "none")
                .with("amount_type", "percent")
                .with("amount", plain(part.percent)?)
                .with("include_base_amount", yes(later_compound))
                .with("is_base_affected", yes(part.compound));
            let own = if part.account.is_some() { &part.account } else { &rate.account };
            rows.push(booked_to(self.excluded(row), account(own), is_new));
        }
        let outcomes = self.load_idempotent("account.tax/load", &rows).await?;
        outcomes.into_iter().collect()
    }

    /// Removes the twin and the components of taxes that are about to go.
    pub(crate) async fn remove_tax_parts(&self, ids: &[i64]) -> Result<(), Fault> {
        let names = self.names_of("account.tax", ids).await?;
        let twins: Vec<String> = names.values().map(|name| format!("{name}{PURCHASE}")).collect();
        let located = self.locate(&twins).await?;
        let twins: Vec<i64> = located.values().map(|found| found.id).collect();
        let taxes = self.read_taxes(&[ids, &twins].concat()).await?;
        let parts: Vec<i64> = taxes.values().flat_map(|tax| tax.children.clone()).collect();
        for group in [twins, parts] {
            if !group.is_empty() {
                // One that is still used by a document stays with it.
                match self.call(Call::rewrite("account.tax/unlink").on(group)).await {
                    Err(fault) if fault.kind() == carry_model::Kind::Transient => return Err(fault),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Books the tax to an account. Lines of an existing tax are left alone: an import would add them again.
fn booked_to(mut row: Row, account: Option<i64>, is_new: bool) -> Row {
    let Some(account) = account.filter(|_| is_new) else { return row };
    for (sort, account) in [("base", String::new()), ("tax", account.to_string())] {
        let cells = || {
            [
                ("repartition_type", sort.to_owned()),
                ("factor_percent", "100".to_owned()),
                ("account_id/.id", account.clone()),
            ]
        };
        let mut both = line("invoice_repartition_line_ids", cells());
        both.extend(line("refund_repartition_line_ids", cells()));
        row.push_line(both);
    }
    row
}

/// Every rate that a batch's documents name.
pub(crate) fn rates(items: &[WriteItem]) -> Vec<&SourceId> {
    let named = items.iter().filter_map(|item| item.record.document()).flat_map(|document| {
        let lines = document.lines.iter().filter_map(|line| line.tax_rate.as_ref());
        lines.chain(document.taxes.iter().filter_map(|tax| tax.tax_rate.as_ref()))
    });
    named.collect()
}
