//! Invoices with their lines, in the order of their numbers.

use std::collections::VecDeque;
use std::fmt;

use jiff::civil::Date;

use crate::calendar::{issued_on, later, rate_millionths};
use crate::catalog::{ITEMS, Item};
use crate::customers::Customers;
use crate::draw::{Draw, Stream, at};
use crate::error::GenerateError;
use crate::expected::Expected;
use crate::money::Minor;
use crate::table::Table;
use crate::words::{LINE_NOTES, LOCATIONS, MEMOS};

/// Columns of QuickBooks Online's invoice import, with the two of a company that uses several currencies.
pub(crate) const HEADER: &[&str] = &[
    "*InvoiceNo",
    "*Customer",
    "*InvoiceDate",
    "*DueDate",
    "Terms",
    "Location",
    "Memo",
    "Item(Product/Service)",
    "ItemDescription",
    "ItemQuantity",
    "ItemRate",
    "*ItemAmount",
    "*ItemTaxCode",
    "ItemTaxAmount",
    "Currency",
    "Exchange Rate",
    "Service Date",
];

/// Lines per invoice over ten neighbouring invoices: three on average, exactly.
const LINES: &[u64] = &[1, 2, 3, 4, 5, 3, 2, 6, 1, 3];
/// How many customers back a follow-up invoice may reach.
const RECENT_CUSTOMERS: usize = 32;
const TERMS: &[(&str, u32)] =
    &[("Net 30", 30), ("Net 30", 30), ("Net 15", 15), ("Net 60", 60), ("Due on receipt", 0)];

/// What settling an invoice needs to know of it.
pub(crate) struct Issued {
    pub(crate) index: u64,
    pub(crate) customer: u64,
    pub(crate) date: Date,
    pub(crate) total: Minor,
}

/// The number of the invoice at `index`, with the leading zeros that a migration must keep.
pub(crate) struct Number(pub(crate) u64);

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:07}", self.0 + 1)
    }
}

/// Issues the invoices one after the other.
pub(crate) struct InvoiceBook {
    table: Table,
    customers: Customers,
    count: u64,
    recent: VecDeque<u64>,
    name: String,
}

struct Line {
    item: Item,
    hundredths: u32,
    rate: Minor,
    net: Minor,
    tax_code: &'static str,
    tax: Minor,
}

impl InvoiceBook {
    pub(crate) fn new(table: Table, customers: Customers, count: u64) -> Self {
        Self { table, customers, count, recent: VecDeque::new(), name: String::new() }
    }

    /// Writes the invoice at `index` and adds it to what is expected.
    pub(crate) fn issue(&mut self, index: u64, expected: &mut Expected) -> Result<Issued, GenerateError> {
        let mut draw = Draw::new(self.customers.seed, Stream::Invoice, index);
        let customer = self.customer(&mut draw);
        let currency = Customers::currency(customer);
        let date = issued_on(index, self.count);
        let shift = Draw::new(self.customers.seed, Stream::Invoice, self.count + index / 10).below(10);
        let (mut net, mut tax) = (Minor::default(), Minor::default());
        for place in 0..at(LINES, index + shift) {
            let line = Line::drawn(currency, &mut draw);
            (net, tax) = (net + line.net, tax + line.tax);
            self.table.show(Number(index));
            if place == 0 {
                self.header_fields(customer, date, &mut draw);
            } else {
                self.table.blank(6);
            }
            self.line_fields(&line, &mut draw);
            if place == 0 {
                let rate = rate_millionths(self.customers.seed, currency, date);
                self.table.text(currency).show(Rate(rate));
            } else {
                self.table.blank(2);
            }
            match draw.in_thousand(600) {
                true => self.table.date(date),
                false => self.table.blank(1),
            };
            self.table.end_row()?;
            expected.invoice_lines += 1;
        }
        expected.add_invoice(currency, net, tax)?;
        Ok(Issued { index, customer, date, total: net + tax })
    }

    pub(crate) fn finish(self) -> Result<(), GenerateError> {
        self.table.finish()
    }

    /// Three invoices in ten go to somebody who was invoiced shortly before, so that there are customers who
    /// owe several invoices at once.
    fn customer(&mut self, draw: &mut Draw) -> u64 {
        let follow_up = draw.in_thousand(300);
        let back = usize::try_from(draw.below(self.recent.len() as u64)).unwrap_or(0);
        if let (true, Some(&customer)) = (follow_up, self.recent.get(back)) {
            return customer;
        }
        let customer = draw.below(self.customers.count);
        if self.recent.len() == RECENT_CUSTOMERS {
            self.recent.pop_front();
        }
        self.recent.push_back(customer);
        customer
    }

    fn header_fields(&mut self, customer: u64, date: Date, draw: &mut Draw) {
        self.customers.name_into(customer, &mut self.name);
        let (terms, days) = draw.pick(TERMS);
        self.table.text(&self.name).date(date).date(later(date, days)).text(terms);
        self.table.text(draw.pick(LOCATIONS));
        match draw.below(10) {
            0..3 => self.table.blank(1),
            3..6 => self.table.show(format_args!("PO {}", draw.between(10_000, 99_999))),
            _ => self.table.text(draw.pick(MEMOS)),
        };
    }

    fn line_fields(&mut self, line: &Line, draw: &mut Draw) {
        self.table.text(line.item.name);
        match draw.in_thousand(700) {
            true => self.table.show(format_args!("{}, {}", line.item.description, draw.pick(LINE_NOTES))),
            false => self.table.text(line.item.description),
        };
        self.table.show(Quantity(line.hundredths)).amount(line.rate).amount(line.net);
        self.table.text(line.tax_code).amount(line.tax);
    }
}

impl Line {
    fn drawn(currency: &str, draw: &mut Draw) -> Self {
        let item = draw.pick(ITEMS);
        let hundredths = if item.divisible { draw.between(2, 120) * 25 } else { draw.between(1, 12) * 100 };
        // One line in six is sold off the list price.
        let rate = match draw.below(6) {
            0 => item.price.basis_points(draw.between(8_500, 11_500)),
            _ => item.price,
        };
        let net = Minor::times_hundredths(rate, hundredths);
        let (tax_code, points) = match (currency, item.taxable) {
            ("CAD", true) => ("HST ON", 1_300),
            ("CAD", false) => ("GST", 500),
            (_, true) => ("TAX", 825),
            (_, false) => ("NON", 0),
        };
        Self { item, hundredths, rate, net, tax_code, tax: net.basis_points(points) }
    }
}

/// A quantity in hundredths, shown without the zeros it does not need.
struct Quantity(u32);

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, rest) = (self.0 / 100, self.0 % 100);
        match (rest, rest % 10) {
            (0, _) => write!(out, "{units}"),
            (_, 0) => write!(out, "{units}.{}", rest / 10),
            _ => write!(out, "{units}.{rest:02}"),
        }
    }
}

/// An exchange rate in millionths: `1`, or four decimals.
pub(crate) struct Rate(pub(crate) u64);

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1_000_000 => out.write_str("1"),
            rate => write!(out, "{}.{:04}", rate / 1_000_000, rate % 1_000_000 / 100),
        }
    }
}
