//! The API's objects, as far as they are read.

use carry_connector::json::{amount, amount_opt};
use carry_model::{Date, Decimal, Timestamp};
use serde::Deserialize;

/// A reference to another object.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Ref {
    /// Its id.
    #[serde(default)]
    pub(crate) value: String,
    /// Its name, as shown.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What sort of name it is (`Vendor`), where it may be several.
    #[serde(default, rename = "type", alias = "Type")]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetaData {
    pub(crate) create_time: Option<Timestamp>,
    pub(crate) last_updated_time: Option<Timestamp>,
}

/// What every object has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Head {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) meta_data: MetaData,
    #[serde(default)]
    pub(crate) doc_number: Option<String>,
    #[serde(default)]
    pub(crate) private_note: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CompanyInfo {
    #[serde(default)]
    pub(crate) company_name: String,
    #[serde(default)]
    pub(crate) country: Option<String>,
    #[serde(default)]
    pub(crate) name_value: Vec<NameValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NameValue {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Preferences {
    pub(crate) accounting_info_prefs: AccountingInfoPrefs,
    pub(crate) sales_forms_prefs: SalesFormsPrefs,
    pub(crate) tax_prefs: TaxPrefs,
    pub(crate) currency_prefs: CurrencyPrefs,
    pub(crate) other_prefs: OtherPrefs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct AccountingInfoPrefs {
    pub(crate) book_close_date: Option<Date>,
    pub(crate) class_tracking_per_txn: bool,
    pub(crate) class_tracking_per_txn_line: bool,
    pub(crate) track_departments: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SalesFormsPrefs {
    pub(crate) custom_txn_numbers: bool,
    pub(crate) auto_apply_credit: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TaxPrefs {
    pub(crate) using_sales_tax: bool,
    pub(crate) partner_tax_enabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct CurrencyPrefs {
    pub(crate) multi_currency_enabled: bool,
    pub(crate) home_currency: Option<Ref>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct OtherPrefs {
    pub(crate) name_value: Vec<NameValue>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) acct_num: Option<String>,
    #[serde(default)]
    pub(crate) account_type: String,
    #[serde(default)]
    pub(crate) account_sub_type: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) parent_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) currency_ref: Option<Ref>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    #[serde(default, with = "amount_opt")]
    pub(crate) current_balance: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaxRate {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, with = "amount_opt")]
    pub(crate) rate_value: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaxCode {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) sales_tax_rate_list: TaxRateList,
    #[serde(default)]
    pub(crate) purchase_tax_rate_list: TaxRateList,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TaxRateList {
    pub(crate) tax_rate_detail: Vec<TaxRateDetail>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaxRateDetail {
    pub(crate) tax_rate_ref: Ref,
    #[serde(default)]
    pub(crate) tax_type_applicable: Option<String>,
    #[serde(default)]
    pub(crate) tax_order: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Term {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) due_days: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PaymentMethod {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A class or a department.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Option_ {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) fully_qualified_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Address {
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) line3: Option<String>,
    pub(crate) line4: Option<String>,
    pub(crate) line5: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) country_sub_division_code: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) country: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Email {
    pub(crate) address: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Phone {
    pub(crate) free_form_number: Option<String>,
}

/// A customer or a vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Name {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) given_name: Option<String>,
    #[serde(default)]
    pub(crate) family_name: Option<String>,
    #[serde(default)]
    pub(crate) primary_email_addr: Option<Email>,
    #[serde(default)]
    pub(crate) primary_phone: Option<Phone>,
    #[serde(default)]
    pub(crate) acct_num: Option<String>,
    #[serde(default)]
    pub(crate) primary_tax_identifier: Option<String>,
    #[serde(default)]
    pub(crate) bill_addr: Option<Address>,
    #[serde(default)]
    pub(crate) ship_addr: Option<Address>,
    #[serde(default)]
    pub(crate) parent_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) currency_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) notes: Option<String>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) fully_qualified_name: Option<String>,
    #[serde(default)]
    pub(crate) sku: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default, rename = "Type")]
    pub(crate) kind: Option<String>,
    #[serde(default, with = "amount_opt")]
    pub(crate) unit_price: Option<Decimal>,
    #[serde(default, with = "amount_opt")]
    pub(crate) purchase_cost: Option<Decimal>,
    #[serde(default)]
    pub(crate) income_account_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) expense_account_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) sales_tax_code_ref: Option<Ref>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LinkedTxn {
    pub(crate) txn_id: String,
    #[serde(default)]
    pub(crate) txn_type: String,
}

