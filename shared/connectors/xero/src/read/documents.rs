//! Quotes, purchase orders, invoices, bills and credit notes; credit notes bring what they were applied to.

use carry_model::{
    Allocation, Body, Currency, Decimal, Document, Entity, Fault, Line, Payment, RecordKey, SourceId, Status,
    TaxMode, checked_sum, round_half_up,
};

use super::profile::Profile;
use super::transform::{Outcome, Read, Refused, changed, day, filled, needed};
use crate::shapes;

/// Decimals that a line's discount is worked out to.
const LINE_DIGITS: u32 = 2;

pub(super) fn document(profile: &Profile, entity: Entity, doc: shapes::Doc) -> Outcome {
    let number = filled(doc.number.clone());
    let refused = |fault| Refused::new(&doc.id, number.as_deref(), fault);
    let body = body(profile, entity, &doc).map_err(refused)?;
    let credits = doc.allocations.iter().filter(|allocation| !allocation.is_deleted);
    let credits = credits.map(|allocation| applied(entity, &doc, &body, allocation));
    let credits = credits.collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let modified = changed(doc.updated.as_ref());
    let mut records = vec![Read { entity, id: doc.id, number, body: Body::Document(body.into()), modified }];
    records.extend(credits);
    Ok(records)
}

fn body(profile: &Profile, entity: Entity, doc: &shapes::Doc) -> Result<Document, Fault> {
    if doc.id.is_empty() {
        return Err(Fault::new(carry_model::Code::FieldMissing).field("id"));
    }
    let currency = profile.currency(doc.currency.as_deref())?;
    let tax_mode = match doc.line_amount_types.to_ascii_lowercase().as_str() {
        "inclusive" => TaxMode::Inclusive,
        "notax" => TaxMode::None,
        _ => TaxMode::Exclusive,
    };
    let mut document = Document::new(day("Date", &doc.date)?, currency, needed("Total", doc.total)?);
    document.contact = Some(doc.contact.id.as_str()).filter(|id| !id.is_empty()).map(SourceId::from);
    document.due = doc.due.as_deref().map(|text| day("DueDate", text)).transpose()?;
    document.rate = rate(profile, currency, doc.rate);
    document.tax_mode = tax_mode;
    document.status = status(entity, &doc.status);
    document.outstanding = outstanding(entity, doc)?;
    document.lines =
        doc.lines.iter().map(|found| line(profile, tax_mode, found)).collect::<Result<_, _>>()?;
    document.reference = filled(doc.reference.clone());
    document.memo = filled(doc.summary.clone());
    Ok(document)
}

/// The rate of a foreign currency.
pub(super) fn rate(profile: &Profile, currency: Currency, rate: Option<Decimal>) -> Option<Decimal> {
    rate.filter(|rate| currency != profile.home && !rate.is_zero())
}

fn outstanding(entity: Entity, doc: &shapes::Doc) -> Result<Option<Decimal>, Fault> {
    Ok(match entity {
        Entity::Invoice | Entity::Bill => Some(needed("AmountDue", doc.due_amount)?),
        Entity::CreditNote | Entity::BillCredit => Some(needed("RemainingCredit", doc.remaining)?),
        _ => None,
    })
}

fn status(entity: Entity, status: &str) -> Status {
    match (entity, status) {
        (_, "DRAFT" | "SUBMITTED") => Status::Draft,
        (_, "VOIDED") => Status::Voided,
        (Entity::Estimate, "ACCEPTED") => Status::Accepted,
        (Entity::Estimate, "DECLINED") => Status::Declined,
        (Entity::Estimate, "INVOICED") | (Entity::PurchaseOrder, "BILLED") => Status::Closed,
        _ => Status::Open,
    }
}

fn line(profile: &Profile, tax_mode: TaxMode, found: &shapes::Line) -> Result<Line, Fault> {
    let amount = found.line_amount.unwrap_or_default();
    let tax = found.tax_amount.filter(|_| tax_mode != TaxMode::None);
    let net = match (tax_mode, tax) {
        (TaxMode::Inclusive, Some(tax)) => checked_sum([amount, -tax])?,
        _ => amount,
    };
    Ok(Line {
        item: filled(found.item_code.clone()).map(SourceId::from),
        description: filled(found.description.clone()),
        quantity: found.quantity,
        unit_price: found.unit_amount,
        discount: discount(found, amount),
        net,
        tax_rate: filled(found.tax_type.clone()).map(SourceId::from),
        tax,
        account: profile.account(found.account_id.as_deref(), found.account_code.as_deref()),
        project: None,
        tracking: profile.tracking(&found.tracking),
        service_date: None,
    })
}

/// What was taken off the line: price times quantity less the line's amount.
fn discount(found: &shapes::Line, amount: Decimal) -> Option<Decimal> {
    let has_discount =
        [found.discount_rate, found.discount_amount].into_iter().flatten().any(|given| !given.is_zero());
    let gross = found.quantity?.checked_mul(found.unit_amount?)?;
    has_discount.then(|| round_half_up(gross, LINE_DIGITS).checked_sub(amount)).flatten()
}

