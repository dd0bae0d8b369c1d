//! Accounts, tax rates, tracking categories and items.

use carry_connector::{Found, Method, Operation, WriteBatch, WriteItem, Written, exact};
use carry_model::{AccountClass, Body, Code, Entity, Fault, Record, TargetId};
use rustc_hash::FxHashSet;

use super::send::Going;
use super::target::Target;
use super::{Attempt, Results};
use crate::client::Xero;
use crate::mark;
use crate::shapes::{Account, Item, TaxComponent, TaxRate, TrackingCategory, TrackingOption, Trade};

const CODE_MAX: usize = 10;
const NAME_MAX: usize = 150;
const DESCRIPTION_MAX: usize = 4_000;
const ITEM_CODE_MAX: usize = 30;
const ITEM_NAME_MAX: usize = 50;
const TAX_NAME_MAX: usize = 50;
const CATEGORY_NAME_MAX: usize = 100;

/// Active tracking categories at once.
pub(super) const CATEGORIES_MAX: usize = 2;

/// Countries whose tax rates must say on which return they go.
const REPORTING: [&str; 4] = ["AU", "NZ", "GB", "SG"];

fn chars(text: &str, chars_max: usize) -> String {
    text.trim().chars().take(chars_max).collect::<String>().trim_end().to_owned()
}

impl Xero {
    /// Accounts, which Xero takes one a call.
    pub(super) async fn write_accounts(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut attempt = Attempt::new(batch.items.len());
        for (place, item) in batch.items.iter().enumerate() {
            let target = self.target().await?;
            let outcome = match account(&target, item, batch.verify_first) {
                Ok(Wanted::There(written)) => Ok(written),
                Ok(Wanted::Write(outgoing, notes)) => {
                    let sent = attempt.own(self.send_account(&outgoing).await)?;
                    sent.map(|written| Written { notes, ..written })
                }
                Err(fault) => Err(fault),
            };
            attempt.set(place, outcome);
        }
        attempt.finish()
    }

    async fn send_account(&self, outgoing: &Account) -> Result<Written, Fault> {
        let (method, path) = match outgoing.id.as_str() {
            "" => (Method::Put, "Accounts".to_owned()),
            id => (Method::Post, format!("Accounts/{id}")),
        };
        let back: Account = self.put_one(method, &path, "Accounts", outgoing).await?;
        let written = Written { number: Some(back.name.clone()), ..Written::new(back.id.as_str()) };
        self.note_target(|target| target.put_account(back)).await;
        Ok(written)
    }

    /// Tax rates, which Xero takes one a call. Their id is the tax type.
    pub(super) async fn write_tax_rates(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let reports = REPORTING.contains(&self.target().await?.country.as_str());
        let mut attempt = Attempt::new(batch.items.len());
        for (place, item) in batch.items.iter().enumerate() {
            let target = self.target().await?;
            let Body::TaxRate(tax) = &item.record.body else {
                attempt.set(place, Err(Fault::new(Code::Bug).detail("no tax rate")));
                continue;
            };
            let outgoing = tax_rate(tax, item, reports);
            let stands =
                target.taxes.iter().find(|known| known.name == outgoing.name && known.status != "DELETED");
            if let (Operation::Create, Some(known)) = (&item.operation, stands)
                && known.effective_rate.unwrap_or_default() == tax.percent.unwrap_or_default()
            {
                // The same name and per cent is the same tax; one without a per cent was made one of nothing.
                let number = Some(known.name.clone());
                attempt.set(place, Ok(Written { number, ..Written::new(known.tax_type.as_str()) }));
                continue;
            }
            let method = if outgoing.tax_type.is_empty() { Method::Put } else { Method::Post };
            let outcome = attempt.own(self.send_tax_rate(method, &outgoing).await)?;
            attempt.set(place, outcome);
        }
        attempt.finish()
    }

    async fn send_tax_rate(&self, method: Method, outgoing: &TaxRate) -> Result<Written, Fault> {
        let back: TaxRate = self.put_one(method, "TaxRates", "TaxRates", outgoing).await?;
        let written = Written { number: Some(back.name.clone()), ..Written::new(back.tax_type.as_str()) };
        self.note_target(|target| target.put_tax(back)).await;
        Ok(written)
    }

