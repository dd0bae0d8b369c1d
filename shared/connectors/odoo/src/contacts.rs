//! Customers and suppliers: partners, each a company of its own so that its ledger stays its own.

use carry_connector::{WriteBatch, WriteItem};
use carry_model::{Address, Body, Code, Contact, Entity, Fault, SourceId};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::lists::{Draft, Place, Results};
use crate::names::{html, id_of};
use crate::session::Odoo;
use crate::sheet::Row;
use crate::value;

/// Countries and states by lower-case name and code.
#[derive(Debug, Default)]
struct Atlas {
    countries: FxHashMap<String, i64>,
    states: FxHashMap<(i64, String), i64>,
}

impl Atlas {
    fn country(&self, text: Option<&str>) -> Option<i64> {
        let wanted = text?.trim().to_lowercase();
        let wanted = match wanted.as_str() {
            "usa" | "u.s.a." | "united states of america" => "us",
            "uk" | "great britain" | "england" | "scotland" | "wales" => "gb",
            other => other,
        };
        self.countries.get(wanted).copied()
    }

    fn state(&self, country: i64, text: Option<&str>) -> Option<i64> {
        self.states.get(&(country, text?.trim().to_lowercase())).copied()
    }
}

impl Odoo {
    async fn atlas(&self, batch: &WriteBatch) -> Result<Atlas, Fault> {
        let mut atlas = Atlas::default();
        let located = |item: &WriteItem| match &item.record.body {
            Body::Contact(contact) => contact.billing.is_some() || contact.shipping.is_some(),
            _ => false,
        };
        if !batch.items.iter().any(located) {
            return Ok(atlas);
        }
        for country in self.search("res.country/search_read", json!([]), &["code", "name"]).await? {
            for name in ["code", "name"].into_iter().filter_map(|field| value::text(&country, field)) {
                atlas.countries.insert(name.to_lowercase(), value::id(&country));
            }
        }
        let fields = ["code", "name", "country_id"];
        for state in self.search("res.country.state/search_read", json!([]), &fields).await? {
            let Some(country) = value::reference(&state, "country_id") else { continue };
            for name in ["code", "name"].into_iter().filter_map(|field| value::text(&state, field)) {
                atlas.states.insert((country, name.to_lowercase()), value::id(&state));
            }
        }
        Ok(atlas)
    }

    /// Creates or updates partners; a parent of the same batch is set once both are there.
    pub(crate) async fn write_contacts(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let places = self.places(&batch.items).await?;
        let atlas = self.atlas(batch).await?;
        let draft = |(item, place): (&WriteItem, &Place)| match &item.record.body {
            Body::Contact(contact) => {
                let parent = batch.links.get_opt(Entity::Contact, &contact.parent).and_then(id_of);
                let row = row(place.row(), contact, &atlas).with_id("parent_id", parent);
                Ok(Draft { row, number: Some(contact.name.clone()), notes: notes(contact) })
            }
            _ => Err(Fault::new(Code::Bug).detail("no contact")),
        };
        let drafts: Vec<Result<Draft, Fault>> = batch.items.iter().zip(&places).map(draft).collect();
        let mut results = self.import_list("res.partner/load", batch, &places, drafts).await?;
        self.without_tax_numbers(batch, &places, &mut results).await?;
        self.set_parents(batch, &results).await?;
        Ok(results)
    }

    /// Odoo checks tax numbers where it knows the country. A contact must not fail for that, and its documents with
    /// it: the number goes into the notes.
    async fn without_tax_numbers(
        &self,
        batch: &WriteBatch,
        places: &[Place],
        results: &mut Results,
    ) -> Result<(), Fault> {
        for ((item, place), result) in batch.items.iter().zip(places).zip(results) {
            let Body::Contact(contact) = &item.record.body else { continue };
            let Some(number) = &contact.tax_number else { continue };
            if !matches!(result, Err(fault) if fault.kind() == carry_model::Kind::Rejected) {
                continue;
            }
            let mut contact = Contact::clone(contact);
            contact.tax_number = None;
            let note = format!("Tax number: {number}");
            contact.note = Some(contact.note.map_or(note.clone(), |text| format!("{text}\n{note}")));
            let parent = batch.links.get_opt(Entity::Contact, &contact.parent).and_then(id_of);
            let row = row(place.row(), &contact, &Atlas::default()).with_id("parent_id", parent);
            let mut notes = notes(&contact);
            notes.push(format!("Odoo does not take the tax number {number}; it stands in the notes."));
            let draft = Draft { row, number: Some(contact.name.clone()), notes };
            let one = WriteBatch { items: vec![item.clone()], ..batch.clone() };
            let again =
                self.import_list("res.partner/load", &one, std::slice::from_ref(place), vec![Ok(draft)]);
            if let Some(outcome) = again.await?.into_iter().next() {
                *result = outcome;
            }
        }
        Ok(())
    }

