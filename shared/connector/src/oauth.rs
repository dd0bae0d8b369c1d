//! OAuth 2 as values: where a person consents, and the calls that turn the consent into tokens, renew and revoke them.
//!
//! Nothing here sends, stores or waits; the engine's authorised wire does, one refresh at a time, and stores the new
//! grant before its first use.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use carry_model::{Code, Fault, Reach, Timestamp};
use form_urlencoded::Serializer;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Effect, Method, Request, Response};

/// An access token this close to its end is renewed before it is used.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(2);

/// Access tokens whose end the platform does not state are taken for this long.
const EXPIRES_S_DEFAULT: i64 = 1_800;

/// A path at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://host`.
    pub base: String,
    /// `/connect/token`.
    pub path: String,
}

impl Endpoint {
    /// That path at that host.
    pub fn new(base: impl Into<String>, path: impl Into<String>) -> Self {
        Self { base: base.into(), path: path.into() }
    }

    /// Both together.
    pub fn url(&self) -> String {
        format!("{}{}", self.base.trim_end_matches('/'), self.path)
    }
}

/// How a platform wants the token that is to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// As a form field `token` (RFC 7009).
    Form,
    /// As JSON `{"token": ...}`.
    Json,
}

/// A platform that people connect in their browser.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Stable name of the system: `quickbooks`.
    pub system: &'static str,
    /// Where a person consents.
    pub authorize: Endpoint,
    /// Where codes and refresh tokens are exchanged.
    pub token: Endpoint,
    /// Where tokens are revoked.
    pub revoke: Endpoint,
    /// How.
    pub revocation: Revocation,
    /// What is asked for, separated by blanks.
    pub scope: &'static str,
    /// True where the platform takes a proof key (RFC 7636), which is then always sent.
    pub proof_key: bool,
    /// The callback's parameter that names the company, where consent is for one company.
    pub company_parameter: Option<&'static str>,
}

/// The application as it is registered with the platform.
#[derive(Clone, Debug)]
pub struct App {
    /// Its public id.
    pub id: String,
    /// Its secret; None for a public client, which proves itself by proof key alone.
    pub secret: Option<SecretString>,
}

/// What a platform granted: the tokens of one connection.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Sent with every call.
    pub access_token: SecretString,
    /// When it ends.
    pub expires: Timestamp,
    /// Exchanged for the next access token.
    pub refresh_token: Option<SecretString>,
    /// When that ends unless it is used, where stated.
    pub refresh_expires: Option<Timestamp>,
}

/// A grant as it is stored: tokens in clear, so it goes into protected places only.
#[derive(Serialize, Deserialize)]
struct StoredGrant {
    access_token: String,
    expires: Timestamp,
    refresh_token: Option<String>,
    refresh_expires: Option<Timestamp>,
}

/// What the browser brought back.
#[derive(Debug)]
pub struct Callback {
    /// To be exchanged for tokens, once and soon.
    pub code: SecretString,
    /// The company consented to, where the platform names it here.
    pub company: Option<String>,
}

