//! Lines of documents.

use carry_connector::{Adjustment, AdjustmentKind, Moved, WriteBatch, exact};
use carry_model::{
    AccountClass, Code, Decimal, Discount, Document, Entity, Fault, Line, SourceId, TaxMode, round_half_up,
};
use serde_json::{Value, json};

use super::target::{Parts, clip};
use super::taxes::DocumentTax;
use super::{linked_opt, number, set, set_some, to};
use crate::kinds::Kind;
use crate::lists::Lists;

/// Longest description of a line.
const DESCRIPTION_MAX: usize = 4_000;

const DISCOUNT: &str = "Discount";
const TAX_AS_LINE: &str = "Its tax is a line: QuickBooks has no place for it here.";

/// Prefix of the items that stand for an account, for sales lines name items only.
const ACCOUNT_ITEM: &str = "Carryforward";

/// The name of the item that stands for an account.
pub(super) fn account_item(account: &str) -> String {
    format!("{ACCOUNT_ITEM} {account}")
}

/// Which item and account a line is booked by.
pub(super) struct Booking {
    pub(super) item: Option<String>,
    pub(super) account: Option<String>,
}

/// A line's own item where it books to the line's account; else the account alone.
pub(super) fn booking(lists: &Lists, batch: &WriteBatch, line: &Line, purchase: bool) -> Booking {
    let item = linked_opt(batch, Entity::Item, &line.item, Kind::Item);
    let account =
        linked_opt(batch, Entity::Account, &line.account, Kind::Account).or_else(|| adjustments(lists, line));
    let of_item = item
        .as_ref()
        .and_then(|item| lists.items.get(item))
        .and_then(|(income, expense)| if purchase { expense.clone() } else { income.clone() });
    match (&item, &account, &of_item) {
        (Some(_), None, Some(_)) => Booking { item, account: None },
        (Some(_), Some(account), Some(of_item)) if account == of_item => Booking { item, account: None },
        _ => Booking { item: None, account: account.or(of_item) },
    }
}

/// The adjustments account, for lines that the engine adds after the batch's links were gathered.
fn adjustments(lists: &Lists, line: &Line) -> Option<String> {
    let own = line.account.as_ref()?.as_str() == carry_connector::exact::ADJUSTMENTS;
    own.then(|| lists.id_of(Kind::Account, exact::ADJUSTMENTS_NAME).cloned()).flatten()
}

/// Accounts that sales lines of a document book to by themselves: each needs an item that stands for it.
pub(super) fn accounts_needed(lists: &Lists, batch: &WriteBatch, document: &Document) -> Vec<String> {
    let lines = document.lines.iter().map(|line| booking(lists, batch, line, false));
    let mut accounts: Vec<String> = lines
        .filter(|booking| booking.item.is_none())
        .filter_map(|b| b.account.or_else(|| fallback(lists, false)))
        .collect();
    accounts.extend(fallback(lists, false));
    accounts
}

/// The account of a line that names none.
pub(super) fn fallback(lists: &Lists, purchase: bool) -> Option<String> {
    let own = lists.id_of(Kind::Account, exact::ADJUSTMENTS_NAME);
    let class = if purchase { AccountClass::Expense } else { AccountClass::Income };
    own.or_else(|| lists.account_of(class)).cloned()
}

/// Everything a line is made from.
pub(super) struct Maker<'a> {
    pub(super) lists: &'a Lists,
    pub(super) batch: &'a WriteBatch,
    pub(super) document: &'a Document,
    pub(super) purchase: bool,
    pub(super) classes: bool,
}

