//! Lines of documents that sell and buy: what is sent becomes what is kept.

use carry_model::{Decimal, round_half_up};

use super::books::{Books, number, reference};
use super::kind::Kind;
use super::references::{resolve, resolve_field};
use super::refusal::{Refusal, bad_choice, business, not_in_plan, refusal, required};
use super::schema;
use crate::json::{Json, object};

/// Largest description of a line.
const DESCRIPTION_MAX: usize = 4000;

/// A line with what its document's totals are made of.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// What is kept, less its id and number.
    pub(super) json: Json,
    /// Name of the field that holds the details.
    pub(super) detail: String,
    /// Without tax.
    pub(super) net: Decimal,
    /// With tax, where the line says so.
    pub(super) gross: Option<Decimal>,
    pub(super) tax_code: Option<String>,
}

impl Line {
    /// Whether it sells or buys something.
    pub(super) fn is_content(&self) -> bool {
        !matches!(self.detail.as_str(), "DiscountLineDetail" | "DescriptionOnly")
    }

    pub(super) fn is_discount(&self) -> bool {
        self.detail == "DiscountLineDetail"
    }

    /// Sets a field of the details.
    pub(super) fn set_detail(&mut self, name: &str, value: impl Into<Json>) {
        let Some(mut detail) = self.json.get(&self.detail).cloned() else { return };
        detail.set(name, value);
        self.json.set(&self.detail, detail);
    }
}

/// What lines are read for.
pub(super) struct Reading<'a> {
    pub(super) books: &'a Books,
    pub(super) kind: Kind,
    pub(super) currency: &'a str,
    pub(super) is_new: bool,
}

