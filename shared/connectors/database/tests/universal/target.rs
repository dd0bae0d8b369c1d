//! What a target has to bear: bad records among good ones, removal, strangers' databases, rows made by hand.

use carry_connector::{Operation, WriteItem, Writer};
use carry_database::universal::UniversalWriter;
use carry_model::{Code, Entity, Fault, Place, Record, RecordKey, Reject, TargetId};

use crate::figures::{change, dec, document, payment, rows, shop};
use crate::server::Server;
use crate::writing::{Known, read, sqlite};

fn codes(outcomes: &[Result<carry_connector::Written, Fault>]) -> Vec<Option<Code>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|fault| fault.code)).collect()
}

async fn one_bad_record_takes_no_other_with_it(url: &str) {
    let writer = UniversalWriter::open(url).await.unwrap();
    let mut known = Known::default();
    known.create_all(&writer, &shop()).await;
    let good = |id: &str| document(Entity::Invoice, id, "c1", "2026-04-01", "1.00", Vec::new());

    // Refused before anything is sent: too fine a total; a payment of something that is not there.
    let fine = change(good("x1"), |body| body.total = dec("1.005"));
    let outcomes = known.try_create(&writer, &[good("x0"), fine, good("x2")]).await;
    assert_eq!(codes(&outcomes), [None, Some(Code::TargetRefused), None]);
    let lost = payment(Entity::Payment, "x", "c1", "2026-04-01", "1", &[(Entity::Invoice, "nobody", "1")]);
    let fair = payment(Entity::Payment, "y", "c1", "2026-04-01", "1", &[(Entity::Invoice, "x0", "1")]);
    let outcomes = known.try_create(&writer, &[lost, fair]).await;
    assert_eq!(codes(&outcomes), [Some(Code::DependencyFailed), None]);

    // A link that leads nowhere any more.
    known.0.insert(RecordKey::new(Entity::Contact, "gone"), TargetId::from("999999"));
    let dangling = document(Entity::Invoice, "x3", "gone", "2026-04-01", "1.00", Vec::new());
    let outcomes = known.try_create(&writer, &[dangling, good("x4")]).await;
    assert_eq!(codes(&outcomes), [Some(Code::DependencyFailed), None]);

    // Refused by the database: x5 is to replace x0, but under the source id that x2 has.
    let item = |record: Record, operation| WriteItem { record, operation };
    let clash = item(good("x2"), Operation::Update(known.id(Entity::Invoice, "x0")));
    let items = vec![item(good("x6"), Operation::Create), clash, item(good("x7"), Operation::Create)];
    let outcomes = writer.write(known.batch(Entity::Invoice, items).into()).await.unwrap();
    assert_eq!(codes(&outcomes), [None, Some(Code::TargetRefused), None]);
    let sql = "SELECT source_id FROM documents WHERE source_id LIKE 'x%' ORDER BY source_id";
    assert_eq!(rows(url, sql).await, ["x0", "x2", "x4", "x6", "x7"]);

    // The same batch again, whatever became of the first answer, and with verification: nothing doubles.
    let mut batch = known.batch(Entity::Invoice, vec![item(good("x6"), Operation::Create)]);
    batch.verify_first = true;
    let again = writer.write(batch.into()).await.unwrap().remove(0).unwrap();
    assert_eq!(again.id, outcomes[0].as_ref().unwrap().id);
    let mut bill = good("x6");
    bill.entity = Entity::Bill;
    let found = writer.find(&[good("x6"), bill]).await.unwrap();
    assert_eq!(found[0].as_ref().unwrap().id, again.id);
    assert_eq!(found[0].as_ref().unwrap().number.as_deref(), Some("N-x6"));
    assert_eq!(found[1], None);
}

async fn what_is_in_use_stays(url: &str) {
    let writer = UniversalWriter::open(url).await.unwrap();
    let mut known = Known::default();
    let shop = shop();
    known.create_all(&writer, &shop).await;
    let contacts: Vec<TargetId> = ["c1", "s1"].iter().map(|id| known.id(Entity::Contact, id)).collect();
    let outcomes = writer.remove(Entity::Contact, &contacts).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap_err().code == Code::CannotRemove));
    let paid = writer.remove(Entity::Invoice, &[known.id(Entity::Invoice, "i1")]).await.unwrap();
    assert_eq!(paid[0].as_ref().unwrap_err().code, Code::CannotRemove);

    // In settlement order everything goes, and its keys are not given again.
    for entity in Entity::ALL.iter().rev() {
        let ids: Vec<TargetId> = shop
            .iter()
            .filter(|record| record.entity == *entity)
            .map(|record| known.id(*entity, record.id.as_str()))
            .collect();
        for outcome in writer.remove_all(*entity, &ids).await {
            outcome.unwrap();
        }
    }
    for table in
        ["documents", "document_lines", "payments", "allocations", "contacts", "accounts", "journal_lines"]
    {
        assert_eq!(rows(url, &format!("SELECT count(*) FROM {table}")).await, ["0"], "{table}");
    }
    let old = known.0.clone();
    known.create_all(&writer, &shop).await;
    for (key, id) in &known.0 {
        assert_ne!(old.get(key), Some(id), "{key}");
    }
}

