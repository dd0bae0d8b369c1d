//! The HTTP API, from a request to a response; `docs/api.md` describes it. Nothing is answered without the key.

use std::collections::BTreeMap;

use carry_model::{Code, Entity, Fault, Kind, MigrationId, RunId};
use carry_ports::{Migration, RunKind};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Booking, Connection, Service, Side, Wanted, key, named};

/// A body larger than this is refused, in bytes.
const BODY_MAX: usize = 256 * 1024;

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Without the query: `/migrations/...`.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// Headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered: JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Response {
    const fn new(status: u16, body: Value) -> Self {
        Self { status, body }
    }

    /// A fault as it is told: code, sentence and remedy, never the raw message of another system.
    pub fn of(fault: &Fault) -> Self {
        let status = match fault.code {
            Code::AccessRefused | Code::SignatureRefused => 401,
            Code::MigrationUnknown => 404,
            Code::RunActive | Code::RunEnded => 409,
            _ => match fault.kind() {
                Kind::Config | Kind::Rejected | Kind::Unsupported => 400,
                Kind::RateLimited => 429,
                Kind::Transient => 503,
                _ => 500,
            },
        };
        let body = json!({ "error": { "code": fault.code.id(), "message": fault.sentence(), "hint": fault.remedy() } });
        Self { status, body }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMigration {
    customer: String,
    source: String,
    target: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRun {
    kind: RunKind,
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SupportAccess {
    allowed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUpload {
    file: String,
}

impl Request {
    pub(crate) fn parsed<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if self.body.len() > BODY_MAX {
            return Err(Fault::new(Code::InputTooLarge).detail(format!("At most {BODY_MAX} bytes.")));
        }
        // The message of the parser names the field and the place, not what stood there.
        serde_json::from_slice(&self.body).map_err(|e| {
            let detail = format!("Line {}, column {} of the body.", e.line(), e.column());
            Fault::new(Code::ConfigInvalid).detail(detail).hint("docs/api.md describes the body.")
        })
    }
}

/// Answers a request.
pub async fn answer(service: &Service, api_key: &SecretString, request: &Request) -> Response {
    if let Err(fault) = key::check(request.headers.get("authorization").map(String::as_str), api_key) {
        return Response::of(&fault);
    }
    match route(service, request).await {
        Ok(response) => response,
        Err(fault) => {
            tracing::warn!(code = fault.code.id(), method = request.method, "a request was refused");
            Response::of(&fault)
        }
    }
}

async fn route(service: &Service, request: &Request) -> Result<Response, Fault> {
    let parts: Vec<_> = request.path.trim_matches('/').split('/').collect();
    let (method, parts) = (request.method.as_str(), parts.as_slice());
    if let ("POST", ["migrations"]) = (method, parts) {
        return create(service, request).await;
    }
    if let ("GET", ["migrations"]) = (method, parts) {
        return of_customer(service, request).await;
    }
    let ["migrations", id, rest @ ..] = parts else { return Ok(nowhere()) };
    let id = MigrationId::from(*id);
    match (method, rest) {
        ("GET", []) => show(service, &id).await,
        ("DELETE", []) => end(service, &id).await,
        ("PUT", ["support"]) => {
            let SupportAccess { allowed } = request.parsed()?;
            service.allow_support(&id, allowed, "api").await?;
            Ok(Response::new(200, json!({ "migration": id, "support": allowed })))
        }
        ("PUT", ["connections", side]) => connect(service, &id, side, request).await,
        ("POST", ["uploads"]) => {
            let wanted: NewUpload = request.parsed()?;
            Ok(Response::new(
                200,
                json!({ "url": service.upload(&id, &wanted.file).await?, "method": "PUT" }),
            ))
        }
        ("POST", ["runs"]) => start(service, &id, request).await,
        ("GET", ["runs"]) => runs(service, &id).await,
        ("GET", ["runs", run]) => standing(service, &id, &RunId::from(*run)).await,
        ("POST", ["runs", run, "resume"]) => {
            let run = service.resume(&id, &RunId::from(*run), "api").await?;
            Ok(Response::new(202, json!({ "run": run })))
        }
        ("POST", ["runs", run, "cancel"]) => {
            service.cancel(&id, &RunId::from(*run), "api").await?;
            Ok(Response::new(200, json!({ "run": run, "state": "cancelled" })))
        }
        ("GET", ["runs", run, "report"]) => report(service, &id, &RunId::from(*run)).await,
        ("POST", ["bookings"]) => {
            let booking: Booking = request.parsed()?;
            let (name, shown) = service.book(&id, &booking).await?;
            Ok(Response::new(201, json!({ "booking": name, "at": shown })))
        }
        ("GET", ["bookings"]) => Ok(Response::new(200, json!({ "bookings": service.bookings(&id).await? }))),
        ("DELETE", ["bookings", name]) => {
            service.unbook(&id, name).await?;
            Ok(Response::new(200, json!({ "booking": name, "state": "taken back" })))
        }
        _ => Ok(nowhere()),
    }
}

fn nowhere() -> Response {
    let message = "There is nothing at this address.";
    Response::new(
        404,
        json!({ "error": { "code": "", "message": message, "hint": "docs/api.md lists them." } }),
    )
}

async fn create(service: &Service, request: &Request) -> Result<Response, Fault> {
    let wanted: NewMigration = request.parsed()?;
    if wanted.customer.trim().is_empty() {
        return Err(Fault::new(Code::FieldMissing).field("customer"));
    }
    let id = match request.headers.get("idempotency-key") {
        Some(key) => MigrationId::from(named(&format!("migration {key}"))),
        None => MigrationId::random(),
    };
    let migration = Migration {
        id: id.clone(),
        source: wanted.source,
        target: wanted.target,
        created: service.clock.now(),
    };
    service.create(wanted.customer.trim(), &migration, "api").await?;
    Ok(Response::new(201, json!({ "migration": id })))
}

async fn of_customer(service: &Service, request: &Request) -> Result<Response, Fault> {
    let customer =
        request.query.get("customer").ok_or_else(|| Fault::new(Code::FieldMissing).field("customer"))?;
    let headers = service.headers.of_customer(customer).await?;
    Ok(Response::new(200, json!({ "migrations": headers })))
}

async fn show(service: &Service, id: &MigrationId) -> Result<Response, Fault> {
    let unknown = || Fault::new(Code::MigrationUnknown);
    let header = service.headers.get(id).await?.ok_or_else(unknown)?;
    let runs = service.jobs.runs(id).await?;
    Ok(Response::new(200, json!({ "header": header, "runs": runs })))
}

async fn end(service: &Service, id: &MigrationId) -> Result<Response, Fault> {
    service.end(id, "api").await?;
    Ok(Response::new(202, json!({ "migration": id, "state": "to be purged" })))
}

async fn connect(
    service: &Service,
    id: &MigrationId,
    side: &str,
    request: &Request,
) -> Result<Response, Fault> {
    let side = match side {
        "source" => Side::Source,
        "target" => Side::Target,
        _ => return Ok(nowhere()),
    };
    service.migration(id).await?;
    let connection: Connection = request.parsed()?;
    connection.keep(&*service.secrets, &service.secret_prefix, id, side).await?;
    service.note(id, "api", &format!("{} connected", side.name()), "").await?;
    Ok(Response::new(200, json!({ "connected": side })))
}

async fn start(service: &Service, id: &MigrationId, request: &Request) -> Result<Response, Fault> {
    let wanted: NewRun = request.parsed()?;
    let missing = service.missing(id).await?;
    if let Some(side) = missing.first() {
        service.migration(id).await?;
        let detail = format!("The {} is not connected.", side.name());
        return Err(Fault::new(Code::ConfigInvalid)
            .detail(detail)
            .hint("PUT /migrations/{id}/connections/{side}."));
    }
    let key = request.headers.get("idempotency-key");
    let run = key.map(|key| RunId::from(named(&format!("run {id} {key}"))));
    let NewRun { kind, settings, entities } = wanted;
    let wanted = Wanted { kind, run, settings, entities };
    let run = service.start(id, wanted, "api").await?;
    Ok(Response::new(202, json!({ "run": run })))
}

async fn runs(service: &Service, id: &MigrationId) -> Result<Response, Fault> {
    service.migration(id).await?;
    Ok(Response::new(200, json!({ "runs": service.jobs.runs(id).await? })))
}

async fn standing(service: &Service, id: &MigrationId, run: &RunId) -> Result<Response, Fault> {
    let standing = service.standing(id, run).await?;
    let body = json!({ "id": run, "state": standing.state(), "flow": standing.flow, "attempt": standing.attempt, "run": standing.run });
    Ok(Response::new(200, body))
}

async fn report(service: &Service, id: &MigrationId, run: &RunId) -> Result<Response, Fault> {
    let files = service.report(id, run, "api").await?;
    let files: Vec<_> = files.into_iter().map(|(name, url)| json!({ "name": name, "url": url })).collect();
    Ok(Response::new(200, json!({ "files": files })))
}
