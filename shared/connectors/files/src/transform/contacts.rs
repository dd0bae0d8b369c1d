//! Contact lists.

use carry_model::{Address, Body, Contact, Entity, Ledger};

use super::Draft;
use super::cells::{Layout, Outcome};
use super::lists::{is_active, parent_and_name};
use crate::formats::Field;
use crate::unit::{Unit, UnitRow};

/// The note says as what documents know the contact: `c` customer, `s` supplier.
pub(super) fn contact(layout: &Layout, role: Option<Ledger>, unit: &Unit<'_>) -> Outcome<Draft> {
    let row = layout.head(unit)?;
    let name = layout.required(row, Field::Name)?;
    let says = |field| {
        let text = layout.text(row, field).to_lowercase();
        matches!(text.as_str(), "yes" | "true" | "y" | "1" | "x")
    };
    let kind = layout.text(row, Field::Type).to_lowercase();
    let currency = match layout.some(row, Field::Currency) {
        Some(_) => Some(layout.currency(row)?),
        None => None,
    };
    let (first_name, last_name) = person(layout, row);
    let body = Contact {
        name: name.to_owned(),
        customer: role == Some(Ledger::Receivable)
            || says(Field::IsCustomer)
            || unit.note.contains('c')
            || kind == "customer",
        supplier: role == Some(Ledger::Payable)
            || says(Field::IsSupplier)
            || unit.note.contains('s')
            || matches!(kind.as_str(), "vendor" | "supplier"),
        first_name,
        last_name,
        email: layout.owned(row, Field::Email),
        phone: phone(layout.text(row, Field::Phone)).or_else(|| phone(layout.text(row, Field::Mobile))),
        account_number: layout.owned(row, Field::AccountNumber),
        tax_number: layout.owned(row, Field::TaxNumber),
        billing: address(layout, row, &BILLING),
        shipping: address(layout, row, &SHIPPING),
        parent: parent_and_name(layout, row, name).0,
        currency,
        note: layout.owned(row, Field::Memo),
        archived: !is_active(layout, row),
    };
    Ok(Draft {
        entity: Entity::Contact,
        id: name.into(),
        number: Some(name.to_owned()),
        body: Body::Contact(body.into()),
    })
}

fn person(layout: &Layout, row: &UnitRow<'_>) -> (Option<String>, Option<String>) {
    match layout.some(row, Field::Person) {
        Some(whole) => match whole.rsplit_once(' ') {
            Some((first, last)) => (Some(first.trim().to_owned()), Some(last.to_owned())),
            None => (None, Some(whole.to_owned())),
        },
        None => (layout.owned(row, Field::FirstName), layout.owned(row, Field::LastName)),
    }
}

/// The first number of `Phone:(555) 010-1101 Mobile:(555) 010-1900`, or the text as it is.
fn phone(text: &str) -> Option<String> {
    let labels = ["Phone:", "Mobile:", "Fax:", "Other:", "Pager:"];
    let start = labels.iter().find_map(|label| text.find(label).map(|at| at + label.len()));
    let number = match start.and_then(|start| text.get(start..)) {
        Some(rest) => {
            let end = labels.iter().filter_map(|label| rest.find(label)).min().unwrap_or(rest.len());
            rest.get(..end).unwrap_or(rest)
        }
        None => text,
    };
    Some(number.trim().to_owned()).filter(|number| !number.is_empty())
}

struct AddressFields {
    whole: Field,
    lines: [Field; 4],
    city: Field,
    region: Field,
    postal: Field,
    country: Field,
}

const BILLING: AddressFields = AddressFields {
    whole: Field::BillAddress,
    lines: [Field::Bill1, Field::Bill2, Field::Bill3, Field::Bill4],
    city: Field::BillCity,
    region: Field::BillRegion,
    postal: Field::BillPostal,
    country: Field::BillCountry,
};

const SHIPPING: AddressFields = AddressFields {
    whole: Field::ShipAddress,
    lines: [Field::Ship1, Field::Ship2, Field::Ship3, Field::Ship4],
    city: Field::ShipCity,
    region: Field::ShipRegion,
    postal: Field::ShipPostal,
    country: Field::ShipCountry,
};

fn address(layout: &Layout, row: &UnitRow<'_>, fields: &AddressFields) -> Option<Address> {
    let address = match layout.some(row, fields.whole) {
        Some(whole) => in_one_cell(whole),
        None => Address {
            lines: fields.lines.iter().filter_map(|field| layout.owned(row, *field)).collect(),
            city: layout.owned(row, fields.city),
            region: layout.owned(row, fields.region),
            postal_code: layout.owned(row, fields.postal),
            country: layout.owned(row, fields.country),
        },
    };
    (address != Address::default()).then_some(address)
}

/// An address of several lines in one cell. Only a line such as `Santa Rosa, CA 95401` is taken apart; all else
/// stays as it is written.
fn in_one_cell(text: &str) -> Address {
    let mut address = Address::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match american_town(line).filter(|_| address.city.is_none()) {
            Some((city, region, postal)) => {
                address.city = Some(city.to_owned());
                address.region = Some(region.to_owned());
                address.postal_code = Some(postal.to_owned());
            }
            None => address.lines.push(line.to_owned()),
        }
    }
    address
}

fn american_town(line: &str) -> Option<(&str, &str, &str)> {
    let (city, rest) = line.rsplit_once(", ")?;
    let (region, postal) = rest.split_once(' ')?;
    let zip = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    let is_zip = match postal.split_once('-') {
        Some((five, four)) => zip(five, 5) && zip(four, 4),
        None => zip(postal, 5),
    };
    let is_state = region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase());
    (is_zip && is_state).then_some((city, region, postal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_one_cell_keep_every_word() {
        let address = in_one_cell("410 Mendocino Ave\nSuite 200\nSanta Rosa, CA 95401");
        assert_eq!(address.lines, ["410 Mendocino Ave", "Suite 200"]);
        assert_eq!((address.city.as_deref(), address.region.as_deref()), (Some("Santa Rosa"), Some("CA")));
        assert_eq!(address.postal_code.as_deref(), Some("95401"));
        let foreign = in_one_cell("14 rue des Tilleuls\n87000 Limoges\nFrance");
        assert_eq!(foreign.lines.len(), 3);
    }

    #[test]
    fn the_first_telephone_number_is_taken() {
        assert_eq!(phone("Phone:(555) 010-1101 Mobile:(555) 010-1900").as_deref(), Some("(555) 010-1101"));
        assert_eq!(phone("+44 20 7946 0000").as_deref(), Some("+44 20 7946 0000"));
        assert_eq!(phone(" "), None);
    }
}
