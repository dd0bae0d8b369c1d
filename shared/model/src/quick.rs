//! Decimals as JSON text, as `rust_decimal` writes them, in a fraction of the time where 64 bits hold the digits.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// Most decimals that are written the quick way.
const SCALE_MAX: u32 = 20;

/// Writes a decimal as JSON text, for `serialize_with`.
pub fn decimal<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    let mut buffer = [0; 32];
    match text(value, &mut buffer) {
        Some(text) => serializer.serialize_str(text),
        None => Serialize::serialize(value, serializer),
    }
}

/// For `serialize_with` on what may be missing.
pub(crate) fn optional<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => decimal(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Adds a decimal's text, as `rust_decimal` displays it.
pub fn push_decimal(text: &mut String, value: &Decimal) {
    let mut buffer = [0; 32];
    match self::text(value, &mut buffer) {
        Some(quick) => text.push_str(quick),
        None => text.push_str(&value.to_string()),
    }
}

/// Digits from the last to the first. The longest text has twenty-one digits, a point and a minus.
fn text<'a>(value: &Decimal, buffer: &'a mut [u8; 32]) -> Option<&'a str> {
    let mut rest = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
    let scale = value.scale();
    if scale > SCALE_MAX {
        return None;
    }
    let mut at = buffer.len();
    let mut put = |byte: u8| {
        at = at.checked_sub(1)?;
        *buffer.get_mut(at)? = byte;
        Some(())
    };
    let mut written = 0;
    while rest > 0 || written <= scale {
        if written == scale && scale > 0 {
            put(b'.')?;
        }
        put(b'0' + u8::try_from(rest % 10).ok()?)?;
        rest /= 10;
        written += 1;
    }
    if value.is_sign_negative() {
        put(b'-')?;
    }
    std::str::from_utf8(buffer.get(at..)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same_as_the_library(value: Decimal) {
        let mut quick = Vec::new();
        decimal(&value, &mut serde_json::Serializer::new(&mut quick)).unwrap();
        assert_eq!(String::from_utf8(quick).unwrap(), serde_json::to_string(&value).unwrap());
        let mut pushed = String::new();
        push_decimal(&mut pushed, &value);
        assert_eq!(pushed, value.to_string());
    }

    #[test]
    fn edges_are_written_as_the_library_writes_them() {
        let mut minus_zero = Decimal::ZERO;
        minus_zero.set_sign_negative(true);
        for value in
            [minus_zero, Decimal::MAX, Decimal::MIN, Decimal::new(0, 2), Decimal::new(-5, 28), Decimal::TEN]
        {
            same_as_the_library(value);
        }
    }

    proptest! {
        #[test]
        fn every_decimal_is_written_as_the_library_writes_it(
            mantissa in prop_oneof![-20_000_i128..20_000, any::<i64>().prop_map(i128::from), -(1_i128 << 95)..(1_i128 << 95)],
            scale in 0_u32..=28,
        ) {
            same_as_the_library(Decimal::from_i128_with_scale(mantissa, scale));
        }
    }
}
