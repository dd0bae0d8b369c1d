//! OAuth 2 as accounting platforms do it: a page to consent on, a code, tokens that expire, refresh tokens that
//! change, and what happens when two workers refresh at once.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::later;
use crate::http::{Request, Response, query_string};
use crate::platform::Tenant;

/// A platform's paths, lifetimes and rotation.
#[derive(Clone, Copy, Debug)]
pub struct OauthRules {
    /// Where a person consents.
    pub authorize_path: &'static str,
    /// Where codes and refresh tokens are exchanged.
    pub token_path: &'static str,
    /// Where a token is revoked.
    pub revoke_path: &'static str,
    /// Name of the parameter that carries the company back to the app; `None` where it is asked for by a call.
    pub tenant_parameter: Option<&'static str>,
    /// Whether one consent covers all companies; else exactly one.
    pub all_tenants: bool,
    /// Seconds a code is good for.
    pub code_s: i64,
    /// Seconds an access token is good for.
    pub access_s: i64,
    /// Seconds a refresh token is good for, from the last refresh.
    pub refresh_s: i64,
    /// Seconds after which a refresh returns a new refresh token; 0 for every time.
    pub rotate_after_s: i64,
    /// Seconds for which the refresh token before the last one is still taken.
    pub grace_s: i64,
    /// Whether a token that was replaced, or is being exchanged by another call, ends the whole grant when it is
    /// used again.
    pub reuse_revokes: bool,
}

impl OauthRules {
    /// Which of the calls about tokens a call is.
    pub(crate) fn call_of(&self, request: &Request) -> Option<TokenCall> {
        match request.path.as_str() {
            path if path == self.authorize_path => Some(TokenCall::Authorize),
            path if path == self.token_path && request.method == "POST" => Some(TokenCall::Exchange),
            path if path == self.revoke_path && request.method == "POST" => Some(TokenCall::Revoke),
            _ => None,
        }
    }
}

/// A call about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenCall {
    /// A person consents.
    Authorize,
    /// A code or a refresh token is exchanged.
    Exchange,
    /// A token is revoked.
    Revoke,
}

/// The app: what a developer gets from the platform's portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct App {
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: String,
    /// Addresses that a consent may lead back to. A loopback address matches with any port.
    pub redirects: Vec<String>,
}

