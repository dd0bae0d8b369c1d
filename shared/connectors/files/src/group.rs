//! Which rows of a table are data, and where a record begins among them. Survey and extraction decide it by
//! the same code, so that they never disagree.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::formats::{Field, Format, Shape};
use crate::ids;
use crate::table::Row;
use crate::unit::trimmed;
use crate::written::read_date;

/// Positions of the fields in a row.
#[derive(Debug, Clone)]
pub(crate) struct Positions([u16; Field::COUNT]);

impl Positions {
    pub(crate) fn new(fields: &[Option<Field>]) -> Self {
        let mut positions = [u16::MAX; Field::COUNT];
        for (index, field) in fields.iter().enumerate() {
            if let Some(slot) = field.and_then(|f| positions.get_mut(f as usize)) {
                *slot = u16::try_from(index).unwrap_or(u16::MAX).min(*slot);
            }
        }
        Self(positions)
    }

    pub(crate) fn of(&self, field: Field) -> Option<usize> {
        self.0.get(field as usize).filter(|at| **at != u16::MAX).map(|at| usize::from(*at))
    }

    /// The cell of a field, without white space around it; empty if the table has no such column.
    pub(crate) fn cell<'a>(&self, row: &Row<'a>, field: Field) -> &'a str {
        self.of(field).map_or("", |at| trimmed(row.cell(at)))
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowClass {
    /// Nothing in it.
    Blank,
    /// The header once more, as at the top of a printed page.
    Header,
    /// A sum of rows above it.
    Total,
    /// Time stamp or basis at the end of a report.
    Footer,
    /// Name of the contact that the next rows of a report are about.
    Group,
    /// Data.
    Data,
}

/// What is needed to understand the rows of a table one by one.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) format: &'static Format,
    pub(crate) at: Positions,
    header: Vec<String>,
}

impl Rules {
    pub(crate) fn new(format: &'static Format, fields: &[Option<Field>], header: &[String]) -> Self {
        Self { format, at: Positions::new(fields), header: header.to_vec() }
    }

    pub(crate) fn classify(&self, row: &Row<'_>) -> RowClass {
        let mut filled = row.cells().enumerate().filter(|(_, cell)| !trimmed(cell).is_empty());
        let Some((first_at, first)) = filled.next() else { return RowClass::Blank };
        let first = first.trim();
        if self.header.get(first_at).is_some_and(|name| name == first) && self.repeats_header(row) {
            return RowClass::Header;
        }
        let alone = filled.next().is_none();
        if alone && is_footer(first) {
            return RowClass::Footer;
        }
        if self.is_total(row, first_at, first) {
            return RowClass::Total;
        }
        match self.format.shape {
            Shape::Balances(_) if alone && first_at == 0 => RowClass::Group,
            _ => RowClass::Data,
        }
    }

    /// The record's number in a row that could not be taken apart properly.
    fn number_in(&self, text: &str, delimiter: u8) -> String {
        let Some(at) = self.at.of(Field::Number) else { return String::new() };
        let cell = text.split(char::from(delimiter)).nth(at).unwrap_or_default();
        cell.trim_matches(|c: char| c.is_whitespace() || c == '"').to_owned()
    }

    fn repeats_header(&self, row: &Row<'_>) -> bool {
        self.header.iter().enumerate().all(|(at, name)| row.cell(at).trim() == name)
    }

    fn is_total(&self, row: &Row<'_>, first_at: usize, first: &str) -> bool {
        let word = |text: &str| {
            ["total", "totals", "grand total", "sum"].iter().any(|word| text.eq_ignore_ascii_case(word))
        };
        match self.format.shape {
            Shape::Balances(_) => {
                let group = self.at.cell(row, Field::Group);
                word(first) || group.get(..10).is_some_and(|g| g.eq_ignore_ascii_case("total for "))
            }
            // Sums of a transaction have both sides and no account.
            Shape::JournalReport => {
                word(first)
                    || (self.at.cell(row, Field::Account).is_empty()
                        && !self.at.cell(row, Field::Debit).is_empty()
                        && !self.at.cell(row, Field::Credit).is_empty())
            }
            Shape::Documents(_) | Shape::Payments(_) | Shape::Postings => {
                let is_else = |field| {
                    let cell = self.at.cell(row, field);
                    cell.is_empty() || cell == first
                };
                let heads = [Field::Number, Field::Contact, Field::Date];
                let in_front =
                    first_at == 0 || heads.iter().any(|field| self.at.of(*field) == Some(first_at));
                in_front && word(first) && heads.into_iter().all(is_else)
            }
            Shape::Accounts | Shape::Items | Shape::Contacts(_) | Shape::TaxRates => {
                first.eq_ignore_ascii_case("total") && row.cells().skip(1).all(|c| c.trim().is_empty())
            }
        }
    }
}

