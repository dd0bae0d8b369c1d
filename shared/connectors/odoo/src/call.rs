//! A call of a model's method as a value, the request it becomes, and the answer it gets.

use carry_connector::{Effect, Method, Request, Response};
use carry_model::{Code, Fault, Reach};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::fault;

/// How to reach a database of an Odoo server; the address belongs to the wire.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the database.
    pub database: String,
    /// Login name of the user that the key belongs to.
    pub login: String,
    /// API key of that user (with JSON-RPC, up to Odoo 18, the password will do).
    pub api_key: SecretString,
    /// Id of the company to write to, where the user may act for several; None for the user's own.
    pub company: Option<i64>,
}

/// Which of Odoo's interfaces is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    /// `/json/2`, Odoo 19 and later: real HTTP statuses.
    Json2,
    /// `/jsonrpc`, up to Odoo 18, signed in as that user: status 200 even for errors.
    JsonRpc { user: i64 },
}

/// A method of a model with its named arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `account.move/load`: model and method, and what logs show.
    pub(crate) label: &'static str,
    /// Records the method is called on; None for a method of the model.
    pub(crate) ids: Option<Vec<i64>>,
    /// Named arguments.
    pub(crate) arguments: Map<String, Value>,
    /// What it does to the far side.
    pub(crate) effect: Effect,
}

impl Call {
    /// A call that changes nothing.
    pub(crate) fn read(label: &'static str) -> Self {
        Self { label, ids: None, arguments: Map::new(), effect: Effect::Read }
    }

    /// A call that changes something each time.
    pub(crate) fn write(label: &'static str) -> Self {
        Self { effect: Effect::Write, ..Self::read(label) }
    }

    /// A call that leaves the same, sent once or twice.
    pub(crate) fn rewrite(label: &'static str) -> Self {
        Self { effect: Effect::IdempotentWrite, ..Self::read(label) }
    }

    /// On these records.
    #[must_use]
    pub(crate) fn on(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.ids = Some(ids.into_iter().collect());
        self
    }

    /// With a named argument.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.arguments.insert(name.to_owned(), value);
        self
    }

    fn model_and_method(&self) -> Result<(&'static str, &'static str), Fault> {
        self.label.split_once('/').ok_or_else(|| Fault::new(Code::Bug).detail("a call without a method"))
    }
}

/// The context of every call: messages in English (they are classified by their words), and no mail, follower or
/// log note comes of anything that is written.
pub(crate) fn context(company: Option<i64>) -> Value {
    let mut context = json!({
        "lang": "en_US",
        "tracking_disable": true,
        "mail_notrack": true,
        "mail_create_nolog": true,
        "mail_create_nosubscribe": true,
        "mail_auto_subscribe_no_notify": true,
    });
    if let (Some(company), Value::Object(fields)) = (company, &mut context) {
        fields.insert("allowed_company_ids".to_owned(), json!([company]));
    }
    context
}

fn post(path: String, body: &Value, effect: Effect, label: &'static str) -> Result<Request, Fault> {
    let body = serde_json::to_vec(body).map_err(|e| Fault::new(Code::Bug).detail("a call").caused_by(e))?;
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Ok(Request { method: Method::Post, path, headers, body: Some(body), effect, label })
}

/// The request that carries a call.
pub(crate) fn request(settings: &Settings, interface: Interface, call: &Call) -> Result<Request, Fault> {
    let (model, method) = call.model_and_method()?;
    let mut arguments = call.arguments.clone();
    arguments.entry("context").or_insert_with(|| context(settings.company));
    match interface {
        Interface::Json2 => {
            if let Some(ids) = &call.ids {
                arguments.insert("ids".to_owned(), json!(ids));
            }
            let path = format!("/json/2/{model}/{method}");
            let mut request = post(path, &Value::Object(arguments), call.effect, call.label)?;
            request.headers.extend([
                ("authorization".to_owned(), format!("bearer {}", settings.api_key.expose_secret())),
                ("x-odoo-database".to_owned(), settings.database.clone()),
            ]);
            Ok(request)
        }
        Interface::JsonRpc { user } => {
            // `create` answers with one id or several by looking at its first positional argument.
            let positional = match (&call.ids, arguments.remove("vals_list")) {
                (Some(ids), _) => json!([ids]),
                (None, Some(values)) => json!([values]),
                (None, None) => json!([]),
            };
            let key = settings.api_key.expose_secret();
            let args = json!([settings.database, user, key, model, method, positional, arguments]);
            rpc("object", "execute_kw", args, call.effect, call.label)
        }
    }
}

