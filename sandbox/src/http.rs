//! A call and its answer as plain values, so that platforms need no server and tests no socket.

/// A call as it came in.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Upper case: `GET`.
    pub method: String,
    /// The path, decoded, without the query: `/v3/company/123/invoice`.
    pub path: String,
    /// Query parameters in their order, decoded.
    pub query: Vec<(String, String)>,
    /// Headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A call of `method` to `target`, which is a path with an optional query string.
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_ascii_uppercase(),
            path: percent_decoded(path),
            query: pairs(query.as_bytes()),
            ..Self::default()
        }
    }

    /// The same call with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The same call with the bearer token of a grant.
    #[must_use]
    pub fn bearer(self, access: &str) -> Self {
        self.header("authorization", &format!("Bearer {access}"))
    }

    /// The same call with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first value of a header.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(at, _)| at.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(at, _)| at == name).map(|(_, value)| value.as_str())
    }

    /// The body read as a web form.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }
}

impl Response {
    /// An answer of a status and nothing else.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// JSON text.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::status(status).header("content-type", "application/json;charset=UTF-8").body(body)
    }

    /// A JSON value that holds no amounts.
    pub fn value(status: u16, value: &serde_json::Value) -> Self {
        Self::json(status, value.to_string())
    }

    /// Plain text.
    pub fn text(status: u16, text: &str) -> Self {
        Self::status(status).header("content-type", "text/plain;charset=UTF-8").body(text)
    }

    /// A page.
    pub fn html(status: u16, page: &str) -> Self {
        Self::status(status).header("content-type", "text/html;charset=UTF-8").body(page)
    }

    /// The same answer with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The same answer with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first value of a header.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(at, _)| at.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Pairs of a query string or a web form, decoded.
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Pairs as a query string.
pub fn query_string(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn percent_decoded(path: &str) -> String {
    // In a path, unlike in a form, a plus is a plus.
    let kept = path.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
    form_urlencoded::parse(kept.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_target_apart() {
        let request = Request::new("get", "/v3/a%20b+c?query=select%20*%20from%20X&minorversion=75");
        assert_eq!(request.path, "/v3/a b+c");
        assert_eq!(request.parameter("query"), Some("select * from X"));
        assert_eq!(request.method, "GET");
    }
}
