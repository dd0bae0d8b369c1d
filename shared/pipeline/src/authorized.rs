//! The wire of a platform that people connect in their browser: every call carries a token that is still good.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::oauth::{App, Grant, Provider};
use carry_connector::{Request, Response, Wire};
use carry_model::{Code, Fault, Reach};
use carry_ports::{Clock, Tokens, Transport};
use tokio::sync::Mutex;

/// Times a grant is renewed in one go.
const RENEWALS_MAX: usize = 3;
/// How often, and how long after one another, to look for what another process got.
const LOOKS: usize = 3;
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A connection that somebody signed in to.
pub struct SignedIn {
    /// The platform's addresses and ways.
    pub provider: Provider,
    /// The application that was granted access.
    pub app: App,
    /// Under which its tokens are kept: `quickbooks:9130357`.
    pub connection: String,
    /// Where they are kept.
    pub tokens: Arc<dyn Tokens>,
    /// To the host of [`Provider::token`].
    pub token_host: Arc<dyn Transport>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Authorises calls and sends them over another wire. Tokens are renewed by one at a time, also across processes, and
/// stored before they are used; they travel in the header of calls to the connection's own host and nowhere else.
pub struct AuthorizedWire {
    inner: Arc<dyn Wire>,
    signed_in: SignedIn,
    held: Mutex<Option<Grant>>,
}

impl AuthorizedWire {
    /// Sends what is authorised over `inner`.
    pub fn new(inner: Arc<dyn Wire>, signed_in: SignedIn) -> Self {
        Self { inner, signed_in, held: Mutex::new(None) }
    }

    /// A grant that is still good and is not the one that was `refused`.
    async fn grant(&self, refused: Option<&Grant>) -> Result<Grant, Fault> {
        let mut held = self.held.lock().await;
        if let Some(grant) = held.as_ref().filter(|grant| self.is_good(grant, refused)) {
            return Ok(grant.clone());
        }
        let grant = self.signed_in.renewed(|grant| self.is_good(grant, refused)).await?;
        *held = Some(grant.clone());
        Ok(grant)
    }

    fn is_good(&self, grant: &Grant, refused: Option<&Grant>) -> bool {
        grant.is_fresh(self.signed_in.clock.now()) && !refused.is_some_and(|refused| refused.is_same(grant))
    }

    async fn send(&self, request: &Request, grant: &Grant) -> Result<Response, Fault> {
        let mut request = request.clone();
        request.headers.push(grant.header());
        let response = self.inner.call(request).await?;
        Ok(if response.is_success() { response } else { without_token(response, grant) })
    }
}

impl SignedIn {
    /// The stored grant where it is good, else a new one, stored before it is handed out.
    async fn renewed(&self, is_good: impl Fn(&Grant) -> bool) -> Result<Grant, Fault> {
        let stored = self.stored().await?;
        if is_good(&stored) {
            return Ok(stored);
        }
        let _lease = self.tokens.lease(&self.connection).await?;
        // Another one may have renewed it in the meantime.
        let stored = self.stored().await?;
        if is_good(&stored) {
            return Ok(stored);
        }
        let mut earlier = stored;
        for _ in 0..RENEWALS_MAX {
            let renewed = match self.renew(&earlier).await {
                Err(refused) if refused.code == Code::AuthRefused => {
                    return self.renewed_elsewhere(&earlier, is_good).await?.ok_or(refused);
                }
                renewed => renewed?,
            };
            if self.tokens.replace(&self.connection, &earlier, &renewed).await? {
                tracing::info!(system = self.provider.system, "tokens were renewed");
                return Ok(renewed);
            }
            // Another process renewed it while this one stood still. Which of the two came last at the platform, and so
            // is good for longest, nobody can tell; what is got with the stored one is.
            earlier = self.stored().await?;
        }
        Ok(earlier)
    }

