//! Payments: what each becomes in Odoo, before anything is sent.

use carry_connector::{WriteBatch, WriteItem};
use carry_model::{
    Body, Code, Currency, Date, Decimal, Document, Entity, Fault, Payment, SourceId, checked_sum,
    round_half_up,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::books::currencies;
use crate::document_rows::{Facts, is_sale};
use crate::journals::{Journal, Journals};
use crate::lists::Results;
use crate::names::id_of;
use crate::reconcile::OpenLine;
use crate::session::Odoo;
use crate::value;

/// A line of a payment's journal entry on a receivable or payable account.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) account: i64,
    /// Debit positive, in the payment's currency.
    pub(crate) amount: Decimal,
    /// The document's line that it is matched with; None for what stays unapplied.
    pub(crate) matches: Option<i64>,
}

/// A payment on its way.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) external: String,
    /// Customer's rather than supplier's.
    pub(crate) customer: bool,
    pub(crate) journal: i64,
    /// Bank, cash or card account; None where no money moves.
    pub(crate) money_account: Option<i64>,
    pub(crate) partner: Option<i64>,
    pub(crate) date: Date,
    pub(crate) currency_id: i64,
    /// Home units for one of the currency.
    pub(crate) rate: Decimal,
    /// Money into the account, negative out of it.
    pub(crate) money: Decimal,
    pub(crate) text: String,
    pub(crate) shares: Vec<Share>,
    pub(crate) notes: Vec<String>,
}

/// A receipt, refund or expense that was paid on the spot.
pub(crate) struct Receipt<'a> {
    pub(crate) entity: Entity,
    pub(crate) external: String,
    pub(crate) id: i64,
    pub(crate) document: &'a Document,
    pub(crate) number: Option<String>,
}

/// What the payments of a batch need to know of the target.
struct Known {
    journals: Journals,
    currencies: FxHashMap<Currency, i64>,
    /// Receivable and payable lines of documents.
    lines: FxHashMap<i64, Vec<OpenLine>>,
    /// Receivable and payable account of partners; under 0 the company's own.
    partners: FxHashMap<i64, (Option<i64>, Option<i64>)>,
}

impl Odoo {
    /// Creates or replaces payments and matches them with their documents.
    pub(crate) async fn write_payments(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let unwritten = || Err(Fault::new(Code::Bug).detail("a payment without an outcome"));
        let mut results: Results = batch.items.iter().map(|_| unwritten()).collect();
        // A payment is never changed in place: taking it back frees its documents, then it is written anew.
        let places = self.clear_the_way(batch, "", &mut results).await?;
        let places = self.remove_earlier(batch, places).await?;
        let known = self.known(batch).await?;
        let mut plans = Vec::new();
        let mut at = Vec::new();
        for (n, (item, place)) in batch.items.iter().zip(places).enumerate() {
            let (Some(place), Body::Payment(payment)) = (place, &item.record.body) else { continue };
            match self.plan(batch, item, payment, place.external, &known) {
                Ok(plan) => {
                    plans.push(plan);
                    at.push(n);
                }
                Err(fault) => {
                    if let Some(result) = results.get_mut(n) {
                        *result = Err(fault);
                    }
                }
            }
        }
        for (n, outcome) in at.into_iter().zip(self.book(plans).await?) {
            let amount = batch.items.get(n).and_then(|item| match &item.record.body {
                Body::Payment(payment) => Some(payment.amount),
                _ => None,
            });
            if let Some(result) = results.get_mut(n) {
                *result = outcome.map(|written| carry_connector::Written { total: amount, ..written });
            }
        }
        Ok(results)
    }

    async fn known(&self, batch: &WriteBatch) -> Result<Known, Fault> {
        let payments = || {
            batch.items.iter().filter_map(|item| match &item.record.body {
                Body::Payment(payment) => Some(payment),
                _ => None,
            })
        };
        let account = |id: &Option<SourceId>| batch.links.get_opt(Entity::Account, id).and_then(id_of);
        let money: Vec<i64> =
            payments().filter(|p| !p.amount.is_zero()).filter_map(|p| account(&p.account)).collect();
        let mut documents: Vec<i64> = payments()
            .flat_map(|payment| &payment.allocations)
            .filter_map(|a| batch.links.get(a.document.entity, &a.document.id).and_then(id_of))
            .collect();
        documents.sort_unstable();
        documents.dedup();
        let partners =
            payments().filter_map(|p| batch.links.get_opt(Entity::Contact, &p.contact).and_then(id_of));
        Ok(Known {
            journals: self.ensure_journals(&money).await?,
            currencies: currencies(self, payments().map(|payment| payment.currency).collect()).await?,
            lines: self.open_lines(&documents).await?,
            partners: self.partner_accounts(partners.collect()).await?,
        })
    }

