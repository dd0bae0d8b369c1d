//! What holds for the whole connection: company, home currency, precision, installed modules.

use carry_model::{Code, Currency, Date, Entity, Fault};
use serde_json::json;

use crate::call::Call;
use crate::session::Odoo;
use crate::value::{self, Fields};

/// The company's settings that writing depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    /// Id of the company.
    pub(crate) company: i64,
    /// Its name.
    pub(crate) name: String,
    /// ISO code and id of the currency its ledger is kept in.
    pub(crate) home: Option<(Currency, i64)>,
    /// Two-letter country.
    pub(crate) country: Option<String>,
    /// Tax falls due with payment: reconciling makes further entries.
    pub(crate) cash_basis: bool,
    /// Decimals of a price.
    pub(crate) price_digits: u32,
    /// Decimals of a quantity.
    pub(crate) quantity_digits: u32,
    /// Quotations and sales orders are there.
    pub(crate) sale: bool,
    /// Purchase orders are there.
    pub(crate) purchase: bool,
    /// The settings that close days; which there are differs from version to version.
    pub(crate) lock_fields: Vec<&'static str>,
    /// Analytic accounts are there and may be read.
    pub(crate) analytic: bool,
}

impl Books {
    /// Reads them.
    pub(crate) async fn read(odoo: &Odoo) -> Result<Self, Fault> {
        let company = match odoo.company() {
            Some(company) => company,
            None => own_company(odoo).await?,
        };
        let fields = ["name", "currency_id", "country_id", "tax_exigibility"];
        let found = odoo.search("res.company/search_read", json!([["id", "=", company]]), &fields).await?;
        let company = found.first().ok_or_else(|| {
            Fault::new(Code::ConfigInvalid).field("company").detail("There is no company of that id.")
        })?;
        let currency = value::reference(company, "currency_id");
        let mut books = Self {
            company: value::id(company),
            name: value::text(company, "name").unwrap_or_default().to_owned(),
            cash_basis: value::flag(company, "tax_exigibility"),
            price_digits: 2,
            quantity_digits: 2,
            ..Self::default()
        };
        if let Some(id) = currency {
            let found = odoo.search("res.currency/search_read", json!([["id", "=", id]]), &["name"]).await?;
            let code = found.first().and_then(|fields| value::text(fields, "name"));
            books.home = code.and_then(|code| code.parse().ok()).map(|code| (code, id));
        }
        if let Some(id) = value::reference(company, "country_id") {
            let found = odoo.search("res.country/search_read", json!([["id", "=", id]]), &["code"]).await?;
            books.country = found.first().and_then(|fields| value::text(fields, "code")).map(str::to_owned);
        }
        books.read_precision(odoo).await?;
        books.lock_fields = lock_fields(odoo).await?;
        books.sale = odoo.has_model("sale.order/search_count").await?;
        books.purchase = odoo.has_model("purchase.order/search_count").await?;
        books.analytic = odoo.has_model("account.analytic.plan/search_count").await?;
        Ok(books)
    }

    async fn read_precision(&mut self, odoo: &Odoo) -> Result<(), Fault> {
        let found = odoo.search("decimal.precision/search_read", json!([]), &["name", "digits"]).await?;
        for fields in &found {
            let digits = u32::try_from(value::int(fields, "digits")).unwrap_or(2);
            match value::text(fields, "name") {
                Some("Product Price") => self.price_digits = digits,
                // Renamed with version 19.
                Some("Product Unit" | "Product Unit of Measure") => self.quantity_digits = digits,
                _ => {}
            }
        }
        Ok(())
    }

    /// Id of the home currency.
    pub(crate) fn home_id(&self) -> Option<i64> {
        self.home.map(|(_, id)| id)
    }

    /// True for the home currency.
    pub(crate) fn is_home(&self, currency: Currency) -> bool {
        self.home.is_some_and(|(home, _)| home == currency)
    }
}

async fn own_company(odoo: &Odoo) -> Result<i64, Fault> {
    let missing = || Fault::new(Code::AnswerUnreadable).detail("The user's company is not told.");
    let context = odoo.call(Call::read("res.users/context_get")).await?;
    let user = context.get("uid").and_then(serde_json::Value::as_i64).ok_or_else(missing)?;
    let found = odoo.search("res.users/search_read", json!([["id", "=", user]]), &["company_id"]).await?;
    found.first().and_then(|fields| value::reference(fields, "company_id")).ok_or_else(missing)
}

/// Every setting of any version that closes days.
const LOCK_FIELDS: [&str; 6] = [
    "fiscalyear_lock_date",
    "period_lock_date",
    "tax_lock_date",
    "sale_lock_date",
    "purchase_lock_date",
    "hard_lock_date",
];

async fn lock_fields(odoo: &Odoo) -> Result<Vec<&'static str>, Fault> {
    let call = Call::read("res.company/fields_get").with("allfields", json!(LOCK_FIELDS));
    let known = odoo.call(call.with("attributes", json!(["type"]))).await?;
    Ok(LOCK_FIELDS.into_iter().filter(|name| known.get(name).is_some()).collect())
}

/// The last day that is closed, and the settings that close days.
pub(crate) async fn lock_dates(odoo: &Odoo) -> Result<Vec<(&'static str, Date)>, Fault> {
    let names = &odoo.books.lock_fields;
    let domain = json!([["id", "=", odoo.books.company]]);
    let found = odoo.search("res.company/search_read", domain, names).await?;
    let company: Option<&Fields> = found.first();
    Ok(names.iter().filter_map(|name| Some((*name, value::date(company?, name)?))).collect())
}

/// The last day on which a record of that entity is refused, or silently booked to a later day, by the dates that
/// were read; None where every day is open to it.
pub(crate) fn closed_until(locks: &[(&'static str, Date)], entity: Entity) -> Option<Date> {
    let concerns = |name: &str| match name {
        "sale_lock_date" => crate::document_rows::is_sale(entity),
        "purchase_lock_date" => matches!(entity, Entity::Bill | Entity::BillCredit | Entity::Expense),
        "tax_lock_date" => entity.is_document(),
        _ => true,
    };
    let is_order = matches!(entity, Entity::Estimate | Entity::SalesOrder | Entity::PurchaseOrder);
    locks.iter().filter(|(name, _)| !is_order && concerns(name)).map(|(_, date)| *date).max()
}

/// Ids of currencies by code; one that is switched off is switched on, for documents are about to use it.
pub(crate) async fn currencies(
    odoo: &Odoo,
    mut wanted: Vec<Currency>,
) -> Result<rustc_hash::FxHashMap<Currency, i64>, Fault> {
    wanted.sort();
    wanted.dedup();
    let mut known = rustc_hash::FxHashMap::default();
    if let Some((home, id)) = odoo.books.home {
        known.insert(home, id);
        wanted.retain(|code| *code != home);
    }
    if wanted.is_empty() {
        return Ok(known);
    }
    let names: Vec<&str> = wanted.iter().map(Currency::code).collect();
    let domain = json!([["name", "in", names]]);
    let found = odoo.search_all("res.currency/search_read", domain, &["name", "active"]).await?;
    let asleep: Vec<i64> =
        found.iter().filter(|fields| !value::flag(fields, "active")).map(value::id).collect();
    if !asleep.is_empty() {
        let call = Call::rewrite("res.currency/write").on(asleep).with("vals", json!({"active": true}));
        odoo.call(call).await?;
    }
    for fields in &found {
        if let Some(Ok(code)) = value::text(fields, "name").map(str::parse) {
            known.insert(code, value::id(fields));
        }
    }
    Ok(known)
}
