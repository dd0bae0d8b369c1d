//! Contacts. Their contact number, which only interfaces show, holds the mark.

use carry_connector::{Operation, WriteBatch, Written};
use carry_model::{Body, Code, Fault, TargetId};

use super::send::Going;
use super::{Attempt, Results};
use crate::client::Xero;
use crate::mark;
use crate::shapes::{Address, Contact, Phone};

const NAME_MAX: usize = 255;
const FIELD_MAX: usize = 50;
const LINE_MAX: usize = 500;

/// Address lines Xero has.
const LINES: usize = 4;

impl Xero {
    pub(super) async fn write_contacts(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut attempt = Attempt::new(batch.items.len());
        let mut going = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            let Body::Contact(contact) = &item.record.body else {
                attempt.set(place, Err(Fault::new(Code::Bug).detail("no contact")));
                continue;
            };
            let key = item.record.key();
            if let (true, Operation::Create) = (batch.verify_first, &item.operation)
                && let Some(found) = self.find_marked("Contacts", &key).await?
            {
                attempt
                    .set(place, Ok(Written { number: Some(contact.name.clone()), ..Written::new(found.id) }));
                continue;
            }
            let mut notes = Vec::new();
            let mut outgoing = outgoing(contact, &mut notes);
            outgoing.contact_number = Some(mark::of(&key));
            if let Operation::Update(id) = &item.operation {
                outgoing.id = id.to_string();
            }
            going.push(Going {
                place,
                is_new: outgoing.id.is_empty(),
                element: outgoing,
                notes,
                adjustments: Vec::new(),
            });
        }
        let taken = self.send_contacts(going, &mut attempt).await?;
        let renamed = taken.into_iter().map(|(mut going, _)| {
            let contact = &mut going.element;
            let mark = contact.contact_number.as_deref().unwrap_or_default();
            let other = mark::append(&contact.name, mark, NAME_MAX);
            going.notes.push(format!(
                "Another contact in Xero is called {}: the name became {other}.",
                contact.name
            ));
            contact.name = other;
            going
        });
        for (going, fault) in self.send_contacts(renamed.collect(), &mut attempt).await? {
            attempt.set(going.place, Err(fault));
        }
        attempt.finish()
    }

    /// Sends contacts; hands back those whose name is another's.
    async fn send_contacts(
        &self,
        going: Vec<Going<Contact>>,
        attempt: &mut Attempt,
    ) -> Result<Vec<(Going<Contact>, Fault)>, Fault> {
        let mut taken = Vec::new();
        for (going, outcome) in self.send_each::<_, Contact>("Contacts", going, attempt).await? {
            match outcome {
                Ok(back) => {
                    let mark = going.element.contact_number.as_deref().unwrap_or_default();
                    self.note_marked("Contacts", mark, &back.id).await;
                    let written = Written {
                        number: Some(back.name),
                        notes: going.notes,
                        ..Written::new(TargetId::new(back.id))
                    };
                    attempt.set(going.place, Ok(written));
                }
                Err(why) if why.code == Code::NumberTaken => taken.push((going, why)),
                Err(why) => attempt.set(going.place, Err(why)),
            }
        }
        Ok(taken)
    }
}

fn cut(text: &Option<String>, chars_max: usize) -> Option<String> {
    let text: String = text.as_deref()?.trim().chars().take(chars_max).collect();
    Some(text).filter(|text| !text.is_empty())
}

/// A name as Xero takes it: no angle brackets, single spaces.
fn name_of(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !matches!(c, '<' | '>')).collect();
    let words: Vec<_> = plain.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(NAME_MAX).collect();
    if name.is_empty() { "Unnamed".to_owned() } else { name.trim_end().to_owned() }
}

fn outgoing(contact: &carry_model::Contact, notes: &mut Vec<String>) -> Contact {
    let name = name_of(&contact.name);
    if name != contact.name {
        notes.push(format!("Xero takes the name as {name}."));
    }
    if contact.archived {
        notes.push(
            "It is archived in the source and active in Xero, which takes documents of active ones."
                .to_owned(),
        );
    }
    let addresses = [("POBOX", &contact.billing), ("STREET", &contact.shipping)];
    let addresses =
        addresses.into_iter().filter_map(|(sort, address)| Some(address_of(sort, address.as_ref()?)));
    let phone = cut(&contact.phone, FIELD_MAX).map(|number| Phone {
        phone_type: "DEFAULT".to_owned(),
        phone_number: Some(number),
        ..Phone::default()
    });
    Contact {
        name,
        account_number: cut(&contact.account_number, FIELD_MAX),
        first_name: cut(&contact.first_name, NAME_MAX),
        last_name: cut(&contact.last_name, NAME_MAX),
        email_address: cut(&contact.email, NAME_MAX),
        tax_number: cut(&contact.tax_number, FIELD_MAX),
        addresses: addresses.collect(),
        phones: phone.into_iter().collect(),
        default_currency: contact.currency.map(|currency| currency.to_string()),
        ..Contact::default()
    }
}

fn address_of(sort: &str, address: &carry_model::Address) -> Address {
    let mut lines = address.lines.iter().take(LINES).map(|line| cut(&Some(line.clone()), LINE_MAX));
    let mut next = || lines.next().flatten();
    Address {
        address_type: sort.to_owned(),
        line1: next(),
        line2: next(),
        line3: next(),
        line4: next(),
        city: cut(&address.city, NAME_MAX),
        region: cut(&address.region, NAME_MAX),
        postal_code: cut(&address.postal_code, FIELD_MAX),
        country: cut(&address.country, FIELD_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_what_xero_takes() {
        assert_eq!(name_of("  Müller   <& Co>  "), "Müller & Co");
        assert_eq!(name_of("<>"), "Unnamed");
        assert_eq!(name_of(&"x".repeat(300)).len(), NAME_MAX);
    }
}
