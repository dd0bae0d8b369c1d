//! What `GET` answers.

use std::collections::{BTreeSet, HashMap};

use carry_model::{Date, Decimal};
use uuid::Uuid;

use super::account::Account;
use super::attachment;
use super::books::Books;
use super::contact::{self, Contact};
use super::document::{Detail, Document, Family, Side, Status};
use super::item::Item;
use super::list::{Listed, Paging, Row, Wanted, flag, parameter, values};
use super::organisation;
use super::refusal::Refusal;
use super::render;
use super::report;
use super::route::Reply;
use super::tax;
use super::tracking;
use super::when;
use crate::http::Request;
use crate::json::{Json, object};
use crate::ledger::Ledger;

/// Decimals of unit amounts the call wants to see.
pub(super) fn decimals(request: &Request) -> u32 {
    if parameter(request, "unitdp") == Some("4") { 4 } else { 2 }
}

/// Answers a call that changes nothing.
pub(super) fn answer(
    books: &Books,
    ledger: &Ledger,
    request: &Request,
    path: &[&str],
) -> Result<Reply, Refusal> {
    match path {
        [endpoint] => list(books, request, endpoint),
        ["Organisation", "Actions"] => Ok(Reply::rows("Actions", organisation::actions(books))),
        ["InvoiceReminders", "Settings"] => {
            Ok(Reply::rows("InvoiceReminders", vec![object! { "Enabled" => false }]))
        }
        ["Reports", name] => report::answer(books, ledger, request, name),
        [endpoint, id] => one(books, request, endpoint, id),
        [endpoint, id, "Attachments"] => {
            let owner = owner(books, endpoint, id)?;
            Ok(Reply::rows("Attachments", attachment::list(books, endpoint, owner)))
        }
        [endpoint, id, "Attachments", name] => {
            let file = attachment::one(books, owner(books, endpoint, id)?, name)?;
            Ok(Reply::File { mime_type: file.mime_type.clone(), bytes: file.bytes.to_vec() })
        }
        [endpoint, id, "History"] => {
            Ok(Reply::rows("HistoryRecords", attachment::history(books, owner(books, endpoint, id)?)))
        }
        ["Invoices", id, "OnlineInvoice"] => {
            let id = owner(books, "Invoices", id)?;
            let url = format!("https://in.xero.com/{}", id.simple());
            Ok(Reply::rows("OnlineInvoices", vec![object! { "OnlineInvoiceUrl" => url }]))
        }
        _ => Err(Refusal::NotFound),
    }
}

/// The family of an endpoint.
pub(super) fn family(endpoint: &str) -> Option<Family> {
    [
        Family::Invoice,
        Family::CreditNote,
        Family::Prepayment,
        Family::Overpayment,
        Family::BankTransaction,
        Family::PurchaseOrder,
        Family::Quote,
    ]
    .into_iter()
    .find(|family| family.plural() == endpoint)
}

