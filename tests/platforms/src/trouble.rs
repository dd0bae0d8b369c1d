//! Everything that goes wrong on the way to a platform, by seed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{Request, Response};
use carry_model::{Code, Fault, Reach};
use carry_ports::Transport;
use carry_sandbox::{Control, Fault as At, Injection};
use carry_simulation::dice::Dice;
use tokio::sync::Notify;

/// After so long a client gives up waiting for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// What may go wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mishap {
    /// The process dies before it sends.
    DiesBefore,
    /// It dies once the platform has carried the call out, before it sees the answer.
    DiesAfter,
    /// The answer comes when nobody waits for it any more.
    Slow,
    /// Every token is said to have run out.
    TokensExpire,
    /// What the sandbox does to the call.
    AtPlatform(At),
}

const MISHAPS: [Mishap; 13] = [
    Mishap::DiesBefore,
    Mishap::DiesAfter,
    Mishap::DiesAfter,
    Mishap::Slow,
    Mishap::TokensExpire,
    Mishap::AtPlatform(At::Refuse),
    Mishap::AtPlatform(At::Drop),
    Mishap::AtPlatform(At::Drop),
    Mishap::AtPlatform(At::Status(500)),
    Mishap::AtPlatform(At::StatusAfter(500)),
    Mishap::AtPlatform(At::Status(429)),
    Mishap::AtPlatform(At::Malformed),
    Mishap::AtPlatform(At::Truncated),
];

/// The mishaps of one simulation, which outlives its processes.
#[derive(Debug)]
pub struct Trouble {
    dice: Mutex<Dice>,
    once_in: u64,
    left: Mutex<usize>,
    happened: Mutex<BTreeSet<usize>>,
    death: Notify,
}

impl Trouble {
    /// How many kinds of mishaps there are.
    pub const KINDS: usize = MISHAPS.len();

    /// Something goes wrong with one in `once_in` calls, until it did so `times` times.
    pub fn new(seed: u64, once_in: u64, times: usize) -> Arc<Self> {
        let dice = Mutex::new(Dice::new(seed));
        Arc::new(Self {
            dice,
            once_in,
            left: Mutex::new(times),
            happened: Mutex::default(),
            death: Notify::new(),
        })
    }

    /// Waits until the process that is under way dies.
    pub async fn death(&self) {
        self.death.notified().await;
    }

    /// A number below `sides`, for what else is left to chance.
    pub fn throw(&self, sides: u64) -> u64 {
        self.dice.lock().unwrap().throw(sides)
    }

    /// Which mishaps happened, as numbers below [`Self::KINDS`].
    pub fn happened(&self) -> BTreeSet<usize> {
        self.happened.lock().unwrap().clone()
    }

    fn next(&self) -> Option<Mishap> {
        let mut left = self.left.lock().unwrap();
        let mut dice = self.dice.lock().unwrap();
        if *left == 0 || !dice.once_in(self.once_in) {
            return None;
        }
        *left -= 1;
        let which = usize::try_from(dice.throw(u64::try_from(MISHAPS.len()).unwrap())).unwrap();
        self.happened.lock().unwrap().insert(which);
        Some(MISHAPS[which].clone())
    }

    /// Nothing of this process happens any more.
    async fn die<T>(&self) -> T {
        self.death.notify_one();
        std::future::pending().await
    }
}

/// A way to a platform on which things go wrong.
pub(crate) struct Troubled {
    calm: Arc<dyn Transport>,
    control: Control,
    trouble: Arc<Trouble>,
}

impl Troubled {
    pub(crate) fn new(calm: Arc<dyn Transport>, control: Control, trouble: Arc<Trouble>) -> Self {
        Self { calm, control, trouble }
    }
}

/// What is sent.
enum Sending<'a> {
    Call(&'a Request),
    Download(&'a str, u64),
}

impl Troubled {
    async fn calmly(&self, sending: &Sending<'_>) -> Result<Response, Fault> {
        match sending {
            Sending::Call(request) => self.calm.send(request).await,
            Sending::Download(address, bytes_max) => self.calm.download(address, *bytes_max).await,
        }
    }

    async fn sent(&self, sending: Sending<'_>) -> Result<Response, Fault> {
        match self.trouble.next() {
            None => {}
            Some(Mishap::DiesBefore) => return self.trouble.die().await,
            Some(Mishap::DiesAfter) => {
                drop(self.calmly(&sending).await);
                return self.trouble.die().await;
            }
            Some(Mishap::Slow) => {
                drop(self.calmly(&sending).await);
                tokio::time::sleep(PATIENCE).await;
                return Err(Fault::new(Code::TimedOut).reach(Reach::Unknown));
            }
            Some(Mishap::TokensExpire) => self.control.expire_tokens(),
            Some(Mishap::AtPlatform(fault)) => {
                self.control.inject(Injection::next("", fault));
            }
        }
        self.calmly(&sending).await
    }
}

#[async_trait]
impl Transport for Troubled {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        self.sent(Sending::Call(request)).await
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.sent(Sending::Download(address, bytes_max)).await
    }
}
