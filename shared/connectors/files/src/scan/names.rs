//! Names that rows refer to, and those among them that no list holds.

use std::hash::{Hash, Hasher};

use carry_model::Entity;
use rustc_hash::{FxHashMap, FxHasher};

use crate::limits::IMPLIED_MAX;

/// How a name is used; a set of bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Role(pub(crate) u8);

impl Role {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const CUSTOMER: Self = Self(1);
    pub(crate) const SUPPLIER: Self = Self(2);
    /// Account of a sales line.
    pub(crate) const INCOME: Self = Self(4);
    /// Account of a purchase line.
    pub(crate) const EXPENSE: Self = Self(8);
    /// Account that money moves in or out of.
    pub(crate) const BANK: Self = Self(16);
    /// Tax that is not zero on some line.
    pub(crate) const TAXED: Self = Self(32);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A name that occurs on documents only.
#[derive(Debug, Clone)]
pub(crate) struct Implied {
    pub(crate) entity: Entity,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// File and line of the first mention.
    pub(crate) file: String,
    pub(crate) line: u64,
    /// What the source says about its type, if anything.
    pub(crate) hint: String,
}

/// All names, by a hash of 64 bits.
#[derive(Debug, Default)]
pub(crate) struct Names {
    listed: FxHashMap<u64, Role>,
    /// Ids of list rows, with the role that their list gives.
    claimed: FxHashMap<u64, Role>,
    implied: FxHashMap<u64, u32>,
    found: Vec<Implied>,
    /// Contacts that stand in a list of customers and in one of suppliers.
    pub(crate) merged: u64,
    /// Names beyond [`IMPLIED_MAX`], which could not be remembered.
    pub(crate) dropped: u64,
}

impl Names {
    /// A list holds the name.
    pub(crate) fn list(&mut self, entity: Entity, name: &str) {
        self.listed.entry(hash(entity, name)).or_default();
    }

    /// A list row has that id; returns the role of the row that had it first, if there is one, which takes on the
    /// role of this one.
    pub(crate) fn claim(&mut self, entity: Entity, id: &str, role: Role) -> Option<Role> {
        if id.is_empty() {
            return None;
        }
        let key = hash(entity, id);
        match self.claimed.get_mut(&key) {
            None => {
                self.claimed.insert(key, role);
                None
            }
            Some(first) => {
                let had = *first;
                first.0 |= role.0;
                self.listed.entry(key).or_default().0 |= role.0;
                Some(had)
            }
        }
    }

    /// A row mentions the name.
    pub(crate) fn mention(&mut self, entity: Entity, name: &str, role: Role, file: &str, line: u64) {
        self.mention_with(entity, name, role, file, line, "");
    }

    /// A row mentions the name and says of what type it is.
    pub(crate) fn mention_with(
        &mut self,
        entity: Entity,
        name: &str,
        role: Role,
        file: &str,
        line: u64,
        hint: &str,
    ) {
        if name.is_empty() {
            return;
        }
        let key = hash(entity, name);
        if let Some(known) = self.listed.get_mut(&key) {
            known.0 |= role.0;
            return;
        }
        if let Some(known) = self.implied.get(&key).and_then(|at| self.found.get_mut(*at as usize)) {
            known.role.0 |= role.0;
            return;
        }
        if self.found.len() >= IMPLIED_MAX {
            self.dropped += 1;
            return;
        }
        self.implied.insert(key, u32::try_from(self.found.len()).unwrap_or(u32::MAX));
        self.found.push(Implied {
            entity,
            name: name.to_owned(),
            role,
            file: file.to_owned(),
            line,
            hint: hint.to_owned(),
        });
    }

    /// The roles in which a listed name was mentioned.
    pub(crate) fn role(&self, entity: Entity, name: &str) -> Role {
        self.listed.get(&hash(entity, name)).copied().unwrap_or_default()
    }

    /// Drops the names that turned up in a list after they were mentioned, and orders the others.
    pub(crate) fn settle(&mut self) {
        let listed = &mut self.listed;
        self.found.retain(|implied| match listed.get_mut(&hash(implied.entity, &implied.name)) {
            Some(role) => {
                role.0 |= implied.role.0;
                false
            }
            None => true,
        });
        self.found.sort_by(|a, b| (a.entity, &a.name).cmp(&(b.entity, &b.name)));
        self.implied = FxHashMap::default();
        self.claimed = FxHashMap::default();
    }

    /// Names that no list holds, in order of entity and name.
    pub(crate) fn implied(&self) -> &[Implied] {
        &self.found
    }
}

/// An option of a tracking category as one name.
pub(crate) fn option_key(category: &str, option: &str) -> String {
    format!("{category}\u{1f}{option}")
}

fn hash(entity: Entity, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (entity as u8).hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lists_are_not_implied_whatever_comes_first() {
        let mut names = Names::default();
        names.mention(Entity::Contact, "Late", Role::CUSTOMER, "f", 2);
        names.list(Entity::Contact, "Late");
        names.list(Entity::Contact, "Early");
        names.mention(Entity::Contact, "Early", Role::SUPPLIER, "f", 3);
        names.mention(Entity::Contact, "Nowhere", Role::CUSTOMER, "f", 4);
        names.mention(Entity::Item, "Early", Role::NONE, "f", 4);
        names.settle();
        let implied: Vec<_> = names.implied().iter().map(|i| (i.entity, i.name.as_str(), i.line)).collect();
        assert_eq!(implied, vec![(Entity::Contact, "Nowhere", 4), (Entity::Item, "Early", 4)]);
        assert_eq!(names.role(Entity::Contact, "Late"), Role::CUSTOMER);
        assert_eq!(names.role(Entity::Contact, "Early"), Role::SUPPLIER);
    }
}
