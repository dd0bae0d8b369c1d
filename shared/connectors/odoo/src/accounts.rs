//! The chart of accounts, and terms of payment.

use carry_connector::{CatalogEntry, WriteBatch};
use carry_model::{Account, AccountClass, Body, Code, Entity, Fault};
use rustc_hash::FxHashSet;
use serde_json::json;

use crate::lists::{Draft, Results};
use crate::names::{account_code, id_of, target, unique};
use crate::session::Odoo;
use crate::sheet::line;
use crate::value;

/// Odoo's type for a class of account.
pub(crate) fn account_type(class: AccountClass, version: u32) -> &'static str {
    match class {
        AccountClass::Bank => "asset_cash",
        AccountClass::Receivable => "asset_receivable",
        AccountClass::CurrentAsset => "asset_current",
        AccountClass::FixedAsset => "asset_fixed",
        AccountClass::CreditCard => "liability_credit_card",
        AccountClass::Payable => "liability_payable",
        AccountClass::CurrentLiability => "liability_current",
        AccountClass::LongTermLiability => "liability_non_current",
        AccountClass::Equity => "equity",
        AccountClass::Income => "income",
        AccountClass::OtherIncome => "income_other",
        AccountClass::CostOfSales => "expense_direct_cost",
        // The type is new with version 19.
        AccountClass::OtherExpense if version >= 19 => "expense_other",
        AccountClass::Expense | AccountClass::OtherExpense => "expense",
    }
}

/// The class of one of Odoo's types; None for off-balance accounts.
fn class(account_type: &str) -> Option<AccountClass> {
    Some(match account_type {
        "asset_cash" => AccountClass::Bank,
        "asset_receivable" => AccountClass::Receivable,
        "asset_current" | "asset_prepayments" => AccountClass::CurrentAsset,
        "asset_fixed" | "asset_non_current" => AccountClass::FixedAsset,
        "liability_credit_card" => AccountClass::CreditCard,
        "liability_payable" => AccountClass::Payable,
        "liability_current" => AccountClass::CurrentLiability,
        "liability_non_current" => AccountClass::LongTermLiability,
        "equity" | "equity_unaffected" => AccountClass::Equity,
        "income" => AccountClass::Income,
        "income_other" => AccountClass::OtherIncome,
        "expense_direct_cost" => AccountClass::CostOfSales,
        "expense" | "expense_depreciation" => AccountClass::Expense,
        "expense_other" => AccountClass::OtherExpense,
        _ => return None,
    })
}

impl Odoo {
    /// Accounts to map to.
    pub(crate) async fn account_catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let fields = ["code", "name", "account_type"];
        let found = self.search("account.account/search_read", json!([]), &fields).await?;
        let entry = |account: &value::Fields| CatalogEntry {
            entity: Entity::Account,
            id: target("account.account", value::id(account)).to_string(),
            code: value::text(account, "code").map(str::to_owned),
            name: value::text(account, "name").unwrap_or_default().to_owned(),
            class: value::text(account, "account_type").and_then(class),
            percent: None,
        };
        Ok(found.iter().map(entry).collect())
    }

    /// Creates or updates accounts; one that holds money gets its journal.
    pub(crate) async fn write_accounts(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let places = self.places(&batch.items).await?;
        let found = self.search("account.account/search_read", json!([]), &["code"]).await?;
        let own: FxHashSet<i64> = places.iter().filter_map(|place| place.existing).collect();
        let mut taken: FxHashSet<String> = found
            .iter()
            .filter(|account| !own.contains(&value::id(account)))
            .filter_map(|account| value::text(account, "code"))
            .map(str::to_lowercase)
            .collect();
        let mut drafts = Vec::with_capacity(batch.items.len());
        for (item, place) in batch.items.iter().zip(&places) {
            let Body::Account(account) = &item.record.body else {
                drafts.push(Err(Fault::new(Code::Bug).detail("no account")));
                continue;
            };
            let wanted = account_code(account.code.as_deref(), &item.record.id);
            let code = unique(&wanted, ".", &mut taken);
            let mut row = place
                .row()
                .with("code", code.clone())
                .with("name", account.name.clone())
                .with("account_type", account_type(account.class, self.version));
            if self.version >= 19 {
                row = row.with(
                    "description",
                    crate::names::html(account.description.as_deref().unwrap_or_default()),
                );
            }
            drafts.push(Ok(Draft { row, notes: notes(account, &code), number: Some(code) }));
        }
        let results = self.import_list("account.account/load", batch, &places, drafts).await?;
        self.open_journals(batch, &results).await?;
        Ok(results)
    }

    async fn open_journals(&self, batch: &WriteBatch, results: &Results) -> Result<(), Fault> {
        let money = batch.items.iter().zip(results).filter_map(|(item, result)| match &item.record.body {
            Body::Account(account)
                if matches!(account.class, AccountClass::Bank | AccountClass::CreditCard) =>
            {
                id_of(&result.as_ref().ok()?.id)
            }
            _ => None,
        });
        self.ensure_journals(&money.collect::<Vec<_>>()).await.map(|_| ())
    }

    /// Creates or updates terms of payment.
    pub(crate) async fn write_terms(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let places = self.places(&batch.items).await?;
        let draft = |(item, place): (&carry_connector::WriteItem, &crate::lists::Place)| {
            let Body::Terms(terms) = &item.record.body else {
                return Err(Fault::new(Code::Bug).detail("no terms"));
            };
            let mut row = place.row().with("name", terms.name.clone());
            // An update would add its line a second time; the days of terms hardly ever change.
            if place.existing.is_none() {
                let days = terms.due_days.unwrap_or_default().to_string();
                row.push_line(if self.version >= 17 {
                    let cells = [("value", "percent"), ("value_amount", "100"), ("delay_type", "days_after")];
                    let cells = cells.into_iter().map(|(name, value)| (name, value.to_owned()));
                    line("line_ids", cells.chain([("nb_days", days)]))
                } else {
                    line("line_ids", [("value", "balance".to_owned()), ("days", days)])
                });
            }
            Ok(Draft { row, number: Some(terms.name.clone()), notes: Vec::new() })
        };
        let drafts = batch.items.iter().zip(&places).map(draft).collect();
        self.import_list("account.payment.term/load", batch, &places, drafts).await
    }
}

fn notes(account: &Account, code: &str) -> Vec<String> {
    let mut notes = Vec::new();
    match account.code.as_deref().map(str::trim).filter(|wanted| !wanted.is_empty()) {
        Some(wanted) if wanted != code => notes.push(format!("Account code {wanted} became {code}.")),
        Some(_) => {}
        None => notes.push(format!("Odoo needs account codes; it got {code}.")),
    }
    if let Some(currency) = account.currency {
        // Odoo refuses entries in any other currency on an account that is bound to one; sources do not.
        notes.push(format!("Held in {currency}; not bound to it in Odoo, so that every entry is taken."));
    }
    if !account.active {
        notes.push("Retired in the source; kept active, for entries are booked to it.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_survive_the_way_there_and_back() {
        use AccountClass::*;
        for wanted in [
            Bank,
            Receivable,
            CurrentAsset,
            FixedAsset,
            CreditCard,
            Payable,
            CurrentLiability,
            LongTermLiability,
            Equity,
            Income,
            OtherIncome,
            CostOfSales,
            Expense,
            OtherExpense,
        ] {
            assert_eq!(class(account_type(wanted, 19)), Some(wanted));
        }
        assert_eq!(account_type(OtherExpense, 17), "expense");
    }
}
