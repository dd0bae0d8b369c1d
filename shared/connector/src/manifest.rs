use crate::home::HomeRounding;
use carry_model::Entity;
use serde::Serialize;

/// Whether an ability is there; a missing one carries its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// It is there.
    Yes,
    /// It is not, and why.
    No(&'static str),
}

impl Support {
    /// True where it is there.
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// How records of an entity leave a target again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// They are gone without a trace.
    Delete,
    /// They stay as voided.
    Void,
    /// They stay, hidden.
    Archive,
    /// They cannot be removed, and why.
    No(&'static str),
}

/// How a source tells what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Incremental {
    /// By a time of last change.
    Modified,
    /// Not at all: everything is read and compared by fingerprint.
    Fingerprint,
}

/// What a system can do with one entity.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EntitySupport {
    /// The entity.
    pub entity: Entity,
    /// Can it be read?
    pub read: Support,
    /// Can it be created?
    pub write: Support,
    /// Can it be changed in place?
    pub update: Support,
    /// Can it be removed?
    pub remove: Removal,
    /// How changes are told.
    pub incremental: Incremental,
    /// Most records in one write; 1 where there are no batches.
    pub batch_size: usize,
    /// Most of them in one call: fewer where a record may take several places in a call, so that calls are filled
    /// from larger batches.
    pub call_size: usize,
    /// May the record keep its own number?
    pub own_numbers: bool,
}

impl EntitySupport {
    /// Everything allowed, batches of `batch_size`.
    pub const fn full(entity: Entity, batch_size: usize) -> Self {
        Self {
            entity,
            read: Support::Yes,
            write: Support::Yes,
            update: Support::Yes,
            remove: Removal::Delete,
            incremental: Incremental::Fingerprint,
            batch_size,
            call_size: batch_size,
            own_numbers: true,
        }
    }

    /// Readable, never written.
    pub const fn read_only(entity: Entity, why: &'static str) -> Self {
        Self {
            write: Support::No(why),
            update: Support::No(why),
            remove: Removal::No(why),
            ..Self::full(entity, 1)
        }
    }

    /// Not there at all.
    pub const fn none(entity: Entity, why: &'static str) -> Self {
        Self { read: Support::No(why), ..Self::read_only(entity, why) }
    }
}

/// What a system allows, as it publishes it; None where it publishes nothing.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Limits {
    /// Calls in any minute.
    pub per_minute: Option<u32>,
    /// Calls of one sort in any minute, by their label ([`crate::Request::label`]), besides the limit for all.
    pub per_minute_of: &'static [(&'static str, u32)],
    /// Calls in any second.
    pub per_second: Option<u32>,
    /// Calls in a day.
    pub per_day: Option<u32>,
    /// Calls in any minute for all companies that one registered application is connected to; the others are a company's.
    pub app_per_minute: Option<u32>,
    /// Calls under way at once; 1 where the system wants one after the other.
    pub in_flight: Option<u32>,
    /// Most rows of one answer; None where rows do not come by calls.
    pub page_size: Option<u32>,
    /// Calls, at the least, in which the files of one record are read, besides the pages that tell which records have
    /// some; 0 where they come without calls of the system.
    pub calls_for_files: u32,
    /// May batches of a list (accounts, contacts, items) be written side by side? Not where two records of one name come
    /// to be one.
    pub lists_side_by_side: bool,
}

impl Limits {
    /// None published.
    pub const NONE: Self = Self {
        per_minute: None,
        per_minute_of: &[],
        per_second: None,
        per_day: None,
        app_per_minute: None,
        in_flight: None,
        page_size: None,
        calls_for_files: 0,
        lists_side_by_side: false,
    };
}

/// What a system is and can do. Chooses which conformance tests run and generates the support matrix.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Manifest {
    /// Stable name: `files`, `odoo`.
    pub system: &'static str,
    /// For people: "Odoo".
    pub title: &'static str,
    /// May it be a source?
    pub source: Support,
    /// May it be a target?
    pub target: Support,
    /// Every entity of the model, each with what can be done or the reason why not.
    pub entities: &'static [EntitySupport],
    /// Where it rounds amounts of a foreign currency to the home currency.
    pub home: HomeRounding,
    /// Its limits.
    pub limits: Limits,
}

impl Manifest {
    /// What can be done with an entity; an entity the manifest does not list cannot be done anything with.
    pub fn entity(&self, entity: Entity) -> EntitySupport {
        self.entities
            .iter()
            .copied()
            .find(|support| support.entity == entity)
            .unwrap_or(EntitySupport::none(entity, "not part of this system"))
    }
}
