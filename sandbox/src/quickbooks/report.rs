//! Reports, computed from the ledger: trial balance, aged receivables and payables, balance sheet, profit and loss.

use std::collections::BTreeMap;

use carry_model::{Date, Decimal};

use super::books::{Books, Record};
use super::kind::Kind;
use super::refusal::{Refusal, refusal, unsupported_operation};
use super::settlement::Side;
use crate::http::Request;
use crate::json::{Json, object};
use crate::ledger::Ledger;

/// Answers `GET /reports/NAME`.
pub(super) fn answer(books: &Books, ledger: &Ledger, name: &str, request: &Request) -> Result<Json, Refusal> {
    let date = |parameter: &str| -> Result<Option<Date>, Refusal> {
        let Some(text) = request.parameter(parameter) else { return Ok(None) };
        let wrong = || refusal("2060", "Invalid Date", format!("{parameter} is no date: {text}"));
        text.parse().map(Some).map_err(|_| wrong())
    };
    let report = Report { books, ledger, name };
    let today = books.today();
    let as_of = date("report_date")?.or(date("end_date")?).unwrap_or(today);
    match name {
        "TrialBalance" => Ok(report.trial_balance(date("end_date")?.unwrap_or(today))),
        "AgedReceivables" => Ok(report.aged(Side::Receivable, as_of)),
        "AgedPayables" => Ok(report.aged(Side::Payable, as_of)),
        "AgedReceivableDetail" => Ok(report.aged_detail(Side::Receivable, as_of)),
        "AgedPayableDetail" => Ok(report.aged_detail(Side::Payable, as_of)),
        _ => Err(unsupported_operation(&format!("report {name}"))),
    }
}

struct Report<'a> {
    books: &'a Books,
    ledger: &'a Ledger,
    name: &'a str,
}

/// Days past due at which each column of an ageing ends; the last one has no end.
const BUCKETS: [(&str, i32); 4] = [("Current", 0), ("1 - 30", 30), ("31 - 60", 60), ("61 - 90", 90)];

/// A document that is open on receivables or payables.
struct Open<'a> {
    party: &'a str,
    document: &'a str,
    /// In the home currency, unless the switch says otherwise.
    amount: Decimal,
}

