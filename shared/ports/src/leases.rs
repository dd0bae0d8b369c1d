use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use carry_model::{RunId, Timestamp};

/// A worker's claim to be the only one who does a piece of a run's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The piece of work, by a name that is the same for everybody.
    pub work: String,
    /// The worker, by a name that nobody else has.
    pub owner: String,
}

/// Claims that were granted, for an adapter that only one process uses: they end with it.
#[derive(Debug, Default)]
pub struct Leases(Mutex<BTreeMap<(RunId, String), Granted>>);

#[derive(Debug)]
struct Granted {
    owner: String,
    until: Timestamp,
}

impl Leases {
    fn granted(&self) -> MutexGuard<'_, BTreeMap<(RunId, String), Granted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`crate::Jobs::lease`] does.
    pub fn lease(&self, run: &RunId, claim: &Claim, now: Timestamp, until: Timestamp) -> bool {
        let mut granted = self.granted();
        let key = (run.clone(), claim.work.clone());
        let of_another = |known: &Granted| known.owner != claim.owner && known.until > now;
        if granted.get(&key).is_some_and(of_another) {
            return false;
        }
        granted.insert(key, Granted { owner: claim.owner.clone(), until });
        true
    }

    /// As [`crate::Jobs::give_back`] does.
    pub fn give_back(&self, run: &RunId, claim: &Claim) {
        let mut granted = self.granted();
        let key = (run.clone(), claim.work.clone());
        if granted.get(&key).is_some_and(|known| known.owner == claim.owner) {
            granted.remove(&key);
        }
    }
}
