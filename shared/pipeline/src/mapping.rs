//! The mapping: which account, tax rate or payment method of the source is which one of the target.
//!
//! A TOML file that a person edits:
//!
//! ```toml
//! [[account]]
//! source = "Sales"            # id at the source
//! name = "4000 Sales"         # for the reader of the file
//! target = "create"           # or the id of one that the target has
//! reason = "the target has no account of that name or code"
//! ```

use std::fmt::Write as _;

use carry_connector::{CatalogEntry, Finding, Severity, Survey, Writer};
use carry_model::{AccountClass, Code, Entity, Fault, RecordKey, TargetId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// The entities a mapping is about.
pub const MAPPED: [Entity; 5] =
    [Entity::Account, Entity::TaxRate, Entity::PaymentMethod, Entity::Contact, Entity::Item];

const CREATE: &str = "create";
/// Names at least this alike (Jaro-Winkler, thousandths) are suggested.
const ALIKE_THOUSANDTHS: u32 = 930;

/// What one record of the source is in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapEntry {
    /// Its id at the source.
    pub source: String,
    /// Its name, for people.
    #[serde(default)]
    pub name: String,
    /// `create`, the id of one the target has, or empty where nobody has decided yet.
    #[serde(default)]
    pub target: String,
    /// Why that was suggested.
    #[serde(default)]
    pub reason: String,
}

/// The whole mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Accounts.
    pub account: Vec<MapEntry>,
    /// Tax rates.
    pub tax_rate: Vec<MapEntry>,
    /// Payment methods.
    pub payment_method: Vec<MapEntry>,
    /// Contacts that are to be merged into ones the target has; others are created.
    pub contact: Vec<MapEntry>,
    /// Items that are to be merged into ones the target has; others are created.
    pub item: Vec<MapEntry>,
}

impl Mapping {
    /// Reads a mapping file.
    pub fn from_toml(text: &str) -> Result<Self, Fault> {
        toml::from_str(text).map_err(|e| Fault::new(Code::MappingInvalid).detail(e.message()).caused_by(&e))
    }

    /// Writes a mapping file.
    pub fn to_toml(&self) -> Result<String, Fault> {
        let mut out = String::from(
            "# What each record of the source becomes in the target.\n\
             # target = \"create\" makes a new one; target = \"<id>\" takes one that the target has.\n\n",
        );
        let body = toml::to_string(self).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        out.write_str(&body).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        Ok(out)
    }

    fn entries(&self, entity: Entity) -> &[MapEntry] {
        match entity {
            Entity::Account => &self.account,
            Entity::TaxRate => &self.tax_rate,
            Entity::PaymentMethod => &self.payment_method,
            Entity::Contact => &self.contact,
            Entity::Item => &self.item,
            _ => &[],
        }
    }

    fn entries_mut(&mut self, entity: Entity) -> Option<&mut Vec<MapEntry>> {
        match entity {
            Entity::Account => Some(&mut self.account),
            Entity::TaxRate => Some(&mut self.tax_rate),
            Entity::PaymentMethod => Some(&mut self.payment_method),
            Entity::Contact => Some(&mut self.contact),
            Entity::Item => Some(&mut self.item),
            _ => None,
        }
    }

    /// Sets to `create` what was suggested to be a record that an earlier run of this migration made: its own copy
    /// is found by its link, and any other record needs one of its own.
    pub(crate) fn leave_own(&mut self, entity: Entity, made: &FxHashSet<TargetId>) {
        for entry in self.entries_mut(entity).into_iter().flatten() {
            if made.contains(entry.target.as_str()) {
                entry.target = CREATE.to_owned();
                entry.reason = "the one that is alike was made by an earlier run".to_owned();
            }
        }
    }

    /// True where nothing of an entity is mapped.
    pub(crate) fn is_empty(&self, entity: Entity) -> bool {
        self.entries(entity).is_empty()
    }

    /// Records that are one the target already has.
    pub fn existing(&self) -> FxHashMap<RecordKey, TargetId> {
        let all =
            MAPPED.iter().flat_map(|entity| self.entries(*entity).iter().map(move |entry| (*entity, entry)));
        all.filter(|(_, entry)| !entry.target.is_empty() && entry.target != CREATE)
            .map(|(entity, entry)| {
                (RecordKey::new(entity, entry.source.as_str()), TargetId::new(entry.target.as_str()))
            })
            .collect()
    }

