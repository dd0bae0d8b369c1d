//! Contacts and contact groups. A contact is customer, supplier, or both: documents make it so.

use carry_model::Timestamp;
use uuid::Uuid;

use super::books::Books;
use super::input::Input;
use super::when;
use crate::json::{Json, object};

/// Fields that are kept as they were sent.
const KEPT: [(&str, usize); 12] = [
    ("AccountNumber", 50),
    ("FirstName", 255),
    ("LastName", 255),
    ("CompanyNumber", 50),
    ("EmailAddress", 255),
    ("BankAccountDetails", 255),
    ("TaxNumber", 50),
    ("AccountsReceivableTaxType", 50),
    ("AccountsPayableTaxType", 50),
    ("DefaultCurrency", 3),
    ("SalesDefaultAccountCode", 10),
    ("PurchasesDefaultAccountCode", 10),
];
const PERSONS_MAX: usize = 5;
const GROUPS_MAX: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Contact {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) number: Option<String>,
    pub(super) is_active: bool,
    pub(super) is_customer: bool,
    pub(super) is_supplier: bool,
    /// Fields without rules of their own, as sent.
    kept: Json,
    addresses: Vec<Json>,
    phones: Vec<Json>,
    persons: Vec<Json>,
    pub(super) updated: Timestamp,
}

impl Contact {
    /// A contact that only has a name, as a document brings it along.
    pub(super) fn named(books: &mut Books, name: &str) -> Self {
        Self {
            id: books.ids.next(),
            name: name.to_owned(),
            number: None,
            is_active: true,
            is_customer: false,
            is_supplier: false,
            kept: object! {},
            addresses: Vec::new(),
            phones: Vec::new(),
            persons: Vec::new(),
            updated: books.now,
        }
    }

    /// The contact as documents name it.
    pub(super) fn reference(&self) -> Json {
        object! {
            "ContactID" => self.id,
            "ContactNumber" => self.number.clone(),
            "Name" => &self.name,
            "Addresses" => Vec::new(),
            "Phones" => Vec::new(),
            "ContactGroups" => Vec::new(),
            "ContactPersons" => Vec::new(),
            "HasValidationErrors" => false,
        }
    }

    /// The contact with everything but its balances.
    pub(super) fn json(&self, books: &Books) -> Json {
        let groups =
            books.groups.values().filter(|group| group.is_active && group.members.contains(&self.id));
        let mut json = object! {
            "ContactID" => self.id,
            "ContactNumber" => self.number.clone(),
            "ContactStatus" => if self.is_active { "ACTIVE" } else { "ARCHIVED" },
            "Name" => &self.name,
        };
        for (name, value) in self.kept.as_object().unwrap_or_default() {
            json.set(name, value.clone());
        }
        json.set("Addresses", self.addresses.clone());
        json.set("Phones", self.phones.clone());
        json.set("UpdatedDateUTC", when::wire_time(self.updated));
        json.set("ContactGroups", groups.map(Group::reference).collect::<Vec<_>>());
        json.set("IsSupplier", self.is_supplier);
        json.set("IsCustomer", self.is_customer);
        json.set("ContactPersons", self.persons.clone());
        json.set("HasAttachments", books.has_attachments(self.id));
        json.set("HasValidationErrors", false);
        json
    }
}

