//! What GnuCash's engine makes of the entries of a document: net per entry, tax per tax account.
//!
//! The rules are those of the engine's entry and invoice computation, verified against figures that the engine
//! itself gave: every step is exact; the net of an entry is rounded once, to the currency's smallest unit, halves
//! away from zero; taxes are added up unrounded per tax account over the whole document and rounded once.

use std::collections::BTreeMap;

use carry_model::{Code, Fault};

use super::exact::{Exact, sum};
use super::profile::{AmountKind, TaxTable};

/// When a discount is taken, relative to tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiscountHow {
    /// Before tax; tax is charged on the rest.
    PreTax,
    /// On the price before tax, but tax is charged on the full price.
    SameTime,
    /// On the price with tax; tax is charged on the full price.
    PostTax,
}

/// An entry as the book states it, with the sign it is stored with (credit notes: negative quantities).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) quantity: Exact,
    pub(crate) price: Exact,
    pub(crate) discount: Exact,
    pub(crate) discount_kind: AmountKind,
    pub(crate) discount_how: DiscountHow,
    /// None where the entry is not taxable.
    pub(crate) tax: Option<&'a TaxTable>,
    pub(crate) tax_included: bool,
}

/// What an entry comes to.
#[derive(Debug)]
pub(crate) struct Computed<'a> {
    /// After discount and before tax, rounded.
    pub(crate) net: Exact,
    /// The discount in money, rounded.
    pub(crate) discount: Exact,
    /// Before discount and tax, exact.
    pub(crate) before_discount: Exact,
    /// Tax per tax account, exact.
    pub(crate) taxes: Vec<(&'a str, Exact)>,
}

/// Per cent and fixed amount of a whole tax table.
fn rates(table: Option<&TaxTable>) -> Result<(Exact, Exact), Fault> {
    let of = |kind| {
        let entries =
            table.into_iter().flat_map(|table| &table.entries).filter(move |entry| entry.kind == kind);
        sum(entries.map(super::profile::TaxEntry::amount).collect::<Result<Vec<_>, _>>()?)
    };
    Ok((of(AmountKind::Percent)?.over(Exact::HUNDRED)?, of(AmountKind::Value)?))
}

/// Computes an entry; `fraction` is the number of smallest units in one unit of the document's currency.
pub(crate) fn compute<'a>(entry: &Entry<'a>, fraction: i64) -> Result<Computed<'a>, Fault> {
    let (rate, fixed) = rates(entry.tax)?;
    let aggregate = entry.quantity.times(entry.price)?;
    let pretax = match entry.tax {
        Some(_) if entry.tax_included => aggregate.minus(fixed)?.over(Exact::ONE.plus(rate)?)?,
        _ => aggregate,
    };
    let discount = match (entry.discount_kind, entry.discount_how) {
        (AmountKind::Value, _) => entry.discount,
        (AmountKind::Percent, DiscountHow::PreTax | DiscountHow::SameTime) => {
            pretax.times(entry.discount)?.over(Exact::HUNDRED)?
        }
        (AmountKind::Percent, DiscountHow::PostTax) => {
            let after_tax = pretax.plus(pretax.times(rate)?)?.plus(fixed)?;
            after_tax.times(entry.discount)?.over(Exact::HUNDRED)?
        }
    };
    let net = pretax.minus(discount)?;
    let taxed = if entry.discount_how == DiscountHow::PreTax { net } else { pretax };
    let mut taxes = Vec::new();
    for tax in entry.tax.into_iter().flat_map(|table| &table.entries) {
        let amount = match tax.kind {
            AmountKind::Value => tax.amount()?,
            AmountKind::Percent => taxed.times(tax.amount()?)?.over(Exact::HUNDRED)?,
        };
        taxes.push((tax.account.as_str(), amount));
    }
    let discount = discount.rounded(fraction)?;
    Ok(Computed { net: net.rounded(fraction)?, discount, before_discount: pretax, taxes })
}

