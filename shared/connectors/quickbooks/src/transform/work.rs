//! Time worked, and files.

use carry_model::{Activity, Attachment, Body, Code, Decimal, Entity, Fault, RecordKey, round_half_up};

use super::{Draft, QuickBooksTransformer, id, text};
use crate::kinds::Kind;
use crate::objects;

const SECONDS_IN_HOUR: i64 = 3_600;
const MINUTES_IN_HOUR: i64 = 60;

impl QuickBooksTransformer {
    pub(super) fn time_activity(&self, source: objects::TimeActivity) -> Result<Draft, Fault> {
        let (contact, project) = self.customer_and_project(source.customer_ref.as_ref());
        let hours = hours(&source)?;
        let rate = source.hourly_rate.filter(|rate| !rate.is_zero());
        let amount = hours.zip(rate).and_then(|(hours, rate)| hours.checked_mul(rate));
        let name = |reference: Option<&objects::Ref>| reference.and_then(|reference| reference.name.clone());
        let staff = name(source.employee_ref.as_ref()).or_else(|| name(source.vendor_ref.as_ref()));
        let description = text(source.description);
        let service = name(source.item_ref.as_ref());
        let body = Activity {
            date: source.txn_date,
            subject: description.clone().or(service).unwrap_or_else(|| "Time".to_owned()),
            note: None,
            contact,
            project,
            item: id(source.item_ref.as_ref()).filter(|item| self.profile.items.contains_key(item.as_str())),
            staff,
            hours,
            rate,
            amount: amount.map(|amount| round_half_up(amount, self.profile.home.minor_digits())),
            currency: self.profile.home,
            billable: matches!(source.billable_status.as_deref(), Some("Billable" | "HasBeenBilled")),
            // QuickBooks says that it was billed, not on which invoice.
            invoice: None,
        };
        Ok(Draft { entity: Entity::TimeActivity, id: source.id, number: None, body: Body::Activity(body) })
    }

    /// One record for each object the file is attached to; files attached to nothing belong to the company.
    pub(super) fn attachments(&self, source: objects::Attachable) -> Vec<Draft> {
        let of = |attached: &objects::AttachableRef| {
            let reference = attached.entity_ref.as_ref()?;
            Some(self.key_of(Kind::named(reference.kind.as_deref()?)?, &reference.value))
        };
        let mut all: Vec<RecordKey> = source.attachable_ref.iter().filter_map(of).collect();
        if all.is_empty() {
            all.push(RecordKey::new(Entity::Company, "company"));
        }
        let note = text(source.note);
        let name = text(source.file_name).or(note).unwrap_or_else(|| format!("Attachment {}", source.id));
        let size_bytes = source.size.and_then(|size| u64::try_from(size).ok());
        let draft = |(index, of): (usize, RecordKey)| {
            let id = if index == 0 { source.id.clone() } else { format!("{}:{index}", source.id) };
            let body = Attachment {
                of,
                name: name.clone(),
                media_type: source.content_type.clone(),
                size_bytes,
                hash: None,
                location: format!("download/{}", source.id),
            };
            Draft { entity: Entity::Attachment, id, number: Some(name.clone()), body: Body::Attachment(body) }
        };
        all.into_iter().enumerate().map(draft).collect()
    }
}

fn hours(source: &objects::TimeActivity) -> Result<Option<Decimal>, Fault> {
    let too_large = || Fault::new(Code::AmountOutOfRange).field("Hours");
    if source.hours.is_some() || source.minutes.is_some() {
        let minutes = source.minutes.unwrap_or_default();
        let minutes = minutes.checked_div(Decimal::from(MINUTES_IN_HOUR)).ok_or_else(too_large)?;
        let hours = source.hours.unwrap_or_default().checked_add(minutes).ok_or_else(too_large)?;
        return Ok(Some(round_half_up(hours, 4)));
    }
    let Some((start, end)) = source.start_time.zip(source.end_time) else { return Ok(None) };
    let seconds = Decimal::from(end.duration_since(start).as_secs());
    let hours = seconds.checked_div(Decimal::from(SECONDS_IN_HOUR)).ok_or_else(too_large)?;
    Ok(Some(round_half_up(hours, 4)))
}
