//! Reads what documents have in common: contact, dates, currency, number, lines.

use carry_model::{Date, Decimal, round_half_up};
use uuid::Uuid;

use super::books::Books;
use super::contact::{self, Contact, name_key};
use super::document::{Document, Family, Side, Status};
use super::input::Input;
use super::line::{self, LineAmounts, Rules};
use super::refusal;
use crate::json::{Json, object};

/// Largest number a document may carry, in characters.
const NUMBER_MAX: usize = 255;

/// A document as it is before anything was read.
pub(super) fn blank(books: &mut Books, family: Family, side: Side, kind: &'static str) -> Document {
    Document {
        id: books.ids.next(),
        family,
        side,
        kind,
        contact: None,
        date: books.today(),
        due: None,
        status: Status::Draft,
        amounts: LineAmounts::Exclusive,
        lines: Vec::new(),
        totals: line::Totals::default(),
        currency: books.organisation.currency.clone(),
        rate: Decimal::ONE,
        number: String::new(),
        reference: None,
        is_sent: false,
        bank_account: None,
        is_reconciled: false,
        twin: None,
        paid: Decimal::ZERO,
        credited: Decimal::ZERO,
        settled_on: None,
        kept: object! {},
        updated: books.now,
    }
}

/// The document of that id and family; nothing without an id, and a refusal where there is none.
pub(super) fn before(
    books: &Books,
    family: Family,
    id: Option<Uuid>,
) -> Result<Option<Document>, Vec<String>> {
    let Some(id) = id else { return Ok(None) };
    let found = books.documents.get(id).filter(|document| document.family == family).cloned();
    found.map(Some).ok_or_else(|| refusal::gone(family))
}

/// The contact an element names; one that is only named by a new name is created where `may_create` says so.
pub(super) fn read_contact(books: &mut Books, input: &mut Input<'_>, may_create: bool) -> Option<Uuid> {
    let sent = input.field("Contact")?;
    let mut fields = Input::new(sent);
    let id = fields.id("ContactID");
    let name = fields.text("Name").filter(|name| !name.is_empty());
    let number = fields.text("ContactNumber").filter(|number| !number.is_empty());
    if id.is_none() && name.is_none() && number.is_none() {
        input.problem(
            "The Contact must contain at least 1 of the following elements to identify the contact: Name, \
             ContactID, ContactNumber",
        );
        return None;
    }
    let by_number = number.as_ref().and_then(|number| books.contact_numbers.get(number)).copied();
    let by_name = name.as_ref().and_then(|name| books.contact_names.get(&name_key(name))).copied();
    let found = id.filter(|id| books.contacts.get(*id).is_some()).or(by_number).or(by_name);
    match found {
        Some(found) => {
            let says_more = sent.as_object().unwrap_or_default().len() > 1;
            if let Some(id) = id.filter(|_| says_more) {
                update_contact(books, input, id, sent);
            }
            Some(found)
        }
        None if may_create && id.is_none() => match contact::write(books, None, sent, true) {
            Ok(json) => json.get("ContactID").and_then(Json::as_str).and_then(|id| id.parse().ok()),
            Err(messages) => {
                messages.into_iter().for_each(|message| input.problem(message));
                None
            }
        },
        None => {
            input.problem("The contact with the specified contact details could not be found");
            None
        }
    }
}

/// Anything but the id inside a document changes the contact, and persons that are not sent are gone.
fn update_contact(books: &mut Books, input: &mut Input<'_>, id: Uuid, sent: &Json) {
    let mut changes = sent.clone();
    for read_only in ["ContactStatus", "UpdatedDateUTC"] {
        changes.remove(read_only);
    }
    if changes.at("ContactPersons").is_none() {
        changes.set("ContactPersons", Vec::new());
    }
    if let Err(messages) = contact::write(books, Some(id), &changes, true) {
        messages.into_iter().for_each(|message| input.problem(message));
    }
}

/// New documents need a contact that is not archived.
pub(super) fn check_contact(books: &Books, input: &mut Input<'_>, contact: Option<Uuid>, is_new: bool) {
    match contact.and_then(|id| books.contacts.get(id)) {
        None => input.problem("A Contact must be specified for this type of transaction"),
        Some(Contact { is_active: false, .. }) if is_new => {
            input.problem("The contact must be un-archived before creating new invoices or credit notes");
        }
        Some(_) => {}
    }
}

/// Currency and rate. A foreign document without a rate takes the day's.
pub(super) fn read_currency(books: &Books, input: &mut Input<'_>, document: &mut Document) {
    if let Some(code) = input.text("CurrencyCode").filter(|code| !code.is_empty()) {
        if !books.has_currency(&code) {
            input.problem(format!("Organisation is not subscribed to currency {code}"));
        }
        if code != document.currency {
            document.currency = code;
            document.rate = day_rate(books, &document.currency);
        }
    }
    let Some(rate) = input.decimal("CurrencyRate") else { return };
    if document.currency == books.organisation.currency {
        return;
    }
    if rate <= Decimal::ZERO {
        input.problem("Currency rate must be greater than zero");
        return;
    }
    document.rate = round_half_up(rate, 6);
    let usual = day_rate(books, &document.currency);
    let is_odd = document.rate > usual * Decimal::TWO || document.rate * Decimal::TWO < usual;
    if is_odd {
        input.warn(format!("The currency rate {} differs a lot from the rate of the day", document.rate));
    }
}