/// A credit note applied to a document: a payment of nothing that allocates to both.
fn applied(
    entity: Entity,
    doc: &shapes::Doc,
    credit: &Document,
    allocation: &shapes::Allocation,
) -> Result<Read, Fault> {
    let (of, to) = match entity {
        Entity::BillCredit => (Entity::BillPayment, Entity::Bill),
        _ => (Entity::Payment, Entity::Invoice),
    };
    let amount = needed("Amount", allocation.amount)?;
    let ends =
        [RecordKey::new(entity, doc.id.as_str()), RecordKey::new(to, allocation.invoice.invoice.as_str())];
    let body = Payment {
        contact: credit.contact.clone(),
        date: day("Date", &allocation.date)?,
        currency: credit.currency,
        rate: credit.rate,
        amount: Decimal::ZERO,
        account: None,
        method: None,
        reference: None,
        memo: None,
        allocations: ends.map(|document| Allocation { document, amount }).into(),
    };
    // Allocations of older notes have no id of their own; one note is applied to one document once then.
    let own = if allocation.id.is_empty() { &allocation.invoice.invoice } else { &allocation.id };
    Ok(Read {
        entity: of,
        id: format!("{}:{own}", doc.id),
        number: None,
        body: Body::Payment(body.into()),
        modified: None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn profile() -> Profile {
        Profile {
            home: Currency::GBP,
            accounts: BTreeMap::from([("200".to_owned(), "acc-200".to_owned())]),
            bank_currencies: BTreeMap::new(),
            tax_account: None,
            tracking: BTreeMap::from([("Region".to_owned(), "cat-1".to_owned())]),
        }
    }

    fn read(entity: Entity, json: &str) -> Vec<Read> {
        document(&profile(), entity, serde_json::from_str(json).unwrap()).ok().unwrap()
    }

    #[test]
    fn an_inclusive_invoice_keeps_its_figures() {
        let records = read(
            Entity::Invoice,
            r#"{"InvoiceID":"i1","InvoiceNumber":"INV-007","Type":"ACCREC","Status":"AUTHORISED",
                "Contact":{"ContactID":"c1"},"Date":"/Date(1552262400000+0000)/","DateString":"2019-03-11T00:00:00",
                "DueDate":"/Date(1554854400000+0000)/","LineAmountTypes":"Inclusive","CurrencyCode":"EUR",
                "CurrencyRate":0.857143,"Total":120.00,"AmountDue":20.00,"LineItems":[{"Description":"Work",
                "Quantity":2.0,"UnitAmount":66.6667,"DiscountRate":10,"LineAmount":120.00,"TaxAmount":20.00,
                "TaxType":"OUTPUT2","AccountCode":"200","Tracking":[{"Name":"Region","Option":"North"}]}]}"#,
        );
        let Body::Document(invoice) = &records[0].body else { panic!("no document") };
        assert_eq!(
            (invoice.total.to_string(), invoice.sum_of_parts().unwrap()),
            ("120.00".into(), invoice.total)
        );
        assert_eq!(invoice.outstanding.unwrap().to_string(), "20.00");
        assert_eq!(invoice.rate.unwrap().to_string(), "0.857143");
        assert_eq!(invoice.lines[0].discount.unwrap().to_string(), "13.33");
        assert_eq!(invoice.lines[0].account, Some("acc-200".into()));
        assert_eq!(invoice.lines[0].tracking[0].category, "cat-1".into());
        assert_eq!(records[0].number.as_deref(), Some("INV-007"));
    }

    #[test]
    fn a_credit_note_brings_what_it_was_applied_to() {
        let records = read(
            Entity::CreditNote,
            r#"{"CreditNoteID":"n1","Type":"ACCRECCREDIT","Status":"PAID","Contact":{"ContactID":"c1"},
                "Date":"2026-01-31","Total":50,"RemainingCredit":0,"LineItems":[],"Allocations":[
                {"AllocationID":"a1","Amount":50.00,"Date":"/Date(1769817600000+0000)/","Invoice":{"InvoiceID":"i1"}},
                {"AllocationID":"a2","Amount":1,"Date":"2026-01-31","IsDeleted":true,"Invoice":{"InvoiceID":"i2"}}]}"#,
        );
        assert_eq!(records.len(), 2);
        let Body::Payment(payment) = &records[1].body else { panic!("no payment") };
        assert_eq!(payment.unapplied().unwrap(), Decimal::ZERO);
        assert_eq!(payment.allocations[1].document, RecordKey::new(Entity::Invoice, "i1"));
        assert_eq!((records[1].entity, records[1].id.as_str()), (Entity::Payment, "n1:a1"));
    }

    #[test]
    fn a_document_without_its_figures_is_refused() {
        let doc = r#"{"InvoiceID":"i1","InvoiceNumber":"7","Date":"2026-01-31","AmountDue":1}"#;
        let refused =
            document(&profile(), Entity::Invoice, serde_json::from_str(doc).unwrap()).err().unwrap();
        assert_eq!((refused.id.as_str(), refused.fault.field.as_ref()), ("i1", "Total"));
    }
}
