//! From events to answers.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carry_model::{Code, Fault};
use carry_ports::{Clock, SystemClock};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tracing::Instrument;

use crate::failure::{Failure, name, told};
use crate::metrics::{Meter, Metric};
use crate::{Config, log};

/// A step ends this part of its time, or at most this long, before Lambda would end it.
const MARGIN_PARTS: u32 = 5;
const MARGIN_MAX: Duration = Duration::from_secs(120);

/// Fields of an event that stand on every line of the log.
const IDS: [&str; 2] = ["migration", "run"];

/// What a function is set up with.
#[derive(Clone)]
pub struct Setup {
    /// Its variables.
    pub config: Config,
    /// Counts for its metrics.
    pub meter: Arc<Meter>,
}

/// The call that brought an event.
#[derive(Clone, Debug)]
pub struct Call {
    /// Lambda's id of it.
    pub request: String,
    /// When work has to stop, so that what it came to is noted in time.
    pub due: Instant,
}

impl Call {
    fn of(context: &lambda_runtime::Context) -> Self {
        let now = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
        let left = Duration::from_millis(context.deadline.saturating_sub(now));
        let margin = (left / MARGIN_PARTS).min(MARGIN_MAX);
        Self { request: context.request_id.clone(), due: Instant::now() + (left - margin) }
    }
}

/// Sets a function up, then answers its events until Lambda stops it.
///
/// `begin` makes what all events share; a fault there ends the process, and Lambda tells it as a failed start.
/// `answer` is called with an event; a fault goes back under the name of its kind ([`Failure`]).
pub async fn serve<S, E, A>(
    begin: impl AsyncFnOnce(Setup) -> Result<S, Fault>,
    answer: impl AsyncFn(&S, E, Call) -> Result<A, Fault>,
) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
{
    log::begin();
    let meter = Arc::new(Meter::default());
    let (shared, config) = match start(begin, meter.clone()).await {
        Ok(started) => started,
        Err(fault) => {
            // The particulars are names of variables and services, which a person needs to mend it.
            tracing::error!(code = fault.code.id(), detail = &*fault.detail, "the function cannot start");
            return Err(fault.into());
        }
    };
    let (shared, answer, meter, config) = (&shared, &answer, &*meter, &config);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let about = ids(&event.payload);
        let call = Call::of(&event.context);
        let id = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
        let span = tracing::info_span!(
            "call",
            migration = id("migration"),
            run = id("run"),
            request = call.request.as_str()
        );
        let (begun, request) = (Instant::now(), call.request.clone());
        let result = async {
            let event = serde_json::from_value(event.payload).map_err(unknown_event)?;
            Box::pin(answer(shared, event, call)).await
        };
        let result = result.instrument(span.clone()).await;
        span.in_scope(|| tell(result.as_ref().err(), begun.elapsed(), meter));
        print(&meter.take(SystemClock.now(), &config.stack, &config.function, &about));
        result.map_err(|fault| Failure { fault, request })
    }))
    .await
}

async fn start<S>(
    begin: impl AsyncFnOnce(Setup) -> Result<S, Fault>,
    meter: Arc<Meter>,
) -> Result<(S, Config), Fault> {
    let config = Config::from_env()?;
    Ok((begin(Setup { config: config.clone(), meter }).await?, config))
}

fn ids(event: &Value) -> Map<String, Value> {
    let named = IDS.iter().filter_map(|name| Some(((*name).to_owned(), event.get(name)?.clone())));
    named.filter(|(_, id)| id.is_string()).collect()
}

fn unknown_event(error: serde_json::Error) -> Fault {
    Fault::new(Code::ConfigInvalid).detail("An event that this function does not know.").caused_by(error)
}

fn tell(fault: Option<&Fault>, took: Duration, meter: &Meter) {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    meter.add(Metric::Duration, took_ms.max(1));
    match fault {
        None => tracing::info!(took_ms, "done"),
        Some(fault) => {
            meter.add(Metric::Faults, 1);
            let (code, name, sentence) = (fault.code.id(), name(fault), fault.code.sentence());
            tracing::warn!(took_ms, code, name, sentence, detail = told(fault), "ended by a fault");
        }
    }
}

/// A line that cannot be written is not worth a failed run.
fn print(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
}
