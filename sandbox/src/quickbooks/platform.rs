//! What the common base asks of QuickBooks: tokens, limits, companies, the bodies of refusals.

use std::collections::BTreeMap;

use carry_model::{Date, Timestamp};

use super::books::{Plan, Switches};
use super::company::Company;
use super::kind::Kind;
use super::refusal::{Refusal, refusal, utc};
use super::route;
use super::write::Operation;
use super::{batch, setup, store};
use crate::http::{Request, Response};
use crate::json::{Json, object};
use crate::limits::{Breach, Limit, Per, Remaining, Scope};
use crate::oauth::{Issued, OauthRules, TokenProblem};
use crate::platform::{Call, Change, Context, Platform, Tenant};
use crate::region::Region;

/// Where a company's calls begin.
const COMPANY: &str = "/v3/company/";
const DAY_S: i64 = 24 * 60 * 60;
/// Seconds after which a throttled call may come again, where the switch says that this is told.
const THROTTLED_S: &str = "60";
/// A batch whose items count as calls.
const COUNTED_BATCH: &str = "batch, each item counted";

/// A company behind QuickBooks Online's API.
#[derive(Debug)]
pub struct QuickBooks {
    pub(super) company: Company,
    calls: u64,
    settings: Vec<Change>,
}

impl QuickBooks {
    /// A company that has its chart, its tax rates and its lists, and nothing else.
    pub fn empty(region: Region, seed: u64, now: Timestamp) -> Self {
        let mut books = setup::company(region, now);
        books.realm = realm(seed);
        Self { company: Company::new(books), calls: 0, settings: Vec::new() }
    }

    /// The company's id.
    pub fn realm(&self) -> &str {
        &self.company.books.realm
    }

    /// Closes the books up to a day, or opens them.
    pub fn close_books(&mut self, until: Option<Date>) {
        let date = until.map_or(Json::Null, |date| date.to_string().into());
        self.prefer("AccountingInfoPrefs", "BookCloseDate", date);
    }

    /// Whether documents are given their numbers from outside.
    pub fn custom_numbers(&mut self, on: bool) {
        self.prefer("SalesFormsPrefs", "CustomTxnNumbers", on.into());
    }

    /// Switches sales tax on or off, as a person does.
    pub fn use_sales_tax(&mut self, on: bool) {
        self.prefer("TaxPrefs", "UsingSalesTax", on.into());
    }

    /// Switches foreign currencies on, as a person does; they cannot be switched off again.
    pub fn enable_multicurrency(&mut self) {
        self.company.books.is_multicurrency = true;
        self.prefer("CurrencyPrefs", "MultiCurrencyEnabled", true.into());
    }

    /// Changes what the company pays for.
    pub fn subscribe(&mut self, plan: Plan) {
        self.company.books.plan = plan;
        self.inform("OfferingSku", plan.sku());
    }

    /// Ends the subscription: the company can only be read.
    pub fn end_subscription(&mut self) {
        self.company.books.has_ended = true;
        self.inform("SubscriptionStatus", "EXPIRED");
    }

    fn prefer(&mut self, group: &str, field: &str, value: Json) {
        let Some(record) = self.company.books.get(Kind::Preferences, "1") else { return };
        let mut body = record.body.clone();
        let mut preferences = body.get(group).cloned().unwrap_or_default();
        match value {
            Json::Null => drop(preferences.remove(field)),
            value => preferences.set(field, value),
        }
        body.set(group, preferences);
        self.company.books.change(Kind::Preferences, "1", body);
    }

    fn inform(&mut self, name: &str, value: &str) {
        let Some(record) = self.company.books.get(Kind::CompanyInfo, "1") else { return };
        let mut body = record.body.clone();
        let pairs = body.get("NameValue").and_then(Json::as_array).unwrap_or_default();
        let mut pairs: Vec<Json> = pairs.to_vec();
        for pair in &mut pairs {
            if pair.get("Name").and_then(Json::as_str) == Some(name) {
                pair.set("Value", value);
            }
        }
        body.set("NameValue", pairs);
        self.company.books.change(Kind::CompanyInfo, "1", body);
    }
}

/// The id of a seed's company: 16 digits, as realms have.
fn realm(seed: u64) -> String {
    format!("9130{:012}", seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 1_000_000_000_000)
}

/// The company that a path names, and what stands below it.
fn place(request: &Request) -> Option<(&str, Vec<&str>)> {
    let rest = request.path.strip_prefix(COMPANY)?;
    let (realm, path) = rest.split_once('/')?;
    Some((realm, route::segments(path)))
}

/// A refusal with the lower-case names that the gateway writes.
fn gateway(status: u16, code: &str, name: &str, detail: &str, kind: &str) -> Response {
    let message = format!("message={name}; errorCode=00{code}; statusCode={status}");
    let error = object! { "message" => message, "detail" => detail, "code" => code };
    let body = object! { "fault" => object! { "error" => vec![error], "type" => kind } };
    Response::json(status, body.to_bytes())
}

