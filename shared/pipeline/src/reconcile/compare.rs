//! The comparison of one link after the other.

use std::collections::BTreeMap;

use carry_connector::{Balance, exact};
use carry_model::{Currency, Decimal, Entity, Fault, Ledger, Money, RecordKey, SourceId};
use carry_ports::{Link, LinkState, Run};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::contacts::{ContactSums, Run as SumRun};
use super::rows::Accounts;
use super::{Control, ReconcileSummary, Sides, is_compared, rows};
use crate::Engine;
use crate::lists::{ADJUSTMENTS, CONTACTS, CROSSWALK, DOCUMENTS, ListParts, ListWriter, REJECTS, VANISHED};
use crate::load::{Loader, TakenBack};
use crate::store::RunStore;

/// Names of contacts kept at hand; past that they are asked for again.
const NAMES_MAX: usize = 220_000;

/// Vanished records listed in one go.
const VANISHED_PAGE: usize = 1_000;

/// Contacts listed in one go.
const CONTACTS_PAGE: usize = 1_000;

pub(super) struct Comparison<'a> {
    engine: &'a Engine,
    store: &'a RunStore,
    run: &'a Run,
    contacts: ContactSums,
    controls: BTreeMap<(Entity, Option<Currency>), Control>,
    names: FxHashMap<SourceId, Option<String>>,
    accounts: Accounts,
    documents: ListWriter,
    rejects: ListWriter,
    adjustments: ListWriter,
    crosswalk: ListWriter,
    vanished: ListWriter,
    summary: ReconcileSummary,
}

/// What a comparison has come to so far; its long lists are staged.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Sums {
    contacts: Vec<SumRun>,
    controls: Vec<((Entity, Option<Currency>), Control)>,
    pub(super) summary: ReconcileSummary,
    pub(super) parts: ListParts,
}

/// The figures of one link on both sides.
struct Figures {
    currency: Currency,
    total: (Decimal, Decimal),
    outstanding: (Decimal, Decimal),
    missing: bool,
}

impl Figures {
    fn agree(&self) -> bool {
        !self.missing && self.total.0 == self.total.1 && self.outstanding.0 == self.outstanding.1
    }
}

impl<'a> Comparison<'a> {
    /// Goes on with what earlier pages came to.
    pub(super) fn new(loader: &'a Loader, store: &'a RunStore, mut sums: Sums) -> Self {
        let home = loader.plan.survey.company.home_currency;
        let mut list = |name| ListWriter::new(name, &mut sums.parts);
        Self {
            engine: &loader.engine,
            store,
            run: &loader.run,
            documents: list(DOCUMENTS),
            rejects: list(REJECTS),
            adjustments: list(ADJUSTMENTS),
            crosswalk: list(CROSSWALK),
            vanished: list(VANISHED),
            contacts: ContactSums::new(sums.contacts),
            controls: sums.controls.into_iter().collect(),
            names: FxHashMap::default(),
            accounts: Accounts { home, names: FxHashMap::default() },
            summary: sums.summary,
        }
    }

    /// What it has come to so far, its lists staged.
    pub(super) async fn rest(self) -> Result<Sums, Fault> {
        let mut parts = ListParts::new();
        for list in [self.documents, self.rejects, self.adjustments, self.crosswalk, self.vanished] {
            list.end(self.store, &mut parts).await?;
        }
        let contacts = self.contacts.end(self.store).await?;
        Ok(Sums { contacts, controls: self.controls.into_iter().collect(), summary: self.summary, parts })
    }

    /// Takes a page of links with what the target shows for the done ones among them.
    pub(super) async fn page(
        &mut self,
        entity: Entity,
        links: &[Link],
        shown: Vec<Option<Balance>>,
    ) -> Result<(), Fault> {
        if entity == Entity::Contact {
            let named = links.iter().map(|link| (link.key.id.clone(), link.number.clone()));
            keep(&mut self.names, named, NAMES_MAX);
        }
        self.learn_names(links.iter().filter_map(|link| link.contact.as_ref())).await?;
        self.learn_accounts(links.iter().flat_map(rows::accounts_named)).await?;
        let mut shown = shown.into_iter();
        for link in links {
            let contact = link.contact.as_ref().map(|id| self.name(id));
            if let Some(row) = rows::reject(link, contact.as_deref()) {
                self.rejects.push(self.store, &row).await?;
            }
            for row in rows::adjustments(link, contact.as_deref(), &self.accounts)? {
                self.adjustments.push(self.store, &row).await?;
            }
            if let Some(row) = rows::crosswalk(link) {
                self.crosswalk.push(self.store, &row).await?;
            }
            if entity == Entity::OpenBalance {
                continue;
            }
            let shown =
                if is_compared(entity) && link.is_done() { Some(shown.next().flatten()) } else { None };
            if let Some(figures) = self.count(link, shown)?
                && !exact::is_derived(&link.key.id)
            {
                let row = rows::document(
                    link,
                    contact,
                    figures.currency,
                    figures.total,
                    figures.outstanding,
                    figures.missing,
                )?;
                self.documents.push(self.store, &row).await?;
            }
        }
        self.contacts.make_room(self.store).await
    }

