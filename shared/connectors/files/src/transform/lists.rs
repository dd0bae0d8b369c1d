//! Lists: accounts, items, tax rates.

use carry_model::{Account, AccountClass, Body, Code, Entity, Item, SourceId, TaxRate};

use AccountClass as C;

use super::Draft;
use super::cells::{Layout, Outcome};
use crate::formats::Field;
use crate::ids;
use crate::unit::{Unit, UnitRow};

pub(super) fn account(layout: &Layout, unit: &Unit<'_>) -> Outcome<Draft> {
    let row = layout.head(unit)?;
    let full_name = layout.required(row, Field::Name)?;
    let code = layout.text(row, Field::Code);
    let kind = layout.required(row, Field::Type)?;
    let class = account_class(kind, layout.text(row, Field::DetailType))
        .ok_or_else(|| layout.problem(row, Field::Type, Code::ValueUnknown, ""))?;
    let (parent, name) = parent_and_name(layout, row, full_name);
    let currency = match layout.some(row, Field::Currency) {
        Some(_) => Some(layout.currency(row)?),
        None => None,
    };
    let body = Account {
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        name: name.to_owned(),
        class,
        parent,
        currency,
        description: layout.owned(row, Field::Description),
        active: is_active(layout, row),
    };
    let id = ids::account(layout.format, code, full_name);
    Ok(Draft {
        entity: Entity::Account,
        id: id.into(),
        number: Some(full_name.to_owned()),
        body: Body::Account(body.into()),
    })
}

/// `Parent:Child`, as QuickBooks writes sub-accounts and sub-customers; else the parent's own column.
pub(super) fn parent_and_name<'a>(
    layout: &Layout,
    row: &UnitRow<'_>,
    full_name: &'a str,
) -> (Option<SourceId>, &'a str) {
    let nested = layout.format.system.id == "quickbooks";
    match full_name.rsplit_once(':').filter(|(parent, name)| nested && !parent.is_empty() && !name.is_empty())
    {
        Some((parent, name)) => (Some(parent.trim().into()), name.trim()),
        None => (layout.some(row, Field::Parent).map(SourceId::from), full_name),
    }
}

pub(super) fn is_active(layout: &Layout, row: &UnitRow<'_>) -> bool {
    let text = layout.text(row, Field::Active).to_lowercase();
    !matches!(text.as_str(), "no" | "false" | "inactive" | "archived" | "deleted" | "0" | "n")
}

/// Words for types of accounts, in lower case, with the class each means.
const CLASSES: &[(AccountClass, &[&str])] = &[
    (C::Bank, &["bank", "cash", "cash and bank", "paypal", "money in transit", "cash & bank"]),
    (C::Receivable, &["accounts receivable (a/r)", "accounts receivable", "receivable", "debtors"]),
    (C::Payable, &["accounts payable (a/p)", "accounts payable", "payable", "creditors"]),
    (C::CreditCard, &["credit card", "creditcard"]),
    (
        C::CurrentAsset,
        &[
            "other current assets",
            "other current asset",
            "current asset",
            "current assets",
            "inventory",
            "prepayment",
            "stock",
            "other short-term asset",
            "asset",
            "assets",
            "other asset",
            "expected payments from customers",
            "payment clearing",
            "payment clearing account",
            "input tax",
        ],
    ),
    (
        C::FixedAsset,
        &[
            "fixed assets",
            "fixed asset",
            "non-current asset",
            "other assets",
            "long-term asset",
            "property, plant, equipment",
            "depreciation and amortization",
            "long term asset",
            "intangible asset",
        ],
    ),
    (
        C::CurrentLiability,
        &[
            "other current liabilities",
            "other current liability",
            "current liability",
            "current liabilities",
            "liability",
            "liabilities",
            "sales tax",
            "sales taxes",
            "vat",
            "gst",
            "rounding",
            "tracking",
            "unpaid expense claims",
            "wages payable",
            "due for payroll",
            "other short-term liability",
            "customer prepayments and customer credits",
            "output tax",
            "overseas tax payable",
            "other liability",
        ],
    ),
    (
        C::LongTermLiability,
        &[
            "long term liabilities",
            "long-term liabilities",
            "long term liability",
            "long-term liability",
            "non-current liability",
            "term liability",
            "loan and line of credit",
            "other long-term liability",
        ],
    ),
    (
        C::Equity,
        &[
            "equity",
            "retained earnings",
            "historical",
            "historical adjustment",
            "owner's equity",
            "business owner contribution and drawing",
            "retained earnings: profit",
        ],
    ),
    (C::Income, &["income", "revenue", "sales", "discount"]),
    (C::OtherIncome, &["other income", "interest income"]),
    (C::CostOfSales, &["cost of goods sold", "cost of sales", "direct costs", "direct cost"]),
    (
        C::Expense,
        &[
            "expenses",
            "expense",
            "overhead",
            "overheads",
            "operating expense",
            "depreciation",
            "wages expense",
            "superannuation",
            "payroll expense",
        ],
    ),
    (
        C::OtherExpense,
        &[
            "other expense",
            "other expenses",
            "gain on foreign exchange",
            "loss on foreign exchange",
            "realised currency gains",
            "unrealised currency gains",
            "bank revaluations",
        ],
    ),
];