/// The proof key that belongs to a verifier (RFC 7636, S256).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Random bytes as text for a state or a verifier: 43 characters for 32 bytes.
pub fn random_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Provider {
    /// The address at which a person consents. `state` comes back with the callback; `verifier` is kept for the
    /// exchange.
    pub fn authorization(&self, app: &App, redirect: &str, state: &str, verifier: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", &app.id),
            ("redirect_uri", redirect),
            ("scope", self.scope),
            ("state", state),
        ]);
        if self.proof_key {
            query.extend_pairs([("code_challenge_method", "S256"), ("code_challenge", &challenge(verifier))]);
        }
        format!("{}?{}", self.authorize.url(), query.finish())
    }

    /// Reads the callback's query. A fault ([`Code::AuthRefused`]) where consent was refused, or where the callback
    /// belongs to another sign-in.
    pub fn callback(&self, query: &str, state: &str) -> Result<Callback, Fault> {
        let refused = |why: &str| Fault::new(Code::AuthRefused).detail(why).hint("Connect again.");
        let (mut code, mut came_back, mut error, mut company) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "code" => code = Some(value),
                "state" => came_back = Some(value),
                "error" => error = Some(value),
                name if Some(name) == self.company_parameter => company = Some(value),
                _ => {}
            }
        }
        if came_back.as_deref() != Some(state) {
            return Err(refused("The answer belongs to another sign-in."));
        }
        if let Some(error) = error {
            return Err(refused("The platform did not grant access.").raw(error));
        }
        if self.company_parameter.is_some() && company.is_none() {
            return Err(refused("The platform named no company."));
        }
        let code = code.filter(|code| !code.is_empty()).ok_or_else(|| refused("The answer has no code."))?;
        Ok(Callback { code: code.into(), company })
    }

    /// The call that exchanges a code for tokens, at [`Provider::token`].
    pub fn exchange(&self, app: &App, code: &SecretString, redirect: &str, verifier: &str) -> Request {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect),
        ];
        if self.proof_key {
            pairs.push(("code_verifier", verifier));
        }
        self.token_call(app, pairs, "oauth/exchange")
    }

    /// The call that exchanges a refresh token for the next tokens, at [`Provider::token`].
    pub fn refresh(&self, app: &App, refresh_token: &SecretString) -> Request {
        let pairs = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        self.token_call(app, pairs, "oauth/refresh")
    }

    /// The call that ends a grant, at [`Provider::revoke`].
    pub fn revocation(&self, app: &App, token: &SecretString) -> Result<Request, Fault> {
        let token = token.expose_secret();
        let (content, body) = match self.revocation {
            Revocation::Form => (FORM, form(&[("token", token)]).into_bytes()),
            Revocation::Json => {
                let body = serde_json::to_vec(&serde_json::json!({ "token": token }));
                (JSON, body.map_err(|e| Fault::new(Code::Bug).caused_by(e))?)
            }
        };
        let path = self.revoke.path.clone();
        Ok(call(path, headers(app, content), body, Effect::IdempotentWrite, "oauth/revoke"))
    }

    fn token_call<'a>(
        &self,
        app: &'a App,
        mut pairs: Vec<(&'a str, &'a str)>,
        label: &'static str,
    ) -> Request {
        if app.secret.is_none() {
            pairs.push(("client_id", &app.id));
        }
        // A refresh token is spent by its first use, so nobody sends this call a second time unasked.
        call(self.token.path.clone(), headers(app, FORM), form(&pairs).into_bytes(), Effect::Write, label)
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn headers(app: &App, content: &str) -> Vec<(String, String)> {
    let mut headers =
        vec![("accept".to_owned(), JSON.to_owned()), ("content-type".to_owned(), content.to_owned())];
    if let Some(secret) = &app.secret {
        let pair = STANDARD.encode(format!("{}:{}", app.id, secret.expose_secret()));
        headers.push(("authorization".to_owned(), format!("Basic {pair}")));
    }
    headers
}

fn call(
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    effect: Effect,
    label: &'static str,
) -> Request {
    Request { method: Method::Post, path, headers, body: Some(body), effect, label }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default, alias = "refresh_token_expires_in")]
    x_refresh_token_expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct TokenError {
    #[serde(default)]
    error: String,
}

impl Grant {
    /// Reads the answer to an exchange or a refresh. A refresh that names no new refresh token keeps the earlier
    /// one. A fault ([`Code::AuthRefused`]) where the code or token is spent; never holds a token.
    pub fn decode(response: &Response, now: Timestamp, earlier: Option<&Self>) -> Result<Self, Fault> {
        if !response.is_success() {
            return Err(refusal(response));
        }
        // The parser's message may quote the body, so it is left out.
        let answer: TokenAnswer = serde_json::from_slice(&response.body).map_err(|_| {
            Fault::new(Code::AnswerUnreadable).reach(Reach::Unknown).detail("The answer holds no tokens.")
        })?;
        let after = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds)).ok();
        let expires = after(answer.expires_in.unwrap_or(EXPIRES_S_DEFAULT)).unwrap_or(now);
        let refresh_token = answer.refresh_token.map(SecretString::from);
        Ok(Self {
            access_token: answer.access_token.into(),
            expires,
            refresh_token: refresh_token.or_else(|| earlier.and_then(|grant| grant.refresh_token.clone())),
            refresh_expires: answer.x_refresh_token_expires_in.and_then(after),
        })
    }

    /// True where the access token can still be sent.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.checked_add(RENEW_BEFORE).is_ok_and(|soon| soon < self.expires)
    }

    /// True where both hold the same access token.
    pub fn is_same(&self, other: &Self) -> bool {
        self.access_token.expose_secret() == other.access_token.expose_secret()
    }

    /// True where a text holds the access token.
    pub fn is_quoted(&self, text: &[u8]) -> bool {
        let token = self.access_token.expose_secret().as_bytes();
        !token.is_empty() && text.windows(token.len()).any(|part| part == token)
    }

    /// The header that authorises a call.
    pub fn header(&self) -> (String, String) {
        ("authorization".to_owned(), format!("Bearer {}", self.access_token.expose_secret()))
    }

    /// As it is stored, tokens in clear: for protected places only.
    pub fn expose(&self) -> Result<Vec<u8>, Fault> {
        let clear = |secret: &SecretString| secret.expose_secret().to_owned();
        let stored = StoredGrant {
            access_token: clear(&self.access_token),
            expires: self.expires,
            refresh_token: self.refresh_token.as_ref().map(clear),
            refresh_expires: self.refresh_expires,
        };
        serde_json::to_vec(&stored).map_err(|_| Fault::new(Code::Bug).detail("a grant did not serialise"))
    }

    /// Reads what [`Grant::expose`] wrote.
    pub fn restore(bytes: &[u8]) -> Result<Self, Fault> {
        let stored: StoredGrant = serde_json::from_slice(bytes)
            .map_err(|_| Fault::new(Code::AuthRefused).detail("The stored tokens are broken."))?;
        Ok(Self {
            access_token: stored.access_token.into(),
            expires: stored.expires,
            refresh_token: stored.refresh_token.map(SecretString::from),
            refresh_expires: stored.refresh_expires,
        })
    }
}

