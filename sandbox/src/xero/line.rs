//! Line items: what they may say, what they come to, and their tax.

use carry_model::{Decimal, round_half_up};
use uuid::Uuid;

use super::account::Account;
use super::books::Books;
use super::document::{Family, Side};
use super::input::Input;
use super::tracking;
use crate::json::{Json, object};

const DESCRIPTION_MAX: usize = 4000;
const TRACKING_MAX: usize = 2;

/// Whether line amounts hold their tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineAmounts {
    Exclusive,
    Inclusive,
    NoTax,
}

impl LineAmounts {
    pub(super) const CHOICES: [(&'static str, Self); 3] =
        [("Exclusive", Self::Exclusive), ("Inclusive", Self::Inclusive), ("NoTax", Self::NoTax)];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Exclusive => "Exclusive",
            Self::Inclusive => "Inclusive",
            Self::NoTax => "NoTax",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) id: Uuid,
    description: Option<String>,
    quantity: Option<Decimal>,
    unit_amount: Option<Decimal>,
    pub(super) item: Option<String>,
    pub(super) account: Option<Uuid>,
    pub(super) tax_type: Option<String>,
    /// The tax was given, not calculated.
    is_tax_given: bool,
    pub(super) tax_amount: Decimal,
    /// After discount; holds the tax where the document's amounts are inclusive.
    pub(super) line_amount: Decimal,
    discount_rate: Option<Decimal>,
    discount_amount: Option<Decimal>,
    pub(super) tracking: Vec<(Uuid, Uuid)>,
}

/// What a document's kind asks of its lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) family: Family,
    pub(super) side: Side,
    pub(super) amounts: LineAmounts,
    /// Decimals unit amounts are rounded to before they are multiplied.
    pub(super) decimals: u32,
    /// The document counts in the books, so its lines must be complete.
    pub(super) is_approved: bool,
}

impl Rules {
    fn allows_discounts(self) -> bool {
        matches!(self.family, Family::Invoice | Family::Quote) && self.side == Side::Sales
    }
}

/// What the lines of a document come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) sub_total: Decimal,
    pub(super) tax: Decimal,
    pub(super) total: Decimal,
    pub(super) discount: Decimal,
}

/// Adds the lines up. Tax is rounded per line and then added.
pub(super) fn totals(lines: &[Line], amounts: LineAmounts) -> Totals {
    let sum: Decimal = lines.iter().map(|line| line.line_amount).sum();
    let tax: Decimal = lines.iter().map(|line| line.tax_amount).sum();
    let discount = lines.iter().map(Line::discount).sum();
    match amounts {
        LineAmounts::Exclusive => Totals { sub_total: sum, tax, total: sum + tax, discount },
        LineAmounts::Inclusive => Totals { sub_total: sum - tax, tax, total: sum, discount },
        LineAmounts::NoTax => Totals { sub_total: sum, tax: Decimal::ZERO, total: sum, discount },
    }
}

impl Line {
    /// A line of one amount on an account, without tax.
    pub(super) fn plain(id: Uuid, description: &str, amount: Decimal, account: Option<Uuid>) -> Self {
        Self {
            id,
            description: Some(description.to_owned()),
            quantity: Some(Decimal::ONE),
            unit_amount: Some(amount),
            item: None,
            account,
            tax_type: Some("NONE".to_owned()),
            is_tax_given: false,
            tax_amount: Decimal::new(0, 2),
            line_amount: amount,
            discount_rate: None,
            discount_amount: None,
            tracking: Vec::new(),
        }
    }

    fn discount(&self) -> Decimal {
        if self.discount_rate.is_none() && self.discount_amount.is_none() {
            return Decimal::ZERO;
        }
        let full = self.quantity.unwrap_or_default().checked_mul(self.unit_amount.unwrap_or_default());
        round_half_up(full.unwrap_or_default(), 2) - self.line_amount
    }

    pub(super) fn is_discounted(&self) -> bool {
        !self.discount().is_zero()
    }

    /// The amount without tax.
    pub(super) fn net(&self, amounts: LineAmounts) -> Decimal {
        match amounts {
            LineAmounts::Inclusive => self.line_amount - self.tax_amount,
            LineAmounts::Exclusive | LineAmounts::NoTax => self.line_amount,
        }
    }