    /// Suggests a counterpart for everything in the survey's catalog, with the reason.
    pub async fn suggest(survey: &Survey, writer: &dyn Writer) -> Result<Self, Fault> {
        let mut mapping = Self::default();
        for entity in MAPPED {
            let wanted: Vec<_> = survey.catalog.iter().filter(|entry| entry.entity == entity).collect();
            if wanted.is_empty() {
                continue;
            }
            let there = writer.catalog(entity).await?;
            let can_create = writer.manifest().entity(entity).write.is_yes();
            let optional = is_optional(entity, can_create);
            for entry in wanted {
                let (target, reason) = counterpart(entry, &there).unwrap_or_else(|| {
                    let target = if can_create { CREATE } else { "" };
                    (target.to_owned(), "the target has none that is alike".to_owned())
                });
                if optional && (target == CREATE || target.is_empty()) {
                    continue;
                }
                if let Some(entries) = mapping.entries_mut(entity) {
                    let name = label(entry);
                    entries.push(MapEntry { source: entry.id.clone(), name, target, reason });
                }
            }
        }
        Ok(mapping)
    }

    /// What is missing or cannot be: every account, tax rate and payment method in use needs a counterpart that
    /// exists and fits.
    pub async fn check(&self, survey: &Survey, writer: &dyn Writer) -> Result<Vec<Finding>, Fault> {
        let mut findings = Vec::new();
        for entity in MAPPED {
            let entries: FxHashMap<&str, &MapEntry> =
                self.entries(entity).iter().map(|entry| (entry.source.as_str(), entry)).collect();
            let there = if entries.values().any(|entry| !entry.target.is_empty() && entry.target != CREATE) {
                writer.catalog(entity).await?
            } else {
                Vec::new()
            };
            let optional = is_optional(entity, writer.manifest().entity(entity).write.is_yes());
            for wanted in survey.catalog.iter().filter(|entry| entry.entity == entity) {
                let entry = entries.get(wanted.id.as_str()).copied();
                if let Some(text) = objection(entity, optional, wanted, entry, &there) {
                    findings.push(Finding {
                        severity: Severity::Blocking,
                        place: format!("mapping of {} '{}'", entity.singular(), label(wanted)),
                        text,
                        hint: "Write a target for it in the mapping file; nothing was written.".to_owned(),
                        count: None,
                    });
                }
            }
        }
        Ok(findings)
    }
}

/// Contacts and items are created unless mapped; a way of paying that the target has no place for is left out.
fn is_optional(entity: Entity, can_create: bool) -> bool {
    match entity {
        Entity::Contact | Entity::Item => true,
        Entity::PaymentMethod => !can_create,
        _ => false,
    }
}

fn objection(
    entity: Entity,
    optional: bool,
    wanted: &CatalogEntry,
    entry: Option<&MapEntry>,
    there: &[CatalogEntry],
) -> Option<String> {
    let Some(entry) = entry else {
        return (!optional).then(|| "It is not in the mapping.".to_owned());
    };
    if entry.target == CREATE {
        return None;
    }
    if entry.target.is_empty() {
        return Some("It has no target.".to_owned());
    }
    match there.iter().find(|known| known.id == entry.target) {
        None => Some(format!("The target has no {} with id {}.", entity.singular(), entry.target)),
        Some(known) if !fits(wanted, known) => {
            Some(format!("'{}' is an account of another sort.", label(known)))
        }
        Some(_) => None,
    }
}

fn label(entry: &CatalogEntry) -> String {
    match &entry.code {
        Some(code) if *code != entry.name => format!("{code} {}", entry.name),
        _ => entry.name.clone(),
    }
}

