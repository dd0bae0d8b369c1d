//! Tests against a wire that follows a script: what is sent, and what is made of each answer.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use carry_connector::{Links, Operation, Request, Response, Wire, WriteBatch, WriteItem, Writer};
use carry_model::{Action, Body, Code, Contact, Currency, Entity, Fault, Reach, Record};
use serde_json::{Value, json};

use crate::sheet::Row;
use crate::{Odoo, Settings};

/// A label, and the answer to the first call of it: status and body, or the fault of the wire.
type Answered = (&'static str, Result<(u16, Value), Fault>);

/// Answers calls by their label, the first line that fits and is left; every call is kept.
#[derive(Default)]
struct Script {
    lines: Mutex<Vec<Answered>>,
    sent: Mutex<Vec<(&'static str, String, Value)>>,
}

#[async_trait]
impl Wire for Script {
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        let body = request.body.map(|body| serde_json::from_slice(&body).unwrap()).unwrap_or_default();
        self.sent.lock().unwrap().push((request.label, request.path, body));
        let mut lines = self.lines.lock().unwrap();
        let place = lines.iter().position(|(label, _)| *label == request.label);
        let (status, body) = match place {
            Some(place) => lines.remove(place).1?,
            None => (200, json!([])),
        };
        Ok(Response { status, headers: Vec::new(), body: body.to_string().into_bytes() })
    }
}

impl Script {
    fn then(&self, label: &'static str, answer: Value) {
        self.lines.lock().unwrap().push((label, Ok((200, answer))));
    }

    fn bodies(&self, label: &str) -> Vec<Value> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|(known, ..)| *known == label).map(|(.., body)| body.clone()).collect()
    }
}

async fn connect(script: &Arc<Script>, version: &str) -> Result<Odoo, Fault> {
    script.then("web/version", json!({"version": version}));
    script.then("res.users/context_get", json!({"uid": 2}));
    script.then("res.users/search_read", json!([{"id": 2, "company_id": [1, "Books"]}]));
    script.then("res.company/search_read", json!([{"id": 1, "name": "Books", "currency_id": [3, "USD"]}]));
    script.then("res.currency/search_read", json!([{"id": 3, "name": "USD"}]));
    script.then("sale.order/search_count", json!(0));
    let refusal = json!({"name": "odoo.exceptions.AccessError", "message": "Not allowed"});
    script.lines.lock().unwrap().push(("account.analytic.plan/search_count", Ok((403, refusal))));
    let settings = Settings {
        database: "books".into(),
        login: "anna".into(),
        api_key: "k3y".to_owned().into(),
        company: None,
    };
    Odoo::connect(settings, script.clone()).await
}

#[tokio::test]
async fn what_the_user_may_not_see_is_not_promised() {
    let script = Arc::new(Script::default());
    let odoo = connect(&script, "19.0").await.unwrap();
    assert!(odoo.manifest().entity(Entity::Estimate).write.is_yes());
    assert!(!odoo.manifest().entity(Entity::Project).write.is_yes());
    let sent = script.sent.lock().unwrap();
    assert!(sent.iter().skip(1).all(|(_, path, _)| path.starts_with("/json/2/")));
}

#[tokio::test]
async fn versions_that_are_not_known_are_refused() {
    let script = Arc::new(Script::default());
    assert_eq!(connect(&script, "14.0").await.err().unwrap().code, Code::TargetUnsuitable);
}

#[tokio::test]
async fn a_wrong_password_is_no_user() {
    let script = Arc::new(Script::default());
    script.then("common/authenticate", json!({"id": 1, "result": false}));
    assert_eq!(connect(&script, "17.0").await.err().unwrap().code, Code::AuthRefused);
}

#[tokio::test]
async fn the_others_go_without_the_refused_one() {
    let script = Arc::new(Script::default());
    let odoo = connect(&script, "19.0").await.unwrap();
    let refusal = json!({"type": "error", "rows": {"from": 1, "to": 1}, "message": "No such country"});
    script.then("res.partner/load", json!({"ids": false, "messages": [refusal]}));
    script.then("res.partner/load", json!({"ids": [7, 9], "messages": []}));
    let rows: Vec<Row> = ["a", "b", "c"].map(|name| Row::create(name).with("name", name)).into();
    let outcomes = odoo.load("res.partner/load", &rows).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap(), &7);
    assert_eq!(outcomes[1].as_ref().unwrap_err().code, Code::TargetRefused);
    assert_eq!(outcomes[2].as_ref().unwrap(), &9);
    let sent = script.bodies("res.partner/load");
    assert_eq!(sent[1]["data"], json!([["carryforward.a", "a"], ["carryforward.c", "c"]]));
    assert_eq!(sent[1]["context"]["mail_create_nolog"], true, "no mail, no log");
}

#[tokio::test]
async fn a_batch_that_broke_off_is_in_doubt() {
    let script = Arc::new(Script::default());
    let odoo = connect(&script, "19.0").await.unwrap();
    let lost = Fault::new(Code::ConnectionFailed).reach(Reach::NotSent);
    script.lines.lock().unwrap().push(("ir.model.data/write", Err(lost)));
    script.then("res.partner/load", json!({"ids": [7], "messages": []}));
    let contact = Contact { name: "Acme".into(), customer: true, ..Contact::default() };
    let record = Record::new(Entity::Contact, "1", None, Body::Contact(contact.into())).unwrap();
    let batch = WriteBatch {
        entity: Entity::Contact,
        items: vec![WriteItem { record, operation: Operation::Create }],
        links: Links::default(),
        home_currency: Currency::USD,
        verify_first: false,
        keep_numbers: true,
        files: std::sync::Arc::new(carry_connector::NoFiles),
    };
    // The last call was not sent, but the contact is there: the engine must look before it sends again.
    let fault = odoo.write(batch.into()).await.unwrap_err();
    assert_eq!((fault.reach, fault.action()), (Reach::Unknown, Action::VerifyFirst));
}