fn list(books: &Books, request: &Request, endpoint: &str) -> Result<Reply, Refusal> {
    let wanted = |paging| Wanted::read(request, paging, books.switches.modified_since_is_inclusive);
    if let Some(family) = family(endpoint) {
        return documents(books, request, family);
    }
    match endpoint {
        "Organisation" => Ok(Reply::rows("Organisations", vec![organisation::json(books)])),
        "Currencies" => plain(request, "Currencies", organisation::currencies(books)),
        "TaxRates" => plain(request, "TaxRates", tax::list(books)),
        "TrackingCategories" => {
            let include_archived = flag(request, "includeArchived") == Some(true);
            plain(request, "TrackingCategories", tracking::list(books, include_archived))
        }
        "ContactGroups" => plain(request, "ContactGroups", contact::groups(books)),
        "Users" => Ok(Reply::rows("Users", vec![user(books)])),
        "BrandingThemes" => Ok(Reply::rows("BrandingThemes", vec![theme(books)])),
        "Accounts" => {
            let rows = books.accounts.values().map(|row| Row::new(row, row.updated(), row.id));
            Ok(Reply::listed("Accounts", wanted(Paging::Never)?.list(rows, |row, _| Account::json(row))?))
        }
        "Items" => {
            let rows = books.items.values().map(|row| Row::new(row, row.updated, row.id));
            Ok(Reply::listed("Items", wanted(Paging::Never)?.list(rows, |row, _| Item::json(row))?))
        }
        "Contacts" => contacts(books, request, &wanted(Paging::OnDemand)?),
        "Payments" => {
            let rows = books.payments.values();
            let rows = rows.map(|row| Row::new(row, row.updated, row.id).stating(row.status(), None));
            let listed = wanted(Paging::OnDemand)?.list(rows, |row, _| render::payment(books, row))?;
            Ok(Reply::listed("Payments", listed))
        }
        "BatchPayments" => {
            let rows = books.batch_payments.values().map(|row| Row::new(row, row.updated, row.id));
            let listed = wanted(Paging::Never)?.list(rows, |row, _| row.json(books, true))?;
            Ok(Reply::listed("BatchPayments", listed))
        }
        "BankTransfers" => {
            let with_deleted = flag(request, "includeDeleted") == Some(true);
            let rows = books.transfers.values().filter(|row| with_deleted || !row.is_deleted);
            let rows = rows.map(|row| Row::new(row, row.created, row.id));
            let listed = wanted(Paging::Never)?.list(rows, |row, _| row.json(books))?;
            Ok(Reply::listed("BankTransfers", listed))
        }
        "ManualJournals" => {
            let rows = books.journals.values().map(|row| Row::new(row, row.updated, row.id));
            let show = |row: &super::journal::ManualJournal, detail| row.json(books, detail == Detail::Full);
            Ok(Reply::listed("ManualJournals", wanted(Paging::OnDemand)?.list(rows, show)?))
        }
        _ => Err(Refusal::NotFound),
    }
}

/// A short list that only `where` and `order` concern.
fn plain(request: &Request, name: &'static str, rows: Vec<Json>) -> Result<Reply, Refusal> {
    let wanted = Wanted::read(request, Paging::Never, true)?;
    let numbered = rows
        .iter()
        .zip(0_u128..)
        .map(|(row, at)| Row::new(row, carry_model::Timestamp::MAX, Uuid::from_u128(at)));
    Ok(Reply::listed(name, wanted.list(numbered, |row, _| row.clone())?))
}

fn user(books: &Books) -> Json {
    object! {
        "UserID" => books.organisation.id,
        "EmailAddress" => "owner@example.com",
        "FirstName" => "Sam",
        "LastName" => "Owner",
        "UpdatedDateUTC" => when::wire_time(books.organisation.created),
        "IsSubscriber" => true,
        "OrganisationRole" => "FINANCIALADVISER",
    }
}

fn theme(books: &Books) -> Json {
    object! {
        "BrandingThemeID" => books.organisation.id,
        "Name" => "Standard",
        "SortOrder" => 0_usize,
        "CreatedDateUTC" => when::wire_time(books.organisation.created),
    }
}

fn documents(books: &Books, request: &Request, family: Family) -> Result<Reply, Refusal> {
    let paging = match family {
        Family::PurchaseOrder => Paging::Always,
        Family::Quote => Paging::Fixed,
        _ => Paging::OnDemand,
    };
    let wanted = Wanted::read(request, paging, books.switches.modified_since_is_inclusive)?;
    let picked = Picked::read(request)?;
    let rows: Box<dyn Iterator<Item = &Document>> = match &picked.ids {
        Some(ids) => {
            Box::new(ids.iter().filter_map(|id| books.documents.get(*id)).filter(|d| d.family == family))
        }
        None => Box::new(books.documents_of(family)),
    };
    let rows = rows.filter(|document| picked.holds(books, document));
    let rows = rows.map(|row| {
        let kind = (!matches!(family, Family::PurchaseOrder | Family::Quote)).then_some(row.kind);
        Row::new(row, row.updated, row.id).stating(row.status.code(), kind)
    });
    let decimals = decimals(request);
    let listed = wanted.list(rows, |row, detail| render::document(books, row, detail, decimals))?;
    Ok(Reply::listed(family.plural(), listed))
}

