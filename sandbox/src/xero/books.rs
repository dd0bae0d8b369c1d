//! One organisation's books, and the look-ups that rules need.

use std::sync::Arc;

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use imbl::{OrdMap, Vector};
use uuid::Uuid;

use super::account::{self, Account, System};
use super::attachment::Attached;
use super::bank::Transfer;
use super::batch_payment::BatchPayment;
use super::contact::{Contact, Group};
use super::document::{Document, Family};
use super::item::Item;
use super::journal::ManualJournal;
use super::organisation::Organisation;
use super::payment::{Allocation, Payment};
use super::posting::Posted;
use super::store::{Ids, Store};
use super::tax::{self, TaxRate};
use super::tracking::Category;
use super::when;
use crate::json::Json;
use crate::region::Region;

/// Behaviour that is documented nowhere, or in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switches {
    /// A rate is what one unit of the foreign currency costs at home; off: what one unit of the home currency costs.
    pub(super) rate_is_home_per_foreign: bool,
    /// The number of a voided document cannot be used again.
    pub(super) voided_numbers_stay_taken: bool,
    /// Batch payments can be deleted.
    pub(super) batch_payments_can_be_deleted: bool,
    /// `If-Modified-Since` gives what changed at that very second too.
    pub(super) modified_since_is_inclusive: bool,
    /// A draft with an unknown account code is taken without it, with a warning.
    pub(super) unknown_account_is_a_warning_on_drafts: bool,
    /// Aged reports are in the documents' currency, not in the home currency.
    pub(super) aged_reports_in_document_currency: bool,
    /// Too many calls in flight are told when to try again.
    pub(super) concurrent_breach_says_retry_after: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            rate_is_home_per_foreign: true,
            voided_numbers_stay_taken: true,
            batch_payments_can_be_deleted: true,
            modified_since_is_inclusive: true,
            unknown_account_is_a_warning_on_drafts: true,
            aged_reports_in_document_currency: false,
            concurrent_breach_says_retry_after: false,
        }
    }
}

/// Everything an organisation holds. A copy is cheap and independent.
#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) organisation: Organisation,
    pub(super) switches: Switches,
    pub(super) ids: Ids,
    /// The time of the call that is being answered.
    pub(super) now: Timestamp,
    pub(super) accounts: Store<Account>,
    pub(super) taxes: Vector<TaxRate>,
    pub(super) currencies: Vector<String>,
    pub(super) categories: Vector<Category>,
    pub(super) items: Store<Item>,
    pub(super) item_codes: OrdMap<String, Uuid>,
    pub(super) contacts: Store<Contact>,
    /// Active contacts by name.
    pub(super) contact_names: OrdMap<String, Uuid>,
    pub(super) contact_numbers: OrdMap<String, Uuid>,
    pub(super) groups: Store<Group>,
    pub(super) documents: Store<Document>,
    /// Documents by number, the newest of a number.
    pub(super) numbers: OrdMap<(Family, String), Uuid>,
    pub(super) payments: Store<Payment>,
    pub(super) allocations: Store<Allocation>,
    /// Payments and allocations of a document.
    pub(super) settlements: OrdMap<Uuid, Arc<Vec<Uuid>>>,
    pub(super) batch_payments: Store<BatchPayment>,
    pub(super) transfers: Store<Transfer>,
    pub(super) journals: Store<ManualJournal>,
    pub(super) attachments: OrdMap<Uuid, Arc<Vec<Attached>>>,
    pub(super) history: OrdMap<Uuid, Arc<Vec<Json>>>,
    /// The next automatic number per kind of document.
    pub(super) next_numbers: OrdMap<&'static str, u32>,
    /// What the calls since the last commit do to the ledger.
    pub(super) posted: Vec<Posted>,
}

impl Books {
    /// The books of a new organisation: its chart, rates and currency, and nothing else.
    pub(super) fn new(
        name: &str,
        region: Region,
        country: &str,
        currency: &str,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        let mut ids = Ids::new(seed);
        let organisation = Organisation {
            id: ids.next(),
            name: name.to_owned(),
            region,
            country: country.to_owned(),
            currency: currency.to_owned(),
            period_lock: None,
            year_lock: None,
            is_multicurrency: true,
            created: now,
        };
        let mut books = Self {
            organisation,
            switches: Switches::default(),
            ids,
            now,
            accounts: Store::default(),
            taxes: tax::starting_rates(region).into(),
            currencies: Vector::unit(currency.to_owned()),
            categories: Vector::new(),
            items: Store::default(),
            item_codes: OrdMap::new(),
            contacts: Store::default(),
            contact_names: OrdMap::new(),
            contact_numbers: OrdMap::new(),
            groups: Store::default(),
            documents: Store::default(),
            numbers: OrdMap::new(),
            payments: Store::default(),
            allocations: Store::default(),
            settlements: OrdMap::new(),
            batch_payments: Store::default(),
            transfers: Store::default(),
            journals: Store::default(),
            attachments: OrdMap::new(),
            history: OrdMap::new(),
            next_numbers: OrdMap::new(),
            posted: Vec::new(),
        };
        account::starting_chart(&mut books);
        books
    }

