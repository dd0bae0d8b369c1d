//! Lists of any length that are held nowhere.

use carry_model::{Code, Currency, Decimal, Entity, Fault, Ledger};
use carry_report::*;

/// Rows made as they are asked for, as a store that reads page by page gives them.
pub(crate) struct Stream {
    /// How many of every list.
    pub(crate) rows: u64,
    /// How many more rejects.
    pub(crate) rejects_more: u64,
    /// Whether each list ends in a fault.
    pub(crate) fails: bool,
}

impl Stream {
    pub(crate) fn of(rows: u64) -> Self {
        Self { rows, rejects_more: 0, fails: false }
    }

    fn each<T: 'static>(&self, rows: u64, make: impl Fn(u64) -> T + 'static) -> Result<Rows<'_, T>, Fault> {
        let end = self.fails.then(|| Err(Fault::new(Code::StagingCorrupt)));
        Ok(Box::new((0..rows).map(move |n| Ok(make(n))).chain(end)))
    }
}

impl ReportRows for Stream {
    fn documents(&self) -> Result<Rows<'_, DocumentBalance>, Fault> {
        self.each(self.rows, |n| {
            super::document(Entity::Invoice, n, "Acme Ltd", Currency::EUR, "10.00", "10.00")
        })
    }

    fn contacts(&self) -> Result<Rows<'_, ContactBalance>, Fault> {
        self.each(self.rows, |n| {
            let mut row =
                super::contact(Ledger::Receivable, &format!("Contact {n}"), Currency::EUR, super::same("1"));
            if n == 4_321 {
                row.balance = Compared::new(super::dec("1"), Decimal::ZERO).unwrap();
            }
            row
        })
    }

    fn adjustments(&self) -> Result<Rows<'_, Adjustment>, Fault> {
        self.each(self.rows, |n| Adjustment {
            entity: Entity::Invoice,
            source_id: n.to_string().into(),
            number: None,
            target_id: None,
            contact: None,
            kind: AdjustmentKind::AdjustmentLine,
            amount: super::money("0.01", Currency::EUR),
            why: "Rounding.".into(),
            moved: None,
        })
    }

    fn rejects(&self) -> Result<Rows<'_, RejectRow>, Fault> {
        self.each(self.rows + self.rejects_more, |n| {
            // The last cause appears only after the page is full of the first.
            let code = if n < 8_990 { Code::AmountUnreadable } else { Code::DateUnreadable };
            let reject = carry_model::Reject {
                entity: Entity::Invoice,
                id: Some(n.to_string().into()),
                number: None,
                place: carry_model::Place::default(),
                fault: Fault::new(code).text("x".repeat(390)),
                raw: String::new(),
            };
            RejectRow::new(Outcome::Failed, &reject)
        })
    }

    fn crosswalk(&self) -> Result<Rows<'_, CrosswalkRow>, Fault> {
        self.each(self.rows, |n| CrosswalkRow {
            entity: Entity::Invoice,
            source_id: n.to_string().into(),
            source_number: Some(format!("{n:06}")),
            target_id: n.to_string().into(),
            target_number: Some(format!("{n:06}")),
            note: None,
        })
    }

    fn vanished(&self) -> Result<Rows<'_, VanishedRow>, Fault> {
        self.each(self.rows, |n| VanishedRow {
            entity: Entity::Invoice,
            source_id: n.to_string().into(),
            number: None,
            target_id: None,
            amount: None,
            action: "left as it is".into(),
        })
    }
}
