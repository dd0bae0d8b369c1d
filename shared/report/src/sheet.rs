//! CSV: UTF-8 with a byte order mark (spreadsheets take it for the local code page otherwise), comma, CRLF.

use std::borrow::Cow;
use std::io::Write;

use carry_model::{Code, Currency, Decimal, Fault, Ledger, Money};

use crate::format::plain;
use crate::verdict::sums;
use crate::{
    Adjustment, Compared, ContactBalance, ControlTotal, CrosswalkRow, DocumentBalance, LedgerTotal,
    NotCarried, RejectRow, Report, Table, VanishedRow,
};

/// A failure of the caller's writer.
pub(crate) fn unwritable(cause: impl std::fmt::Display) -> Fault {
    Fault::new(Code::FileUnreadable).detail("The report could not be written.").caused_by(cause)
}

/// A spreadsheet runs a cell that begins with one of these as a formula, unless it is a number.
fn guarded(text: &str) -> Cow<'_, str> {
    const STARTERS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    if text.starts_with(STARTERS) && !is_number(text) { format!("'{text}").into() } else { text.into() }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A file being written, field by field; a row of the wrong length is an error.
pub(crate) struct Sheet<'w> {
    writer: csv::Writer<Box<dyn Write + 'w>>,
    row: csv::StringRecord,
}

impl<'w> Sheet<'w> {
    pub(crate) fn new(table: Table, mut out: Box<dyn Write + 'w>) -> Result<Self, Fault> {
        out.write_all("\u{feff}".as_bytes()).map_err(unwritable)?;
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let mut sheet = Self { writer, row: csv::StringRecord::new() };
        table.columns().iter().for_each(|column| sheet.row.push_field(column));
        sheet.end()?;
        Ok(sheet)
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.writer.write_record(&self.row).map_err(unwritable)?;
        self.row.clear();
        Ok(())
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.row.push_field(&guarded(text));
        self
    }

    fn maybe<T: AsText>(&mut self, text: Option<&T>) -> &mut Self {
        self.text(text.map_or("", AsText::as_text))
    }

    fn number(&mut self, n: u64) -> &mut Self {
        self.row.push_field(&n.to_string());
        self
    }

    fn amount(&mut self, amount: Decimal, currency: Currency) -> &mut Self {
        self.row.push_field(&plain(amount, currency));
        self
    }

    fn money(&mut self, money: Option<Money>) -> &mut Self {
        match money {
            Some(money) => self.amount(money.amount, money.currency).text(money.currency.code()),
            None => self.text("").text(""),
        }
    }

    fn compared(&mut self, compared: Option<Compared>, currency: Option<Currency>) -> &mut Self {
        let Some((compared, currency)) = compared.zip(currency) else {
            return self.text("").text("").text("").text("");
        };
        self.amount(compared.before(), currency)
            .amount(compared.not_carried(), currency)
            .amount(compared.after(), currency)
            .amount(compared.difference(), currency)
    }

    /// Of a document, which is carried whole or not at all.
    fn before_after(&mut self, compared: Compared, currency: Currency) -> &mut Self {
        self.amount(compared.before(), currency)
            .amount(compared.after(), currency)
            .amount(compared.difference(), currency)
    }

    /// Adds a line.
    pub(crate) fn row<T>(&mut self, row: &T, cells: impl Fn(&mut Self, &T)) -> Result<(), Fault> {
        cells(self, row);
        self.end()
    }

    /// Writes out what is left.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        self.writer.flush().map_err(unwritable)
    }

    fn rows<T>(
        mut self,
        rows: impl IntoIterator<Item = Result<T, Fault>>,
        cells: impl Fn(&mut Self, &T),
    ) -> Result<(), Fault> {
        for row in rows {
            self.row(&row?, &cells)?;
        }
        self.finish()
    }
}

trait AsText {
    fn as_text(&self) -> &str;
}

impl AsText for String {
    fn as_text(&self) -> &str {
        self
    }
}

impl AsText for carry_model::SourceId {
    fn as_text(&self) -> &str {
        self.as_str()
    }
}

