//! How a column is written, found from all of its cells.
//!
//! Each cell votes for the ways under which it can be read. One cell such as `28/01/2021` among a hundred
//! thousand such as `01/02/2021` decides the column. What no cell decides is taken from the nearest column
//! that is decided, then from what the user set, then from what the system is known to write; that it was
//! taken from there is part of the answer ([`Basis`]), to be shown. What is open even then must be asked.

pub use crate::written::{DateFormat, DateOrder};
use crate::written::{Decimals, NumberFormat, Written, parse_amount, read_date};

/// Most ways that are told apart: three date orders, two number formats.
const WAYS: usize = 3;

/// Votes of the cells of a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    fits: [u64; WAYS],
    /// First line whose cell cannot be read this way, 0 for none.
    against_line: [u64; WAYS],
    /// Cells for which it matters how they are read.
    cells: u64,
    /// Cells that can be read in no way.
    unreadable: u64,
}

/// What the votes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No cell depends on it.
    NotNeeded,
    /// Exactly one way fits best.
    Proven {
        /// Index of the way.
        way: usize,
        /// Cells that depend on it.
        cells: u64,
        /// Cells that cannot be read this way; they become rejects.
        against: u64,
        /// A line whose cell rules the next best way out.
        line: u64,
    },
    /// Several ways fit equally well: a bit for each.
    Open(u8),
}

impl Tally {
    fn vote(&mut self, ways: u8, count: usize, line: u64) {
        if ways == 0 {
            self.unreadable += 1;
            return;
        }
        self.cells += 1;
        for way in 0..count {
            if let (Some(fits), Some(against)) = (self.fits.get_mut(way), self.against_line.get_mut(way)) {
                if ways & (1 << way) != 0 {
                    *fits += 1;
                } else if *against == 0 {
                    *against = line;
                }
            }
        }
    }

    /// Adds the votes of another column of the same kind.
    pub fn add(&mut self, other: &Self) {
        self.cells += other.cells;
        self.unreadable += other.unreadable;
        for (mine, theirs) in self.fits.iter_mut().zip(other.fits) {
            *mine += theirs;
        }
        for (mine, theirs) in self.against_line.iter_mut().zip(other.against_line) {
            if *mine == 0 {
                *mine = theirs;
            }
        }
    }

    /// Cells that can be read in no way.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// What the votes say.
    pub fn verdict(&self) -> Verdict {
        if self.cells == 0 {
            return Verdict::NotNeeded;
        }
        let best = self.fits.iter().copied().max().unwrap_or(0);
        let winners: Vec<usize> =
            self.fits.iter().enumerate().filter(|(_, fits)| **fits == best).map(|(way, _)| way).collect();
        let [way] = *winners else {
            return Verdict::Open(winners.iter().fold(0, |set, way| set | (1 << way)));
        };
        let runner_up = (0..WAYS).filter(|w| *w != way).max_by_key(|w| self.fits.get(*w).copied());
        let line = runner_up.and_then(|w| self.against_line.get(w)).copied().unwrap_or(0);
        Verdict::Proven { way, cells: self.cells, against: self.cells - best, line }
    }
}

/// Evidence of a column of dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DateEvidence {
    /// Votes for [`DateOrder::ALL`], in that order.
    pub tally: Tally,
    serials: u64,
    certain: u64,
    short_years: u64,
}

impl DateEvidence {
    /// Looks at a cell; empty ones say nothing.
    pub fn observe(&mut self, text: &str, line: u64) {
        match read_date(text) {
            Some(Written::Certain(_)) => self.certain += 1,
            Some(Written::Serial(_)) => self.serials += 1,
            Some(written @ Written::Open { short_year, .. }) => {
                self.short_years += u64::from(short_year);
                self.tally.vote(orders_as_ways(written), WAYS, line);
            }
            Some(Written::Impossible) => self.tally.vote(0, WAYS, line),
            None if text.trim().is_empty() => {}
            None => self.tally.vote(0, WAYS, line),
        }
    }

    /// Bare day numbers are dates only in a column that holds nothing else.
    pub fn is_serial(&self) -> bool {
        self.serials > 0 && self.certain == 0 && self.tally.cells == 0
    }

    /// Cells whose year has two digits only.
    pub fn short_years(&self) -> u64 {
        self.short_years
    }
}

fn orders_as_ways(written: Written) -> u8 {
    let orders = written.orders();
    DateOrder::ALL
        .into_iter()
        .enumerate()
        .filter(|(_, order)| orders.has(*order))
        .fold(0, |set, (way, _)| set | (1 << way))
}

