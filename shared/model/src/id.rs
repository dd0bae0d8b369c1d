use std::borrow::Borrow;
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Entity;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident($text:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($text);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<$text>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(
    /// What the source calls a record; unique within an [`Entity`]. A source without ids of its own (a file)
    /// gives a deterministic one, documented with its connector.
    SourceId(CompactString)
);
text_id!(
    /// What the target calls a record it took.
    TargetId(CompactString)
);
text_id!(
    /// One migration of one company: the unit of consent, retention and purge.
    MigrationId(String)
);
text_id!(
    /// One run (demo, full, delta, ...) of a migration.
    RunId(String)
);

impl MigrationId {
    /// A new id; ids made later sort later.
    pub fn random() -> Self {
        Self(Uuid::now_v7().to_string())
    }
}

impl RunId {
    /// A new id; ids made later sort later.
    pub fn random() -> Self {
        Self(Uuid::now_v7().to_string())
    }
}

/// A record's identity at its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// What sort of record it is.
    pub entity: Entity,
    /// Its id there.
    pub id: SourceId,
}

impl RecordKey {
    /// The record of that entity and id.
    pub fn new(entity: Entity, id: impl Into<SourceId>) -> Self {
        Self { entity, id: id.into() }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.entity, self.id)
    }
}
