use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Code;

/// What sort of thing went wrong. The stable names are what the flow's catchers match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Settings or a mapping a person must mend.
    Config,
    /// Credentials are missing, spent or refused.
    Auth,
    /// Too many calls for now.
    RateLimited,
    /// May succeed later as it is.
    Transient,
    /// The content was refused and will be again.
    Rejected,
    /// The system has no way to express it.
    Unsupported,
    /// Figures do not agree.
    Integrity,
    /// Ours.
    Bug,
}

impl Kind {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "Config",
            Self::Auth => "Auth",
            Self::RateLimited => "RateLimited",
            Self::Transient => "Transient",
            Self::Rejected => "Rejected",
            Self::Unsupported => "Unsupported",
            Self::Integrity => "Integrity",
            Self::Bug => "Bug",
        }
    }
}

/// How far a call got before it failed: did the far side change?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nothing left this machine.
    #[default]
    NotSent,
    /// The far side answered that it did nothing.
    Refused,
    /// It may have been carried out.
    Unknown,
}

/// What to do about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send it again after a while.
    Retry,
    /// Look it up at the target before sending it again.
    VerifyFirst,
    /// Set this record aside, go on with the others.
    Quarantine,
    /// Pause the run until the cause has passed.
    Pause,
    /// Stop the run.
    Stop,
}

impl Action {
    /// True where the same call may well succeed in a while, looked up first or not.
    pub const fn is_another_try(self) -> bool {
        matches!(self, Self::Retry | Self::VerifyFirst)
    }
}

/// The one table that says what follows from a fault.
pub const fn action(kind: Kind, reach: Reach) -> Action {
    match (kind, reach) {
        (Kind::Transient | Kind::RateLimited | Kind::Bug, Reach::Unknown) => Action::VerifyFirst,
        (Kind::Transient, _) => Action::Retry,
        (Kind::RateLimited | Kind::Auth, _) => Action::Pause,
        (Kind::Rejected | Kind::Unsupported | Kind::Integrity, _) => Action::Quarantine,
        (Kind::Config | Kind::Bug, _) => Action::Stop,
    }
}

/// What went wrong: a stable code with its sentence, the particulars, and what a person can do.
///
/// Shown as primary / detail / hint: the code's sentence, `detail`, and `hint` or else the code's own remedy.
/// Never holds a credential; `text` and `raw` hold customer data and are shown only where records are.
#[derive(Clone, Serialize, Deserialize, thiserror::Error)]
pub struct Fault {
    /// Which one.
    pub code: Code,
    /// Whether the far side changed.
    #[serde(default)]
    pub reach: Reach,
    /// The particulars, in a sentence or less.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub detail: Box<str>,
    /// What to do in this very case, where the code's remedy can be bettered.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub hint: Box<str>,
    /// The column or field.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub field: Box<str>,
    /// What stood there.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub text: Box<str>,
    /// The raw message of the system that refused it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub raw: Box<str>,
    /// Seconds after which a paused or throttled call may go on, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

const TEXT_CHARS_MAX: usize = 400;

fn clip(text: impl fmt::Display) -> Box<str> {
    let text = text.to_string();
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

impl Fault {
    /// A fault of that code; nothing was sent.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            reach: Reach::NotSent,
            detail: Box::default(),
            hint: Box::default(),
            field: Box::default(),
            text: Box::default(),
            raw: Box::default(),
            retry_after_s: None,
        }
    }

    /// With the particulars.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = clip(detail);
        self
    }

    /// With a remedy for this very case.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = clip(hint);
        self
    }

    /// With the column or field it is about.
    #[must_use]
    pub fn field(mut self, field: impl fmt::Display) -> Self {
        self.field = clip(field);
        self
    }

    /// With what stood there.
    #[must_use]
    pub fn text(mut self, text: impl fmt::Display) -> Self {
        self.text = clip(text);
        self
    }

    /// With the raw message of the system that refused it.
    #[must_use]
    pub fn raw(mut self, raw: impl fmt::Display) -> Self {
        self.raw = clip(raw);
        self
    }

    /// With how far it got.
    #[must_use]
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// With when to go on.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// With the message of the error that caused it, kept as the raw message.
    #[must_use]
    pub fn caused_by(self, cause: impl fmt::Display) -> Self {
        self.raw(cause)
    }

    /// What sort it is.
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// What follows from it.
    pub fn action(&self) -> Action {
        action(self.kind(), self.reach)
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> &str {
        if self.hint.is_empty() { self.code.remedy() } else { &self.hint }
    }

    /// The sentence and the particulars, without the raw message or the text of a record.
    pub fn sentence(&self) -> String {
        let mut sentence = self.code.sentence().to_owned();
        if !self.field.is_empty() {
            sentence.push_str(&format!(" Field: {}.", self.field));
        }
        if !self.detail.is_empty() {
            sentence.push_str(&format!(" {}", self.detail));
        }
        sentence
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.id(), self.sentence())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for (name, value) in [("text", &self.text), ("raw", &self.raw), ("hint", &self.hint)] {
            if !value.is_empty() {
                write!(f, " [{name}: {value}]")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_is_verified_before_it_is_sent_again() {
        assert_eq!(action(Kind::Transient, Reach::Unknown), Action::VerifyFirst);
        assert_eq!(action(Kind::Transient, Reach::NotSent), Action::Retry);
        assert_eq!(action(Kind::Rejected, Reach::Refused), Action::Quarantine);
        assert_eq!(action(Kind::RateLimited, Reach::Refused), Action::Pause);
    }

    #[test]
    fn long_texts_are_clipped_at_a_character() {
        let fault = Fault::new(Code::AmountUnreadable).text("ü".repeat(1000));
        assert_eq!(fault.text.chars().count(), TEXT_CHARS_MAX + 1);
    }
}