impl AsText for carry_model::TargetId {
    fn as_text(&self) -> &str {
        self.as_str()
    }
}

pub(crate) const fn ledger_name(ledger: Ledger) -> &'static str {
    match ledger {
        Ledger::Receivable => "receivable",
        Ledger::Payable => "payable",
    }
}

/// Writes one table whole.
pub(crate) fn write(report: &Report<'_>, table: Table, out: &mut dyn Write) -> Result<(), Fault> {
    let sheet = Sheet::new(table, Box::new(out))?;
    let run = report.run;
    match table {
        Table::Summary => sheet.rows(run.summary.iter().map(Ok), |s, row| {
            s.text(row.entity.name());
            let counts = [row.available, row.migrated, row.updated, row.unchanged, row.skipped, row.failed];
            counts.into_iter().chain([row.not_selected, row.removed]).for_each(|n| {
                s.number(n);
            });
        }),
        Table::Ledgers => sheet.rows(report.digest.tally.ledgers.iter().map(Ok), |s, row| ledger(s, row)),
        Table::Contacts => sheet.rows(report.rows.contacts()?, contact),
        Table::Documents => sheet.rows(report.rows.documents()?, document),
        Table::ControlTotals => {
            sheet.rows(run.reconciliation.control_totals.iter().map(Ok), |s, row| control_total(s, row))
        }
        Table::Clearing => sheet.rows(run.reconciliation.clearing.iter().map(Ok), |s, row| {
            let money = row.balance;
            s.text(&row.account).text(money.currency.code()).amount(money.amount, money.currency);
        }),
        Table::Adjustments => sheet.rows(report.rows.adjustments()?, adjustment),
        Table::Rejects => sheet.rows(report.rows.rejects()?, reject),
        Table::NotCarried => sheet.rows(not_carried(&run.not_carried)?.into_iter().map(Ok), not_carried_row),
        Table::Findings => sheet.rows(run.findings.iter().map(Ok), |s, row| {
            s.text(row.kind.label()).text(&row.file).maybe(row.column.as_ref()).text(&row.text);
        }),
        Table::Vanished => sheet.rows(report.rows.vanished()?, vanished),
        Table::Crosswalk => sheet.rows(report.rows.crosswalk()?, crosswalk),
        Table::Stages => sheet.rows(run.stages.iter().map(Ok), |s, row| {
            s.text(&row.stage).number(row.records).number(row.duration_ms);
        }),
    }
}

fn ledger(s: &mut Sheet<'_>, row: &LedgerTotal) {
    s.text(ledger_name(row.ledger)).text(row.currency.code()).number(row.contacts);
    s.compared(Some(row.balance), Some(row.currency));
}

pub(crate) fn contact(s: &mut Sheet<'_>, row: &ContactBalance) {
    s.text(ledger_name(row.ledger))
        .text(&row.contact)
        .maybe(row.source_id.as_ref())
        .maybe(row.target_id.as_ref());
    s.text(row.currency.code()).compared(Some(row.balance), Some(row.currency));
}

pub(crate) fn document(s: &mut Sheet<'_>, row: &DocumentBalance) {
    let date = row.date.map(|date| date.to_string());
    s.text(row.entity.name())
        .text(row.source_id.as_str())
        .maybe(row.number.as_ref())
        .maybe(row.target_id.as_ref());
    s.maybe(row.contact.as_ref()).maybe(date.as_ref()).text(row.currency.code());
    s.before_after(row.total, row.currency).before_after(row.outstanding, row.currency);
    s.text(match (row.missing, row.agrees()) {
        (true, _) => "missing",
        (false, true) => "equal",
        (false, false) => "different",
    });
}

fn control_total(s: &mut Sheet<'_>, row: &ControlTotal) {
    s.text(row.entity.name()).text(row.currency.as_ref().map_or("", Currency::code));
    s.number(row.records.before).number(row.records.not_carried).number(row.records.after);
    s.compared(row.total, row.currency).compared(row.outstanding, row.currency);
}

