//! The wire: sends calls for connectors, paced, and again where that is safe.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{Effect, Limits, Request, Response, Wire};
use carry_model::{Code, Fault, Reach};
use carry_ports::Transport;

use crate::pacing::{Pacer, WAIT_MAX};
use crate::sharing::{Shared, Slices};

/// Times a call is sent.
const SENDS_MAX: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Waits after the first, second, ... refusal for too many calls, where the system does not say how long.
const THROTTLED_WAITS: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(30), Duration::from_secs(60)];

/// Sends over a transport. Logs labels, statuses and waits; never a header, path or body.
pub struct EngineWire {
    transport: Arc<dyn Transport>,
    pacer: Pacer,
    slices: Option<Slices>,
}

impl EngineWire {
    /// Over that transport, inside those limits.
    pub fn new(transport: Arc<dyn Transport>, limits: &Limits) -> Self {
        Self { transport, pacer: Pacer::new(limits), slices: None }
    }

    /// The same, where other processes call the same system: all of them together stay inside the limits.
    pub fn sharing(transport: Arc<dyn Transport>, limits: &Limits, shared: &Shared) -> Self {
        let slices = Some(Slices::new(limits, shared));
        Self { transport, pacer: Pacer::new(&shared.own(limits)), slices }
    }

    async fn hold(&self, label: &str, wait: Duration) -> Result<(), Fault> {
        self.pacer.hold(wait).await;
        match &self.slices {
            Some(slices) => slices.hold(label, wait).await,
            None => Ok(()),
        }
    }
}

/// What to do about an answer or the lack of one.
enum Next {
    Done(Response),
    GiveUp(Fault),
    Again(Fault, Option<Duration>),
}

fn judge(effect: Effect, result: Result<Response, Fault>) -> Next {
    let fault = match result {
        Ok(response) => match response.status {
            429 => {
                let after = retry_after(&response);
                let fault = Fault::new(Code::RateLimited).reach(Reach::Refused);
                let fault = after.map_or(fault.clone(), |wait| fault.retry_after_s(wait.as_secs()));
                return Next::Again(fault, after);
            }
            // The system may have carried the call out before it failed.
            500 | 502 | 504 => Fault::new(Code::ServerFailed)
                .reach(Reach::Unknown)
                .detail(format!("HTTP {}.", response.status)),
            503 => Fault::new(Code::ServerFailed).reach(Reach::Refused).detail("HTTP 503."),
            _ => return Next::Done(response),
        },
        Err(fault) => fault,
    };
    let safe = match fault.reach {
        Reach::NotSent | Reach::Refused => true,
        Reach::Unknown => effect != Effect::Write,
    };
    let passing = fault.kind() == carry_model::Kind::Transient;
    if safe && passing { Next::Again(fault, None) } else { Next::GiveUp(fault) }
}

fn retry_after(response: &Response) -> Option<Duration> {
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

fn throttled_wait(attempt: u32) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    THROTTLED_WAITS.get(index).copied().unwrap_or(WAIT_MAX)
}

#[async_trait]
impl Wire for EngineWire {
    /// Is no call of the system, so that none of its limits holds for it.
    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let fault = match judge(Effect::Read, self.transport.download(address, bytes_max).await) {
                Next::Done(response) => return Ok(response),
                Next::GiveUp(fault) => return Err(fault),
                Next::Again(fault, _) => fault,
            };
            if attempt >= SENDS_MAX {
                return Err(fault);
            }
            tracing::warn!(code = fault.code.id(), attempt, "a file is fetched again");
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(Fault::new(Code::Bug))
    }

    async fn call(&self, request: Request) -> Result<Response, Fault> {
        let mut backoff = FIRST_WAIT;
        for attempt in 1.. {
            let permit = self.pacer.enter().await;
            if let Some(slices) = &self.slices {
                slices.admit(request.label).await?;
            }
            self.pacer.admit(request.label).await?;
            let result = self.transport.send(&request).await;
            drop(permit);
            if let Ok(response) = &result {
                self.pacer.heed(response).await;
            }
            let (fault, asked) = match judge(request.effect, result) {
                Next::Done(response) => return Ok(response),
                Next::GiveUp(fault) => return Err(fault),
                Next::Again(fault, asked) => (fault, asked),
            };
            let throttled = fault.code == Code::RateLimited;
            let guess = if throttled { throttled_wait(attempt) } else { backoff };
            let wait = asked.unwrap_or(guess);
            if throttled {
                // Whoever else calls would be refused as well.
                self.hold(request.label, wait.min(WAIT_MAX)).await?;
            }
            if attempt >= SENDS_MAX || wait > WAIT_MAX {
                return Err(fault);
            }
            let code = fault.code.id();
            tracing::warn!(
                label = request.label,
                code,
                attempt,
                wait_ms = wait.as_millis(),
                "a call is sent again"
            );
            tokio::time::sleep(wait).await;
            backoff *= 2;
        }
        Err(Fault::new(Code::Bug))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use carry_connector::Method;

    use super::*;

    struct Script(Mutex<Vec<Result<u16, Reach>>>);

    #[async_trait]
    impl Transport for Script {
        async fn send(&self, _: &Request) -> Result<Response, Fault> {
            match self.0.lock().unwrap().remove(0) {
                Ok(status) => Ok(Response { status, headers: Vec::new(), body: Vec::new() }),
                Err(reach) => Err(Fault::new(Code::TimedOut).reach(reach)),
            }
        }
    }

    async fn call(effect: Effect, script: &[Result<u16, Reach>]) -> (Result<u16, Fault>, usize) {
        let transport = Arc::new(Script(Mutex::new(script.to_vec())));
        let wire = EngineWire::new(transport.clone(), &Limits::NONE);
        let request = Request {
            method: Method::Post,
            path: "/x".to_owned(),
            headers: Vec::new(),
            body: None,
            effect,
            label: "x",
        };
        let result = wire.call(request).await.map(|response| response.status);
        let left = transport.0.lock().unwrap().len();
        (result, script.len() - left)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_safe_is_sent_again() {
        let (result, sends) = call(Effect::Read, &[Err(Reach::Unknown), Ok(503), Ok(429), Ok(200)]).await;
        assert_eq!((result.unwrap(), sends), (200, 4));
        let (result, sends) = call(Effect::Write, &[Err(Reach::NotSent), Ok(503), Ok(200)]).await;
        assert_eq!((result.unwrap(), sends), (200, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_of_unknown_outcome_is_never_sent_again() {
        for script in [[Err(Reach::Unknown), Ok(200)], [Ok(500), Ok(200)], [Ok(504), Ok(200)]] {
            let (result, sends) = call(Effect::Write, &script).await;
            assert_eq!((result.unwrap_err().reach, sends), (Reach::Unknown, 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_of_the_platform_come_back_as_they_are() {
        let (result, _) = call(Effect::Write, &[Ok(422)]).await;
        assert_eq!(result.unwrap(), 422);
    }
}
