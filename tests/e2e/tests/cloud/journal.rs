//! The link journal, comparable between a state folder and the table of a stack.

use std::path::Path;
use std::sync::Arc;

use carry_aws::Aws;
use carry_embedded::SqliteJobs;
use carry_model::{Entity, MigrationId};
use carry_ports::{Jobs, Link, Retention, SystemClock};
use serde_json::Value;

use crate::account::STACK;
use crate::support;

const AT_ONCE: usize = 1_000;

/// Fails unless a run on this machine, with its state in that folder, and one in the cloud left the same links.
pub(crate) fn assert_same(state: &Path, local: &Value, cloud: &Value) {
    let of =
        |run: &Value| run["migration"].as_str().unwrap_or_else(|| panic!("no migration: {run}")).to_owned();
    support::assert_same(&on_this_machine(state, &of(local)), &in_the_cloud(&of(cloud)));
}

/// Of the state folder of a run on this machine.
fn on_this_machine(state: &Path, migration: &str) -> Vec<String> {
    let jobs = SqliteJobs::open(&state.join("state.db")).unwrap();
    wait_for(lines(&jobs, migration))
}

/// Of the stack's table.
fn in_the_cloud(migration: &str) -> Vec<String> {
    wait_for(async {
        let aws = Aws::from_env().await.unwrap();
        let table = aws.table(format!("{STACK}-jobs"), Arc::new(SystemClock));
        lines(&aws.jobs(table, Retention::default()), migration).await
    })
}

fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A line for each link; ids of the run and of the target left out, and the entries that close out the clearing
/// account, of which each run writes its own.
async fn lines(jobs: &dyn Jobs, migration: &str) -> Vec<String> {
    let migration = MigrationId::from(migration);
    let mut lines = Vec::new();
    for entity in Entity::ALL {
        let mut after = None;
        loop {
            let page = jobs.links(&migration, *entity, after.as_ref(), AT_ONCE).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key.id.clone());
            lines.extend(page.iter().map(line));
        }
    }
    lines.retain(|line| !line.contains("carryforward:clearing:"));
    lines.sort_unstable();
    lines
}

fn line(link: &Link) -> String {
    let mut value = serde_json::to_value(link).unwrap();
    let fields = value.as_object_mut().unwrap();
    fields.remove("run");
    let known = fields.get("target").is_some_and(|target| !target.is_null());
    fields.insert("target".to_owned(), Value::Bool(known));
    value.to_string()
}
