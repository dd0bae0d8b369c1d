//! The customers, each drawn from the seed and its position, so that an invoice can name its customer without
//! the list being kept in memory. Only the report that lists them needs all names at once, to put them in order.

use crate::draw::{Draw, Stream, at};
use crate::error::GenerateError;
use crate::expected::Expected;
use crate::table::Table;
use crate::words::{CA_PLACES, FIRST_NAMES, FORMS, LAST_NAMES, STREETS, TRADES, US_PLACES};

/// One customer in five is a person, the rest are companies; one in five buys in Canadian dollars.
const PERSON_EVERY: u64 = 5;
const CAD_EVERY: u64 = 5;
/// Larger than every list product it steps through and prime, so that stepping by it visits each combination
/// once before any repeats.
const STEP: u64 = 999_983;

/// All customers of the books.
#[derive(Clone, Copy)]
pub(crate) struct Customers {
    pub(crate) seed: u64,
    pub(crate) count: u64,
}

impl Customers {
    /// The currency a customer is invoiced in.
    pub(crate) fn currency(index: u64) -> &'static str {
        if index % CAD_EVERY == 3 { "CAD" } else { "USD" }
    }

    /// Writes the customer's unique display name into `name`, replacing what it held.
    pub(crate) fn name_into(self, index: u64, name: &mut String) {
        name.clear();
        let rank = index / PERSON_EVERY;
        if index.is_multiple_of(PERSON_EVERY) {
            self.person_into(rank, name);
        } else {
            let companies_before = rank * (PERSON_EVERY - 1) + (index % PERSON_EVERY) - 1;
            self.company_into(companies_before, name);
        }
    }

    fn person_into(self, rank: u64, name: &mut String) {
        let names = FIRST_NAMES.len() as u64 * LAST_NAMES.len() as u64;
        let (round, place) = (rank / names, self.permuted(rank % names, names));
        name.push_str(at(FIRST_NAMES, place / LAST_NAMES.len() as u64));
        if round > 0 {
            let initials = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
            name.push(' ');
            name.push(char::from(at(initials, round - 1)));
            name.push('.');
        }
        name.push(' ');
        name.push_str(at(LAST_NAMES, place));
    }

    fn company_into(self, rank: u64, name: &mut String) {
        let (forms, trades) = (FORMS.len() as u64, TRADES.len() as u64);
        let names = LAST_NAMES.len() as u64 * trades * forms;
        let (round, place) = (rank / names, self.permuted(rank % names, names));
        name.push_str(at(LAST_NAMES, place / (forms * trades)));
        name.push(' ');
        name.push_str(at(TRADES, place / forms));
        name.push(' ');
        name.push_str(at(FORMS, place));
        if round > 0 {
            name.push_str(" (");
            name.push_str(at(US_PLACES, round - 1).0);
            name.push(')');
        }
    }

    fn permuted(self, index: u64, size: u64) -> u64 {
        let start = self.seed % size;
        (index * STEP + start) % size
    }

    /// Writes `Customers.csv` in the layout of QuickBooks' customer contact list, which goes by name.
    pub(crate) fn write(self, mut table: Table, expected: &mut Expected) -> Result<(), GenerateError> {
        for (name, index) in self.by_name() {
            self.write_one(index, &name, &mut table)?;
        }
        expected.contacts = self.count;
        table.finish()
    }

    /// Each name with whose it is, in the order of a list: small and capital letters are the same.
    fn by_name(self) -> Vec<(String, u64)> {
        let named = |index| {
            let mut name = String::new();
            self.name_into(index, &mut name);
            (name, index)
        };
        let mut names: Vec<_> = (0..self.count).map(named).collect();
        names.sort_by_cached_key(|(name, _)| name.to_lowercase());
        names
    }

    fn write_one(self, index: u64, name: &str, table: &mut Table) -> Result<(), GenerateError> {
        let mut draw = Draw::new(self.seed, Stream::Customer, index);
        let canadian = Self::currency(index) == "CAD";
        let place = draw.pick(if canadian { CA_PLACES } else { US_PLACES });
        table.text(name);
        match draw.below(10) {
            0 => table.blank(1),
            _ => table.show(format_args!("({}) 555-{:04}", place.3, draw.below(10_000))),
        };
        match draw.below(8) {
            0 => table.blank(1),
            _ => table.text(&email(name, &mut draw)),
        };
        match index.is_multiple_of(PERSON_EVERY) {
            true => table.text(name),
            false => table.show(format_args!("{} {}", draw.pick(FIRST_NAMES), draw.pick(LAST_NAMES))),
        };
        let bill = address(place, canadian, &mut draw);
        table.text(&bill);
        match draw.below(10) {
            0..6 => table.text(&bill),
            6..9 => table.blank(1),
            _ => table.text(&address(place, canadian, &mut draw)),
        };
        table.end_row()
    }
}

type Place = (&'static str, &'static str, &'static str, &'static str);

fn address((city, region, area, _): Place, canadian: bool, draw: &mut Draw) -> String {
    let (number, street) = (draw.between(1, 9_899), draw.pick(STREETS));
    if canadian {
        let letter = char::from(at(b"ABCEGHJKLMNPRSTVWXYZ", draw.below(20)));
        let (first, last) = (draw.below(10), draw.below(10));
        format!("{number} {street}, {city} {region} {area} {first}{letter}{last}")
    } else {
        format!("{number} {street}, {city} {region} {area}{:02}", draw.below(100))
    }
}

/// An address at a reserved domain, so that no generated book can reach a real mailbox.
fn email(name: &str, draw: &mut Draw) -> String {
    let box_name = draw.pick(&["accounts", "ap", "billing", "info", "office", "hello"]);
    let mut address = format!("{box_name}@");
    let letters = name.chars().filter(char::is_ascii_alphanumeric).take(18);
    address.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    address.push_str(".example");
    address
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_stay_unique_when_the_lists_are_exhausted() {
        let customers = Customers { seed: 7, count: 250_000 };
        let mut seen = HashSet::new();
        for index in 0..customers.count {
            let mut name = String::new();
            customers.name_into(index, &mut name);
            assert!(seen.insert(name.clone()), "customer {index} is a second {name}");
        }
    }
}
