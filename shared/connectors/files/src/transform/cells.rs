//! Cells of a record as values, or as a fault that names line, column and text.

use std::sync::Arc;

use carry_model::{Code, Currency, Date, Decimal, Fault};

use crate::formats::{Field, Format, by_id};
use crate::group::Positions;
use crate::profile::{Profile, SectionProfile};
use crate::unit::{Unit, UnitRow};
use crate::written::{Amount, AmountError, DateError, currency_of, parse_amount, parse_date};

/// Why a record is refused, and the line that is to blame; 0 for the record as a whole.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) fault: Fault,
    pub(crate) line: u64,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self { fault, line: 0 }
    }
}

/// A refusal is rare; a record is not made larger for it.
pub(crate) type Outcome<T> = Result<T, Box<Problem>>;

/// A table, ready to read records of.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) profile: Arc<Profile>,
    pub(crate) section: SectionProfile,
    pub(crate) format: &'static Format,
    at: Positions,
}

impl Layout {
    pub(crate) fn new(profile: &Arc<Profile>, index: usize) -> Result<Self, Fault> {
        let corrupt = |what: &str| Fault::new(Code::StagingCorrupt).detail(what);
        let section =
            profile.sections.get(index).cloned().ok_or_else(|| corrupt("a batch of an unknown table"))?;
        let format = by_id(&section.format).ok_or_else(|| corrupt("a table of an unknown format"))?;
        let at = Positions::new(&section.fields);
        Ok(Self { profile: Arc::clone(profile), section, format, at })
    }

    /// The cell, without white space around it.
    pub(crate) fn text<'a>(&self, row: &'a UnitRow<'_>, field: Field) -> &'a str {
        self.at.of(field).map_or("", |at| row.cell(at))
    }

    /// The cell, if it holds anything.
    pub(crate) fn some<'a>(&self, row: &'a UnitRow<'_>, field: Field) -> Option<&'a str> {
        Some(self.text(row, field)).filter(|text| !text.is_empty())
    }

    /// The cell as an owned text, if it holds anything.
    pub(crate) fn owned(&self, row: &UnitRow<'_>, field: Field) -> Option<String> {
        self.some(row, field).map(str::to_owned)
    }

    /// A fault about a cell.
    pub(crate) fn problem(&self, row: &UnitRow<'_>, field: Field, code: Code, detail: &str) -> Box<Problem> {
        let column = self.at.of(field).and_then(|at| self.section.names.get(at));
        let name = column
            .map(String::as_str)
            .or_else(|| self.format.column(field).and_then(|column| column.names.split('|').next()));
        let fault =
            Fault::new(code).field(name.unwrap_or_default()).text(self.text(row, field)).detail(detail);
        Box::new(Problem { fault, line: row.line })
    }

    /// The cell, which must hold something.
    pub(crate) fn required<'a>(&self, row: &'a UnitRow<'_>, field: Field) -> Outcome<&'a str> {
        self.some(row, field).ok_or_else(|| self.problem(row, field, Code::FieldMissing, ""))
    }

    /// The cell as a number; nothing if it is empty.
    pub(crate) fn number(&self, row: &UnitRow<'_>, field: Field) -> Outcome<Option<Decimal>> {
        Ok(self.written(row, field)?.map(|amount| amount.value))
    }

    /// The cell as an amount of that currency; nothing if it is empty. An amount that bears another currency is
    /// refused.
    pub(crate) fn amount(
        &self,
        row: &UnitRow<'_>,
        field: Field,
        currency: Currency,
    ) -> Outcome<Option<Decimal>> {
        let Some(amount) = self.written(row, field)? else { return Ok(None) };
        match amount.currency.and_then(currency_of) {
            Some(code) if code != currency.code() => {
                let detail = format!("The record is in {currency}.");
                Err(self.problem(row, field, Code::CurrencyMixed, &detail))
            }
            _ => Ok(Some(amount.value)),
        }
    }

    fn written<'a>(&self, row: &'a UnitRow<'_>, field: Field) -> Outcome<Option<Amount<'a>>> {
        let Some(at) = self.at.of(field) else { return Ok(None) };
        let text = row.cell(at);
        if text.is_empty() {
            return Ok(None);
        }
        let way = self.section.ways.get(at).copied().unwrap_or(crate::profile::Way::Text);
        match parse_amount(text, way.number()) {
            // A zero is a zero, however many decimals and signs it is written with.
            Ok(amount) if amount.value.is_zero() => Ok(Some(Amount { value: Decimal::ZERO, ..amount })),
            Ok(amount) => Ok(Some(amount)),
            Err(error) => {
                let detail = match error {
                    AmountError::Separator => {
                        format!("The column is written like {}; {error}.", way.number().example())
                    }
                    _ => format!("As an amount {error}."),
                };
                Err(self.problem(row, field, Code::AmountUnreadable, &detail))
            }
        }
    }