/// The rows that a call names by their ids, looked up one by one; a text that is no id names none.
fn ids(request: &Request) -> Option<BTreeSet<Uuid>> {
    Some(values(request, "IDs")?.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Documents picked by parameters of their own.
struct Picked {
    ids: Option<BTreeSet<Uuid>>,
    numbers: Option<Vec<String>>,
    contacts: Option<Vec<String>>,
    statuses: Option<Vec<String>>,
    references: Option<Vec<String>>,
    from: Option<Date>,
    to: Option<Date>,
    due_from: Option<Date>,
    due_to: Option<Date>,
    term: Option<String>,
}

impl Picked {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let date = |name: &str| match parameter(request, name) {
            Some(text) => {
                let wrong = || Refusal::Query(format!("{name} is not a valid date"));
                when::read_date(text).map(Some).ok_or_else(wrong)
            }
            None => Ok(None),
        };
        Ok(Self {
            ids: ids(request),
            numbers: values(request, "InvoiceNumbers").or_else(|| values(request, "QuoteNumber")),
            contacts: values(request, "ContactIDs").or_else(|| values(request, "ContactID")),
            statuses: values(request, "Statuses").or_else(|| values(request, "Status")),
            references: values(request, "References"),
            from: date("DateFrom")?,
            to: date("DateTo")?,
            due_from: date("ExpiryDateFrom")?,
            due_to: date("ExpiryDateTo")?,
            term: parameter(request, "searchTerm").map(str::to_lowercase),
        })
    }

    fn holds(&self, books: &Books, document: &Document) -> bool {
        let lists = |wanted: &Option<Vec<String>>, has: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one.eq_ignore_ascii_case(has)))
        };
        let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let after = |bound: Option<Date>, date: Option<Date>| bound.is_none_or(|bound| date >= Some(bound));
        let before = |bound: Option<Date>, date: Option<Date>| {
            bound.is_none_or(|bound| date.is_some_and(|date| date <= bound))
        };
        lists(&self.numbers, &document.number)
            && (self.contacts.is_none() || lists(&self.contacts, &id(document.contact)))
            && lists(&self.statuses, document.status.code())
            && lists(&self.references, document.reference.as_deref().unwrap_or_default())
            && after(self.from, Some(document.date))
            && before(self.to, Some(document.date))
            && after(self.due_from, document.due)
            && before(self.due_to, document.due)
            && self.term.as_ref().is_none_or(|term| mentions(books, document, term))
    }
}

fn mentions(books: &Books, document: &Document, term: &str) -> bool {
    let contact = document.contact.and_then(|id| books.contacts.get(id));
    let texts = [Some(&document.number), document.reference.as_ref(), contact.map(|contact| &contact.name)];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(term))
}

fn contacts(books: &Books, request: &Request, wanted: &Wanted<'_>) -> Result<Reply, Refusal> {
    let ids = ids(request);
    let term = parameter(request, "searchTerm").map(str::to_lowercase);
    let with_archived = flag(request, "includeArchived") == Some(true) || ids.is_some();
    let rows: Box<dyn Iterator<Item = &Contact>> = match &ids {
        Some(ids) => Box::new(ids.iter().filter_map(|id| books.contacts.get(*id))),
        None => Box::new(books.contacts.values()),
    };
    let rows = rows
        .filter(|contact| contact.is_active || with_archived)
        .filter(|contact| term.as_ref().is_none_or(|term| contact.name.to_lowercase().contains(term)))
        .map(|row| Row::new(row, row.updated, row.id));
    let owed = Owed::of(books);
    let Listed { rows, pagination } = wanted.list(rows, |contact: &Contact, detail| {
        let mut json = contact.json(books);
        if detail == Detail::Full {
            owed.show(contact.id, &mut json);
        }
        json
    })?;
    Ok(Reply::listed("Contacts", Listed { rows, pagination }))
}

/// What contacts owe and are owed on invoices and bills, in the documents' currencies as they are.
struct Owed(HashMap<(Uuid, bool), (Decimal, Decimal)>);

impl Owed {
    fn of(books: &Books) -> Self {
        let mut owed: HashMap<_, (Decimal, Decimal)> = HashMap::new();
        let open =
            books.documents_of(Family::Invoice).filter(|document| document.status == Status::Authorised);
        for document in open {
            let Some(contact) = document.contact else { continue };
            let (outstanding, overdue) = owed.entry((contact, document.side == Side::Sales)).or_default();
            *outstanding += document.open();
            if document.due.is_some_and(|due| due < books.today()) {
                *overdue += document.open();
            }
        }
        Self(owed)
    }

