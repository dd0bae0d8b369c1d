//! Leases: which worker does a piece of a run's work. One item for each piece, written under a condition.

use carry_model::{Fault, Timestamp};
use carry_ports::{Claim, Run};

use super::DynamoJobs;
use super::batches::partition;
use crate::item::{EXPIRES, Key, number, text};
use crate::table::Change;

const OWNER: &str = "owner";
const UNTIL: &str = "until_ms";

fn key(run: &Run, claim: &Claim) -> Key {
    Key::new(partition(&run.migration, &run.id), format!("W#{}", claim.work))
}

impl DynamoJobs {
    pub(super) async fn grant(
        &self,
        run: &Run,
        claim: &Claim,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        let granted = Change::default()
            .set(OWNER, text(&claim.owner))
            .set(UNTIL, number(until.as_millisecond()))
            .set(EXPIRES, self.table.backstop())
            .only_if_or_over(OWNER, text(&claim.owner), UNTIL, number(now.as_millisecond()));
        self.table.update(&key(run, claim), granted).await
    }

    pub(super) async fn end_claim(&self, run: &Run, claim: &Claim) -> Result<(), Fault> {
        let ended = Change::default().set(UNTIL, number(0)).only_if(OWNER, text(&claim.owner));
        self.table.update(&key(run, claim), ended).await.map(drop)
    }
}
