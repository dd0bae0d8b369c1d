//! What the common base asks of Xero: tokens, limits, tenants, the bodies of refusals.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carry_model::Timestamp;
use uuid::Uuid;

use super::books::{Books, Switches};
use super::company::Company;
use super::list::parameter;
use super::route::segments;
use super::scope;
use super::store::Ids;
use super::when;
use crate::http::{Request, Response};
use crate::json::{Json, object};
use crate::limits::{Breach, Limit, Per, Remaining, Scope};
use crate::oauth::{Issued, OauthRules, Session, TokenProblem};
use crate::platform::{Call, Change, Context, Platform, Tenant};
use crate::region::Region;

/// Where the Accounting API begins, and where connections are listed.
const API: &str = "/api.xro/2.0/";
const CONNECTIONS: &str = "/connections";
const DAY_S: i64 = 24 * 60 * 60;
/// Largest body of a call.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Organisations behind Xero's API.
#[derive(Debug)]
pub struct Xero {
    companies: Vec<Company>,
    reply_ids: Ids,
    /// Which sample this is: a company file goes with the sample it was begun with.
    sample: String,
    calls: usize,
    changes: Vec<Change>,
}

impl Xero {
    /// One organisation that has its chart, its tax rates and its currency, and nothing else.
    pub fn empty(region: Region, seed: u64, now: Timestamp) -> Self {
        let (name, country, currency) = match region {
            Region::Us => ("Larch & Pine LLC", "US", "USD"),
            Region::Uk => ("Larch & Pine Ltd", "GB", "GBP"),
            Region::Au => ("Larch & Pine Pty Ltd", "AU", "AUD"),
            Region::Global => ("Larch & Pine GmbH", "DE", "EUR"),
        };
        let books = Books::new(name, region, country, currency, seed, now);
        Self::of(vec![Company::new(books)], format!("empty {country} {seed} {now}"), seed)
    }

    fn of(companies: Vec<Company>, sample: String, seed: u64) -> Self {
        let first = ("sample".to_owned(), Some(sample.clone().into_bytes()));
        Self { companies, reply_ids: Ids::new(!seed), sample, calls: 0, changes: vec![first] }
    }

    /// Begins a company file anew, as that of another sample.
    pub(super) fn rename(&mut self, sample: String) {
        self.changes = vec![("sample".to_owned(), Some(sample.clone().into_bytes()))];
        self.sample = sample;
    }

    /// Which sample it is.
    pub(super) fn name(&self) -> &str {
        &self.sample
    }

    pub(super) fn first_mut(&mut self) -> Option<&mut Company> {
        self.companies.first_mut()
    }

    /// The first organisation, taken out.
    #[cfg(test)]
    pub(super) fn take_first(&mut self) -> Option<Company> {
        (!self.companies.is_empty()).then(|| self.companies.remove(0))
    }

    /// Locks the first organisation's books up to these days.
    pub fn lock(&mut self, period: Option<carry_model::Date>, year: Option<carry_model::Date>) {
        if let Some(company) = self.companies.first_mut() {
            company.books.organisation.period_lock = period;
            company.books.organisation.year_lock = year;
        }
    }

    /// Makes the first organisation's plan one without foreign currencies.
    pub fn without_multicurrency(&mut self) {
        if let Some(company) = self.companies.first_mut() {
            company.books.organisation.is_multicurrency = false;
        }
    }

    fn company(&mut self, tenant: &str) -> Option<&mut Company> {
        let id: Uuid = tenant.parse().ok()?;
        self.companies.iter_mut().find(|company| company.books.organisation.id == id)
    }

    fn connections(&self, session: &Session, request: &Request) -> Response {
        let event = authentication(session.grant);
        let wanted = parameter(request, "authEventId").is_none_or(|wanted| wanted == event.to_string());
        let connected = self
            .companies
            .iter()
            .filter(|company| wanted && session.tenants.contains(&company.books.organisation.id.to_string()));
        let connections = connected.map(|company| {
            let organisation = &company.books.organisation;
            let created = when::iso_time(organisation.created);
            object! {
                "id" => connection(session.grant, &organisation.id.to_string()),
                "authEventId" => event,
                "tenantId" => organisation.id,
                "tenantType" => "ORGANISATION",
                "tenantName" => &organisation.name,
                "createdDateUtc" => created.clone(),
                "updatedDateUtc" => created,
            }
        });
        Response::json(200, Json::List(connections.collect()).to_bytes())
    }

