//! What few words can be is kept as a number.

use carry_model::Entity;
use carry_ports::{Change, LinkState};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

/// One of a few, kept as its number: its place among all.
pub(crate) trait Numbered: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
}

impl Numbered for Entity {
    const ALL: &'static [Self] = Self::ALL;
}

impl Numbered for LinkState {
    const ALL: &'static [Self] = &[Self::Done, Self::Failed, Self::Skipped];
}

impl Numbered for Change {
    const ALL: &'static [Self] = &[Self::Created, Self::Updated, Self::Mapped];
}

/// The number of a value; one that is not among all, which no value is, has none that could be read.
pub(crate) fn number_of<T: Numbered>(value: T) -> u8 {
    let number = T::ALL.iter().position(|known| *known == value);
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

/// The value of a number.
pub(crate) fn numbered<T: Numbered>(number: u8) -> Option<T> {
    T::ALL.get(usize::from(number)).copied()
}

/// A value kept as its number.
pub(crate) struct AsNumber<T>(pub(crate) T);

impl<T: Numbered> FromSql for AsNumber<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let known = u8::try_from(value.as_i64()?).ok().and_then(numbered);
        known.map(AsNumber).ok_or(FromSqlError::InvalidType)
    }
}

impl<T: Numbered> ToSql for AsNumber<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(number_of(self.0).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::DONE;

    #[test]
    fn a_number_means_what_it_meant_in_this_version() {
        let names: Vec<_> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        let then = "company account tax_rate terms payment_method tracking_category contact item project estimate \
                    sales_order purchase_order invoice bill sales_receipt expense credit_note bill_credit refund \
                    open_balance payment bill_payment transfer bank_transaction journal time_activity \
                    expense_activity fee_activity attachment";
        assert_eq!(names.join(" "), then, "the order changed: raise SCHEMA_VERSION and change it here");
        assert_eq!(i64::from(number_of(LinkState::Done)), DONE);
        assert_eq!(number_of(LinkState::Skipped), 2);
        assert_eq!(number_of(Change::Mapped), 2);
        assert_eq!(numbered::<Change>(3), None);
    }
}
