//! The order of a load: levels that follow one another, each made of chunks that may be loaded at once.

use carry_model::{Entity, SourceId};
use carry_ports::Stage;
use serde::{Deserialize, Serialize};

use super::by_one_worker;
use crate::transform::TransformedPart;

/// The part that holds the engine's own accounts, before every other.
pub(crate) const OWN: &str = "carryforward";

/// A record refers only to records of an earlier level, except where it names one of its own entity.
const LEVELS: &[&[Entity]] = &[
    &[Entity::Company, Entity::Account],
    &[Entity::TaxRate, Entity::Terms, Entity::PaymentMethod, Entity::TrackingCategory],
    &[Entity::Contact, Entity::Item],
    &[Entity::Project],
    &[Entity::Estimate],
    &[Entity::SalesOrder, Entity::PurchaseOrder],
    &[Entity::Invoice, Entity::Bill, Entity::SalesReceipt, Entity::Expense],
    &[Entity::CreditNote, Entity::BillCredit, Entity::Refund],
    &[Entity::OpenBalance],
    &[Entity::Payment, Entity::BillPayment, Entity::Transfer, Entity::BankTransaction, Entity::Journal],
    &[Entity::TimeActivity, Entity::ExpenseActivity, Entity::FeeActivity],
    &[Entity::Attachment],
];

/// Parts that are loaded by one worker, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Level and place in it.
    pub id: String,
    /// What is loaded; None for the rejected rows, which are only noted.
    pub entity: Option<Entity>,
    /// Names of the parts, in order.
    pub parts: Vec<String>,
}

impl Chunk {
    /// Where what the chunk came to is staged, once it is done.
    pub(crate) fn done_key(&self) -> String {
        format!("{}/done/{}.json", Stage::Load.name(), self.id)
    }

    /// The level of the chunk of that id; None where no chunk has such an id.
    pub fn level_of(id: &str) -> Option<usize> {
        id.split_once('-')?.0.parse().ok()
    }

    /// What the names of its batches begin with: `<entity>/<part>/`.
    pub(crate) fn batches(&self) -> impl Iterator<Item = String> {
        let parts = |entity: Entity| self.parts.iter().map(move |part| format!("{}/{part}/", entity.name()));
        self.entity.into_iter().flat_map(parts)
    }
}

/// True where one worker must take all parts in order: records that name others of their entity, lists so small
/// that several workers would only meet in the same rows, payments, whose allocations are cut to what the
/// earlier ones left, and files.
fn in_one_piece(entity: Entity) -> bool {
    by_one_worker(entity) || matches!(entity, Entity::Payment | Entity::BillPayment)
}

/// True where parts of the entity are told apart by the ids in them.
pub(crate) fn may_be_split(entity: Entity) -> bool {
    !in_one_piece(entity)
}

/// A number that stands for an id, the same everywhere and always.
pub(crate) fn id_mark(id: &SourceId) -> u64 {
    let hash = blake3::hash(id.as_str().as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |mark, byte| (mark << 8) | u64::from(*byte))
}

/// The levels of a run over these parts; none is empty.
pub(crate) fn lay_out(parts: &[TransformedPart], parts_at_once: usize) -> Vec<Vec<Chunk>> {
    let rejected: Vec<_> = parts.iter().filter(|p| !p.rejects.is_empty()).map(|p| p.part.clone()).collect();
    let rejects = split(None, &rejected, parts_at_once).collect();
    let records = LEVELS.iter().map(|level| {
        level.iter().flat_map(|entity| of_entity(*entity, parts, parts_at_once)).collect::<Vec<_>>()
    });
    let levels = std::iter::once(rejects).chain(records).filter(|chunks: &Vec<_>| !chunks.is_empty());
    let numbered = levels.enumerate().map(|(level, chunks)| {
        let named = chunks.into_iter().enumerate();
        named.map(|(at, chunk)| Chunk { id: format!("{level:02}-{at:05}"), ..chunk }).collect()
    });
    numbered.collect()
}