fn is_batch(call: &Call) -> bool {
    call.kind == "batch" || call.kind == COUNTED_BATCH
}

impl Platform for QuickBooks {
    fn name(&self) -> &'static str {
        "quickbooks"
    }

    fn oauth_rules(&self) -> OauthRules {
        OauthRules {
            authorize_path: "/connect/oauth2",
            token_path: "/oauth2/v1/tokens/bearer",
            revoke_path: "/v2/oauth2/tokens/revoke",
            tenant_parameter: Some("realmId"),
            all_tenants: false,
            code_s: 10 * 60,
            access_s: 60 * 60,
            refresh_s: 100 * DAY_S,
            rotate_after_s: DAY_S,
            grace_s: 0,
            reuse_revokes: true,
        }
    }

    fn token_body(&self, issued: &Issued, request: &Request) -> Vec<u8> {
        let seconds = |seconds: i64| usize::try_from(seconds).unwrap_or_default();
        let wants_cap = request.header_value("x-include-refresh-token-hard-expires-in") == Some("true");
        object! {
            "token_type" => "bearer",
            "access_token" => &issued.access,
            "expires_in" => seconds(issued.expires_s),
            "refresh_token" => &issued.refresh,
            "x_refresh_token_expires_in" => seconds(issued.refresh_expires_s),
            "x_refresh_token_hard_expires_in" => wants_cap.then_some(157_680_000_usize),
        }
        .to_bytes()
    }

    fn limits(&self) -> Vec<Limit> {
        let minute = Per::Sliding { seconds: 60 };
        let limit = |name, per, scope, max, cost| Limit { name, per, scope, max, cost };
        vec![
            limit("concurrent", Per::InFlight, Scope::TenantAndApp, 10, |_| 1),
            limit("second", Per::Sliding { seconds: 1 }, Scope::TenantAndApp, 10, |_| 1),
            limit("minute", minute, Scope::Tenant, 500, |call| {
                if call.kind == COUNTED_BATCH { call.items } else { 1 }
            }),
            limit("batch", minute, Scope::Tenant, 120, |call| u64::from(is_batch(call))),
            limit("report", minute, Scope::Tenant, 200, |call| u64::from(call.kind.starts_with("report"))),
        ]
    }

    fn tenants(&self) -> Vec<Tenant> {
        vec![Tenant { id: self.realm().to_owned(), name: self.company.name.clone() }]
    }

    fn classify(&self, request: &Request) -> Call {
        let Some((realm, path)) = place(request) else { return Call::of(request.path.trim_matches('/')) };
        let mut items = 1;
        let kind = match path.as_slice() {
            ["batch"] => {
                items = route::body(request).map_or(1, |body| batch::count(&body));
                let counts = self.company.books.switches.batch_items_count;
                (if counts { COUNTED_BATCH } else { "batch" }).to_owned()
            }
            [name @ ("query" | "cdc" | "upload" | "download"), ..] => (*name).to_owned(),
            ["reports", name] => format!("report {name}"),
            [name, ..] if request.method == "GET" => format!("read {name}"),
            [name, ..] => match route::operation(request) {
                Ok(Operation::Delete) => format!("delete {name}"),
                Ok(Operation::Void) => format!("void {name}"),
                _ if has_id(request) => format!("update {name}"),
                _ => format!("create {name}"),
            },
            [] => "none".to_owned(),
        };
        Call { tenant: Some(realm.to_owned()), kind, items: u64::try_from(items).unwrap_or(1) }
    }

    fn handle(&mut self, request: &Request, _call: &Call, context: Context<'_>) -> Response {
        self.calls += 1;
        let scopes = &context.session.scope;
        if !scopes.is_empty() && !scopes.contains("com.intuit.quickbooks.accounting") {
            let text = "The app may not use the accounting API";
            return refusal("3100", "ApplicationAuthorizationFailed", text).reply(&utc(context.now));
        }
        match place(request) {
            Some((realm, path)) if realm == self.realm() => self.company.answer(request, &path, context.now),
            _ => {
                refusal("500", "Unsupported Operation", "There is no such resource").reply(&utc(context.now))
            }
        }
    }

    /// A file's content lies on another host, which knows no tokens: the address is signed, for a while.
    fn open(&self, request: &Request, now: Timestamp) -> Option<Response> {
        let (realm, path) = place(request)?;
        let ["download", id, "content"] = path.as_slice() else { return None };
        if request.header_value("authorization").is_some() {
            return Some(Response::text(400, "Only one way to authenticate is allowed"));
        }
        let expires: i64 =
            request.parameter("expires").and_then(|text| text.parse().ok()).unwrap_or_default();
        if realm != self.realm() || now.as_second() > expires {
            return Some(Response::text(403, "Request has expired"));
        }
        let books = &self.company.books;
        let Some(bytes) = books.files.get(*id).filter(|_| books.get(Kind::Attachable, id).is_some()) else {
            return Some(Response::text(404, "No such file"));
        };
        let kind = books.get(Kind::Attachable, id).and_then(|record| record.text("ContentType"));
        let kind = kind.unwrap_or("application/octet-stream");
        Some(Response::status(200).header("content-type", kind).body(bytes.to_vec()))
    }

    fn unauthorized(&self, problem: TokenProblem, _now: Timestamp) -> Response {
        let (name, kind) = ("AuthenticationFailed", "AUTHENTICATION");
        match problem {
            TokenProblem::OtherTenant => gateway(
                403,
                "3100",
                "ApplicationAuthorizationFailed",
                "The app is not connected to the company",
                kind,
            ),
            TokenProblem::Expired => gateway(401, "3200", name, "Token expired", kind),
            TokenProblem::Revoked => gateway(401, "3200", name, "Token revoked", kind),
            TokenProblem::Missing | TokenProblem::Unknown => {
                gateway(401, "3200", name, "Malformed bearer token", kind)
            }
        }
    }

    fn throttled(&self, breach: &Breach, now: Timestamp) -> Response {
        let refusal = Refusal {
            detail: format!("The request limit was reached: {}", breach.limit),
            ..refusal("3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429", "")
        };
        let response = refusal.reply(&utc(now));
        if self.company.books.switches.throttle_says_retry_after {
            return response.header("retry-after", THROTTLED_S);
        }
        response
    }

    fn failed(&self, status: u16, now: Timestamp) -> Response {
        let text = "An unexpected error occurred while accessing or saving your data";
        let refusal =
            refusal("10000", "An application error has occurred while processing your request", text);
        Response { status, ..refusal.reply(&utc(now)) }
    }

    fn decorate(&self, response: &mut Response, _remaining: &[Remaining]) {
        let id = format!("1-{:08x}-{:024x}", self.calls, self.company.books.realm.len());
        response.headers.push(("intuit_tid".to_owned(), id));
    }

    fn switches(&self) -> BTreeMap<&'static str, bool> {
        let mut switches = self.company.books.switches;
        named(&mut switches).into_iter().map(|(name, switch)| (name, *switch)).collect()
    }

    fn set_switch(&mut self, name: &str, on: bool) -> bool {
        let mut switches = named(&mut self.company.books.switches);
        let Some((_, switch)) = switches.iter_mut().find(|(known, _)| *known == name) else { return false };
        **switch = on;
        self.settings.push((format!("switch/{name}"), Some(on.to_string().into_bytes())));
        true
    }

    fn changes(&mut self) -> Vec<Change> {
        let touched = std::mem::take(&mut self.company.books.touched);
        self.company.dirty.extend(touched);
        let mut changes = std::mem::take(&mut self.settings);
        changes.extend(store::changes(&mut self.company));
        changes
    }

    fn restore(&mut self, rows: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        for (key, row) in &rows {
            match key.strip_prefix("switch/") {
                Some(name) => drop(self.set_switch(name, row == b"true")),
                None => store::take_up(&mut self.company, key, row)?,
            }
        }
        self.company.post_everything();
        self.company.dirty.clear();
        self.settings.clear();
        Ok(())
    }
}

