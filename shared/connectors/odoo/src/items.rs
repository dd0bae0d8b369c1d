//! Products and services.

use carry_connector::{WriteBatch, WriteItem};
use carry_model::{Body, Code, Decimal, Entity, Fault, Item};
use serde_json::json;

use crate::call::Call;
use crate::lists::{Draft, Place, Results};
use crate::names::{MODULE, id_of};
use crate::session::Odoo;
use crate::sheet::Row;
use crate::value::{self, plain};

/// External id of the product that stands for order lines without an item.
const NO_ITEM: &str = "product_without_item";

impl Odoo {
    /// Creates or updates products.
    pub(crate) async fn write_items(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let places = self.places(&batch.items).await?;
        let draft = |(item, place): (&WriteItem, &Place)| match &item.record.body {
            Body::Item(body) => self.item_draft(batch, body, place),
            _ => Err(Fault::new(Code::Bug).detail("no item")),
        };
        let drafts = batch.items.iter().zip(&places).map(draft).collect();
        self.import_list("product.product/load", batch, &places, drafts).await
    }

    fn item_draft(&self, batch: &WriteBatch, item: &Item, place: &Place) -> Result<Draft, Fault> {
        let account = |id| batch.links.get_opt(Entity::Account, id).and_then(id_of);
        let amount = |amount: Option<Decimal>| plain(amount.unwrap_or_default());
        let tax = batch.links.get_opt(Entity::TaxRate, &item.tax_rate).and_then(id_of);
        // A service is never stocked, so nothing but the books moves.
        let sort = if item.service == Some(false) { "consu" } else { "service" };
        let row = place
            .row()
            .with("name", item.name.clone())
            .with("default_code", item.code.clone().unwrap_or_default())
            .with("description_sale", item.description.clone().unwrap_or_default())
            .with("list_price", amount(item.price)?)
            .with("standard_price", amount(item.cost)?)
            .with(if self.version >= 18 { "type" } else { "detailed_type" }, sort)
            .with_id("taxes_id", tax)
            .with("supplier_taxes_id/.id", "")
            .with_id("property_account_income_id", account(&item.income_account))
            .with_id("property_account_expense_id", account(&item.expense_account));
        let mut notes = Vec::new();
        if item.price.is_some_and(|price| price.normalize().scale() > self.books.price_digits) {
            notes.push(format!("Odoo keeps prices to {} decimals.", self.books.price_digits));
        }
        if item.archived {
            notes.push("Retired in the source; kept active, for documents name it.".to_owned());
        }
        Ok(Draft { row, number: item.code.clone().or_else(|| Some(item.name.clone())), notes })
    }

    /// The product for lines of an order that name no item: Odoo's orders need one on each line.
    pub(crate) async fn product_without_item(&self) -> Result<i64, Fault> {
        let names = [NO_ITEM.to_owned()];
        if let Some(found) = self.locate(&names).await?.get(NO_ITEM) {
            return Ok(found.id);
        }
        let row = Row::create(NO_ITEM)
            .with("name", "Carried forward")
            .with(if self.version >= 18 { "type" } else { "detailed_type" }, "service")
            .with("list_price", "0")
            .with("taxes_id/.id", "")
            .with("supplier_taxes_id/.id", "");
        let created = self.load_idempotent("product.product/load", &[row]).await?;
        let id = created.into_iter().next().unwrap_or_else(|| Err(Fault::new(Code::Bug).detail(MODULE)))?;
        self.mark_finished(&names).await?;
        Ok(id)
    }

    /// Income and expense accounts of products, where they have their own.
    pub(crate) async fn product_accounts(
        &self,
        products: &[i64],
    ) -> Result<rustc_hash::FxHashMap<i64, (Option<i64>, Option<i64>)>, Fault> {
        if products.is_empty() {
            return Ok(rustc_hash::FxHashMap::default());
        }
        let fields = ["property_account_income_id", "property_account_expense_id"];
        let call =
            Call::read("product.product/read").on(products.iter().copied()).with("fields", json!(fields));
        let found = value::records(self.call(call).await?)?;
        let accounts = found.iter().map(|product| {
            let account = |name| value::reference(product, name);
            let pair = (account("property_account_income_id"), account("property_account_expense_id"));
            (value::id(product), pair)
        });
        Ok(accounts.collect())
    }
}
