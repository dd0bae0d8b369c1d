//! Rows on their way into the database: plain values that borrow from the record.

use std::fmt::Write as _;

use carry_model::{
    Code, Currency, Date, Decimal, Entity, Fault, Fingerprint, Record, Timestamp, push_decimal,
};

use super::shape::Table;

/// A value of a column.
#[derive(Clone, Debug)]
pub(super) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Owned(String),
    Decimal(Decimal),
    Date(Date),
    Time(Timestamp),
    Print(Fingerprint),
}

impl<'a> Cell<'a> {
    /// Text or null.
    pub(super) fn text(text: &'a Option<String>) -> Self {
        text.as_deref().map_or(Self::Null, Self::Text)
    }

    /// Integer or null.
    pub(super) fn int(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }

    /// 1, 0.
    pub(super) fn flag(flag: bool) -> Self {
        Self::Int(flag.into())
    }

    /// Decimal or null.
    pub(super) fn decimal(number: Option<Decimal>) -> Self {
        number.map_or(Self::Null, Self::Decimal)
    }

    /// Date or null.
    pub(super) fn date(date: Option<Date>) -> Self {
        date.map_or(Self::Null, Self::Date)
    }

    /// Text that was made for the purpose, or null.
    pub(super) fn owned(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Owned)
    }

    /// A count that the model keeps unsigned.
    pub(super) fn unsigned(number: u64, field: &str) -> Result<Self, Fault> {
        let number = i64::try_from(number);
        number.map(Self::Int).map_err(|_| Fault::new(Code::AmountOutOfRange).field(field))
    }

    /// The value as text, written into `buffer` where it has none of its own; None for null and integers.
    pub(super) fn as_text<'b>(&'b self, buffer: &'b mut String) -> Option<&'b str> {
        buffer.clear();
        // Writing to a string cannot fail.
        let written = match self {
            Self::Null | Self::Int(_) => return None,
            Self::Text(text) => return Some(text),
            Self::Owned(text) => return Some(text),
            Self::Decimal(number) => {
                push_decimal(buffer, number);
                Ok(())
            }
            Self::Date(date) => write!(buffer, "{date}"),
            Self::Time(time) => write!(buffer, "{time}"),
            Self::Print(print) => write!(buffer, "{print}"),
        };
        written.ok().map(|()| buffer.as_str())
    }
}

/// The rows of one record: its own first, then its parts.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    cells: Vec<Cell<'a>>,
    rows: Vec<(Table, usize)>,
    currencies: Vec<Currency>,
    references: Vec<(Table, i64)>,
}

impl<'a> Rows<'a> {
    /// Notes that the record speaks of a currency.
    pub(super) fn uses(&mut self, currency: Currency) {
        if !self.currencies.contains(&currency) {
            self.currencies.push(currency);
        }
    }

    /// A currency's code or null, noted.
    pub(super) fn currency(&mut self, currency: &'a Option<Currency>) -> Cell<'a> {
        let Some(currency) = currency else { return Cell::Null };
        self.uses(*currency);
        Cell::Text(currency.code())
    }

    /// A reference to a record, noted so that it can be checked before the rows are written.
    pub(super) fn refer(&mut self, entity: Entity, id: Option<i64>) -> Cell<'static> {
        if let (Some(table), Some(id)) = (Table::of(entity), id) {
            self.references.push((table, id));
        }
        Cell::int(id)
    }

    /// Every reference of the record, repeats included.
    pub(super) fn references(&self) -> &[(Table, i64)] {
        &self.references
    }

    /// Every currency seen since the rows were made; clearing keeps them.
    pub(super) fn currencies(&self) -> &[Currency] {
        &self.currencies
    }

    /// Forgets the rows; the memory stays.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.rows.clear();
        self.references.clear();
    }

    /// Adds the record's own row.
    pub(super) fn record<const N: usize>(
        &mut self,
        table: Table,
        id: i64,
        record: &'a Record,
        own: [Cell<'a>; N],
    ) -> Result<(), Fault> {
        let place = &record.place;
        self.cells.push(Cell::Int(id));
        if table.has_kind() {
            self.cells.push(Cell::Text(record.entity.name()));
        }
        self.cells.extend([Cell::Text(record.id.as_str()), Cell::text(&record.number)]);
        self.cells.extend(own);
        self.cells.extend([
            Cell::Print(record.fingerprint()),
            record.created.map_or(Cell::Null, Cell::Time),
            record.modified.map_or(Cell::Null, Cell::Time),
            Cell::flag(record.implied),
            Cell::Text(&place.file),
            Cell::unsigned(place.line, "place")?,
            Cell::unsigned(place.last_line, "place")?,
            Cell::Text(&record.raw),
        ]);
        self.rows.push((table, self.cells.len()));
        Ok(())
    }

    /// Adds the row of a part.
    pub(super) fn part<const N: usize>(&mut self, table: Table, cells: [Cell<'a>; N]) {
        self.cells.extend(cells);
        self.rows.push((table, self.cells.len()));
    }

    /// The rows, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Table, &[Cell<'a>])> {
        let mut start = 0;
        self.rows.iter().map(move |(table, end)| {
            let cells = self.cells.get(start..*end).unwrap_or_default();
            start = *end;
            (*table, cells)
        })
    }
}