    /// Tracking categories: two at most, each with its options.
    pub(super) async fn write_tracking(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut attempt = Attempt::new(batch.items.len());
        for (place, item) in batch.items.iter().enumerate() {
            let target = self.target().await?;
            let Body::TrackingCategory(category) = &item.record.body else {
                attempt.set(place, Err(Fault::new(Code::Bug).detail("no tracking category")));
                continue;
            };
            let outcome = attempt.own(self.send_category(&target, category).await)?;
            self.forget_target().await;
            attempt.set(place, outcome);
        }
        attempt.finish()
    }

    async fn send_category(
        &self,
        target: &Target,
        category: &carry_model::TrackingCategory,
    ) -> Result<Written, Fault> {
        let name = chars(&category.name, CATEGORY_NAME_MAX);
        let (id, mut options): (String, FxHashSet<String>) = match target.category_named(&name) {
            Some(known) => (known.id.clone(), known.options.iter().map(|o| o.name.clone()).collect()),
            None if target.active_categories().count() >= CATEGORIES_MAX => {
                return Err(Fault::new(Code::EntityUnsupported)
                    .detail("Xero has two tracking categories, and both are in use.")
                    .hint("Map it to one of the two in the mapping, or leave it out."));
            }
            None => {
                let outgoing = TrackingCategory { name: name.clone(), ..TrackingCategory::default() };
                let path = "TrackingCategories";
                let back: TrackingCategory = self.put_one(Method::Put, path, path, &outgoing).await?;
                (back.id, FxHashSet::default())
            }
        };
        let new = category.options.iter().map(|option| chars(option, CATEGORY_NAME_MAX));
        let new: Vec<_> =
            new.filter(|name| options.insert(name.clone())).map(|name| TrackingOption { name }).collect();
        if !new.is_empty() {
            let path = format!("TrackingCategories/{id}/Options");
            self.put(Method::Put, &path, "Options", &new, &[])
                .await
                .map_err(|f| f.reach(carry_model::Reach::Unknown))?;
        }
        Ok(Written { number: Some(name), ..Written::new(TargetId::new(id)) })
    }

    /// Items. Their id is the code, by which lines name them.
    pub(super) async fn write_items(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let mut going = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            if let (true, Operation::Create) = (batch.verify_first, &item.operation)
                && let Some(found) = self.find_listed(&item.record).await?
            {
                attempt.set(place, Ok(Written { number: found.number, ..Written::new(found.id) }));
                continue;
            }
            match item_of(&target, batch, item) {
                Ok((element, notes)) => {
                    let is_new = item.operation == Operation::Create;
                    going.push(Going { place, is_new, element, notes, adjustments: Vec::new() });
                }
                Err(fault) => attempt.set(place, Err(fault)),
            }
        }
        let taken = self.send_items(going, &mut attempt).await?;
        let recoded = taken.into_iter().map(|mut going| {
            let key = batch.items.get(going.place).map(|item| item.record.key());
            let mark = key.as_ref().map(mark::of).unwrap_or_default();
            let code = &mut going.element.code;
            let other = mark::append(code, &mark, ITEM_CODE_MAX);
            going.notes.push(format!("Another item in Xero has the code {code}: it became {other}."));
            *code = other;
            going
        });
        for going in self.send_items(recoded.collect(), &mut attempt).await? {
            attempt.set(going.place, Err(Fault::new(Code::NumberTaken)));
        }
        attempt.finish()
    }

    /// Sends items; hands back those whose code is another's.
    async fn send_items(
        &self,
        going: Vec<Going<Item>>,
        attempt: &mut Attempt,
    ) -> Result<Vec<Going<Item>>, Fault> {
        let mut taken = Vec::new();
        for (going, outcome) in self.send_each::<_, Item>("Items", going, attempt).await? {
            match outcome {
                Ok(back) => {
                    let number = Some(back.code.clone());
                    if let (Some(items), Some(mark)) =
                        (&mut *self.items.lock().await, &going.element.purchase_description)
                    {
                        items.insert(mark.clone(), back.code.clone());
                    }
                    let written =
                        Written { number, notes: going.notes, ..Written::new(TargetId::new(back.code)) };
                    attempt.set(going.place, Ok(written));
                }
                Err(why) if why.code == Code::NumberTaken => taken.push(going),
                Err(why) => attempt.set(going.place, Err(why)),
            }
        }
        Ok(taken)
    }

    /// Accounts and items by the mark in their description; tax rates and categories, which have no place for one,
    /// by their name.
    pub(super) async fn find_listed(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let mark = mark::of(&record.key());
        let marked = |text: Option<&str>| text.and_then(mark::at_end) == Some(mark.as_str());
        let found = |id: &str, name: &str| Found { id: TargetId::from(id), number: Some(name.to_owned()) };
        let target = self.target().await?;
        Ok(match &record.body {
            Body::Account(_) => {
                let account = target.accounts.iter().find(|account| marked(account.description.as_deref()));
                account.map(|account| found(&account.id, &account.name))
            }
            Body::Item(_) => self.item_marked(&mark).await?.map(|code| found(&code, &code)),
            Body::TaxRate(tax) => {
                let name = chars(&tax.name, TAX_NAME_MAX);
                let known = target.tax_named(&name).filter(|known| known.effective_rate == tax.percent);
                known.map(|known| found(&known.tax_type, &known.name))
            }
            Body::TrackingCategory(category) => {
                let name = chars(&category.name, CATEGORY_NAME_MAX);
                target.category_named(&name).map(|known| found(&known.id, &known.name))
            }
            _ => None,
        })
    }
}

