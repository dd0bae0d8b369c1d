//! Work that one worker at a time may do: steps are delivered more than once, at the same moment perhaps, and a target
//! takes what it is sent.
//!
//! A worker holds a lease and goes on holding it while it works. It writes to the target only while it holds the lease;
//! another one takes the work over once the lease has ended, which is so much later that no call of the first one can
//! be on its way any more.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, Found, Manifest, Preflight, Removal, WriteBatch, Writer, Written,
};
use carry_model::{Code, Entity, Fault, Reach, Record, RunId, TargetId, Timestamp};
use carry_ports::{Claim, Clock, Jobs, Run};
use jiff::SignedDuration;
use tokio::task::AbortHandle;

use crate::{Connection, Engine};

/// A lease ends so long after it was granted, for who waits for it.
const LEASED: SignedDuration = SignedDuration::from_secs(180);
/// Its holder sends nothing more so long after it was granted. The rest is longer than any call takes.
const HELD: SignedDuration = SignedDuration::from_secs(50);
/// It is granted anew that often: twice may fail.
const GRANTED_EVERY: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Work that this worker alone may do, until it gives it back.
pub(crate) struct Held {
    lease: Arc<Lease>,
    renewing: AbortHandle,
    /// True where another worker did it before.
    pub(crate) after_another: bool,
}

struct Lease {
    jobs: Arc<dyn Jobs>,
    clock: Arc<dyn Clock>,
    run: Run,
    claim: Claim,
    /// Held until then, in milliseconds since 1970.
    until_ms: AtomicI64,
}

impl Held {
    /// Waits until nobody else does that work, and holds it. A fault ([`Code::Interrupted`]) where the time is up
    /// before.
    pub(crate) async fn when_free(engine: &Engine, run: &Run, work: String) -> Result<Self, Fault> {
        let lease = Arc::new(Lease {
            jobs: engine.jobs.clone(),
            clock: engine.clock.clone(),
            run: run.clone(),
            claim: Claim { work, owner: RunId::random().to_string() },
            until_ms: AtomicI64::new(i64::MIN),
        });
        let mut after_another = false;
        while !lease.grant().await? {
            after_another = true;
            engine.cancel.check()?;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let renewing = tokio::spawn(lease.clone().renew()).abort_handle();
        Ok(Self { lease, renewing, after_another })
    }

    /// The same engine, which writes to its target only while the work is held.
    pub(crate) fn engine(&self, engine: &Engine) -> Engine {
        let inner = engine.connection.writer.clone();
        let writer = Arc::new(HeldWriter { inner, lease: self.lease.clone() });
        let connection = Connection { reader: engine.connection.reader.clone(), writer };
        Engine { connection, ..engine.clone() }
    }

    /// Lets others do the work at once. Where that fails, the lease ends by itself.
    pub(crate) async fn give_back(self) {
        let Lease { jobs, run, claim, .. } = &*self.lease;
        self.renewing.abort();
        if let Err(fault) = jobs.give_back(run, claim).await {
            tracing::warn!(code = fault.code.id(), "a lease was not given back and ends by itself");
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

/// The fault of a worker whose work another one may do by now.
pub(crate) fn taken_over() -> Fault {
    Fault::new(Code::Interrupted).reach(Reach::Unknown).detail("Another worker may have taken this over.")
}

impl Lease {
    async fn grant(&self) -> Result<bool, Fault> {
        let now = self.clock.now();
        let until = |span| now.checked_add(span).unwrap_or(Timestamp::MAX);
        let granted = self.jobs.lease(&self.run, &self.claim, now, until(LEASED)).await?;
        let until_ms = if granted { until(HELD).as_millisecond() } else { i64::MIN };
        self.until_ms.store(until_ms, Ordering::SeqCst);
        Ok(granted)
    }

    async fn renew(self: Arc<Self>) {
        loop {
            tokio::time::sleep(GRANTED_EVERY).await;
            match self.grant().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => tracing::warn!(code = fault.code.id(), "a lease was not renewed"),
            }
        }
    }

    /// How long it is held yet; None once it is not.
    fn left(&self) -> Option<Duration> {
        let left = self.until_ms.load(Ordering::SeqCst).checked_sub(self.clock.now().as_millisecond())?;
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    async fn ended(&self) {
        while let Some(left) = self.left() {
            tokio::time::sleep(left).await;
        }
    }

    /// Goes on with work while the lease is held. A process that stood still notices before it goes on.
    async fn while_held<T>(&self, work: impl Future<Output = Result<T, Fault>> + Send) -> Result<T, Fault> {
        let (mut work, mut ended) = (pin!(work), pin!(self.ended()));
        poll_fn(|context| {
            if self.left().is_none() {
                return Poll::Ready(Err(taken_over()));
            }
            match work.as_mut().poll(context) {
                Poll::Pending => ended.as_mut().poll(context).map(|()| Err(taken_over())),
                done => done,
            }
        })
        .await
    }
}

/// A target that is written to only while a lease is held.
struct HeldWriter {
    inner: Arc<dyn Writer>,
    lease: Arc<Lease>,
}

#[async_trait]
impl Writer for HeldWriter {
    fn manifest(&self) -> &'static Manifest {
        self.inner.manifest()
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        self.inner.preflight().await
    }

    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        self.inner.catalog(entity).await
    }

    async fn look_anew(&self) {
        self.inner.look_anew().await;
    }

    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        self.inner.find(records).await
    }

    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        self.lease.while_held(self.inner.write(batch)).await
    }

    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        self.inner.read_back(entity, ids).await
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        self.inner.account_balance(account).await
    }

    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        self.lease.while_held(self.inner.remove(entity, ids)).await
    }
}
