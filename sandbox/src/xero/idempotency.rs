//! Idempotency keys: the same call under the same key is answered once, and again with the same answer.

use std::collections::{HashMap, VecDeque};

use carry_model::Timestamp;
use jiff::SignedDuration;

use super::refusal::Refusal;
use crate::http::{Request, Response};

/// How long a key is kept, from its first call.
const KEPT: SignedDuration = SignedDuration::from_mins(6);
const KEY_MAX: usize = 128;

/// Keys with the call each stood for and its answer.
#[derive(Debug, Default)]
pub(super) struct Keys {
    answers: HashMap<String, (blake3::Hash, Response)>,
    until: VecDeque<(Timestamp, String)>,
}

/// A key that was not used before.
pub(super) struct Fresh {
    key: String,
    call: blake3::Hash,
}

impl Keys {
    /// The answer the call had before, or the key under which its answer is to be kept; nothing without a key.
    pub(super) fn begin(&mut self, request: &Request, now: Timestamp) -> Result<Begun, Refusal> {
        let is_read = request.method == "GET" || request.method == "DELETE";
        let Some(key) = request.header_value("idempotency-key").filter(|_| !is_read) else {
            return Ok(Begun::WithoutKey);
        };
        if key.chars().count() > KEY_MAX {
            return Err(Refusal::Key(format!(
                "Idempotency Key must not be longer than {KEY_MAX} characters"
            )));
        }
        self.forget(now);
        let call = digest(request);
        match self.answers.get(key) {
            None => Ok(Begun::Fresh(Fresh { key: key.to_owned(), call })),
            Some((known, answer)) if *known == call => Ok(Begun::Answered(answer.clone())),
            Some(_) => Err(Refusal::Key(format!("Idempotency Key {key} is used with a different request"))),
        }
    }

    /// Keeps the answer of a call, errors too.
    pub(super) fn keep(&mut self, fresh: Fresh, answer: &Response, now: Timestamp) {
        let until = now.checked_add(KEPT).unwrap_or(now);
        self.until.push_back((until, fresh.key.clone()));
        self.answers.insert(fresh.key, (fresh.call, answer.clone()));
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((until, key)) = self.until.front()
            && *until <= now
        {
            self.answers.remove(key);
            self.until.pop_front();
        }
    }
}

/// What a key says about a call.
pub(super) enum Begun {
    /// The call has none.
    WithoutKey,
    /// The call is new.
    Fresh(Fresh),
    /// The call was answered.
    Answered(Response),
}

fn digest(request: &Request) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&bytes.len().to_le_bytes());
        hasher.update(bytes);
    };
    part(request.method.as_bytes());
    part(request.path.as_bytes());
    for (name, value) in &request.query {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    part(&request.body);
    hasher.finalize()
}
