//! Payments into Odoo: the payment, its journal entry with a line for each allocation, posting, matching.

use carry_connector::{WriteBatch, Written};
use carry_model::{Code, Decimal, Fault, Kind, Reach, checked_sum};
use serde_json::json;

use crate::call::Call;
use crate::lists::{Place, Results};
use crate::load::Outcomes;
use crate::names::{id_of, target};
use crate::payments::Plan;
use crate::session::Odoo;
use crate::sheet::{Row, line};
use crate::value::{self, plain};

/// From this version on a payment takes a journal entry made for it; before, a payment is its journal entry.
const VERSION_PAYMENTS: u32 = 18;

/// A payment on its way.
struct Going {
    plan: Plan,
    /// Id of the `account.payment`; None where a journal entry is all there is.
    payment: Option<i64>,
    entry: i64,
    fault: Option<Fault>,
}

impl Odoo {
    /// Removes what updates replace; the places are then free.
    pub(crate) async fn remove_earlier(
        &self,
        batch: &WriteBatch,
        places: Vec<Option<Place>>,
    ) -> Result<Vec<Option<Place>>, Fault> {
        let mut free = Vec::with_capacity(places.len());
        for (place, item) in places.into_iter().zip(&batch.items) {
            let Some(mut place) = place else {
                free.push(None);
                continue;
            };
            if let carry_connector::Operation::Update(id) = &item.operation {
                self.remove_one(batch.entity, id).await?;
            }
            place.existing = None;
            free.push(Some(place));
        }
        Ok(free)
    }

    /// Books payments; one answer each, in order.
    pub(crate) async fn book(&self, plans: Vec<Plan>) -> Result<Results, Fault> {
        let mut going: Vec<Going> =
            plans.into_iter().map(|plan| Going { plan, payment: None, entry: 0, fault: None }).collect();
        self.create_payments(&mut going).await?;
        self.create_entries(&mut going).await?;
        self.post_payments(&mut going).await?;
        self.match_shares(&mut going).await?;
        let finished = going.iter().filter(|g| g.fault.is_none()).map(|g| g.plan.external.clone());
        self.mark_finished(&finished.collect::<Vec<_>>()).await?;
        self.outcomes(going).await
    }

    fn is_payment(&self, plan: &Plan) -> bool {
        self.version >= VERSION_PAYMENTS && !plan.money.is_zero()
    }

    async fn create_payments(&self, going: &mut [Going]) -> Result<(), Fault> {
        let mut rows = Vec::new();
        for plan in going.iter().map(|going| &going.plan).filter(|plan| self.is_payment(plan)) {
            let inbound = plan.money.is_sign_positive();
            rows.push(
                Row::create(&plan.external)
                    .with("payment_type", if inbound { "inbound" } else { "outbound" })
                    .with("partner_type", if plan.customer { "customer" } else { "supplier" })
                    .with_id("partner_id", plan.partner)
                    .with("amount", plain(plan.money.abs())?)
                    .with_id("currency_id", Some(plan.currency_id))
                    .with("date", plan.date.to_string())
                    .with("memo", plan.text.clone())
                    .with_id("journal_id", Some(plan.journal))
                    .with_id("destination_account_id", plan.shares.first().map(|share| share.account)),
            );
        }
        let mut outcomes = self.load("account.payment/load", &rows).await?.into_iter();
        for going in going.iter_mut() {
            if self.is_payment(&going.plan) {
                match outcomes.next() {
                    Some(Ok(id)) => going.payment = Some(id),
                    Some(Err(fault)) => going.fault = Some(fault),
                    None => going.fault = Some(Fault::new(Code::Bug).detail("a payment without an outcome")),
                }
            }
        }
        Ok(())
    }

