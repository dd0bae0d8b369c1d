//! Reports, computed from the ledger alone.

use std::collections::BTreeMap;

use carry_model::{Date, Decimal};
use uuid::Uuid;

use super::account::{Account, Class, System};
use super::books::Books;
use super::document::{Document, Family, Side};
use super::list::parameter;
use super::posting;
use super::refusal::Refusal;
use super::render::money;
use super::route::Reply;
use super::when;
use crate::http::Request;
use crate::json::{Json, object};
use crate::ledger::{Ledger, Posting};
use crate::region::Region;

/// Answers a report by its name.
pub(super) fn answer(
    books: &Books,
    ledger: &Ledger,
    request: &Request,
    name: &str,
) -> Result<Reply, Refusal> {
    let report = match name.to_ascii_lowercase().as_str() {
        "agedreceivablesbycontact" => aged(books, ledger, request, Side::Sales)?,
        "agedpayablesbycontact" => aged(books, ledger, request, Side::Purchases)?,
        "trialbalance" => trial_balance(books, ledger, date(request, "date", books.today())?),
        "balancesheet" => balance_sheet(books, ledger, date(request, "date", books.today())?),
        "profitandloss" => {
            let to = date(request, "toDate", books.today())?;
            let from = date(request, "fromDate", to.first_of_month())?;
            profit_and_loss(books, ledger, from, to)
        }
        _ => return Err(Refusal::NotFound),
    };
    Ok(Reply::rows("Reports", vec![report]))
}

fn date(request: &Request, name: &str, otherwise: Date) -> Result<Date, Refusal> {
    let Some(text) = parameter(request, name) else { return Ok(otherwise) };
    when::read_date(text).ok_or_else(|| Refusal::Query(format!("{name} is not a valid date")))
}

fn report(books: &Books, kind: &str, name: &str, until: Date, titles: &[String], rows: Vec<Json>) -> Json {
    object! {
        "ReportID" => kind,
        "ReportName" => name,
        "ReportType" => kind,
        "ReportTitles" => titles.iter().map(Json::from).collect::<Vec<_>>(),
        "ReportDate" => when::long_date(until),
        "UpdatedDateUTC" => when::wire_time(books.now),
        "Fields" => Vec::new(),
        "Rows" => rows,
    }
}

fn cells(values: &[String], attribute: Option<(&str, Uuid)>) -> Vec<Json> {
    let cell = |value: &String| {
        let attributes = attribute.map(|(id, owner)| vec![object! { "Value" => owner, "Id" => id }]);
        object! { "Value" => value, "Attributes" => attributes }
    };
    values.iter().map(cell).collect()
}

fn row(kind: &str, values: &[String], attribute: Option<(&str, Uuid)>) -> Json {
    object! { "RowType" => kind, "Cells" => cells(values, attribute) }
}

fn header(titles: &[&str]) -> Json {
    row("Header", &titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>(), None)
}

fn section(title: &str, rows: Vec<Json>) -> Json {
    object! { "RowType" => "Section", "Title" => title, "Rows" => rows }
}

fn shown(amount: Decimal) -> String {
    money(amount).to_string()
}

/// What a document came to and what was paid and credited on it, as the ledger has it.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    total: Decimal,
    paid: Decimal,
    credited: Decimal,
}

impl Standing {
    fn due(self) -> Decimal {
        self.total - self.paid - self.credited
    }
}

/// Documents of a contact on receivables or payables until a day, each with how it stands.
fn standings(
    books: &Books,
    ledger: &Ledger,
    contact: Uuid,
    side: Side,
    until: Date,
) -> BTreeMap<Uuid, Standing> {
    let control = posting::control(books, side).to_string();
    let contact = contact.to_string();
    let mut standings: BTreeMap<Uuid, Standing> = BTreeMap::new();
    let value = |posting: &Posting| {
        let in_documents = books.switches.aged_reports_in_document_currency;
        let amount = if in_documents { posting.amount } else { posting.home };
        if side == Side::Sales { amount } else { -amount }
    };
    for (entry, posting) in ledger.postings(&control, Some(until)) {
        let is_theirs = posting.party.as_ref() == Some(&contact);
        let document = posting.document.as_ref().filter(|_| is_theirs).and_then(|id| id.parse().ok());
        let Some(document) = document else { continue };
        let standing = standings.entry(document).or_default();
        let source = entry.source.parse().unwrap_or_default();
        if books.payments.get(source).is_some() {
            standing.paid -= value(posting);
        } else if books.allocations.get(source).is_some() {
            standing.credited -= value(posting);
        } else {
            standing.total += value(posting);
        }
    }
    standings
}