/// Number formats in the order of the votes.
pub const NUMBER_FORMATS: [NumberFormat; 2] = [NumberFormat::POINT, NumberFormat::COMMA];

/// Evidence of a column of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberEvidence {
    /// Votes for [`NUMBER_FORMATS`], in that order.
    pub tally: Tally,
}

impl NumberEvidence {
    /// Looks at a cell; empty ones and plain digits say nothing.
    pub fn observe(&mut self, text: &str, line: u64) {
        if let Some(ways) = number_ways(text) {
            self.tally.vote(ways, NUMBER_FORMATS.len(), line);
        }
    }
}

/// The formats under which a text is a number; nothing when it reads the same under both, or is empty.
fn number_ways(text: &str) -> Option<u8> {
    let bytes = text.as_bytes();
    let separators = bytes.iter().filter(|b| matches!(b, b'.' | b',')).count();
    let digits_only = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    match bytes {
        // The way of nearly all cells: digits, point, two digits.
        [whole @ .., b'.', a, b]
            if separators == 1
                && a.is_ascii_digit()
                && b.is_ascii_digit()
                && !whole.is_empty()
                && digits_only(whole) =>
        {
            return Some(1);
        }
        _ if bytes.is_empty() || (separators == 0 && digits_only(bytes)) => return None,
        _ => {}
    }
    let point = parse_amount(text, NumberFormat::POINT);
    let comma = parse_amount(text, NumberFormat::COMMA);
    match (point, comma) {
        (Ok(a), Ok(b)) if a.value == b.value => None,
        (Ok(_), Ok(_)) => Some(3),
        (Ok(_), Err(_)) => Some(1),
        (Err(_), Ok(_)) => Some(2),
        (Err(_), Err(_)) if text.trim().is_empty() => None,
        (Err(_), Err(_)) => Some(0),
    }
}

/// From what a format was concluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// No cell depends on it.
    NotNeeded,
    /// The column itself.
    Proven {
        /// Cells that depend on it.
        cells: u64,
        /// Cells that speak against it and become rejects.
        against: u64,
        /// A line that rules the next best way out.
        line: u64,
    },
    /// Another column: its name, and its file when it is of another.
    Neighbour(String),
    /// What the user set.
    Option,
    /// What the system is known to write.
    SystemDefault,
}

impl Basis {
    /// Whether it has to be shown: everything that is no proof.
    pub fn is_assumption(&self) -> bool {
        matches!(self, Self::Neighbour(_) | Self::Option | Self::SystemDefault)
    }
}

/// Places to look at when a column does not decide, nearest first.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Other columns with their names and verdicts, nearest first.
    pub neighbours: &'a [(String, Verdict)],
    /// The way the user set.
    pub option: Option<usize>,
    /// The way the system is known to write.
    pub default: Option<usize>,
}

/// Decides how a column is read. Nothing means that it must be asked.
pub fn decide(verdict: Verdict, context: Context<'_>) -> Option<(usize, Basis)> {
    let open = match verdict {
        Verdict::Proven { way, cells, against, line } => {
            return Some((way, Basis::Proven { cells, against, line }));
        }
        Verdict::NotNeeded => {
            return Some((context.option.or(context.default).unwrap_or(0), Basis::NotNeeded));
        }
        Verdict::Open(ways) => ways,
    };
    let allowed = |way: usize| open & (1 << way) != 0;
    for (name, verdict) in context.neighbours {
        if let Verdict::Proven { way, .. } = verdict
            && allowed(*way)
        {
            return Some((*way, Basis::Neighbour(name.clone())));
        }
    }
    let set = context.option.filter(|way| allowed(*way)).map(|way| (way, Basis::Option));
    set.or_else(|| context.default.filter(|way| allowed(*way)).map(|way| (way, Basis::SystemDefault)))
}

/// The number format of a way.
pub fn number_format(way: usize) -> NumberFormat {
    NUMBER_FORMATS.get(way).copied().unwrap_or(NumberFormat { decimals: Decimals::Point })
}