    async fn renew(&self, earlier: &Grant) -> Result<Grant, Fault> {
        let Some(refresh_token) = &earlier.refresh_token else {
            return Err(self.connect_again("The access has ended and cannot be renewed."));
        };
        let response = self.token_host.send(&self.provider.refresh(&self.app, refresh_token)).await?;
        Grant::decode(&response, self.clock.now(), Some(earlier)).map_err(|fault| match fault.code {
            Code::AuthRefused => fault.hint(self.hint()),
            _ => fault,
        })
    }

    /// A refresh token may be refused because another process has just spent it, and has not stored what it got yet.
    async fn renewed_elsewhere(
        &self,
        spent: &Grant,
        is_good: impl Fn(&Grant) -> bool,
    ) -> Result<Option<Grant>, Fault> {
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK_AGAIN).await;
            let stored = self.stored().await?;
            if !stored.is_same(spent) && is_good(&stored) {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    async fn stored(&self) -> Result<Grant, Fault> {
        let stored = self.tokens.load(&self.connection).await?;
        stored.ok_or_else(|| self.connect_again("This connection was never made, or was ended."))
    }

    fn connect_again(&self, why: &str) -> Fault {
        Fault::new(Code::AuthRefused).detail(why).hint(self.hint())
    }

    fn hint(&self) -> String {
        format!("Sign in with `carry connect {}`, then give the same command again.", self.provider.system)
    }
}

/// A refusal's words end up in faults and reports: one that quotes the token is left without words.
fn without_token(response: Response, grant: &Grant) -> Response {
    if grant.is_quoted(&response.body) { Response { body: Vec::new(), ..response } } else { response }
}

#[async_trait]
impl Wire for AuthorizedWire {
    /// Without the token: the address may be of any host.
    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.inner.download(address, bytes_max).await
    }