    /// The line, its unit amount with `decimals`.
    pub(super) fn json(&self, books: &Books, decimals: u32) -> Json {
        let unit = self.unit_amount.map(|unit| {
            let mut unit = round_half_up(unit, decimals);
            unit.rescale(decimals);
            unit
        });
        let account = self.account.and_then(|id| books.accounts.get(id));
        let item = self.item.as_deref().and_then(|code| books.item(code));
        let item = item
            .map(|item| object! { "ItemID" => item.id, "Name" => item.name.clone(), "Code" => &item.code });
        let tracking = self.tracking.iter().map(|tracked| tracking::reference(books, *tracked));
        object! {
            "ItemCode" => self.item.clone(),
            "Description" => self.description.clone(),
            "UnitAmount" => unit,
            "TaxType" => self.tax_type.clone(),
            "TaxAmount" => self.tax_amount,
            "LineAmount" => self.line_amount,
            "AccountCode" => account.map(|account| &account.code).filter(|code| !code.is_empty()),
            "AccountID" => self.account,
            "Item" => item,
            "Tracking" => tracking.collect::<Vec<_>>(),
            "Quantity" => self.quantity,
            "DiscountRate" => self.discount_rate,
            "DiscountAmount" => self.discount_amount,
            "LineItemID" => self.id,
        }
    }
}

/// Reads the lines of a document. Lines of `old` that are named by id are changed, those not named are gone.
pub(super) fn read_all(books: &mut Books, input: &mut Input<'_>, rules: Rules, old: &[Line]) -> Vec<Line> {
    let sent = input.field("LineItems").and_then(Json::as_array).unwrap_or_default();
    sent.iter().map(|sent| read(books, input, sent, rules, old)).collect()
}

/// Works the tax out anew, after the way amounts hold tax was changed.
pub(super) fn retax(books: &Books, lines: &mut [Line], amounts: LineAmounts) {
    for line in lines.iter_mut().filter(|line| !line.is_tax_given || amounts == LineAmounts::NoTax) {
        line.tax_amount = tax(books, line, amounts);
    }
}

fn read(books: &mut Books, outer: &mut Input<'_>, sent: &Json, rules: Rules, old: &[Line]) -> Line {
    let mut input = Input::new(sent);
    let id = input.id("LineItemID");
    let known = id.and_then(|id| old.iter().find(|line| line.id == id));
    let mut line = match known {
        Some(known) => Line { is_tax_given: false, ..known.clone() },
        None => Line::plain(books.ids.next(), "", Decimal::ZERO, None),
    };
    if known.is_none() {
        (line.description, line.quantity, line.unit_amount, line.tax_type) = (None, None, None, None);
    }
    line.description = input.text("Description").or(line.description);
    if line.description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_MAX) {
        input.problem("The description must be at most 4000 characters long");
    }
    read_item(books, &mut input, &mut line, rules);
    read_amounts(&mut input, &mut line, rules);
    read_account(books, &mut input, &mut line, rules);
    read_tax(books, &mut input, &mut line, rules);
    read_tracking(books, &mut input, &mut line);
    if line.description.as_ref().is_none_or(|text| text.trim().is_empty()) {
        let may_lack = !rules.is_approved && matches!(rules.family, Family::BankTransaction);
        if !may_lack {
            input.problem("Description must be at least 1 character long");
        }
    }
    for warning in input.warnings().to_vec() {
        outer.warn(warning);
    }
    if let Err(messages) = input.check() {
        messages.into_iter().for_each(|message| outer.problem(message));
    }
    line
}

fn read_item(books: &Books, input: &mut Input<'_>, line: &mut Line, rules: Rules) {
    let Some(code) = input.text("ItemCode").filter(|code| !code.is_empty()) else { return };
    let Some(item) = books.item(&code) else {
        input.problem(format!("Item code '{code}' is not valid"));
        return;
    };
    let (side, description) = match rules.side {
        Side::Sales => (&item.sales, &item.description),
        Side::Purchases => (&item.purchases, &item.purchase_description),
    };
    line.description = line.description.take().or_else(|| description.clone()).or_else(|| item.name.clone());
    line.unit_amount = line.unit_amount.or(side.unit_price);
    if line.account.is_none() {
        line.account = side.account_code.as_deref().and_then(|code| books.account(code)).map(|a| a.id);
    }
    line.tax_type = line.tax_type.take().or_else(|| side.tax_type.clone());
    line.item = Some(code);
}

