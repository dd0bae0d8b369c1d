//! Reads a list to its last row, and holds the number of rows against Xero's own count.

use std::fmt;

use carry_connector::{BatchBuilder, BatchHeader, Pages, RawSink};
use carry_model::{Code, Fault, Timestamp};
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::value::RawValue;

use super::kinds::Kind;
use crate::client::Xero;
use crate::shapes::{AccountRef, Doc};

/// An over- or prepayment with the bank account it went through, which only its bank transaction tells.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credit<'a> {
    credit: &'a RawValue,
    bank_account: AccountRef,
}

impl Xero {
    /// Reads a list, or what changed in it since a time, from the start or after the row that the cursor names.
    pub(super) async fn extract_kind(
        &self,
        kind: &'static Kind,
        since: Option<Timestamp>,
        after: Option<&str>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let Cursor { pages: mut number, mut read, staged } =
            after.map_or(Ok(Cursor::default()), Cursor::parse)?;
        let mut accounts = None;
        let header = BatchHeader {
            entity: kind.entity,
            partition: kind.id.to_owned(),
            file: kind.endpoint.to_owned(),
            shape: serde_json::Value::Null,
        };
        let mut batch = BatchBuilder::new(header);
        let mut pages = Pages::of(kind.endpoint);
        loop {
            number += 1;
            let query = kind.query();
            let surveyed = self.surveyed.lock().await.remove(kind.id);
            let page = match surveyed {
                Some(page) => page,
                None if kind.paged => self.page(kind.endpoint, &query, since, number).await?,
                None => self.get_changed(kind.endpoint, &query, since).await?,
            };
            pages.take(&page.rows)?;
            if accounts.is_none() && !page.rows.is_empty() {
                accounts = self.accounts_of_credits(kind).await?;
            }
            let before = read;
            for row in &page.rows {
                if batch.is_full() {
                    let cursor = Cursor { pages: number - 1, read: before, staged: read };
                    sink.accept(batch.take(), Some(cursor.to_string())).await?;
                }
                read += 1;
                if read <= staged || !kind.is_record(row.get()) {
                    continue;
                }
                match &accounts {
                    Some(accounts) => batch.push(read, read, &with_account(row, accounts))?,
                    None => batch.push(read, read, row)?,
                }
            }
            let is_last = !kind.paged || page.is_last(number);
            if is_last {
                if !batch.is_empty() {
                    sink.accept(batch.take(), None).await?;
                }
                return complete(kind, read, page.pagination.map(|p| p.item_count));
            }
        }
    }

    /// For over- and prepayments: the bank account of each, by its id.
    async fn accounts_of_credits(&self, kind: &Kind) -> Result<Option<FxHashMap<String, AccountRef>>, Fault> {
        let types = match kind.id {
            "overpayments" => r#"Type=="RECEIVE-OVERPAYMENT" OR Type=="SPEND-OVERPAYMENT""#,
            "prepayments" => r#"Type=="RECEIVE-PREPAYMENT" OR Type=="SPEND-PREPAYMENT""#,
            _ => return Ok(None),
        };
        let mut accounts = FxHashMap::default();
        self.each_page("BankTransactions", &[("where", types.to_owned())], |page| {
            for entry in page.read::<Doc>()? {
                let of =
                    if entry.overpayment_id.is_empty() { entry.prepayment_id } else { entry.overpayment_id };
                accounts.insert(of, entry.bank_account);
            }
            Ok(())
        })
        .await?;
        Ok(Some(accounts))
    }
}

fn with_account<'a>(row: &'a RawValue, accounts: &FxHashMap<String, AccountRef>) -> Credit<'a> {
    // What cannot be read here is rejected by the transformer, with its place.
    let known: Doc = serde_json::from_str(row.get()).unwrap_or_default();
    let id = if known.overpayment_id.is_empty() { known.prepayment_id } else { known.overpayment_id };
    Credit { credit: row, bank_account: accounts.get(&id).cloned().unwrap_or_default() }
}

/// Where to go on: `<pages>:<rows in them>:<rows staged>`. A batch may end within the page after those.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cursor {
    pages: usize,
    read: u64,
    staged: u64,
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, Fault> {
        let broken = || Fault::new(Code::StagingCorrupt).detail("a cursor nobody wrote");
        let mut parts = text.split(':');
        let mut next = || parts.next().and_then(|part| part.parse::<u64>().ok()).ok_or_else(broken);
        let (pages, read, staged) = (next()?, next()?, next()?);
        Ok(Self { pages: usize::try_from(pages).map_err(|_| broken())?, read, staged })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.pages, self.read, self.staged)
    }
}

/// Rows that were read against what Xero counts: nothing may be missing.
fn complete(kind: &Kind, read: u64, counted: Option<usize>) -> Result<(), Fault> {
    match counted.and_then(|counted| u64::try_from(counted).ok()) {
        Some(counted) if counted != read => Err(Fault::new(Code::CountsDiffer)
            .detail(format!("Xero counts {counted} {}, and {read} were read.", kind.endpoint))
            .hint("Leave the books unchanged while they are read, and start a new run.")),
        _ => Ok(()),
    }
}
