//! The XML that the API speaks with those who do not ask for JSON.

use std::fmt::Write;

use crate::json::Json;

/// A reply as XML.
pub(super) fn document(body: &Json) -> String {
    let time = body.get("time").and_then(Json::as_str).unwrap_or_default();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
         <IntuitResponse xmlns=\"http://schema.intuit.com/finance/v3\" time=\"{time}\">"
    );
    for (name, value) in body.as_object().unwrap_or_default().iter().filter(|(name, _)| name != "time") {
        element(&mut text, name, value);
    }
    text.push_str("</IntuitResponse>");
    text
}

fn element(text: &mut String, name: &str, value: &Json) {
    match value {
        Json::Null => {}
        Json::List(items) => items.iter().for_each(|item| element(text, name, item)),
        Json::Object(fields) => {
            text.push('<');
            text.push_str(name);
            text.push('>');
            fields.iter().for_each(|(name, value)| element(text, name, value));
            close(text, name);
        }
        Json::Text(content) => plain(text, name, &escaped(content)),
        other => plain(text, name, &other.to_string()),
    }
}

fn plain(text: &mut String, name: &str, content: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, "<{name}>{content}</{name}>");
}

fn close(text: &mut String, name: &str) {
    let _ = write!(text, "</{name}>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