/// Quantity, unit amount, discount and line amount: any two give the third, all three must agree.
fn read_amounts(input: &mut Input<'_>, line: &mut Line, rules: Rules) {
    line.discount_rate = input.decimal("DiscountRate").or(line.discount_rate).filter(|rate| !rate.is_zero());
    line.discount_amount =
        input.decimal("DiscountAmount").or(line.discount_amount).filter(|amount| !amount.is_zero());
    if !rules.allows_discounts() && (line.discount_rate.is_some() || line.discount_amount.is_some()) {
        input.problem(match rules.family {
            Family::Invoice => "Discounts may not be applied to ACCPAY invoices",
            _ => "Discounts may not be applied to this document",
        });
    }
    if line.discount_rate.is_some_and(|rate| rate.is_sign_negative() || rate > Decimal::ONE_HUNDRED) {
        input.problem("Discount rate must be between 0 and 100");
    }
    let quantity = input.decimal("Quantity").map(|quantity| round_half_up(quantity, 4));
    let unit = input.decimal("UnitAmount").map(|unit| round_half_up(unit, rules.decimals));
    let amount = input.decimal("LineAmount").map(|amount| round_half_up(amount, 2));
    if quantity.is_some_and(|quantity| quantity.is_sign_negative() && !quantity.is_zero()) {
        input.problem("Quantity must not be less than zero");
    }
    let is_new = quantity.is_some() || unit.is_some() || amount.is_some();
    if !is_new && line.unit_amount.is_none() {
        // Text only: the line counts for nothing.
        line.line_amount = Decimal::new(0, 2);
        return;
    }
    line.quantity = quantity.or(line.quantity);
    line.unit_amount = unit.or(line.unit_amount);
    match (quantity, unit, amount) {
        (None, Some(unit), Some(amount)) if !unit.is_zero() => {
            line.quantity = amount.checked_div(unit).map(|quantity| round_half_up(quantity, 4));
            line.line_amount = amount;
        }
        (Some(quantity), None, Some(amount)) if !quantity.is_zero() => {
            line.unit_amount = amount.checked_div(quantity).map(|unit| round_half_up(unit, rules.decimals));
            line.line_amount = amount;
        }
        (None, None, Some(amount)) => {
            line.quantity = Some(Decimal::ONE);
            line.unit_amount = Some(amount);
            line.line_amount = amount;
        }
        (_, _, stated) => {
            line.quantity = line.quantity.or(Some(Decimal::ONE));
            let Some(expected) = expected(line) else {
                input.problem("The line amount is too large");
                return;
            };
            if let Some(stated) = stated.filter(|stated| *stated != expected) {
                input.problem(format!(
                    "The line total {stated} does not match the expected line total {expected}"
                ));
            }
            line.line_amount = expected;
        }
    }
    line.line_amount.rescale(2);
    if line.line_amount.abs() > Decimal::new(999_999_999_999, 2) {
        input.problem("The line amount must not exceed 9999999999.99");
    }
    if let Some(quantity) = &mut line.quantity {
        quantity.rescale(4);
    }
    if let Some(unit) = &mut line.unit_amount {
        unit.rescale(rules.decimals);
    }
}

/// What quantity, unit amount and discount come to.
fn expected(line: &Line) -> Option<Decimal> {
    let full = line.quantity?.checked_mul(line.unit_amount.unwrap_or_default())?;
    let kept = match line.discount_rate {
        Some(rate) => full.checked_mul(Decimal::ONE_HUNDRED - rate)?.checked_div(Decimal::ONE_HUNDRED)?,
        None => full.checked_sub(line.discount_amount.unwrap_or_default())?,
    };
    Some(round_half_up(kept, 2))
}