trait RemoveAll {
    async fn remove_all(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Vec<Result<carry_connector::Removal, Fault>>;
}

impl RemoveAll for UniversalWriter {
    async fn remove_all(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Vec<Result<carry_connector::Removal, Fault>> {
        if ids.is_empty() { Vec::new() } else { self.remove(entity, ids).await.unwrap() }
    }
}

async fn rejects_are_kept_once(url: &str) {
    let writer = UniversalWriter::open(url).await.unwrap();
    let reject = Reject {
        entity: Entity::Invoice,
        id: None,
        number: Some("7".into()),
        place: Place { file: "Invoices.csv".into(), line: 12, last_line: 0 },
        fault: Fault::new(Code::AmountUnreadable).field("Amount").text("12,x"),
        raw: "[\"7\"]".into(),
    };
    for _ in 0..2 {
        writer.store_rejects(std::slice::from_ref(&reject)).await.unwrap();
    }
    let sql = "SELECT entity, source_number, place_file, place_line, code, field, text, raw FROM rejects";
    assert_eq!(rows(url, sql).await, ["invoice 7 Invoices.csv 12 CF2001 Amount 12,x [\"7\"]"]);
    writer.clear_rejects().await.unwrap();
    assert_eq!(rows(url, "SELECT count(*) FROM rejects").await, ["0"]);
}

#[tokio::test]
async fn a_sqlite_target() {
    one_bad_record_takes_no_other_with_it(&sqlite().url).await;
    what_is_in_use_stays(&sqlite().url).await;
    rejects_are_kept_once(&sqlite().url).await;
}

#[tokio::test]
async fn a_postgresql_target() {
    let Some(mut server) = Server::start() else { return };
    let url = server.schema("bad_records").await;
    one_bad_record_takes_no_other_with_it(&url).await;
    let url = server.schema("removal").await;
    what_is_in_use_stays(&url).await;
    let url = server.schema("rejects").await;
    rejects_are_kept_once(&url).await;

    let url = server.schema("stranger").await;
    let schema = url.rsplit("%3D").next().unwrap();
    server.run(&format!("CREATE TABLE {schema}.books (id integer)")).await;
    assert_eq!(UniversalWriter::open(&url).await.err().unwrap().code, Code::TargetUnsuitable);
    server.clean().await;
}

#[tokio::test]
async fn a_strangers_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = folder.path().join("books.gnucash");
    rusqlite::Connection::open(&stranger).unwrap().execute_batch("CREATE TABLE books (guid TEXT)").unwrap();
    let before = std::fs::read(&stranger).unwrap();
    let fault = UniversalWriter::open(stranger.to_str().unwrap()).await.err().unwrap();
    assert_eq!(fault.code, Code::TargetUnsuitable);
    assert_eq!(std::fs::read(&stranger).unwrap(), before);

    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no database, but long enough to be taken for one ".repeat(40)).unwrap();
    assert_eq!(
        UniversalWriter::open(text.to_str().unwrap()).await.err().unwrap().code,
        Code::DatabaseUnreadable
    );

    let newer = sqlite();
    drop(UniversalWriter::open(&newer.url).await.unwrap());
    let path = newer.url.strip_prefix("sqlite:").unwrap();
    rusqlite::Connection::open(path).unwrap().execute("UPDATE books SET schema_version = 99", []).unwrap();
    assert_eq!(UniversalWriter::open(&newer.url).await.err().unwrap().code, Code::TargetUnsuitable);
}

#[tokio::test]
async fn rows_made_by_hand_are_read_and_bad_ones_rejected() {
    let place = sqlite();
    let writer = UniversalWriter::open(&place.url).await.unwrap();
    Known::default().create_all(&writer, &shop()).await;
    drop(writer);
    let path = place.url.strip_prefix("sqlite:").unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "INSERT INTO contacts (source_id, name, customer, supplier) VALUES ('hand', 'By hand', 1, 0);
             INSERT INTO items (source_id, name, price) VALUES ('bad', 'Bad price', 'ten');
             UPDATE documents SET total_minor = 11901 WHERE source_id = 'i1';
             UPDATE documents SET date = '2026-02-30' WHERE source_id = 'i2';",
        )
        .unwrap();
    drop(connection);
    let found = read(&place.url).await;
    let contact = found.records.iter().find(|record| record.id.as_str() == "hand").unwrap();
    assert_eq!(contact.place.to_string(), "contacts:3");
    assert!(contact.raw.contains("By hand"));
    let invoice = found.records.iter().find(|record| record.id.as_str() == "i1").unwrap();
    assert_eq!(invoice.document().unwrap().total, dec("119.01"));
    let mut rejects: Vec<_> = found
        .rejects
        .iter()
        .map(|reject| (reject.id.clone().unwrap().to_string(), reject.fault.code))
        .collect();
    rejects.sort();
    assert_eq!(
        rejects,
        [("bad".to_owned(), Code::AmountUnreadable), ("i2".to_owned(), Code::DateUnreadable)]
    );
}

#[tokio::test]
async fn reading_leaves_nothing_beside_the_file() {
    let place = sqlite();
    let writer = UniversalWriter::open(&place.url).await.unwrap();
    Known::default().create_all(&writer, &shop()).await;
    // While the writer has it open, what is still in its log is read too.
    assert_eq!(rows(&place.url, "SELECT count(*) FROM contacts").await, ["2"]);
    drop(writer);
    let path = std::path::Path::new(place.url.strip_prefix("sqlite:").unwrap());
    let before = std::fs::read(path).unwrap();
    read(&place.url).await;
    let names: Vec<_> =
        std::fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["books.db"]);
    assert_eq!(std::fs::read(path).unwrap(), before);
}