    fn show(&self, contact: Uuid, json: &mut Json) {
        let side = |is_sales: bool| {
            let (outstanding, overdue) = self.0.get(&(contact, is_sales)).copied().unwrap_or_default();
            object! { "Outstanding" => render::money(outstanding), "Overdue" => render::money(overdue) }
        };
        if self.0.contains_key(&(contact, true)) || self.0.contains_key(&(contact, false)) {
            json.set(
                "Balances",
                object! { "AccountsReceivable" => side(true), "AccountsPayable" => side(false) },
            );
        }
    }
}

fn one(books: &Books, request: &Request, endpoint: &str, id: &str) -> Result<Reply, Refusal> {
    let guid = id.parse::<Uuid>().ok();
    let show = |name: &'static str, row: Option<Json>| {
        row.map(|row| Reply::rows(name, vec![row])).ok_or(Refusal::NotFound)
    };
    if let Some(family) = family(endpoint) {
        let document = document(books, family, id).ok_or(Refusal::NotFound)?;
        let row = render::document(books, document, Detail::Full, decimals(request));
        return Ok(Reply::rows(family.plural(), vec![row]));
    }
    match endpoint {
        "Accounts" => show("Accounts", guid.and_then(|id| books.accounts.get(id)).map(Account::json)),
        "Items" => {
            let item = guid.and_then(|id| books.items.get(id)).or_else(|| books.item(id));
            show("Items", item.map(Item::json))
        }
        "Contacts" => {
            let by_number = || books.contact_numbers.get(id).and_then(|id| books.contacts.get(*id));
            let contact = guid.and_then(|id| books.contacts.get(id)).or_else(by_number);
            show(
                "Contacts",
                contact.map(|contact| {
                    let mut json = contact.json(books);
                    Owed::of(books).show(contact.id, &mut json);
                    json
                }),
            )
        }
        "ContactGroups" => {
            show("ContactGroups", guid.and_then(|id| books.groups.get(id)).map(|group| group.json(books)))
        }
        "TaxRates" => tax::one(books, id).map(|row| Reply::rows("TaxRates", vec![row])),
        "TrackingCategories" => {
            let id = guid.ok_or(Refusal::NotFound)?;
            tracking::one(books, id).map(|row| Reply::rows("TrackingCategories", vec![row]))
        }
        "Payments" => {
            let payment = guid.and_then(|id| books.payments.get(id));
            show("Payments", payment.map(|payment| render::payment(books, payment)))
        }
        "BatchPayments" => {
            let batch = guid.and_then(|id| books.batch_payments.get(id));
            show("BatchPayments", batch.map(|batch| batch.json(books, true)))
        }
        "BankTransfers" => {
            let transfer = guid.and_then(|id| books.transfers.get(id));
            show("BankTransfers", transfer.map(|transfer| transfer.json(books)))
        }
        "ManualJournals" => {
            let journal = guid.and_then(|id| books.journals.get(id));
            show("ManualJournals", journal.map(|journal| journal.json(books, true)))
        }
        _ => Err(Refusal::NotFound),
    }
}

/// A document by its id, or by its number where that finds one.
pub(super) fn document<'a>(books: &'a Books, family: Family, id: &str) -> Option<&'a Document> {
    let by_id = id.parse().ok().and_then(|id| books.documents.get(id));
    let is_numbered = matches!(family, Family::Invoice | Family::CreditNote | Family::PurchaseOrder);
    by_id
        .filter(|document| document.family == family)
        .or_else(|| books.numbered(family, id).filter(|_| is_numbered))
}

/// What attachments and notes belong to.
pub(super) fn owner(books: &Books, endpoint: &str, id: &str) -> Result<Uuid, Refusal> {
    if let Some(family) = family(endpoint) {
        return document(books, family, id).map(|document| document.id).ok_or(Refusal::NotFound);
    }
    let id: Uuid = id.parse().map_err(|_| Refusal::NotFound)?;
    let is_there = match endpoint {
        "Accounts" => books.accounts.get(id).is_some(),
        "Contacts" => books.contacts.get(id).is_some(),
        "Items" => books.items.get(id).is_some(),
        "Payments" => books.payments.get(id).is_some(),
        "BatchPayments" => books.batch_payments.get(id).is_some(),
        "BankTransfers" => books.transfers.get(id).is_some(),
        "ManualJournals" => books.journals.get(id).is_some(),
        _ => false,
    };
    if is_there { Ok(id) } else { Err(Refusal::NotFound) }
}
