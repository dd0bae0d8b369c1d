//! How amounts of a foreign currency become amounts of the home currency in a ledger. Systems round at different
//! places, so that the same document may put a cent more on one account in the target than in the source. What each
//! system does is stated in its [`crate::Manifest`], so that the difference can be told to the cent.

use std::collections::BTreeMap;

use carry_model::{
    BankTransaction, Body, Code, Currency, Decimal, Direction, Document, Entity, Fault, Journal, Payment,
    Record, SourceId, Status, checked_sum, round_half_up,
};
use serde::Serialize;

use crate::{Adjustment, AdjustmentKind, Moved};

/// Where a system rounds to the home currency. QuickBooks and Xero do not publish it: what their manifests say is not
/// verified at the real platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HomeRounding {
    /// It does not say.
    Unknown,
    /// Each line, and each payment.
    EachLine,
    /// The sum of a document's lines on an account, and what a payment settles of each document.
    EachAccount,
    /// Each line, together with what rounding left of the lines before it; and each payment.
    Carried,
}

/// What the ledger of the target shows more (debit positive) than that of the source on the accounts that a record
/// names, because the two round to the home currency at different places. What is left over stands on the target's own
/// account for exchange differences. Nothing in the home currency, and where either system does not say.
///
/// # Errors
/// Where an amount leaves the range of a decimal.
pub fn rounding(
    record: &Record,
    home: Currency,
    source: HomeRounding,
    target: HomeRounding,
) -> Result<Vec<Adjustment>, Fault> {
    if source == target {
        return Ok(Vec::new());
    }
    let (Some(before), Some(after)) = (booked(record, home, source)?, booked(record, home, target)?) else {
        return Ok(Vec::new());
    };
    let mut differs = after;
    before.into_iter().try_for_each(|(account, amount)| add(&mut differs, account, -amount))?;
    let differs = differs.into_iter().filter(|(_, by)| !by.is_zero());
    let adjustment = |(account, debit)| {
        Adjustment::new(AdjustmentKind::Rounding, debit, home, WHY).moving(Moved {
            from: None,
            to: Some(account),
            debit,
        })
    };
    Ok(differs.map(adjustment).collect())
}

const WHY: &str = "Source and target round to the home currency at different places.";

type Booked = BTreeMap<SourceId, Decimal>;

fn add(sums: &mut Booked, account: SourceId, amount: Decimal) -> Result<(), Fault> {
    let sum = sums.entry(account).or_default();
    *sum = checked_sum([*sum, amount])?;
    Ok(())
}

/// What a record of a foreign currency books on the accounts that it names.
fn booked(record: &Record, home: Currency, rounding: HomeRounding) -> Result<Option<Booked>, Fault> {
    let (currency, rate) = match &record.body {
        Body::Document(document) => (document.currency, document.rate),
        Body::Payment(payment) => (payment.currency, payment.rate),
        Body::BankTransaction(bank) => (bank.currency, bank.rate),
        Body::Journal(journal) => (journal.currency, journal.rate),
        _ => return Ok(None),
    };
    let Some(rate) = rate.filter(|_| currency != home && rounding != HomeRounding::Unknown) else {
        return Ok(None);
    };
    let mut ledger = Ledger {
        rounding,
        rate,
        digits: home.minor_digits(),
        open: Booked::new(),
        booked: Booked::new(),
        carry: Decimal::ZERO,
    };
    match &record.body {
        Body::Document(document) => ledger.document(record.entity, document)?,
        Body::Payment(payment) => ledger.payment(record.entity, payment)?,
        Body::BankTransaction(bank) => ledger.bank(bank)?,
        // Where lines on an account are summed up, entries are converted before they are sent.
        Body::Journal(_) if rounding == HomeRounding::EachAccount => return Ok(None),
        Body::Journal(journal) => ledger.journal(journal)?,
        _ => {}
    }
    ledger.end().map(Some)
}

