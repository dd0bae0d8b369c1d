//! The chart of accounts.

use carry_model::Timestamp;
use uuid::Uuid;

use super::books::Books;
use super::input::Input;
use super::refusal::{Refusal, refused};
use super::when;
use crate::json::{Json, object};
use crate::region::Region;

/// Which side of the books an account is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Revenue,
    Expense,
    Asset,
    Liability,
    Equity,
}

impl Class {
    fn code(self) -> &'static str {
        match self {
            Self::Revenue => "REVENUE",
            Self::Expense => "EXPENSE",
            Self::Asset => "ASSET",
            Self::Liability => "LIABILITY",
            Self::Equity => "EQUITY",
        }
    }
}

/// Every account type with its class.
const TYPES: [(&str, (&str, Class)); 18] = [
    ("BANK", ("BANK", Class::Asset)),
    ("CURRENT", ("CURRENT", Class::Asset)),
    ("CURRLIAB", ("CURRLIAB", Class::Liability)),
    ("DEPRECIATN", ("DEPRECIATN", Class::Expense)),
    ("DIRECTCOSTS", ("DIRECTCOSTS", Class::Expense)),
    ("EQUITY", ("EQUITY", Class::Equity)),
    ("EXPENSE", ("EXPENSE", Class::Expense)),
    ("FIXED", ("FIXED", Class::Asset)),
    ("INVENTORY", ("INVENTORY", Class::Asset)),
    ("LIABILITY", ("LIABILITY", Class::Liability)),
    ("NONCURRENT", ("NONCURRENT", Class::Asset)),
    ("OTHERINCOME", ("OTHERINCOME", Class::Revenue)),
    ("OVERHEADS", ("OVERHEADS", Class::Expense)),
    ("PAYG", ("PAYG", Class::Liability)),
    ("PREPAYMENT", ("PREPAYMENT", Class::Asset)),
    ("REVENUE", ("REVENUE", Class::Revenue)),
    ("SALES", ("SALES", Class::Revenue)),
    ("TERMLIAB", ("TERMLIAB", Class::Liability)),
];

/// What the server itself books to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Debtors,
    Creditors,
    Tax,
    Rounding,
    RealisedGain,
    UnrealisedGain,
    BankGain,
    RetainedEarnings,
    Historical,
    UnpaidExpenses,
    TrackingTransfers,
}

impl System {
    fn code(self) -> &'static str {
        match self {
            Self::Debtors => "DEBTORS",
            Self::Creditors => "CREDITORS",
            Self::Tax => "GST",
            Self::Rounding => "ROUNDING",
            Self::RealisedGain => "REALISEDCURRENCYGAIN",
            Self::UnrealisedGain => "UNREALISEDCURRENCYGAIN",
            Self::BankGain => "BANKCURRENCYGAIN",
            Self::RetainedEarnings => "RETAINEDEARNINGS",
            Self::Historical => "HISTORICAL",
            Self::UnpaidExpenses => "UNPAIDEXPCLM",
            Self::TrackingTransfers => "TRACKINGTRANSFERS",
        }
    }

    /// Documents may name it on their lines.
    fn takes_lines(self) -> bool {
        matches!(self, Self::Rounding | Self::Historical | Self::Tax)
    }
}

/// An account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) class: Class,
    pub(super) system: Option<System>,
    pub(super) tax_type: String,
    pub(super) currency: Option<String>,
    pub(super) takes_payments: bool,
    pub(super) status: &'static str,
    bank_number: Option<String>,
    bank_type: Option<String>,
    description: Option<String>,
    in_expense_claims: bool,
    updated: Timestamp,
}

impl Account {
    pub(super) fn is_bank(&self) -> bool {
        self.kind == "BANK"
    }

    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    pub(super) fn updated(&self) -> Timestamp {
        self.updated
    }

    /// Lines of invoices and the like may name it.
    pub(super) fn takes_lines(&self) -> bool {
        self.is_active() && !self.is_bank() && self.system.is_none_or(System::takes_lines)
    }

    /// Manual journals may name it.
    pub(super) fn takes_journals(&self) -> bool {
        let is_kept = matches!(
            self.system,
            Some(System::Debtors | System::Creditors | System::RetainedEarnings | System::UnpaidExpenses)
        );
        self.is_active() && !self.is_bank() && self.kind != "INVENTORY" && !is_kept
    }

    /// Payments may go through it.
    pub(super) fn can_be_paid_from(&self) -> bool {
        self.is_active() && (self.is_bank() || self.takes_payments)
    }

