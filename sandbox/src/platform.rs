//! What a simulated platform gives to the common base.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::http::{Request, Response};
use crate::limits::{Breach, Limit, Remaining};
use crate::oauth::{Issued, Oauth, OauthRules, Session, TokenProblem};

/// What a call is, for limits, counters and faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The company it concerns; `None` for calls about the connection itself.
    pub tenant: Option<String>,
    /// A short name that tests count by: `create invoice`, `query`, `batch`.
    pub kind: String,
    /// How many objects it carries: the items of a batch, else 1.
    pub items: u64,
}

impl Call {
    /// A call of a kind that carries one object and concerns no company.
    pub fn of(kind: &str) -> Self {
        Self { tenant: None, kind: kind.to_owned(), items: 1 }
    }
}

/// A company that an app can be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id on the platform.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What a platform may use while it answers.
#[derive(Debug)]
pub struct Context<'a> {
    /// The sandbox's time.
    pub now: Timestamp,
    /// Who calls.
    pub session: &'a Session,
    /// Grants, for platforms on which a connection can be listed and ended by a call.
    pub oauth: &'a mut Oauth,
}

/// A change to what is kept in a company file: the row's key, and its text or `None` when it is gone.
pub type Change = (String, Option<Vec<u8>>);

/// A platform: everything that is its own. The base adds the server, time, tokens, limits, faults and storage.
///
/// A platform never waits and never looks at a clock; a call and the time go in, an answer comes out.
pub trait Platform: Send {
    /// Its name: `quickbooks`.
    fn name(&self) -> &'static str;
    /// Paths, lifetimes and rotation of its tokens.
    fn oauth_rules(&self) -> OauthRules;
    /// The body that answers a token call.
    fn token_body(&self, issued: &Issued, request: &Request) -> Vec<u8>;
    /// Its documented limits.
    fn limits(&self) -> Vec<Limit>;
    /// Its companies.
    fn tenants(&self) -> Vec<Tenant>;
    /// What a call is.
    fn classify(&self, request: &Request) -> Call;
    /// Answers a call that passed tokens and limits.
    fn handle(&mut self, request: &Request, call: &Call, context: Context<'_>) -> Response;
    /// Answers a call that needs no token, because its address says enough; None for every other call.
    fn open(&self, _request: &Request, _now: Timestamp) -> Option<Response> {
        None
    }
    /// Answers a call without a valid token.
    fn unauthorized(&self, problem: TokenProblem, now: Timestamp) -> Response;
    /// Answers a call over a limit.
    fn throttled(&self, breach: &Breach, now: Timestamp) -> Response;
    /// Answers a call that an injected fault makes fail with `status`.
    fn failed(&self, status: u16, now: Timestamp) -> Response;
    /// Adds the headers that every answer carries.
    fn decorate(&self, response: &mut Response, remaining: &[Remaining]);
    /// Switches for facts that are documented nowhere, and how they stand.
    fn switches(&self) -> BTreeMap<&'static str, bool>;
    /// Sets a switch; false when there is none of that name.
    fn set_switch(&mut self, name: &str, on: bool) -> bool;
    /// Rows that changed since the last time this was asked.
    fn changes(&mut self) -> Vec<Change>;
    /// Takes the rows of a company file in place of what it holds.
    ///
    /// # Errors
    /// Says what is wrong with a row.
    fn restore(&mut self, rows: Vec<(String, Vec<u8>)>) -> Result<(), String>;
}