/// `Wednesday, September 30, 2026 01:46 PM GMT-05:00`, `Accrual Basis`, or both in one cell.
fn is_footer(text: &str) -> bool {
    let lower = text.to_lowercase();
    let stamp = lower
        .strip_prefix("accrual basis")
        .or_else(|| lower.strip_prefix("cash basis"))
        .unwrap_or(&lower)
        .trim();
    if stamp.is_empty() {
        return true;
    }
    let has_clock =
        stamp.contains(':') && (stamp.contains("am") || stamp.contains("pm") || stamp.contains("gmt"));
    let zone = stamp.find("gmt").and_then(|at| stamp.get(..at)).unwrap_or(stamp);
    has_clock && read_date(zone.trim()).is_some()
}

/// Tells records without a number apart that look the same from their first row: by their order in the table.
#[derive(Debug, Default)]
pub(crate) struct Ordinals(FxHashMap<u64, u32>);

impl Ordinals {
    /// Empty for the first record that looks so and where numbers tell, then `#2`, `#3`, ...
    pub(crate) fn next(&mut self, rules: &Rules, row: &Row<'_>) -> String {
        let looks: &[Field] = match rules.format.shape {
            Shape::JournalReport => &[Field::Kind, Field::Date, Field::Number, Field::Contact],
            Shape::Payments(_) if rules.format.lacks_numbers() => &ids::UNNUMBERED,
            _ => return String::new(),
        };
        let mut hasher = FxHasher::default();
        for field in looks {
            rules.at.cell(row, *field).hash(&mut hasher);
        }
        let count = self.0.entry(hasher.finish()).or_default();
        *count += 1;
        if *count > 1 { format!("#{count}") } else { String::new() }
    }
}

/// Tells where a record begins.
#[derive(Debug, Default)]
pub(crate) struct Grouper {
    number: String,
    contact: String,
    date: String,
    open: bool,
    /// Number that a broken row seems to bear, while the record consists of broken rows only.
    broken: Option<String>,
}

impl Grouper {
    /// Whether a broken row begins a record. It does not where it seems to belong to the current one, whose
    /// number it bears, or which it continues; then that record is to be refused.
    pub(crate) fn breaks(&mut self, rules: &Rules, text: &str, delimiter: u8) -> bool {
        let grouped = matches!(
            rules.format.shape,
            Shape::Documents(_) | Shape::Payments(_) | Shape::Postings | Shape::JournalReport
        ) && !rules.format.lacks_numbers();
        let number = rules.number_in(text, delimiter);
        if grouped && (self.open || self.broken.is_some()) && (number.is_empty() || number == self.number) {
            return false;
        }
        self.open = false;
        self.number.clone_from(&number);
        self.broken = Some(number);
        true
    }

    /// Whether a data row begins a new record, and remembers it as the last one.
    pub(crate) fn begins(&mut self, rules: &Rules, row: &Row<'_>) -> bool {
        let joins = self
            .broken
            .take()
            .is_some_and(|number| !number.is_empty() && number == rules.at.cell(row, Field::Number));
        self.differs(rules, row) && !joins
    }

    fn differs(&mut self, rules: &Rules, row: &Row<'_>) -> bool {
        let cell = |field| rules.at.cell(row, field);
        let begins = match rules.format.shape {
            Shape::Payments(_) if rules.format.lacks_numbers() => true,
            Shape::Documents(_) | Shape::Payments(_) | Shape::Postings => {
                let (number, contact, date) = (cell(Field::Number), cell(Field::Contact), cell(Field::Date));
                if number.is_empty() {
                    !self.open || !contact.is_empty() || !date.is_empty()
                } else {
                    !self.open
                        || number != self.number
                        || (!contact.is_empty() && contact != self.contact)
                        || (!date.is_empty() && date != self.date)
                }
            }
            Shape::JournalReport => {
                !self.open || !cell(Field::Date).is_empty() || !cell(Field::Kind).is_empty()
            }
            _ => true,
        };
        if begins {
            for (slot, field) in [
                (&mut self.number, Field::Number),
                (&mut self.contact, Field::Contact),
                (&mut self.date, Field::Date),
            ] {
                slot.clear();
                slot.push_str(rules.at.cell(row, field));
            }
            self.open = true;
        }
        begins
    }

    /// The next row begins a record whatever it holds: after a broken row, or a row of another kind.
    pub(crate) fn interrupt(&mut self) {
        self.open = false;
    }

    /// Number of the current record.
    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// Contact of the current record.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_are_footers_and_names_are_not() {
        assert!(is_footer("Wednesday, September 30, 2026 01:46 PM GMT-05:00"));
        assert!(is_footer("Accrual Basis Monday, January 4, 2021 10:02 AM GMT+0000"));
        assert!(is_footer("Accrual Basis"));
        for name in ["Total Wine & More", "Camp: GMT", "May 2021", "Alder & Ash", "12:30 Club pm"] {
            assert!(!is_footer(name), "{name}");
        }
    }
}
