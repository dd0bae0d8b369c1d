//! What a migration of the generated books must find.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::GenerateError;
use crate::money::Minor;

/// Counts and control totals of a generated folder; written to it as `expected.json`, last of all, so that a
/// folder without the file is an unfinished one.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The seed the books were drawn from.
    pub seed: u64,
    /// Rows of `Customers.csv`.
    pub contacts: u64,
    /// Invoices, and so the rows of `Invoices.csv` that carry header fields.
    pub invoices: u64,
    /// Invoice lines: all rows of `Invoices.csv`.
    pub invoice_lines: u64,
    /// Payments: the distinct numbers in `Received Payments.csv`.
    pub payments: u64,
    /// Allocations: all rows of `Received Payments.csv`, one per payment and invoice.
    pub payment_rows: u64,
    /// Payments that settle more than one invoice.
    pub payments_over_several_invoices: u64,
    /// Invoices nothing was received for.
    pub invoices_open: u64,
    /// Invoices a part was received for.
    pub invoices_partly_paid: u64,
    /// Invoices settled in full.
    pub invoices_paid: u64,
    /// Totals by ISO 4217 code, each in that currency.
    pub currencies: BTreeMap<String, Totals>,
}

/// Control totals of one currency, in units of it with two decimals.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Number of invoices.
    pub invoices: u64,
    /// Sum of the line amounts, without tax.
    pub net: Decimal,
    /// Sum of the tax amounts.
    pub tax: Decimal,
    /// Sum of the invoice totals: `net + tax`.
    pub total: Decimal,
    /// Sum of what was received and applied to invoices.
    pub received: Decimal,
    /// What customers still owe: `total - received`.
    pub outstanding: Decimal,
}

impl Expected {
    /// The records a tool that reads customers, invoices and payments counts: one per contact, invoice, invoice
    /// line and payment row.
    pub fn records(&self) -> u64 {
        self.contacts + self.invoices + self.invoice_lines + self.payment_rows
    }

    pub(crate) fn add_invoice(
        &mut self,
        currency: &str,
        net: Minor,
        tax: Minor,
    ) -> Result<(), GenerateError> {
        self.invoices += 1;
        let totals = self.totals(currency);
        totals.invoices += 1;
        totals.net = sum(totals.net, net)?;
        totals.tax = sum(totals.tax, tax)?;
        totals.total = sum(totals.total, net + tax)?;
        totals.outstanding = sum(totals.outstanding, net + tax)?;
        Ok(())
    }

    pub(crate) fn add_allocation(&mut self, currency: &str, amount: Minor) -> Result<(), GenerateError> {
        self.payment_rows += 1;
        let totals = self.totals(currency);
        totals.received = sum(totals.received, amount)?;
        totals.outstanding = sum(totals.outstanding, Minor::default().minus(amount))?;
        Ok(())
    }

    /// The totals of a currency; the key is only made once per currency.
    fn totals(&mut self, currency: &str) -> &mut Totals {
        if !self.currencies.contains_key(currency) {
            self.currencies.insert(currency.to_owned(), Totals::default());
        }
        self.currencies.entry(currency.to_owned()).or_default()
    }
}

fn sum(total: Decimal, amount: Minor) -> Result<Decimal, GenerateError> {
    total.checked_add(amount.decimal()).ok_or(GenerateError::Overflow)
}
