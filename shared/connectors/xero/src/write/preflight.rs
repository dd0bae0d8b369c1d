//! The target looked over beforehand, and its ledger afterwards.

use carry_connector::{AccountBalance, CatalogEntry, Finding, Preflight, Severity};
use carry_model::{Currency, Decimal, Entity, Fault, Money, TargetId, checked_sum, parse_plain};
use serde::Deserialize;

use super::lists::CATEGORIES_MAX;
use crate::client::Xero;
use crate::shapes;

/// A day after every entry: the report then shows the whole ledger.
const LAST_DAY: &str = "2099-12-31";

/// A report of Xero: rows within sections.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Report {
    rows: Vec<Row>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Row {
    rows: Vec<Row>,
    cells: Vec<Cell>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Cell {
    value: Option<String>,
    attributes: Vec<Attribute>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Attribute {
    value: String,
}

/// Columns of the trial balance: debit and credit of the month, then of the year.
const YEAR_DEBIT: usize = 3;
const YEAR_CREDIT: usize = 4;

impl Report {
    /// Debits less credits of an account.
    fn balance(&self, account: &str) -> Result<Decimal, Fault> {
        let rows = self.rows.iter().flat_map(|section| &section.rows);
        let is_it = |row: &&Row| {
            row.cells.first().is_some_and(|cell| cell.attributes.iter().any(|a| a.value == account))
        };
        let Some(row) = rows.into_iter().find(is_it) else { return Ok(Decimal::ZERO) };
        let amount = |column: usize| {
            let text = row.cells.get(column).and_then(|cell| cell.value.as_deref()).unwrap_or_default();
            if text.is_empty() { Ok(Decimal::ZERO) } else { parse_plain(text) }
        };
        checked_sum([amount(YEAR_DEBIT)?, -amount(YEAR_CREDIT)?])
    }
}

impl Xero {
    pub(super) async fn look_ahead(&self) -> Result<Preflight, Fault> {
        self.forget_target().await;
        let target = self.target().await?;
        let organisation = &target.organisation;
        let currencies: Vec<shapes::Currency> = self.get("Currencies", &[]).await?.read()?;
        let currencies: Vec<Currency> = currencies.iter().filter_map(|c| c.code.parse().ok()).collect();
        let finding = |severity, place: &str, text: String, hint: &str| Finding {
            severity,
            place: place.to_owned(),
            text,
            hint: hint.to_owned(),
            count: None,
        };
        let mut findings = vec![finding(
            Severity::Info,
            "Xero",
            format!("The organisation '{}', kept in {}.", organisation.name, organisation.base_currency),
            "",
        )];
        if let Some(locked) = target.lock_date {
            findings.push(finding(
                Severity::Warning,
                "lock date",
                format!("The books are locked up to {locked}: earlier documents are refused."),
                "Take the lock dates off in Xero's financial settings before the run.",
            ));
        }
        let codes: Vec<_> = currencies.iter().map(ToString::to_string).collect();
        findings.push(finding(
            Severity::Info,
            "currencies",
            format!("It takes {}.", codes.join(", ")),
            "Other currencies can be added in Xero, where its plan allows it.",
        ));
        if target.active_categories().count() >= CATEGORIES_MAX {
            findings.push(finding(
                Severity::Warning,
                "tracking",
                "Both of Xero's tracking categories are in use: no further one can be carried.".to_owned(),
                "Archive one in Xero, or map the source's categories to them.",
            ));
        }
        findings.push(finding(
            Severity::Info,
            "invoice reminders",
            "Nothing is mailed by writing. Xero's own invoice reminders may remind customers of what is overdue."
                .to_owned(),
            "Switch invoice reminders off in Xero until the run has been checked.",
        ));
        findings.push(finding(
            Severity::Info,
            "files",
            "Xero takes ten files on a document, of 10 MB each; others are listed. No file can be removed again."
                .to_owned(),
            "",
        ));
        Ok(Preflight {
            company: Some(organisation.company()?),
            currencies: Some(currencies).filter(|known| !known.is_empty()),
            lock_date: target.lock_date,
            findings,
        })
    }

    pub(super) async fn catalog_of(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        let target = self.target().await?;
        let all = crate::read::survey::catalog(&target.accounts, &target.taxes);
        let tracking = target.tracking.iter().map(|category| CatalogEntry {
            entity: Entity::TrackingCategory,
            id: category.id.clone(),
            code: None,
            name: category.name.clone(),
            class: None,
            percent: None,
        });
        Ok(all.into_iter().chain(tracking).filter(|entry| entry.entity == entity).collect())
    }

    /// The balance of an account, which Xero keeps in the base currency.
    pub(super) async fn balance_of(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        let home = self.target().await?.home;
        let page = self.get_report("TrialBalance", &[("date", LAST_DAY.to_owned())]).await?;
        let reports: Vec<Report> = page.read()?;
        let balances = reports.iter().map(|report| report.balance(account.as_str()));
        let balance = checked_sum(balances.collect::<Result<Vec<_>, _>>()?)?;
        if balance.is_zero() {
            return Ok(Vec::new());
        }
        Ok(vec![AccountBalance { amount: Money::new(balance, home), home: balance }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_is_found_in_its_section() {
        let report: Report = serde_json::from_str(
            r#"{"ReportID":"TrialBalance","Rows":[{"RowType":"Header","Cells":[{"Value":"Account"}]},
                {"RowType":"Section","Title":"Assets","Rows":[{"RowType":"Row","Cells":[
                {"Value":"Clearing (CFCLR)","Attributes":[{"Value":"acc-1","Id":"account"}]},
                {"Value":""},{"Value":""},{"Value":"120.00"},{"Value":"20.05"}]}]}]}"#,
        )
        .unwrap();
        assert_eq!(report.balance("acc-1").unwrap().to_string(), "99.95");
        assert_eq!(report.balance("acc-2").unwrap(), Decimal::ZERO);
    }
}