    /// Ends a connection, as a customer does under "connected apps".
    fn disconnect(&self, id: &str, context: &mut Context<'_>) -> Response {
        let grant = context.session.grant;
        let tenant =
            context.session.tenants.iter().find(|tenant| connection(grant, tenant).to_string() == id);
        match tenant {
            Some(tenant) if context.oauth.disconnect(grant, tenant) => Response::status(204),
            _ => Response::text(404, "The connection was not found"),
        }
    }

    /// Answers a call to the Accounting API.
    fn accounting(
        &mut self,
        request: &Request,
        path: &str,
        tenant: Option<&str>,
        now: Timestamp,
    ) -> Response {
        let id = self.reply_ids.next();
        let Some(company) = tenant.and_then(|tenant| self.company(tenant)) else {
            return forbidden(id);
        };
        let wants_json = request.header_value("accept").is_none_or(|accept| accept.contains("json"));
        let is_file = segments(path).get(3).is_some() && segments(path).contains(&"Attachments");
        if !wants_json && !is_file {
            return Response::text(406, "Only JSON is spoken here: send Accept: application/json");
        }
        if request.body.len() > BODY_BYTES_MAX {
            return Response::text(413, "The request is larger than 10 MB");
        }
        let answered = company.answer(request, path, now, id);
        if answered.has_changed {
            self.note(request, tenant.unwrap_or_default(), now);
        }
        answered.response
    }

    /// Keeps a call that changed something.
    fn note(&mut self, request: &Request, tenant: &str, now: Timestamp) {
        let pairs = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, value)| Json::List(vec![name.into(), value.into()])).collect::<Vec<_>>()
        };
        let kind = request.headers.iter().filter(|(name, _)| name == "content-type").cloned();
        let call = object! {
            "tenant" => tenant,
            "now" => now.to_string(),
            "method" => &request.method,
            "path" => &request.path,
            "query" => pairs(&request.query),
            "headers" => pairs(&kind.collect::<Vec<_>>()),
            "body" => STANDARD.encode(&request.body),
        };
        self.calls += 1;
        self.changes.push((format!("call/{:010}", self.calls), Some(call.to_bytes())));
    }

    /// Makes a call that was kept once more.
    fn repeat(&mut self, row: &[u8]) -> Result<(), String> {
        let call = Json::parse(row).map_err(|e| e.to_string())?;
        let text = |name: &str| call.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let pairs = |name: &str| {
            let pairs = call.get(name).and_then(Json::as_array).unwrap_or_default().iter();
            let pair = |pair: &Json| match pair.as_array() {
                Some([Json::Text(name), Json::Text(value)]) => Some((name.clone(), value.clone())),
                _ => None,
            };
            pairs.filter_map(pair).collect()
        };
        let request = Request {
            method: text("method"),
            path: text("path"),
            query: pairs("query"),
            headers: pairs("headers"),
            body: STANDARD.decode(text("body")).map_err(|e| e.to_string())?,
        };
        let now: Timestamp = text("now").parse().map_err(|_| "the time of a call is missing".to_owned())?;
        let path = request.path.strip_prefix(API).unwrap_or_default().to_owned();
        let answer = self.accounting(&request, &path, Some(&text("tenant")), now);
        if answer.status < 300 {
            Ok(())
        } else {
            Err(format!("a call is now answered with {}", answer.status))
        }
    }
}

fn connection(grant: u64, tenant: &str) -> Uuid {
    derived(&format!("connection {grant} {tenant}"))
}

fn authentication(grant: u64) -> Uuid {
    derived(&format!("authentication {grant}"))
}

