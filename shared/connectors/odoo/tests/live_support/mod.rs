//! A database of a real Odoo for a test, and the shortest way to write to it.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, Effect, Links, Method, Operation, Removal, Request, Response, Wire, WriteBatch,
    WriteItem, Writer, Written, exact,
};
use carry_model::{
    Body, Code, Contact, Currency, Date, Decimal, Document, Entity, Fault, Line, Reach, Record, RecordKey,
    SourceId, TargetId, parse_plain,
};
use carry_odoo::{Odoo, Settings};
use serde_json::{Value, json};

pub(crate) fn dec(text: &str) -> Decimal {
    parse_plain(text).unwrap()
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn document(day: &str, total: &str) -> Document {
    let mut document = Document::new(date(day), Currency::USD, dec(total));
    document.contact = Some("customer".into());
    document
}

pub(crate) fn line(quantity: &str, price: &str, net: &str, tax: Option<&str>) -> Line {
    Line {
        description: Some("Work".into()),
        quantity: Some(dec(quantity)),
        unit_price: Some(dec(price)),
        net: dec(net),
        tax_rate: Some("tax".into()),
        tax: tax.map(dec),
        account: Some("sales".into()),
        ..Line::default()
    }
}

/// Where the server is.
pub(crate) struct Server {
    variables: HashMap<String, String>,
    calls: Arc<AtomicUsize>,
    loses: Arc<Mutex<Option<usize>>>,
}

struct Http {
    client: reqwest::Client,
    base: String,
    /// Say to be of that older version, which knows JSON-RPC only.
    older: Option<&'static str>,
    /// After so many writing calls, carry the next one out and lose its answer.
    loses: Arc<Mutex<Option<usize>>>,
    /// Calls so far.
    calls: Arc<AtomicUsize>,
}

impl Http {
    fn loses_this(&self, effect: Effect) -> bool {
        let mut left = self.loses.lock().unwrap();
        match *left {
            Some(0) if effect != Effect::Read => {
                *left = None;
                true
            }
            Some(n) if effect != Effect::Read => {
                *left = Some(n - 1);
                false
            }
            _ => false,
        }
    }
}

/// What an older Odoo answers to the question for its version.
fn older_answer(version: &str, request: &Request) -> Option<Response> {
    let answer =
        |status, body: &str| Some(Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() });
    match request.label {
        "web/version" => answer(404, "<html>"),
        "common/version" => answer(200, &json!({"id": 1, "result": {"server_version": version}}).to_string()),
        _ => None,
    }
}

#[async_trait]
impl Wire for Http {
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        if let Some(answer) = self.older.and_then(|version| older_answer(version, &request)) {
            return Ok(answer);
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}{}", self.base, request.path);
        let mut call = match request.method {
            Method::Get => self.client.get(url),
            _ => self.client.post(url),
        };
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        let in_doubt =
            |e: reqwest::Error| Fault::new(Code::ConnectionFailed).reach(Reach::Unknown).caused_by(e);
        let answer = call.body(request.body.unwrap_or_default()).send().await.map_err(in_doubt)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(in_doubt)?.to_vec();
        assert_ne!((status, request.effect), (500, Effect::Read), "{}", String::from_utf8_lossy(&body));
        if self.loses_this(request.effect) {
            return Err(Fault::new(Code::TimedOut).reach(Reach::Unknown));
        }
        Ok(Response { status, headers: Vec::new(), body })
    }
}

impl Server {
    /// Brings the server up with a fresh database; None, with a printed line, where it cannot be had.
    pub(crate) async fn up(database: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/odoo/up");
        let output = Command::new(script).args(["--fresh", database]).output().unwrap();
        if output.status.code() == Some(77) {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
            return None;
        }
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Self {
            variables: text.lines().filter_map(pair).collect(),
            loses: Arc::default(),
            calls: Arc::default(),
        })
    }

    fn wire(&self) -> Http {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Http {
            client,
            base: self.variables["ODOO_URL"].clone(),
            older: None,
            loses: self.loses.clone(),
            calls: self.calls.clone(),
        }
    }

    pub(crate) async fn connect_with(&self, key: &str) -> Result<Odoo, Fault> {
        let settings = Settings {
            database: self.variables["ODOO_DB"].clone(),
            login: self.variables.get("ODOO_LOGIN").cloned().unwrap_or_default(),
            api_key: key.to_owned().into(),
            company: None,
        };
        Odoo::connect(settings, Arc::new(self.wire())).await
    }

    async fn connect_older(&self, version: &'static str) -> Result<Odoo, Fault> {
        let settings = Settings {
            database: self.variables["ODOO_DB"].clone(),
            login: self.variables["ODOO_LOGIN"].clone(),
            api_key: self.variables["ODOO_PASSWORD"].clone().into(),
            company: None,
        };
        Odoo::connect(settings, Arc::new(Http { older: Some(version), ..self.wire() })).await
    }

    /// A call past the connector, to look at or prepare the database.
    pub(crate) async fn raw(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/json/2/{path}", self.variables["ODOO_URL"]);
        let call = self.wire().client.post(url).json(&body);
        let call = call.header("authorization", format!("bearer {}", self.variables["ODOO_API_KEY"]));
        let answer = call.header("x-odoo-database", &self.variables["ODOO_DB"]).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }
}

