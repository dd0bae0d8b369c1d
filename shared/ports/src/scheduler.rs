use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use carry_model::Fault;
use jiff::civil::{DateTime, Time, Weekday};
use serde_json::Value;

/// When a schedule is due, in the civil time of its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Once; the schedule goes afterwards.
    Once(DateTime),
    /// Every week on these days.
    Weekly {
        /// The days.
        days: Vec<Weekday>,
        /// The time of day, to the minute.
        at: Time,
        /// The last day, whole.
        until: jiff::civil::Date,
    },
}

/// Something that is to happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name, unique: at most 64 letters, digits, dashes, dots and underscores.
    pub name: String,
    /// When.
    pub when: When,
    /// The IANA zone of its civil time.
    pub zone: String,
    /// What the service is told then.
    pub input: Value,
}

/// Keeps schedules, and tells the service when they are due.
#[async_trait]
pub trait Scheduler: Send + Sync {
    /// Keeps a schedule in place of an earlier one of its name.
    async fn put(&self, schedule: &Schedule) -> Result<(), Fault>;

    /// The names of schedules that start with the prefix, sorted.
    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault>;

    /// Takes a schedule back. Taking back what is not there is no fault.
    async fn delete(&self, name: &str) -> Result<(), Fault>;
}

/// Schedules in memory, never due.
#[derive(Debug, Default)]
pub struct MemoryScheduler(Mutex<BTreeMap<String, Schedule>>);

impl MemoryScheduler {
    fn schedules(&self) -> MutexGuard<'_, BTreeMap<String, Schedule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A schedule as it is kept.
    pub fn get(&self, name: &str) -> Option<Schedule> {
        self.schedules().get(name).cloned()
    }
}

#[async_trait]
impl Scheduler for MemoryScheduler {
    async fn put(&self, schedule: &Schedule) -> Result<(), Fault> {
        self.schedules().insert(schedule.name.clone(), schedule.clone());
        Ok(())
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        Ok(self.schedules().keys().filter(|name| name.starts_with(prefix)).cloned().collect())
    }

    async fn delete(&self, name: &str) -> Result<(), Fault> {
        self.schedules().remove(name);
        Ok(())
    }
}
