use carry_model::{
    Allocation, BankLine, BankTransaction, Fault, Journal, JournalLine, Money, Payment, RecordKey, Transfer,
};

use super::super::amounts::Written;
use super::super::shape::Table;
use super::super::words::DIRECTIONS;
use super::documents::tracking;
use super::{Fields, Object};

pub(super) fn payment(row: Fields<'_>, object: &Object) -> Result<Payment, Fault> {
    let currency = row.currency("currency")?;
    let written = Written::new(currency, row.opt("exact")?)?;
    let allocation = |part: Result<Fields<'_>, Fault>| {
        let part = part?;
        let written = Written::new(currency, part.opt("exact")?)?;
        Ok(Allocation {
            document: RecordKey::new(part.entity("document_id_kind")?, part.need_reference("document_id")?),
            amount: written.amount("amount", part.need_int("amount_minor")?)?,
        })
    };
    Ok(Payment {
        contact: row.reference("contact_id")?,
        date: row.need_date("date")?,
        currency,
        rate: row.decimal("rate")?,
        amount: written.amount("amount", row.need_int("amount_minor")?)?,
        account: row.reference("account_id")?,
        method: row.reference("payment_method_id")?,
        reference: row.string("reference")?,
        memo: row.string("memo")?,
        allocations: object.parts(Table::Allocations).map(allocation).collect::<Result<_, Fault>>()?,
    })
}

pub(super) fn transfer(row: Fields<'_>) -> Result<Transfer, Fault> {
    let currency = row.currency("currency")?;
    let written = Written::new(currency, row.opt("exact")?)?;
    let received = match (row.int("received_minor")?, row.opt_currency("received_currency")?) {
        (Some(minor), Some(currency)) => {
            Some(Money::new(written.amount_in("received", minor, currency)?, currency))
        }
        _ => None,
    };
    Ok(Transfer {
        date: row.need_date("date")?,
        from: row.need_reference("from_account_id")?,
        to: row.need_reference("to_account_id")?,
        currency,
        amount: written.amount("amount", row.need_int("amount_minor")?)?,
        received,
        rate: row.decimal("rate")?,
        memo: row.string("memo")?,
    })
}

pub(super) fn bank_transaction(row: Fields<'_>, object: &Object) -> Result<BankTransaction, Fault> {
    let currency = row.currency("currency")?;
    let written = Written::new(currency, row.opt("exact")?)?;
    let line = |part: Result<Fields<'_>, Fault>| {
        let part = part?;
        let written = Written::new(currency, part.opt("exact")?)?;
        Ok(BankLine {
            account: part.need_reference("account_id")?,
            net: written.amount("net", part.need_int("net_minor")?)?,
            tax_rate: part.reference("tax_rate_id")?,
            tax: written.opt(part.int("tax_minor")?, "tax")?,
            description: part.string("description")?,
        })
    };
    Ok(BankTransaction {
        date: row.need_date("date")?,
        account: row.need_reference("account_id")?,
        direction: row.word(DIRECTIONS, "direction")?,
        contact: row.reference("contact_id")?,
        currency,
        rate: row.decimal("rate")?,
        total: written.amount("total", row.need_int("total_minor")?)?,
        lines: object.parts(Table::BankTransactionLines).map(line).collect::<Result<_, Fault>>()?,
        memo: row.string("memo")?,
    })
}

pub(super) fn journal(row: Fields<'_>, object: &Object) -> Result<Journal, Fault> {
    let currency = row.currency("currency")?;
    let mut tracking = tracking(object, Table::JournalLineTracking)?;
    let line = |part: Result<Fields<'_>, Fault>| {
        let part = part?;
        let written = Written::new(currency, part.opt("exact")?)?;
        Ok(JournalLine {
            account: part.need_reference("account_id")?,
            amount: written.amount("amount", part.need_int("amount_minor")?)?,
            contact: part.reference("contact_id")?,
            description: part.string("description")?,
            tracking: tracking.remove(&part.need_int("position")?).unwrap_or_default(),
        })
    };
    Ok(Journal {
        date: row.need_date("date")?,
        currency,
        rate: row.decimal("rate")?,
        memo: row.string("memo")?,
        lines: object.parts(Table::JournalLines).map(line).collect::<Result<_, Fault>>()?,
    })
}
