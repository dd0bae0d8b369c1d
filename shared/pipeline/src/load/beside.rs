//! Several parts under way at once, without any seeing a half of another.
//!
//! A record is bound to a part before its own where both touch the same record: where two payments settle one
//! document, the second is cut down to what the first left; where two records have one id, the second is refused.
//! Bound records wait until those parts are done. All others have nothing to do with them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use carry_model::{Code, Entity, Fault, Record, SourceId};
use rustc_hash::{FxHashSet, FxHasher};
use tokio::sync::watch;

use super::is_list;

/// Records and those they refer to, other lists apart, each by a hash: where two of them fall together, one waits in vain.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched(FxHashSet<u64>);

impl Touched {
    /// What records touch.
    pub(super) fn by<'r>(records: impl Iterator<Item = &'r Record>) -> Self {
        let mut touched = Self::default();
        records.for_each(|record| touched.add(record));
        touched
    }

    /// True where both touch the same record.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() < other.0.len() { (self, other) } else { (other, self) };
        few.0.iter().any(|mark| many.0.contains(mark))
    }

    fn add(&mut self, record: &Record) {
        each_mark(record, |mark| {
            self.0.insert(mark);
        });
    }

    fn meets_record(&self, record: &Record) -> bool {
        let mut found = false;
        each_mark(record, |mark| found |= self.0.contains(&mark));
        found
    }
}

fn each_mark(record: &Record, mut visit: impl FnMut(u64)) {
    visit(mark(record.entity, &record.id));
    record.body.each_reference(|entity, id| {
        if !is_list(entity) || entity == record.entity {
            visit(mark(entity, id));
        }
    });
}

fn mark(entity: Entity, id: &SourceId) -> u64 {
    let mut hasher = FxHasher::default();
    (entity, id).hash(&mut hasher);
    hasher.finish()
}

/// How far a part is.
enum Far {
    /// Nobody knows yet what it touches.
    Reading,
    UnderWay(Arc<Touched>),
    Done,
}

/// Tells the parts after this one how far this one is. Where it is dropped before the end, those parts stop too.
pub(super) struct Herald(watch::Sender<Far>);

/// Hears from a part before this one.
#[derive(Clone)]
pub(super) struct PartBefore(watch::Receiver<Far>);

/// The two ends between a part and those after it.
pub(super) fn herald() -> (Herald, PartBefore) {
    let (sender, receiver) = watch::channel(Far::Reading);
    (Herald(sender), PartBefore(receiver))
}

impl Herald {
    /// The part begins, and touches these.
    pub(super) fn begin(&self, touched: Touched) {
        self.0.send_replace(Far::UnderWay(Arc::new(touched)));
    }

    /// The part is done.
    pub(super) fn end(self) {
        self.0.send_replace(Far::Done);
    }
}

impl PartBefore {
    /// What the part touches, once it is read; nothing once it is done. A fault where it failed.
    pub(super) async fn touched(&mut self) -> Result<Arc<Touched>, Fault> {
        let far = self.0.wait_for(|far| !matches!(far, Far::Reading)).await;
        Ok(match &*far.map_err(|_| Fault::new(Code::Interrupted))? {
            Far::UnderWay(touched) => touched.clone(),
            Far::Reading | Far::Done => Arc::default(),
        })
    }

    /// Waits for the part's end. A fault where it failed.
    pub(super) async fn end(&mut self) -> Result<(), Fault> {
        let far = self.0.wait_for(|far| matches!(far, Far::Done)).await;
        far.map(|_| ()).map_err(|_| Fault::new(Code::Interrupted))
    }
}

