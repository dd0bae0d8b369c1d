use std::hash::{Hash, Hasher};

use carry_model::{Code, Fault};
use rustc_hash::{FxHashSet, FxHasher};
use serde_json::value::RawValue;

/// Pages of one list at most: whatever asks for more does not end.
const PAGES_MAX: usize = 20_000;

/// Watches the pages of one list: a system, or whatever answers in its place, may send pages for ever.
#[derive(Debug)]
pub struct Pages {
    list: &'static str,
    seen: FxHashSet<u64>,
}

impl Pages {
    /// None seen yet. `list` is the list's name at the system.
    pub fn of(list: &'static str) -> Self {
        Self { list, seen: FxHashSet::default() }
    }

    /// Counts a page in. A fault ([`Code::AnswerUnreadable`]) where the same one came before, or too many did.
    pub fn take(&mut self, rows: &[Box<RawValue>]) -> Result<(), Fault> {
        let mut hasher = FxHasher::default();
        // Rows carry ids, so that both ends tell a page from every other one.
        [rows.first(), rows.last()].map(|row| row.map(|row| row.get())).hash(&mut hasher);
        rows.len().hash(&mut hasher);
        let is_new = rows.is_empty() || self.seen.insert(hasher.finish());
        if is_new && self.seen.len() <= PAGES_MAX {
            return Ok(());
        }
        Err(Fault::new(Code::AnswerUnreadable)
            .detail(format!("The pages of {} do not end.", self.list))
            .hint("Try again later; if it happens again, ask the platform's support."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[u32]) -> Vec<Box<RawValue>> {
        ids.iter().map(|id| RawValue::from_string(format!(r#"{{"Id":"{id}"}}"#)).unwrap()).collect()
    }

    #[test]
    fn a_page_that_comes_again_is_the_end() {
        let mut pages = Pages::of("Invoice");
        for ids in [&[1, 2][..], &[3, 4], &[5]] {
            pages.take(&page(ids)).unwrap();
        }
        assert_eq!(pages.take(&page(&[3, 4])).unwrap_err().code, Code::AnswerUnreadable);
    }

    #[test]
    fn empty_pages_are_no_pages_and_too_many_are_a_fault() {
        let mut pages = Pages::of("Invoice");
        pages.take(&[]).unwrap();
        pages.take(&[]).unwrap();
        let taken = (0..=20_000).map(|id| pages.take(&page(&[id]))).filter(Result::is_ok).count();
        assert_eq!(taken, PAGES_MAX);
    }
}