fn aged(books: &Books, ledger: &Ledger, request: &Request, side: Side) -> Result<Json, Refusal> {
    let contact = parameter(request, "contactId").and_then(|id| id.parse().ok());
    let contact: Uuid = contact.ok_or_else(|| Refusal::Rule("contactId is required".to_owned()))?;
    let name = books.contacts.get(contact).map(|contact| contact.name.clone()).ok_or(Refusal::NotFound)?;
    let until = date(request, "date", books.today())?;
    let from = date(request, "fromDate", Date::MIN)?;
    let to = date(request, "toDate", until)?;
    let all = standings(books, ledger, contact, side, until);
    let documents = all.iter().filter_map(|(id, standing)| Some((books.documents.get(*id)?, *standing)));
    let mut open: Vec<(&Document, Standing)> =
        documents.filter(|(_, standing)| !standing.due().is_zero()).collect();
    open.sort_by_key(|(document, _)| (document.date, document.id));
    let opening: Decimal =
        open.iter().filter(|(document, _)| document.date < from).map(|(_, standing)| standing.due()).sum();
    let shown_ones = open.iter().filter(|(document, _)| document.date >= from && document.date <= to);
    let mut rows: Vec<_> =
        shown_ones.clone().map(|(document, standing)| aged_row(document, *standing, until)).collect();
    let mut sum = Standing::default();
    for (_, standing) in shown_ones {
        sum.total += standing.total;
        sum.paid += standing.paid;
        sum.credited += standing.credited;
    }
    rows.push(row("SummaryRow", &aged_sum("Total", sum, sum.due()), None));
    let opening_date = open.first().map_or(until, |(document, _)| document.date).max(from);
    let blank = String::new;
    let opening_row = row(
        "Row",
        &[
            when::iso_date(opening_date),
            "Opening Balance".to_owned(),
            blank(),
            blank(),
            blank(),
            blank(),
            blank(),
            shown(opening),
        ],
        None,
    );
    let (kind, report_name, number) = match side {
        Side::Sales => ("AgedReceivablesByContact", "Aged Receivables By Contact", "Number"),
        Side::Purchases => ("AgedPayablesByContact", "Aged Payables By Contact", "Reference"),
    };
    let closing = row("SummaryRow", &aged_sum("Closing Balance", sum, opening + sum.due()), None);
    let sections = vec![
        header(&["Date", number, "Due Date", "", "Total", "Paid", "Credited", "Due"]),
        section("", vec![opening_row]),
        section("", rows),
        section("", vec![closing]),
    ];
    let titles = [
        "Invoices".to_owned(),
        name,
        format!("From {} to {}", when::long_date(opening_date), when::long_date(to)),
        format!("Showing payments to {}", when::long_date(until)),
    ];
    Ok(report(books, kind, report_name, until, &titles, sections))
}

fn aged_row(document: &Document, standing: Standing, until: Date) -> Json {
    let overdue = document.due.filter(|due| *due < until).and_then(|due| until.since(due).ok());
    let overdue = overdue.map(|span| format!("{} days overdue", span.get_days())).unwrap_or_default();
    let number = match document.family {
        Family::Prepayment | Family::Overpayment => document.reference.clone().unwrap_or_default(),
        _ => document.number.clone(),
    };
    let values = [
        when::iso_date(document.date),
        number,
        document.due.map(when::iso_date).unwrap_or_default(),
        overdue,
        shown(standing.total),
        shown(standing.paid),
        shown(standing.credited),
        shown(standing.due()),
    ];
    row("Row", &values, Some(("invoiceID", document.id)))
}

