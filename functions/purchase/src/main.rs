//! Purchase: takes the payment provider's signed events.

use carry_functions::http::{Answer, Event};
use carry_functions::{Error, Office, serve};
use carry_service::purchase;

const WEBHOOK_SECRET: &str = "CARRY_WEBHOOK_SECRET_NAME";

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(
        async |setup| Office::open_with_mail(setup, Some(WEBHOOK_SECRET)).await,
        async |office: &Office, event: Event, _| {
            let secret = office.secret().await?;
            Ok(Answer::from(purchase::answer(&office.service, &secret, &event.into_request()).await))
        },
    )
    .await
}
