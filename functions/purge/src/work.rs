//! What is purged on which event.

use std::collections::BTreeSet;

use carry_model::{Code, Fault, MigrationId};
use carry_ports::Receipt;
use carry_service::Service;
use serde::{Deserialize, Serialize};

/// What brings work.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    /// The hour is over.
    Sweep {
        #[serde(rename = "sweep")]
        _sweep: bool,
    },
    /// DynamoDB removed items because their time was over.
    Expired(Expired),
}

/// A batch of the table's stream: keys alone.
#[derive(Deserialize)]
pub(crate) struct Expired {
    #[serde(rename = "Records")]
    records: Vec<Removed>,
}

#[derive(Deserialize)]
struct Removed {
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    value: String,
}

/// What became of an event.
#[derive(Default, Serialize)]
pub(crate) struct Outcome {
    purged: usize,
    /// For the stream: where it has to begin again.
    #[serde(rename = "batchItemFailures")]
    failures: Vec<Failure>,
}

#[derive(Serialize)]
struct Failure {
    #[serde(rename = "itemIdentifier")]
    sequence_number: String,
}

impl Removed {
    /// The migration that the item belonged to: `M#<id>` or `M#<id>#...`. Leases and quotas belong to none.
    fn migration(&self) -> Option<MigrationId> {
        let rest = self.dynamodb.keys.pk.value.strip_prefix("M#")?;
        rest.split('#').next().map(MigrationId::from)
    }
}

/// Purges everything that is due. A fault where one of them could not be purged: the event comes again.
pub(crate) async fn sweep(service: &Service) -> Result<Outcome, Fault> {
    let swept = service.sweep().await?;
    match failed(&swept).first() {
        Some((_, fault)) => Err((*fault).clone()),
        None => Ok(Outcome { purged: swept.len(), failures: Vec::new() }),
    }
}

/// Purges what is due of the migrations whose items went by themselves: nothing of one is kept once the first of it
/// is gone.
pub(crate) async fn expired(service: &Service, batch: &Expired) -> Result<Outcome, Fault> {
    let gone: BTreeSet<_> = batch.records.iter().filter_map(Removed::migration).collect();
    if gone.is_empty() {
        return Ok(Outcome::default());
    }
    let swept = service.sweep_of(|migration| gone.contains(migration)).await?;
    let failed: BTreeSet<_> = failed(&swept).into_iter().map(|(migration, _)| migration.clone()).collect();
    let first = batch.records.iter().find(|removed| removed.migration().is_some_and(|m| failed.contains(&m)));
    let failures = first.map(|removed| Failure { sequence_number: removed.dynamodb.sequence_number.clone() });
    Ok(Outcome { purged: swept.len() - failed.len(), failures: failures.into_iter().collect() })
}

type Swept = (MigrationId, Result<Receipt, Fault>);

fn failed(swept: &[Swept]) -> Vec<(&MigrationId, &Fault)> {
    let failed = swept.iter().filter_map(|(migration, receipt)| Some((migration, receipt.as_ref().err()?)));
    failed
        .inspect(|(migration, fault)| {
            let code: Code = fault.code;
            tracing::error!(%migration, code = code.id(), "a migration could not be purged");
        })
        .collect()
}
