//! A target in memory that keeps its own books and fails by seed: before a write, in the middle of one, after it.

use carry_connector::home::HomeRounding;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, EntitySupport, Found, Limits, Manifest, Operation, Preflight,
    Removal, Support, WriteBatch, Writer, Written,
};
use carry_model::{
    Body, Code, Company, Currency, Decimal, Entity, Fault, Money, Reach, Record, RecordKey, TargetId,
};

use crate::dice::Dice;

const BATCH: usize = 3;
/// Most writes at once.
pub const AT_ONCE_MAX: u32 = 4;

const fn can(entity: Entity) -> EntitySupport {
    EntitySupport::full(entity, BATCH)
}

static MANIFEST: Manifest = Manifest {
    system: "memory",
    title: "Memory",
    source: Support::No("a target"),
    target: Support::Yes,
    entities: &[
        can(Entity::Company),
        can(Entity::Account),
        can(Entity::TaxRate),
        can(Entity::Terms),
        can(Entity::PaymentMethod),
        can(Entity::TrackingCategory),
        can(Entity::Contact),
        can(Entity::Item),
        can(Entity::Project),
        can(Entity::Estimate),
        can(Entity::SalesOrder),
        can(Entity::PurchaseOrder),
        can(Entity::Invoice),
        can(Entity::Bill),
        can(Entity::SalesReceipt),
        can(Entity::Expense),
        can(Entity::CreditNote),
        can(Entity::BillCredit),
        can(Entity::Refund),
        can(Entity::Payment),
        can(Entity::BillPayment),
        can(Entity::Transfer),
        can(Entity::BankTransaction),
        can(Entity::Journal),
        can(Entity::TimeActivity),
        can(Entity::ExpenseActivity),
        can(Entity::FeeActivity),
        can(Entity::Attachment),
    ],
    home: HomeRounding::Unknown,
    limits: Limits { in_flight: Some(AT_ONCE_MAX), lists_side_by_side: true, ..Limits::NONE },
};

/// How often a target fails, as one in so many calls; 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// Nothing was done, and the caller is told so.
    pub before: u64,
    /// Some of the batch was done, and the connection broke.
    pub midway: u64,
    /// All of it was done, and the answer was lost.
    pub after: u64,
    /// The process dies with the answer unread.
    pub crash: u64,
    /// One record is refused in detail.
    pub refuse: u64,
}

#[derive(Clone, Debug)]
pub struct Kept {
    pub key: RecordKey,
    pub number: Option<String>,
    pub body: Body,
}

#[derive(Default)]
struct State {
    kept: BTreeMap<u64, Kept>,
    next: u64,
    writes: u64,
    /// What the writes under way touch, one set for each.
    under_way: BTreeMap<u64, BTreeSet<RecordKey>>,
    calls: u64,
    at_once_max: usize,
    dice: Option<Dice>,
    home: Option<Currency>,
    keeps_rests: bool,
    looked_up: u64,
    /// Batches until one is refused because a limit is spent.
    until_pause: Option<u64>,
}

pub struct MemoryTarget {
    state: Mutex<State>,
    trouble: Mutex<Trouble>,
}

/// Kept apart from [`Code::Interrupted`] by nothing: the run stops and is begun again.
pub fn crash() -> Fault {
    Fault::new(Code::Interrupted).reach(Reach::Unknown).detail("simulated crash")
}

