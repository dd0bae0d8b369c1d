//! Matching lines of payments with lines of documents.

use carry_model::{Code, Decimal, Fault, Kind};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::call::Call;
use crate::session::Odoo;
use crate::value::{self, Fields, number};

const LINE_FIELDS: [&str; 8] = [
    "move_id",
    "account_id",
    "currency_id",
    "balance",
    "amount_currency",
    "amount_residual",
    "amount_residual_currency",
    "reconciled",
];

/// A line on a receivable or payable account.
#[derive(Clone, Debug)]
pub(crate) struct OpenLine {
    pub(crate) id: i64,
    pub(crate) document: i64,
    pub(crate) account: i64,
    pub(crate) currency: i64,
    /// Debit positive, in its currency.
    pub(crate) amount: Decimal,
    /// The same in the home currency.
    pub(crate) balance: Decimal,
    /// What is not matched yet, in its currency.
    pub(crate) open: Decimal,
    /// The same in the home currency.
    pub(crate) open_home: Decimal,
}

/// A line that a document's earlier version was matched with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matched {
    line: i64,
    /// The entry the line is of.
    entry: i64,
}

/// Digits kept of amounts whose currency is looked up nowhere: more than any currency has.
const DIGITS: u32 = 4;

fn open_line(fields: &Fields) -> Result<OpenLine, Fault> {
    let id = |name| value::reference(fields, name).unwrap_or_default();
    Ok(OpenLine {
        id: value::id(fields),
        document: id("move_id"),
        account: id("account_id"),
        currency: id("currency_id"),
        amount: value::amount(fields, "amount_currency", DIGITS)?,
        balance: value::amount(fields, "balance", DIGITS)?,
        open: value::amount(fields, "amount_residual_currency", DIGITS)?,
        open_home: value::amount(fields, "amount_residual", DIGITS)?,
    })
}

impl Odoo {
    /// The receivable and payable lines of entries, in their order.
    pub(crate) async fn open_lines(&self, entries: &[i64]) -> Result<FxHashMap<i64, Vec<OpenLine>>, Fault> {
        let mut lines: FxHashMap<i64, Vec<OpenLine>> = FxHashMap::default();
        if entries.is_empty() {
            return Ok(lines);
        }
        let domain = json!([
            ["move_id", "in", entries],
            ["account_id.account_type", "in", ["asset_receivable", "liability_payable"]]
        ]);
        for fields in self.search("account.move.line/search_read", domain, &LINE_FIELDS).await? {
            let line = open_line(&fields)?;
            lines.entry(line.document).or_default().push(line);
        }
        Ok(lines)
    }

    /// Takes a document back to an empty draft; gives what it was matched with, or None where it is gone.
    pub(crate) async fn reopen(&self, id: i64) -> Result<Option<Vec<Matched>>, Fault> {
        let found = self.search("account.move/search_read", json!([["id", "=", id]]), &["state"]).await?;
        let Some(document) = found.first() else { return Ok(None) };
        let mut matched = Vec::new();
        if value::text(document, "state") != Some("draft") {
            for lines in self.open_lines(&[id]).await?.values() {
                for line in lines {
                    matched.extend(self.partners_of(line.id).await?);
                }
            }
            let exchange = self.unmatch(&[id]).await?;
            self.call(Call::rewrite("account.move/button_draft").on([id])).await?;
            matched.retain(|matched| !exchange.contains(&matched.entry));
        }
        let values = json!({"invoice_line_ids": [[5, 0, 0]]});
        self.call(Call::rewrite("account.move/write").on([id]).with("vals", values)).await?;
        Ok(Some(matched))
    }