/// Control accounts and money accounts must not be swapped for others; the rest is a person's choice.
fn fits(wanted: &CatalogEntry, known: &CatalogEntry) -> bool {
    let strict = |class: Option<AccountClass>| match class {
        Some(AccountClass::Receivable) => 1,
        Some(AccountClass::Payable) => 2,
        Some(AccountClass::Bank | AccountClass::CreditCard) => 3,
        _ => 0,
    };
    wanted.entity != Entity::Account || known.class.is_none() || strict(wanted.class) == strict(known.class)
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The one in the target that this most likely is, and why.
fn counterpart(wanted: &CatalogEntry, there: &[CatalogEntry]) -> Option<(String, String)> {
    let fitting: Vec<_> = there.iter().filter(|known| fits(wanted, known)).collect();
    let one = |test: &dyn Fn(&CatalogEntry) -> bool| {
        let mut found = fitting.iter().copied().filter(|known| test(known));
        match (found.next(), found.next()) {
            (Some(known), None) => Some(known),
            _ => None,
        }
    };
    let same_name = |known: &CatalogEntry| plain(&known.name) == plain(&wanted.name);
    let same_class = |known: &CatalogEntry| known.class == wanted.class;
    let pick = |known: &CatalogEntry, reason: String| Some((known.id.clone(), reason));

    if wanted.entity == Entity::TaxRate {
        let percent = wanted.percent?;
        let same_rate = |known: &CatalogEntry| known.percent == Some(percent);
        return one(&|known| same_rate(known) && same_name(known))
            .and_then(|known| pick(known, format!("same name and rate, {percent} %")))
            .or_else(|| {
                one(&same_rate).and_then(|known| pick(known, format!("the only one of {percent} %")))
            });
    }
    if let Some(known) = one(&|known| known.code.is_some() && known.code == wanted.code && same_class(known))
    {
        let reason = if same_name(known) { "same code, name and type" } else { "same code and type" };
        return pick(known, reason.to_owned());
    }
    if let Some(known) = one(&|known| same_name(known) && same_class(known)) {
        return pick(known, "same name and type".to_owned());
    }
    if matches!(wanted.class, Some(AccountClass::Receivable | AccountClass::Payable))
        && let Some(known) = one(&same_class)
    {
        return pick(known, "the only control account of its type".to_owned());
    }
    if wanted.entity != Entity::Account {
        return one(&same_name).and_then(|known| pick(known, "same name".to_owned()));
    }
    let alike = |known: &CatalogEntry| {
        same_class(known)
            && likeness_thousandths(&plain(&known.name), &plain(&wanted.name)) >= ALIKE_THOUSANDTHS
    };
    one(&alike).and_then(|known| pick(known, format!("alike in name ('{}'), same type", known.name)))
}

#[allow(clippy::disallowed_types, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn likeness_thousandths(a: &str, b: &str) -> u32 {
    // The library measures names as a float between 0 and 1; no money is near.
    (strsim::jaro_winkler(a, b) * 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::Decimal;

    fn account(id: &str, code: &str, name: &str, class: AccountClass) -> CatalogEntry {
        CatalogEntry {
            entity: Entity::Account,
            id: id.into(),
            code: (!code.is_empty()).then(|| code.into()),
            name: name.into(),
            class: Some(class),
            percent: None,
        }
    }

    #[test]
    fn suggestions_say_why() {
        let there = [
            account("1", "200", "Sales", AccountClass::Income),
            account("2", "610", "Trade debtors", AccountClass::Receivable),
            account("3", "400", "Advertising", AccountClass::Expense),
        ];
        let suggest = |wanted: CatalogEntry| counterpart(&wanted, &there);
        let reason = |wanted| suggest(wanted).map(|(id, why)| format!("{id}: {why}"));
        assert_eq!(
            reason(account("s", "200", "Umsatz", AccountClass::Income)).unwrap(),
            "1: same code and type"
        );
        assert_eq!(reason(account("s", "", "SALES", AccountClass::Income)).unwrap(), "1: same name and type");
        assert_eq!(
            reason(account("s", "1200", "A/R", AccountClass::Receivable)).unwrap(),
            "2: the only control account of its type"
        );
        assert_eq!(
            reason(account("s", "", "Advertisng", AccountClass::Expense)).unwrap(),
            "3: alike in name ('Advertising'), same type"
        );
        assert_eq!(reason(account("s", "", "Rent", AccountClass::Expense)), None);
        assert_eq!(
            reason(account("s", "610", "Bank", AccountClass::Bank)),
            None,
            "never across control types"
        );
    }

    #[test]
    fn taxes_go_by_rate() {
        let tax = |id: &str, name: &str, percent: i64| CatalogEntry {
            entity: Entity::TaxRate,
            id: id.into(),
            code: None,
            name: name.into(),
            class: None,
            percent: Some(Decimal::from(percent)),
        };
        let there = [tax("1", "20% (VAT on Income)", 20), tax("2", "No VAT", 0), tax("3", "Exempt", 0)];
        assert_eq!(counterpart(&tax("s", "Standard", 20), &there).unwrap().0, "1");
        assert_eq!(counterpart(&tax("s", "Exempt", 0), &there).unwrap().0, "3");
        assert_eq!(counterpart(&tax("s", "Zero", 0), &there), None, "two fit, so a person decides");
    }

    #[test]
    fn the_file_round_trips_and_typos_are_refused() {
        let entry =
            MapEntry { source: "a".into(), name: "A".into(), target: "create".into(), reason: "r".into() };
        let mapping = Mapping { account: vec![entry], ..Mapping::default() };
        assert_eq!(Mapping::from_toml(&mapping.to_toml().unwrap()).unwrap(), mapping);
        let fault = Mapping::from_toml("[[acount]]\nsource = 'x'").unwrap_err();
        assert_eq!(fault.code, Code::MappingInvalid);
        assert!(fault.raw.contains("acount"), "{fault:?}");
    }
}