/// The class that a system's word for a type of account means. Types that are in the words of several systems
/// mean the same in each.
pub(super) fn account_class(kind: &str, detail: &str) -> Option<AccountClass> {
    let of = |word: &str| {
        let word = word.trim().to_lowercase();
        CLASSES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(class, _)| *class)
    };
    of(kind).or_else(|| of(detail))
}

pub(super) fn item(layout: &Layout, unit: &Unit<'_>) -> Outcome<Draft> {
    let row = layout.head(unit)?;
    let code = layout.text(row, Field::Code);
    // Xero allows an item without a name; its code is then what documents show.
    let name = match layout.some(row, Field::Name) {
        Some(name) => name,
        None if layout.format.system.id == "xero" => layout.required(row, Field::Code)?,
        None => layout.required(row, Field::Name)?,
    };
    let kind = layout.text(row, Field::Type).to_lowercase();
    let body = Item {
        name: name.to_owned(),
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        description: layout
            .owned(row, Field::Description)
            .or_else(|| layout.owned(row, Field::PurchaseDescription)),
        price: layout.number(row, Field::Price)?,
        cost: layout.number(row, Field::Cost)?,
        income_account: layout.account(row, Field::IncomeAccount).map(SourceId::from),
        expense_account: layout.account(row, Field::ExpenseAccount).map(SourceId::from),
        tax_rate: layout.some(row, Field::Tax).map(SourceId::from),
        service: match kind.as_str() {
            "service" | "services" => Some(true),
            "inventory" | "non-inventory" | "noninventory" | "goods" | "product" | "inventory assembly" => {
                Some(false)
            }
            _ => None,
        },
        archived: !is_active(layout, row),
    };
    let id = ids::item(layout.format, code, name);
    Ok(Draft {
        entity: Entity::Item,
        id: id.into(),
        number: Some(name.to_owned()),
        body: Body::Item(body.into()),
    })
}

pub(super) fn tax_rate(layout: &Layout, unit: &Unit<'_>) -> Outcome<Draft> {
    let row = layout.head(unit)?;
    let name = layout.required(row, Field::Name)?;
    let body = TaxRate {
        name: name.to_owned(),
        code: layout.owned(row, Field::Code),
        percent: layout.number(row, Field::Percent)?,
        components: Vec::new(),
        account: layout.account(row, Field::Account).map(SourceId::from),
    };
    Ok(Draft {
        entity: Entity::TaxRate,
        id: name.into(),
        number: Some(name.to_owned()),
        body: Body::TaxRate(body.into()),
    })
}