fn derived(text: &str) -> Uuid {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(blake3::hash(text.as_bytes()).as_bytes()) {
        *to = *from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The body of refusals that come before the API itself.
fn problem(status: u16, title: &str, detail: &str, instance: Uuid) -> Response {
    let mut body = Json::Object(vec![("Type".to_owned(), Json::Null)]);
    body.set("Title", title);
    body.set("Status", usize::from(status));
    body.set("Detail", detail);
    body.set("Instance", instance);
    body.set("Extensions", object! {});
    Response::json(status, body.to_bytes())
}

fn forbidden(instance: Uuid) -> Response {
    problem(403, "Forbidden", "AuthenticationUnsuccessful", instance)
}

/// Calls to an organisation count; calls about connections only count for the app.
fn of_tenant(call: &Call) -> u64 {
    u64::from(call.tenant.is_some())
}

impl Platform for Xero {
    fn name(&self) -> &'static str {
        "xero"
    }

    fn oauth_rules(&self) -> OauthRules {
        OauthRules {
            authorize_path: "/identity/connect/authorize",
            token_path: "/connect/token",
            revoke_path: "/connect/revocation",
            tenant_parameter: None,
            all_tenants: true,
            code_s: 5 * 60,
            access_s: 30 * 60,
            refresh_s: 60 * DAY_S,
            rotate_after_s: 0,
            grace_s: 30 * 60,
            reuse_revokes: false,
        }
    }

    fn token_body(&self, issued: &Issued, _request: &Request) -> Vec<u8> {
        let expires = usize::try_from(issued.expires_s).unwrap_or_default();
        object! {
            "id_token" => "sandbox.identity.token",
            "access_token" => &issued.access,
            "expires_in" => expires,
            "token_type" => "Bearer",
            "refresh_token" => Some(&issued.refresh).filter(|token| !token.is_empty()),
            "scope" => &issued.scope,
        }
        .to_bytes()
    }

    fn limits(&self) -> Vec<Limit> {
        let tenant = |name, per, max| Limit { name, per, scope: Scope::TenantAndApp, max, cost: of_tenant };
        vec![
            tenant("concurrent", Per::InFlight, 5),
            tenant("minute", Per::Fixed { seconds: 60 }, 60),
            tenant("day", Per::Fixed { seconds: DAY_S }, 5000),
            Limit {
                name: "appminute",
                per: Per::Fixed { seconds: 60 },
                scope: Scope::App,
                max: 10_000,
                cost: |_| 1,
            },
        ]
    }

    fn tenants(&self) -> Vec<Tenant> {
        let organisations = self.companies.iter().map(|company| &company.books.organisation);
        organisations
            .map(|organisation| Tenant { id: organisation.id.to_string(), name: organisation.name.clone() })
            .collect()
    }

    fn classify(&self, request: &Request) -> Call {
        let Some(path) = request.path.strip_prefix(API) else {
            return Call::of(request.path.trim_matches('/'));
        };
        let segments = segments(path);
        let part = segments.get(2).map(|part| format!("/{part}")).unwrap_or_default();
        let endpoint = segments.first().copied().unwrap_or_default();
        let items = match segments.as_slice() {
            [endpoint] if request.method != "GET" => elements(request, endpoint),
            _ => 1,
        };
        Call {
            tenant: request.header_value("xero-tenant-id").map(str::to_owned),
            kind: format!("{} {endpoint}{part}", request.method),
            items,
        }
    }

    fn handle(&mut self, request: &Request, call: &Call, mut context: Context<'_>) -> Response {
        if let Some(path) = request.path.strip_prefix(API) {
            if !scope::opens(&context.session.scope, &request.method, &segments(path)) {
                return forbidden(self.reply_ids.next());
            }
            return self.accounting(request, path, call.tenant.as_deref(), context.now);
        }
        match (request.method.as_str(), request.path.strip_prefix(CONNECTIONS)) {
            ("GET", Some("" | "/")) => self.connections(context.session, request),
            ("DELETE", Some(id)) => self.disconnect(id.trim_matches('/'), &mut context),
            _ => Response::text(404, "The resource you're looking for cannot be found"),
        }
    }

    fn unauthorized(&self, why: TokenProblem, now: Timestamp) -> Response {
        let instance = derived(&now.to_string());
        let detail = match why {
            TokenProblem::OtherTenant => return forbidden(instance),
            TokenProblem::Expired => format!("TokenExpired: token expired at {}", when::iso_time(now)),
            TokenProblem::Missing | TokenProblem::Unknown => "AuthenticationUnsuccessful".to_owned(),
            TokenProblem::Revoked => "TokenRevoked: the token was revoked".to_owned(),
        };
        problem(401, "Unauthorized", &detail, instance)
    }

    fn throttled(&self, breach: &Breach, _now: Timestamp) -> Response {
        let response = Response::status(429).header("x-rate-limit-problem", breach.limit);
        let switches = self.companies.first().map(|company| company.books.switches).unwrap_or_default();
        let concurrent = switches.concurrent_breach_says_retry_after.then_some(1);
        let response = match breach.limit {
            "day" => response.header("x-daylimit-remaining", "0"),
            "minute" => response.header("x-minlimit-remaining", "0"),
            "appminute" => response.header("x-appminlimit-remaining", "0"),
            _ => response,
        };
        match breach.retry_after_s.or(concurrent) {
            Some(seconds) => response.header("retry-after", &seconds.to_string()),
            None => response,
        }
    }

    fn failed(&self, status: u16, now: Timestamp) -> Response {
        match status {
            503 => {
                problem(503, "Service Unavailable", "The organisation is offline", derived(&now.to_string()))
            }
            _ => problem(status, "An error occurred", "An error occurred in Xero", derived(&now.to_string())),
        }
    }

    fn decorate(&self, response: &mut Response, remaining: &[Remaining]) {
        for Remaining { limit, left } in remaining {
            let name = match *limit {
                "day" => "x-daylimit-remaining",
                "minute" => "x-minlimit-remaining",
                "appminute" => "x-appminlimit-remaining",
                _ => continue,
            };
            response.headers.push((name.to_owned(), left.to_string()));
        }
    }

    fn switches(&self) -> BTreeMap<&'static str, bool> {
        let mut switches = self.companies.first().map(|company| company.books.switches).unwrap_or_default();
        named(&mut switches).into_iter().map(|(name, switch)| (name, *switch)).collect()
    }

    fn set_switch(&mut self, name: &str, on: bool) -> bool {
        let mut is_known = false;
        for company in &mut self.companies {
            for (known, switch) in named(&mut company.books.switches) {
                if known == name {
                    *switch = on;
                    is_known = true;
                }
            }
        }
        if is_known {
            let switched = object! { "switch" => name, "on" => on };
            self.calls += 1;
            self.changes.push((format!("call/{:010}", self.calls), Some(switched.to_bytes())));
        }
        is_known
    }

    fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn restore(&mut self, rows: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        let sample = rows.iter().find(|(key, _)| key == "sample").map(|(_, text)| text.as_slice());
        if sample.is_some_and(|sample| sample != self.sample.as_bytes()) {
            return Err(format!("it was begun with another sample than '{}'", self.sample));
        }
        for (key, row) in rows.iter().filter(|(key, _)| key.starts_with("call/")) {
            let switch = Json::parse(row).ok().filter(|row| row.get("switch").is_some());
            match switch {
                Some(switch) => {
                    let name = switch.get("switch").and_then(Json::as_str).unwrap_or_default();
                    self.set_switch(name, switch.get("on").and_then(Json::as_bool).unwrap_or_default());
                }
                None => self.repeat(row).map_err(|e| format!("{key}: {e}"))?,
            }
        }
        self.changes.clear();
        Ok(())
    }
}

fn named(switches: &mut Switches) -> [(&'static str, &mut bool); 7] {
    [
        ("rate_is_home_per_foreign", &mut switches.rate_is_home_per_foreign),
        ("voided_numbers_stay_taken", &mut switches.voided_numbers_stay_taken),
        ("batch_payments_can_be_deleted", &mut switches.batch_payments_can_be_deleted),
        ("modified_since_is_inclusive", &mut switches.modified_since_is_inclusive),
        ("unknown_account_is_a_warning_on_drafts", &mut switches.unknown_account_is_a_warning_on_drafts),
        ("aged_reports_in_document_currency", &mut switches.aged_reports_in_document_currency),
        ("concurrent_breach_says_retry_after", &mut switches.concurrent_breach_says_retry_after),
    ]
}

/// How many elements a call carries.
fn elements(request: &Request, endpoint: &str) -> u64 {
    let body = Json::parse(&request.body).ok();
    let list = body.as_ref().and_then(|body| body.at(endpoint)).and_then(Json::as_array);
    list.map_or(1, |list| u64::try_from(list.len()).unwrap_or(1))
}