    pub(super) fn today(&self) -> Date {
        when::day(self.now)
    }

    pub(super) fn tax(&self, tax_type: &str) -> Option<&TaxRate> {
        self.taxes.iter().find(|rate| rate.tax_type == tax_type)
    }

    pub(super) fn has_currency(&self, code: &str) -> bool {
        self.currencies.iter().any(|known| known == code)
    }

    /// The account of a code.
    pub(super) fn account(&self, code: &str) -> Option<&Account> {
        self.accounts.find(|account| account.code == code && !code.is_empty())
    }

    /// The account the server books to.
    pub(super) fn system(&self, system: System) -> Uuid {
        self.accounts.find(|account| account.system == Some(system)).map_or(Uuid::nil(), |account| account.id)
    }

    /// The account a reference names, by `AccountID` or `Code`.
    pub(super) fn account_of(&self, reference: &Json) -> Option<&Account> {
        let text = |name: &str| reference.at(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        match text("AccountID").and_then(|id| id.parse().ok()) {
            Some(id) => self.accounts.get(id),
            None => self.account(text("Code")?),
        }
    }

    pub(super) fn item(&self, code: &str) -> Option<&Item> {
        self.item_codes.get(code).and_then(|id| self.items.get(*id))
    }

    pub(super) fn documents_of(&self, family: Family) -> impl Iterator<Item = &Document> {
        self.documents.values().filter(move |document| document.family == family)
    }

    /// The document that carries a number, if the number is still taken.
    pub(super) fn numbered(&self, family: Family, number: &str) -> Option<&Document> {
        let id = self.numbers.get(&(family, number.to_lowercase()))?;
        self.documents.get(*id)
    }

    /// Payments of a document that stand.
    pub(super) fn payments_of(&self, document: Uuid) -> impl Iterator<Item = &Payment> {
        let ids = self.settlements.get(&document).map(|ids| ids.as_slice()).unwrap_or_default();
        ids.iter()
            .filter_map(|id| self.payments.get(*id))
            .filter(move |payment| payment.document == document && !payment.is_deleted)
    }

    /// Allocations from or to a document.
    pub(super) fn allocations_of(&self, document: Uuid) -> impl Iterator<Item = &Allocation> {
        let ids = self.settlements.get(&document).map(|ids| ids.as_slice()).unwrap_or_default();
        ids.iter().filter_map(|id| self.allocations.get(*id))
    }

    /// Notes a payment or an allocation at its document.
    pub(super) fn note_settlement(&mut self, document: Uuid, settlement: Uuid) {
        let ids = self.settlements.entry(document).or_default();
        Arc::make_mut(ids).push(settlement);
    }

    /// An amount of a document in the home currency.
    pub(super) fn at_home(&self, amount: Decimal, rate: Decimal) -> Decimal {
        let home = if self.switches.rate_is_home_per_foreign {
            amount.checked_mul(rate)
        } else {
            amount.checked_div(rate)
        };
        round_half_up(home.unwrap_or_default(), 2)
    }

    pub(super) fn uses_account(&self, id: Uuid) -> bool {
        let of_items = || {
            let code = self.accounts.get(id).map(|account| account.code.clone()).unwrap_or_default();
            self.items.values().any(|item| {
                [&item.sales, &item.purchases].iter().any(|side| side.account_code.as_deref() == Some(&code))
            })
        };
        self.documents.values().any(|document| {
            document.bank_account == Some(id) || document.lines.iter().any(|line| line.account == Some(id))
        }) || self.payments.values().any(|payment| payment.account == id)
            || self.transfers.values().any(|transfer| transfer.from == id || transfer.to == id)
            || self.journals.values().any(|journal| journal.lines.iter().any(|line| line.account == id))
            || of_items()
    }

    pub(super) fn uses_item(&self, code: &str) -> bool {
        let names =
            |document: &Document| document.lines.iter().any(|line| line.item.as_deref() == Some(code));
        self.documents.values().any(|document| document.counts() && names(document))
    }

    pub(super) fn uses_tax(&self, tax_type: &str) -> bool {
        let names = |document: &Document| {
            document.lines.iter().any(|line| line.tax_type.as_deref() == Some(tax_type))
        };
        self.documents.values().any(names)
            || self.accounts.values().any(|account| account.tax_type == tax_type)
    }

    pub(super) fn uses_tracking(&self, is: impl Fn((Uuid, Uuid)) -> bool) -> bool {
        let of_documents = self.documents.values().flat_map(|document| &document.lines);
        let of_journals = self.journals.values().flat_map(|journal| &journal.lines);
        of_documents
            .flat_map(|line| &line.tracking)
            .chain(of_journals.flat_map(|line| &line.tracking))
            .any(|tracking| is(*tracking))
    }

    pub(super) fn has_attachments(&self, owner: Uuid) -> bool {
        self.attachments.get(&owner).is_some_and(|attached| !attached.is_empty())
    }
}