/// The rate of the day, in whichever direction the switch says. It never moves: what matters is that it is not the
/// document's own.
pub(super) fn day_rate(books: &Books, currency: &str) -> Decimal {
    let in_dollars = |code: &str| {
        Decimal::new(
            match code {
                "EUR" => 1162,
                "GBP" => 1321,
                "AUD" => 652,
                "NZD" => 571,
                "CAD" => 712,
                "JPY" => 6,
                "CHF" => 1241,
                "SGD" => 769,
                _ => 1000,
            },
            3,
        )
    };
    let (home, foreign) = (in_dollars(&books.organisation.currency), in_dollars(currency));
    let rate = if books.switches.rate_is_home_per_foreign {
        foreign.checked_div(home)
    } else {
        home.checked_div(foreign)
    };
    round_half_up(rate.unwrap_or(Decimal::ONE), 6)
}

/// Reads dates, reference, contact, currency, lines and totals into a document.
///
/// Unit amounts are rounded to `decimals`; `is_approved` says that the document is to count in the books.
pub(super) fn read(
    books: &mut Books,
    input: &mut Input<'_>,
    document: &mut Document,
    decimals: u32,
    is_approved: bool,
) {
    let may_create = document.family != Family::PurchaseOrder;
    document.contact = read_contact(books, input, may_create).or(document.contact);
    document.date = input.date("Date").unwrap_or(document.date);
    if let Some(reference) = input.text("Reference") {
        document.reference = Some(reference);
    }
    read_currency(books, input, document);
    let amounts = input.choice("LineAmountTypes", &LineAmounts::CHOICES);
    document.amounts = amounts.unwrap_or(document.amounts);
    if input.has("LineItems") {
        let rules = Rules {
            family: document.family,
            side: document.side,
            amounts: document.amounts,
            decimals,
            is_approved,
        };
        document.lines = line::read_all(books, input, rules, &document.lines);
    } else {
        line::retax(books, &mut document.lines, document.amounts);
    }
    if document.lines.is_empty() {
        input.problem("One or more line items must be specified");
    }
    document.totals = line::totals(&document.lines, document.amounts);
    if document.totals.total.is_sign_negative() && !document.totals.total.is_zero() {
        input.problem("The total for this document must be greater than or equal to zero.");
    }
}

/// The number a document is to carry: its own, the one sent, or the next automatic one.
///
/// `taken` is the message for a number that another document carries.
pub(super) fn read_number(
    books: &mut Books,
    input: &mut Input<'_>,
    document: &mut Document,
    is_unique: bool,
    taken: &str,
) {
    let Some(name) = document.family.number_name() else { return };
    let sent = input.text_max(name, NUMBER_MAX);
    let Some(number) = sent else {
        if document.number.is_empty() && is_unique {
            document.number = next_number(books, document.family);
        }
        return;
    };
    let owner = books.numbered(document.family, &number).filter(|owner| owner.id != document.id);
    let is_taken = owner.is_some_and(|owner| match owner.status {
        Status::Deleted => false,
        Status::Voided => books.switches.voided_numbers_stay_taken,
        _ => true,
    });
    if is_unique && is_taken {
        input.problem(taken);
    }
    document.number = number;
}

fn next_number(books: &mut Books, family: Family) -> String {
    loop {
        let next = books.next_numbers.entry(family.prefix()).or_insert(0);
        *next += 1;
        let number = format!("{}{next:04}", family.prefix());
        if books.numbered(family, &number).is_none() {
            return number;
        }
    }
}

/// What is wrong with changing a document of these dates, if it counts or counted in the books.
pub(super) fn check_locks(books: &Books, input: &mut Input<'_>, before: Option<&Document>, after: &Document) {
    let counted = before.filter(|document| document.is_approved()).map(|document| document.date);
    let counts = Some(after.date).filter(|_| after.is_approved());
    let mut dates: Vec<Date> = counted.into_iter().chain(counts).collect();
    dates.dedup();
    for date in dates {
        books.organisation.locked(date).into_iter().for_each(|message| input.problem(message));
    }
}

/// Stores a document, its number and its entry in the ledger; its contact becomes customer or supplier by it.
pub(super) fn put(books: &mut Books, mut document: Document) -> Uuid {
    let id = document.id;
    document.updated = books.now;
    if document.family.number_name().is_some() && !document.number.is_empty() && document.counts() {
        books.numbers.insert((document.family, document.number.to_lowercase()), id);
    }
    let makes_a_role = matches!(document.family, Family::Invoice | Family::CreditNote);
    if let Some(contact) = document.contact.and_then(|id| books.contacts.get_mut(id))
        && makes_a_role
    {
        match document.side {
            Side::Sales => contact.is_customer = true,
            Side::Purchases => contact.is_supplier = true,
        }
    }
    books.documents.insert(id, document);
    super::posting::post_document(books, id);
    id
}

/// Keeps fields that have no rules of their own.
pub(super) fn keep(input: &Input<'_>, document: &mut Document, names: &[&str]) {
    for name in names {
        if let Some(value) = input.field(name) {
            document.kept.set(name, value.clone());
        }
    }
}

/// Keeps dates, in both forms the API writes them.
pub(super) fn keep_dates(input: &mut Input<'_>, document: &mut Document, names: &[&str]) {
    for name in names {
        if let Some(date) = input.date(name) {
            document.kept.set(&format!("{name}String"), super::when::iso_date(date));
            document.kept.set(name, super::when::wire_date(date));
        }
    }
}