/// The date order of a way.
pub fn date_order(way: usize) -> DateOrder {
    DateOrder::ALL.get(way).copied().unwrap_or(DateOrder::YearMonthDay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOTHING: Context<'_> = Context { neighbours: &[], option: None, default: None };

    fn dates(cells: &[&str]) -> Verdict {
        let mut evidence = DateEvidence::default();
        for (index, cell) in cells.iter().enumerate() {
            evidence.observe(cell, index as u64 + 2);
        }
        evidence.tally.verdict()
    }

    fn numbers(cells: &[&str]) -> Verdict {
        let mut evidence = NumberEvidence::default();
        for (index, cell) in cells.iter().enumerate() {
            evidence.observe(cell, index as u64 + 2);
        }
        evidence.tally.verdict()
    }

    #[test]
    fn one_cell_decides_a_column_of_dates() {
        let mut cells = vec!["01/02/2021"; 1000];
        assert_eq!(dates(&cells), Verdict::Open(0b110));
        cells.push("28/01/2021");
        assert_eq!(dates(&cells), Verdict::Proven { way: 1, cells: 1001, against: 0, line: 1002 });
        cells.push("01/28/2021");
        cells.push("29/01/2021");
        assert_eq!(dates(&cells), Verdict::Proven { way: 1, cells: 1003, against: 1, line: 1002 });
        assert_eq!(dates(&["2021-01-02", "Jan 5 2021", ""]), Verdict::NotNeeded);
    }

    #[test]
    fn numbers_are_decided_by_what_can_only_be_one_thing() {
        assert_eq!(numbers(&["1,234", "12", ""]), Verdict::Open(0b11));
        assert!(matches!(numbers(&["1,234", "1.50"]), Verdict::Proven { way: 0, .. }));
        assert!(matches!(numbers(&["1,234", "1,5"]), Verdict::Proven { way: 1, .. }));
        assert!(matches!(numbers(&["1.234", "1.234,00 €"]), Verdict::Proven { way: 1, .. }));
        assert!(matches!(numbers(&["$(250.00)"]), Verdict::Proven { way: 0, .. }));
        assert_eq!(numbers(&["12", "-7", "1 234"]), Verdict::NotNeeded);
    }

    #[test]
    fn what_stays_open_is_taken_from_the_nearest_and_said() {
        let open = Verdict::Open(0b110);
        let proven = Verdict::Proven { way: 2, cells: 3, against: 0, line: 9 };
        let elsewhere = Verdict::Proven { way: 0, cells: 3, against: 0, line: 9 };
        let neighbours = [("Created".to_owned(), elsewhere), ("Due Date".to_owned(), proven)];
        let context = Context { neighbours: &neighbours, option: Some(1), default: Some(1) };
        assert_eq!(decide(open, context), Some((2, Basis::Neighbour("Due Date".into()))));
        assert_eq!(decide(open, Context { neighbours: &[], ..context }), Some((1, Basis::Option)));
        let default = Context { neighbours: &[], option: None, default: Some(2) };
        assert_eq!(decide(open, default), Some((2, Basis::SystemDefault)));
        assert_eq!(decide(open, NOTHING), None, "then it must be asked");
        assert_eq!(
            decide(open, Context { default: Some(0), ..NOTHING }),
            None,
            "a default that does not fit is none"
        );
    }

    #[test]
    fn day_numbers_need_a_column_of_their_own() {
        let mut evidence = DateEvidence::default();
        evidence.observe("44224", 2);
        assert!(evidence.is_serial());
        evidence.observe("28/01/2021", 3);
        assert!(!evidence.is_serial());
    }

    proptest! {
        #[test]
        fn a_column_written_one_way_is_never_read_another(
            cents in proptest::collection::vec(1_i64..100_000_000, 1..40), comma in any::<bool>(),
        ) {
            let mut evidence = NumberEvidence::default();
            for (index, value) in cents.iter().enumerate() {
                let text = format!("{}{}{:02}", value / 100, if comma { ',' } else { '.' }, value % 100);
                evidence.observe(&text, index as u64);
            }
            let way = usize::from(comma);
            let right = matches!(evidence.tally.verdict(), Verdict::Proven { way: w, against: 0, .. } if w == way);
            prop_assert!(right);
        }

        #[test]
        fn a_decided_date_column_reads_every_cell(days in proptest::collection::vec(0_i64..20_000, 1..60), us in any::<bool>()) {
            let mut evidence = DateEvidence::default();
            let mut texts = Vec::new();
            for (index, n) in days.iter().enumerate() {
                let date = jiff::civil::Date::constant(1990, 1, 1).checked_add(jiff::Span::new().days(*n)).unwrap();
                let (y, m, d) = (date.year(), date.month(), date.day());
                let text = if us { format!("{m}/{d}/{y}") } else { format!("{d}/{m}/{y}") };
                evidence.observe(&text, index as u64);
                texts.push((text, date));
            }
            match evidence.tally.verdict() {
                Verdict::Proven { way, against: 0, .. } => {
                    for (text, date) in texts {
                        let format = DateFormat { order: date_order(way), serial: false };
                        prop_assert_eq!(crate::written::parse_date(&text, format), Ok(date));
                    }
                }
                Verdict::Open(ways) => prop_assert_eq!(ways, 0b110),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
