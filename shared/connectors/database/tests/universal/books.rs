//! Books of every sort of record with every field, from a seed.

use carry_model::{
    Account, AccountClass, Activity, Address, Allocation, Attachment, BankLine, BankTransaction, Body,
    Company, Contact, Currency, Date, Decimal, Direction, Discount, Document, DocumentTax, Entity, Item,
    Journal, JournalLine, Line, Money, Payment, PaymentMethod, Place, Project, Record, RecordKey, SourceId,
    Status, TaxComponent, TaxMode, TaxRate, Terms, Timestamp, Tracking, TrackingCategory, Transfer,
};

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random {
    state: u64,
    /// PostgreSQL's texts cannot hold the character NUL.
    nul: bool,
}

const TEXTS: &[&str] = &[
    "",
    "x",
    " blanks ",
    "two\nlines",
    "Zoë & Söhne €",
    "'; DROP TABLE documents; --",
    "\"quoted\"",
    "a\\b",
    "\t",
];

impl Random {
    pub(crate) fn new(seed: u64, nul: bool) -> Self {
        Self { state: seed, nul }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    fn opt<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn many<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        match self.below(12) {
            0 => "long ".repeat(400),
            1 if self.nul => "nul\0inside".to_owned(),
            _ => self.pick(TEXTS).to_owned(),
        }
    }

    fn date(&mut self) -> Date {
        Date::new(1990 + self.below(60) as i16, 1 + self.below(12) as i8, 1 + self.below(28) as i8).unwrap()
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::new(self.below(2_000_000_000) as i64, self.below(1_000_000_000) as i32).unwrap()
    }

    fn currency(&mut self) -> Currency {
        ["EUR", "USD", "JPY", "KWD"][self.below(4) as usize].parse().unwrap()
    }

    /// Any decimal: a quantity, a price, a rate.
    fn decimal(&mut self) -> Decimal {
        let sign = if self.flag() { 1 } else { -1 };
        match self.below(5) {
            0 => Decimal::ZERO,
            1 => Decimal::new(0, 2),
            _ => Decimal::new(self.below(10_000_000) as i64 * sign + 1, self.below(12) as u32),
        }
    }

    /// Whole minor units, however they are written.
    fn whole(&mut self, currency: Currency) -> Decimal {
        let digits = currency.minor_digits();
        let mut amount = match self.below(8) {
            0 => Decimal::ZERO,
            1 => Decimal::new(1_234_567_890_123_456, digits),
            _ => Decimal::new(self.below(10_000_000) as i64 - 2_000_000, digits),
        };
        match self.below(4) {
            0 => amount = amount.normalize(),
            1 => amount.rescale(digits + 3),
            _ => {}
        }
        // What is left of a negative zero is no amount that a source writes.
        if amount.is_zero() { amount.abs() } else { amount }
    }

    /// A part of a whole: may be finer than minor units.
    fn part(&mut self, currency: Currency) -> Decimal {
        if self.below(4) == 0 { self.decimal() } else { self.whole(currency) }
    }

    fn rate(&mut self, currency: Currency) -> Option<Decimal> {
        (currency != Currency::EUR).then(|| Decimal::new(self.below(3_000_000) as i64 + 1, 6))
    }

    fn refer(&mut self, prefix: &str) -> Option<SourceId> {
        self.opt(|random| random.must(prefix))
    }

    fn must(&mut self, prefix: &str) -> SourceId {
        SourceId::new(format!("{prefix}{}", self.below(4)))
    }

    fn record(&mut self, entity: Entity, id: String, body: Body) -> Record {
        let number = self.opt(Self::text);
        let mut record = Record::new(entity, id, number, body).unwrap();
        record.created = self.opt(Self::time);
        record.modified = self.opt(Self::time);
        record.implied = self.flag();
        let line = self.below(100_000);
        record.place = Place { file: self.text(), line, last_line: self.below(2) * (line + 3) };
        record.raw = self.opt(Self::text).unwrap_or_default();
        record
    }

    fn tracking(&mut self) -> Tracking {
        Tracking { category: self.must("k"), option: self.text() }
    }

    fn address(&mut self) -> Address {
        Address {
            lines: self.many(3, Self::text),
            city: self.opt(Self::text),
            region: self.opt(Self::text),
            postal_code: self.opt(Self::text),
            country: self.opt(Self::text),
        }
    }
}

const CLASSES: &[AccountClass] = &[
    AccountClass::Bank,
    AccountClass::Receivable,
    AccountClass::CurrentAsset,
    AccountClass::FixedAsset,
    AccountClass::CreditCard,
    AccountClass::Payable,
    AccountClass::CurrentLiability,
    AccountClass::LongTermLiability,
    AccountClass::Equity,
    AccountClass::Income,
    AccountClass::OtherIncome,
    AccountClass::CostOfSales,
    AccountClass::Expense,
    AccountClass::OtherExpense,
];