impl Xero {
    /// The code of the item that bears a mark. All items are read once, and anew after a doubt.
    async fn item_marked(&self, mark: &str) -> Result<Option<String>, Fault> {
        let mut kept = self.items.lock().await;
        let items = match &mut *kept {
            Some(items) => items,
            none => {
                let all: Vec<Item> = self.get("Items", &[]).await?.read()?;
                let marked = all.into_iter().filter_map(|item| {
                    let mark = mark::at_end(item.purchase_description.as_deref()?)?.to_owned();
                    Some((mark, item.code))
                });
                none.insert(marked.collect())
            }
        };
        Ok(items.get(mark).cloned())
    }
}

/// What is to be done about an account.
enum Wanted {
    There(Written),
    Write(Box<Account>, Vec<String>),
}

fn account(target: &Target, item: &WriteItem, verify_first: bool) -> Result<Wanted, Fault> {
    let Body::Account(account) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no account"));
    };
    let control = match account.class {
        AccountClass::Receivable => Some("DEBTORS"),
        AccountClass::Payable => Some("CREDITORS"),
        _ => None,
    };
    if let Some(own) = control.and_then(|purpose| target.system_account(purpose)) {
        let notes = vec![format!("Xero keeps it on its own account {}.", own.name)];
        return Ok(Wanted::There(Written {
            number: Some(own.name.clone()),
            notes,
            ..Written::new(own.id.as_str())
        }));
    }
    let mark = mark::of(&item.record.key());
    let marked =
        |known: &&Account| known.description.as_deref().and_then(mark::at_end) == Some(mark.as_str());
    if let (true, Operation::Create, Some(own)) =
        (verify_first, &item.operation, target.accounts.iter().find(marked))
    {
        return Ok(Wanted::There(Written {
            number: Some(own.name.clone()),
            ..Written::new(own.id.as_str())
        }));
    }
    let id = match &item.operation {
        Operation::Create => String::new(),
        Operation::Update(id) => id.to_string(),
    };
    let mut notes = Vec::new();
    let others = || target.accounts.iter().filter(|known| known.id != id);
    let code =
        free(account.code.as_deref(), &mark, CODE_MAX, |code| others().any(|known| known.code == code));
    if account.code.as_deref().is_some_and(|wanted| wanted != code) {
        notes.push(format!("Its code became {code} in Xero."));
    }
    let name = chars(&account.name, NAME_MAX);
    let is_taken = others().any(|known| known.name.eq_ignore_ascii_case(&name));
    let name = if is_taken { mark::append(&name, &mark, NAME_MAX) } else { name };
    if name != account.name {
        notes.push(format!("Its name became {name} in Xero."));
    }
    let own_clearing = item.record.id.as_str() == exact::CLEARING;
    let (kind, bank_type) = if own_clearing { ("CURRENT", "") } else { kind_of(account.class) };
    let is_bank = kind == "BANK";
    Ok(Wanted::Write(
        Box::new(Account {
            id,
            // Xero demands a number of every bank account; the real one may be set there later.
            bank_account_number: is_bank.then(|| code.clone()),
            code,
            name,
            kind: kind.to_owned(),
            bank_account_type: bank_type.to_owned(),
            currency_code: account.currency.filter(|_| is_bank).map(|currency| currency.to_string()),
            description: Some(mark::append(
                account.description.as_deref().unwrap_or_default(),
                &mark,
                DESCRIPTION_MAX,
            )),
            enable_payments_to_account: matches!(kind, "CURRENT" | "CURRLIAB" | "EQUITY").then_some(true),
            ..Account::default()
        }),
        notes,
    ))
}