    /// Receivable and payable account of partners; under 0 those of the company's own partner, which every
    /// database has.
    async fn partner_accounts(
        &self,
        mut partners: Vec<i64>,
    ) -> Result<FxHashMap<i64, (Option<i64>, Option<i64>)>, Fault> {
        partners.sort_unstable();
        partners.dedup();
        let domain = json!([["id", "=", self.books.company]]);
        let company = self.search("res.company/search_read", domain, &["partner_id"]).await?;
        let own = company.first().and_then(|fields| value::reference(fields, "partner_id"));
        partners.extend(own);
        let fields = ["property_account_receivable_id", "property_account_payable_id"];
        let domain = json!([["id", "in", partners]]);
        let mut accounts = FxHashMap::default();
        for partner in self.search_all("res.partner/search_read", domain, &fields).await? {
            let [receivable, payable] = fields.map(|field| value::reference(&partner, field));
            if Some(value::id(&partner)) == own {
                accounts.insert(0, (receivable, payable));
            }
            accounts.insert(value::id(&partner), (receivable, payable));
        }
        Ok(accounts)
    }

    fn plan(
        &self,
        batch: &WriteBatch,
        item: &WriteItem,
        payment: &Payment,
        external: String,
        known: &Known,
    ) -> Result<Plan, Fault> {
        let customer = batch.entity == Entity::Payment;
        let partner = batch.links.get_opt(Entity::Contact, &payment.contact).and_then(id_of);
        let mut shares = Vec::new();
        let mut first = None;
        for allocation in &payment.allocations {
            let document =
                batch.links.get(allocation.document.entity, &allocation.document.id).and_then(id_of);
            let line = document.and_then(|id| known.lines.get(&id)).and_then(|lines| lines.first());
            let line = line.ok_or_else(|| {
                Fault::new(Code::ReferenceMissing).detail(format!(
                    "The {} it settles has no open line in Odoo.",
                    allocation.document.entity
                ))
            })?;
            first.get_or_insert(line);
            let amount = if line.amount.is_sign_negative() { allocation.amount } else { -allocation.amount };
            shares.push(Share { account: line.account, amount, matches: Some(line.id) });
        }
        let unapplied = payment.unapplied()?;
        if !unapplied.is_zero() {
            let account = known.partner_account(partner, customer)?;
            let amount = if customer { -unapplied } else { unapplied };
            shares.push(Share { account, amount, matches: None });
        }
        let mut notes = Vec::new();
        let (journal, money_account) = if payment.amount.is_zero() {
            (known.journals.first("general")?.id, None)
        } else {
            let (journal, account) = self.money_journal(batch, payment, known, &mut notes)?;
            (journal, Some(account))
        };
        let rate = self.rate(payment.currency, payment.rate, first)?;
        let texts = [payment.reference.as_deref(), payment.memo.as_deref(), item.record.number.as_deref()];
        let mut texts: Vec<&str> = texts.into_iter().flatten().collect();
        texts.dedup();
        Ok(Plan {
            external,
            customer,
            journal,
            money_account,
            partner,
            date: payment.date,
            currency_id: known.currency(payment.currency)?,
            rate,
            money: if customer { payment.amount } else { -payment.amount },
            text: texts.join(" - "),
            shares,
            notes,
        })
    }

    fn money_journal(
        &self,
        batch: &WriteBatch,
        payment: &Payment,
        known: &Known,
        notes: &mut Vec<String>,
    ) -> Result<(i64, i64), Fault> {
        let account = batch.links.get_opt(Entity::Account, &payment.account).and_then(id_of);
        if let Some(account) = account {
            let missing = || Fault::new(Code::Bug).detail("an account without a journal");
            return known
                .journals
                .of_account(account)
                .map(|journal| (journal.id, account))
                .ok_or_else(missing);
        }
        let method = batch.links.get_opt(Entity::PaymentMethod, &payment.method).and_then(id_of);
        let mapped = method.and_then(|id| known.journals.get(id)).filter(|journal| journal.moves_money());
        let journal = match mapped {
            Some(journal) => journal,
            None => default_journal(&known.journals, notes)?,
        };
        let account = journal.account.ok_or_else(|| {
            Fault::new(Code::TargetUnsuitable)
                .detail(format!("The journal '{}' has no account.", journal.name))
        })?;
        Ok((journal.id, account))
    }

    /// The payment's own rate, else that of the document it settles.
    fn rate(
        &self,
        currency: Currency,
        stated: Option<Decimal>,
        line: Option<&OpenLine>,
    ) -> Result<Decimal, Fault> {
        if self.books.is_home(currency) {
            return Ok(Decimal::ONE);
        }
        let of_line = || line.and_then(|line| line.balance.checked_div(line.amount));
        stated.or_else(of_line).ok_or_else(|| {
            Fault::new(Code::FieldMissing)
                .field("exchange rate")
                .detail(format!("The payment is in {currency} and states no rate."))
        })
    }

