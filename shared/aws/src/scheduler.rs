use async_trait::async_trait;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::primitives::DateTime as AwsTime;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use carry_model::{Code, Fault};
use carry_ports::{Schedule, Scheduler, When};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::fault::fault;

/// How long Scheduler tries to deliver what is due, and how often: a window lasts hours.
const DELIVER_S_MAX: i32 = 3_600;
const DELIVERIES_MAX: i32 = 20;

/// Schedules in one group of EventBridge Scheduler; when one is due, its input goes to the target.
#[derive(Clone, Debug)]
pub struct EventScheduler {
    client: Client,
    group: String,
    target: String,
    role: String,
}

impl EventScheduler {
    /// In that group; `role` may call `target`. Both are ARNs.
    pub fn new(
        client: Client,
        group: impl Into<String>,
        target: impl Into<String>,
        role: impl Into<String>,
    ) -> Self {
        Self { client, group: group.into(), target: target.into(), role: role.into() }
    }

    fn target(&self, schedule: &Schedule) -> Result<Target, Fault> {
        let retry = RetryPolicy::builder()
            .maximum_event_age_in_seconds(DELIVER_S_MAX)
            .maximum_retry_attempts(DELIVERIES_MAX)
            .build();
        let target = Target::builder().arn(&self.target).role_arn(&self.role).retry_policy(retry);
        target.input(schedule.input.to_string()).build().map_err(unbuilt)
    }
}

fn unbuilt(error: impl std::fmt::Display) -> Fault {
    Fault::new(Code::Bug).caused_by(error)
}

const fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MON",
        Weekday::Tuesday => "TUE",
        Weekday::Wednesday => "WED",
        Weekday::Thursday => "THU",
        Weekday::Friday => "FRI",
        Weekday::Saturday => "SAT",
        Weekday::Sunday => "SUN",
    }
}

/// The schedule's expression as EventBridge Scheduler reads it, in the zone's civil time.
fn expression(when: &When) -> String {
    match when {
        When::Once(at) => format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S")),
        When::Weekly { days, at, .. } => {
            let days: Vec<_> = days.iter().map(|day| day_name(*day)).collect();
            format!("cron({} {} ? * {} *)", at.minute(), at.hour(), days.join(","))
        }
    }
}

/// When a schedule ends for good: at midnight after its last day, where it has one.
fn end(schedule: &Schedule) -> Result<Option<AwsTime>, Fault> {
    let When::Weekly { until, .. } = &schedule.when else { return Ok(None) };
    let unreadable = |e: jiff::Error| Fault::new(Code::ConfigInvalid).caused_by(e);
    let zone = TimeZone::get(&schedule.zone).map_err(unreadable)?;
    let midnight = until.tomorrow().and_then(|day| day.to_zoned(zone)).map_err(unreadable)?;
    Ok(Some(AwsTime::from_secs(midnight.timestamp().as_second())))
}

#[async_trait]
impl Scheduler for EventScheduler {
    async fn put(&self, schedule: &Schedule) -> Result<(), Fault> {
        let exact =
            FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(unbuilt)?;
        let after = match schedule.when {
            When::Once(_) => ActionAfterCompletion::Delete,
            When::Weekly { .. } => ActionAfterCompletion::None,
        };
        let created = self
            .client
            .create_schedule()
            .group_name(&self.group)
            .name(&schedule.name)
            .schedule_expression(expression(&schedule.when))
            .schedule_expression_timezone(&schedule.zone)
            .set_end_date(end(schedule)?)
            .flexible_time_window(exact.clone())
            .action_after_completion(after.clone())
            .target(self.target(schedule)?)
            .send()
            .await;
        match created {
            Ok(_) => return Ok(()),
            Err(e) if e.code() == Some("ConflictException") => {}
            Err(e) => return Err(fault("Scheduler CreateSchedule", &e)),
        }
        let updated = self
            .client
            .update_schedule()
            .group_name(&self.group)
            .name(&schedule.name)
            .schedule_expression(expression(&schedule.when))
            .schedule_expression_timezone(&schedule.zone)
            .set_end_date(end(schedule)?)
            .flexible_time_window(exact)
            .action_after_completion(after)
            .target(self.target(schedule)?)
            .send()
            .await;
        updated.map(|_| ()).map_err(|e| fault("Scheduler UpdateSchedule", &e))
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let list = self.client.list_schedules().group_name(&self.group).name_prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| fault("Scheduler ListSchedules", &e))?;
            names.extend(page.schedules.into_iter().filter_map(|schedule| schedule.name));
        }
        names.sort_unstable();
        Ok(names)
    }

    async fn delete(&self, name: &str) -> Result<(), Fault> {
        match self.client.delete_schedule().group_name(&self.group).name(name).send().await {
            Ok(_) => Ok(()),
            Err(e) if e.code() == Some("ResourceNotFoundException") => Ok(()),
            Err(e) => Err(fault("Scheduler DeleteSchedule", &e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn expressions_are_civil_time() {
        let once = When::Once(date(2026, 3, 29).at(9, 0, 0, 0));
        assert_eq!(expression(&once), "at(2026-03-29T09:00:00)");
        let days = vec![Weekday::Monday, Weekday::Friday];
        let weekly = When::Weekly { days, at: time(20, 45, 0, 0), until: date(2026, 12, 31) };
        assert_eq!(expression(&weekly), "cron(45 20 ? * MON,FRI *)");
    }
}