/// A code that is free: the wanted one where it fits, else one made of the mark.
fn free(wanted: Option<&str>, mark: &str, chars_max: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let wanted = wanted.map(str::trim).filter(|code| !code.is_empty() && code.chars().count() <= chars_max);
    match wanted {
        Some(code) if !is_taken(code) => code.to_owned(),
        _ => mark.replace('-', "").chars().take(chars_max).collect(),
    }
}

const fn kind_of(class: AccountClass) -> (&'static str, &'static str) {
    match class {
        AccountClass::Bank => ("BANK", "BANK"),
        AccountClass::CreditCard => ("BANK", "CREDITCARD"),
        AccountClass::CurrentAsset | AccountClass::Receivable => ("CURRENT", ""),
        AccountClass::FixedAsset => ("FIXED", ""),
        AccountClass::CurrentLiability | AccountClass::Payable => ("CURRLIAB", ""),
        AccountClass::LongTermLiability => ("TERMLIAB", ""),
        AccountClass::Equity => ("EQUITY", ""),
        AccountClass::Income => ("REVENUE", ""),
        AccountClass::OtherIncome => ("OTHERINCOME", ""),
        AccountClass::CostOfSales => ("DIRECTCOSTS", ""),
        AccountClass::Expense => ("EXPENSE", ""),
        AccountClass::OtherExpense => ("OVERHEADS", ""),
    }
}

fn tax_rate(tax: &carry_model::TaxRate, item: &WriteItem, reports: bool) -> TaxRate {
    let name = chars(&tax.name, TAX_NAME_MAX);
    let component = |part: &carry_model::TaxComponent| TaxComponent {
        name: chars(&part.name, TAX_NAME_MAX),
        rate: Some(part.percent),
        is_compound: part.compound,
    };
    let mut components: Vec<_> = tax.components.iter().map(component).collect();
    if components.is_empty() {
        let rate = Some(tax.percent.unwrap_or_default());
        components.push(TaxComponent { name: name.clone(), rate, is_compound: false });
    }
    TaxRate {
        name,
        tax_type: match &item.operation {
            Operation::Create => String::new(),
            Operation::Update(id) => id.to_string(),
        },
        report_tax_type: reports.then(|| "OUTPUT".to_owned()),
        tax_components: components,
        ..TaxRate::default()
    }
}

fn item_of(target: &Target, batch: &WriteBatch, item: &WriteItem) -> Result<(Item, Vec<String>), Fault> {
    let Body::Item(body) = &item.record.body else { return Err(Fault::new(Code::Bug).detail("no item")) };
    let mark = mark::of(&item.record.key());
    let mut notes = Vec::new();
    let code = match &item.operation {
        Operation::Update(code) => code.to_string(),
        Operation::Create => {
            let wanted = body.code.as_deref().or(Some(body.name.as_str()));
            let code = free(wanted, &mark, ITEM_CODE_MAX, |_| false);
            if body.code.as_deref().is_some_and(|wanted| wanted != code) {
                notes.push(format!("Its code became {code} in Xero."));
            }
            code
        }
    };
    let name = chars(&body.name, ITEM_NAME_MAX);
    if name != body.name {
        notes.push(format!("Its name was cut to {ITEM_NAME_MAX} characters."));
    }
    let tax = batch.links.get_opt(Entity::TaxRate, &body.tax_rate).map(ToString::to_string);
    let account = |id| target.linked(&batch.links, id).map(|account| account.code.clone());
    let sale = Trade {
        unit_price: body.price,
        account_code: account(&body.income_account),
        tax_type: tax,
        ..Trade::default()
    };
    let purchase =
        Trade { unit_price: body.cost, account_code: account(&body.expense_account), ..Trade::default() };
    let outgoing = Item {
        code,
        name: Some(name),
        description: body.description.as_deref().map(|text| chars(text, DESCRIPTION_MAX)),
        // Where customers do not see it.
        purchase_description: Some(mark),
        sales_details: Some(sale),
        purchase_details: (purchase.unit_price.is_some() || purchase.account_code.is_some())
            .then_some(purchase),
        ..Item::default()
    };
    Ok((outgoing, notes))
}
