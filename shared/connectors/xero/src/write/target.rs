//! The organisation as a target: its accounts, tax rates and tracking categories, read once and kept up while writing;
//! read anew after a doubt.

use std::sync::Arc;

use carry_connector::Links;
use carry_model::{Currency, Date, Decimal, Entity, Fault, SourceId, TargetId};

use crate::client::Xero;
use crate::read::survey::system;
use crate::shapes::{Account, Organisation, TaxRate, TrackingCategory};

/// The tax type of what bears no tax.
pub(crate) const NO_TAX: &str = "NONE";

/// See the module.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) organisation: Organisation,
    pub(crate) home: Currency,
    pub(crate) country: String,
    pub(crate) lock_date: Option<Date>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) taxes: Vec<TaxRate>,
    pub(crate) tracking: Vec<TrackingCategory>,
}

/// Which side of the books a document is on: decides the tax types that fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Sales,
    Purchases,
}

impl Side {
    pub(crate) const fn of(entity: Entity) -> Self {
        match entity {
            Entity::Bill | Entity::BillCredit | Entity::Expense | Entity::PurchaseOrder => Self::Purchases,
            _ => Self::Sales,
        }
    }
}

impl Xero {
    /// The target as it is now.
    pub(crate) async fn target(&self) -> Result<Arc<Target>, Fault> {
        let mut kept = self.target.lock().await;
        if let Some(target) = &*kept {
            return Ok(target.clone());
        }
        let organisation = self.organisation().await?;
        let target = Arc::new(Target {
            home: organisation.company()?.home_currency,
            lock_date: organisation.lock_date(),
            country: organisation.country_code.clone().unwrap_or_default(),
            accounts: self.get("Accounts", &[]).await?.read()?,
            taxes: self.get("TaxRates", &[]).await?.read()?,
            tracking: self.get("TrackingCategories", &[]).await?.read()?,
            organisation,
        });
        *kept = Some(target.clone());
        Ok(target)
    }

    /// Forgets the target: what happened to its lists is not known.
    pub(crate) async fn forget_target(&self) {
        *self.target.lock().await = None;
    }

    /// Keeps the target up after a write of its lists.
    pub(crate) async fn note_target(&self, change: impl FnOnce(&mut Target) + Send) {
        if let Some(target) = &mut *self.target.lock().await {
            change(Arc::make_mut(target));
        }
    }
}

impl Target {
    /// An account as Xero has it now.
    pub(crate) fn put_account(&mut self, account: Account) {
        self.accounts.retain(|known| known.id != account.id);
        self.accounts.push(account);
    }

    /// A tax rate as Xero has it now.
    pub(crate) fn put_tax(&mut self, tax: TaxRate) {
        self.taxes.retain(|known| known.tax_type != tax.tax_type);
        self.taxes.push(tax);
    }

    pub(crate) fn account(&self, id: &TargetId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id.as_str())
    }

    /// The account that a link names.
    pub(crate) fn linked<'a>(&'a self, links: &Links, id: &Option<SourceId>) -> Option<&'a Account> {
        links.get_opt(Entity::Account, id).and_then(|target| self.account(target))
    }

    /// Where a line goes whose own account is not known: the first plain account of that side.
    pub(crate) fn usual_account(&self, side: Side) -> Option<&Account> {
        let kinds: &[&str] = match side {
            Side::Sales => &["REVENUE", "SALES", "OTHERINCOME"],
            Side::Purchases => &["EXPENSE", "OVERHEADS", "DIRECTCOSTS"],
        };
        let fits = |account: &&Account| {
            kinds.contains(&account.kind.as_str())
                && account.status != "ARCHIVED"
                && account.system_account.as_deref().unwrap_or_default().is_empty()
        };
        self.accounts.iter().find(fits)
    }

    pub(crate) fn system_account(&self, purpose: &str) -> Option<&Account> {
        system(&self.accounts, purpose)
    }

    /// The tax type for that side: the linked one, or another of the same per cent where it does not fit; None where
    /// none fits.
    pub(crate) fn tax_type(&self, linked: &TargetId, side: Side) -> Option<String> {
        let fits = |tax: &&TaxRate| match side {
            Side::Sales => tax.can_apply_to_revenue != Some(false),
            Side::Purchases => tax.can_apply_to_expenses != Some(false),
        };
        let known = self.taxes.iter().find(|tax| tax.tax_type == linked.as_str())?;
        let percent = |tax: &TaxRate| tax.effective_rate.unwrap_or(Decimal::ZERO);
        let twin = || {
            let same = |tax: &&TaxRate| tax.status == "ACTIVE" && percent(tax) == percent(known);
            self.taxes.iter().filter(same).find(fits)
        };
        Some(known).filter(fits).or_else(twin).map(|tax| tax.tax_type.clone())
    }

    pub(crate) fn tax_named(&self, name: &str) -> Option<&TaxRate> {
        self.taxes.iter().find(|tax| tax.name == name && tax.status != "DELETED")
    }

    pub(crate) fn active_categories(&self) -> impl Iterator<Item = &TrackingCategory> {
        self.tracking.iter().filter(|category| category.status != "ARCHIVED")
    }

    pub(crate) fn category_named(&self, name: &str) -> Option<&TrackingCategory> {
        self.active_categories().find(|category| category.name == name)
    }

    pub(crate) fn category(&self, id: &TargetId) -> Option<&TrackingCategory> {
        self.tracking.iter().find(|category| category.id == id.as_str())
    }
}