impl Report<'_> {
    fn header(&self, start: Option<Date>, end: Date, has_rows: bool) -> Json {
        let none = object! { "Name" => "NoReportData", "Value" => (!has_rows).to_string() };
        object! {
            "Time" => self.books.time(self.books.now),
            "ReportName" => self.name,
            "ReportBasis" => "Accrual",
            "StartPeriod" => start.map(|date| date.to_string()),
            "EndPeriod" => end.to_string(),
            "Currency" => &self.books.home,
            "Option" => vec![none],
        }
    }

    fn body(&self, start: Option<Date>, end: Date, columns: &[(&str, &str)], rows: Vec<Json>) -> Json {
        let columns: Vec<Json> = columns
            .iter()
            .map(|(title, kind)| {
                let mut column = object! { "ColType" => *kind };
                column.set("ColTitle", *title);
                column
            })
            .collect();
        object! {
            "Header" => self.header(start, end, !rows.is_empty()),
            "Columns" => object! { "Column" => columns },
            "Rows" => if rows.is_empty() { object! {} } else { object! { "Row" => rows } },
        }
    }

    fn trial_balance(&self, end: Date) -> Json {
        let year = Date::new(end.year(), 1, 1).unwrap_or(end);
        let mut rows = Vec::new();
        let (mut debits, mut credits) = (Decimal::ZERO, Decimal::ZERO);
        let mut earlier = Decimal::ZERO;
        let mut balances: Vec<(&Record, Decimal)> = Vec::new();
        for account in self.books.live(Kind::Account) {
            let balance = self.ledger.balance(&account.id, Some(end));
            let is_of_year = is_result(account);
            let before = year.yesterday().ok().filter(|_| is_of_year);
            let before = before.map_or(Decimal::ZERO, |day| self.ledger.balance(&account.id, Some(day)));
            earlier += before;
            balances.push((account, balance - before));
        }
        for (account, balance) in balances {
            let is_retained = account.text("AccountSubType") == Some("RetainedEarnings");
            let balance = if is_retained { balance + earlier } else { balance };
            if balance.is_zero() {
                continue;
            }
            if balance > Decimal::ZERO {
                debits += balance
            } else {
                credits -= balance
            }
            let name = account.text("FullyQualifiedName").unwrap_or_default();
            let mut cells = vec![object! { "value" => name, "id" => &account.id }];
            cells.extend(sided(balance));
            rows.push(object! { "ColData" => cells });
        }
        let total = vec![cell("TOTAL"), money(debits), money(credits)];
        rows.push(object! { "Summary" => object! { "ColData" => total }, "type" => "Section", "group" => "GrandTotal" });
        self.body(Some(year), end, &[("", "Account"), ("Debit", "Money"), ("Credit", "Money")], rows)
    }

    /// What is open on receivables or payables on a day, per document, owed amounts positive.
    fn open(&self, side: Side, as_of: Date) -> Vec<Open<'_>> {
        let mut open: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
        let in_documents = self.books.switches.aged_reports_in_document_currency;
        let accounts = self.books.live(Kind::Account);
        let accounts: Vec<&Record> =
            accounts.filter(|account| account.text("AccountType") == Some(side.account_type())).collect();
        for account in accounts {
            for (entry, posting) in self.ledger.postings(&account.id, Some(as_of)) {
                let party = posting.party.as_deref().unwrap_or_default();
                let document = posting.document.as_deref().unwrap_or(&entry.source);
                let sign = if side == Side::Payable { -Decimal::ONE } else { Decimal::ONE };
                let amount = if in_documents { posting.amount } else { posting.home };
                *open.entry((party, document)).or_default() += amount * sign;
            }
        }
        let open = open.into_iter().filter(|(_, amount)| !amount.is_zero());
        open.map(|((party, document), amount)| Open { party, document, amount }).collect()
    }

    fn record(&self, source: &str) -> Option<&Record> {
        let (kind, id) = source.split_once('/')?;
        self.books.get(Kind::named(kind)?, id)
    }

    /// The column of a document: by how many days it is past due.
    fn bucket(&self, open: &Open<'_>, as_of: Date) -> usize {
        let due = self.record(open.document).map(due).unwrap_or(as_of);
        let days = as_of.since(due).map_or(0, |span| span.get_days());
        BUCKETS.into_iter().position(|(_, end)| days <= end).unwrap_or(BUCKETS.len())
    }

    fn aged(&self, side: Side, as_of: Date) -> Json {
        let mut parties: BTreeMap<(String, &str), [Decimal; 5]> = BTreeMap::new();
        let open = self.open(side, as_of);
        for one in &open {
            let name = self.record(one.party).and_then(|party| party.text("DisplayName")).unwrap_or_default();
            let columns = parties.entry((name.to_owned(), one.party)).or_default();
            if let Some(column) = columns.get_mut(self.bucket(one, as_of)) {
                *column += one.amount;
            }
        }
        let mut totals = [Decimal::ZERO; 5];
        let mut rows = Vec::new();
        for ((name, party), columns) in parties {
            let id = party.split_once('/').map(|(_, id)| id).unwrap_or_default();
            let mut cells = vec![object! { "value" => name, "id" => id }];
            cells.extend(columns.iter().map(|amount| money(*amount)));
            cells.push(money(columns.iter().sum()));
            totals.iter_mut().zip(columns).for_each(|(total, amount)| *total += amount);
            rows.push(object! { "ColData" => cells });
        }
        if !rows.is_empty() {
            let mut cells = vec![cell("TOTAL")];
            cells.extend(totals.iter().map(|amount| money(*amount)));
            cells.push(money(totals.iter().sum()));
            let summary = object! { "ColData" => cells };
            rows.push(object! { "Summary" => summary, "type" => "Section", "group" => "GrandTotal" });
        }
        let who = if side == Side::Receivable { "Customer" } else { "Vendor" };
        let mut columns = vec![("", who)];
        columns.extend(BUCKETS.iter().map(|(title, _)| (*title, "Money")));
        columns.extend([("91 and over", "Money"), ("Total", "Money")]);
        self.body(None, as_of, &columns, rows)
    }

    fn aged_detail(&self, side: Side, as_of: Date) -> Json {
        let open = self.open(side, as_of);
        let mut sections: Vec<Vec<Json>> = vec![Vec::new(); BUCKETS.len() + 1];
        for one in &open {
            let row = self.detail_row(one, as_of);
            if let Some(section) = sections.get_mut(self.bucket(one, as_of)) {
                section.push(row);
            }
        }
        let titles = BUCKETS.iter().map(|(title, _)| *title).chain(["91 or more days past due"]);
        let rows = titles.zip(sections).filter(|(_, rows)| !rows.is_empty()).map(|(title, rows)| {
            let header = object! { "ColData" => vec![cell(title)] };
            object! { "Header" => header, "Rows" => object! { "Row" => rows }, "type" => "Section" }
        });
        let who = if side == Side::Receivable { ("Customer", "cust_name") } else { ("Vendor", "vend_name") };
        let columns = [
            ("Date", "tx_date"),
            ("Transaction Type", "txn_type"),
            ("Num", "doc_num"),
            who,
            ("Due Date", "due_date"),
            ("Amount", "subt_amount"),
            ("Open Balance", "subt_open_bal"),
        ];
        self.body(None, as_of, &columns, rows.collect())
    }

    fn detail_row(&self, open: &Open<'_>, as_of: Date) -> Json {
        let record = self.record(open.document);
        let text = |field: &str| record.and_then(|record| record.text(field)).unwrap_or_default();
        let party = self.record(open.party).and_then(|party| party.text("DisplayName")).unwrap_or_default();
        let id = record.map(|record| record.id.clone()).unwrap_or_default();
        let kind = record.map(|record| record.kind.name()).unwrap_or_default();
        let in_documents = self.books.switches.aged_reports_in_document_currency;
        let total = record.map(|record| match record.amount("TotalAmt") {
            total if in_documents => total,
            total => self.books.at_home(total, record.rate()),
        });
        let due = record.map_or(as_of, due);
        let party_id = open.party.split_once('/').map(|(_, id)| id).unwrap_or_default();
        let cells = vec![
            cell(text("TxnDate")),
            object! { "value" => kind, "id" => id },
            cell(text("DocNumber")),
            object! { "value" => party, "id" => party_id },
            cell(&due.to_string()),
            money(total.unwrap_or_default()),
            money(open.amount),
        ];
        object! { "ColData" => cells, "type" => "Data" }
    }
}

fn due(record: &Record) -> Date {
    record.text("DueDate").and_then(|text| text.parse().ok()).unwrap_or_else(|| record.date())
}

/// Whether an account's balance is carried into retained earnings at the end of the year.
fn is_result(account: &Record) -> bool {
    matches!(account.text("Classification"), Some("Revenue" | "Expense"))
}

fn cell(text: &str) -> Json {
    object! { "value" => text }
}

fn money(amount: Decimal) -> Json {
    if amount.is_zero() { cell("") } else { cell(&amount.to_string()) }
}

/// A balance as a debit or as a credit.
fn sided(balance: Decimal) -> [Json; 2] {
    if balance > Decimal::ZERO { [money(balance), cell("")] } else { [cell(""), money(-balance)] }
}