/// A document of any kind, purchases and orders included.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Document {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) doc_number: Option<String>,
    pub(crate) txn_date: Date,
    #[serde(default)]
    pub(crate) due_date: Option<Date>,
    #[serde(default)]
    pub(crate) expiration_date: Option<Date>,
    #[serde(default)]
    pub(crate) currency_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) exchange_rate: Option<Decimal>,
    #[serde(default)]
    pub(crate) customer_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) vendor_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) entity_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) line: Vec<Line>,
    #[serde(default)]
    pub(crate) txn_tax_detail: Option<TxnTaxDetail>,
    #[serde(default)]
    pub(crate) global_tax_calculation: Option<String>,
    #[serde(with = "amount")]
    pub(crate) total_amt: Decimal,
    #[serde(default, with = "amount_opt")]
    pub(crate) balance: Option<Decimal>,
    #[serde(default, with = "amount_opt")]
    pub(crate) remaining_credit: Option<Decimal>,
    #[serde(default)]
    pub(crate) private_note: Option<String>,
    #[serde(default)]
    pub(crate) sales_term_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) department_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) class_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) payment_method_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) deposit_to_account_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) account_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) payment_ref_num: Option<String>,
    #[serde(default)]
    pub(crate) txn_status: Option<String>,
    #[serde(default, rename = "POStatus")]
    pub(crate) po_status: Option<String>,
    #[serde(default)]
    pub(crate) credit: bool,
    #[serde(default)]
    pub(crate) linked_txn: Vec<LinkedTxn>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TxnTaxDetail {
    #[serde(default)]
    pub(crate) txn_tax_code_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) total_tax: Option<Decimal>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Line {
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default, with = "amount_opt")]
    pub(crate) amount: Option<Decimal>,
    #[serde(default)]
    pub(crate) detail_type: String,
    #[serde(default)]
    pub(crate) linked_txn: Vec<LinkedTxn>,
    #[serde(default)]
    pub(crate) sales_item_line_detail: Option<Detail>,
    #[serde(default)]
    pub(crate) item_based_expense_line_detail: Option<Detail>,
    #[serde(default)]
    pub(crate) account_based_expense_line_detail: Option<Detail>,
    #[serde(default)]
    pub(crate) discount_line_detail: Option<Detail>,
    #[serde(default)]
    pub(crate) group_line_detail: Option<GroupDetail>,
    #[serde(default)]
    pub(crate) journal_entry_line_detail: Option<JournalDetail>,
    #[serde(default)]
    pub(crate) deposit_line_detail: Option<Detail>,
}