    async fn create_entries(&self, going: &mut [Going]) -> Result<(), Fault> {
        let home_digits = self.books.home.map_or(2, |(home, _)| home.minor_digits());
        let mut rows = Vec::new();
        let mut at = Vec::new();
        for (n, going) in going.iter_mut().enumerate().filter(|(_, going)| going.fault.is_none()) {
            match entry_row(going, home_digits) {
                Ok(row) => {
                    rows.push(row);
                    at.push(n);
                }
                Err(fault) => going.fault = Some(fault),
            }
        }
        let outcomes: Outcomes = self.load("account.move/load", &rows).await?;
        let mut links = Vec::new();
        for (n, outcome) in at.into_iter().zip(outcomes) {
            let Some(going) = going.get_mut(n) else { continue };
            match outcome {
                Ok(entry) => {
                    going.entry = entry;
                    links.extend(
                        going.payment.map(|payment| Row::update(payment).with_id("move_id", Some(entry))),
                    );
                }
                Err(fault) => going.fault = Some(fault),
            }
        }
        let linked = self.load_idempotent("account.payment/load", &links).await?;
        let with_payment = going.iter_mut().filter(|going| going.fault.is_none() && going.payment.is_some());
        for (going, outcome) in with_payment.zip(linked) {
            going.fault = outcome.err();
        }
        Ok(())
    }

    async fn post_payments(&self, going: &mut [Going]) -> Result<(), Fault> {
        let payments: Vec<i64> =
            going.iter().filter(|going| going.fault.is_none()).filter_map(|going| going.payment).collect();
        let mut refused = self.validate(&payments).await?;
        for going in going.iter_mut().filter(|going| going.fault.is_none()) {
            going.fault = going.payment.and_then(|id| refused.remove(&id));
        }
        let entries: Vec<i64> = going
            .iter()
            .filter(|going| going.fault.is_none() && going.payment.is_none())
            .map(|going| going.entry)
            .collect();
        let mut refused = self.post(&entries).await?;
        for going in going.iter_mut().filter(|going| going.fault.is_none() && going.payment.is_none()) {
            going.fault = refused.remove(&going.entry);
        }
        Ok(())
    }

    /// Posts payments and makes them final; gives those that were refused.
    async fn validate(&self, ids: &[i64]) -> Result<rustc_hash::FxHashMap<i64, Fault>, Fault> {
        let mut refused = rustc_hash::FxHashMap::default();
        let mut work = vec![ids.to_vec()];
        while let Some(group) = work.pop() {
            if group.is_empty() {
                continue;
            }
            let call = Call::write("account.payment/action_validate").on(group.iter().copied());
            match self.call(call).await {
                Ok(_) => {}
                Err(fault) if fault.reach != Reach::Refused || fault.kind() == Kind::Transient => {
                    return Err(fault);
                }
                Err(fault) => match group.as_slice() {
                    [only] => {
                        refused.insert(*only, fault);
                    }
                    many => {
                        let (left, right) = many.split_at(many.len() / 2);
                        work.extend([right.to_vec(), left.to_vec()]);
                    }
                },
            }
        }
        Ok(refused)
    }

    async fn match_shares(&self, going: &mut [Going]) -> Result<(), Fault> {
        let entries: Vec<i64> = going.iter().filter(|g| g.fault.is_none()).map(|g| g.entry).collect();
        let lines = self.entry_lines(&entries).await?;
        let mut pairs = Vec::new();
        let mut owners = Vec::new();
        for (n, going) in going.iter_mut().enumerate().filter(|(_, going)| going.fault.is_none()) {
            let own = lines.get(&going.entry).map(Vec::as_slice).unwrap_or_default();
            // The money line comes first.
            let shares = own.iter().skip(usize::from(going.plan.money_account.is_some()));
            for (share, (line, amount)) in going.plan.shares.iter().zip(shares) {
                if share.amount != *amount {
                    going.fault = Some(Fault::new(Code::Bug).detail("a payment's lines changed their order"));
                } else if let Some(document) = share.matches {
                    pairs.push((*line, document));
                    owners.push(n);
                }
            }
        }
        for (owner, fault) in owners.into_iter().zip(self.match_pairs(&pairs).await?) {
            if let (Some(going), Some(fault)) = (going.get_mut(owner), fault) {
                going.fault = Some(fault);
            }
        }
        Ok(())
    }

