//! Time worked.

use carry_model::{Activity, Body, Code, Decimal, Entity, Fault, round_half_up};

use super::{Draft, QuickBooksTransformer, id, text};
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
        Ok(Draft {
            entity: Entity::TimeActivity,
            id: source.id,
            number: None,
            body: Body::Activity(body.into()),
        })
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