/// The lists: four of each, which the rest refers to.
fn lists(random: &mut Random, all: &mut Vec<Record>) {
    let company =
        Company { name: random.text(), home_currency: Currency::EUR, country: random.opt(Random::text) };
    all.push(random.record(Entity::Company, "company".into(), Body::Company(company)));
    for n in 0..14_u64 {
        let body = Account {
            code: random.opt(Random::text),
            name: random.text(),
            class: CLASSES[n as usize],
            // Children before their parents, within one batch.
            parent: (n < 3).then(|| SourceId::new(format!("a{}", n + 1))),
            currency: random.opt(Random::currency),
            description: random.opt(Random::text),
            active: random.flag(),
        };
        all.push(random.record(Entity::Account, format!("a{n}"), Body::Account(body.into())));
    }
    for n in 0..4_u64 {
        let component = |random: &mut Random| TaxComponent {
            name: random.text(),
            percent: random.decimal(),
            compound: random.flag(),
            account: random.refer("a"),
        };
        let tax = TaxRate {
            name: random.text(),
            code: random.opt(Random::text),
            percent: random.opt(Random::decimal),
            components: random.many(3, component),
            account: random.refer("a"),
        };
        all.push(random.record(Entity::TaxRate, format!("t{n}"), Body::TaxRate(tax.into())));
        let terms = Terms { name: random.text(), due_days: random.opt(|random| random.below(90) as u32) };
        all.push(random.record(Entity::Terms, format!("r{n}"), Body::Terms(terms)));
        let method = PaymentMethod { name: random.text() };
        all.push(random.record(Entity::PaymentMethod, format!("m{n}"), Body::PaymentMethod(method)));
        let category = TrackingCategory { name: random.text(), options: random.many(3, Random::text) };
        all.push(random.record(Entity::TrackingCategory, format!("k{n}"), Body::TrackingCategory(category)));
        let contact = contact(random, n);
        all.push(random.record(Entity::Contact, format!("c{n}"), Body::Contact(contact.into())));
        let item = Item {
            name: random.text(),
            code: random.opt(Random::text),
            description: random.opt(Random::text),
            price: random.opt(Random::decimal),
            cost: random.opt(Random::decimal),
            income_account: random.refer("a"),
            expense_account: random.refer("a"),
            tax_rate: random.refer("t"),
            service: random.opt(Random::flag),
            archived: random.flag(),
        };
        all.push(random.record(Entity::Item, format!("i{n}"), Body::Item(item.into())));
        let project = Project {
            name: random.text(),
            code: random.opt(Random::text),
            contact: random.refer("c"),
            active: random.flag(),
        };
        all.push(random.record(Entity::Project, format!("p{n}"), Body::Project(project)));
    }
}

fn contact(random: &mut Random, n: u64) -> Contact {
    Contact {
        name: random.text(),
        customer: random.flag(),
        supplier: random.flag(),
        first_name: random.opt(Random::text),
        last_name: random.opt(Random::text),
        email: random.opt(Random::text),
        phone: random.opt(Random::text),
        account_number: random.opt(Random::text),
        tax_number: random.opt(Random::text),
        billing: random.opt(Random::address),
        shipping: random.opt(Random::address),
        parent: (n < 2).then(|| SourceId::new(format!("c{}", n + 1))),
        currency: random.opt(Random::currency),
        note: random.opt(Random::text),
        archived: random.flag(),
    }
}

fn document(random: &mut Random) -> Document {
    let currency = random.currency();
    let line = |random: &mut Random| Line {
        item: random.refer("i"),
        description: random.opt(Random::text),
        quantity: random.opt(Random::decimal),
        unit_price: random.opt(Random::decimal),
        discount: random.opt(|random| random.part(currency)),
        net: random.part(currency),
        tax_rate: random.refer("t"),
        tax: random.opt(|random| random.part(currency)),
        account: random.refer("a"),
        project: random.refer("p"),
        tracking: random.many(2, Random::tracking),
        service_date: random.opt(Random::date),
    };
    let tax =
        |random: &mut Random| DocumentTax { tax_rate: random.refer("t"), amount: random.part(currency) };
    let related = |random: &mut Random| RecordKey::new(Entity::Estimate, random.must("estimate-"));
    Document {
        contact: random.refer("c"),
        date: random.date(),
        due: random.opt(Random::date),
        currency,
        rate: random.rate(currency),
        tax_mode: random.pick(&[TaxMode::Exclusive, TaxMode::Inclusive, TaxMode::None]),
        total: random.whole(currency),
        outstanding: random.opt(|random| random.whole(currency)),
        status: random.pick(&[
            Status::Draft,
            Status::Open,
            Status::Accepted,
            Status::Declined,
            Status::Closed,
            Status::Voided,
        ]),
        lines: random.many(3, line),
        taxes: random.many(2, tax),
        discount: random.opt(|random| Discount {
            amount: random.part(currency),
            percent: random.opt(Random::decimal),
            account: random.refer("a"),
        }),
        terms: random.refer("r"),
        reference: random.opt(Random::text),
        memo: random.opt(Random::text),
        project: random.refer("p"),
        paid_account: random.refer("a"),
        payment_method: random.refer("m"),
        related: random.many(2, related),
    }
}

