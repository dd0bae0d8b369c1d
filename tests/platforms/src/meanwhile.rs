//! What somebody does at the source between two runs: changes, voids and deletes, pays, and writes new things.

mod quickbooks;
mod xero;

use std::collections::BTreeMap;

use carry_model::Decimal;
use carry_sandbox::json::Json;

use crate::company::{Company, Platform};
use crate::witness::{Document, File};

/// What a target keeps that its source no longer has: deletions are listed, for a person to decide.
#[derive(Debug, Default)]
pub struct Deleted {
    /// Documents.
    pub documents: Vec<Document>,
    /// Files on them.
    pub files: Vec<File>,
    /// What they, and money that moved without one, had booked on each account.
    pub booked: BTreeMap<String, Decimal>,
    /// How many payments and applied credits were taken back: the target takes them back too.
    pub undone: usize,
}

impl Company {
    /// Does a little of everything that is done to books, as a person in the platform's own pages.
    pub async fn go_on(&self) -> Deleted {
        let files = self.books().await.files;
        let mut deleted = match self.platform {
            Platform::QuickBooks => quickbooks::go_on(self).await,
            Platform::Xero => xero::go_on(self).await,
        };
        let is_deleted = |file: &File| {
            deleted
                .documents
                .iter()
                .any(|document| Document { open: file.of.open, ..document.clone() } == file.of)
        };
        deleted.files = files.into_iter().filter(is_deleted).collect();
        self.pause(60);
        deleted
    }

    /// How many calls changed something here, or tried to.
    pub fn writes(&self) -> u64 {
        let counters = self.control.counters();
        let is_read = |kind: &str| {
            ["GET ", "query", "read ", "report ", "cdc", "connections", "token"]
                .iter()
                .any(|read| kind.starts_with(read))
        };
        counters.calls.iter().filter(|(kind, _)| !is_read(kind)).map(|(_, calls)| calls).sum()
    }

    /// Deletes something; hands back what it had booked.
    async fn delete(&self, path: &str, body: &Json) -> BTreeMap<String, Decimal> {
        let mut booked = self.trial_balance().await;
        self.change("POST", path, body).await;
        for (account, balance) in self.trial_balance().await {
            *booked.entry(account).or_default() -= balance;
        }
        booked
    }

    async fn change(&self, method: &str, path: &str, body: &Json) -> Json {
        self.pause(2);
        let body = String::from_utf8(body.to_bytes()).unwrap();
        Json::parse(&self.ask(method, &self.path(path), &body).await.body).unwrap()
    }
}