    pub(super) fn json(&self) -> Json {
        object! {
            "AccountID" => self.id,
            "Code" => Some(&self.code).filter(|code| !code.is_empty()),
            "Name" => &self.name,
            "Status" => self.status,
            "Type" => self.kind,
            "TaxType" => &self.tax_type,
            "Description" => self.description.clone(),
            "Class" => self.class.code(),
            "SystemAccount" => self.system.map_or("", System::code),
            "EnablePaymentsToAccount" => self.takes_payments,
            "ShowInExpenseClaims" => self.in_expense_claims,
            "BankAccountNumber" => self.bank_number.clone(),
            "BankAccountType" => self.bank_type.as_deref().unwrap_or(""),
            "CurrencyCode" => self.currency.clone(),
            "ReportingCode" => self.class.code().get(..3),
            "HasAttachments" => false,
            "UpdatedDateUTC" => when::wire_time(self.updated),
        }
    }

    /// The account as documents name it.
    pub(super) fn reference(&self) -> Json {
        object! { "AccountID" => self.id, "Code" => &self.code, "Name" => &self.name }
    }
}

/// The accounts an organisation starts with.
pub(super) fn starting_chart(books: &mut Books) {
    let (sales, purchases) = match books.organisation.region {
        Region::Uk => ("OUTPUT2", "INPUT2"),
        _ => ("OUTPUT", "INPUT"),
    };
    let system = [
        ("499", "Realised Currency Gains", "EXPENSE", System::RealisedGain),
        ("498", "Unrealised Currency Gains", "EXPENSE", System::UnrealisedGain),
        ("497", "Bank Revaluations", "EXPENSE", System::BankGain),
        ("610", "Accounts Receivable", "CURRENT", System::Debtors),
        ("800", "Accounts Payable", "CURRLIAB", System::Creditors),
        ("801", "Unpaid Expense Claims", "CURRLIAB", System::UnpaidExpenses),
        ("820", "Sales Tax", "CURRLIAB", System::Tax),
        ("840", "Historical Adjustment", "CURRLIAB", System::Historical),
        ("860", "Rounding", "CURRLIAB", System::Rounding),
        ("877", "Tracking Transfers", "CURRLIAB", System::TrackingTransfers),
        ("960", "Retained Earnings", "EQUITY", System::RetainedEarnings),
    ];
    for (code, name, kind, system) in system {
        add(books, code, name, kind, "NONE", Some(system));
    }
    for (code, name, kind, tax) in [
        ("090", "Business Bank Account", "BANK", "NONE"),
        ("091", "Business Savings Account", "BANK", "NONE"),
        ("200", "Sales", "REVENUE", sales),
        ("260", "Other Revenue", "REVENUE", sales),
        ("270", "Interest Income", "REVENUE", "NONE"),
        ("310", "Cost of Goods Sold", "DIRECTCOSTS", purchases),
        ("400", "Advertising", "OVERHEADS", purchases),
        ("404", "Bank Fees", "OVERHEADS", "NONE"),
        ("412", "Consulting", "OVERHEADS", purchases),
        ("429", "General Expenses", "OVERHEADS", purchases),
        ("445", "Light, Power, Heating", "OVERHEADS", purchases),
        ("469", "Rent", "OVERHEADS", purchases),
        ("477", "Salaries", "OVERHEADS", "NONE"),
        ("489", "Telephone & Internet", "OVERHEADS", purchases),
        ("493", "Travel", "OVERHEADS", purchases),
        ("620", "Prepayments", "CURRENT", "NONE"),
        ("630", "Inventory", "INVENTORY", "NONE"),
        ("710", "Office Equipment", "FIXED", purchases),
        ("900", "Loan", "TERMLIAB", "NONE"),
        ("970", "Owner Funds Introduced", "EQUITY", "NONE"),
    ] {
        add(books, code, name, kind, tax, None);
    }
}

fn add(books: &mut Books, code: &str, name: &str, kind: &str, tax: &str, system: Option<System>) {
    let Some((_, (kind, class))) = TYPES.iter().find(|(word, _)| *word == kind) else { return };
    let id = books.ids.next();
    let is_bank = *kind == "BANK";
    let account = Account {
        id,
        code: code.to_owned(),
        name: name.to_owned(),
        kind,
        class: *class,
        system,
        tax_type: tax.to_owned(),
        currency: is_bank.then(|| books.organisation.currency.clone()),
        takes_payments: code == "970",
        status: "ACTIVE",
        bank_number: is_bank.then(|| format!("0209087654{code}")),
        bank_type: is_bank.then(|| "BANK".to_owned()),
        description: None,
        in_expense_claims: false,
        updated: books.now,
    };
    books.accounts.insert(id, account);
}

/// Creates an account (`id` absent) or changes one.
pub(super) fn write(books: &mut Books, id: Option<Uuid>, sent: &Json) -> Result<Json, Refusal> {
    let mut input = Input::new(sent);
    let old = match id {
        Some(id) => Some(books.accounts.get(id).cloned().ok_or(Refusal::NotFound)?),
        None => None,
    };
    let account = read(books, &mut input, old);
    input.check().map_err(|messages| Refusal::Elements(vec![refused(sent, "AccountID", &messages)]))?;
    let Some(account) = account else { return Err(Refusal::Body("An account was expected".into())) };
    let json = account.json();
    books.accounts.insert(account.id, account);
    Ok(json)
}

