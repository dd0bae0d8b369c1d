//! Purchases: signed events of the shop. The same event delivered twice starts one migration.

use carry_model::{Code, Fault, MigrationId, RunId};
use carry_ports::{Mail, Migration, RunKind};
use jiff::civil::DateTime;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Request, Response};
use crate::{Booking, By, Connection, Service, Side, Times, Wanted, named, signature};

/// What the shop tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The event's id; the same again is the same event.
    pub id: String,
    /// `migration.purchased`; anything else is passed over.
    #[serde(rename = "type")]
    pub kind: String,
    /// What was bought.
    #[serde(default)]
    pub data: Value,
}

/// What was bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purchase {
    /// Who bought it.
    pub customer: String,
    /// Where a message goes.
    #[serde(default)]
    pub email: Option<String>,
    /// The migration it is for, where the customer has tried demos before.
    #[serde(default)]
    pub migration: Option<MigrationId>,
    /// The source, without credentials.
    #[serde(default)]
    pub source: String,
    /// The target, without credentials.
    #[serde(default)]
    pub target: String,
    /// When the full run starts, in the window's civil time; at once where it is not said.
    #[serde(default)]
    pub start: Option<DateTime>,
    /// How it is to be done.
    #[serde(default)]
    pub settings: Value,
}

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The migration; none for an event that is passed over.
    pub migration: Option<MigrationId>,
    /// The run that was started.
    pub run: Option<RunId>,
    /// The booking that was made.
    pub booking: Option<String>,
    /// What is missing before a run can start.
    pub missing: Vec<Side>,
}

/// Answers the shop's webhook: an event that is not signed with the secret they share is refused.
pub async fn answer(service: &Service, secret: &SecretString, request: &Request) -> Response {
    match answered(service, secret, request).await {
        Ok(taken) => Response { status: 200, body: json!({ "taken": taken }) },
        Err(fault) => {
            tracing::warn!(code = fault.code.id(), "an event of the shop was refused");
            Response::of(&fault)
        }
    }
}

async fn answered(service: &Service, secret: &SecretString, request: &Request) -> Result<Taken, Fault> {
    let signature = request.headers.get(signature::HEADER).map(String::as_str).unwrap_or_default();
    signature::verify(secret, signature, &request.body, service.clock.now())?;
    service.take(&request.parsed()?).await
}

impl Service {
    /// Acts on an event whose signature was checked.
    pub async fn take(&self, event: &Event) -> Result<Taken, Fault> {
        if event.kind != "migration.purchased" {
            return Ok(Taken::default());
        }
        if event.id.is_empty() {
            return Err(Fault::new(Code::FieldMissing).field("id"));
        }
        let purchase: Purchase = serde_json::from_value(event.data.clone())
            .map_err(|e| Fault::new(Code::RowMalformed).field("data").caused_by(e))?;
        let name = format!("purchase/{}", event.id);
        let own = MigrationId::from(named(&name));
        let wanted = purchase.migration.clone().unwrap_or(own);
        let migration = MigrationId::from(self.headers.claim(&name, wanted.as_str()).await?);
        let header = Migration {
            id: migration.clone(),
            source: purchase.source.clone(),
            target: purchase.target.clone(),
            created: self.clock.now(),
        };
        match self.headers.get(&migration).await? {
            Some(known) if known.customer != purchase.customer => {
                return Err(Fault::new(Code::MigrationUnknown).detail("It is another customer's."));
            }
            Some(_) => {}
            None => {
                self.create(&purchase.customer, &header, "shop").await?;
                self.welcome(&purchase, &migration).await;
            }
        }
        let missing = self.missing(&migration).await?;
        let mut taken = Taken { migration: Some(migration.clone()), missing, ..Taken::default() };
        match purchase.start {
            Some(at) => {
                let booking = Booking {
                    kind: RunKind::Full,
                    times: Times::Once(at),
                    by: By::Customer,
                    settings: purchase.settings,
                };
                taken.booking = Some(self.book(&migration, &booking).await?.0);
            }
            None if taken.missing.is_empty() => {
                let run = RunId::from(named(&format!("{name}/run")));
                let wanted = Wanted::named(RunKind::Full, run, purchase.settings);
                taken.run = Some(self.start(&migration, wanted, "shop").await?);
            }
            None => {}
        }
        Ok(taken)
    }

    /// Sides that are not connected yet.
    pub async fn missing(&self, migration: &MigrationId) -> Result<Vec<Side>, Fault> {
        let mut missing = Vec::new();
        for side in [Side::Source, Side::Target] {
            let name = Connection::name(&self.secret_prefix, migration, side);
            if !self.secrets.has(&name).await? {
                missing.push(side);
            }
        }
        Ok(missing)
    }

    /// A purchase counts even where its message cannot be sent.
    async fn welcome(&self, purchase: &Purchase, migration: &MigrationId) {
        let (Some(mailer), Some(to)) = (&self.mailer, &purchase.email) else { return };
        let text = format!(
            "Your migration {migration} is set up.\n\nConnect both systems, try as many demos as you like, and read \
             the report of each. The full run starts when you say so.\n"
        );
        let mail = Mail { to: to.clone(), subject: "Your migration is set up".to_owned(), text };
        if let Err(fault) = mailer.send(&mail).await {
            tracing::warn!(code = fault.code.id(), migration = migration.as_str(), "a customer was not told");
        }
    }
}