    async fn partners_of(&self, line: i64) -> Result<Vec<Matched>, Fault> {
        let domain = json!(["|", ["debit_move_id", "=", line], ["credit_move_id", "=", line]]);
        let fields = ["debit_move_id", "credit_move_id"];
        let found = self.search("account.partial.reconcile/search_read", domain, &fields).await?;
        let sides = found.iter().flat_map(|partial| fields.map(|field| value::reference(partial, field)));
        let others: Vec<i64> = sides.flatten().filter(|side| *side != line).collect();
        let others =
            self.search("account.move.line/search_read", json!([["id", "in", others]]), &["move_id"]).await?;
        let matched = |line: &Fields| {
            Some(Matched { line: value::id(line), entry: value::reference(line, "move_id")? })
        };
        Ok(others.iter().filter_map(matched).collect())
    }

    /// Matches a document's new version with what the earlier one was matched with.
    pub(crate) async fn match_again(&self, id: i64, matched: &[Matched]) -> Result<(), Fault> {
        if matched.is_empty() {
            return Ok(());
        }
        let lines = self.open_lines(&[id]).await?;
        let Some(line) = lines.get(&id).and_then(|lines| lines.first()) else { return Ok(()) };
        for matched in matched {
            match self.reconcile(&[line.id, matched.line]).await {
                // Its own lines went with the exchange difference entries that Odoo made and removed.
                Err(fault) if fault.kind() == Kind::Transient => return Err(fault),
                _ => {}
            }
        }
        Ok(())
    }

    async fn reconcile(&self, lines: &[i64]) -> Result<(), Fault> {
        let call = Call::write("account.move.line/reconcile").on(lines.iter().copied());
        self.call(call).await.map(|_| ())
    }

    /// Matches lines pair by pair, `(ours, the document's)`: as much of each as our line has. One answer a pair.
    pub(crate) async fn match_pairs(&self, pairs: &[(i64, i64)]) -> Result<Vec<Option<Fault>>, Fault> {
        let mut faults: Vec<Option<Fault>> = pairs.iter().map(|_| None).collect();
        if pairs.is_empty() {
            return Ok(faults);
        }
        let mut lines = self.read_lines(pairs.iter().flat_map(|(ours, theirs)| [*ours, *theirs])).await?;
        let mut quick = Vec::new();
        let mut slow = Vec::new();
        for (at, (ours, theirs)) in pairs.iter().enumerate() {
            match self.partial(&mut lines, *ours, *theirs)? {
                Some(partial) => quick.push((at, partial)),
                None => slow.push(at),
            }
        }
        if !quick.is_empty() {
            let values: Vec<&Value> = quick.iter().map(|(_, partial)| partial).collect();
            let call = Call::write("account.partial.reconcile/create").with("vals_list", json!(values));
            match self.call(call).await {
                Ok(_) => {
                    let places = quick.iter().filter_map(|(at, _)| pairs.get(*at));
                    self.close_matched(&lines, places.map(|(_, theirs)| *theirs)).await?;
                }
                Err(fault) if matches!(fault.kind(), Kind::Rejected | Kind::Config) => {
                    slow.extend(quick.into_iter().map(|(at, _)| at));
                    slow.sort_unstable();
                }
                Err(fault) => return Err(fault),
            }
        }
        for at in slow {
            let Some((ours, theirs)) = pairs.get(at) else { continue };
            match self.reconcile(&[*ours, *theirs]).await {
                Err(fault) if fault.kind() == Kind::Transient => return Err(fault),
                Err(fault) => {
                    if let Some(place) = faults.get_mut(at) {
                        *place = Some(fault);
                    }
                }
                Ok(()) => {}
            }
        }
        Ok(faults)
    }

    async fn read_lines(&self, ids: impl Iterator<Item = i64>) -> Result<FxHashMap<i64, OpenLine>, Fault> {
        let mut ids: Vec<i64> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let domain = json!([["id", "in", ids]]);
        let found = self.search("account.move.line/search_read", domain, &LINE_FIELDS).await?;
        found.iter().map(|fields| Ok((value::id(fields), open_line(fields)?))).collect()
    }