/// A database with what was written to it.
pub(crate) struct Books {
    server: Server,
    pub(crate) odoo: Odoo,
    links: HashMap<RecordKey, TargetId>,
}

type Given<'a> = (&'a str, Option<&'a str>, Body);

impl Books {
    pub(crate) async fn open(database: &str) -> Option<Self> {
        let server = Server::up(database).await?;
        let odoo = server.connect_with(&server.variables["ODOO_API_KEY"]).await.unwrap();
        Some(Self { server, odoo, links: HashMap::new() })
    }

    /// The same, spoken to as versions before 19 are. A server that `ODOO_URL` names may have no password to give.
    pub(crate) async fn open_older(version: &'static str, database: &str) -> Option<Self> {
        let server = Server::up(database).await?;
        if !server.variables.contains_key("ODOO_PASSWORD") {
            eprintln!("skipped: JSON-RPC needs ODOO_LOGIN and ODOO_PASSWORD");
            return None;
        }
        let odoo = server.connect_older(version).await.unwrap();
        Some(Self { server, odoo, links: HashMap::new() })
    }

    /// Accounts, taxes, contacts and a tracking category.
    pub(crate) async fn lists(&mut self) {
        for record in exact::accounts().unwrap() {
            self.write(Entity::Account, [(record.id.as_str(), None, record.body.clone())]).await;
        }
        for (id, account) in super::chart() {
            self.write(Entity::Account, [(id, None, Body::Account(account.into()))]).await;
        }
        for (id, rate) in super::tax_rates() {
            self.write(Entity::TaxRate, [(id, None, Body::TaxRate(rate.into()))]).await;
        }
        let region = super::region();
        self.write(Entity::TrackingCategory, [("region", None, Body::TrackingCategory(region))]).await;
        let contact = |name: &str| {
            Body::Contact(Box::new(Contact { name: name.into(), customer: true, ..Contact::default() }))
        };
        self.write(
            Entity::Contact,
            [("customer", None, contact("Acme")), ("supplier", None, contact("Paper"))],
        )
        .await;
    }

    fn batch(&self, entity: Entity, items: Vec<WriteItem>, verify_first: bool) -> WriteBatch {
        let mut links = Links::default();
        for (key, id) in &self.links {
            links.insert(key.clone(), id.clone());
        }
        let files = std::sync::Arc::new(carry_connector::NoFiles);
        WriteBatch {
            entity,
            items,
            links,
            home_currency: Currency::USD,
            verify_first,
            keep_numbers: true,
            files,
        }
    }

    async fn send(
        &mut self,
        entity: Entity,
        items: Vec<WriteItem>,
        verify_first: bool,
    ) -> Vec<Result<Written, Fault>> {
        let keys: Vec<RecordKey> = items.iter().map(|item| item.record.key()).collect();
        let results = self.odoo.write(self.batch(entity, items, verify_first).into()).await.unwrap();
        assert_eq!(results.len(), keys.len());
        for (key, result) in keys.into_iter().zip(&results) {
            if let Ok(written) = result {
                self.links.insert(key, written.id.clone());
            }
        }
        results
    }

    fn item(entity: Entity, (id, number, body): Given<'_>, operation: Operation) -> WriteItem {
        WriteItem { record: Record::new(entity, id, number.map(str::to_owned), body).unwrap(), operation }
    }

