//! Source ids. Files have none of their own (Zoho's apart), so they are made of what the files do state, always
//! in the same way; `docs/sources-files.md` lists them.

use std::borrow::Cow;

use carry_model::Entity;

use crate::formats::{Field, Format};
use crate::profile::{Bearer, Profile};

/// Of an item: its code in Xero, whose documents name items by code; its name in the others, and in the
/// template its code if it has one.
pub(crate) fn item<'a>(format: &Format, code: &'a str, name: &'a str) -> &'a str {
    let by_code = matches!(format.system.id, "xero" | "template");
    if by_code && !code.is_empty() { code } else { name }
}

/// Of an account: its code in Xero, its name in the others.
pub(crate) fn account<'a>(format: &Format, code: &'a str, name: &'a str) -> &'a str {
    if format.system.id == "xero" && !code.is_empty() { code } else { name }
}

/// Of the tax of a line that states one or two.
pub(crate) fn tax<'a>(first: &'a str, second: &'a str) -> Cow<'a, str> {
    match (first, second) {
        (one, "") | ("", one) => Cow::Borrowed(one),
        (first, second) => Cow::Owned(format!("{first} + {second}")),
    }
}

/// Tracking categories and options of a row.
pub(crate) fn tracking<'a>(cell: impl Fn(Field) -> &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let named = |name: &'a str, otherwise: &'static str| if name.is_empty() { otherwise } else { name };
    [
        ("Location", cell(Field::Location)),
        ("Class", cell(Field::Class)),
        (named(cell(Field::Tracking1), "Tracking 1"), cell(Field::Option1)),
        (named(cell(Field::Tracking2), "Tracking 2"), cell(Field::Option2)),
    ]
    .into_iter()
    .filter(|(_, option)| !option.is_empty())
}

/// What several documents with one number look like to who looks for one of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// This is the one.
    Id(String),
    /// Several fit.
    Several,
}

/// Of a document: its number; with the contact before it where the number is the supplier's; and where several
/// documents bear the number, with what tells them apart.
pub(crate) fn document(
    profile: &Profile,
    entity: Entity,
    supplier_numbers: bool,
    number: &str,
    contact: &str,
    date: &str,
) -> String {
    let plain = if supplier_numbers { format!("{contact}/{number}") } else { number.to_owned() };
    let Some(bearers) = bearers(profile, entity, number, supplier_numbers, contact) else { return plain };
    let same_contact = bearers.iter().filter(|bearer| bearer.contact == contact).count();
    if same_contact > 1 { format!("{contact}/{number}/{date}") } else { format!("{contact}/{number}") }
}

/// What a payment without a number is known by.
pub(crate) const UNNUMBERED: [Field; 4] = [Field::Date, Field::Contact, Field::AppliedTo, Field::Amount];

/// Of a payment without a number: what its row states, and its ordinal among those that state the same.
pub(crate) fn unnumbered<'a>(cell: impl Fn(Field) -> &'a str, ordinal: &str) -> String {
    let stated: Vec<_> = UNNUMBERED.into_iter().map(cell).filter(|text| !text.is_empty()).collect();
    stated.join(" ") + ordinal
}

/// The document of that number which someone refers to, who knows the contact and not the date.
pub(crate) fn referred(
    profile: &Profile,
    entity: Entity,
    supplier_numbers: bool,
    number: &str,
    contact: &str,
) -> Lookup {
    let Some(bearers) = bearers(profile, entity, number, supplier_numbers, contact) else {
        return Lookup::Id(document(profile, entity, supplier_numbers, number, contact, ""));
    };
    match bearers.iter().filter(|bearer| bearer.contact == contact).count() {
        1 => Lookup::Id(format!("{contact}/{number}")),
        _ => Lookup::Several,
    }
}

/// The documents that bear the number, if they are several. Numbers of suppliers are shared only by documents
/// of the same supplier.
fn bearers<'a>(
    profile: &'a Profile,
    entity: Entity,
    number: &str,
    supplier_numbers: bool,
    contact: &str,
) -> Option<&'a [Bearer]> {
    let bearers = profile.shared_numbers.get(&entity)?.get(number)?;
    let concerned = !supplier_numbers || bearers.iter().any(|bearer| bearer.contact == contact);
    concerned.then_some(bearers.as_slice())
}
