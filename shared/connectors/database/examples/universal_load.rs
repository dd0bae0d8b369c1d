//! Times loading and reading back of the universal database: `universal_load URL [INVOICES]`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a measurement, not part of the product"
)]

use std::time::Duration;

use carry_connector::{Links, Operation, WriteBatch, WriteItem, Writer};
use carry_database::universal::UniversalWriter;
use carry_model::{
    Account, AccountClass, Allocation, Body, Contact, Currency, Date, Decimal, Document, Entity, Line,
    Payment, Record, RecordKey, SourceId, TargetId,
};

const BATCH: usize = 1_000;

/// Time on the clock since the start, for what a server does meanwhile.
fn wall() -> String {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    format!("at {:?} by the clock", START.elapsed())
}

/// Processor time of all threads so far: what a busy machine does not blur.
fn cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let spent = tasks.map(|task| {
        let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(spent.sum())
}

#[tokio::main]
async fn main() {
    wall();
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("a URL");
    let invoices: usize = arguments.next().map_or(100_000, |text| text.parse().unwrap());
    let writer = UniversalWriter::open(&url).await.unwrap();
    let mut links = Links::default();
    let account = |name: &str, class| {
        let body = Account {
            code: None,
            name: name.into(),
            class,
            parent: None,
            currency: None,
            description: None,
            active: true,
        };
        Record::new(Entity::Account, name, Some(name.into()), Body::Account(body.into())).unwrap()
    };
    load(
        &writer,
        Entity::Account,
        vec![
            account("sales", AccountClass::Income),
            account("bank", AccountClass::Bank),
            account("ar", AccountClass::Receivable),
        ],
        &mut links,
    )
    .await;
    let contacts = (0..invoices / 5).map(contact).collect();
    load(&writer, Entity::Contact, contacts, &mut links).await;

    let (mut total, mut ids) = (Duration::ZERO, Vec::new());
    for start in (0..invoices).step_by(BATCH) {
        let records = (start..(start + BATCH).min(invoices)).map(|n| invoice(n, invoices)).collect();
        let (time, written) = load(&writer, Entity::Invoice, records, &mut links).await;
        total += time;
        ids.extend(written);
    }
    println!("{invoices} invoices, {} lines: {total:?}, {}", invoices * 3, wall());
    let mut time = Duration::ZERO;
    let mut payment_ids = Vec::new();
    for start in (0..invoices * 4 / 5).step_by(BATCH) {
        let records = (start..(start + BATCH).min(invoices * 4 / 5)).map(|n| payment(n, invoices)).collect();
        let (took, written) = load(&writer, Entity::Payment, records, &mut links).await;
        time += took;
        payment_ids.extend(written);
    }
    println!("{} payments: {time:?}, all {:?}, {}", invoices * 4 / 5, total + time, wall());
    let start = cpu();
    for (entity, ids) in [(Entity::Invoice, &ids), (Entity::Payment, &payment_ids)] {
        for chunk in ids.chunks(BATCH) {
            let found = writer.read_back(entity, chunk).await.unwrap();
            assert!(found.iter().all(Option::is_some));
        }
        println!("read back {entity}: {:?}, {}", cpu() - start, wall());
    }
    let start = cpu();
    let bank = account("bank", AccountClass::Bank);
    let bank = writer.find(&[bank]).await.unwrap()[0].clone().unwrap().id;
    println!(
        "balance of the bank account {:?}: {:?}",
        writer.account_balance(&bank).await.unwrap(),
        (cpu() - start)
    );
}

async fn load(
    writer: &UniversalWriter,
    entity: Entity,
    records: Vec<Record>,
    links: &mut Links,
) -> (Duration, Vec<TargetId>) {
    let keys: Vec<RecordKey> = records.iter().map(Record::key).collect();
    // As the engine does: the links of what the batch refers to, no others.
    let mut own = Links::default();
    for record in &records {
        record.body.each_reference(|entity, id| {
            let target = links.get(entity, id).unwrap().clone();
            own.insert(RecordKey::new(entity, id.clone()), target);
        });
    }
    let items =
        records.into_iter().map(|record| WriteItem { record, operation: Operation::Create }).collect();
    let batch = WriteBatch {
        entity,
        items,
        links: own,
        home_currency: Currency::USD,
        verify_first: false,
        keep_numbers: true,
        files: std::sync::Arc::new(carry_connector::NoFiles),
    };
    let start = cpu();
    let written = writer.write(batch.into()).await.unwrap();
    let time = cpu() - start;
    let ids: Vec<TargetId> = written.into_iter().map(|written| written.unwrap().id).collect();
    for (key, id) in keys.into_iter().zip(&ids) {
        links.insert(key, id.clone());
    }
    (time, ids)
}

fn contact(n: usize) -> Record {
    let body = Contact {
        name: format!("Customer {n}"),
        customer: true,
        email: Some(format!("c{n}@example.com")),
        ..Contact::default()
    };
    Record::new(Entity::Contact, format!("c{n}"), Some(format!("Customer {n}")), Body::Contact(body.into()))
        .unwrap()
}

fn invoice(n: usize, invoices: usize) -> Record {
    let cents = i64::try_from(1_000 + n * 7_919 % 900_000).unwrap();
    let mut document = Document::new(Date::constant(2025, 6, 15), Currency::USD, Decimal::new(cents * 6, 2));
    document.contact = Some(SourceId::new(format!("c{}", n % (invoices / 5))));
    document.due = Some(Date::constant(2025, 7, 15));
    document.lines = (1..=3)
        .map(|k| Line {
            description: Some(format!("Work of week {k}, as agreed")),
            quantity: Some(Decimal::new(k * 100, 2)),
            unit_price: Some(Decimal::new(cents, 2)),
            net: Decimal::new(cents * k, 2),
            account: Some("sales".into()),
            ..Line::default()
        })
        .collect();
    let mut record = Record::new(
        Entity::Invoice,
        format!("{:07x}", n * 40_503 % 16_777_213),
        Some(format!("INV-{n:06}")),
        Body::Document(document.into()),
    )
    .unwrap();
    record.place.file = "Invoices.csv".into();
    record.place.line = n as u64 * 3 + 2;
    record.raw = format!(
        "[[\"INV-{n:06}\",\"Customer {n}\",\"2025-06-15\",\"2025-07-15\",\"Net 30\",\"Work of week 1, as agreed\",\"1.00\",\"{cents}\",\"\",\"USD\"],[\"INV-{n:06}\",\"Customer {n}\",\"2025-06-15\",\"2025-07-15\",\"Net 30\",\"Work of week 2, as agreed\",\"2.00\",\"{cents}\",\"\",\"USD\"]]"
    );
    record
}

fn payment(n: usize, invoices: usize) -> Record {
    let cents = i64::try_from(1_000 + n * 7_919 % 900_000).unwrap() * 6;
    let amount = Decimal::new(cents, 2);
    let document = RecordKey::new(Entity::Invoice, format!("{:07x}", n * 40_503 % 16_777_213));
    let payment = Payment {
        contact: Some(SourceId::new(format!("c{}", n % (invoices / 5)))),
        date: Date::constant(2025, 7, 10),
        currency: Currency::USD,
        rate: None,
        amount,
        account: Some("bank".into()),
        method: None,
        reference: Some(format!("{n}")),
        memo: None,
        allocations: vec![Allocation { document, amount }],
    };
    let mut record =
        Record::new(Entity::Payment, format!("p{n}"), Some(format!("{n}")), Body::Payment(payment.into()))
            .unwrap();
    record.place.file = "Payments.csv".into();
    record.raw = format!("[[\"{n}\",\"Customer {n}\",\"2025-07-10\",\"{cents}\"]]");
    record
}