    pub(crate) async fn try_write<const N: usize>(
        &mut self,
        entity: Entity,
        given: [Given<'_>; N],
    ) -> Vec<Result<Written, Fault>> {
        let items = given.into_iter().map(|given| Self::item(entity, given, Operation::Create)).collect();
        self.send(entity, items, false).await
    }

    pub(crate) async fn write<const N: usize>(
        &mut self,
        entity: Entity,
        given: [Given<'_>; N],
    ) -> Vec<Written> {
        self.try_write(entity, given).await.into_iter().map(|result| result.unwrap()).collect()
    }

    pub(crate) async fn write_as(
        &mut self,
        entity: Entity,
        given: Given<'_>,
        operation: Operation,
    ) -> Written {
        self.send(entity, vec![Self::item(entity, given, operation)], false).await.remove(0).unwrap()
    }

    /// Calls that were sent so far.
    pub(crate) fn calls(&self) -> usize {
        self.server.calls.load(Ordering::Relaxed)
    }

    /// Writes a record, losing the answer to its `n`th writing call, and again as the engine would. False where it
    /// takes fewer calls than that.
    pub(crate) async fn lose_answer(&mut self, n: usize, entity: Entity, given: Given<'_>) -> bool {
        let item = Self::item(entity, given, Operation::Create);
        *self.server.loses.lock().unwrap() = Some(n);
        let first = self.odoo.write(self.batch(entity, vec![item.clone()], false).into()).await;
        let lost = self.server.loses.lock().unwrap().take().is_none();
        if lost {
            let fault = first.expect_err("an answer was lost");
            assert_eq!(fault.action(), carry_model::Action::VerifyFirst, "{fault:?}");
        }
        self.send(entity, vec![item], true).await.remove(0).unwrap();
        lost
    }

    pub(crate) async fn verify(&mut self, entity: Entity, given: Given<'_>) -> Written {
        self.send(entity, vec![Self::item(entity, given, Operation::Create)], true).await.remove(0).unwrap()
    }

    pub(crate) fn target(&self, entity: Entity, id: &str) -> TargetId {
        self.links[&RecordKey::new(entity, id)].clone()
    }

    pub(crate) async fn balances(&self, entity: Entity, ids: &[&str]) -> Vec<Balance> {
        let ids: Vec<TargetId> = ids.iter().map(|id| self.target(entity, id)).collect();
        self.odoo.read_back(entity, &ids).await.unwrap().into_iter().map(Option::unwrap).collect()
    }

    pub(crate) async fn account(&self, id: &str) -> Vec<AccountBalance> {
        self.odoo.account_balance(&self.target(Entity::Account, id)).await.unwrap()
    }

    /// Balance of an account in the home currency, entries of every currency.
    pub(crate) async fn account_home(&self, id: &str) -> Decimal {
        self.account(id).await.iter().filter(|b| b.amount.currency == Currency::USD).map(|b| b.home).sum()
    }

    /// An invoice's total in the home currency.
    pub(crate) async fn home_total(&self, id: &str) -> Decimal {
        let id: i64 = self.target(Entity::Invoice, id).as_str().rsplit(',').next().unwrap().parse().unwrap();
        let body = json!({"ids": [id], "fields": ["amount_total_signed"]});
        let found = self.server.raw("account.move/read", body).await;
        dec(&found[0]["amount_total_signed"].to_string()).normalize()
    }

    /// A document by its external id alone: what it says does not count.
    pub(crate) async fn find(&self, entity: Entity, id: &str) -> Option<TargetId> {
        let body = Document::new(Date::constant(2026, 1, 1), Currency::EUR, Decimal::ZERO);
        let record = Record::new(entity, id, None, Body::Document(body.into())).unwrap();
        self.odoo.find(&[record]).await.unwrap().remove(0).map(|found| found.id)
    }

    pub(crate) async fn remove_all(&self, entity: Entity) -> Vec<(SourceId, Result<Removal, Fault>)> {
        let (keys, ids): (Vec<_>, Vec<_>) = self
            .links
            .iter()
            .filter(|(key, _)| key.entity == entity)
            .map(|(k, id)| (k.id.clone(), id.clone()))
            .unzip();
        keys.into_iter().zip(self.odoo.remove(entity, &ids).await.unwrap()).collect()
    }

    pub(crate) async fn count(&self, model: &str) -> u64 {
        let count = self.server.raw(&format!("{model}/search_count"), json!({"domain": []})).await;
        count.as_u64().unwrap()
    }

    pub(crate) async fn lock(&self, day: &str) {
        let company = self.server.raw("res.company/search", json!({"domain": []})).await;
        self.server
            .raw("res.company/write", json!({"ids": company, "vals": {"fiscalyear_lock_date": day}}))
            .await;
    }
}
