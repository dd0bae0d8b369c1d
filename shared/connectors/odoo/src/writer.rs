//! The target side: which record is written how.

use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, Finding, Found, Manifest, Preflight, Removal, Severity,
    WriteBatch, Writer, Written,
};
use carry_model::{Body, Code, Company, Date, Entity, Fault, Kind, Reach, Record, TargetId};
use futures::future::BoxFuture;
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::analytic::unsupported;
use crate::books::{closed_until, lock_dates};
use crate::lists::Results;
use crate::names::{external_for, target};
use crate::session::Odoo;
use crate::value;

impl Odoo {
    fn findings(&self, locks: &[(&'static str, carry_model::Date)], reminders: bool) -> Vec<Finding> {
        let finding = |severity, place: &str, text: String, hint: &str| Finding {
            severity,
            place: place.to_owned(),
            text,
            hint: hint.to_owned(),
            count: None,
        };
        let mut findings = vec![finding(
            Severity::Info,
            "Odoo",
            format!("Odoo {} with the company '{}'.", self.version, self.books.name),
            "",
        )];
        for (name, date) in locks {
            let text = format!("{} is {date}: earlier records are refused or moved.", name.replace('_', " "));
            findings.push(finding(Severity::Warning, name, text, "Open the period in Odoo before the run."));
        }
        if self.books.cash_basis {
            let text = "Tax falls due with payment: Odoo books further entries when payments are matched."
                .to_owned();
            findings.push(finding(Severity::Warning, "tax_exigibility", text, ""));
        }
        if !self.books.analytic {
            let text = "Tracking categories and projects are not carried.".to_owned();
            let hint = "Switch on Analytic Accounting in Odoo's accounting settings.";
            findings.push(finding(Severity::Warning, "analytic", text, hint));
        }
        if reminders {
            let text = "Customers may get mail from Odoo's outgoing servers; writing sends none.".to_owned();
            let hint = "Switch follow-up reminders off in Odoo until the run has been checked.";
            findings.push(finding(Severity::Info, "ir.mail_server", text, hint));
        }
        findings
    }

    fn write_by_entity<'a>(&'a self, batch: &'a WriteBatch) -> BoxFuture<'a, Result<Results, Fault>> {
        match batch.entity {
            Entity::Account => Box::pin(self.write_accounts(batch)),
            Entity::TaxRate => Box::pin(self.write_taxes(batch)),
            Entity::Terms => Box::pin(self.write_terms(batch)),
            Entity::TrackingCategory => Box::pin(self.write_tracking(batch)),
            Entity::Contact => Box::pin(self.write_contacts(batch)),
            Entity::Item => Box::pin(self.write_items(batch)),
            Entity::Project => Box::pin(self.write_projects(batch)),
            Entity::Estimate | Entity::SalesOrder | Entity::PurchaseOrder => {
                Box::pin(self.write_orders(batch))
            }
            Entity::Payment | Entity::BillPayment => Box::pin(self.write_payments(batch)),
            Entity::Transfer | Entity::BankTransaction | Entity::Journal => {
                Box::pin(self.write_entries(batch))
            }
            entity if entity.is_document() => Box::pin(self.write_documents(batch)),
            entity => {
                let why = match self.manifest().entity(entity).write {
                    carry_connector::Support::No(why) => why,
                    carry_connector::Support::Yes => "not part of this system",
                };
                let results = unsupported(batch, why);
                Box::pin(async move { Ok(results) })
            }
        }
    }

    async fn mail_servers(&self) -> Result<bool, Fault> {
        // Only administrators may look; whoever may not is told nothing.
        self.has_model("ir.mail_server/search_count").await
    }
}

#[async_trait]
impl Writer for Odoo {
    fn manifest(&self) -> &'static Manifest {
        crate::manifest::of(self.books.sale, self.books.purchase, self.books.analytic)
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        let locks = lock_dates(self).await?;
        let currencies = self.search_all("res.currency/search_read", json!([]), &["name"]).await?;
        let codes = currencies.iter().filter_map(|fields| value::text(fields, "name")?.parse().ok());
        let reminders = self.mail_servers().await?;
        let company = self.books.home.map(|(home_currency, _)| Company {
            name: self.books.name.clone(),
            home_currency,
            country: self.books.country.clone(),
        });
        Ok(Preflight {
            company,
            currencies: Some(codes.collect()),
            lock_date: locks.iter().map(|(_, date)| *date).max(),
            findings: self.findings(&locks, reminders),
        })
    }

    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        match entity {
            Entity::Account => self.account_catalog().await,
            Entity::TaxRate => self.tax_catalog().await,
            Entity::PaymentMethod => {
                let journals = self.journals().await?;
                let entry = |journal: &crate::journals::Journal| CatalogEntry {
                    entity,
                    id: target("account.journal", journal.id).to_string(),
                    code: Some(journal.code.clone()),
                    name: journal.name.clone(),
                    class: None,
                    percent: None,
                };
                Ok(journals.iter().filter(|journal| journal.moves_money()).map(entry).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        let names: Vec<String> = records.iter().map(external_for).collect();
        let located = self.locate(&names).await?;
        let mut ids: FxHashMap<&str, Vec<i64>> = FxHashMap::default();
        for found in located.values().filter(|found| found.finished) {
            ids.entry(found.model.as_str()).or_default().push(found.id);
        }
        let mut numbers: FxHashMap<(&str, i64), String> = FxHashMap::default();
        for (label, model) in NAMED {
            let Some(ids) = ids.get(model) else { continue };
            for fields in self.search_all(label, json!([["id", "in", ids]]), &["name"]).await? {
                let name = value::text(&fields, "name").filter(|name| *name != crate::numbers::AUTOMATIC);
                numbers.extend(name.map(|name| ((*model, value::id(&fields)), name.to_owned())));
            }
        }
        let found = |name: &String| {
            let found = located.get(name).filter(|found| found.finished)?;
            let number = numbers.get(&(found.model.as_str(), found.id)).cloned();
            Some(Found { id: target(&found.model, found.id), number })
        };
        Ok(names.iter().map(found).collect())
    }

    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        let closed = match batch.items.iter().any(|item| date_of(&item.record.body).is_some()) {
            true => closed_until(&lock_dates(self).await?, batch.entity),
            false => None,
        };
        let (open, locked): (Vec<_>, Vec<_>) = batch
            .items
            .iter()
            .cloned()
            .partition(|item| date_of(&item.record.body) > closed || closed.is_none());
        if locked.is_empty() {
            return self.write_by_entity(&batch).await.map_err(in_doubt);
        }
        let open = WriteBatch { items: open, ..(*batch).clone() };
        let mut written = self.write_by_entity(&open).await.map_err(in_doubt)?.into_iter();
        let result = |item: &carry_connector::WriteItem| match date_of(&item.record.body) > closed {
            true => written
                .next()
                .unwrap_or_else(|| Err(Fault::new(Code::Bug).detail("a record without an outcome"))),
            false => Err(locked_out(closed)),
        };
        Ok(batch.items.iter().map(result).collect())
    }

    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        self.balances(entity, ids).await
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        self.balance_of_account(account).await
    }

    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        match self.remove_together(entity, ids).await {
            Ok(true) => return Ok(ids.iter().map(|_| Ok(Removal::Delete)).collect()),
            Ok(false) => {}
            Err(fault) if passes(&fault) => return Err(fault),
            // One of them is refused: which, shows one by one.
            Err(_) => {}
        }
        let mut removals = Vec::with_capacity(ids.len());
        for id in ids {
            match self.remove_one(entity, id).await {
                Err(fault) if passes(&fault) => return Err(fault),
                removed => removals.push(removed),
            }
        }
        Ok(removals)
    }
}

