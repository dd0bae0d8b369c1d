//! Two parts under way at once, without either seeing a half of the other.
//!
//! A record is bound to the part before its own where both touch the same record: where two payments settle one
//! document, the second is cut down to what the first left; where two records have one id, the second is refused.
//! Bound records wait until that part is done. All others have nothing to do with it.

use carry_model::{Code, Fault, Record, RecordKey};
use rustc_hash::FxHashSet;
use tokio::sync::oneshot;

use super::is_list;

/// The records of a part and those they refer to, lists apart.
pub(super) type Touched = FxHashSet<RecordKey>;

/// Tells the part after this one how far this one is. Where it is dropped before the end, that part stops too.
pub(super) struct Herald {
    touched: Option<oneshot::Sender<Touched>>,
    done: oneshot::Sender<()>,
}

/// Hears from the part before this one.
pub(super) struct PartBefore {
    touched: oneshot::Receiver<Touched>,
    done: oneshot::Receiver<()>,
}

/// The two ends between a part and the one after it.
pub(super) fn herald() -> (Herald, PartBefore) {
    let ((touches, touched), (ends, done)) = (oneshot::channel(), oneshot::channel());
    (Herald { touched: Some(touches), done: ends }, PartBefore { touched, done })
}

impl Herald {
    /// The part begins, and touches these.
    pub(super) fn begin(&mut self, touched: Touched) {
        // Nobody hears it where no part follows.
        self.touched.take().and_then(|sender| sender.send(touched).err());
    }

    /// The part is done.
    pub(super) fn end(self) {
        self.done.send(()).ok();
    }
}

impl PartBefore {
    /// What the part touches, once it is read. A fault where it failed.
    pub(super) async fn touched(&mut self) -> Result<Touched, Fault> {
        (&mut self.touched).await.map_err(|_| Fault::new(Code::Interrupted))
    }

    /// Waits for the part's end. A fault where it failed.
    pub(super) async fn end(self) -> Result<(), Fault> {
        self.done.await.map_err(|_| Fault::new(Code::Interrupted))
    }
}

/// What records touch.
pub(super) fn touched(records: &[Record]) -> Touched {
    let mut touched = Touched::default();
    records.iter().for_each(|record| touch(record, &mut touched));
    touched
}

fn touch(record: &Record, touched: &mut Touched) {
    touched.insert(record.key());
    record.body.each_reference(|entity, id| {
        if !is_list(entity) {
            touched.insert(RecordKey::new(entity, id.clone()));
        }
    });
}

/// Splits off the records that are bound to a part that touches these, with those that are bound to them.
pub(super) fn bound(records: Vec<Record>, mut before: Touched) -> (Vec<Record>, Vec<Record>) {
    records.into_iter().partition(|record| {
        let mut own = Touched::default();
        touch(record, &mut own);
        let bound = own.iter().any(|key| before.contains(key));
        if bound {
            before.extend(own);
        }
        !bound
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Allocation, Body, Currency, Date, Decimal, Entity, Payment};

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
        Record::new(Entity::Payment, id, None, Body::Payment(payment)).unwrap()
    }

    fn ids(records: &[Record]) -> Vec<&str> {
        records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn payments_wait_for_others_of_their_documents_and_keep_their_order() {
        let before = touched(&[payment("1", &["a", "b"]), payment("2", &["c"])]);
        let records = vec![
            payment("3", &["d"]),
            payment("4", &["b", "e"]),
            payment("5", &["e", "f"]),
            payment("6", &["f"]),
            payment("7", &["g"]),
            payment("2", &["h"]),
        ];
        let (free, bound) = bound(records, before);
        assert_eq!(ids(&free), ["3", "7"]);
        assert_eq!(ids(&bound), ["4", "5", "6", "2"]);
    }

    #[tokio::test]
    async fn a_part_that_fails_stops_the_one_after_it() {
        let (mut herald, mut before) = herald();
        herald.begin(touched(&[payment("1", &["a"])]));
        assert!(before.touched().await.unwrap().contains(&RecordKey::new(Entity::Payment, "1")));
        drop(herald);
        assert_eq!(before.end().await.unwrap_err().code, Code::Interrupted);
    }
}