    /// The match as a value, where it needs nothing of Odoo but to be noted: home currency, no cash-basis tax, and
    /// our line fits into what is open. Many of these go in one call; all others are Odoo's own work, one by one.
    fn partial(
        &self,
        lines: &mut FxHashMap<i64, OpenLine>,
        ours: i64,
        theirs: i64,
    ) -> Result<Option<Value>, Fault> {
        let (Some(our), Some(their)) = (lines.get(&ours).cloned(), lines.get(&theirs).cloned()) else {
            return Err(Fault::new(Code::RecordGone).detail("a line to be matched"));
        };
        let home = self.books.home_id();
        let at_home = [our.currency, their.currency].iter().all(|currency| Some(*currency) == home);
        let fits = our.account == their.account
            && our.open.is_sign_negative() != their.open.is_sign_negative()
            && !our.open.is_zero()
            && our.open.abs() <= their.open.abs();
        if self.books.cash_basis || !at_home || !fits {
            return Ok(None);
        }
        let amount = number(our.open.abs())?;
        let (debit, credit) = if our.open.is_sign_negative() { (theirs, ours) } else { (ours, theirs) };
        if let Some(line) = lines.get_mut(&theirs) {
            line.open += our.open;
            line.open_home += our.open;
        }
        if let Some(line) = lines.get_mut(&ours) {
            line.open = Decimal::ZERO;
            line.open_home = Decimal::ZERO;
        }
        Ok(Some(json!({
            "debit_move_id": debit,
            "credit_move_id": credit,
            "amount": amount,
            "debit_amount_currency": amount,
            "credit_amount_currency": amount,
        })))
    }

    /// Notes the full match of documents that are now settled, so that Odoo shows it as such.
    async fn close_matched(
        &self,
        lines: &FxHashMap<i64, OpenLine>,
        documents: impl Iterator<Item = i64>,
    ) -> Result<(), Fault> {
        let mut settled: Vec<i64> =
            documents.filter(|id| lines.get(id).is_some_and(|line| line.open.is_zero())).collect();
        settled.sort_unstable();
        settled.dedup();
        if settled.is_empty() {
            return Ok(());
        }
        let domain = json!(["|", ["debit_move_id", "in", settled], ["credit_move_id", "in", settled]]);
        let fields = ["debit_move_id", "credit_move_id"];
        let partials = self.search("account.partial.reconcile/search_read", domain, &fields).await?;
        let mut matches: FxHashMap<i64, (Vec<i64>, Vec<i64>)> = FxHashMap::default();
        for partial in &partials {
            let sides = fields.map(|field| value::reference(partial, field).unwrap_or_default());
            for document in sides.iter().filter(|side| settled.binary_search(side).is_ok()) {
                let (ids, others) = matches.entry(*document).or_default();
                ids.push(value::id(partial));
                others.extend(sides);
            }
        }
        let all = self.read_reconciled(matches.values().flat_map(|(_, lines)| lines.clone())).await?;
        let whole: Vec<Value> = matches
            .into_values()
            .filter(|(_, lines)| lines.iter().all(|line| all.contains(line)))
            .map(|(partials, mut lines)| {
                lines.sort_unstable();
                lines.dedup();
                json!({"partial_reconcile_ids": [[6, 0, partials]], "reconciled_line_ids": [[6, 0, lines]]})
            })
            .collect();
        if whole.is_empty() {
            return Ok(());
        }
        self.call(Call::rewrite("account.full.reconcile/create").with("vals_list", json!(whole)))
            .await
            .map(|_| ())
    }

    async fn read_reconciled(&self, ids: impl Iterator<Item = i64>) -> Result<Vec<i64>, Fault> {
        let domain = json!([["id", "in", ids.collect::<Vec<_>>()], ["reconciled", "=", true]]);
        let found = self.search("account.move.line/search_read", domain, &["id"]).await?;
        Ok(found.iter().map(value::id).collect())
    }
}
