//! The account in the emulator as these tests need it: calls of services as they go over the wire, the HTTP API, and
//! databases to migrate into.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use carry_model::Entity;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Done, Place};

/// What `localstack/up` deploys.
pub(crate) const STACK: &str = "carryforward";
const PATIENCE: Duration = Duration::from_secs(90);

/// The account, and the HTTP API of the stack in it.
pub(crate) struct Account {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) client: Client,
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl Account {
    /// None, and a line that says so, where nothing is up.
    pub(crate) fn open() -> Option<Self> {
        let Ok(endpoint) = std::env::var("AWS_ENDPOINT_URL") else {
            eprintln!("skipped: nothing is up (localstack/up, then eval \"$(localstack/env)\")");
            return None;
        };
        let variable = |name: &str| std::env::var(name).unwrap();
        Some(Self {
            endpoint,
            region: variable("AWS_REGION"),
            account: variable("AWS_ACCESS_KEY_ID"),
            client: Client::builder().timeout(PATIENCE).build().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        })
    }

    /// The emulator looks at the account and service of a signature, not at the signature.
    fn authorization(&self, service: &str) -> String {
        let Self { region, account, .. } = self;
        format!(
            "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, \
             Signature=00"
        )
    }

    /// Sends a call that has to succeed; its body.
    fn send(&self, service: &str, call: RequestBuilder) -> String {
        self.try_send(service, call).unwrap_or_else(|refused| panic!("{service}: {refused}"))
    }

    /// Sends a call; its body, also where it was refused.
    fn try_send(&self, service: &str, call: RequestBuilder) -> Result<String, String> {
        let call = call.header("authorization", self.authorization(service));
        self.runtime.block_on(async {
            let answer = call.send().await.unwrap();
            let failed =
                !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error");
            let text = answer.text().await.unwrap();
            if failed { Err(text) } else { Ok(text) }
        })
    }

    /// A call of a service that speaks JSON: `("dynamodb", "DynamoDB_20120810.GetItem", ...)`.
    pub(crate) fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        self.try_call(service, target, body).unwrap_or_else(|refused| panic!("{target}: {refused}"))
    }

    /// The same; what it says where it was refused.
    pub(crate) fn try_call(&self, service: &str, target: &str, body: &Value) -> Result<Value, String> {
        let version = if service == "dynamodb" { "1.0" } else { "1.1" };
        let states = std::env::var("AWS_ENDPOINT_URL_SFN").ok().filter(|_| service == "states");
        let call = self.client.post(states.as_ref().unwrap_or(&self.endpoint)).header("x-amz-target", target);
        let call = call.header("content-type", format!("application/x-amz-json-{version}"));
        let text = self.try_send(service, call.body(body.to_string()))?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// What a function of the stack answers.
    pub(crate) fn invoke(&self, function: &str, event: &Value) -> Value {
        self.try_invoke(function, event).unwrap_or_else(|fault| panic!("{function}: {fault}"))
    }

    /// What a function of the stack answers, or the error that it ends with.
    pub(crate) fn try_invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let url = format!("{}/2015-03-31/functions/{STACK}-{function}/invocations", self.endpoint);
        let text = self.try_send("lambda", self.client.post(url).body(event.to_string()))?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    /// Calls the HTTP API as the function behind it gets it; status and body.
    pub(crate) fn api(&self, method: &Method, path: &str, body: &Value) -> (u64, Value) {
        let key = self.secret(&format!("{STACK}/api-key"));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: serde_json::Map<_, _> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let event = json!({
            "version": "2.0",
            "rawPath": path,
            "queryStringParameters": query,
            "headers": { "authorization": format!("Bearer {key}") },
            "requestContext": { "http": { "method": method.as_str(), "path": path } },
            "body": if body.is_null() { Value::Null } else { body.to_string().into() },
            "isBase64Encoded": false,
        });
        let answer = self.invoke("api", &event);
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_u64().unwrap(), body)
    }

    /// The value of a secret.
    pub(crate) fn secret(&self, name: &str) -> String {
        let named = json!({ "SecretId": name });
        let secret = self.call("secretsmanager", "secretsmanager.GetSecretValue", &named);
        secret["SecretString"].as_str().unwrap().to_owned()
    }

    /// Calls the stack's HTTP API as anybody would; status and body.
    pub(crate) fn http(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (u64, Value) {
        let apis = self.client.get(format!("{}/v2/apis", self.endpoint));
        let apis: Value = serde_json::from_str(&self.send("apigateway", apis)).unwrap();
        let mut apis = apis["items"].as_array().unwrap().iter();
        let id = apis.find(|api| api["name"] == STACK).unwrap()["apiId"].as_str().unwrap();
        let port = self.endpoint.rsplit_once(':').unwrap().1;
        let mut call = self.client.request(method.clone(), format!("{}{path}", self.endpoint));
        call = call.header("host", format!("{id}.execute-api.localhost:{port}")).body(body);
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        self.runtime.block_on(async {
            let answer = call.send().await.unwrap();
            (answer.status().as_u16().into(), answer.json().await.unwrap())
        })
    }

    /// Changes an item of the table by hand.
    pub(crate) fn update(&self, pk: &str, sk: &str, attribute: &str, number: i64) {
        let body = json!({
            "TableName": format!("{STACK}-jobs"),
            "Key": { "pk": { "S": pk }, "sk": { "S": sk } },
            "UpdateExpression": "SET #a = :v",
            "ExpressionAttributeNames": { "#a": attribute },
            "ExpressionAttributeValues": { ":v": { "N": number.to_string() } },
        });
        self.call("dynamodb", "DynamoDB_20120810.UpdateItem", &body);
    }

    /// The keys of the items of a migration for which nothing was run, its audit trail left out. Partition by
    /// partition: other tests' migrations make the table too large to be read whole.
    pub(crate) fn items(&self, migration: &str) -> Vec<String> {
        let own = format!("M#{migration}");
        let links = Entity::ALL.iter().map(|entity| format!("{own}#{}", entity.name()));
        let mut keys = Vec::new();
        for partition in [own.clone(), "MIGRATIONS".to_owned()].into_iter().chain(links) {
            let body = json!({
                "TableName": format!("{STACK}-jobs"),
                "ProjectionExpression": "pk, sk",
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": { ":pk": { "S": partition } },
            });
            let found = self.call("dynamodb", "DynamoDB_20120810.Query", &body);
            assert!(found.get("LastEvaluatedKey").is_none(), "more than a page of {partition}");
            let items = found["Items"].as_array().unwrap().iter();
            keys.extend(items.map(|item| {
                format!("{} {}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap())
            }));
        }
        keys.retain(|key| key.contains(migration) && !key.contains(" DEED#"));
        keys
    }

    /// The names of a migration's secrets.
    pub(crate) fn secrets(&self, migration: &str) -> Vec<String> {
        let found = self.call("secretsmanager", "secretsmanager.ListSecrets", &json!({ "MaxResults": 100 }));
        let names = found["SecretList"].as_array().unwrap().iter();
        let names = names.map(|secret| secret["Name"].as_str().unwrap().to_owned());
        names.filter(|name| name.contains(migration)).collect()
    }

    fn bucket(&self) -> String {
        let Self { endpoint, region, account, .. } = self;
        format!("{endpoint}/{STACK}-staging-{account}-{region}")
    }

    /// A staged JSON object.
    pub(crate) fn object(&self, key: &str) -> Value {
        let text = self.send("s3", self.client.get(format!("{}/{key}", self.bucket())));
        serde_json::from_str(&text).unwrap()
    }

    /// The keys of a migration's objects.
    pub(crate) fn objects(&self, migration: &str) -> Vec<String> {
        let url = format!("{}?list-type=2&prefix=migrations/{migration}/", self.bucket());
        let text = self.send("s3", self.client.get(url));
        text.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }
}

/// Looks again and again until something is there; fails after a while.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look)
}