/// What one record books.
struct Ledger {
    rounding: HomeRounding,
    rate: Decimal,
    digits: u32,
    /// Amounts by account that are not converted yet.
    open: Booked,
    booked: Booked,
    /// What rounding left of the parts so far, in minor units.
    carry: Decimal,
}

impl Ledger {
    fn document(&mut self, entity: Entity, document: &Document) -> Result<(), Fault> {
        let sign = Decimal::from(entity.line_sign());
        if sign.is_zero() || matches!(document.status, Status::Draft | Status::Voided) {
            return Ok(());
        }
        if let Some(discount) = &document.discount {
            self.part(discount.account.as_ref(), -discount.amount, sign)?;
        }
        for line in &document.lines {
            self.part(line.account.as_ref(), line.net, sign)?;
            self.part(None, line.tax.unwrap_or_default(), sign)?;
        }
        Ok(())
    }

    fn bank(&mut self, bank: &BankTransaction) -> Result<(), Fault> {
        let sign = if bank.direction == Direction::In { -Decimal::ONE } else { Decimal::ONE };
        for line in &bank.lines {
            self.part(Some(&line.account), line.net, sign)?;
            self.part(None, line.tax.unwrap_or_default(), sign)?;
        }
        Ok(())
    }

    fn journal(&mut self, journal: &Journal) -> Result<(), Fault> {
        journal.lines.iter().try_for_each(|line| self.part(Some(&line.account), line.amount, Decimal::ONE))
    }

    fn payment(&mut self, entity: Entity, payment: &Payment) -> Result<(), Fault> {
        let Some(account) = &payment.account else { return Ok(()) };
        let sign = if entity == Entity::Payment { Decimal::ONE } else { -Decimal::ONE };
        let pieces = match self.rounding {
            HomeRounding::EachAccount => pieces(payment)?,
            _ => vec![payment.amount],
        };
        for piece in pieces {
            let home = self.rounded(piece)?;
            add(&mut self.booked, account.clone(), home * sign)?;
        }
        Ok(())
    }

    /// A part of a document; one that no named account bears counts for what rounding leaves.
    fn part(&mut self, account: Option<&SourceId>, amount: Decimal, sign: Decimal) -> Result<(), Fault> {
        match (self.rounding, account) {
            (HomeRounding::Carried, _) => {
                let home = self.carried(amount)?;
                account.map_or(Ok(()), |account| add(&mut self.booked, account.clone(), home * sign))
            }
            (_, None) => Ok(()),
            (HomeRounding::EachAccount, Some(account)) => add(&mut self.open, account.clone(), amount * sign),
            (_, Some(account)) => {
                let home = self.rounded(amount)?;
                add(&mut self.booked, account.clone(), home * sign)
            }
        }
    }

    fn end(mut self) -> Result<Booked, Fault> {
        for (account, amount) in std::mem::take(&mut self.open) {
            let home = self.rounded(amount)?;
            add(&mut self.booked, account, home)?;
        }
        Ok(self.booked)
    }

    fn exact(&self, amount: Decimal) -> Result<Decimal, Fault> {
        amount.checked_mul(self.rate).ok_or_else(|| Fault::new(Code::AmountOutOfRange).field("rate"))
    }

    fn rounded(&self, amount: Decimal) -> Result<Decimal, Fault> {
        Ok(round_half_up(self.exact(amount)?, self.digits))
    }

    /// What is whole stays as it is; what is rounded makes up for what rounding left before.
    fn carried(&mut self, amount: Decimal) -> Result<Decimal, Fault> {
        let exact = self.exact(amount)?;
        if exact == round_half_up(exact, self.digits) {
            return Ok(exact);
        }
        let exact = checked_sum([exact, self.carry])?;
        let rounded = round_half_up(exact, self.digits);
        self.carry = checked_sum([exact, -rounded])?;
        Ok(rounded)
    }
}