/// What a line is about; which fields are there depends on its type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Detail {
    #[serde(default)]
    pub(crate) item_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) item_account_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) account_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) qty: Option<Decimal>,
    #[serde(default, with = "amount_opt")]
    pub(crate) unit_price: Option<Decimal>,
    #[serde(default)]
    pub(crate) tax_code_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) class_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) customer_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) entity: Option<Ref>,
    #[serde(default)]
    pub(crate) service_date: Option<Date>,
    #[serde(default, with = "amount_opt")]
    pub(crate) discount_percent: Option<Decimal>,
    #[serde(default)]
    pub(crate) discount_account_ref: Option<Ref>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupDetail {
    #[serde(default)]
    pub(crate) line: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct JournalDetail {
    pub(crate) posting_type: String,
    pub(crate) account_ref: Ref,
    #[serde(default)]
    pub(crate) entity: Option<JournalEntity>,
    #[serde(default)]
    pub(crate) class_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) department_ref: Option<Ref>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct JournalEntity {
    #[serde(default, rename = "Type")]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) entity_ref: Option<Ref>,
}

/// A payment of either side.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) txn_date: Date,
    #[serde(default)]
    pub(crate) doc_number: Option<String>,
    #[serde(default)]
    pub(crate) currency_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) exchange_rate: Option<Decimal>,
    #[serde(default)]
    pub(crate) customer_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) vendor_ref: Option<Ref>,
    #[serde(with = "amount")]
    pub(crate) total_amt: Decimal,
    #[serde(default, with = "amount_opt")]
    pub(crate) unapplied_amt: Option<Decimal>,
    #[serde(default)]
    pub(crate) deposit_to_account_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) check_payment: Option<CheckPayment>,
    #[serde(default)]
    pub(crate) credit_card_payment: Option<CardPayment>,
    #[serde(default)]
    pub(crate) payment_method_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) payment_ref_num: Option<String>,
    #[serde(default)]
    pub(crate) private_note: Option<String>,
    #[serde(default)]
    pub(crate) line: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CheckPayment {
    #[serde(default)]
    pub(crate) bank_account_ref: Option<Ref>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CardPayment {
    #[serde(default, rename = "CCAccountRef")]
    pub(crate) account_ref: Option<Ref>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) txn_date: Date,
    pub(crate) from_account_ref: Ref,
    pub(crate) to_account_ref: Ref,
    #[serde(with = "amount")]
    pub(crate) amount: Decimal,
    #[serde(default)]
    pub(crate) currency_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) exchange_rate: Option<Decimal>,
    #[serde(default)]
    pub(crate) private_note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct JournalEntry {
    pub(crate) id: String,
    pub(crate) txn_date: Date,
    #[serde(default)]
    pub(crate) doc_number: Option<String>,
    #[serde(default)]
    pub(crate) currency_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) exchange_rate: Option<Decimal>,
    #[serde(default)]
    pub(crate) private_note: Option<String>,
    #[serde(default)]
    pub(crate) line: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TimeActivity {
    pub(crate) id: String,
    pub(crate) txn_date: Date,
    #[serde(default)]
    pub(crate) employee_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) vendor_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) customer_ref: Option<Ref>,
    #[serde(default)]
    pub(crate) item_ref: Option<Ref>,
    #[serde(default, with = "amount_opt")]
    pub(crate) hours: Option<Decimal>,
    #[serde(default, with = "amount_opt")]
    pub(crate) minutes: Option<Decimal>,
    #[serde(default)]
    pub(crate) start_time: Option<Timestamp>,
    #[serde(default)]
    pub(crate) end_time: Option<Timestamp>,
    #[serde(default, with = "amount_opt")]
    pub(crate) hourly_rate: Option<Decimal>,
    #[serde(default)]
    pub(crate) billable_status: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attachable {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) file_name: Option<String>,
    #[serde(default)]
    pub(crate) content_type: Option<String>,
    #[serde(default, with = "amount_opt")]
    pub(crate) size: Option<Decimal>,
    #[serde(default)]
    pub(crate) note: Option<String>,
    #[serde(default)]
    pub(crate) temp_download_uri: Option<String>,
    #[serde(default)]
    pub(crate) attachable_ref: Vec<AttachableRef>,
}

impl Attachable {
    /// False for a note that stands alone.
    pub(crate) fn is_file(&self) -> bool {
        self.file_name.as_deref().is_some_and(|name| !name.trim().is_empty())
    }

    pub(crate) fn size_bytes(&self) -> Option<u64> {
        u64::try_from(self.size?).ok()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachableRef {
    #[serde(default)]
    pub(crate) entity_ref: Option<Ref>,
}