fn aged_sum(title: &str, sum: Standing, due: Decimal) -> Vec<String> {
    let blank = String::new;
    vec![
        title.to_owned(),
        blank(),
        blank(),
        blank(),
        shown(sum.total),
        shown(sum.paid),
        shown(sum.credited),
        shown(due),
    ]
}

/// The first day of the financial year of a date.
fn year_start(books: &Books, date: Date) -> Date {
    let month = if books.organisation.region == Region::Uk { 4 } else { 1 };
    let year = if date.month() >= month { date.year() } else { date.year() - 1 };
    Date::new(year, month, 1).unwrap_or(date)
}

/// Balances as the ledger has them, debit positive.
struct Balances<'a> {
    books: &'a Books,
    ledger: &'a Ledger,
}

impl Balances<'_> {
    fn until(&self, account: &Account, date: Date) -> Decimal {
        self.ledger.balance(&account.id.to_string(), Some(date))
    }

    /// What moved between two days, both included.
    fn between(&self, account: &Account, from: Date, to: Date) -> Decimal {
        let before = from.yesterday().map_or(Decimal::ZERO, |day| self.until(account, day));
        self.until(account, to) - before
    }

    fn is_result(account: &Account) -> bool {
        matches!(account.class, Class::Revenue | Class::Expense)
    }

    /// What all years before one ended with; it stands in retained earnings.
    fn earlier_results(&self, start: Date) -> Decimal {
        let Ok(day) = start.yesterday() else { return Decimal::ZERO };
        let results = self.books.accounts.values().filter(|account| Self::is_result(account));
        results.map(|account| self.until(account, day)).sum()
    }

    /// Results of the year so far; balances of everything else.
    fn year_to_date(&self, account: &Account, date: Date) -> Decimal {
        let start = year_start(self.books, date);
        if Self::is_result(account) {
            return self.between(account, start, date);
        }
        let own = self.until(account, date);
        match account.system {
            Some(System::RetainedEarnings) => own + self.earlier_results(start),
            _ => own,
        }
    }

    fn of_class(&self, class: Class) -> Vec<&Account> {
        let mut accounts: Vec<_> =
            self.books.accounts.values().filter(|account| account.class == class).collect();
        accounts.sort_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
        accounts
    }
}

const CLASSES: [(Class, &str); 5] = [
    (Class::Revenue, "Revenue"),
    (Class::Expense, "Expenses"),
    (Class::Asset, "Assets"),
    (Class::Liability, "Liabilities"),
    (Class::Equity, "Equity"),
];

fn trial_balance(books: &Books, ledger: &Ledger, date: Date) -> Json {
    let balances = Balances { books, ledger };
    let mut rows = vec![header(&["Account", "Debit", "Credit", "YTD Debit", "YTD Credit"])];
    let mut sums = [Decimal::ZERO; 4];
    for (class, title) in CLASSES {
        let mut shown_accounts = Vec::new();
        for account in balances.of_class(class) {
            let month = balances.between(account, date.first_of_month(), date);
            let year = balances.year_to_date(account, date);
            if month.is_zero() && year.is_zero() && !ledger.uses(&account.id.to_string()) {
                continue;
            }
            let is_debit = matches!(class, Class::Asset | Class::Expense);
            let columns = [split(month, is_debit), split(year, is_debit)].concat();
            for (sum, column) in sums.iter_mut().zip(&columns) {
                *sum += column.unwrap_or_default();
            }
            let name = format!("{} ({})", account.name, account.code);
            let columns = columns.iter().map(|column| column.map(shown).unwrap_or_default());
            let values: Vec<_> = std::iter::once(name).chain(columns).collect();
            shown_accounts.push(row("Row", &values, Some(("account", account.id))));
        }
        rows.push(section(title, shown_accounts));
    }
    let total: Vec<_> = std::iter::once("Total".to_owned()).chain(sums.into_iter().map(shown)).collect();
    rows.push(section("", vec![row("SummaryRow", &total, None)]));
    let titles = [
        "Trial Balance".to_owned(),
        books.organisation.name.clone(),
        format!("As at {}", when::long_date(date)),
    ];
    report(books, "TrialBalance", "Trial Balance", date, &titles, rows)
}