impl MemoryTarget {
    pub fn new(seed: u64, trouble: Trouble) -> Self {
        let state = State { dice: Some(Dice::new(seed)), ..State::default() };
        Self { state: Mutex::new(state), trouble: Mutex::new(trouble) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The currency of its ledger, euro unless set.
    pub fn set_home_currency(&self, home: Currency) {
        self.state().home = Some(home);
    }

    /// From now on, what a payment left unapplied stays when the payment is removed, as an overpayment does in Xero.
    pub fn keep_rests(&self) {
        self.state().keeps_rests = true;
    }

    /// After so many batches more, one is refused because a day's limit is spent.
    pub fn pause_after(&self, batches: u64) {
        self.state().until_pause = Some(batches);
    }

    /// Batches so far of which each record was looked up before it was written.
    pub fn looked_up(&self) -> u64 {
        self.state().looked_up
    }

    /// Records written so far, updates included.
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// Most writes that were under way at once.
    pub fn at_once_max(&self) -> usize {
        self.state().at_once_max
    }

    /// A write arrives. What touches a record that another one touches must not.
    fn arrive(&self, batch: &WriteBatch) -> Arrival<'_> {
        let mut touched: BTreeSet<RecordKey> = batch.items.iter().map(|item| item.record.key()).collect();
        for item in &batch.items {
            if let Body::Payment(payment) = &item.record.body {
                touched.extend(payment.allocations.iter().map(|a| a.document.clone()));
            }
        }
        let mut state = self.state();
        let met: Vec<_> = state.under_way.values().flatten().filter(|key| touched.contains(key)).collect();
        assert!(met.is_empty(), "two writes at once touch {met:?}");
        state.calls += 1;
        let call = state.calls;
        state.under_way.insert(call, touched);
        state.at_once_max = state.at_once_max.max(state.under_way.len());
        Arrival { target: self, call }
    }

    /// Other tasks go on for a while.
    async fn meanwhile(&self) {
        let turns = self.state().dice.as_mut().map_or(0, |dice| dice.throw(4));
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// Takes a batch, or fails in one of its ways.
    fn take(&self, batch: &WriteBatch) -> Result<Vec<Result<Written, Fault>>, Fault> {
        let trouble = *self.trouble.lock().unwrap();
        let mut state = self.state();
        assert!(batch.items.len() <= BATCH, "batches keep to the manifest");
        match state.until_pause.as_mut() {
            Some(0) => {
                state.until_pause = None;
                return Err(Fault::new(Code::RateLimited).reach(Reach::NotSent).retry_after_s(3_600));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        state.looked_up += u64::from(batch.verify_first);
        if Self::strikes(&mut state, trouble.before) {
            return Err(Fault::new(Code::ConnectionFailed).reach(Reach::NotSent));
        }
        let mut results = Vec::new();
        for item in &batch.items {
            if Self::strikes(&mut state, trouble.midway) {
                return Err(Fault::new(Code::TimedOut).reach(Reach::Unknown));
            }
            let key = item.record.key();
            let number = item.record.number.clone();
            let known = if batch.verify_first { state.find(&key) } else { None };
            let detailed = matches!(&item.record.body, Body::Document(d) if d.lines.len() > 1);
            if detailed && known.is_none() && Self::strikes(&mut state, trouble.refuse) {
                results.push(Err(Fault::new(Code::TargetRefused).reach(Reach::Refused).raw("no such tax")));
                continue;
            }
            let id = match (&item.operation, known) {
                (Operation::Create, Some(id)) => id,
                (operation, _) => state.write(item.record.clone(), operation),
            };
            let total = state.balance(id).map(|(total, ..)| total);
            results.push(Ok(Written { total, number, ..Written::new(id.to_string()) }));
        }
        if Self::strikes(&mut state, trouble.after) {
            return Err(Fault::new(Code::TimedOut).reach(Reach::Unknown));
        }
        if Self::strikes(&mut state, trouble.crash) {
            return Err(crash());
        }
        Ok(results)
    }

    /// Loses a record, as a person who deletes it by hand does.
    pub fn forget(&self, key: &RecordKey) {
        self.state().kept.retain(|_, kept| &kept.key != key);
    }

    pub fn kept(&self) -> Vec<Kept> {
        self.state().kept.values().cloned().collect()
    }

    fn strikes(state: &mut State, sides: u64) -> bool {
        sides > 0 && state.dice.as_mut().is_some_and(|dice| dice.once_in(sides))
    }
}

/// A write under way; it ends when it is dropped.
struct Arrival<'a> {
    target: &'a MemoryTarget,
    call: u64,
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.target.state().under_way.remove(&self.call);
    }
}

impl State {
    fn find(&self, key: &RecordKey) -> Option<u64> {
        self.kept.iter().find(|(_, kept)| &kept.key == key).map(|(id, _)| *id)
    }

    fn write(&mut self, record: Record, operation: &Operation) -> u64 {
        self.writes += 1;
        let id = match operation {
            Operation::Update(id) => id.as_str().parse().unwrap(),
            Operation::Create => {
                self.next += 1;
                self.next
            }
        };
        let kept = Kept { key: record.key(), number: record.number, body: record.body };
        self.kept.insert(id, kept);
        id
    }

    /// Leaves of a payment what it left unapplied; false where it left nothing.
    fn cut_down(&mut self, id: u64) -> bool {
        let Some(Body::Payment(payment)) = self.kept.get_mut(&id).map(|kept| &mut kept.body) else {
            return false;
        };
        payment.amount = payment.unapplied().unwrap();
        payment.allocations.clear();
        !payment.amount.is_zero()
    }

    /// Total and open balance as the target's own books have them.
    fn balance(&self, id: u64) -> Option<(Decimal, Decimal, Currency)> {
        let kept = self.kept.get(&id)?;
        match &kept.body {
            Body::Document(document) => {
                let total = document.sum_of_parts().unwrap();
                let payments = self.kept.values().filter_map(|kept| match &kept.body {
                    Body::Payment(payment) => Some(payment),
                    _ => None,
                });
                let applied: Decimal = payments
                    .flat_map(|payment| &payment.allocations)
                    .filter(|allocation| allocation.document == kept.key)
                    .map(|allocation| allocation.amount)
                    .sum();
                Some((total, total - applied, document.currency))
            }
            Body::Payment(payment) => Some((payment.amount, payment.unapplied().unwrap(), payment.currency)),
            _ => None,
        }
    }

    /// Debits and credits of an account, per currency.
    fn ledger(&self, account: &RecordKey) -> BTreeMap<Currency, (Decimal, Decimal)> {
        let mut sums: BTreeMap<Currency, (Decimal, Decimal)> = BTreeMap::new();
        let mut book = |currency: Currency, amount: Decimal, rate: Option<Decimal>| {
            let sum = sums.entry(currency).or_default();
            sum.0 += amount;
            sum.1 += carry_model::round_half_up(amount * rate.unwrap_or(Decimal::ONE), 2);
        };
        for kept in self.kept.values() {
            match &kept.body {
                Body::Payment(payment) if payment.account.as_ref() == Some(&account.id) => {
                    let sign =
                        if kept.key.entity == Entity::Payment { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
                    book(payment.currency, payment.amount * sign, payment.rate);
                }
                Body::Journal(journal) => {
                    for line in journal.lines.iter().filter(|line| line.account == account.id) {
                        book(journal.currency, line.amount, journal.rate);
                    }
                }
                _ => {}
            }
        }
        sums
    }
}

#[async_trait]
impl Writer for MemoryTarget {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        let home_currency = self.state().home.unwrap_or(Currency::EUR);
        let company = Company { name: "Target".into(), home_currency, country: None };
        Ok(Preflight { company: Some(company), currencies: None, lock_date: None, findings: Vec::new() })
    }

    async fn catalog(&self, _: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        Ok(Vec::new())
    }

    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        let state = self.state();
        let found = |record: &Record| {
            let id = state.find(&record.key())?;
            Some(Found { id: TargetId::new(id.to_string()), number: None })
        };
        Ok(records.iter().map(found).collect())
    }

    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        let arrival = self.arrive(&batch);
        self.meanwhile().await;
        let outcome = self.take(&batch);
        self.meanwhile().await;
        drop(arrival);
        outcome
    }

