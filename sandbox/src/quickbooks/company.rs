//! One company behind the API: its books, its ledger, the answers that were given under request ids.

use std::collections::{BTreeSet, HashMap};

use carry_model::{Decimal, Timestamp};
use jiff::SignedDuration;

use super::batch;
use super::books::{Books, Key};
use super::kind::Kind;
use super::posting;
use super::refusal::{Refusal, refusal, too_long};
use super::route::{self, Reply};
use super::xml;
use crate::http::{Request, Response};
use crate::json::Json;
use crate::ledger::{Entry, Ledger};

/// How long an answer is kept under its request id.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Characters of a request id, and of a batch's.
const REQUEST_ID_MAX: usize = 50;
const BATCH_REQUEST_ID_MAX: usize = 36;

/// An answer that is given again when the same request id comes again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) at: Timestamp,
    pub(super) response: Response,
}

/// A company.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) name: String,
    pub(super) books: Books,
    pub(super) ledger: Ledger,
    pub(super) answers: HashMap<String, Kept>,
    /// Objects and request ids that the company file does not know yet.
    pub(super) dirty: BTreeSet<Key>,
    pub(super) dirty_answers: Vec<String>,
}

impl Company {
    /// A company of these books, everything in them posted.
    pub(super) fn new(books: Books) -> Self {
        let name = books.find_name();
        let mut company = Self {
            name,
            books,
            ledger: Ledger::default(),
            answers: HashMap::new(),
            dirty: BTreeSet::new(),
            dirty_answers: Vec::new(),
        };
        company.post_everything();
        company
    }

    /// Posts every transaction anew.
    pub(super) fn post_everything(&mut self) {
        self.ledger = Ledger::default();
        self.books.balances = imbl::OrdMap::new();
        self.books.touched = self.books.everything().map(super::books::Record::key).collect();
        let entries = entries(&mut self.books);
        self.post(entries);
    }

    /// Answers a call; `path` is what stands below the company.
    pub(super) fn answer(&mut self, request: &Request, path: &[&str], now: Timestamp) -> Response {
        self.books.now = now;
        let host = request.header_value("host").unwrap_or("localhost");
        self.books.origin = format!("http://{host}");
        let id = request.parameter("requestid").filter(|_| request.method == "POST").map(str::to_owned);
        if let Some(id) = &id {
            let max = if path == ["batch"] { BATCH_REQUEST_ID_MAX } else { REQUEST_ID_MAX };
            let length = id.chars().count();
            if length > max {
                return too_long("requestid", max, length).reply(&self.time());
            }
            let kept = self.answers.get(id).filter(|kept| now.duration_since(kept.at) < ANSWERS_KEPT);
            if let Some(kept) = kept {
                return kept.response.clone();
            }
        }
        let response = match self.carry_out(request, path, id.is_some()) {
            Ok(reply) => self.respond(request, reply),
            Err(refusal) => refusal.reply(&self.time()),
        };
        if let Some(id) =
            id.filter(|_| response.status < 300 || self.books.switches.request_ids_keep_refusals)
        {
            self.answers.insert(id.clone(), Kept { at: now, response: response.clone() });
            self.dirty_answers.push(id);
        }
        response
    }

    fn carry_out(&mut self, request: &Request, path: &[&str], has_id: bool) -> Result<Reply, Refusal> {
        if request.method == "GET" || path == ["query"] {
            return route::read(&self.books, &self.ledger, request, path);
        }
        if path == ["batch"] {
            return batch::answer(self, &route::body(request)?, has_id).map(Reply::Object);
        }
        self.try_on_copy(|books, _| route::change(books, request, path))
    }

    /// Carries out one item of a batch.
    pub(super) fn item(&mut self, item: &batch::Item<'_>) -> Result<(&'static str, Json), Refusal> {
        if !matches!(item, batch::Item::Write { .. }) {
            return route::item(&mut self.books, &self.ledger, item);
        }
        self.try_on_copy(|books, ledger| route::item(books, ledger, item))
    }

    /// Does something to a copy of the books, which takes their place unless it is refused.
    pub(super) fn try_on_copy<T>(
        &mut self,
        change: impl FnOnce(&mut Books, &Ledger) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut draft = self.books.clone();
        let done = change(&mut draft, &self.ledger)?;
        let entries = entries(&mut draft);
        if let Some((_, Some(entry))) = entries.iter().find(|(_, entry)| !is_balanced(entry.as_ref())) {
            let text = format!("The entry of {} does not balance", entry.source);
            return Err(refusal("10000", "An application error has occurred", text));
        }
        self.books = draft;
        self.post(entries);
        Ok(done)
    }

    fn post(&mut self, entries: Vec<(Key, Option<Entry>)>) {
        for (key, entry) in entries {
            let source = posting::source(key.0, &key.1);
            if let Some(old) = self.ledger.entry(&source) {
                count(&mut self.books, old, -Decimal::ONE);
            }
            match entry {
                Some(entry) => {
                    count(&mut self.books, &entry, Decimal::ONE);
                    // It balances: that was looked at before anything was posted.
                    self.ledger.post(entry).unwrap_or_default();
                }
                None => self.ledger.remove(&source),
            }
            self.dirty.insert(key);
        }
    }

    pub(super) fn time(&self) -> String {
        self.books.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    fn respond(&self, request: &Request, reply: Reply) -> Response {
        match reply {
            Reply::Text(text) => Response::text(200, &text),
            Reply::Object(mut body) => {
                if body.get("Header").is_none() {
                    body.set("time", self.time());
                }
                if wants_json(request) {
                    Response::json(200, body.to_bytes())
                } else {
                    let text = xml::document(&body);
                    Response::status(200).header("content-type", "application/xml;charset=UTF-8").body(text)
                }
            }
        }
    }
}

/// Replies are XML unless a call asks for JSON.
fn wants_json(request: &Request) -> bool {
    let accepts = request.header_value("accept").is_some_and(|accept| accept.contains("json"));
    accepts || request.parameter("format") == Some("json")
}

/// The entries of everything that was touched.
fn entries(books: &mut Books) -> Vec<(Key, Option<Entry>)> {
    let touched = std::mem::take(&mut books.touched);
    let entry = |key: &Key| books.get(key.0, &key.1).and_then(|record| posting::entry(books, record));
    let entries: Vec<Option<Entry>> = touched.iter().map(entry).collect();
    touched.into_iter().zip(entries).collect()
}

fn is_balanced(entry: Option<&Entry>) -> bool {
    entry.is_none_or(|entry| entry.postings.iter().map(|posting| posting.home).sum::<Decimal>().is_zero())
}

/// Adds an entry's postings to the balances of accounts and parties, or with `sign` -1 takes them off.
fn count(books: &mut Books, entry: &Entry, sign: Decimal) {
    for posting in &entry.postings {
        let account = books.get(Kind::Account, &posting.account);
        let currency = account.and_then(|account| account.reference("CurrencyRef")).unwrap_or(&books.home);
        let amount = if currency == books.home { posting.home } else { posting.amount };
        *books.balances.entry(format!("Account/{}", posting.account)).or_default() += amount * sign;
        if let Some(party) = &posting.party {
            *books.balances.entry(party.clone()).or_default() += posting.amount * sign;
        }
    }
}
