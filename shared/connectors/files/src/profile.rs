//! What the survey found out and extraction and transformation need to know. It travels as JSON inside the
//! survey, so that any process can take over.

use std::collections::BTreeMap;

use carry_model::{AccountClass, Currency, Entity};
use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::evidence::{DateFormat, DateOrder, date_order, number_format};
use crate::formats::Field;
use crate::written::NumberFormat;

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// As they are.
    Text,
    /// As dates in the order of that index of [`DateOrder::ALL`].
    Date(usize),
    /// As day numbers of a spreadsheet.
    DayNumber,
    /// As numbers in the format of that index of [`crate::evidence::NUMBER_FORMATS`].
    Number(usize),
}

impl Way {
    /// The date format, for a column of dates.
    pub(crate) fn date(self) -> DateFormat {
        match self {
            Self::Date(way) => DateFormat { order: date_order(way), serial: false },
            _ => DateFormat { order: DateOrder::YearMonthDay, serial: true },
        }
    }

    /// The number format, for a column of numbers.
    pub(crate) fn number(self) -> NumberFormat {
        match self {
            Self::Number(way) => number_format(way),
            _ => NumberFormat::POINT,
        }
    }
}

/// A table within the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionProfile {
    /// File, relative to the folder, with the sheet in brackets for a workbook of several.
    pub file: String,
    /// [`crate::formats::Format::id`].
    pub format: String,
    /// Column names as they stand in the header.
    pub names: Vec<String>,
    /// What each column means.
    pub fields: Vec<Option<Field>>,
    /// How each column is read.
    pub ways: Vec<Way>,
    /// Size of the file, to notice if it is changed before it is extracted.
    pub bytes: u64,
    /// How cells are separated.
    pub dialect: Dialect,
    /// Whether rows are written without the empty cells at their end.
    pub short_rows: bool,
}

/// A number that several documents bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// Contact, as written.
    pub contact: String,
    /// Date, as written.
    pub date: String,
}

/// Everything the transformer needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// The currency of amounts that name none.
    pub home_currency: Currency,
    /// The tables, in order of files.
    pub sections: Vec<SectionProfile>,
    /// Class of every account, by id.
    pub account_classes: BTreeMap<String, AccountClass>,
    /// Id of accounts that are also called by a code.
    pub account_codes: BTreeMap<String, String>,
    /// Documents whose number is borne by others too, per entity and number.
    pub shared_numbers: BTreeMap<Entity, BTreeMap<String, Vec<Bearer>>>,
}