    async fn read_back(&self, _: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        let state = self.state();
        let balance = |id: &TargetId| {
            let (total, outstanding, currency) = state.balance(id.as_str().parse().unwrap())?;
            Some(Balance { id: id.clone(), total, outstanding, currency, contact: None })
        };
        Ok(ids.iter().map(balance).collect())
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        let state = self.state();
        let key = state.kept[&account.as_str().parse::<u64>().unwrap()].key.clone();
        let sums = state.ledger(&key).into_iter();
        Ok(sums
            .map(|(currency, (amount, home))| AccountBalance { amount: Money::new(amount, currency), home })
            .collect())
    }

    async fn remove(&self, _: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        let mut state = self.state();
        Ok(ids
            .iter()
            .map(|id| {
                let id: u64 = id.as_str().parse().unwrap();
                let key = state.kept.get(&id).map(|kept| kept.key.clone());
                let settled = key.is_some_and(|key| {
                    state.kept.values().any(|kept| match &kept.body {
                        Body::Payment(payment) => payment.allocations.iter().any(|a| a.document == key),
                        _ => false,
                    })
                });
                if settled {
                    return Err(Fault::new(Code::CannotRemove).reach(Reach::Refused));
                }
                if state.keeps_rests && state.cut_down(id) {
                    return Err(Fault::new(Code::CannotRemove).reach(Reach::Refused));
                }
                state.kept.remove(&id);
                Ok(Removal::Delete)
            })
            .collect())
    }
}
