//! Rows by id, shared until changed: a copy of the books costs nothing, so a call that fails is simply forgotten.

use std::sync::Arc;

use imbl::OrdMap;
use uuid::Uuid;

/// Rows of one kind.
#[derive(Clone, Debug)]
pub(super) struct Store<T: Clone> {
    rows: OrdMap<Uuid, Arc<T>>,
}

impl<T: Clone> Default for Store<T> {
    fn default() -> Self {
        Self { rows: OrdMap::new() }
    }
}

impl<T: Clone> Store<T> {
    pub(super) fn get(&self, id: Uuid) -> Option<&T> {
        self.rows.get(&id).map(Arc::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: Uuid) -> Option<&mut T> {
        self.rows.get_mut(&id).map(Arc::make_mut)
    }

    pub(super) fn insert(&mut self, id: Uuid, row: T) {
        self.rows.insert(id, Arc::new(row));
    }

    pub(super) fn remove(&mut self, id: Uuid) {
        self.rows.remove(&id);
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.values().map(Arc::as_ref)
    }

    pub(super) fn find(&self, is: impl Fn(&T) -> bool) -> Option<&T> {
        self.values().find(|row| is(row))
    }
}

/// Ids that are the same in every run with the same seed.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed ^ 0x5851_f42d_4c95_7f2d }
    }

    /// The next number of the sequence (SplitMix64).
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn next(&mut self) -> Uuid {
        let bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_the_row_as_it_was() {
        let mut ids = Ids::new(7);
        let (mut store, id) = (Store::default(), ids.next());
        store.insert(id, 1);
        let before = store.clone();
        *store.get_mut(id).unwrap() = 2;
        assert_eq!((before.get(id), store.get(id)), (Some(&1), Some(&2)));
    }

    #[test]
    fn ids_differ_from_each_other_and_repeat_by_seed() {
        let run = |seed| {
            let mut ids = Ids::new(seed);
            [ids.next(), ids.next()]
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert_ne!(run(7)[0], run(7)[1]);
    }
}