impl Reading<'_> {
    /// The document's lines; subtotals are the server's own and left out.
    pub(super) fn lines(&self, body: &Json) -> Result<Vec<Line>, Refusal> {
        let sent = body.get("Line").and_then(Json::as_array).unwrap_or_default();
        let sent = sent.iter().filter(|line| detail_type(line) != Some("SubTotalLineDetail"));
        let lines: Vec<Line> = sent.map(|line| self.line(line)).collect::<Result<_, _>>()?;
        if lines.iter().any(Line::is_content) { Ok(lines) } else { Err(required("Line")) }
    }

    fn line(&self, sent: &Json) -> Result<Line, Refusal> {
        let detail = detail_type(sent).ok_or_else(|| required("Line.DetailType"))?;
        if let Some(text) = sent.get("Description").and_then(Json::as_str) {
            schema::text_of("Description", DESCRIPTION_MAX, text)?;
        }
        let mut line = Line {
            json: object! { "Description" => sent.get("Description").cloned(), "DetailType" => detail },
            detail: detail.to_owned(),
            net: Decimal::ZERO,
            gross: None,
            tax_code: None,
        };
        if detail == "DescriptionOnly" {
            line.json.set("DescriptionLineDetail", object! {});
            return Ok(line);
        }
        let mut details = sent.get(detail).cloned().unwrap_or_else(|| object! {});
        line.net = self.amount(sent, detail)?;
        match (detail, self.kind.is_sale()) {
            ("SalesItemLineDetail", true) => self.sold(sent, &mut details)?,
            ("DiscountLineDetail", true) => self.discount(&mut details)?,
            ("AccountBasedExpenseLineDetail", false) => self.spent(&mut details)?,
            ("ItemBasedExpenseLineDetail", false) => self.bought(sent, &mut details)?,
            _ => return Err(bad_choice("DetailType", detail)),
        }
        line.gross = number(&details, "TaxInclusiveAmt").map(|gross| self.books.round(gross, self.currency));
        line.tax_code = reference(&details, "TaxCodeRef").map(str::to_owned);
        if let Some(links) = sent.get("LinkedTxn").filter(|links| **links != Json::List(Vec::new())) {
            line.json.set("LinkedTxn", links.clone());
        }
        line.json.set("Amount", line.net);
        line.json.set(detail, details);
        Ok(line)
    }

    fn amount(&self, sent: &Json, detail: &str) -> Result<Decimal, Refusal> {
        let percent_based =
            |details: &Json| details.get("PercentBased").and_then(Json::as_bool) == Some(true);
        let amount = match number(sent, "Amount") {
            Some(amount) => amount,
            None if sent.get(detail).is_some_and(percent_based) => Decimal::ZERO,
            None => return Err(required("Line.Amount")),
        };
        if amount.abs() >= Decimal::from(99_999_999_999_i64) {
            return Err(
                refusal("2110", "Invalid Number Range", "The amount has more than 15 digits").on("Amount")
            );
        }
        Ok(self.books.round(amount, self.currency))
    }

    fn common(&self, details: &mut Json) -> Result<(), Refusal> {
        for (field, kind) in [("ClassRef", Kind::Class), ("CustomerRef", Kind::Customer)] {
            resolve_field(self.books, details, field, kind, self.is_new)?;
        }
        let code = reference(details, "TaxCodeRef").map(str::to_owned);
        match code {
            Some(code) => {
                let known = resolve(self.books, Kind::TaxCode, &code, self.is_new);
                known.map_err(|_| super::refusal::bad_tax_code(&format!("{code} is not known")))?;
                details.set("TaxCodeRef", object! { "value" => code });
            }
            None => {
                details.remove("TaxCodeRef");
            }
        }
        Ok(())
    }

    fn sold(&self, sent: &Json, details: &mut Json) -> Result<(), Refusal> {
        self.common(details)?;
        if reference(details, "ItemRef").is_none() {
            let default = self.books.live(Kind::Item).next();
            let default =
                default.ok_or_else(|| refusal("6440", "Line lacks an item", "A line has no item"))?;
            details.set("ItemRef", object! { "value" => &default.id });
        }
        self.item(details, "IncomeAccountRef")?;
        multiplies(sent, details)
    }

    fn bought(&self, sent: &Json, details: &mut Json) -> Result<(), Refusal> {
        if self.books.plan < super::books::Plan::Plus {
            return Err(not_in_plan("An item on a purchase"));
        }
        self.common(details)?;
        if reference(details, "ItemRef").is_none() {
            return Err(refusal(
                "6440",
                "Line lacks an item or account",
                "A line has neither item nor account",
            ));
        }
        self.item(details, "ExpenseAccountRef")?;
        multiplies(sent, details)
    }

    fn spent(&self, details: &mut Json) -> Result<(), Refusal> {
        self.common(details)?;
        if reference(details, "AccountRef").is_none() {
            return Err(refusal(
                "6440",
                "Line lacks an item or account",
                "A line has neither item nor account",
            ));
        }
        resolve_field(self.books, details, "AccountRef", Kind::Account, self.is_new)
    }

    fn discount(&self, details: &mut Json) -> Result<(), Refusal> {
        self.common(details)?;
        if details.get("PercentBased").and_then(Json::as_bool) == Some(true)
            && number(details, "DiscountPercent").is_none()
        {
            return Err(refusal("6090", "Discount information is missing", "DiscountPercent is missing"));
        }
        resolve_field(self.books, details, "DiscountAccountRef", Kind::Account, self.is_new)?;
        if reference(details, "DiscountAccountRef").is_none() {
            let account = self.books.system("DiscountsRefundsGiven");
            details.set("DiscountAccountRef", resolve(self.books, Kind::Account, account, false)?);
        }
        Ok(())
    }

    /// Resolves the item, and notes the account that its kind of line goes to.
    fn item(&self, details: &mut Json, account: &str) -> Result<(), Refusal> {
        resolve_field(self.books, details, "ItemRef", Kind::Item, self.is_new)?;
        let item = reference(details, "ItemRef").and_then(|id| self.books.get(Kind::Item, id));
        let Some(item) = item else { return Ok(()) };
        let is_stock = item.text("Type") == Some("Inventory") && account == "ExpenseAccountRef";
        let account = if is_stock { "AssetAccountRef" } else { account };
        let id = item.reference(account).ok_or_else(|| {
            business(format!(
                "The item {} has no account for this kind of line",
                item.text("Name").unwrap_or_default()
            ))
        })?;
        details.set("ItemAccountRef", resolve(self.books, Kind::Account, id, false)?);
        Ok(())
    }
}

fn detail_type(line: &Json) -> Option<&str> {
    line.get("DetailType").and_then(Json::as_str)
}

/// Refuses an amount that is not quantity times price, where a line states both.
fn multiplies(sent: &Json, details: &Json) -> Result<(), Refusal> {
    let (Some(quantity), Some(price)) = (number(details, "Qty"), number(details, "UnitPrice")) else {
        return Ok(());
    };
    let supplied = number(sent, "Amount").unwrap_or_default();
    let product = quantity.checked_mul(price).ok_or_else(|| super::refusal::bad_number("Qty"))?;
    if round_half_up(product, 2) == round_half_up(supplied, 2) {
        return Ok(());
    }
    Err(refusal(
        "6070",
        "Amount calculation incorrect in the request",
        format!(
            "Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. Supplied value:{}",
            grouped(supplied)
        ),
    ))
}

/// An amount as messages write it: `1,861.07`.
fn grouped(amount: Decimal) -> String {
    let text = amount.to_string();
    let (whole, fraction) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, part)| (whole, Some(part)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{grouped}{fraction}")
}