pub(crate) fn adjustment(s: &mut Sheet<'_>, row: &Adjustment) {
    s.text(row.entity.name())
        .text(row.source_id.as_str())
        .maybe(row.number.as_ref())
        .maybe(row.target_id.as_ref());
    s.maybe(row.contact.as_ref()).text(row.kind.label()).money(Some(row.amount)).text(&row.why);
    let moved = row.moved.as_ref();
    s.maybe(moved.and_then(|moved| moved.from.as_ref())).maybe(moved.and_then(|moved| moved.to.as_ref()));
    s.money(moved.map(|moved| moved.debit)).money(moved.map(|moved| moved.home));
}

pub(crate) fn reject(s: &mut Sheet<'_>, row: &RejectRow) {
    s.text(row.outcome.label())
        .text(row.entity.name())
        .maybe(row.source_id.as_ref())
        .maybe(row.number.as_ref());
    s.maybe(row.contact.as_ref()).money(row.amount).text(&row.place.file);
    for line in [row.place.line, row.place.last_line] {
        // A line of 0 means that the source has no lines.
        let line = (line > 0).then(|| line.to_string());
        s.maybe(line.as_ref());
    }
    s.text(&row.column).text(&row.text).text(row.code.id());
    s.text(&row.sentence).text(&row.remedy).text(&row.raw_message);
}

/// One line per row and currency, so that a spreadsheet can add up a column.
struct NotCarriedLine<'a> {
    row: &'a NotCarried,
    /// 0 on a row's second and later currencies: the records are counted once.
    count: u64,
    currency: Option<Currency>,
    total: Option<Decimal>,
    outstanding: Option<Decimal>,
}

fn not_carried(rows: &[NotCarried]) -> Result<Vec<NotCarriedLine<'_>>, Fault> {
    let mut lines = Vec::new();
    for row in rows {
        let (totals, open) = (sums(row.totals.iter())?, sums(row.outstanding.iter())?);
        let mut currencies: Vec<Currency> = totals.iter().chain(&open).map(|money| money.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let of =
            |amounts: &[Money], currency| amounts.iter().find(|m| m.currency == currency).map(|m| m.amount);
        if currencies.is_empty() {
            lines.push(NotCarriedLine {
                row,
                count: row.count,
                currency: None,
                total: None,
                outstanding: None,
            });
        }
        for (index, currency) in currencies.into_iter().enumerate() {
            lines.push(NotCarriedLine {
                row,
                count: if index == 0 { row.count } else { 0 },
                currency: Some(currency),
                total: of(&totals, currency),
                outstanding: of(&open, currency),
            });
        }
    }
    Ok(lines)
}

fn not_carried_row(s: &mut Sheet<'_>, line: &NotCarriedLine<'_>) {
    s.text(line.row.entity.name()).text(&line.row.what).number(line.count);
    s.text(line.currency.as_ref().map_or("", Currency::code));
    for amount in [line.total, line.outstanding] {
        let amount = amount.zip(line.currency).map(|(amount, currency)| plain(amount, currency));
        s.maybe(amount.as_ref());
    }
    s.text(&line.row.why);
}

pub(crate) fn vanished(s: &mut Sheet<'_>, row: &VanishedRow) {
    s.text(row.entity.name())
        .text(row.source_id.as_str())
        .maybe(row.number.as_ref())
        .maybe(row.target_id.as_ref());
    s.money(row.amount).text(&row.action);
}

pub(crate) fn crosswalk(s: &mut Sheet<'_>, row: &CrosswalkRow) {
    s.text(row.entity.name()).text(row.source_id.as_str()).maybe(row.source_number.as_ref());
    s.text(row.target_id.as_str()).maybe(row.target_number.as_ref()).maybe(row.note.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_numbers_left_alone() {
        for text in [
            "=HYPERLINK(\"x\")",
            "+49 30 1234",
            "-cmd|' /C calc'!A0",
            "@SUM(1)",
            "\t=1",
            "-",
            "+",
            "=1+1",
            "-1e5",
            "＝1",
        ] {
            assert_eq!(guarded(text), format!("'{text}"), "{text}");
        }
        for text in ["-12.50", "+3", "00042", "Acme - Ltd", "", "-0", "a=b"] {
            assert_eq!(guarded(text), text);
        }
    }
}