    async fn set_parents(&self, batch: &WriteBatch, results: &Results) -> Result<(), Fault> {
        let written: FxHashMap<&SourceId, i64> = batch
            .items
            .iter()
            .zip(results)
            .filter_map(|(item, result)| Some((&item.record.id, id_of(&result.as_ref().ok()?.id)?)))
            .collect();
        let mut rows = Vec::new();
        for item in &batch.items {
            let Body::Contact(contact) = &item.record.body else { continue };
            let Some(parent) = &contact.parent else { continue };
            if batch.links.get(Entity::Contact, parent).is_some() {
                continue;
            }
            if let (Some(child), Some(parent)) = (written.get(&item.record.id), written.get(parent)) {
                rows.push(Row::update(*child).with_id("parent_id", Some(*parent)));
            }
        }
        self.load_idempotent("res.partner/load", &rows).await?.into_iter().try_for_each(|set| set.map(|_| ()))
    }
}

fn row(row: Row, contact: &Contact, atlas: &Atlas) -> Row {
    let plain = |text: &Option<String>| text.clone().unwrap_or_default();
    let rank = |yes: bool| if yes { "1" } else { "0" };
    let none = Address::default();
    let address = contact.billing.as_ref().or(contact.shipping.as_ref()).unwrap_or(&none);
    let country = atlas.country(address.country.as_deref());
    let state = country.and_then(|country| atlas.state(country, address.region.as_deref()));
    let mut street = address.lines.iter().cloned();
    row.with("name", contact.name.clone())
        .with("is_company", "1")
        .with("customer_rank", rank(contact.customer))
        .with("supplier_rank", rank(contact.supplier))
        .with("email", plain(&contact.email))
        .with("phone", plain(&contact.phone))
        .with("ref", plain(&contact.account_number))
        .with("vat", plain(&contact.tax_number))
        .with("street", street.next().unwrap_or_default())
        .with("street2", street.collect::<Vec<_>>().join(", "))
        .with("city", plain(&address.city))
        .with("zip", plain(&address.postal_code))
        .with_id("country_id", country)
        .with_id("state_id", state)
        .with("comment", comment(contact, address, country.is_some(), state.is_some()))
}

/// What has no field of its own goes into the partner's notes, so nothing is lost.
fn comment(contact: &Contact, address: &Address, has_country: bool, has_state: bool) -> String {
    let mut parts = Vec::new();
    let mut add = |label: &str, text: &Option<String>| {
        if let Some(text) = text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            parts.push(if label.is_empty() { html(text) } else { format!("{label}: {}", html(text)) });
        }
    };
    add("", &contact.note);
    let person = [&contact.first_name, &contact.last_name].into_iter().flatten().cloned().collect::<Vec<_>>();
    let person = person.join(" ");
    add("Contact person", &Some(person).filter(|name| *name != contact.name));
    if !has_state {
        add("Region", &address.region);
    }
    if !has_country {
        add("Country", &address.country);
    }
    if let (Some(_), Some(shipping)) = (&contact.billing, &contact.shipping) {
        let mut lines = shipping.lines.clone();
        let rest = [&shipping.postal_code, &shipping.city, &shipping.region, &shipping.country];
        lines.extend(rest.into_iter().flatten().cloned());
        add("Shipping address", &Some(lines.join(", ")));
    }
    parts.join("<br>")
}

fn notes(contact: &Contact) -> Vec<String> {
    let archived = "Retired in the source; kept active, for documents are booked to it.";
    if contact.archived { vec![archived.to_owned()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_field_is_kept_in_the_notes() {
        let contact = Contact {
            name: "Acme <Ltd>".into(),
            first_name: Some("Ann".into()),
            note: Some("a & b".into()),
            billing: Some(Address { region: Some("Utopia".into()), ..Address::default() }),
            ..Contact::default()
        };
        let text = comment(&contact, contact.billing.as_ref().unwrap(), false, false);
        assert_eq!(text, "a &amp; b<br>Contact person: Ann<br>Region: Utopia");
    }
}
