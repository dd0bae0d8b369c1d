//! Books made by seed: two currencies, partial and many-to-many payments, credit notes, balances that payments do
//! not explain, documents whose parts do not add up.

use carry_model::{
    Account, AccountClass, Allocation, Body, Contact, Currency, Date, Decimal, Document, Entity, Journal,
    JournalLine, Line, Payment, Record, RecordKey, SourceId,
};

use crate::dice::Dice;

pub struct Books {
    pub records: Vec<Record>,
}

fn cents(amount: u64) -> Decimal {
    Decimal::new(i64::try_from(amount).unwrap(), 2)
}

fn record(entity: Entity, id: &str, body: Body) -> Record {
    Record::new(entity, id, Some(format!("No. {id}")), body).unwrap()
}

impl Books {
    pub fn generate(seed: u64, documents: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut records = lists();
        for ledger in ["AR", "AP"] {
            documents_of(ledger, documents, &mut dice, &mut records);
        }
        Self { records }
    }

    pub fn of(&self, entity: Entity) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |r| r.entity == entity)
    }

    /// Replaces the record with that key.
    pub fn replace(&mut self, record: Record) {
        let known = self.records.iter_mut().find(|r| r.key() == record.key()).unwrap();
        *known = record;
    }
}

fn lists() -> Vec<Record> {
    let account = |id: &str, class| {
        let body = Account {
            code: Some(id.into()),
            name: id.into(),
            class,
            parent: None,
            currency: None,
            description: None,
            active: true,
        };
        record(Entity::Account, id, Body::Account(body.into()))
    };
    let mut records = vec![
        account("bank", AccountClass::Bank),
        account("sales", AccountClass::Income),
        account("costs", AccountClass::Expense),
    ];
    for n in 0..5 {
        let body =
            Contact { name: format!("Contact {n}"), customer: true, supplier: true, ..Contact::default() };
        records.push(record(Entity::Contact, &format!("c{n}"), Body::Contact(body.into())));
    }
    let line = |account: &str, amount: i64| JournalLine {
        account: account.into(),
        amount: Decimal::new(amount, 2),
        contact: None,
        description: None,
        tracking: Vec::new(),
    };
    let journal = Journal {
        date: Date::constant(2026, 1, 1),
        currency: Currency::EUR,
        rate: None,
        memo: None,
        lines: vec![line("bank", 100_000), line("sales", -100_000)],
    };
    records.push(record(Entity::Journal, "opening", Body::Journal(journal)));
    records
}

struct Open {
    key: RecordKey,
    contact: SourceId,
    currency: Currency,
    rate: Option<Decimal>,
    left: u64,
}

fn documents_of(ledger: &str, count: u64, dice: &mut Dice, records: &mut Vec<Record>) {
    let (claim, credit, payment, account) = match ledger {
        "AR" => (Entity::Invoice, Entity::CreditNote, Entity::Payment, "sales"),
        _ => (Entity::Bill, Entity::BillCredit, Entity::BillPayment, "costs"),
    };
    let mut open: Vec<Open> = Vec::new();
    for n in 0..count {
        let foreign = dice.once_in(3);
        let (currency, rate) = match foreign {
            true => (Currency::USD, Some(Decimal::new(91_234_567, 8))),
            false => (Currency::EUR, None),
        };
        let nets: Vec<u64> = (0..=dice.throw(3)).map(|_| 1 + dice.throw(90_000)).collect();
        // One in ten states a total that its parts do not add up to.
        let total = nets.iter().sum::<u64>() + if dice.once_in(10) { 1 } else { 0 };
        let mut document = Document::new(Date::constant(2026, 2, 1), currency, cents(total));
        let contact = SourceId::new(format!("c{}", dice.throw(5)));
        document.contact = Some(contact.clone());
        document.rate = rate;
        document.lines = nets
            .iter()
            .map(|net| Line { net: cents(*net), account: Some(account.into()), ..Line::default() })
            .collect();
        let entity = if dice.once_in(6) { credit } else { claim };
        let key = RecordKey::new(entity, format!("{ledger}{n}"));
        open.push(Open { key: key.clone(), contact, currency, rate, left: total });
        records.push(record(entity, key.id.as_str(), Body::Document(document.into())));
    }
    payments_of(claim, payment, dice, &mut open, records);
    // The source states what is open; for some it is less than the payments account for.
    for document in &mut open {
        if document.left > 0 && dice.once_in(4) {
            document.left = dice.throw(document.left);
        }
        let known = records.iter_mut().find(|r| r.key() == document.key).unwrap();
        let Body::Document(body) = &mut known.body else { panic!() };
        body.outstanding = Some(cents(document.left));
    }
}

fn payments_of(
    claim: Entity,
    payment: Entity,
    dice: &mut Dice,
    open: &mut [Open],
    records: &mut Vec<Record>,
) {
    for n in 0..open.len() {
        if !dice.once_in(2) {
            continue;
        }
        let (contact, currency, rate) = (open[n].contact.clone(), open[n].currency, open[n].rate);
        let mut allocations = Vec::new();
        let (mut money, mut credits) = (0_u64, 0_u64);
        let same = |o: &&mut Open| o.contact == contact && o.currency == currency && o.left > 0;
        for other in open.iter_mut().filter(same).take(1 + usize::try_from(dice.throw(3)).unwrap()) {
            let amount = 1 + dice.throw(other.left);
            if other.key.entity == claim {
                money += amount;
            } else if credits + amount <= money {
                credits += amount;
            } else {
                continue;
            }
            other.left -= amount;
            allocations.push(Allocation { document: other.key.clone(), amount: cents(amount) });
        }
        let unapplied = if dice.once_in(5) { dice.throw(1_000) } else { 0 };
        if allocations.is_empty() {
            continue;
        }
        let body = Payment {
            contact: Some(contact),
            date: Date::constant(2026, 3, 1),
            currency,
            rate,
            amount: cents(money - credits + unapplied),
            account: Some("bank".into()),
            method: None,
            reference: None,
            memo: None,
            allocations,
        };
        records.push(record(payment, &format!("{}-{n}", payment.name()), Body::Payment(body.into())));
    }
}
