//! Schedule: starts a booked run when it is due; every few minutes says how old the oldest run is.

use carry_functions::{Error, Metric, Office, serve};
use carry_model::RunId;
use carry_service::Due;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Due(Box<Due>),
    Tick {
        #[serde(rename = "tick")]
        _tick: bool,
    },
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(
        async |setup| Office::open(setup, None).await,
        async |office: &Office, event, _| {
            let service = &office.service;
            match event {
                Event::Due(due) => service.fire(&due).await.map(Some),
                Event::Tick { .. } => {
                    if let Some(started) = service.oldest_active().await? {
                        let age_s = service.clock.now().duration_since(started).as_secs();
                        office
                            .meter
                            .add(Metric::OldestRunningRunSeconds, u64::try_from(age_s).unwrap_or_default());
                    }
                    Ok(None::<RunId>)
                }
            }
        },
    )
    .await
}