/// The key under which names are compared.
pub(super) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// Creates or changes a contact; where the call may update it is found by id, number or name.
pub(super) fn write(
    books: &mut Books,
    id: Option<Uuid>,
    sent: &Json,
    may_update: bool,
) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let sent_id = input.id("ContactID").or(id);
    let number = input.text_max("ContactNumber", 50);
    let name = read_name(&mut input);
    if sent_id.is_none() && number.is_none() && name.is_none() {
        return Err(vec![
            "The Contact must contain at least 1 of the following elements to identify the contact: Name, \
             ContactID, ContactNumber"
                .to_owned(),
        ]);
    }
    let by_number = number.as_ref().and_then(|number| books.contact_numbers.get(number)).copied();
    let by_name = name.as_ref().and_then(|name| books.contact_names.get(&name_key(name))).copied();
    let known = if may_update { sent_id.or(by_number).or(by_name) } else { None };
    let old = known.map(|known| books.contacts.get(known).cloned());
    if old.as_ref().is_some_and(Option::is_none) {
        return Err(vec!["Contact not found".to_owned()]);
    }
    if let Some(name) = name.as_ref().filter(|_| by_name.is_some() && by_name != known) {
        input.problem(format!(
            "The contact name {name} is already assigned to another contact. The contact name must be unique \
             across all active contacts."
        ));
    }
    if let Some(number) = number.as_ref().filter(|_| by_number.is_some() && by_number != known) {
        input.problem(format!("Another contact has this contact number {number}. It must be unique."));
    }
    if name.is_none() && known.is_none() {
        input.problem("The Contact Name must be specified");
    }
    let before = old.flatten();
    let mut contact = match before.clone() {
        Some(old) => old,
        None => Contact::named(books, name.as_deref().unwrap_or_default()),
    };
    contact.name = name.unwrap_or(contact.name);
    contact.number = number.or(contact.number);
    read_details(&mut contact, &mut input);
    contact.updated = books.now;
    input.check()?;
    let json = contact.json(books);
    put(books, before.as_ref(), contact);
    Ok(json)
}

/// Stores a contact and keeps the look-ups by name and number.
pub(super) fn put(books: &mut Books, before: Option<&Contact>, contact: Contact) {
    if let Some(before) = before {
        books.contact_names.remove(&name_key(&before.name));
        if let Some(number) = &before.number {
            books.contact_numbers.remove(number);
        }
    }
    if contact.is_active {
        books.contact_names.insert(name_key(&contact.name), contact.id);
    }
    if let Some(number) = &contact.number {
        books.contact_numbers.insert(number.clone(), contact.id);
    }
    books.contacts.insert(contact.id, contact);
}

/// The name, with what its rules say about it.
fn read_name(input: &mut Input<'_>) -> Option<String> {
    let name = input.text_max("Name", 255)?;
    if name.contains(['<', '>']) {
        input.problem("The contact name cannot contain the characters < or >");
    }
    if name.trim() != name || name.contains("  ") {
        input.problem("The contact name cannot have leading, trailing or double spaces");
    }
    Some(name)
}

fn read_details(contact: &mut Contact, input: &mut Input<'_>) {
    for (field, max) in KEPT {
        if let Some(text) = input.text(field) {
            if text.chars().count() > max {
                input.problem(format!("The field {field} must be a string with a maximum length of {max}"));
            }
            contact.kept.set(field, text);
        }
    }
    if contact
        .kept
        .get("EmailAddress")
        .and_then(Json::as_str)
        .is_some_and(|mail| !mail.is_empty() && (!mail.contains('@') || mail.contains(' ')))
    {
        input.problem("Email address must be valid.");
    }
    for field in ["PaymentTerms", "BatchPayments", "SalesTrackingCategories", "PurchasesTrackingCategories"] {
        if let Some(value) = input.field(field) {
            contact.kept.set(field, value.clone());
        }
    }
    let list = |field: &str, old: &Vec<Json>| match input.field(field) {
        Some(Json::List(items)) => items.clone(),
        _ => old.clone(),
    };
    contact.addresses = list("Addresses", &contact.addresses);
    contact.phones = list("Phones", &contact.phones);
    contact.persons = list("ContactPersons", &contact.persons);
    if contact.persons.len() > PERSONS_MAX {
        input.problem("A contact can have a maximum of 5 contact persons");
    }
    for address in &contact.addresses {
        check_address(address, input);
    }
    match input.choice("ContactStatus", &[("ACTIVE", true), ("ARCHIVED", false)]) {
        Some(is_active) => contact.is_active = is_active,
        None => contact.is_active = contact.is_active || input.has("Name"),
    }
}