fn refusal(response: &Response) -> Fault {
    // A code (RFC 6749, 5.2); anything else might repeat what was sent.
    let is_code =
        |said: &String| said.len() <= 40 && said.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let said = response.json::<TokenError>().map(|body| body.error).ok().filter(is_code).unwrap_or_default();
    let fault = match (response.status, said.as_str()) {
        (_, "invalid_grant") => {
            Fault::new(Code::AuthRefused).detail("The consent has ended or was withdrawn.")
        }
        (_, "invalid_client" | "unauthorized_client") => {
            Fault::new(Code::AuthRefused).detail("The platform does not know the application's id or secret.")
        }
        (500.., _) => Fault::new(Code::ServerFailed).reach(Reach::Unknown),
        _ => Fault::new(Code::AuthRefused).detail(format!("HTTP {}", response.status)),
    };
    match fault.code {
        Code::AuthRefused => fault.reach(Reach::Refused).raw(said),
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        Provider {
            system: "books",
            authorize: Endpoint::new("https://login.example", "/authorize"),
            token: Endpoint::new("https://token.example", "/token"),
            revoke: Endpoint::new("https://token.example", "/revoke"),
            revocation: Revocation::Form,
            scope: "read write",
            proof_key: true,
            company_parameter: Some("realmId"),
        }
    }

    fn app(secret: Option<&str>) -> App {
        App { id: "id".to_owned(), secret: secret.map(|s| s.to_owned().into()) }
    }

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    fn body(request: &Request) -> String {
        String::from_utf8(request.body.clone().unwrap()).unwrap()
    }

    #[test]
    fn the_proof_key_is_that_of_the_standard() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn consent_is_asked_for_with_state_and_proof_key() {
        let url = provider().authorization(&app(None), "http://localhost:1/callback", "s t", "v");
        assert!(url.starts_with("https://login.example/authorize?response_type=code&client_id=id&"), "{url}");
        assert!(url.contains("redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcallback"), "{url}");
        assert!(
            url.contains("scope=read+write&state=s+t&code_challenge_method=S256&code_challenge="),
            "{url}"
        );
    }

    #[test]
    fn only_the_callback_of_this_sign_in_is_taken() {
        let callback = provider().callback("?code=c%20d&state=s&realmId=42", "s").unwrap();
        assert_eq!(callback.code.expose_secret(), "c d");
        assert_eq!(callback.company.as_deref(), Some("42"));
        for query in [
            "code=c&state=other&realmId=4",
            "code=c&realmId=4",
            "state=s&realmId=4",
            "code=c&state=s",
            "error=access_denied&state=s",
        ] {
            let fault = provider().callback(query, "s").unwrap_err();
            assert_eq!(fault.code, Code::AuthRefused, "{query}");
        }
    }

    #[test]
    fn confidential_clients_prove_themselves_by_their_secret() {
        let request =
            provider().exchange(&app(Some("hush")), &"c".to_owned().into(), "http://localhost:1/", "v");
        assert!(request.headers.contains(&("authorization".to_owned(), "Basic aWQ6aHVzaA==".to_owned())));
        let wanted =
            "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Flocalhost%3A1%2F&code_verifier=v";
        assert_eq!(body(&request), wanted);
        let request = provider().refresh(&app(None), &"r&r".to_owned().into());
        assert_eq!(body(&request), "grant_type=refresh_token&refresh_token=r%26r&client_id=id");
        let request = provider().revocation(&app(None), &"t".to_owned().into()).unwrap();
        assert_eq!((request.path.as_str(), body(&request).as_str()), ("/revoke", "token=t"));
    }

    #[test]
    fn tokens_are_read_and_kept() {
        let now = Timestamp::UNIX_EPOCH;
        let first = answer(200, r#"{"access_token":"a","expires_in":3600,"refresh_token":"r"}"#);
        let grant = Grant::decode(&first, now, None).unwrap();
        assert!(grant.is_fresh(now) && !grant.is_fresh(now + SignedDuration::from_mins(59)));
        let second = answer(200, r#"{"access_token":"tok-b","expires_in":3600}"#);
        let next = Grant::decode(&second, now, Some(&grant)).unwrap();
        assert_eq!(next.refresh_token.as_ref().unwrap().expose_secret(), "r");
        let restored = Grant::restore(&next.expose().unwrap()).unwrap();
        assert!(restored.is_same(&next) && !restored.is_same(&grant));
        assert!(!format!("{next:?}").contains("tok-b"), "tokens are not shown");
    }

    #[test]
    fn spent_tokens_and_pages_are_told_apart() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |status, body| Grant::decode(&answer(status, body), now, None).unwrap_err();
        assert_eq!(of(400, r#"{"error":"invalid_grant"}"#).code, Code::AuthRefused);
        assert_eq!(of(401, "<html>").code, Code::AuthRefused);
        assert_eq!(of(502, "<html>").code, Code::ServerFailed);
        let fault = of(200, r#"{"access_token":7,"refresh_token":"secret"}"#);
        assert_eq!(fault.code, Code::AnswerUnreadable);
        assert!(!format!("{fault:?}").contains("secret"));
    }
}