impl Maker<'_> {
    /// All lines of the document, then its discount and the tax that goes as a line.
    pub(super) fn lines(
        &self,
        tax: &DocumentTax,
        notes: &mut Vec<String>,
        adjustments: &mut Vec<Adjustment>,
    ) -> Result<Vec<Value>, Fault> {
        let mut lines = Vec::new();
        for (index, line) in self.document.lines.iter().enumerate() {
            let code = tax.codes.get(index).cloned().flatten();
            lines.push(self.line(line, code.as_deref(), notes)?);
        }
        if let Some(discount) = &self.document.discount {
            let (line, adjustment) = self.discount(discount)?;
            lines.push(line);
            adjustments.extend(adjustment);
        }
        if !tax.as_line.is_zero() {
            lines.push(self.extra(tax.as_line, "Tax as stated in the source", tax)?);
            adjustments.push(self.on_extra(tax.as_line, TAX_AS_LINE, None));
        }
        if lines.is_empty() {
            lines.push(self.extra(Decimal::ZERO, "No lines in the source", tax)?);
        }
        Ok(lines)
    }

    fn line(&self, line: &Line, code: Option<&str>, notes: &mut Vec<String>) -> Result<Value, Fault> {
        let booking = booking(self.lists, self.batch, line, self.purchase);
        let mut detail = json!({});
        let kind = self.book(&booking, &mut detail)?;
        if let Some((quantity, price)) = self.multiplied(line)
            && kind != "AccountBasedExpenseLineDetail"
        {
            set(&mut detail, "Qty", number(quantity)?);
            set(&mut detail, "UnitPrice", number(price)?);
        }
        set_some(&mut detail, "TaxCodeRef", code.map(to));
        if !self.purchase {
            set_some(&mut detail, "ServiceDate", line.service_date.map(|date| json!(date.to_string())));
        }
        if self.purchase {
            let project = linked_opt(self.batch, Entity::Project, &line.project, Kind::Customer);
            set_some(&mut detail, "CustomerRef", project.as_deref().map(to));
        }
        if self.classes {
            set_some(&mut detail, "ClassRef", self.class(line, notes).as_deref().map(to));
        }
        let mut body = json!({"DetailType": kind, "Amount": number(line.net)?});
        let text = line.description.as_deref().filter(|text| !text.is_empty());
        set_some(&mut body, "Description", text.map(|text| json!(clip(text, DESCRIPTION_MAX))));
        set(&mut body, kind, detail);
        Ok(body)
    }

    fn book(&self, booking: &Booking, detail: &mut Value) -> Result<&'static str, Fault> {
        let account = booking.account.clone().or_else(|| fallback(self.lists, self.purchase));
        match (self.purchase, &booking.item, account) {
            (false, Some(item), _) => set(detail, "ItemRef", to(item)),
            (true, Some(item), _) => {
                set(detail, "ItemRef", to(item));
                return Ok("ItemBasedExpenseLineDetail");
            }
            (true, None, Some(account)) => {
                set(detail, "AccountRef", to(&account));
                return Ok("AccountBasedExpenseLineDetail");
            }
            (false, None, Some(account)) => {
                let item = self.lists.id_of(Kind::Item, &account_item(&account));
                set_some(detail, "ItemRef", item.map(|item| to(item)));
            }
            (_, None, None) => {
                return Err(Fault::new(Code::FieldMissing).field("account").detail(
                    "The line names no account and no item, and the target has none to take instead.",
                ));
            }
        }
        Ok("SalesItemLineDetail")
    }

    /// Quantity and price, where QuickBooks comes to the line's amount by them.
    fn multiplied(&self, line: &Line) -> Option<(Decimal, Decimal)> {
        let (quantity, price) = line.quantity.zip(line.unit_price)?;
        let plain = self.document.tax_mode != TaxMode::Inclusive && !quantity.is_zero();
        let digits = self.document.currency.minor_digits();
        let product = round_half_up(quantity.checked_mul(price)?, digits);
        (plain && product == line.net && price.scale() <= 7 && quantity.scale() <= 7)
            .then_some((quantity, price))
    }

    /// A class; a line bears one.
    fn class(&self, line: &Line, notes: &mut Vec<String>) -> Option<String> {
        let mut classes = Vec::new();
        for tracking in &line.tracking {
            let Some(target) = self.batch.links.get(Entity::TrackingCategory, &tracking.category) else {
                continue;
            };
            classes.extend(self.lists.option_of(target, Kind::Class, &tracking.option));
        }
        if classes.len() > 1 {
            notes.push("A line of QuickBooks bears one class: further tracking was left out.".to_owned());
        }
        classes.into_iter().next()
    }

    /// The department of the first line that has one; documents bear one.
    pub(super) fn department(&self) -> Option<String> {
        self.document.lines.iter().flat_map(|line| &line.tracking).find_map(|tracking| {
            let target = self.batch.links.get(Entity::TrackingCategory, &tracking.category)?;
            self.lists.option_of(target, Kind::Department, &tracking.option)
        })
    }

    /// The discount on the whole, on the account that the source books it to.
    fn discount(&self, discount: &Discount) -> Result<(Value, Option<Adjustment>), Fault> {
        let account = linked_opt(self.batch, Entity::Account, &discount.account, Kind::Account);
        let from = discount.account.clone();
        if self.purchase {
            let Some(account) = account else {
                let line = self.extra(-discount.amount, DISCOUNT, &DocumentTax::default())?;
                return Ok((line, Some(self.on_extra(-discount.amount, "Its discount is a line.", from))));
            };
            let detail = json!({"AccountRef": to(&account)});
            let line = json!({"DetailType": "AccountBasedExpenseLineDetail", "Amount": number(-discount.amount)?,
                "Description": DISCOUNT, "AccountBasedExpenseLineDetail": detail});
            return Ok((line, None));
        }
        let lost = from.is_some() && account.is_none();
        let why = "Its discount is on QuickBooks' own account for discounts.";
        let adjustment = lost.then(|| self.moved(-discount.amount, why, Moved { from, ..Moved::default() }));
        let mut detail = json!({"PercentBased": false});
        set_some(&mut detail, "DiscountAccountRef", account.as_deref().map(to));
        let line = json!({"DetailType": "DiscountLineDetail", "Amount": number(discount.amount)?,
            "DiscountLineDetail": detail});
        Ok((line, adjustment))
    }

    /// What a line of our own moves from the account that the source has it on.
    pub(super) fn on_extra(&self, amount: Decimal, why: &str, from: Option<SourceId>) -> Adjustment {
        let largest = self.document.lines.iter().max_by_key(|line| line.net.abs());
        let own = largest
            .filter(|line| self.purchase && booking(self.lists, self.batch, line, true).account.is_some());
        let adjustments = || {
            self.lists
                .id_of(Kind::Account, exact::ADJUSTMENTS_NAME)
                .map(|_| SourceId::from(exact::ADJUSTMENTS))
        };
        let to = own.map_or_else(adjustments, |line| line.account.clone());
        self.moved(amount, why, Moved { from, to, ..Moved::default() })
    }

    /// What moves no ledger moves no account.
    fn moved(&self, amount: Decimal, why: &str, moved: Moved) -> Adjustment {
        let adjustment = Adjustment::new(AdjustmentKind::OtherAccount, amount, self.document.currency, why);
        match self.batch.entity.line_sign() {
            0 => adjustment,
            sign => adjustment.moving(Moved { debit: amount * Decimal::from(sign), ..moved }),
        }
    }

    /// A line of our own: on the account of the largest line of a purchase, else on adjustments.
    pub(super) fn extra(&self, amount: Decimal, text: &str, tax: &DocumentTax) -> Result<Value, Fault> {
        let largest = self.document.lines.iter().max_by_key(|line| line.net.abs());
        let booking =
            largest.filter(|_| self.purchase).map(|line| booking(self.lists, self.batch, line, true));
        let account = booking.and_then(|booking| booking.account);
        let mut detail = json!({});
        let kind = self.book(&Booking { item: None, account }, &mut detail)?;
        let free = match tax.codes.iter().flatten().find(|code| *code == "NON" || *code == "TAX") {
            Some(_) => Some("NON".to_owned()),
            None if tax.calculation == Some("TaxExcluded") => tax.codes.iter().flatten().next_back().cloned(),
            None => None,
        };
        set_some(&mut detail, "TaxCodeRef", free.as_deref().map(to));
        let mut body = json!({"DetailType": kind, "Amount": number(amount)?, "Description": text});
        set(&mut body, kind, detail);
        Ok(body)
    }
}

impl Lists {
    /// The class or department that an option of a category became.
    pub(super) fn option_of(
        &self,
        category: &carry_model::TargetId,
        kind: Kind,
        option: &str,
    ) -> Option<String> {
        let top = Parts::of(category, kind).id(kind)?;
        let option = super::lists::option_name(option);
        let path = match self.name_of(kind, &top) {
            Some(name) => format!("{name}:{option}"),
            None => option,
        };
        self.id_of(kind, &path).cloned()
    }
}
