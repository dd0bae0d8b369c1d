use carry_connector::json;
use carry_model::Decimal;
use serde::{Deserialize, Serialize};

/// The business.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Organisation {
    pub(crate) name: String,
    pub(crate) base_currency: String,
    pub(crate) country_code: Option<String>,
    pub(crate) period_lock_date: Option<String>,
    pub(crate) end_of_year_lock_date: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) is_demo_company: bool,
}

/// A currency the organisation has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Currency {
    pub(crate) code: String,
}

/// An account of the chart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Account {
    #[serde(rename = "AccountID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(rename = "Type", skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) bank_account_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bank_account_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enable_payments_to_account: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_type: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) status: String,
    #[serde(skip_serializing)]
    pub(crate) system_account: Option<String>,
    #[serde(rename = "UpdatedDateUTC", skip_serializing)]
    pub(crate) updated: Option<String>,
}

/// A tax rate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TaxRate {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) tax_type: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report_tax_type: Option<String>,
    #[serde(with = "json::amount_opt", skip_serializing)]
    pub(crate) effective_rate: Option<Decimal>,
    #[serde(skip_serializing)]
    pub(crate) can_apply_to_revenue: Option<bool>,
    #[serde(skip_serializing)]
    pub(crate) can_apply_to_expenses: Option<bool>,
    pub(crate) tax_components: Vec<TaxComponent>,
}

/// A part of a tax rate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TaxComponent {
    pub(crate) name: String,
    #[serde(with = "json::amount_opt")]
    pub(crate) rate: Option<Decimal>,
    pub(crate) is_compound: bool,
}

/// A dimension with its options.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TrackingCategory {
    #[serde(rename = "TrackingCategoryID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing)]
    pub(crate) status: String,
    #[serde(skip_serializing)]
    pub(crate) options: Vec<TrackingOption>,
}

/// An option of a dimension.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TrackingOption {
    pub(crate) name: String,
}

/// A customer, a supplier, or both.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Contact {
    #[serde(rename = "ContactID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contact_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_number: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) contact_status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_number: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) addresses: Vec<Address>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) phones: Vec<Phone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_currency: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) is_customer: bool,
    #[serde(skip_serializing)]
    pub(crate) is_supplier: bool,
    #[serde(rename = "UpdatedDateUTC", skip_serializing)]
    pub(crate) updated: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Address {
    pub(crate) address_type: String,
    #[serde(rename = "AddressLine1", skip_serializing_if = "Option::is_none")]
    pub(crate) line1: Option<String>,
    #[serde(rename = "AddressLine2", skip_serializing_if = "Option::is_none")]
    pub(crate) line2: Option<String>,
    #[serde(rename = "AddressLine3", skip_serializing_if = "Option::is_none")]
    pub(crate) line3: Option<String>,
    #[serde(rename = "AddressLine4", skip_serializing_if = "Option::is_none")]
    pub(crate) line4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
}

/// A telephone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Phone {
    pub(crate) phone_type: String,
    pub(crate) phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone_area_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone_country_code: Option<String>,
}

/// A product or service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Item {
    #[serde(rename = "ItemID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    pub(crate) code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purchase_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sales_details: Option<Trade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purchase_details: Option<Trade>,
    #[serde(skip_serializing)]
    pub(crate) is_tracked_as_inventory: bool,
    #[serde(rename = "UpdatedDateUTC", skip_serializing)]
    pub(crate) updated: Option<String>,
}

/// How an item is sold or bought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Trade {
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) unit_price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_code: Option<String>,
    #[serde(rename = "COGSAccountCode", skip_serializing_if = "Option::is_none")]
    pub(crate) cogs_account_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_type: Option<String>,
}