/// What a payment comes to for each document that it settles, once credits are used up on the first ones, and what is
/// left of it.
fn pieces(payment: &Payment) -> Result<Vec<Decimal>, Fault> {
    let is_credit = |entity: Entity| matches!(entity.ledger(), Some((_, -1)));
    let (credits, documents): (Vec<_>, Vec<_>) =
        payment.allocations.iter().partition(|allocation| is_credit(allocation.document.entity));
    let mut credits = credits.iter().map(|allocation| allocation.amount).collect::<Vec<_>>();
    let mut pieces = Vec::new();
    for document in documents {
        let mut open = document.amount;
        for credit in &mut credits {
            let part = open.min(*credit);
            (open, *credit) = (checked_sum([open, -part])?, checked_sum([*credit, -part])?);
        }
        pieces.push(open);
    }
    pieces.extend(credits.iter().map(|credit| -credit));
    let rest = checked_sum(pieces.iter().map(|piece| -piece).chain([payment.amount]))?;
    pieces.push(rest);
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use carry_model::{Allocation, Date, Line, RecordKey, parse_plain};

    use super::*;

    fn dec(text: &str) -> Decimal {
        parse_plain(text).unwrap()
    }

    fn told(entity: Entity, body: Body, source: HomeRounding, target: HomeRounding) -> Vec<(String, String)> {
        let record = Record::new(entity, "1", None, body).unwrap();
        let told = rounding(&record, Currency::EUR, source, target).unwrap();
        let moved = told.into_iter().filter_map(|adjustment| adjustment.moved);
        moved.map(|moved| (moved.to.unwrap().to_string(), moved.debit.to_string())).collect()
    }

    fn invoice(nets: &[&str]) -> Body {
        let mut document = Document::new(Date::constant(2026, 1, 31), Currency::USD, dec("2.20"));
        document.rate = Some(dec("0.5"));
        let line = |net: &&str| Line { net: dec(net), account: Some("sales".into()), ..Line::default() };
        document.lines = nets.iter().map(line).collect();
        Body::Document(document.into())
    }

    #[test]
    fn two_lines_on_an_account_are_rounded_once_or_twice() {
        use HomeRounding::{Carried, EachAccount, EachLine, Unknown};
        // 0.505 and 0.505: twice 0.51, or 1.01 together.
        let lines = ["1.01", "1.01"];
        let cent = vec![("sales".to_owned(), "0.01".to_owned())];
        assert_eq!(told(Entity::Invoice, invoice(&lines), EachLine, EachAccount), cent);
        assert_eq!(told(Entity::Invoice, invoice(&lines), EachLine, Carried), cent);
        assert_eq!(told(Entity::Invoice, invoice(&lines), Carried, EachAccount), []);
        assert_eq!(told(Entity::Bill, invoice(&lines), EachLine, EachAccount)[0].1, "-0.01");
        assert_eq!(told(Entity::Invoice, invoice(&["1.01"]), EachLine, EachAccount), []);
        assert_eq!(told(Entity::Estimate, invoice(&lines), EachLine, EachAccount), []);
        assert_eq!(told(Entity::Invoice, invoice(&lines), Unknown, EachAccount), []);
    }

    #[test]
    fn a_payment_of_two_documents_is_one_amount_or_two() {
        let allocation = |entity, id: &str, amount| Allocation {
            document: RecordKey::new(entity, id),
            amount: dec(amount),
        };
        let payment = Payment {
            contact: None,
            date: Date::constant(2026, 1, 31),
            currency: Currency::USD,
            rate: Some(dec("0.5")),
            amount: dec("2.03"),
            account: Some("bank".into()),
            method: None,
            reference: None,
            memo: None,
            allocations: vec![
                allocation(Entity::CreditNote, "c", "1.00"),
                allocation(Entity::Invoice, "a", "2.01"),
                allocation(Entity::Invoice, "b", "1.01"),
            ],
        };
        // 1.01 of a, 1.01 of b, 0.01 left: 0.51 + 0.51 + 0.01, or 1.02.
        let told = told(
            Entity::Payment,
            Body::Payment(payment.into()),
            HomeRounding::EachLine,
            HomeRounding::EachAccount,
        );
        assert_eq!(told, [("bank".to_owned(), "0.01".to_owned())]);
    }
}
