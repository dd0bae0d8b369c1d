//! What several sections share.

use std::borrow::Cow;

use carry_model::{Currency, Decimal, Entity, Money};
use maud::{Markup, html};

use crate::format::{CELL_CHARS_MAX, capital, count, grouped};
use crate::{Compared, Table};

/// A table that scrolls sideways by itself on a narrow screen and can be sorted where scripts run.
pub(super) fn table(label: &str, head: &[Column], body: &Markup, foot: Option<&Markup>) -> Markup {
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            table data-sortable {
                thead { tr { @for column in head { (column.th()) } } }
                tbody { (body) }
                @if let Some(foot) = foot { tfoot { (foot) } }
            }
        }
    }
}

/// A column heading.
pub(super) struct Column {
    name: &'static str,
    figures: bool,
}

impl Column {
    /// Of words.
    pub(super) const fn words(name: &'static str) -> Self {
        Self { name, figures: false }
    }

    /// Of figures, set flush right.
    pub(super) const fn figures(name: &'static str) -> Self {
        Self { name, figures: true }
    }

    fn th(&self) -> Markup {
        html! { th scope="col" .num[self.figures] { (self.name) } }
    }
}

/// A cell with an amount; `data-v` is what it sorts by.
pub(super) fn amount(amount: Decimal, currency: Currency) -> Markup {
    html! { td.num .zero[amount.is_zero()] data-v=(amount.normalize()) { (grouped(amount, currency)) } }
}

/// A cell with a count.
pub(super) fn number(n: u64) -> Markup {
    html! { td.num .zero[n == 0] data-v=(n) { (count(n)) } }
}

/// `1,234.50 EUR`.
pub(super) fn money(money: Money) -> Markup {
    html! { span.money { (grouped(money.amount, money.currency)) " " (money.currency) } }
}

/// The cells before, (not carried), after, difference; blank where there is no such figure.
pub(super) fn compared(
    compared: Option<Compared>,
    currency: Option<Currency>,
    with_not_carried: bool,
) -> Markup {
    let Some((figures, currency)) = compared.zip(currency) else {
        return html! { @for _ in 0..(3 + usize::from(with_not_carried)) { td.num {} } };
    };
    html! {
        (amount(figures.before(), currency))
        @if with_not_carried { (amount(figures.not_carried(), currency)) }
        (amount(figures.after(), currency))
        (difference(figures.difference(), currency))
    }
}

/// The cell of a difference: a word beside the colour where it is not zero.
fn difference(difference: Decimal, currency: Currency) -> Markup {
    if difference.is_zero() {
        return amount(difference, currency);
    }
    html! {
        td.num.bad data-v=(difference.normalize()) {
            span.flag { "differs" } " " (if difference.is_sign_positive() { "+" } else { "" }) (grouped(difference, currency))
        }
    }
}

/// The headings that go with [`compared`].
pub(super) fn compared_columns(with_not_carried: bool) -> Vec<Column> {
    let mut columns = vec![Column::figures("Before")];
    if with_not_carried {
        columns.push(Column::figures("Not carried"));
    }
    columns.extend([Column::figures("After"), Column::figures("Difference")]);
    columns
}

/// A text from the books, bounded.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// "Invoice 1042", or its id where it has no number.
pub(super) fn record(entity: Entity, number: Option<&str>, id: Option<&str>) -> Markup {
    let name = number.filter(|number| !number.is_empty()).or(id).unwrap_or("without a number");
    html! { (capital(entity.singular())) " " strong { (text(name)) } }
}

/// A line under a cell's main line.
pub(super) fn under(words: Option<&str>) -> Markup {
    html! { @if let Some(words) = words.filter(|words| !words.is_empty()) { div.under { (text(words)) } } }
}

/// A sentence of ours; what stands between backticks is a command.
pub(super) fn prose(sentence: &str) -> Markup {
    html! {
        @for (index, part) in sentence.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Names the file that has every row; says how many are not shown.
pub(super) fn rest(what: &str, shown: usize, total: u64, file: Table) -> Markup {
    let hidden = total.saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
    html! {
        p.rest {
            @if hidden > 0 {
                "Shown: " (count(total - hidden)) " of " (count(total)) " " (what) ". All of them are in "
            } @else {
                "The same as a spreadsheet: "
            }
            a href=(file.file_name()) { (file.file_name()) } "."
        }
    }
}

/// A search box over a table, shown only where scripts run.
pub(super) fn search(label: &str, of: &str) -> Markup {
    html! {
        div.search hidden {
            label for={ (of) "-search" } { (label) }
            input id={ (of) "-search" } type="search" data-search=(of) autocomplete="off" spellcheck="false";
            span.found role="status" {}
        }
    }
}
