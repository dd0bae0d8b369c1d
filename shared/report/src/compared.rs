use carry_model::{Code, Decimal, Fault, serialize_decimal};
use serde::{Deserialize, Serialize};

/// An amount before and after, and what lies between them. All four are in one currency, which the row that
/// holds this names.
///
/// `difference = after - (before - not_carried)`: zero means that the target holds what the source held, less
/// what is listed as not carried. Always consistent, because only the constructors build one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stated")]
pub struct Compared {
    #[serde(serialize_with = "serialize_decimal")]
    before: Decimal,
    #[serde(skip_serializing_if = "Decimal::is_zero", serialize_with = "serialize_decimal")]
    not_carried: Decimal,
    #[serde(serialize_with = "serialize_decimal")]
    after: Decimal,
    #[serde(serialize_with = "serialize_decimal")]
    difference: Decimal,
}

/// What a file says, before it is believed.
#[derive(Deserialize)]
struct Stated {
    before: Decimal,
    #[serde(default)]
    not_carried: Decimal,
    after: Decimal,
    difference: Decimal,
}

impl TryFrom<Stated> for Compared {
    type Error = String;

    fn try_from(stated: Stated) -> Result<Self, String> {
        let compared = Self::explained(stated.before, stated.not_carried, stated.after)
            .map_err(|fault| fault.to_string())?;
        if compared.difference == stated.difference {
            Ok(compared)
        } else {
            Err(format!("the difference is stated as {}, but is {}", stated.difference, compared.difference))
        }
    }
}

impl Compared {
    /// What the source says and what the target says, where all of it was carried.
    pub fn new(before: Decimal, after: Decimal) -> Result<Self, Fault> {
        Self::explained(before, Decimal::ZERO, after)
    }

    /// The same where a part of `before`, `not_carried` (with the sign it has in `before`), stayed behind.
    /// A fault where the difference leaves the range of a decimal.
    pub fn explained(before: Decimal, not_carried: Decimal, after: Decimal) -> Result<Self, Fault> {
        let difference = before
            .checked_sub(not_carried)
            .and_then(|expected| after.checked_sub(expected))
            .ok_or_else(|| Fault::new(Code::AmountOutOfRange))?;
        Ok(Self { before, not_carried, after, difference })
    }

    /// The sum of two, part by part.
    pub fn checked_add(self, other: Self) -> Result<Self, Fault> {
        let add = |a: Decimal, b: Decimal| a.checked_add(b).ok_or_else(|| Fault::new(Code::AmountOutOfRange));
        Self::explained(
            add(self.before, other.before)?,
            add(self.not_carried, other.not_carried)?,
            add(self.after, other.after)?,
        )
    }

    /// What the source says.
    pub const fn before(&self) -> Decimal {
        self.before
    }

    /// The part of it that is listed as not carried.
    pub const fn not_carried(&self) -> Decimal {
        self.not_carried
    }

    /// What the target says.
    pub const fn after(&self) -> Decimal {
        self.after
    }

    /// What nothing explains.
    pub const fn difference(&self) -> Decimal {
        self.difference
    }

    /// True where nothing is unexplained.
    pub const fn agrees(&self) -> bool {
        self.difference.is_zero()
    }

    /// The larger of the two sides, without its sign: what the row is sorted by.
    pub(crate) fn magnitude(&self) -> Decimal {
        self.before.abs().max(self.after.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_carried_explains_a_difference() {
        let compared =
            Compared::explained(Decimal::new(100_000, 2), Decimal::new(10_000, 2), Decimal::new(90_000, 2));
        assert!(compared.unwrap().agrees());
        let short = Compared::new(Decimal::new(100_000, 2), Decimal::new(99_999, 2)).unwrap();
        assert_eq!(short.difference(), Decimal::new(-1, 2));
    }

    #[test]
    fn overflow_is_a_fault() {
        assert!(Compared::new(Decimal::MIN, Decimal::MAX).is_err());
        let all = Compared::new(Decimal::MAX, Decimal::MAX).unwrap();
        assert!(all.checked_add(all).is_err());
    }

    #[test]
    fn a_stated_difference_is_checked() {
        let text = r#"{"before":"10.00","after":"9.00","difference":"0"}"#;
        assert!(serde_json::from_str::<Compared>(text).is_err());
    }
}
