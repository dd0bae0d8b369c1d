use std::collections::BTreeMap;

use carry_connector::{Balance, Links, Operation, Removal, WriteBatch, WriteItem, Writer, Written};
use carry_model::{Body, Currency, Decimal, Entity, Fault, Ledger, Record, RecordKey, TargetId};

use crate::sample::{cents, document, records};

struct Session<'a> {
    writer: &'a dyn Writer,
    home: Currency,
    links: Links,
    written: BTreeMap<RecordKey, TargetId>,
}

/// Everything the manifest says can be written is written, found again, not doubled, changed, read back to the
/// cent, and removed as the manifest says; one bad record does not take the others with it.
pub async fn writer(writer: &dyn Writer) {
    let manifest = writer.manifest();
    super::manifest(manifest);
    assert!(manifest.target.is_yes(), "{} is no target", manifest.system);
    let preflight = writer.preflight().await.unwrap();
    let home = preflight.company.map_or(Currency::EUR, |company| company.home_currency);
    let mut session = Session { writer, home, links: Links::default(), written: BTreeMap::new() };
    let all = records(home);
    for record in &all {
        if writer.manifest().entity(record.entity).write.is_yes() {
            session.create(record).await;
        }
    }
    session.balances().await;
    session.one_bad_record().await;
    for record in &all {
        session.update(record).await;
    }
    session.balances_after_update().await;
    session.remove(&all).await;
}

