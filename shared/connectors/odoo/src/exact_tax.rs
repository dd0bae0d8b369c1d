//! Drafts made exact: what Odoo worked out is read back and, where it differs, the tax is written by hand.

use std::collections::BTreeMap;

use carry_connector::{Adjustment, AdjustmentKind};
use carry_model::{Code, Decimal, Fault, Reach, checked_sum};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::call::Call;
use crate::document_rows::Prepared;
use crate::load::Outcomes;
use crate::session::Odoo;
use crate::sheet::{Row, line};
use crate::value::{self, Fields, plain};

/// A draft with what it must come to.
pub(crate) struct Draft<'a> {
    pub(crate) id: i64,
    pub(crate) prepared: &'a Prepared,
}

/// A tax line of a draft.
struct TaxLine {
    id: i64,
    /// The tax it came of: the group where there is one.
    tax: i64,
    amount: Decimal,
}

impl Odoo {
    /// Compares each draft with its stated figures and forces the tax where they differ. One answer a draft: what
    /// was forced, or why it cannot be made exact.
    pub(crate) async fn make_exact(
        &self,
        drafts: &[Draft<'_>],
    ) -> Result<Vec<Result<Vec<Adjustment>, Fault>>, Fault> {
        let mut forced: Vec<Vec<Adjustment>> = drafts.iter().map(|_| Vec::new()).collect();
        let off = self.differing(drafts, (0..drafts.len()).collect(), true).await?;
        if !off.is_empty() {
            let wrong: Vec<&Draft<'_>> = off.keys().filter_map(|place| drafts.get(*place)).collect();
            let lines = self.tax_lines(&wrong).await?;
            let mut rows = Vec::new();
            for (place, figures) in &off {
                let Some(draft) = drafts.get(*place) else { continue };
                let own = lines.get(&draft.id).map(Vec::as_slice).unwrap_or_default();
                if let Some((row, adjustments)) = force(draft, figures, own)? {
                    rows.push(row);
                    if let Some(all) = forced.get_mut(*place) {
                        *all = adjustments;
                    }
                }
            }
            let written: Outcomes = self.load("account.move/load", &rows).await?;
            if let Some(fault) =
                written.into_iter().find_map(Result::err).filter(|f| f.reach == Reach::Unknown)
            {
                return Err(fault);
            }
        }
        // A price that holds its tax may split it off by a cent: then the total counts.
        let still_off = self.differing(drafts, off.keys().copied().collect(), false).await?;
        let answer =
            |(place, adjustments): (usize, Vec<Adjustment>)| match (still_off.get(&place), drafts.get(place))
            {
                (Some(figures), Some(draft)) => Err(inexact(draft, figures)),
                _ => Ok(adjustments),
            };
        Ok(forced.into_iter().enumerate().map(answer).collect())
    }

    /// The drafts among these places whose total, and where asked for whose tax, is not as stated.
    async fn differing(
        &self,
        drafts: &[Draft<'_>],
        places: Vec<usize>,
        and_tax: bool,
    ) -> Result<BTreeMap<usize, Figures>, Fault> {
        let chosen: Vec<(usize, &Draft<'_>)> =
            places.iter().filter_map(|place| Some((*place, drafts.get(*place)?))).collect();
        if chosen.is_empty() {
            return Ok(BTreeMap::new());
        }
        let call = Call::read("account.move/read")
            .on(chosen.iter().map(|(_, draft)| draft.id))
            .with("fields", json!(["amount_total", "amount_tax"]));
        let found: FxHashMap<i64, Fields> = value::records(self.call(call).await?)?
            .into_iter()
            .map(|fields| (value::id(&fields), fields))
            .collect();
        let mut off = BTreeMap::new();
        for (place, draft) in chosen {
            let fields = found.get(&draft.id).ok_or_else(|| Fault::new(Code::RecordGone))?;
            let digits = draft.prepared.currency.minor_digits();
            let total = value::amount(fields, "amount_total", digits)?;
            let tax = value::amount(fields, "amount_tax", digits)?;
            let stated = draft
                .prepared
                .taxes
                .as_ref()
                .map(|taxes| checked_sum(taxes.values().copied()))
                .transpose()?;
            if total != draft.prepared.total || (and_tax && stated.is_some_and(|stated| stated != tax)) {
                off.insert(place, Figures { total });
            }
        }
        Ok(off)
    }

    async fn tax_lines(&self, drafts: &[&Draft<'_>]) -> Result<FxHashMap<i64, Vec<TaxLine>>, Fault> {
        let ids: Vec<i64> = drafts.iter().map(|draft| draft.id).collect();
        let domain = json!([["move_id", "in", ids], ["display_type", "=", "tax"]]);
        let fields = ["move_id", "tax_line_id", "group_tax_id", "amount_currency"];
        let mut lines: FxHashMap<i64, Vec<TaxLine>> = FxHashMap::default();
        for found in self.search("account.move.line/search_read", domain, &fields).await? {
            let tax =
                value::reference(&found, "group_tax_id").or_else(|| value::reference(&found, "tax_line_id"));
            if let (Some(document), Some(tax)) = (value::reference(&found, "move_id"), tax) {
                let amount = value::amount(&found, "amount_currency", 6)?;
                lines.entry(document).or_default().push(TaxLine { id: value::id(&found), tax, amount });
            }
        }
        Ok(lines)
    }
}

/// What a draft shows.
struct Figures {
    total: Decimal,
}

fn inexact(draft: &Draft<'_>, figures: &Figures) -> Fault {
    let detail = format!("Odoo makes it {}, the source states {}.", figures.total, draft.prepared.total);
    Fault::new(Code::TargetRefused).reach(Reach::Refused).raw(&detail).detail(detail)
}

/// The row that writes tax lines by hand; None where there is none to write.
fn force(
    draft: &Draft<'_>,
    figures: &Figures,
    lines: &[TaxLine],
) -> Result<Option<(Row, Vec<Adjustment>)>, Fault> {
    // Tax lines of a sale are credits: negative. Lines without amount cannot tell, nor be scaled.
    let Some(largest) = lines.iter().max_by_key(|line| line.amount.abs()) else { return Ok(None) };
    let sign = if largest.amount.is_sign_negative() { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let mut changes: BTreeMap<i64, Decimal> = BTreeMap::new();
    match &draft.prepared.taxes {
        Some(stated) => {
            for (tax, wanted) in stated {
                let own = lines.iter().filter(|line| line.tax == *tax);
                let Some(line) = own.clone().max_by_key(|line| line.amount.abs()) else { continue };
                let shown = checked_sum(own.map(|line| line.amount * sign))?;
                changes.insert(line.id, checked_sum([*wanted, -shown])?);
            }
        }
        None => {
            changes.insert(largest.id, checked_sum([draft.prepared.total, -figures.total])?);
        }
    }
    changes.retain(|_, change| !change.is_zero());
    if changes.is_empty() {
        return Ok(None);
    }
    let mut row = Row::update(draft.id);
    for line_of in lines {
        let Some(change) = changes.get(&line_of.id) else { continue };
        let amount = checked_sum([line_of.amount, *change * sign])?;
        row.push_line(line(
            "line_ids",
            [(".id", line_of.id.to_string()), ("amount_currency", plain(amount)?)],
        ));
    }
    let adjustment = Adjustment::new(
        AdjustmentKind::TaxForced,
        checked_sum(changes.values().copied())?,
        draft.prepared.currency,
        "Odoo worked the tax out otherwise; it was written as the source states it.",
    );
    Ok(Some((row, vec![adjustment])))
}
