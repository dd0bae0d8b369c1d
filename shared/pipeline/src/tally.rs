//! Counting: every record that came in must come out as carried, unchanged, skipped or failed.

use std::collections::BTreeMap;

use carry_connector::Adjustment;
use carry_model::{Code, Currency, Decimal, Entity, Fault, SourceId, checked_sum};
use serde::{Deserialize, Serialize};

/// What became of the records of an entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityTally {
    /// Created in the target, or mapped to one it has.
    pub migrated: u64,
    /// An earlier version was replaced.
    pub updated: u64,
    /// Carried before and the same since.
    pub unchanged: u64,
    /// Left out on purpose.
    pub skipped: u64,
    /// Refused.
    pub failed: u64,
    /// Not asked for (outside a demo's sample or a retry's list).
    pub not_selected: u64,
}

impl EntityTally {
    /// All of them.
    pub const fn sum(&self) -> u64 {
        self.migrated + self.updated + self.unchanged + self.skipped + self.failed + self.not_selected
    }
}

/// Records left out for one reason, with what they add up to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotCarriedTally {
    /// What they are.
    pub entity: Entity,
    /// Why.
    pub code: Code,
    /// How many.
    pub count: u64,
    /// Sum of totals per currency.
    pub totals: BTreeMap<Currency, Decimal>,
    /// Sum of outstanding balances per currency.
    pub outstanding: BTreeMap<Currency, Decimal>,
}

/// What a load came to, so far or in one part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Per entity.
    pub entities: BTreeMap<Entity, EntityTally>,
    /// Left out or refused.
    pub not_carried: Vec<NotCarriedTally>,
    /// How many visible adjustments were made.
    pub adjustments: u64,
    /// Left for another pass over the same batch; of this batch alone, never merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<SourceId>,
}

impl Tally {
    /// The counters of an entity.
    pub fn of(&mut self, entity: Entity) -> &mut EntityTally {
        self.entities.entry(entity).or_default()
    }

    /// Counts adjustments.
    pub fn adjusted(&mut self, adjustments: &[Adjustment]) {
        self.adjustments += u64::try_from(adjustments.len()).unwrap_or(u64::MAX);
    }

    /// Counts a record that was not carried, with its figures.
    pub fn not_carried(
        &mut self,
        entity: Entity,
        code: Code,
        currency: Option<Currency>,
        total: Option<Decimal>,
        outstanding: Option<Decimal>,
    ) -> Result<(), Fault> {
        let index =
            match self.not_carried.iter().position(|known| known.entity == entity && known.code == code) {
                Some(index) => index,
                None => {
                    self.not_carried.push(NotCarriedTally {
                        entity,
                        code,
                        count: 0,
                        totals: BTreeMap::new(),
                        outstanding: BTreeMap::new(),
                    });
                    self.not_carried.len() - 1
                }
            };
        let Some(known) = self.not_carried.get_mut(index) else { return Ok(()) };
        known.count += 1;
        if let Some(currency) = currency {
            add(&mut known.totals, currency, total)?;
            add(&mut known.outstanding, currency, outstanding)?;
        }
        Ok(())
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: &Self) -> Result<(), Fault> {
        for (entity, counts) in &other.entities {
            let mine = self.of(*entity);
            mine.migrated += counts.migrated;
            mine.updated += counts.updated;
            mine.unchanged += counts.unchanged;
            mine.skipped += counts.skipped;
            mine.failed += counts.failed;
            mine.not_selected += counts.not_selected;
        }
        for theirs in &other.not_carried {
            let found =
                self.not_carried.iter_mut().find(|k| k.entity == theirs.entity && k.code == theirs.code);
            match found {
                Some(mine) => {
                    mine.count += theirs.count;
                    merge_sums(&mut mine.totals, &theirs.totals)?;
                    merge_sums(&mut mine.outstanding, &theirs.outstanding)?;
                }
                None => self.not_carried.push(theirs.clone()),
            }
        }
        self.adjustments += other.adjustments;
        Ok(())
    }

    /// True where nothing was skipped or failed.
    pub fn is_clean(&self) -> bool {
        self.entities.values().all(|counts| counts.failed == 0 && counts.skipped == 0)
    }
}

fn add(
    sums: &mut BTreeMap<Currency, Decimal>,
    currency: Currency,
    amount: Option<Decimal>,
) -> Result<(), Fault> {
    if let Some(amount) = amount {
        let sum = sums.entry(currency).or_default();
        *sum = checked_sum([*sum, amount])?;
    }
    Ok(())
}

fn merge_sums(
    mine: &mut BTreeMap<Currency, Decimal>,
    theirs: &BTreeMap<Currency, Decimal>,
) -> Result<(), Fault> {
    theirs.iter().try_for_each(|(currency, amount)| add(mine, *currency, Some(*amount)))
}