impl Session<'_> {
    async fn write(
        &self,
        items: Vec<(Record, Operation)>,
        verify_first: bool,
    ) -> Vec<Result<Written, Fault>> {
        let entity = items[0].0.entity;
        let count = items.len();
        let items = items.into_iter().map(|(record, operation)| WriteItem { record, operation }).collect();
        let batch = WriteBatch {
            entity,
            items,
            links: self.links.clone(),
            home_currency: self.home,
            verify_first,
            keep_numbers: true,
            files: std::sync::Arc::new(carry_connector::NoFiles),
        };
        let outcomes = self.writer.write(batch.into()).await.unwrap();
        assert_eq!(outcomes.len(), count, "one outcome a record");
        outcomes
    }

    async fn create(&mut self, record: &Record) {
        let key = record.key();
        let found = self.writer.find(std::slice::from_ref(record)).await.unwrap().remove(0);
        if let Some(found) = found {
            // Companies come with terms, methods of payment and tax of their own, which are used as they are.
            let shared = matches!(key.entity, Entity::Terms | Entity::PaymentMethod | Entity::TaxRate);
            assert!(shared, "{key} before it was written: {found:?}");
            self.links.insert(key, found.id);
            return;
        }
        let written = self.write(vec![(record.clone(), Operation::Create)], false).await.remove(0);
        let written = written.unwrap_or_else(|fault| panic!("{key}: {fault:?}"));
        if let Body::Document(document) = &record.body {
            assert_eq!(written.total, Some(document.total), "{key}: total after writing");
        }
        let support = self.writer.manifest().entity(record.entity);
        if support.own_numbers && record.entity.is_document() {
            assert_eq!(written.number, record.number, "{key} keeps its number");
        }
        self.links.insert(key.clone(), written.id.clone());
        let found = self.writer.find(std::slice::from_ref(record)).await.unwrap().remove(0);
        assert_eq!(found.map(|f| f.id), Some(written.id.clone()), "{key} is found by its external reference");
        let again = self.write(vec![(record.clone(), Operation::Create)], true).await.remove(0).unwrap();
        assert_eq!(again.id, written.id, "{key} was doubled");
        self.written.insert(key, written.id);
    }

    async fn read_back(&self, key: &RecordKey) -> Option<Balance> {
        let id = self.written.get(key)?.clone();
        let shown = self.writer.read_back(key.entity, std::slice::from_ref(&id)).await.unwrap().remove(0);
        let shown = shown.unwrap_or_else(|| panic!("{key} is gone"));
        assert_eq!((&shown.id, shown.currency), (&id, self.home));
        Some(shown)
    }

    async fn balances(&self) {
        for (key, open) in [
            (RecordKey::new(Entity::Invoice, "CI-0001"), 10_000),
            (RecordKey::new(Entity::Bill, "CB-0001"), 10_000),
            (RecordKey::new(Entity::CreditNote, "CN-0001"), 12_345),
            (RecordKey::new(Entity::BillCredit, "CD-0001"), 12_345),
        ] {
            if let Some(shown) = self.read_back(&key).await {
                assert_eq!((shown.total, shown.outstanding), (cents(12_345), cents(open)), "{key}");
            }
        }
        for key in [RecordKey::new(Entity::Payment, "pay-1"), RecordKey::new(Entity::BillPayment, "paid-1")] {
            if let Some(shown) = self.read_back(&key).await {
                assert_eq!((shown.total, shown.outstanding), (cents(2_345), Decimal::ZERO), "{key}");
            }
        }
        let gone = self.writer.read_back(Entity::Invoice, &[TargetId::from("987654321")]).await.unwrap();
        assert_eq!(gone, [None], "what is not there is not shown");
    }

    /// A document whose contact is nowhere stands between two good ones.
    async fn one_bad_record(&mut self) {
        let support = self.writer.manifest().entity(Entity::Invoice);
        if !support.write.is_yes() || support.batch_size < 3 {
            return;
        }
        let good = |number: &str| document(Entity::Invoice, number, number, self.home);
        let mut bad = document(Entity::Invoice, "CI-0003", "CI-0003", self.home);
        if let Body::Document(document) = &mut bad.body {
            document.contact = Some("nobody".into());
            document.lines.iter_mut().for_each(|line| line.account = Some("nowhere".into()));
        }
        let items =
            [good("CI-0002"), bad, good("CI-0004")].map(|record| (record, Operation::Create)).to_vec();
        let outcomes = self.write(items, false).await;
        let ok: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!((ok[0], ok[2]), (true, true), "{outcomes:?}");
        for (number, outcome) in [("CI-0002", &outcomes[0]), ("CI-0004", &outcomes[2])] {
            let id = outcome.as_ref().unwrap().id.clone();
            self.written.insert(RecordKey::new(Entity::Invoice, number), id);
        }
        match &outcomes[1] {
            // A target may do without either; then the record is there.
            Ok(written) => {
                self.written.insert(RecordKey::new(Entity::Invoice, "CI-0003"), written.id.clone());
            }
            Err(fault) => assert_eq!(fault.action(), carry_model::Action::Quarantine, "{fault:?}"),
        }
    }

    async fn update(&mut self, record: &Record) {
        let key = record.key();
        let Some(id) = self.written.get(&key).cloned() else { return };
        if !self.writer.manifest().entity(record.entity).update.is_yes() {
            return;
        }
        let mut changed = record.clone();
        match &mut changed.body {
            Body::Document(document) => {
                document.total = cents(12_445);
                document.lines[1].net = cents(545);
            }
            Body::Contact(contact) => contact.email = Some("changed@example.com".to_owned()),
            _ => return,
        }
        let changed = Record::new(changed.entity, changed.id, changed.number, changed.body).unwrap();
        let update = vec![(changed.clone(), Operation::Update(id))];
        let written = self.write(update, false).await.remove(0);
        let written = written.unwrap_or_else(|fault| panic!("{key}: {fault:?}"));
        self.links.insert(key.clone(), written.id.clone());
        self.written.insert(key.clone(), written.id.clone());
        let found = self.writer.find(std::slice::from_ref(&changed)).await.unwrap().remove(0);
        assert_eq!(found.map(|f| f.id), Some(written.id), "{key} after its change");
    }

    /// What was settled against a changed document stays settled.
    async fn balances_after_update(&self) {
        for key in [RecordKey::new(Entity::Invoice, "CI-0001"), RecordKey::new(Entity::Bill, "CB-0001")] {
            let updated = self.writer.manifest().entity(key.entity).update.is_yes();
            if let (true, Some(shown)) = (updated, self.read_back(&key).await) {
                assert_eq!((shown.total, shown.outstanding), (cents(12_445), cents(10_100)), "{key}");
            }
        }
    }

    async fn remove(&self, all: &[Record]) {
        let mut written: Vec<_> = self.written.iter().collect();
        let order = |key: &RecordKey| all.iter().position(|record| record.key() == *key).unwrap_or(12);
        written.sort_by_key(|(key, _)| std::cmp::Reverse(order(key)));
        for (key, id) in written {
            let how = self.writer.manifest().entity(key.entity).remove;
            let outcome = self.writer.remove(key.entity, std::slice::from_ref(id)).await.unwrap().remove(0);
            match (how, outcome) {
                (Removal::No(_), outcome) => {
                    assert!(outcome.is_err(), "{key} was removed against the manifest")
                }
                (_, outcome) => {
                    outcome.unwrap_or_else(|fault| panic!("removing {key}: {fault:?}"));
                    let open = key.entity.ledger().is_some_and(|(ledger, _)| ledger == Ledger::Receivable);
                    if how == Removal::Delete && open {
                        let shown =
                            self.writer.read_back(key.entity, std::slice::from_ref(id)).await.unwrap();
                        assert_eq!(shown, [None], "{key} is still there");
                    }
                    let again =
                        self.writer.remove(key.entity, std::slice::from_ref(id)).await.unwrap().remove(0);
                    assert!(again.is_ok(), "removing {key} twice: {again:?}");
                }
            }
        }
    }
}