    async fn call(&self, request: Request) -> Result<Response, Fault> {
        let grant = self.grant(None).await?;
        let response = self.send(&request, &grant).await?;
        if response.status != 401 {
            return Ok(response);
        }
        // Refused before anything was done: once more with a token that is surely new.
        let grant = self.grant(Some(&grant)).await?;
        let response = self.send(&request, &grant).await?;
        match response.status {
            401 => {
                Err(self.signed_in.connect_again("The platform refused a new token.").reach(Reach::Refused))
            }
            _ => Ok(response),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use carry_connector::oauth::{Endpoint, Revocation};
    use carry_connector::{Effect, Method};
    use carry_model::Timestamp;
    use carry_ports::{MemoryTokens, SystemClock};
    use futures::future::join_all;

    use super::*;

    /// A platform whose refresh tokens can be used once, and which takes only the last access token.
    #[derive(Default)]
    struct Platform {
        refreshes: AtomicUsize,
    }

    fn answer(status: u16, body: String) -> Response {
        Response { status, headers: Vec::new(), body: body.into_bytes() }
    }

    #[async_trait]
    impl Transport for Platform {
        async fn send(&self, request: &Request) -> Result<Response, Fault> {
            tokio::task::yield_now().await;
            let spent = self.refreshes.load(Ordering::SeqCst);
            let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
            if !body.contains(&format!("refresh_token=r{spent}")) {
                return Ok(answer(400, r#"{"error":"invalid_grant"}"#.to_owned()));
            }
            let next = spent + 1;
            self.refreshes.store(next, Ordering::SeqCst);
            Ok(answer(
                200,
                format!(r#"{{"access_token":"a{next}","expires_in":3600,"refresh_token":"r{next}"}}"#),
            ))
        }
    }

    #[async_trait]
    impl Wire for Platform {
        async fn call(&self, request: Request) -> Result<Response, Fault> {
            let wanted = format!("Bearer a{}", self.refreshes.load(Ordering::SeqCst));
            let good =
                request.headers.iter().any(|(name, value)| name == "authorization" && *value == wanted);
            Ok(answer(if good { 200 } else { 401 }, String::new()))
        }

        async fn download(&self, address: &str, _: u64) -> Result<Response, Fault> {
            Ok(answer(200, address.to_owned()))
        }
    }

    fn grant(access: &str, refresh: &str, expires: Timestamp) -> Grant {
        Grant {
            access_token: access.to_owned().into(),
            expires,
            refresh_token: Some(refresh.to_owned().into()),
            refresh_expires: None,
        }
    }

    fn wire(platform: &Arc<Platform>, tokens: &Arc<MemoryTokens>) -> AuthorizedWire {
        let endpoint = || Endpoint::new("https://login.example", "/token");
        let provider = Provider {
            system: "books",
            authorize: endpoint(),
            token: endpoint(),
            revoke: endpoint(),
            revocation: Revocation::Form,
            scope: "",
            proof_key: false,
            company_parameter: None,
        };
        let signed_in = SignedIn {
            provider,
            app: App { id: "id".to_owned(), secret: None },
            connection: "books:1".to_owned(),
            tokens: tokens.clone(),
            token_host: platform.clone(),
            clock: Arc::new(SystemClock),
        };
        AuthorizedWire::new(platform.clone(), signed_in)
    }

    fn request() -> Request {
        Request {
            method: Method::Get,
            path: "/x".to_owned(),
            headers: Vec::new(),
            body: None,
            effect: Effect::Read,
            label: "x",
        }
    }

    #[tokio::test]
    async fn many_callers_renew_a_token_once() {
        let (platform, tokens) = (Arc::new(Platform::default()), Arc::new(MemoryTokens::default()));
        tokens.store("books:1", &grant("a0", "r0", Timestamp::UNIX_EPOCH)).await.unwrap();
        // Two wires stand for two processes.
        let wires = [wire(&platform, &tokens), wire(&platform, &tokens)];
        let calls = (0..50).map(|n| wires[n % 2].call(request()));
        for response in join_all(calls).await {
            assert_eq!(response.unwrap().status, 200);
        }
        assert_eq!(platform.refreshes.load(Ordering::SeqCst), 1);
        let stored = tokens.load("books:1").await.unwrap().unwrap();
        assert!(stored.is_same(&grant("a1", "", Timestamp::UNIX_EPOCH)));
    }

    #[tokio::test]
    async fn a_file_on_another_host_is_fetched_without_a_token() {
        let (platform, tokens) = (Arc::new(Platform::default()), Arc::new(MemoryTokens::default()));
        // Nobody signed in: a token that was wanted would be a fault.
        let fetched = wire(&platform, &tokens).download("https://files.example/7", 10).await.unwrap();
        assert_eq!((fetched.status, fetched.body), (200, b"https://files.example/7".to_vec()));
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_renewed_and_the_call_repeated() {
        let (platform, tokens) = (Arc::new(Platform::default()), Arc::new(MemoryTokens::default()));
        let later = Timestamp::now() + jiff::SignedDuration::from_hours(1);
        tokens.store("books:1", &grant("revoked", "r0", later)).await.unwrap();
        assert_eq!(wire(&platform, &tokens).call(request()).await.unwrap().status, 200);
        assert_eq!(platform.refreshes.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_consent_asks_for_a_new_one() {
        let (platform, tokens) = (Arc::new(Platform::default()), Arc::new(MemoryTokens::default()));
        let none = wire(&platform, &tokens).call(request()).await.err().unwrap();
        assert_eq!(none.code, Code::AuthRefused);
        tokens.store("books:1", &grant("a0", "stolen", Timestamp::UNIX_EPOCH)).await.unwrap();
        let fault = wire(&platform, &tokens).call(request()).await.err().unwrap();
        assert_eq!((fault.code, fault.action()), (Code::AuthRefused, carry_model::Action::Pause));
        assert!(fault.remedy().contains("carry connect books") && !format!("{fault:?}").contains("stolen"));
    }
}