fn read(books: &mut Books, input: &mut Input<'_>, old: Option<Account>) -> Option<Account> {
    let code = input.text("Code");
    let name = input.text_max("Name", 150);
    let kind = input.choice("Type", &TYPES);
    let status = input.choice("Status", &[("ACTIVE", "ACTIVE"), ("ARCHIVED", "ARCHIVED")]);
    if code.as_ref().is_some_and(|code| code.is_empty() || code.chars().count() > 10) {
        input.problem("The account code must be between 1 and 10 characters long.");
    }
    let other = |account: &&Account| old.as_ref().is_none_or(|old| old.id != account.id);
    if books.accounts.values().filter(other).any(|account| Some(&account.code) == code.as_ref()) {
        input.problem("Please enter a unique Code.");
    }
    if books.accounts.values().filter(other).any(|account| Some(&account.name) == name.as_ref()) {
        input.problem("Please enter a unique Name.");
    }
    let mut account = match old {
        Some(old) => old,
        None => create(books, input, code.clone(), name.clone(), kind)?,
    };
    if account.system.is_some() && (code.is_some() || kind.is_some() || status == Some("ARCHIVED")) {
        input.problem("You cannot change or archive a system account.");
    }
    if let Some(tax) = input.text("TaxType") {
        match books.tax(&tax) {
            Some(rate) if rate.is_active() && rate.may_apply_to(account.class) => account.tax_type = tax,
            _ => input.problem(format!(
                "The TaxType code '{tax}' cannot be used with account code '{}'.",
                code.as_ref().unwrap_or(&account.code)
            )),
        }
    }
    account.code = code.unwrap_or(account.code);
    account.name = name.unwrap_or(account.name);
    if let Some((kind, class)) = kind {
        (account.kind, account.class) = (kind, class);
    }
    account.status = status.unwrap_or(account.status);
    account.description = input.text_max("Description", 4000).or(account.description);
    account.takes_payments = input.flag("EnablePaymentsToAccount").unwrap_or(account.takes_payments);
    account.in_expense_claims = input.flag("ShowInExpenseClaims").unwrap_or(account.in_expense_claims);
    account.bank_number = input.text("BankAccountNumber").or(account.bank_number);
    account.updated = books.now;
    Some(account)
}

fn create(
    books: &mut Books,
    input: &mut Input<'_>,
    code: Option<String>,
    name: Option<String>,
    kind: Option<(&'static str, Class)>,
) -> Option<Account> {
    let is_bank = kind.is_some_and(|(kind, _)| kind == "BANK");
    if code.is_none() && !is_bank {
        input.problem("Account code must be specified");
    }
    if name.is_none() {
        input.problem("Account name must be specified");
    }
    if kind.is_none() {
        input.problem("Account type must be specified");
    }
    if is_bank && !input.has("BankAccountNumber") {
        input.problem("Bank account number must be specified");
    }
    let currency = input.text("CurrencyCode").or_else(|| Some(books.organisation.currency.clone()));
    if let Some(code) = currency.as_ref().filter(|code| is_bank && !books.has_currency(code)) {
        input.problem(format!("Organisation is not subscribed to currency {code}"));
    }
    let (kind, class) = kind?;
    Some(Account {
        id: books.ids.next(),
        code: code.unwrap_or_default(),
        name: name?,
        kind,
        class,
        system: None,
        tax_type: "NONE".to_owned(),
        currency: currency.filter(|_| is_bank),
        takes_payments: false,
        status: "ACTIVE",
        bank_number: None,
        bank_type: is_bank.then(|| input.text("BankAccountType").unwrap_or_else(|| "BANK".to_owned())),
        description: None,
        in_expense_claims: false,
        updated: books.now,
    })
}

/// Deletes an account that nothing uses.
pub(super) fn delete(books: &mut Books, id: Uuid) -> Result<Json, Refusal> {
    let account = books.accounts.get(id).cloned().ok_or(Refusal::NotFound)?;
    let mut json = account.json();
    let mut problems = Vec::new();
    if account.system.is_some() {
        problems.push("System accounts cannot be deleted.".to_owned());
    }
    if books.uses_account(id) {
        problems.push(
            "The account has been used in transactions and cannot be deleted. Archive it instead.".into(),
        );
    }
    if !problems.is_empty() {
        return Err(Refusal::Elements(vec![refused(&json, "AccountID", &problems)]));
    }
    books.accounts.remove(id);
    json.set("Status", "DELETED");
    Ok(json)
}