/// An amount as debit and credit; nothing stands on the account's usual side.
fn split(amount: Decimal, is_debit: bool) -> [Option<Decimal>; 2] {
    match (amount.is_zero(), amount.is_sign_negative()) {
        (true, _) => {
            if is_debit {
                [Some(Decimal::ZERO), None]
            } else {
                [None, Some(Decimal::ZERO)]
            }
        }
        (false, true) => [None, Some(-amount)],
        (false, false) => [Some(amount), None],
    }
}

fn lines(accounts: &[(String, Option<Uuid>, Decimal)], title: &str) -> (Vec<Json>, Decimal) {
    let named = accounts.iter().filter(|(_, _, amount)| !amount.is_zero());
    let mut rows: Vec<_> = named
        .map(|(name, id, amount)| row("Row", &[name.clone(), shown(*amount)], id.map(|id| ("account", id))))
        .collect();
    let total = accounts.iter().map(|(_, _, amount)| *amount).sum();
    rows.push(row("SummaryRow", &[format!("Total {title}"), shown(total)], None));
    (rows, total)
}

fn balance_sheet(books: &Books, ledger: &Ledger, date: Date) -> Json {
    let balances = Balances { books, ledger };
    let named = |class: Class, sign: Decimal| -> Vec<(String, Option<Uuid>, Decimal)> {
        let accounts = balances.of_class(class).into_iter();
        accounts
            .map(|account| {
                (account.name.clone(), Some(account.id), sign * balances.year_to_date(account, date))
            })
            .collect()
    };
    let start = year_start(books, date);
    let results = books.accounts.values().filter(|account| Balances::is_result(account));
    let this_year: Decimal = results.map(|account| balances.between(account, start, date)).sum();
    let mut equity = named(Class::Equity, Decimal::NEGATIVE_ONE);
    equity.push(("Current Year Earnings".to_owned(), None, -this_year));
    let (assets, all_assets) = lines(&named(Class::Asset, Decimal::ONE), "Assets");
    let (liabilities, all_liabilities) =
        lines(&named(Class::Liability, Decimal::NEGATIVE_ONE), "Liabilities");
    let (equity, _) = lines(&equity, "Equity");
    let net = row("Row", &["Net Assets".to_owned(), shown(all_assets - all_liabilities)], None);
    let day = when::long_date(date);
    let rows = vec![
        header(&["", &day]),
        section("Assets", assets),
        section("Liabilities", liabilities),
        section("", vec![net]),
        section("Equity", equity),
    ];
    let titles = ["Balance Sheet".to_owned(), books.organisation.name.clone(), format!("As at {day}")];
    report(books, "BalanceSheet", "Balance Sheet", date, &titles, rows)
}

fn profit_and_loss(books: &Books, ledger: &Ledger, from: Date, to: Date) -> Json {
    let balances = Balances { books, ledger };
    let named = |class: Class, sign: Decimal| -> Vec<(String, Option<Uuid>, Decimal)> {
        let accounts = balances.of_class(class).into_iter();
        accounts
            .map(|account| {
                (account.name.clone(), Some(account.id), sign * balances.between(account, from, to))
            })
            .collect()
    };
    let (income, earned) = lines(&named(Class::Revenue, Decimal::NEGATIVE_ONE), "Income");
    let (expenses, spent) = lines(&named(Class::Expense, Decimal::ONE), "Operating Expenses");
    let net = row("Row", &["Net Profit".to_owned(), shown(earned - spent)], None);
    let day = when::long_date(to);
    let rows = vec![
        header(&["", &day]),
        section("Income", income),
        section("Less Operating Expenses", expenses),
        section("", vec![net]),
    ];
    let span = format!("From {} to {day}", when::long_date(from));
    let titles = ["Profit and Loss".to_owned(), books.organisation.name.clone(), span];
    report(books, "ProfitAndLoss", "Profit and Loss", to, &titles, rows)
}
