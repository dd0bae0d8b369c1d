//! Payments received: four invoices in five are paid, one in ten of those only in part; some payments settle
//! several invoices of their customer, some invoices take two payments.

use std::collections::VecDeque;

use jiff::civil::Date;

use crate::calendar::{later, rate_millionths};
use crate::catalog::deposit_account;
use crate::customers::Customers;
use crate::draw::{Draw, Stream};
use crate::error::GenerateError;
use crate::expected::Expected;
use crate::invoices::{Issued, Number, Rate};
use crate::money::Minor;
use crate::table::Table;
use crate::words::{PAYMENT_MEMOS, PAYMENT_METHODS};

/// One row per payment and invoice; a payment over several invoices repeats its number, and each row states
/// the amount applied to its own invoice.
pub(crate) const HEADER: &[&str] = &[
    "Receive Payment #",
    "Payment Date",
    "Reference No.",
    "Customer",
    "Payment Method",
    "Memo",
    "Deposit To",
    "Invoice Apply",
    "Amount Received",
    "Currency",
    "Exchange Rate",
];

/// How many invoices wait to be settled together with another one of their customer. It bounds the memory.
const WINDOW: usize = 64;
const UNPAID_IN_1000: u64 = 200;
const PARTLY_PAID_IN_1000: u64 = 80;
const TOGETHER_IN_1000: u64 = 500;
const INSTALMENTS_IN_1000: u64 = 40;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Partly,
    Full,
}

/// Receives the payments for the invoices as they are issued.
pub(crate) struct PaymentBook {
    table: Table,
    customers: Customers,
    waiting: VecDeque<(Issued, Fate)>,
    name: String,
}

impl PaymentBook {
    pub(crate) fn new(table: Table, customers: Customers) -> Self {
        Self { table, customers, waiting: VecDeque::with_capacity(WINDOW + 1), name: String::new() }
    }

    /// Takes note of an invoice; settles the one that has waited longest once the window is full.
    pub(crate) fn note(&mut self, issued: Issued, expected: &mut Expected) -> Result<(), GenerateError> {
        let chance = Draw::new(self.customers.seed, Stream::Payment, issued.index).below(1000);
        let fate = if chance < UNPAID_IN_1000 {
            expected.invoices_open += 1;
            Fate::Open
        } else if chance < UNPAID_IN_1000 + PARTLY_PAID_IN_1000 {
            expected.invoices_partly_paid += 1;
            Fate::Partly
        } else {
            expected.invoices_paid += 1;
            Fate::Full
        };
        if fate != Fate::Open {
            self.waiting.push_back((issued, fate));
        }
        if self.waiting.len() > WINDOW { self.settle_oldest(expected) } else { Ok(()) }
    }

    /// Settles every invoice that still waits and completes the file.
    pub(crate) fn finish(mut self, expected: &mut Expected) -> Result<(), GenerateError> {
        while !self.waiting.is_empty() {
            self.settle_oldest(expected)?;
        }
        self.table.finish()
    }

    fn settle_oldest(&mut self, expected: &mut Expected) -> Result<(), GenerateError> {
        let Some((oldest, fate)) = self.waiting.pop_front() else { return Ok(()) };
        let mut draw = Draw::new(!self.customers.seed, Stream::Payment, oldest.index);
        if fate == Fate::Partly {
            let part = oldest.total.basis_points(draw.between(2_000, 8_000));
            return self.receive(oldest.customer, oldest.date, &[(oldest.index, part)], &mut draw, expected);
        }
        if draw.in_thousand(INSTALMENTS_IN_1000) {
            return self.receive_twice(&oldest, &mut draw, expected);
        }
        let mut applied = vec![(oldest.index, oldest.total)];
        let mut date = oldest.date;
        if draw.in_thousand(TOGETHER_IN_1000) {
            let customer = oldest.customer;
            self.waiting.retain(|(other, fate)| {
                let together = other.customer == customer && *fate == Fate::Full;
                if together {
                    applied.push((other.index, other.total));
                    date = other.date;
                }
                !together
            });
        }
        self.receive(oldest.customer, date, &applied, &mut draw, expected)
    }

    fn receive_twice(
        &mut self,
        invoice: &Issued,
        draw: &mut Draw,
        expected: &mut Expected,
    ) -> Result<(), GenerateError> {
        let first = invoice.total.basis_points(5_000);
        let second = invoice.total.minus(first);
        self.receive(invoice.customer, invoice.date, &[(invoice.index, first)], draw, expected)?;
        self.receive(invoice.customer, later(invoice.date, 60), &[(invoice.index, second)], draw, expected)
    }

    /// Writes one payment with its allocations: invoice index and the amount applied to it.
    fn receive(
        &mut self,
        customer: u64,
        after: Date,
        applied: &[(u64, Minor)],
        draw: &mut Draw,
        expected: &mut Expected,
    ) -> Result<(), GenerateError> {
        let currency = Customers::currency(customer);
        let date = later(after, draw.between(1, 55));
        let rate = rate_millionths(self.customers.seed, currency, date);
        let (method, memo) = (draw.pick(PAYMENT_METHODS), draw.pick(PAYMENT_MEMOS));
        let reference = draw.between(1_000, 99_999);
        expected.payments += 1;
        expected.payments_over_several_invoices += u64::from(applied.len() > 1);
        self.customers.name_into(customer, &mut self.name);
        for (invoice, amount) in applied {
            self.table.show(format_args!("P{:06}", expected.payments)).date(date);
            match method {
                "Check" => self.table.show(format_args!("CHK {reference}")),
                "Cash" => self.table.blank(1),
                _ => self.table.show(reference),
            };
            self.table.text(&self.name).text(method).text(memo).text(deposit_account(currency));
            self.table.show(Number(*invoice)).amount(*amount).text(currency).show(Rate(rate));
            self.table.end_row()?;
            expected.add_allocation(currency, *amount)?;
        }
        Ok(())
    }
}
