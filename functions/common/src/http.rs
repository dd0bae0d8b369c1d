//! HTTP as API Gateway tells it (payload format 2.0).

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use carry_service::api::{Request, Response};
use serde::{Deserialize, Serialize};

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    raw_path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
    request_context: Context,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
struct Context {
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

impl Event {
    /// The request as the service reads it. A body that is no base64 though it says so is left empty, and refused.
    pub fn into_request(self) -> Request {
        let body = self.body.unwrap_or_default();
        let body = if self.is_base64_encoded {
            BASE64_STANDARD.decode(body).unwrap_or_default()
        } else {
            body.into_bytes()
        };
        let headers = self.headers.into_iter();
        Request {
            method: self.request_context.http.method,
            path: self.raw_path,
            query: self.query_string_parameters.unwrap_or_default(),
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            body,
        }
    }
}

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    body: String,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        // Nothing that is answered may be kept on the way.
        let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
        Self { status_code: response.status, headers: headers.into(), body: response.body.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_what_was_signed_byte_for_byte() {
        let event = json!({
            "version": "2.0", "rawPath": "/purchases", "rawQueryString": "",
            "headers": { "Carry-Signature": "t=1,v1=00" },
            "requestContext": { "http": { "method": "POST", "path": "/purchases" } },
            "body": "eyJpZCI6ICJldnRfMSJ9Cg==", "isBase64Encoded": true
        });
        let request = serde_json::from_value::<Event>(event).unwrap().into_request();
        assert_eq!(request.body, b"{\"id\": \"evt_1\"}\n");
        assert_eq!(request.headers["carry-signature"], "t=1,v1=00");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/purchases"));
    }
}