    /// Counts a link into control totals and ledgers; its figures where the target was asked for them.
    fn count(&mut self, link: &Link, shown: Option<Option<Balance>>) -> Result<Option<Figures>, Fault> {
        let derived = exact::is_derived(&link.key.id);
        let total = link.total.unwrap_or_default();
        let outstanding = link.expected_outstanding().unwrap_or_default();
        let mut scratch = Control::default();
        let control = match derived {
            true => &mut scratch,
            false => self.controls.entry((link.key.entity, link.currency)).or_default(),
        };
        control.records_before += 1;
        if link.state != LinkState::Done {
            control.records_not_carried += 1;
            control.total.add(total, total, Decimal::ZERO)?;
            control.outstanding.add(outstanding, outstanding, Decimal::ZERO)?;
            self.ledger(link, outstanding, outstanding, Decimal::ZERO)?;
            return Ok(None);
        }
        let (Some(shown), Some(currency)) = (shown, link.currency) else {
            // The target acknowledged it; its figures are not asked for one by one.
            control.records_after += 1;
            control.total.add(total, Decimal::ZERO, total)?;
            return Ok(None);
        };
        let has_balance = link.expected_outstanding().is_some();
        let missing = shown.as_ref().is_none_or(|balance| balance.currency != currency);
        let (after, open_after) = shown.map_or((Decimal::ZERO, Decimal::ZERO), |balance| {
            (balance.total, if has_balance { balance.outstanding } else { Decimal::ZERO })
        });
        control.records_after += u64::from(!missing);
        control.total.add(total, Decimal::ZERO, after)?;
        control.outstanding.add(outstanding, Decimal::ZERO, open_after)?;
        self.ledger(link, outstanding, Decimal::ZERO, open_after)?;
        let figures =
            Figures { currency, total: (total, after), outstanding: (outstanding, open_after), missing };
        self.summary.compared += 1;
        self.summary.different += u64::from(!figures.agree());
        Ok(Some(figures))
    }

    fn ledger(&mut self, link: &Link, before: Decimal, lost: Decimal, after: Decimal) -> Result<(), Fault> {
        let (Some((ledger, sign)), Some(currency)) = (link.key.entity.ledger(), link.currency) else {
            return Ok(());
        };
        if before.is_zero() && lost.is_zero() && after.is_zero() {
            return Ok(());
        }
        let sign = Decimal::from(sign);
        let account = (ledger, link.contact.clone(), currency);
        self.contacts.add(account, before * sign, lost * sign, after * sign)
    }