fn has_id(request: &Request) -> bool {
    route::body(request).is_ok_and(|body| body.get("Id").is_some())
}

fn named(switches: &mut Switches) -> [(&'static str, &mut bool); 13] {
    [
        ("batch_items_count", &mut switches.batch_items_count),
        ("batch_answers_reversed", &mut switches.batch_answers_reversed),
        ("sparse_everywhere", &mut switches.sparse_everywhere),
        ("settlement_bumps_sync_token", &mut switches.settlement_bumps_sync_token),
        ("inactive_names_get_suffix", &mut switches.inactive_names_get_suffix),
        ("warn_duplicate_numbers", &mut switches.warn_duplicate_numbers),
        ("bill_numbers_are_unique_per_vendor", &mut switches.bill_numbers_are_unique_per_vendor),
        ("inclusive_amount_is_gross", &mut switches.inclusive_amount_is_gross),
        ("tax_calculation_is_required", &mut switches.tax_calculation_is_required),
        ("request_ids_keep_refusals", &mut switches.request_ids_keep_refusals),
        ("throttle_says_retry_after", &mut switches.throttle_says_retry_after),
        ("pages_cut_short", &mut switches.pages_cut_short),
        ("aged_reports_in_document_currency", &mut switches.aged_reports_in_document_currency),
    ]
}
