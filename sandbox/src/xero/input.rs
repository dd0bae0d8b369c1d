//! Reads the fields of one element and collects everything that is wrong with it.

use carry_model::{Date, Decimal};
use uuid::Uuid;

use super::when;
use crate::json::{Json, decimal};

/// The fields of an element. What cannot be read is noted, so that one answer names every mistake.
pub(super) struct Input<'a> {
    json: &'a Json,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl<'a> Input<'a> {
    pub(super) fn new(json: &'a Json) -> Self {
        Self { json, problems: Vec::new(), warnings: Vec::new() }
    }

    pub(super) fn json(&self) -> &'a Json {
        self.json
    }

    /// Notes a mistake.
    pub(super) fn problem(&mut self, message: impl Into<String>) {
        let message = message.into();
        if !self.problems.contains(&message) {
            self.problems.push(message);
        }
    }

    /// Notes something that was taken otherwise than it was sent.
    pub(super) fn warn(&mut self, message: impl Into<String>) {
        self.warnings.push(message.into());
    }

    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The mistakes found so far, if any.
    pub(super) fn check(&mut self) -> Result<(), Vec<String>> {
        if self.problems.is_empty() { Ok(()) } else { Err(std::mem::take(&mut self.problems)) }
    }

    /// The field, unless it is absent or null.
    pub(super) fn field(&self, name: &str) -> Option<&'a Json> {
        self.json.at(name).filter(|value| **value != Json::Null)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// A text; also a number written without quotes.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.field(name)? {
            Json::Text(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            _ => {
                self.problem(format!("{name} is not a string"));
                None
            }
        }
    }

    /// A text that is not blank and has at most so many characters.
    pub(super) fn text_max(&mut self, name: &str, max: usize) -> Option<String> {
        let text = self.text(name).filter(|text| !text.trim().is_empty())?;
        if text.chars().count() > max {
            self.problem(format!("The field {name} must be a string with a maximum length of {max}"));
        }
        Some(text)
    }

    pub(super) fn decimal(&mut self, name: &str) -> Option<Decimal> {
        let number = self.field(name)?;
        let number = number.as_decimal().or_else(|| decimal(number.as_str()?.trim()));
        if number.is_none() {
            self.problem(format!("{name} is not a number"));
        }
        number
    }

    pub(super) fn date(&mut self, name: &str) -> Option<Date> {
        let text = self.text(name).filter(|text| !text.is_empty())?;
        let date = when::read_date(&text);
        if date.is_none() {
            self.problem(format!("{name} is not a valid date"));
        }
        date
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let flag = self.field(name)?;
        let flag = flag.as_bool().or_else(|| flag.as_str()?.to_ascii_lowercase().parse().ok());
        if flag.is_none() {
            self.problem(format!("{name} is not true or false"));
        }
        flag
    }

    /// An id; blank and the zero id count as absent.
    pub(super) fn id(&mut self, name: &str) -> Option<Uuid> {
        let text = self.field(name)?.as_str().filter(|text| !text.is_empty())?;
        let id = text.parse::<Uuid>().ok();
        if id.is_none() {
            self.problem(format!("{name} is not a valid identifier"));
        }
        id.filter(|id| !id.is_nil())
    }

    /// One of the named values.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name).filter(|text| !text.is_empty())?;
        let found =
            choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)).map(|(_, value)| *value);
        if found.is_none() {
            self.problem(format!("'{text}' is not a valid {name}"));
        }
        found
    }
}
