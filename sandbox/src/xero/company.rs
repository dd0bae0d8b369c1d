//! One organisation behind the API: its books, its ledger, the idempotency keys of its calls.

use carry_model::Timestamp;
use uuid::Uuid;

use super::books::Books;
use super::idempotency::{Begun, Keys};
use super::posting::Posted;
use super::route;
use crate::http::{Request, Response};
use crate::ledger::{Ledger, Unbalanced};

/// An organisation.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) books: Books,
    pub(super) ledger: Ledger,
    keys: Keys,
}

/// An answer, and whether the books changed by it.
pub(super) struct Answered {
    pub(super) response: Response,
    pub(super) has_changed: bool,
}

impl Company {
    pub(super) fn new(books: Books) -> Self {
        Self { books, ledger: Ledger::default(), keys: Keys::default() }
    }

    /// Answers a call; `path` is what stands below the API's root, `id` names the reply.
    pub(super) fn answer(&mut self, request: &Request, path: &str, now: Timestamp, id: Uuid) -> Answered {
        let unchanged = |response| Answered { response, has_changed: false };
        let fresh = match self.keys.begin(request, now) {
            Ok(Begun::Answered(response)) => return unchanged(response),
            Ok(Begun::Fresh(fresh)) => Some(fresh),
            Ok(Begun::WithoutKey) => None,
            Err(refusal) => return unchanged(route::refuse(refusal)),
        };
        let before = self.books.clone();
        self.books.now = now;
        let mut response = route::answer(&mut self.books, &self.ledger, request, path, id);
        let has_changed = request.method != "GET" && response.status < 300;
        if self.commit().is_err() {
            self.books = before;
            response = Response::text(500, "The entry does not balance");
        }
        if let Some(fresh) = fresh {
            self.keys.keep(fresh, &response, now);
        }
        Answered { response, has_changed }
    }

    /// Brings the ledger up to what the books say.
    fn commit(&mut self) -> Result<(), Unbalanced> {
        for posted in std::mem::take(&mut self.books.posted) {
            match posted {
                Posted::Post(entry) => self.ledger.post(entry)?,
                Posted::Remove(source) => self.ledger.remove(&source.to_string()),
            }
        }
        Ok(())
    }
}