    async fn learn_names<'b>(&mut self, contacts: impl Iterator<Item = &'b SourceId>) -> Result<(), Fault> {
        let unknown = unknown(&mut self.names, contacts.collect(), NAMES_MAX);
        if unknown.is_empty() {
            return Ok(());
        }
        self.names.extend(self.called(Entity::Contact, unknown).await?);
        Ok(())
    }

    async fn learn_accounts(&mut self, wanted: impl Iterator<Item = SourceId>) -> Result<(), Fault> {
        let unknown: FxHashSet<_> = wanted.filter(|id| !self.accounts.names.contains_key(id)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let called = self.called(Entity::Account, unknown.into_iter().collect()).await?;
        let called = called.map(|(id, name)| (id.clone(), name.unwrap_or_else(|| id.to_string())));
        self.accounts.names.extend(called);
        Ok(())
    }

    /// What the source calls these records, where the journal knows them.
    async fn called(
        &self,
        entity: Entity,
        ids: Vec<SourceId>,
    ) -> Result<impl Iterator<Item = (SourceId, Option<String>)> + use<>, Fault> {
        let keys: Vec<_> = ids.into_iter().map(|id| RecordKey::new(entity, id)).collect();
        let found = self.engine.jobs.resolve(&self.run.migration, &keys).await?;
        Ok(keys.into_iter().zip(found).map(|(key, link)| (key.id, link.and_then(|link| link.number))))
    }

    /// A contact's name where it is known, else its id.
    fn name(&self, id: &SourceId) -> String {
        self.names.get(id).cloned().flatten().unwrap_or_else(|| id.to_string())
    }

    /// Lists what the source no longer has.
    pub(super) async fn vanished(&mut self, entity: Entity) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = self.engine.jobs.unseen(self.run, entity, after.as_ref(), VANISHED_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.id.clone());
            for link in page.iter().filter(|link| !exact::is_derived(&link.key.id)) {
                self.summary.vanished += 1;
                self.vanished.push(self.store, &rows::vanished(link)).await?;
            }
        }
    }

    /// Lists what the source says it deleted, and what of it was taken back.
    pub(super) async fn gone(&mut self, entity: Entity, gone: &[RecordKey]) -> Result<(), Fault> {
        let mut taken_back = TakenBack::of(self.store).await?.payments;
        taken_back.retain(|link| link.key.entity == entity);
        for page in taken_back.chunks(VANISHED_PAGE) {
            let keys: Vec<_> = page.iter().map(|link| link.key.clone()).collect();
            let left = self.engine.jobs.resolve(&self.run.migration, &keys).await?;
            for (link, _) in page.iter().zip(left).filter(|(_, left)| left.is_none()) {
                self.summary.vanished += 1;
                self.vanished.push(self.store, &rows::taken_back(link)).await?;
            }
        }
        let keys: Vec<RecordKey> = gone.iter().filter(|key| key.entity == entity).cloned().collect();
        for page in keys.chunks(VANISHED_PAGE) {
            let links = self.engine.jobs.resolve(&self.run.migration, page).await?;
            for link in links.iter().flatten().filter(|link| link.is_done()) {
                self.summary.vanished += 1;
                self.vanished.push(self.store, &rows::vanished(link)).await?;
            }
        }
        Ok(())
    }

    /// Draws up receivables, payables and control figures.
    pub(super) async fn finish(mut self, clearing: Vec<Money>) -> Result<Sums, Fault> {
        let contacts = std::mem::replace(&mut self.contacts, ContactSums::new(Vec::new()));
        let mut contacts = contacts.merged(self.store).await?;
        let mut ledgers: BTreeMap<(Ledger, Currency), Sides> = BTreeMap::new();
        let mut lines = ListWriter::new(CONTACTS, &mut ListParts::new());
        loop {
            let page = contacts.page(CONTACTS_PAGE).await?;
            if page.is_empty() {
                break;
            }
            self.learn_names(page.iter().filter_map(|((_, contact, _), _)| contact.as_ref())).await?;
            for ((ledger, contact, currency), sides) in page {
                let ledger_sides = ledgers.entry((ledger, currency)).or_default();
                ledger_sides.add(sides.before, sides.not_carried, sides.after)?;
                self.summary.contacts_different += u64::from(!sides.agrees());
                let name = contact.as_ref().map_or_else(|| "(no contact)".to_owned(), |id| self.name(id));
                let row = rows::contact(ledger, contact, name, currency, &sides)?;
                lines.push(self.store, &row).await?;
            }
        }
        let store = self.store;
        let mut sums = self.rest().await?;
        lines.end(store, &mut sums.parts).await?;
        let ledgers = ledgers.into_iter().map(|((ledger, currency), sides)| (ledger, currency, sides));
        sums.summary.ledgers = ledgers.collect();
        let controls = std::mem::take(&mut sums.controls).into_iter();
        let controls = controls.map(|((entity, currency), control)| (entity, currency, control));
        sums.summary.controls = controls.collect();
        sums.summary.clearing = clearing;
        Ok(sums)
    }
}

/// Keeps the names of contacts at hand as far as there is room: documents, which come after them, name them.
fn keep(
    names: &mut FxHashMap<SourceId, Option<String>>,
    named: impl Iterator<Item = (SourceId, Option<String>)>,
    names_max: usize,
) {
    let room = names_max.saturating_sub(names.len());
    names.extend(named.take(room));
}

/// Which of the wanted names are not at hand. Where they would be too many, only wanted ones stay at hand.
fn unknown(
    names: &mut FxHashMap<SourceId, Option<String>>,
    wanted: FxHashSet<&SourceId>,
    names_max: usize,
) -> Vec<SourceId> {
    let unknown: Vec<_> =
        wanted.iter().filter(|id| !names.contains_key(**id)).map(|id| (*id).clone()).collect();
    if names.len() + unknown.len() > names_max {
        names.retain(|id, _| wanted.contains(id));
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_page_wants_stay_at_hand() {
        let ids: Vec<SourceId> = ["a", "b", "c"].map(SourceId::from).into();
        let mut names: FxHashMap<_, _> =
            ids.iter().take(2).map(|id| (id.clone(), Some(id.to_string()))).collect();
        let wanted = || ids.iter().skip(1).collect::<FxHashSet<_>>();
        assert_eq!(unknown(&mut names, wanted(), 3), [SourceId::from("c")]);
        assert_eq!(names.len(), 2, "there is room");
        assert_eq!(unknown(&mut names, wanted(), 2), [SourceId::from("c")]);
        assert_eq!(names.keys().collect::<Vec<_>>(), [&SourceId::from("b")]);
    }

    #[test]
    fn names_of_contacts_are_kept_as_they_come_while_there_is_room() {
        let named = ["a", "b", "c"].map(|id| (SourceId::from(id), Some(format!("{id}."))));
        let mut names = FxHashMap::default();
        keep(&mut names, named.into_iter(), 2);
        assert_eq!(names.len(), 2);
        assert_eq!(names.get(&SourceId::from("b")), Some(&Some("b.".to_owned())));
        assert_eq!(
            unknown(&mut names, ["a", "c"].map(SourceId::from).iter().collect(), 3),
            [SourceId::from("c")]
        );
    }
}
