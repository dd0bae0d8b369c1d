use carry_model::{
    Account, Activity, Address, Attachment, Code, Company, Contact, Fault, Item, PaymentMethod, Project,
    RecordKey, TaxComponent, TaxRate, Terms, TrackingCategory,
};

use super::super::amounts::Written;
use super::super::shape::Table;
use super::super::words::CLASSES;
use super::{Fields, Object};

fn need<T>(value: Option<T>, name: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
}

pub(super) fn company(row: Fields<'_>) -> Result<Company, Fault> {
    Ok(Company {
        name: row.text("name")?.to_owned(),
        home_currency: row.currency("home_currency")?,
        country: row.string("country")?,
    })
}

pub(super) fn account(row: Fields<'_>) -> Result<Account, Fault> {
    Ok(Account {
        code: row.string("code")?,
        name: row.text("name")?.to_owned(),
        class: row.word(CLASSES, "class")?,
        parent: row.reference("parent_id")?,
        currency: row.opt_currency("currency")?,
        description: row.string("description")?,
        active: row.flag("active")?.unwrap_or(true),
    })
}

pub(super) fn tax_rate(row: Fields<'_>, object: &Object) -> Result<TaxRate, Fault> {
    let component = |part: Result<Fields<'_>, Fault>| {
        let part = part?;
        Ok(TaxComponent {
            name: part.text("name")?.to_owned(),
            percent: need(part.decimal("percent")?, "percent")?,
            compound: part.flag("compound")?.unwrap_or_default(),
            account: part.reference("account_id")?,
        })
    };
    Ok(TaxRate {
        name: row.text("name")?.to_owned(),
        code: row.string("code")?,
        percent: row.decimal("percent")?,
        components: object.parts(Table::TaxComponents).map(component).collect::<Result<_, Fault>>()?,
        account: row.reference("account_id")?,
    })
}

pub(super) fn terms(row: Fields<'_>) -> Result<Terms, Fault> {
    Ok(Terms { name: row.text("name")?.to_owned(), due_days: row.count("due_days")? })
}

pub(super) fn payment_method(row: Fields<'_>) -> Result<PaymentMethod, Fault> {
    Ok(PaymentMethod { name: row.text("name")?.to_owned() })
}

pub(super) fn tracking_category(row: Fields<'_>, object: &Object) -> Result<TrackingCategory, Fault> {
    let option = |part: Result<Fields<'_>, Fault>| Ok(part?.text("name")?.to_owned());
    Ok(TrackingCategory {
        name: row.text("name")?.to_owned(),
        options: object.parts(Table::TrackingOptions).map(option).collect::<Result<_, Fault>>()?,
    })
}

pub(super) fn contact(row: Fields<'_>, object: &Object) -> Result<Contact, Fault> {
    let (mut billing, mut shipping) = (None, None);
    for part in object.parts(Table::ContactAddresses) {
        let part = part?;
        match part.text("role")? {
            "billing" => billing = Some(address(part)?),
            "shipping" => shipping = Some(address(part)?),
            other => return Err(Fault::new(Code::ValueUnknown).field("role").text(other)),
        }
    }
    Ok(Contact {
        name: row.text("name")?.to_owned(),
        customer: row.flag("customer")?.unwrap_or_default(),
        supplier: row.flag("supplier")?.unwrap_or_default(),
        first_name: row.string("first_name")?,
        last_name: row.string("last_name")?,
        email: row.string("email")?,
        phone: row.string("phone")?,
        account_number: row.string("account_number")?,
        tax_number: row.string("tax_number")?,
        billing,
        shipping,
        parent: row.reference("parent_id")?,
        currency: row.opt_currency("currency")?,
        note: row.string("note")?,
        archived: row.flag("archived")?.unwrap_or_default(),
    })
}

fn address(part: Fields<'_>) -> Result<Address, Fault> {
    let street = part.text("street")?;
    Ok(Address {
        lines: serde_json::from_str(street)
            .map_err(|e| Fault::new(Code::RowMalformed).field("street").text(street).caused_by(e))?,
        city: part.string("city")?,
        region: part.string("region")?,
        postal_code: part.string("postal_code")?,
        country: part.string("country")?,
    })
}

pub(super) fn item(row: Fields<'_>) -> Result<Item, Fault> {
    Ok(Item {
        name: row.text("name")?.to_owned(),
        code: row.string("code")?,
        description: row.string("description")?,
        price: row.decimal("price")?,
        cost: row.decimal("cost")?,
        income_account: row.reference("income_account_id")?,
        expense_account: row.reference("expense_account_id")?,
        tax_rate: row.reference("tax_rate_id")?,
        service: row.flag("service")?,
        archived: row.flag("archived")?.unwrap_or_default(),
    })
}

pub(super) fn project(row: Fields<'_>) -> Result<Project, Fault> {
    Ok(Project {
        name: row.text("name")?.to_owned(),
        code: row.string("code")?,
        contact: row.reference("contact_id")?,
        active: row.flag("active")?.unwrap_or(true),
    })
}

pub(super) fn activity(row: Fields<'_>) -> Result<Activity, Fault> {
    let currency = row.currency("currency")?;
    let written = Written::new(currency, row.opt("exact")?)?;
    Ok(Activity {
        date: row.need_date("date")?,
        subject: row.text("subject")?.to_owned(),
        note: row.string("note")?,
        contact: row.reference("contact_id")?,
        project: row.reference("project_id")?,
        item: row.reference("item_id")?,
        staff: row.string("staff")?,
        hours: row.decimal("hours")?,
        rate: row.decimal("rate")?,
        amount: written.opt(row.int("amount_minor")?, "amount")?,
        currency,
        billable: row.flag("billable")?.unwrap_or_default(),
        invoice: row.reference("invoice_id")?,
    })
}

pub(super) fn attachment(row: Fields<'_>) -> Result<Attachment, Fault> {
    Ok(Attachment {
        of: RecordKey::new(row.entity("of_entity")?, row.need_reference("of_source_id")?),
        name: row.text("name")?.to_owned(),
        media_type: row.string("media_type")?,
        size_bytes: row.count("size_bytes")?,
        sha256: row.string("hash")?,
        location: row.text("location")?.to_owned(),
    })
}
