//! The mark that writing leaves on a record, so that it is found again: `CF-` and twelve hexadecimal digits.

use carry_model::RecordKey;

const DIGITS: usize = 12;
const PREFIX: &str = "CF-";

/// The mark of a record: the same for the same source record, whatever the run.
pub(crate) fn of(key: &RecordKey) -> String {
    let hash = blake3::hash(format!("{}:{}", key.entity.name(), key.id).as_bytes());
    let digits: String = hash.to_hex().chars().take(DIGITS).collect();
    format!("{PREFIX}{digits}")
}

/// A text with the mark at its end, the text cut so that both fit into `chars_max` characters.
pub(crate) fn append(text: &str, mark: &str, chars_max: usize) -> String {
    let room = chars_max.saturating_sub(mark.len() + 1);
    let head: String = text.trim().chars().take(room).collect();
    let head = head.trim_end();
    if head.is_empty() { mark.to_owned() } else { format!("{head} {mark}") }
}

/// The mark at the end of a text, where there is one.
pub(crate) fn at_end(text: &str) -> Option<&str> {
    let last = text.split_whitespace().next_back()?;
    let digits = last.strip_prefix(PREFIX)?;
    let is_mark = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_mark.then_some(last)
}

/// A text without the mark at its end.
pub(crate) fn without(text: &str) -> &str {
    match at_end(text) {
        Some(mark) => text.trim_end().strip_suffix(mark).unwrap_or(text).trim_end(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::Entity;

    #[test]
    fn a_mark_is_found_again_and_taken_off() {
        let mark = of(&RecordKey::new(Entity::Payment, "17"));
        assert_eq!(mark.len(), 15);
        let text = append("Check 1042", &mark, 255);
        assert_eq!((at_end(&text), without(&text)), (Some(mark.as_str()), "Check 1042"));
        assert_eq!(append("", &mark, 255), mark);
        assert_eq!(append(&"ü".repeat(300), &mark, 50).chars().count(), 50);
        for text in ["", "CF-", "CF-123", "Check CF-zzzzzzzzzzzz"] {
            assert_eq!((at_end(text), without(text)), (None, text));
        }
    }

    #[test]
    fn entities_do_not_share_marks() {
        let one = of(&RecordKey::new(Entity::Payment, "1"));
        assert_ne!(one, of(&RecordKey::new(Entity::BillPayment, "1")));
    }
}