fn check_address(address: &Json, input: &mut Input<'_>) {
    let limits = [
        ("AddressLine1", 500),
        ("AddressLine2", 500),
        ("AddressLine3", 500),
        ("AddressLine4", 500),
        ("City", 255),
        ("Region", 255),
        ("PostalCode", 50),
        ("Country", 50),
    ];
    for (field, max) in limits {
        let length = address.at(field).and_then(Json::as_str).map_or(0, |text| text.chars().count());
        if length > max {
            input.problem(format!("The field {field} must be a string with a maximum length of {max}"));
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: Uuid,
    name: String,
    is_active: bool,
    members: Vec<Uuid>,
}

impl Group {
    fn reference(&self) -> Json {
        object! {
            "ContactGroupID" => self.id,
            "Name" => &self.name,
            "Status" => if self.is_active { "ACTIVE" } else { "DELETED" },
            "Contacts" => Vec::new(),
            "HasValidationErrors" => false,
        }
    }

    pub(super) fn json(&self, books: &Books) -> Json {
        let members = self.members.iter().filter_map(|id| books.contacts.get(*id));
        let members = members.map(|contact| object! { "ContactID" => contact.id, "Name" => &contact.name });
        let mut json = self.reference();
        json.set("Contacts", members.collect::<Vec<_>>());
        json
    }
}

pub(super) fn groups(books: &Books) -> Vec<Json> {
    books.groups.values().filter(|group| group.is_active).map(Group::reference).collect()
}

/// Creates a group, or changes its name or status.
pub(super) fn write_group(books: &mut Books, id: Option<Uuid>, sent: &Json) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let name = input.text_max("Name", 255);
    let status = input.choice("Status", &[("ACTIVE", true), ("DELETED", false)]);
    let active = || books.groups.values().filter(|group| group.is_active);
    if id.is_none() && active().count() >= GROUPS_MAX {
        input.problem("You've reached the limit of 100 contact groups.");
    }
    if id.is_none() && name.is_none() {
        input.problem("Please enter a Name.");
    }
    if active().any(|group| Some(group.id) != id && Some(&group.name) == name.as_ref()) {
        input.problem("Please enter a unique Name.");
    }
    input.check()?;
    let old =
        id.map(|id| books.groups.get(id).cloned().ok_or_else(|| vec!["Contact group not found".into()]));
    let mut group = match old.transpose()? {
        Some(group) => group,
        None => Group { id: books.ids.next(), name: String::new(), is_active: true, members: Vec::new() },
    };
    group.name = name.unwrap_or(group.name);
    group.is_active = status.unwrap_or(group.is_active);
    let json = group.json(books);
    books.groups.insert(group.id, group);
    Ok(json)
}

/// Puts contacts into a group.
pub(super) fn join(books: &mut Books, id: Uuid, contacts: &[Json]) -> Result<Vec<Json>, Vec<String>> {
    let mut members = Vec::new();
    for contact in contacts {
        let contact = Input::new(contact).id("ContactID").filter(|id| books.contacts.get(*id).is_some());
        members.push(contact.ok_or_else(|| vec!["Contact not found".to_owned()])?);
    }
    let group = books.groups.get_mut(id).ok_or_else(|| vec!["Contact group not found".to_owned()])?;
    for member in &members {
        if !group.members.contains(member) {
            group.members.push(*member);
        }
    }
    Ok(members.into_iter().map(|member| object! { "ContactID" => member }).collect())
}

/// Takes one contact, or all of them, out of a group.
pub(super) fn leave(books: &mut Books, id: Uuid, contact: Option<Uuid>) -> bool {
    match books.groups.get_mut(id) {
        Some(group) => {
            group.members.retain(|member| contact.is_some_and(|contact| contact != *member));
            true
        }
        None => false,
    }
}