fn payment(random: &mut Random, entity: Entity) -> Payment {
    let currency = random.currency();
    let settled: &[Entity] = match entity {
        Entity::Payment => &[Entity::Invoice, Entity::CreditNote],
        _ => &[Entity::Bill, Entity::BillCredit],
    };
    let allocation = |random: &mut Random| {
        let entity = random.pick(settled);
        let id = random.must(&format!("{}-", entity.name()));
        Allocation { document: RecordKey::new(entity, id), amount: random.whole(currency) }
    };
    Payment {
        contact: random.refer("c"),
        date: random.date(),
        currency,
        rate: random.rate(currency),
        amount: random.whole(currency),
        account: random.refer("a"),
        method: random.refer("m"),
        reference: random.opt(Random::text),
        memo: random.opt(Random::text),
        allocations: random.many(3, allocation),
    }
}

fn bank_transaction(random: &mut Random) -> BankTransaction {
    let currency = random.currency();
    let line = |random: &mut Random| BankLine {
        account: random.must("a"),
        net: random.part(currency),
        tax_rate: random.refer("t"),
        tax: random.opt(|random| random.part(currency)),
        description: random.opt(Random::text),
    };
    BankTransaction {
        date: random.date(),
        account: random.must("a"),
        direction: random.pick(&[Direction::In, Direction::Out]),
        contact: random.refer("c"),
        currency,
        rate: random.rate(currency),
        total: random.whole(currency),
        lines: random.many(3, line),
        memo: random.opt(Random::text),
    }
}

fn journal(random: &mut Random) -> Journal {
    let currency = random.currency();
    let line = |random: &mut Random| JournalLine {
        account: random.must("a"),
        amount: random.part(currency),
        contact: random.refer("c"),
        description: random.opt(Random::text),
        tracking: random.many(2, Random::tracking),
    };
    Journal {
        date: random.date(),
        currency,
        rate: random.rate(currency),
        memo: random.opt(Random::text),
        lines: random.many(4, line),
    }
}

fn activity(random: &mut Random) -> Activity {
    let currency = random.currency();
    Activity {
        date: random.date(),
        subject: random.text(),
        note: random.opt(Random::text),
        contact: random.refer("c"),
        project: random.refer("p"),
        item: random.refer("i"),
        staff: random.opt(Random::text),
        hours: random.opt(Random::decimal),
        rate: random.opt(Random::decimal),
        amount: random.opt(|random| random.part(currency)),
        currency,
        billable: random.flag(),
        invoice: random.refer("invoice-"),
    }
}

/// A whole set of books.
pub(crate) fn books(seed: u64, nul: bool) -> Vec<Record> {
    let random = &mut Random::new(seed, nul);
    let mut all = Vec::new();
    lists(random, &mut all);
    for entity in Entity::ALL {
        for n in 0..4 {
            let id = format!("{}-{n}", entity.name());
            let body = match entity {
                entity if entity.is_document() => Body::Document(document(random).into()),
                Entity::Payment | Entity::BillPayment => Body::Payment(payment(random, *entity).into()),
                Entity::BankTransaction => Body::BankTransaction(bank_transaction(random).into()),
                Entity::Journal => Body::Journal(journal(random)),
                Entity::TimeActivity | Entity::ExpenseActivity | Entity::FeeActivity => {
                    Body::Activity(activity(random).into())
                }
                Entity::Transfer => {
                    let currency = random.currency();
                    Body::Transfer(Box::new(Transfer {
                        date: random.date(),
                        from: random.must("a"),
                        to: random.must("a"),
                        currency,
                        amount: random.whole(currency),
                        received: random.opt(|random| {
                            let currency = random.currency();
                            Money::new(random.whole(currency), currency)
                        }),
                        rate: random.rate(currency),
                        memo: random.opt(Random::text),
                    }))
                }
                Entity::Attachment => Body::Attachment(Box::new(Attachment {
                    of: RecordKey::new(Entity::Bill, random.must("bill-")),
                    name: random.text(),
                    media_type: random.opt(Random::text),
                    size_bytes: random.opt(|random| random.below(1 << 40)),
                    sha256: random.opt(Random::text),
                    location: random.text(),
                })),
                _ => continue,
            };
            all.push(random.record(*entity, id, body));
        }
    }
    all
}