/// Splits off the records that are bound to parts that touch these, with those that are bound to them.
pub(super) fn bound(mut records: Vec<Record>, before: &[Arc<Touched>]) -> (Vec<Record>, Vec<Record>) {
    let mut waiting = Touched::default();
    let is_bound = |record: &mut Record| {
        let bound = waiting.meets_record(record) || before.iter().any(|part| part.meets_record(record));
        if bound {
            waiting.add(record);
        }
        bound
    };
    let bound = records.extract_if(.., is_bound).collect();
    (records, bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Allocation, Body, Contact, Currency, Date, Decimal, Payment, RecordKey};

    fn payment(id: &str, documents: &[&str]) -> Record {
        let allocation = |document: &&str| Allocation {
            document: RecordKey::new(Entity::Invoice, *document),
            amount: Decimal::ONE,
        };
        let payment = Payment {
            contact: Some("everyone".into()),
            date: Date::constant(2026, 1, 31),
            currency: Currency::EUR,
            rate: None,
            amount: Decimal::TEN,
            account: None,
            method: None,
            reference: None,
            memo: None,
            allocations: documents.iter().map(allocation).collect(),
        };
        Record::new(Entity::Payment, id, None, Body::Payment(payment.into())).unwrap()
    }

    fn ids(records: &[Record]) -> Vec<&str> {
        records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn payments_wait_for_others_of_their_documents_and_keep_their_order() {
        let parts = [vec![payment("1", &["a", "b"]), payment("2", &["c"])], vec![payment("0", &["g"])]];
        let before = parts.map(|part| Arc::new(Touched::by(part.iter())));
        let records = vec![
            payment("3", &["d"]),
            payment("4", &["b", "e"]),
            payment("5", &["e", "f"]),
            payment("6", &["f"]),
            payment("7", &["i"]),
            payment("2", &["h"]),
            payment("8", &["g"]),
        ];
        let (free, bound) = bound(records, &before);
        assert_eq!(ids(&free), ["3", "7"]);
        assert_eq!(ids(&bound), ["4", "5", "6", "2", "8"]);
    }

    fn contact(id: &str, parent: Option<&str>) -> Record {
        let contact = Contact { name: id.into(), parent: parent.map(SourceId::from), ..Contact::default() };
        Record::new(Entity::Contact, id, None, Body::Contact(contact.into())).unwrap()
    }

    #[test]
    fn contacts_wait_for_their_parents_and_for_nobody_else() {
        let before = [Arc::new(Touched::by([contact("parent", None), contact("other", None)].iter()))];
        let records = vec![
            contact("child", Some("parent")),
            contact("grandchild", Some("child")),
            contact("friend", None),
            contact("cousin", Some("elsewhere")),
        ];
        let (free, bound) = bound(records, &before);
        assert_eq!(ids(&free), ["friend", "cousin"]);
        assert_eq!(ids(&bound), ["child", "grandchild"]);
    }

    #[tokio::test]
    async fn a_part_that_fails_stops_those_after_it() {
        let (herald, mut before) = herald();
        let mut other = before.clone();
        herald.begin(Touched::by([payment("1", &["a"])].iter()));
        assert!(before.touched().await.unwrap().meets_record(&payment("1", &[])));
        drop(herald);
        assert_eq!(before.end().await.unwrap_err().code, Code::Interrupted);
        assert_eq!(other.end().await.unwrap_err().code, Code::Interrupted);
    }

    #[tokio::test]
    async fn a_part_that_is_done_binds_nothing() {
        let (herald, mut before) = herald();
        herald.begin(Touched::by([payment("1", &["a"])].iter()));
        herald.end();
        assert!(!before.touched().await.unwrap().meets_record(&payment("1", &["a"])));
        before.end().await.unwrap();
    }

    #[test]
    fn batches_meet_in_a_document() {
        let by = |payments: &[Record]| Touched::by(payments.iter());
        let one = by(&[payment("1", &["a"]), payment("2", &["b"])]);
        assert!(one.meets(&by(&[payment("3", &["b"])])) && by(&[payment("3", &["b"])]).meets(&one));
        assert!(!one.meets(&by(&[payment("3", &["c"])])));
    }
}