fn of_entity(entity: Entity, parts: &[TransformedPart], parts_at_once: usize) -> Vec<Chunk> {
    let own = (entity == Entity::Account).then(|| OWN.to_owned());
    let holding = parts.iter().filter(|part| part.records.contains_key(&entity));
    let names: Vec<_> = own.into_iter().chain(holding.map(|part| part.part.clone())).collect();
    let whole = in_one_piece(entity) || (names.len() > parts_at_once && names_one_twice(entity, parts));
    split(Some(entity), &names, if whole { usize::MAX } else { parts_at_once }).collect()
}

/// True where two parts may hold a record of the same id: the second one must see what became of the first.
fn names_one_twice(entity: Entity, parts: &[TransformedPart]) -> bool {
    let mut all = Vec::new();
    for part in parts.iter().filter(|part| part.records.contains_key(&entity)) {
        let Some(mut own) = part.marks.as_ref().and_then(|marks| marks.get(&entity)).cloned() else {
            return true;
        };
        own.sort_unstable();
        own.dedup();
        all.append(&mut own);
    }
    all.sort_unstable();
    all.array_windows().any(|[one, next]| one == next)
}

fn split(entity: Option<Entity>, names: &[String], parts_at_once: usize) -> impl Iterator<Item = Chunk> {
    names.chunks(parts_at_once.max(1)).map(move |names| Chunk {
        id: String::new(),
        entity,
        parts: names.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;

    fn part(name: &str, entity: Entity, ids: &[&str]) -> TransformedPart {
        let marks = ids.iter().map(|id| id_mark(&SourceId::from(*id))).collect();
        TransformedPart {
            part: name.to_owned(),
            records: [(entity, 1)].into(),
            marks: Some([(entity, marks)].into()),
            ..TransformedPart::default()
        }
    }

    fn chunks_of(entity: Entity, levels: &[Vec<Chunk>]) -> Vec<Vec<String>> {
        let all = levels.iter().flatten().filter(|chunk| chunk.entity == Some(entity));
        all.map(|chunk| chunk.parts.clone()).collect()
    }

    #[test]
    fn every_entity_has_its_level_and_levels_follow_the_model() {
        let all: Vec<_> = LEVELS.iter().copied().flatten().copied().collect();
        assert_eq!(all.len(), Entity::ALL.len());
        assert!(all.windows(2).all(|pair| pair[0].level() <= pair[1].level()));
    }

    #[test]
    fn documents_are_split_and_payments_are_not() {
        let invoices = ["1", "2", "3"].map(|id| part(id, Entity::Invoice, &[id]));
        let payments = ["4", "5", "6"].map(|id| part(id, Entity::Payment, &[id]));
        let levels = lay_out(&[invoices, payments].concat(), 2);
        assert_eq!(chunks_of(Entity::Invoice, &levels), [vec!["1", "2"], vec!["3"]]);
        assert_eq!(chunks_of(Entity::Payment, &levels), [["4", "5", "6"]]);
        assert_eq!(
            chunks_of(Entity::Account, &levels),
            [[OWN]],
            "the engine's own accounts are always there"
        );
        let ids: FxHashSet<_> = levels.iter().flatten().map(|chunk| &chunk.id).collect();
        assert_eq!(ids.len(), levels.iter().flatten().count());
        for (level, chunks) in levels.iter().enumerate() {
            assert!(chunks.iter().all(|chunk| Chunk::level_of(&chunk.id) == Some(level)));
        }
        assert_eq!(Chunk::level_of("nothing"), None);
    }

    #[test]
    fn parts_that_share_an_id_stay_with_one_worker() {
        let parts = [("1", ["a", "b"]), ("2", ["c", "d"]), ("3", ["e", "a"])];
        let parts = parts.map(|(name, ids)| part(name, Entity::Invoice, &ids));
        assert_eq!(chunks_of(Entity::Invoice, &lay_out(&parts, 1)), [["1", "2", "3"]]);
    }

    #[test]
    fn parts_whose_ids_are_not_marked_stay_with_one_worker() {
        let [one, other] = ["1", "2"].map(|id| part(id, Entity::Invoice, &[id]));
        let parts = [one, TransformedPart { marks: None, ..other }];
        assert_eq!(chunks_of(Entity::Invoice, &lay_out(&parts, 1)), [["1", "2"]]);
    }
}
