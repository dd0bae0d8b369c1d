//! Purge: deletes the migrations whose time is over, every hour, and at once where the table lets one go by itself.

mod work;

use carry_functions::{Error, Office, serve};
use work::Event;

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(
        async |setup| Office::open(setup, None).await,
        async |office: &Office, event: Event, _| match event {
            Event::Sweep { .. } => work::sweep(&office.service).await,
            Event::Expired(expired) => work::expired(&office.service, &expired).await,
        },
    )
    .await
}
