//! The variables of a function.

use std::collections::BTreeMap;

use carry_model::{Code, Fault};
use carry_ports::Retention;
use jiff::tz::TimeZone;

const TIME_ZONE: &str = "Europe/Kyiv";

/// What the template tells every function, and under [`Config::variable`] what it tells some.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the stack.
    pub stack: String,
    /// Name of the function within the stack: `load`.
    pub function: String,
    /// The table of job state.
    pub table: String,
    /// The bucket of staging.
    pub bucket: String,
    /// Before the names of a migration's secrets: `<stack>/migrations`.
    pub secret_prefix: String,
    /// The zone of the delta window.
    pub time_zone: TimeZone,
    /// How long what belongs to a migration is kept.
    pub retention: Retention,
    /// Functions of this name that may run at once, and share what a platform takes at once.
    pub workers: u32,
    variables: BTreeMap<String, String>,
}

impl Config {
    /// From the environment. A fault ([`Code::ConfigInvalid`]) names every variable that is missing or wrong.
    pub fn from_env() -> Result<Self, Fault> {
        Self::of(std::env::vars().collect())
    }

    fn of(variables: BTreeMap<String, String>) -> Result<Self, Fault> {
        let mut wrong = Vec::new();
        let get = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let mut need = |name: &str| {
            get(name).unwrap_or_else(|| {
                wrong.push(format!("{name} is not set."));
                String::new()
            })
        };
        let [stack, function] = [need("CARRY_STACK"), need("AWS_LAMBDA_FUNCTION_NAME")];
        let [table, bucket] = [need("CARRY_TABLE"), need("CARRY_BUCKET")];
        let secret_prefix = need("CARRY_SECRET_PREFIX");
        let zone = get("CARRY_TIME_ZONE").unwrap_or_else(|| TIME_ZONE.to_owned());
        let time_zone = TimeZone::get(&zone).unwrap_or_else(|_| {
            wrong.push("CARRY_TIME_ZONE is no IANA time zone.".to_owned());
            TimeZone::UTC
        });
        let mut number = |name: &str, by_default: u16| match get(name).map(|value| value.parse::<u16>()) {
            None => by_default,
            Some(Ok(number)) if number > 0 => number,
            Some(_) => {
                wrong.push(format!("{name} is no whole number from 1 on."));
                by_default
            }
        };
        let retention = Retention { days: number("CARRY_RETENTION_DAYS", Retention::default().days) };
        let workers = number("CARRY_WORKERS", 1).into();
        if !wrong.is_empty() {
            return Err(invalid(&wrong.join(" ")));
        }
        let function = function.strip_prefix(&format!("{stack}-")).unwrap_or(&function).to_owned();
        Ok(Self { stack, function, table, bucket, secret_prefix, time_zone, retention, workers, variables })
    }

    /// A variable that only some functions have. A fault ([`Code::ConfigInvalid`]) where it is missing.
    pub fn variable(&self, name: &str) -> Result<&str, Fault> {
        let value = self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| invalid(&format!("{name} is not set.")))
    }
}

fn invalid(why: &str) -> Fault {
    Fault::new(Code::ConfigInvalid).detail(why).hint("The function's environment is the template's to set.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(changed: &[(&str, &str)]) -> BTreeMap<String, String> {
        let whole = [
            ("CARRY_STACK", "books"),
            ("AWS_LAMBDA_FUNCTION_NAME", "books-load"),
            ("CARRY_TABLE", "books-jobs"),
            ("CARRY_BUCKET", "books-staging"),
            ("CARRY_SECRET_PREFIX", "books/migrations"),
        ];
        let all = whole.iter().chain(changed);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_function_knows_its_name_in_the_stack() {
        let config = Config::of(variables(&[("CARRY_RETENTION_DAYS", "7")])).unwrap();
        assert_eq!((config.function.as_str(), config.retention.days), ("load", 7));
        assert_eq!(config.time_zone.iana_name(), Some(TIME_ZONE));
        assert!(config.variable("CARRY_STATE_MACHINE_ARN").is_err());
    }

    #[test]
    fn whatever_is_wrong_is_told_at_once() {
        let wrong = [("CARRY_TABLE", ""), ("CARRY_RETENTION_DAYS", "a week"), ("CARRY_TIME_ZONE", "Kyiv")];
        let fault = Config::of(variables(&wrong)).unwrap_err();
        assert_eq!(fault.code, Code::ConfigInvalid);
        for (name, _) in wrong {
            assert!(fault.detail.contains(name), "{fault}");
        }
    }
}