    /// Pays receipts, refunds and expenses from the account they name.
    pub(crate) async fn pay_on_the_spot(
        &self,
        batch: &WriteBatch,
        receipts: &[Receipt<'_>],
        facts: &Facts,
    ) -> Result<Vec<Result<(), Fault>>, Fault> {
        let account = |id: &Option<SourceId>| batch.links.get_opt(Entity::Account, id).and_then(id_of);
        let money: Vec<i64> = receipts.iter().filter_map(|r| account(&r.document.paid_account)).collect();
        let journals = self.ensure_journals(&money).await?;
        let ids: Vec<i64> = receipts.iter().map(|receipt| receipt.id).collect();
        let lines = self.open_lines(&ids).await?;
        let mut plans = Vec::new();
        let mut outcomes: Vec<Result<(), Fault>> = Vec::with_capacity(receipts.len());
        let mut planned = Vec::new();
        for (at, receipt) in receipts.iter().enumerate() {
            let open =
                lines.get(&receipt.id).and_then(|lines| lines.first()).filter(|line| !line.open.is_zero());
            let Some(line) = open else {
                outcomes.push(Ok(()));
                continue;
            };
            let paid_account = account(&receipt.document.paid_account);
            match self.spot_plan(batch, receipt, line, paid_account, &journals, facts) {
                Ok(plan) => {
                    plans.push(plan);
                    planned.push(at);
                    outcomes.push(Ok(()));
                }
                Err(fault) => outcomes.push(Err(fault)),
            }
        }
        for (at, outcome) in planned.into_iter().zip(self.book(plans).await?) {
            if let Some(place) = outcomes.get_mut(at) {
                *place = outcome.map(|_| ());
            }
        }
        Ok(outcomes)
    }

    fn spot_plan(
        &self,
        batch: &WriteBatch,
        receipt: &Receipt<'_>,
        line: &OpenLine,
        paid_account: Option<i64>,
        journals: &Journals,
        facts: &Facts,
    ) -> Result<Plan, Fault> {
        let document = receipt.document;
        let missing =
            || Fault::new(Code::TargetUnsuitable).detail("There is no bank journal with an account.");
        let mut notes = Vec::new();
        let method = batch.links.get_opt(Entity::PaymentMethod, &document.payment_method).and_then(id_of);
        let journal = match (paid_account, method.and_then(|id| journals.get(id))) {
            (Some(account), _) => journals.of_account(account).ok_or_else(missing)?,
            (None, Some(journal)) if journal.moves_money() => journal,
            _ => default_journal(journals, &mut notes)?,
        };
        let money_account = paid_account.or(journal.account).ok_or_else(missing)?;
        let stays_open = document.outstanding.unwrap_or_default();
        let paid = checked_sum([line.open.abs(), -stays_open])?;
        let amount = if line.open.is_sign_negative() { paid } else { -paid };
        let word = receipt.entity.singular();
        Ok(Plan {
            external: format!("{}_payment", receipt.external),
            customer: is_sale(receipt.entity),
            journal: journal.id,
            money_account: Some(money_account),
            partner: batch.links.get_opt(Entity::Contact, &document.contact).and_then(id_of),
            date: document.date,
            currency_id: facts.currencies.get(&document.currency).copied().ok_or_else(missing)?,
            rate: self.rate(document.currency, document.rate, Some(line))?,
            money: -amount,
            text: format!("Payment of {word} {}", receipt.number.as_deref().unwrap_or_default())
                .trim_end()
                .to_owned(),
            shares: vec![Share { account: line.account, amount, matches: Some(line.id) }],
            notes,
        })
    }
}

impl Known {
    fn currency(&self, currency: Currency) -> Result<i64, Fault> {
        self.currencies.get(&currency).copied().ok_or_else(|| {
            Fault::new(Code::CurrencyUnknown).detail(format!("Odoo has no currency {currency}."))
        })
    }

    fn partner_account(&self, partner: Option<i64>, customer: bool) -> Result<i64, Fault> {
        let accounts = partner.and_then(|id| self.partners.get(&id)).or_else(|| self.partners.get(&0));
        let account =
            accounts.and_then(|(receivable, payable)| if customer { *receivable } else { *payable });
        account.ok_or_else(|| {
            Fault::new(Code::TargetUnsuitable)
                .detail("The contact has no receivable or payable account in Odoo.")
        })
    }
}

fn default_journal<'a>(journals: &'a Journals, notes: &mut Vec<String>) -> Result<&'a Journal, Fault> {
    let journal = journals.first("bank")?;
    notes.push(format!("The source names no bank account; it was booked to the journal '{}'.", journal.name));
    Ok(journal)
}

impl Plan {
    /// Amounts of the entry's lines in the home currency, the money line's first where there is one. They add up
    /// to zero: what rounding leaves goes to the money line, or else to the largest share.
    pub(crate) fn balances(&self, home_digits: u32) -> Result<Vec<Decimal>, Fault> {
        let home = |amount: Decimal| {
            let product = amount.checked_mul(self.rate).ok_or_else(|| Fault::new(Code::AmountOutOfRange))?;
            Ok(round_half_up(product, home_digits))
        };
        let mut shares =
            self.shares.iter().map(|share| home(share.amount)).collect::<Result<Vec<_>, Fault>>()?;
        let rest = -checked_sum(shares.iter().copied())?;
        if self.money_account.is_some() {
            shares.insert(0, rest);
        } else if let Some(largest) = shares.iter_mut().max_by_key(|amount| amount.abs()) {
            *largest = checked_sum([*largest, rest])?;
        }
        Ok(shares)
    }
}