/// A call of the JSON-RPC interface's own services.
pub(crate) fn rpc(
    service: &str,
    method: &str,
    args: Value,
    effect: Effect,
    label: &'static str,
) -> Result<Request, Fault> {
    let params = json!({"service": service, "method": method, "args": args});
    post(
        "/jsonrpc".to_owned(),
        &json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}),
        effect,
        label,
    )
}

/// What the method returned.
pub(crate) fn answer(interface: Interface, effect: Effect, response: &Response) -> Result<Value, Fault> {
    match interface {
        Interface::Json2 => {
            if !response.is_success() {
                return Err(fault::of_status(response));
            }
            body(response, effect)
        }
        Interface::JsonRpc { .. } => rpc_answer(response, effect),
    }
}

/// What a JSON-RPC call returned. A method that returns nothing answers with neither result nor error.
pub(crate) fn rpc_answer(response: &Response, effect: Effect) -> Result<Value, Fault> {
    if !response.is_success() {
        return Err(fault::of_status(response));
    }
    let mut envelope: Map<String, Value> = match body(response, effect)? {
        Value::Object(fields) => fields,
        _ => return Err(unreadable(effect)),
    };
    match envelope.get("error") {
        Some(error) => Err(fault::of_error(error.get("data").unwrap_or(error))),
        None => Ok(envelope.remove("result").unwrap_or(Value::Null)),
    }
}

fn body(response: &Response, effect: Effect) -> Result<Value, Fault> {
    serde_json::from_slice(&response.body).map_err(|e| unreadable(effect).caused_by(e))
}

fn unreadable(effect: Effect) -> Fault {
    let reach = if effect == Effect::Read { Reach::Refused } else { Reach::Unknown };
    Fault::new(Code::AnswerUnreadable).reach(reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            database: "books".into(),
            login: "anna".into(),
            api_key: SecretString::from("k3y".to_owned()),
            company: Some(3),
        }
    }

    fn json_body(request: &Request) -> Value {
        serde_json::from_slice(request.body.as_deref().unwrap()).unwrap()
    }

    #[test]
    fn both_interfaces_carry_the_same_call() {
        let call = Call::read("res.partner/read").on([7]).with("fields", json!(["name"]));
        let new = request(&settings(), Interface::Json2, &call).unwrap();
        assert_eq!(new.path, "/json/2/res.partner/read");
        assert_eq!(json_body(&new)["ids"], json!([7]));
        assert_eq!(json_body(&new)["context"]["allowed_company_ids"], json!([3]));
        assert!(new.headers.contains(&("authorization".into(), "bearer k3y".into())));

        let old = request(&settings(), Interface::JsonRpc { user: 2 }, &call).unwrap();
        assert_eq!(old.path, "/jsonrpc");
        let args = json_body(&old)["params"]["args"].clone();
        assert_eq!(args[3], "res.partner");
        assert_eq!(args[5], json!([[7]]));
        assert_eq!(args[6]["fields"], json!(["name"]));
    }

    fn response(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn answers_of_both_interfaces_mean_the_same() {
        let old = Interface::JsonRpc { user: 2 };
        assert_eq!(answer(Interface::Json2, Effect::Read, &response(200, "[1]")).unwrap(), json!([1]));
        assert_eq!(
            answer(old, Effect::Read, &response(200, r#"{"id":1,"result":[1]}"#)).unwrap(),
            json!([1])
        );
        assert_eq!(answer(old, Effect::Write, &response(200, r#"{"id":1}"#)).unwrap(), Value::Null);

        let error = r#"{"name":"odoo.exceptions.UserError","message":"No.","arguments":[],"context":{},"debug":"secret"}"#;
        let new_fault = answer(Interface::Json2, Effect::Write, &response(422, error)).unwrap_err();
        let wrapped =
            format!(r#"{{"id":1,"error":{{"code":200,"message":"Odoo Server Error","data":{error}}}}}"#);
        let old_fault = answer(old, Effect::Write, &response(200, &wrapped)).unwrap_err();
        assert_eq!((new_fault.code, &*new_fault.raw), (Code::TargetRefused, "No."));
        assert_eq!((old_fault.code, &*old_fault.raw), (Code::TargetRefused, "No."));
    }

    #[test]
    fn an_answer_that_cannot_be_read_leaves_a_write_in_doubt() {
        let fault = answer(Interface::Json2, Effect::Write, &response(200, "<html>")).unwrap_err();
        assert_eq!((fault.code, fault.reach), (Code::AnswerUnreadable, Reach::Unknown));
    }
}