/// Tokens of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Access token.
    pub access: String,
    /// Refresh token.
    pub refresh: String,
    /// Seconds the access token is good for.
    pub expires_s: i64,
    /// Seconds the refresh token is good for.
    pub refresh_expires_s: i64,
    /// Scopes granted, separated by blanks.
    pub scope: String,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// The call has none.
    Missing,
    /// Nobody issued it.
    Unknown,
    /// It ran out.
    Expired,
    /// The grant was revoked.
    Revoked,
    /// It is good, but not for this company.
    OtherTenant,
}

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Number of the grant.
    pub grant: u64,
    /// The app.
    pub client: String,
    /// Companies the grant covers.
    pub tenants: Vec<String>,
    /// Scopes granted, separated by blanks.
    pub scope: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Code {
    redirect: String,
    tenants: Vec<String>,
    scope: String,
    until: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Grant {
    tenants: Vec<String>,
    scope: String,
    refresh: String,
    rotated: Timestamp,
    refresh_until: Timestamp,
    earlier: BTreeMap<String, Timestamp>,
    revoked: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Access {
    grant: u64,
    until: Timestamp,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Book {
    codes: BTreeMap<String, Code>,
    grants: BTreeMap<u64, Grant>,
    access: BTreeMap<String, Access>,
    issued: u64,
}

/// Codes, grants and tokens of one app.
#[derive(Debug)]
pub struct Oauth {
    rules: OauthRules,
    app: App,
    seed: u64,
    book: Book,
    /// Refresh tokens that a call is exchanging right now.
    busy: BTreeSet<String>,
}

/// Access tokens remembered; the oldest are forgotten.
const ACCESS_MAX: usize = 10_000;
/// Replaced refresh tokens remembered per grant.
const EARLIER_MAX: usize = 1_000;

impl Oauth {
    /// No grants yet; tokens follow from the seed.
    pub fn new(rules: OauthRules, app: App, seed: u64) -> Self {
        Self { rules, app, seed, book: Book::default(), busy: BTreeSet::new() }
    }

    /// The app.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The rules, to be changed by tests.
    pub fn rules_mut(&mut self) -> &mut OauthRules {
        &mut self.rules
    }

    /// Text from which [`Oauth::restore`] makes the same state.
    pub fn snapshot(&self) -> Vec<u8> {
        serde_json::to_vec(&self.book).unwrap_or_default()
    }

    /// Takes the state of a snapshot.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn restore(&mut self, text: &[u8]) -> Result<(), String> {
        self.book = serde_json::from_slice(text).map_err(|e| e.to_string())?;
        Ok(())
    }

    /// The page a person consents on, or the way back to the app.
    ///
    /// Without a `decision` a page lists the companies. `decision=allow&tenant=..` and `decision=deny` lead back; so
    /// does `consent`, which answers for the person with the first company.
    pub fn authorize(
        &mut self,
        request: &Request,
        tenants: &[Tenant],
        consent: bool,
        now: Timestamp,
    ) -> Response {
        let parameter = |name| request.parameter(name).unwrap_or_default();
        let redirect = parameter("redirect_uri");
        // Nobody is sent to an address that the app did not register.
        if parameter("client_id") != self.app.id || !self.knows(redirect) {
            return Response::html(
                400,
                "<h1>Sorry, but this app did not connect</h1><p>client or redirect</p>",
            );
        }
        if parameter("response_type") != "code" {
            return back(redirect, &[("error", "unsupported_response_type"), ("state", parameter("state"))]);
        }
        let decision = if consent { "allow" } else { parameter("decision") };
        match decision {
            "allow" => self.consented(request, tenants, redirect, now),
            "deny" => back(redirect, &[("error", "access_denied"), ("state", parameter("state"))]),
            _ => consent_page(request, tenants),
        }
    }

    fn consented(
        &mut self,
        request: &Request,
        tenants: &[Tenant],
        redirect: &str,
        now: Timestamp,
    ) -> Response {
        let asked = request.parameter("tenant");
        let chosen: Vec<String> = tenants
            .iter()
            .filter(|tenant| asked.is_none_or(|id| id == tenant.id))
            .map(|tenant| tenant.id.clone())
            .take(if self.rules.all_tenants && asked.is_none() { usize::MAX } else { 1 })
            .collect();
        let state = request.parameter("state").unwrap_or_default();
        let Some(first) = chosen.first().cloned() else {
            return back(redirect, &[("error", "access_denied"), ("state", state)]);
        };
        let scope = request.parameter("scope").unwrap_or_default().to_owned();
        let code = self.fresh("code");
        let until = later(now, SignedDuration::from_secs(self.rules.code_s));
        self.book
            .codes
            .insert(code.clone(), Code { redirect: redirect.to_owned(), tenants: chosen, scope, until });
        let mut pairs = vec![("code", code.as_str()), ("state", state)];
        pairs.extend(self.rules.tenant_parameter.map(|name| (name, first.as_str())));
        back(redirect, &pairs)
    }

    fn knows(&self, redirect: &str) -> bool {
        self.app
            .redirects
            .iter()
            .any(|known| known == redirect || without_port(known) == without_port(redirect))
    }

    /// Marks the refresh token of a token call as being exchanged, until [`Oauth::finish`]. False when another
    /// call is exchanging it.
    pub fn begin(&mut self, request: &Request) -> bool {
        refresh_token(request).is_none_or(|token| self.busy.insert(token))
    }

    /// The token call has been answered.
    pub fn finish(&mut self, request: &Request) {
        if let Some(token) = refresh_token(request) {
            self.busy.remove(&token);
        }
    }

    /// A second call exchanges a refresh token while the first is not answered.
    pub fn raced(&mut self, request: &Request) -> Response {
        if self.rules.reuse_revokes
            && let Some(token) = refresh_token(request)
        {
            self.revoke_token(&token);
        }
        refused(400, "invalid_grant")
    }

    /// Exchanges a code or a refresh token.
    ///
    /// # Errors
    /// The answer that refuses.
    pub fn exchange(&mut self, request: &Request, now: Timestamp) -> Result<Issued, Response> {
        let form = request.form();
        let field = |name: &str| form.iter().find(|(at, _)| at == name).map(|(_, value)| value.as_str());
        if !self.authentic(request) {
            return Err(refused(401, "invalid_client"));
        }
        match field("grant_type") {
            Some("authorization_code") => {
                self.exchange_code(field("code"), field("redirect_uri").unwrap_or_default(), now)
            }
            Some("refresh_token") => self.refresh(field("refresh_token").unwrap_or_default(), now),
            Some(_) => Err(refused(400, "unsupported_grant_type")),
            None => Err(refused(400, "invalid_request")),
        }
    }

    fn authentic(&self, request: &Request) -> bool {
        let given = request.header_value("authorization").and_then(|value| value.strip_prefix("Basic "));
        let decoded = given.and_then(|text| STANDARD.decode(text.trim()).ok());
        decoded.is_some_and(|pair| pair == format!("{}:{}", self.app.id, self.app.secret).into_bytes())
    }

    fn exchange_code(
        &mut self,
        code: Option<&str>,
        redirect: &str,
        now: Timestamp,
    ) -> Result<Issued, Response> {
        let known = code.and_then(|code| self.book.codes.remove(code));
        let known = known.filter(|code| code.redirect == redirect && now < code.until);
        let code = known.ok_or_else(|| refused(400, "invalid_grant"))?;
        Ok(self.grant(code.tenants, &code.scope, now))
    }

    /// A grant over companies without a person's consent, for tests.
    pub fn grant(&mut self, tenants: Vec<String>, scope: &str, now: Timestamp) -> Issued {
        let refresh = self.fresh("refresh");
        let number = self.book.grants.keys().next_back().map_or(1, |last| last + 1);
        let grant = Grant {
            tenants,
            scope: scope.to_owned(),
            refresh,
            rotated: now,
            refresh_until: now,
            earlier: BTreeMap::new(),
            revoked: false,
        };
        self.book.grants.insert(number, grant);
        self.issue(number, now)
    }

    fn refresh(&mut self, token: &str, now: Timestamp) -> Result<Issued, Response> {
        let invalid = || refused(400, "invalid_grant");
        let number = self.grant_of(token).ok_or_else(invalid)?;
        let new = self.fresh("refresh");
        let rules = self.rules;
        let grant = self.book.grants.get_mut(&number).ok_or_else(invalid)?;
        if grant.revoked || grant.refresh_until <= now {
            return Err(invalid());
        }
        if grant.refresh != token {
            let replaced = grant.earlier.get(token).copied().ok_or_else(invalid)?;
            if later(replaced, SignedDuration::from_secs(rules.grace_s)) <= now {
                grant.revoked = rules.reuse_revokes;
                return Err(invalid());
            }
        }
        if later(grant.rotated, SignedDuration::from_secs(rules.rotate_after_s)) <= now {
            let replaced = std::mem::replace(&mut grant.refresh, new);
            grant.earlier.insert(replaced, now);
            grant.rotated = now;
            if grant.earlier.len() > EARLIER_MAX {
                grant.earlier.pop_first();
            }
        }
        Ok(self.issue(number, now))
    }

    fn issue(&mut self, number: u64, now: Timestamp) -> Issued {
        let access = self.fresh("access");
        let until = later(now, SignedDuration::from_secs(self.rules.access_s));
        self.book.access.retain(|_, access| access.until > now || access.grant == number);
        if self.book.access.len() >= ACCESS_MAX {
            self.book.access.pop_first();
        }
        self.book.access.insert(access.clone(), Access { grant: number, until });
        let mut issued = Issued {
            access,
            refresh: String::new(),
            expires_s: self.rules.access_s,
            refresh_expires_s: self.rules.refresh_s,
            scope: String::new(),
        };
        if let Some(grant) = self.book.grants.get_mut(&number) {
            grant.refresh_until = later(now, SignedDuration::from_secs(self.rules.refresh_s));
            issued.refresh.clone_from(&grant.refresh);
            issued.scope.clone_from(&grant.scope);
        }
        issued
    }

    /// Revokes the grant of a token (form or JSON `token`).
    pub fn revoke(&mut self, request: &Request) -> Response {
        if !self.authentic(request) {
            return refused(401, "invalid_client");
        }
        let json = serde_json::from_slice::<serde_json::Value>(&request.body).ok();
        let token = match &json {
            Some(body) => body.get("token").and_then(|token| token.as_str()).map(str::to_owned),
            None => request.form().into_iter().find(|(name, _)| name == "token").map(|(_, token)| token),
        };
        match token {
            Some(token) => {
                self.revoke_token(&token);
                Response::status(200)
            }
            None => refused(400, "invalid_request"),
        }
    }

    /// Revokes the grant that a refresh or access token belongs to.
    pub fn revoke_token(&mut self, token: &str) {
        let of_access = self.book.access.get(token).map(|access| access.grant);
        if let Some(grant) =
            of_access.or_else(|| self.grant_of(token)).and_then(|number| self.book.grants.get_mut(&number))
        {
            grant.revoked = true;
        }
    }

    fn grant_of(&self, refresh: &str) -> Option<u64> {
        let holds = |grant: &Grant| grant.refresh == refresh || grant.earlier.contains_key(refresh);
        self.book.grants.iter().find(|(_, grant)| holds(grant)).map(|(number, _)| *number)
    }

    /// Takes a company out of a grant; true when it was in it.
    pub fn disconnect(&mut self, grant: u64, tenant: &str) -> bool {
        let Some(grant) = self.book.grants.get_mut(&grant) else { return false };
        let before = grant.tenants.len();
        grant.tenants.retain(|id| id != tenant);
        grant.tenants.len() < before
    }

    /// Makes every access token of now expire.
    pub fn expire_all(&mut self, now: Timestamp) {
        self.book.access.values_mut().for_each(|access| access.until = now);
    }

    /// Who calls.
    ///
    /// # Errors
    /// Why the token is not taken.
    pub fn session(
        &self,
        request: &Request,
        tenant: Option<&str>,
        now: Timestamp,
    ) -> Result<Session, TokenProblem> {
        let header = request.header_value("authorization").ok_or(TokenProblem::Missing)?;
        let token = header.strip_prefix("Bearer ").ok_or(TokenProblem::Missing)?;
        let access = self.book.access.get(token.trim()).ok_or(TokenProblem::Unknown)?;
        let grant = self.book.grants.get(&access.grant).ok_or(TokenProblem::Unknown)?;
        if grant.revoked {
            return Err(TokenProblem::Revoked);
        }
        if access.until <= now {
            return Err(TokenProblem::Expired);
        }
        if tenant.is_some_and(|tenant| !grant.tenants.iter().any(|id| id == tenant)) {
            return Err(TokenProblem::OtherTenant);
        }
        Ok(Session {
            grant: access.grant,
            client: self.app.id.clone(),
            tenants: grant.tenants.clone(),
            scope: grant.scope.clone(),
        })
    }

    fn fresh(&mut self, what: &str) -> String {
        self.book.issued += 1;
        let hash = blake3::hash(format!("{} {what} {}", self.seed, self.book.issued).as_bytes());
        format!("sandbox-{what}-{}", hash.to_hex().chars().take(40).collect::<String>())
    }
}

/// The refresh token that a token call exchanges.
fn refresh_token(request: &Request) -> Option<String> {
    let form = request.form();
    let is_refresh = form.iter().any(|(name, value)| name == "grant_type" && value == "refresh_token");
    form.into_iter().find(|(name, _)| is_refresh && name == "refresh_token").map(|(_, token)| token)
}

fn refused(status: u16, error: &str) -> Response {
    Response::value(status, &json!({ "error": error }))
}

fn back(redirect: &str, pairs: &[(&str, &str)]) -> Response {
    let joint = if redirect.contains('?') { '&' } else { '?' };
    Response::status(302).header("location", &format!("{redirect}{joint}{}", query_string(pairs)))
}

/// `http://localhost:8080/callback` as `http://localhost/callback`; other hosts keep their port.
fn without_port(address: &str) -> String {
    for host in ["http://localhost", "http://127.0.0.1"] {
        if let Some(rest) = address.strip_prefix(host)
            && let Some(port_on) = rest.strip_prefix(':')
        {
            return format!("{host}{}", port_on.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
    }
    address.to_owned()
}

fn consent_page(request: &Request, tenants: &[Tenant]) -> Response {
    let link = |extra: &[(&str, &str)]| {
        let mut pairs: Vec<_> = request.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        pairs.extend_from_slice(extra);
        escaped(&format!("{}?{}", request.path, query_string(&pairs)))
    };
    let row = |tenant: &Tenant| {
        let address = link(&[("decision", "allow"), ("tenant", &tenant.id)]);
        format!("<li><a href=\"{address}\">Connect {}</a></li>", escaped(&tenant.name))
    };
    let rows: String = tenants.iter().map(row).collect();
    let deny = link(&[("decision", "deny")]);
    Response::html(
        200,
        &format!(
            "<!doctype html><title>Sandbox: connect an app</title><h1>Which company may the app use?</h1>\
             <ul>{rows}</ul><p><a href=\"{deny}\">Cancel</a></p>"
        ),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