    /// The cell as a date; nothing if it is empty.
    pub(crate) fn date(&self, row: &UnitRow<'_>, field: Field) -> Outcome<Option<Date>> {
        let Some(at) = self.at.of(field) else { return Ok(None) };
        let way = self.section.ways.get(at).copied().unwrap_or(crate::profile::Way::Text);
        match parse_date(row.cell(at), way.date()) {
            Ok(date) => Ok(Some(date)),
            Err(DateError::Empty) => Ok(None),
            Err(error) => {
                let order = way.date().order.name();
                let detail = format!("The column is written {order}; {error}.");
                Err(self.problem(row, field, Code::DateUnreadable, &detail))
            }
        }
    }

    /// The cell as a date, which must be there.
    pub(crate) fn required_date(&self, row: &UnitRow<'_>, field: Field) -> Outcome<Date> {
        self.date(row, field)?.ok_or_else(|| self.problem(row, field, Code::FieldMissing, ""))
    }

    /// The currency of the row: as its cell says, else as its amounts bear it, else the home currency.
    pub(crate) fn currency(&self, row: &UnitRow<'_>) -> Outcome<Currency> {
        if let Some(code) = self.some(row, Field::Currency) {
            return code.parse().map_err(|_| self.problem(row, Field::Currency, Code::CurrencyUnknown, ""));
        }
        for field in [Field::Total, Field::LineAmount, Field::Amount] {
            // An amount that cannot be read is refused when it is needed.
            let Ok(Some(amount)) = self.written(row, field) else { continue };
            if let Some(currency) = amount.currency.and_then(currency_of).and_then(|code| code.parse().ok()) {
                return Ok(currency);
            }
        }
        Ok(self.profile.home_currency)
    }

    /// The exchange rate, for a currency that is not the home currency.
    pub(crate) fn rate(&self, row: &UnitRow<'_>, currency: Currency) -> Outcome<Option<Decimal>> {
        let rate = self.number(row, Field::ExchangeRate)?;
        let Some(rate) = rate.filter(|_| currency != self.profile.home_currency) else { return Ok(None) };
        if rate.is_zero() || rate.is_sign_negative() {
            let detail = "An exchange rate is positive.";
            return Err(self.problem(row, Field::ExchangeRate, Code::AmountUnreadable, detail));
        }
        Ok(Some(rate))
    }

    /// The id of the account that a cell names.
    pub(crate) fn account(&self, row: &UnitRow<'_>, field: Field) -> Option<String> {
        let text = self.some(row, field)?;
        let by_code = self.profile.account_codes.get(text);
        Some(by_code.cloned().unwrap_or_else(|| text.to_owned()))
    }

    /// The first row, once every row is known to have the columns of the header.
    pub(crate) fn head<'u>(&self, unit: &'u Unit<'_>) -> Outcome<&'u UnitRow<'u>> {
        for row in &unit.rows {
            self.check(row)?;
        }
        let nothing = || Problem::from(Fault::new(Code::StagingCorrupt).detail("a record without rows"));
        unit.rows.first().ok_or_else(|| Box::new(nothing()))
    }

    /// The row that bears the fields of the whole record: the first that names the contact, since parts of a
    /// record may stand in any order.
    pub(crate) fn lead<'u>(&self, unit: &'u Unit<'_>) -> Outcome<&'u UnitRow<'u>> {
        let head = self.head(unit)?;
        Ok(unit.rows.iter().find(|row| self.some(row, Field::Contact).is_some()).unwrap_or(head))
    }

    fn check(&self, row: &UnitRow<'_>) -> Outcome<()> {
        if let Some((cause, text)) = row.broken() {
            let fault =
                Fault::new(Code::RowMalformed).text(text).detail(format!("{}.", sentence(cause.sentence())));
            return Err(Box::new(Problem { fault: fault.hint(cause.remedy()), line: row.line }));
        }
        let width = self.section.names.len();
        let beyond = row.len() > width && row.cells().skip(width).any(|cell| !cell.trim().is_empty());
        let found = row.len();
        if !beyond && (found >= width || self.section.short_rows) {
            return Ok(());
        }
        let text = row.cells().collect::<Vec<_>>().join(",");
        let detail = format!("It has {found} of {width} columns.");
        let fault = Fault::new(Code::RowMalformed).text(text).detail(detail);
        Err(Box::new(Problem { fault, line: row.line }))
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