fn read_account(books: &Books, input: &mut Input<'_>, line: &mut Line, rules: Rules) {
    let code = input.text("AccountCode").filter(|code| !code.is_empty());
    let id = input.id("AccountID");
    let is_named = code.is_some() || id.is_some();
    let found = match (&code, id) {
        (Some(code), _) => books.account(code),
        (None, Some(id)) => books.accounts.get(id),
        (None, None) => line.account.and_then(|id| books.accounts.get(id)),
    };
    let shown = code.clone().or_else(|| id.map(|id| id.to_string())).unwrap_or_default();
    let is_required = rules.is_approved && !matches!(rules.family, Family::Quote | Family::PurchaseOrder);
    match found.filter(|account| account.takes_lines()) {
        Some(account) => line.account = Some(account.id),
        None if is_named && !rules.is_approved && books.switches.unknown_account_is_a_warning_on_drafts => {
            line.account = None;
            input.warn(format!(
                "Account code '{shown}' has been removed as it does not match a recognised account."
            ));
        }
        None if is_named => {
            input.problem(format!("Account code '{shown}' is not a valid code for this document."));
        }
        None if is_required && !line.line_amount.is_zero() => {
            input.problem("Account code must be specified.");
        }
        None => {}
    }
}

fn read_tax(books: &Books, input: &mut Input<'_>, line: &mut Line, rules: Rules) {
    let account = line.account.and_then(|id| books.accounts.get(id));
    let tax_type = input
        .text("TaxType")
        .filter(|tax| !tax.is_empty())
        .or_else(|| line.tax_type.take())
        .or_else(|| account.map(|account| account.tax_type.clone()));
    line.tax_type = if rules.amounts == LineAmounts::NoTax { Some("NONE".to_owned()) } else { tax_type };
    if let Some(tax_type) = line.tax_type.clone() {
        check_tax(books, input, &tax_type, account);
    }
    let given = input.decimal("TaxAmount").filter(|_| rules.amounts != LineAmounts::NoTax);
    line.is_tax_given = given.is_some();
    line.tax_amount = given.map_or_else(|| tax(books, line, rules.amounts), |given| round_half_up(given, 2));
    line.tax_amount.rescale(2);
}

fn check_tax(books: &Books, input: &mut Input<'_>, tax_type: &str, account: Option<&Account>) {
    match (books.tax(tax_type).filter(|rate| rate.is_active()), account) {
        (None, _) => input.problem(format!("TaxType code '{tax_type}' is not a valid code")),
        (Some(rate), Some(account)) if !rate.may_apply_to(account.class) => input.problem(format!(
            "The TaxType code '{tax_type}' cannot be used with account code '{}'.",
            account.code
        )),
        _ => {}
    }
}

/// The tax of a line by its rate, rounded half up to the cent.
fn tax(books: &Books, line: &Line, amounts: LineAmounts) -> Decimal {
    let rate = line.tax_type.as_deref().and_then(|tax_type| books.tax(tax_type));
    let percent = rate.map(super::tax::TaxRate::effective).unwrap_or_default();
    let of = match amounts {
        LineAmounts::NoTax => return Decimal::new(0, 2),
        LineAmounts::Exclusive => Decimal::ONE_HUNDRED,
        LineAmounts::Inclusive => Decimal::ONE_HUNDRED + percent,
    };
    let tax = line.line_amount.checked_mul(percent).and_then(|tax| tax.checked_div(of));
    let mut tax = round_half_up(tax.unwrap_or_default(), 2);
    tax.rescale(2);
    tax
}

fn read_tracking(books: &Books, input: &mut Input<'_>, line: &mut Line) {
    let Some(sent) = input.field("Tracking").and_then(Json::as_array) else { return };
    line.tracking = read_trackings(books, input, sent);
}

/// What something is tracked by: at most one option of each of two categories.
pub(super) fn read_trackings(books: &Books, input: &mut Input<'_>, sent: &[Json]) -> Vec<(Uuid, Uuid)> {
    if sent.len() > TRACKING_MAX {
        input.problem("A line can have a maximum of 2 tracking categories");
    }
    let mut trackings = Vec::new();
    for one in sent {
        match tracking::read(books, one) {
            Ok(tracked) => trackings.push(tracked),
            Err(message) => input.problem(message),
        }
    }
    trackings
}
