//! Items: what is sold and bought, untracked or tracked as inventory.

use carry_model::{Decimal, Timestamp, round_half_up};
use uuid::Uuid;

use super::books::Books;
use super::input::Input;
use super::refusal::{Refusal, refused};
use super::when;
use crate::json::{Json, object};

/// What an item is sold or bought at.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub(super) unit_price: Option<Decimal>,
    pub(super) account_code: Option<String>,
    pub(super) tax_type: Option<String>,
    cogs_account_code: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: Uuid,
    pub(super) code: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) purchase_description: Option<String>,
    pub(super) sales: Side,
    pub(super) purchases: Side,
    inventory_account_code: Option<String>,
    is_sold: bool,
    is_purchased: bool,
    pub(super) updated: Timestamp,
}

impl Item {
    pub(super) fn is_tracked(&self) -> bool {
        self.inventory_account_code.is_some() && self.purchases.cogs_account_code.is_some()
    }

    pub(super) fn json(&self) -> Json {
        let side = |side: &Side| {
            object! {
                "UnitPrice" => side.unit_price,
                "AccountCode" => side.account_code.clone(),
                "COGSAccountCode" => side.cogs_account_code.clone(),
                "TaxType" => side.tax_type.clone(),
            }
        };
        object! {
            "ItemID" => self.id,
            "Code" => &self.code,
            "Name" => self.name.clone(),
            "Description" => self.description.clone(),
            "PurchaseDescription" => self.purchase_description.clone(),
            "UpdatedDateUTC" => when::wire_time(self.updated),
            "PurchaseDetails" => side(&self.purchases),
            "SalesDetails" => side(&self.sales),
            "InventoryAssetAccountCode" => self.inventory_account_code.clone(),
            "IsTrackedAsInventory" => self.is_tracked(),
            "QuantityOnHand" => self.is_tracked().then(|| Decimal::new(0, 4)),
            "TotalCostPool" => self.is_tracked().then(|| Decimal::new(0, 2)),
            "IsSold" => self.is_sold,
            "IsPurchased" => self.is_purchased,
        }
    }
}

/// Creates or changes an item; it is found by id or code where the call may update.
pub(super) fn write(
    books: &mut Books,
    sent: &Json,
    may_update: bool,
    decimals: u32,
) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let id = input.id("ItemID");
    let code = input.text_max("Code", 30);
    let by_code = books.item(code.as_deref().unwrap_or_default()).map(|item| item.id);
    let known = if may_update { id.or(by_code) } else { None };
    if let Some(known) = known.filter(|known| books.items.get(*known).is_none()) {
        return Err(vec![format!("Item with ItemID {known} could not be found")]);
    }
    if code.is_none() && known.is_none() {
        input.problem("Price List Item Code must be supplied");
    }
    if let Some(code) = code.as_ref().filter(|_| by_code.is_some() && by_code != known) {
        input.problem(format!("Price List Item with Code '{code}' already exists"));
    }
    let mut item = match known.and_then(|known| books.items.get(known)) {
        Some(item) => item.clone(),
        None => Item {
            id: books.ids.next(),
            code: String::new(),
            name: None,
            description: None,
            purchase_description: None,
            sales: Side::default(),
            purchases: Side::default(),
            inventory_account_code: None,
            is_sold: true,
            is_purchased: true,
            updated: books.now,
        },
    };
    item.code = code.unwrap_or(item.code);
    item.name = input.text_max("Name", 50).or(item.name);
    item.description = input.text_max("Description", 4000).or(item.description);
    item.purchase_description = input.text_max("PurchaseDescription", 4000).or(item.purchase_description);
    item.is_sold = input.flag("IsSold").unwrap_or(item.is_sold);
    item.is_purchased = input.flag("IsPurchased").unwrap_or(item.is_purchased);
    item.sales = side(books, &mut input, "SalesDetails", item.sales, decimals);
    item.purchases = side(books, &mut input, "PurchaseDetails", item.purchases, decimals);
    item.inventory_account_code = input.text("InventoryAssetAccountCode").or(item.inventory_account_code);
    let inventory = item.inventory_account_code.as_deref().and_then(|code| books.account(code));
    if item.inventory_account_code.is_some() && inventory.is_none_or(|account| account.kind != "INVENTORY") {
        input.problem("Inventory Asset Account must be of type INVENTORY");
    }
    if item.inventory_account_code.is_some() && item.purchases.cogs_account_code.is_none() {
        input.problem("COGSAccountCode must be supplied for a tracked item");
    }
    item.updated = books.now;
    input.check()?;
    let json = item.json();
    books.item_codes.insert(item.code.clone(), item.id);
    books.items.insert(item.id, item);
    Ok(json)
}

fn side(books: &Books, input: &mut Input<'_>, name: &str, old: Side, decimals: u32) -> Side {
    let price = input.decimal(&format!("{name}.UnitPrice")).map(|price| round_half_up(price, decimals));
    let code = |field: &str, input: &mut Input<'_>| {
        let code = input.text(&format!("{name}.{field}")).filter(|code| !code.is_empty())?;
        if books.account(&code).is_none() {
            input.problem(format!("Account code '{code}' is not a valid code"));
        }
        Some(code)
    };
    let account_code = code("AccountCode", input);
    let cogs_account_code = code("COGSAccountCode", input);
    let tax_type = input.text(&format!("{name}.TaxType")).filter(|tax| !tax.is_empty());
    if let Some(tax) = tax_type.as_ref().filter(|tax| books.tax(tax).is_none_or(|rate| !rate.is_active())) {
        input.problem(format!("TaxType code '{tax}' is not a valid code"));
    }
    Side {
        unit_price: price.or(old.unit_price),
        account_code: account_code.or(old.account_code),
        tax_type: tax_type.or(old.tax_type),
        cogs_account_code: cogs_account_code.or(old.cogs_account_code),
    }
}

/// Deletes an item that no transaction names.
pub(super) fn delete(books: &mut Books, id: Uuid) -> Result<(), Refusal> {
    let item = books.items.get(id).ok_or(Refusal::NotFound)?;
    let code = item.code.clone();
    if books.uses_item(&code) {
        let message = "The item cannot be deleted as it has been used in transactions".to_owned();
        return Err(Refusal::Elements(vec![refused(&item.json(), "ItemID", &[message])]));
    }
    books.item_codes.remove(&code);
    books.items.remove(id);
    Ok(())
}
