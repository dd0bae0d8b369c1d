//! The side of a migration that is not opened: a rollback needs no source, a report neither side, staging alone no
//! target, and what rows mean is known by the survey alone.

use carry_connector::home::HomeRounding;
use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, Found, Limits, Manifest, Partition, Preflight, RawSink, Reader,
    Removal, Support, Survey, Transformer, WriteBatch, Writer, Written,
};
use carry_model::{Code, Entity, Fault, Record, TargetId};

const NOT_OPEN: &str = "it is not opened for this";

static MANIFEST: Manifest = Manifest {
    system: "offline",
    title: "Not opened",
    source: Support::No(NOT_OPEN),
    target: Support::No(NOT_OPEN),
    entities: &[],
    home: HomeRounding::Unknown,
    limits: Limits::NONE,
};

/// A source that answers every question with a fault, but what its rows mean where its system is known; and a target
/// that looks like one that is still empty and refuses to be written to.
#[derive(Clone, Debug, Default)]
pub struct Offline {
    system: String,
}

impl Offline {
    /// Of that system, by the name in its manifest.
    pub fn of(system: impl Into<String>) -> Self {
        Self { system: system.into() }
    }
}

fn closed<T>() -> Result<T, Fault> {
    Err(Fault::new(Code::Bug).detail("A side of the migration was asked that is not open."))
}

#[async_trait]
impl Reader for Offline {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        closed()
    }

    async fn extract(
        &self,
        _: &Survey,
        _: &Partition,
        _: Option<String>,
        _: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        closed()
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        crate::transformer(&self.system, survey)
    }
}

#[async_trait]
impl Writer for Offline {
    fn manifest(&self) -> &'static Manifest {
        crate::DEFAULT_TARGET
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        Ok(Preflight { company: None, currencies: None, lock_date: None, findings: Vec::new() })
    }

    async fn catalog(&self, _: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        Ok(Vec::new())
    }

    async fn find(&self, _: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        closed()
    }

    async fn write(&self, _: Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        closed()
    }

    async fn read_back(&self, _: Entity, _: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        closed()
    }

    async fn account_balance(&self, _: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        closed()
    }

    async fn remove(&self, _: Entity, _: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        closed()
    }
}