    /// Lines of entries in the order in which they were made: id and amount in their currency.
    async fn entry_lines(
        &self,
        entries: &[i64],
    ) -> Result<rustc_hash::FxHashMap<i64, Vec<(i64, Decimal)>>, Fault> {
        let mut lines: rustc_hash::FxHashMap<i64, Vec<(i64, Decimal)>> = rustc_hash::FxHashMap::default();
        if entries.is_empty() {
            return Ok(lines);
        }
        let domain = json!([["move_id", "in", entries]]);
        let fields = ["move_id", "amount_currency"];
        for found in self.search("account.move.line/search_read", domain, &fields).await? {
            let entry = value::reference(&found, "move_id").unwrap_or_default();
            lines
                .entry(entry)
                .or_default()
                .push((value::id(&found), value::amount(&found, "amount_currency", 4)?));
        }
        Ok(lines)
    }

    async fn outcomes(&self, going: Vec<Going>) -> Result<Results, Fault> {
        let payments: Vec<i64> = going.iter().filter_map(|going| going.payment).collect();
        let mut names = rustc_hash::FxHashMap::default();
        if !payments.is_empty() {
            let domain = json!([["id", "in", payments]]);
            for found in self.search("account.payment/search_read", domain, &["name"]).await? {
                names.insert(value::id(&found), value::text(&found, "name").map(str::to_owned));
            }
        }
        let mut results = Results::with_capacity(going.len());
        for going in going {
            results.push(match going.fault {
                Some(fault) => {
                    self.discard(going.payment, going.entry).await?;
                    Err(fault)
                }
                None => {
                    let (model, id) = match going.payment {
                        Some(id) => ("account.payment", id),
                        None => ("account.move", going.entry),
                    };
                    let number = names.get(&id).cloned().flatten().filter(|_| going.payment.is_some());
                    Ok(Written { number, notes: going.plan.notes, ..Written::new(target(model, id)) })
                }
            });
        }
        Ok(results)
    }

    /// Takes back what a payment that failed left behind.
    async fn discard(&self, payment: Option<i64>, entry: i64) -> Result<(), Fault> {
        if let Some(payment) = payment {
            self.remove_payments(&[payment]).await?;
        } else if entry != 0 {
            self.remove_moves(&[entry]).await?;
        }
        Ok(())
    }
}

fn entry_row(going: &Going, home_digits: u32) -> Result<Row, Fault> {
    let plan = &going.plan;
    let external = match going.payment {
        Some(_) => format!("{}_entry", plan.external),
        None => plan.external.clone(),
    };
    let mut row = Row::create(&external)
        .with("move_type", "entry")
        .with_id("journal_id", Some(plan.journal))
        .with("date", plan.date.to_string())
        .with("ref", plan.text.clone())
        .with_id("partner_id", plan.partner)
        .with_id("currency_id", Some(plan.currency_id));
    if let Some(payment) = going.payment {
        row = row.with_id("origin_payment_id", Some(payment));
    }
    let shares = plan.shares.iter().map(|share| (share.account, share.amount));
    let money = plan.money_account.map(|account| (account, plan.money));
    let lines: Vec<(i64, Decimal)> = money.into_iter().chain(shares).collect();
    if !checked_sum(lines.iter().map(|(_, amount)| *amount))?.is_zero() {
        return Err(
            Fault::new(Code::OverAllocated).detail("The payment's parts do not add up to its amount.")
        );
    }
    let partner = plan.partner.map(|id| id.to_string()).unwrap_or_default();
    for ((account, amount), balance) in lines.into_iter().zip(plan.balances(home_digits)?) {
        row.push_line(line(
            "line_ids",
            [
                ("account_id/.id", account.to_string()),
                ("partner_id/.id", partner.clone()),
                ("name", plan.text.clone()),
                ("currency_id/.id", plan.currency_id.to_string()),
                ("amount_currency", plain(amount)?),
                ("balance", plain(balance)?),
            ],
        ));
    }
    Ok(row)
}

/// True for a reference to a payment rather than a journal entry.
pub(crate) fn is_payment(target: &carry_model::TargetId) -> Option<i64> {
    (crate::names::model_of(target) == Some("account.payment")).then(|| id_of(target))?
}
