//! Company information and preferences: there is one of each, and it can only be changed.

use super::kind::Kind;
use crate::json::Json;

/// What cannot be changed from outside.
const FIXED: [&str; 3] = ["TaxPrefs", "CurrencyPrefs", "Country"];
/// What a reply adds.
const ENVELOPE: [&str; 5] = ["Id", "SyncToken", "MetaData", "sparse", "domain"];

/// The object with what was sent laid over it, group by group.
pub(super) fn merged(kind: Kind, old: &Json, sent: &Json) -> Json {
    let mut body = old.clone();
    for (name, value) in sent.as_object().unwrap_or_default() {
        if FIXED.contains(&name.as_str()) || ENVELOPE.contains(&name.as_str()) {
            continue;
        }
        let group = body.get(name).cloned();
        match (kind, group, value) {
            (Kind::Preferences, Some(mut group @ Json::Object(_)), Json::Object(fields)) => {
                for (field, value) in fields {
                    match value {
                        Json::Null => drop(group.remove(field)),
                        value => group.set(field, value.clone()),
                    }
                }
                body.set(name, group);
            }
            (_, _, value) => body.set(name, value.clone()),
        }
    }
    body
}
