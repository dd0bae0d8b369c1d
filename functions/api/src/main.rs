//! API: answers the HTTP API to whoever shows the key.

use carry_functions::http::{Answer, Event};
use carry_functions::{Error, Office, serve};
use carry_service::api;

const API_KEY: &str = "CARRY_API_KEY_SECRET_NAME";

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(
        async |setup| Office::open(setup, Some(API_KEY)).await,
        async |office: &Office, event: Event, _| {
            let key = office.secret().await?;
            Ok(Answer::from(api::answer(&office.service, &key, &event.into_request()).await))
        },
    )
    .await
}