/// Models whose records have a name to show, with the call that reads it.
const NAMED: &[(&str, &str)] = &[
    ("account.move/search_read", "account.move"),
    ("account.payment/search_read", "account.payment"),
    ("account.account/search_read", "account.account"),
    ("account.tax/search_read", "account.tax"),
    ("res.partner/search_read", "res.partner"),
    ("product.product/search_read", "product.product"),
    ("sale.order/search_read", "sale.order"),
    ("purchase.order/search_read", "purchase.order"),
    ("account.analytic.account/search_read", "account.analytic.account"),
];

/// True where the same call may succeed later.
fn passes(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::Transient | Kind::Auth | Kind::RateLimited)
}

/// The day a record is booked on; None for lists.
fn date_of(body: &Body) -> Option<Date> {
    match body {
        Body::Document(document) => Some(document.date),
        Body::Payment(payment) => Some(payment.date),
        Body::Transfer(transfer) => Some(transfer.date),
        Body::BankTransaction(bank) => Some(bank.date),
        Body::Journal(journal) => Some(journal.date),
        _ => None,
    }
}

/// Odoo refuses some records of a closed period and books others, without a word, to the next open day.
fn locked_out(closed: Option<Date>) -> Fault {
    let day = closed.map(|day| day.to_string()).unwrap_or_default();
    Fault::new(Code::PeriodLocked)
        .reach(Reach::Refused)
        .detail(format!("Odoo's books are closed up to {day}."))
}

/// A batch takes several calls: whatever broke one of them, earlier ones may have been carried out.
fn in_doubt(fault: Fault) -> Fault {
    match fault.kind() {
        Kind::Transient | Kind::RateLimited => fault.reach(Reach::Unknown),
        _ => fault,
    }
}