/// Tax of a document per tax table: what GnuCash books per tax account, shared out to the tables that caused it.
///
/// `parts` are (tax table, tax account, exact tax). Each account's total is rounded once; where several tables
/// share an account, each gets its own rounded part and the largest the odd cent.
pub(crate) fn share_taxes<'a>(
    parts: &[(&'a str, &'a str, Exact)],
    fraction: i64,
) -> Result<BTreeMap<&'a str, Exact>, Fault> {
    let mut accounts: BTreeMap<&str, BTreeMap<&str, Exact>> = BTreeMap::new();
    for (table, account, amount) in parts {
        let cell = accounts.entry(account).or_default().entry(table).or_insert(Exact::ZERO);
        *cell = cell.plus(*amount)?;
    }
    let mut tables: BTreeMap<&str, Exact> = BTreeMap::new();
    for shares in accounts.values() {
        let mut rest = sum(shares.values().copied())?.rounded(fraction)?;
        let largest = shares.iter().max_by_key(|(_, amount)| amount.abs()).map(|(table, _)| *table);
        let largest = largest.ok_or_else(|| Fault::new(Code::Bug).detail("a tax account without a tax"))?;
        for (table, amount) in shares.iter().filter(|(table, _)| **table != largest) {
            let amount = amount.rounded(fraction)?;
            rest = rest.minus(amount)?;
            add(&mut tables, table, amount)?;
        }
        add(&mut tables, largest, rest)?;
    }
    Ok(tables)
}

fn add<'a>(tables: &mut BTreeMap<&'a str, Exact>, table: &'a str, amount: Exact) -> Result<(), Fault> {
    let cell = tables.entry(table).or_insert(Exact::ZERO);
    *cell = cell.plus(amount)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::profile::TaxEntry;
    use super::*;

    fn cents(num: i64) -> Exact {
        Exact::new(num, 100).unwrap()
    }

    fn table(entries: &[(&str, i64, AmountKind)]) -> TaxTable {
        let entry = |(account, hundredths, kind): &(&str, i64, AmountKind)| TaxEntry {
            account: (*account).into(),
            num: *hundredths,
            denom: 100,
            kind: *kind,
        };
        TaxTable { name: "t".into(), parent: None, entries: entries.iter().map(entry).collect() }
    }

    fn entry(price: i64, tax: Option<&TaxTable>) -> Entry<'_> {
        Entry {
            quantity: Exact::ONE,
            price: cents(price),
            discount: Exact::ZERO,
            discount_kind: AmountKind::Percent,
            discount_how: DiscountHow::PreTax,
            tax,
            tax_included: false,
        }
    }

    fn total(entries: &[Entry<'_>]) -> (Exact, Exact) {
        let computed: Vec<_> = entries.iter().map(|entry| compute(entry, 100).unwrap()).collect();
        let parts: Vec<_> =
            computed.iter().flat_map(|c| c.taxes.iter().map(|(a, t)| ("t", *a, *t))).collect();
        let taxes = share_taxes(&parts, 100).unwrap();
        (sum(computed.iter().map(|c| c.net)).unwrap(), sum(taxes.values().copied()).unwrap())
    }

    #[test]
    fn tax_is_rounded_once_per_account() {
        let eight = table(&[("tax", 825, AmountKind::Percent)]);
        assert_eq!(total(&[entry(1000, Some(&eight))]), (cents(1000), cents(83)));
        let five = table(&[("tax", 500, AmountKind::Percent)]);
        let small = || Entry { price: cents(10), ..entry(10, Some(&five)) };
        assert_eq!(total(&[small(), small(), small()]), (cents(30), cents(2)));
    }

    #[test]
    fn included_tax_is_taken_out_exactly() {
        let seven = table(&[("tax", 700, AmountKind::Percent)]);
        let line = || Entry { tax_included: true, ..entry(1000, Some(&seven)) };
        assert_eq!(total(&[line(), line(), line()]), (cents(2805), cents(196)), "30.01, as GnuCash posts it");
    }

    #[test]
    fn discounts_are_taken_before_with_and_after_tax() {
        let ten = table(&[("tax", 1000, AmountKind::Percent)]);
        let with = |how| Entry {
            discount: Exact::HUNDRED.over(cents(1000)).unwrap(),
            discount_how: how,
            ..entry(10000, Some(&ten))
        };
        assert_eq!(total(&[with(DiscountHow::PreTax)]), (cents(9000), cents(900)));
        assert_eq!(total(&[with(DiscountHow::SameTime)]), (cents(9000), cents(1000)));
        assert_eq!(total(&[with(DiscountHow::PostTax)]), (cents(8900), cents(1000)));
        let value =
            Entry { discount: cents(1234), discount_kind: AmountKind::Value, ..with(DiscountHow::PreTax) };
        assert_eq!(total(&[value]), (cents(8766), cents(877)));
    }

    #[test]
    fn tables_that_share_an_account_add_up_to_its_rounded_total() {
        let part = |table, num| (table, "vat", Exact::new(num, 1000).unwrap());
        let shares = share_taxes(&[part("a", 1004), part("b", 2004), part("c", 3004)], 100).unwrap();
        assert_eq!(sum(shares.values().copied()).unwrap(), cents(601));
        assert_eq!(shares["c"], cents(301));
    }
}
