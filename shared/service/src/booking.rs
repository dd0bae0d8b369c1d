//! Runs at a later time: booked inside the window, started when they are due.

use carry_model::{Code, Fault, MigrationId, RunId};
use carry_ports::{RunKind, Schedule, When};
use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Service, Wanted, named};

/// When a run is to start, in the window's civil time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Times {
    /// Once, as `2026-11-26T10:00:00`.
    Once(DateTime),
    /// Every week.
    Weekly {
        /// `mon`, `tue`, ...
        days: Vec<String>,
        /// As `10:00`.
        at: Time,
        /// The last day.
        until: Date,
    },
}

/// Who books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum By {
    /// The customer, inside the window only.
    Customer,
    /// An operator, at any time; kept with the reason.
    Operator {
        /// A name.
        who: String,
        /// The reason.
        why: String,
    },
}

/// A run at a later time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// What it does.
    pub kind: RunKind,
    /// When.
    pub times: Times,
    /// Who books it.
    pub by: By,
    /// How it is to be done.
    #[serde(default)]
    pub settings: Value,
}

/// What the service is told when a booking is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// The booking's name.
    pub booking: String,
    /// The moment it was due, which names the run: told twice, it is one.
    pub scheduled: String,
    /// The migration.
    pub migration: MigrationId,
    /// What the run does.
    pub kind: RunKind,
    /// How.
    #[serde(default)]
    pub settings: Value,
}

fn weekday(name: &str) -> Result<Weekday, Fault> {
    let days = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let found = days.into_iter().find(|(short, _)| name.to_lowercase().starts_with(short));
    found
        .map(|(_, day)| day)
        .ok_or_else(|| Fault::new(Code::ConfigInvalid).detail(format!("No day is '{name}'.")))
}

/// The schedules of a migration begin with this.
pub(crate) fn prefix(migration: &MigrationId) -> String {
    format!("{migration}.")
}

impl Service {
    /// Books a run; the same booking again is the same one. Hands back its name and the time as a person reads it.
    ///
    /// A delta outside the window is refused ([`Code::OutsideWindow`]) unless an operator books it, and who did and
    /// why goes into the audit trail.
    pub async fn book(&self, migration: &MigrationId, booking: &Booking) -> Result<(String, String), Fault> {
        self.migration(migration).await?;
        let (when, shown) = self.when(booking)?;
        let who = match &booking.by {
            By::Customer => "customer",
            By::Operator { who, why } => {
                if who.trim().is_empty() || why.trim().is_empty() {
                    return Err(
                        Fault::new(Code::ConfigInvalid).detail("An operator's booking needs who and why.")
                    );
                }
                self.note(migration, who, "window overridden", why).await?;
                who
            }
        };
        let text = serde_json::to_string(booking).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        let unique: String = named(&text).chars().take(8).collect();
        let name = format!("{}{unique}", prefix(migration));
        let due = json!({
            "booking": name,
            "scheduled": "<aws.scheduler.scheduled-time>",
            "migration": migration,
            "kind": booking.kind,
            "settings": booking.settings,
        });
        let zone = self.window.zone().to_owned();
        self.scheduler.put(&Schedule { name: name.clone(), when, zone, input: due }).await?;
        self.note(migration, who, &format!("{} run booked", booking.kind.name()), &shown).await?;
        Ok((name, shown))
    }

    fn when(&self, booking: &Booking) -> Result<(When, String), Fault> {
        let restricted = booking.kind == RunKind::Delta && booking.by == By::Customer;
        match &booking.times {
            Times::Once(at) => {
                let moment = if restricted { self.window.check(*at) } else { self.window.moment(*at) }?;
                if moment.timestamp() <= self.clock.now() {
                    return Err(Fault::new(Code::ConfigInvalid).detail(format!("{at} is over.")));
                }
                Ok((When::Once(*at), self.window.show(&moment, None)))
            }
            Times::Weekly { days, at, until } => {
                let days = days.iter().map(|day| weekday(day)).collect::<Result<Vec<_>, _>>()?;
                if restricted {
                    self.window.check_weekly(&days, *at)?;
                }
                let last = self.window.moment(until.to_datetime(*at))?;
                if last.timestamp() <= self.clock.now() {
                    return Err(Fault::new(Code::ConfigInvalid).detail(format!("{until} is over.")));
                }
                let shown = format!("weekly at {at} until {}", self.window.show(&last, None));
                Ok((When::Weekly { days, at: *at, until: *until }, shown))
            }
        }
    }

    /// Starts what is due; told twice, it is started once.
    pub async fn fire(&self, due: &Due) -> Result<RunId, Fault> {
        let run = RunId::from(named(&format!("{} {}", due.booking, due.scheduled)));
        let wanted = Wanted::named(due.kind, run, due.settings.clone());
        self.start(&due.migration, wanted, "schedule").await
    }

    /// The names of a migration's bookings.
    pub async fn bookings(&self, migration: &MigrationId) -> Result<Vec<String>, Fault> {
        self.migration(migration).await?;
        self.scheduler.names(&prefix(migration)).await
    }

    /// Takes a booking back.
    pub async fn unbook(&self, migration: &MigrationId, name: &str) -> Result<(), Fault> {
        self.migration(migration).await?;
        if !name.starts_with(&prefix(migration)) {
            return Err(Fault::new(Code::MigrationUnknown).detail("It has no such booking."));
        }
        self.scheduler.delete(name).await
    }
}
