//! Amounts and dates as people and programs write them, read when told the format. Finding the format is
//! the business of [`crate::evidence`].

mod amount;
mod date;

pub use amount::{Amount, AmountError, Decimals, NumberFormat, currency_of, parse_amount};
pub use date::{CENTURY_PIVOT, DateError, DateFormat, DateOrder, OrderSet, Written, parse_date, read_date};