/// The same with a patience of one's own.
pub(crate) fn until_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < patience, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// An empty database to migrate into. None, and a line that says so, where there is no server.
pub(crate) fn database() -> Option<String> {
    let url = missing_database()?;
    make_database(&url);
    Some(url)
}

/// The address of a database that is not there yet. None, and a line that says so, where there is no server.
pub(crate) fn missing_database() -> Option<String> {
    let Ok(server) = std::env::var("CARRY_PG_URL") else {
        eprintln!("skipped: there is no PostgreSQL (CARRY_PG_URL)");
        return None;
    };
    let unique = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    Some(format!("{}/cloud_{}_{unique}", server.rsplit_once('/').unwrap().0, std::process::id()))
}

pub(crate) fn make_database(url: &str) {
    let server = std::env::var("CARRY_PG_URL").unwrap();
    let name = url.rsplit_once('/').unwrap().1;
    let made = Command::new("psql")
        .args(["--quiet", "--no-psqlrc", &server, "--command", &format!("create database {name}")])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
}

/// `carry --cloud` for a customer of the test's own: a stack that is up may hold what an earlier run of it left.
pub(crate) fn carry_command(place: &Place, customer: &str, args: &[&str]) -> Command {
    let customer = format!("{customer}-{}", std::process::id());
    let common = ["--cloud", STACK, "--customer", &customer, "--state", "state", "--json", "--quiet"];
    place.command(&[&common, args].concat())
}

/// The same, run to its end.
pub(crate) fn carry(place: &Place, customer: &str, args: &[&str]) -> Done {
    Done::of(carry_command(place, customer, args).output().unwrap())
}

/// Sets a migration of `books` up and hands back its id.
pub(crate) fn prepared(place: &Place, customer: &str, target: &str) -> String {
    let done = carry(place, customer, &["prepare", "--from", "books", "--to", target]).expect(0);
    done.json()["migration"]["id"].as_str().unwrap().to_owned()
}
