//! One call from the token to the answer: faults, limits, the platform, the company file.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::control;
use crate::faults::{Fault, Faults};
use crate::http::{Request, Response};
use crate::limits::{Limits, Remaining};
use crate::oauth::{Issued, Oauth, Session, TokenCall, TokenProblem};
use crate::platform::{Call, Change, Context, Platform};
use crate::sandbox::{Options, StartError};
use crate::store::CompanyFile;

/// What becomes of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is answered.
    Answered(Response),
    /// It is answered in part, then the connection is closed.
    Truncated(Response),
    /// The connection is closed.
    Dropped,
}

/// All that changes while a sandbox runs.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) oauth: Oauth,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) platform: Box<dyn Platform>,
    pub(crate) latency: Duration,
    file: Option<CompanyFile>,
}

/// Answers calls; shared by the server and those who steer it.
pub(crate) struct Engine {
    state: Mutex<State>,
    consent: bool,
}

/// Key of the row that holds grants.
const OAUTH_ROW: &str = "oauth";
/// The machine's time that an exchange of tokens takes at least, so that a race can be lost.
const EXCHANGE_MS: Duration = Duration::from_millis(20);
/// How deep the nested answer is.
const DEEP: usize = 100_000;

/// A call that passed tokens and limits.
struct Admitted {
    call: Call,
    session: Session,
    remaining: Vec<Remaining>,
    fault: Option<Fault>,
}

impl Engine {
    pub(crate) fn new(options: Options) -> Result<Self, StartError> {
        let platform = options.platform;
        let mut limits = Limits::new(platform.limits());
        if !options.limits {
            limits.lift();
        }
        let mut state = State {
            clock: Clock::new(options.now, options.speed),
            oauth: Oauth::new(platform.oauth_rules(), options.app, options.seed),
            limits,
            faults: Faults::default(),
            platform,
            latency: options.latency,
            file: options.file.as_deref().map(CompanyFile::open).transpose()?,
        };
        state.take_up_file()?;
        Ok(Self { state: Mutex::new(state), consent: options.consent })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the books as they were after the last call; they are still the books.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn grant(&self, tenants: Vec<String>, scope: &str) -> Issued {
        let mut state = self.state();
        let now = state.clock.now();
        let all = || state.platform.tenants().into_iter().map(|tenant| tenant.id).collect();
        let tenants = if tenants.is_empty() { all() } else { tenants };
        state.oauth.grant(tenants, scope, now)
    }

    pub(crate) async fn answer(&self, request: Request) -> Outcome {
        if request.path.starts_with(control::PREFIX) {
            return Outcome::Answered(control::answer(self, &request));
        }
        let which = self.state().platform.oauth_rules().call_of(&request);
        match which {
            Some(TokenCall::Authorize) => Outcome::Answered(self.authorize(&request)),
            Some(TokenCall::Exchange) => self.exchange(&request).await,
            Some(TokenCall::Revoke) => Outcome::Answered(self.state().revoke(&request)),
            None => match self.opened(&request).await {
                Some(outcome) => outcome,
                None => self.call(request).await,
            },
        }
    }

    fn authorize(&self, request: &Request) -> Response {
        let mut state = self.state();
        let now = state.clock.now();
        let tenants = state.platform.tenants();
        state.oauth.authorize(request, &tenants, self.consent, now)
    }

    async fn exchange(&self, request: &Request) -> Outcome {
        let fault = self.state().faults.take(request, &Call::of("token"));
        if fault == Some(Fault::Refuse) {
            return Outcome::Dropped;
        }
        let (answer, wait) = {
            let mut state = self.state();
            if !state.oauth.begin(request) {
                return Outcome::Answered(state.oauth.raced(request));
            }
            let wait = state.wait(fault.as_ref());
            (state.exchange(request, fault.as_ref()), wait)
        };
        let _exchanging = Exchanging { engine: self, request };
        tokio::time::sleep(wait.max(EXCHANGE_MS)).await;
        shaped(answer, fault)
    }

    /// A call that needs no token and is of no limit.
    async fn opened(&self, request: &Request) -> Option<Outcome> {
        let (answer, wait, fault) = {
            let mut state = self.state();
            let answer = state.platform.open(request, state.clock.now())?;
            let fault = state.faults.take(request, &Call::of("file"));
            let answer = state.instead(fault.as_ref()).unwrap_or(answer);
            (answer, state.wait(fault.as_ref()), fault)
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Some(shaped(answer, fault))
    }

    async fn call(&self, request: Request) -> Outcome {
        let admitted = match self.state().admit(&request) {
            Ok(admitted) => admitted,
            Err(refusal) => return Outcome::Answered(refusal),
        };
        let in_flight =
            InFlight { engine: self, call: admitted.call.clone(), client: admitted.session.client.clone() };
        let (answer, wait) = {
            let mut state = self.state();
            (state.carry_out(&request, &admitted), state.wait(admitted.fault.as_ref()))
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        drop(in_flight);
        shaped(answer, admitted.fault)
    }
}

/// Counts a call in flight until its answer is sent or its caller has gone.
struct InFlight<'a> {
    engine: &'a Engine,
    call: Call,
    client: String,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.engine.state().limits.leave(&self.call, &self.client);
    }
}

struct Exchanging<'a> {
    engine: &'a Engine,
    request: &'a Request,
}

impl Drop for Exchanging<'_> {
    fn drop(&mut self) {
        self.engine.state().oauth.finish(self.request);
    }
}

impl State {
    fn take_up_file(&mut self) -> Result<(), StartError> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut rows = file.rows()?;
        let oauth = rows.iter().position(|(key, _)| key == OAUTH_ROW).map(|index| rows.remove(index));
        if let Some((_, text)) = oauth {
            self.oauth.restore(&text).map_err(StartError::Content)?;
        }
        if !rows.is_empty() {
            self.platform.restore(rows).map_err(StartError::Content)?;
        }
        Ok(self.keep(Vec::new())?)
    }

    /// Writes what changed to the company file.
    fn keep(&mut self, mut changes: Vec<Change>) -> rusqlite::Result<()> {
        changes.extend(self.platform.changes());
        match &mut self.file {
            Some(file) if !changes.is_empty() => file.write(&changes),
            _ => Ok(()),
        }
    }

    /// How long the machine waits before the answer goes out.
    fn wait(&self, fault: Option<&Fault>) -> Duration {
        let delay = fault.map(Fault::delay).unwrap_or_default();
        self.clock.wait(self.latency.saturating_add(delay))
    }

    fn exchange(&mut self, request: &Request, fault: Option<&Fault>) -> Response {
        let now = self.clock.now();
        if let Some(answer) = self.instead(fault) {
            return answer;
        }
        let issued = match self.oauth.exchange(request, now) {
            Ok(issued) => issued,
            Err(refusal) => return refusal,
        };
        let grants = (OAUTH_ROW.to_owned(), Some(self.oauth.snapshot()));
        match self.keep(vec![grants]) {
            Ok(()) => Response::json(200, self.platform.token_body(&issued, request)),
            Err(_) => self.platform.failed(500, now),
        }
    }

    fn revoke(&mut self, request: &Request) -> Response {
        let answer = self.oauth.revoke(request);
        let grants = (OAUTH_ROW.to_owned(), Some(self.oauth.snapshot()));
        match self.keep(vec![grants]) {
            Ok(()) => answer,
            Err(_) => self.platform.failed(500, self.clock.now()),
        }
    }

    fn admit(&mut self, request: &Request) -> Result<Admitted, Response> {
        let now = self.clock.now();
        let call = self.platform.classify(request);
        let tenant = call.tenant.as_deref();
        let session =
            self.oauth.session(request, tenant, now).map_err(|e| self.platform.unauthorized(e, now))?;
        let remaining = self.limits.admit(&call, &session.client, now).map_err(|breach| {
            let mut refusal = self.platform.throttled(&breach, now);
            self.platform.decorate(&mut refusal, &[]);
            refusal
        })?;
        let fault = self.faults.take(request, &call);
        if let Some(fault) = &fault {
            *self.limits.counters.faults.entry(fault.name().to_owned()).or_default() += 1;
        }
        Ok(Admitted { call, session, remaining, fault })
    }

    fn carry_out(&mut self, request: &Request, admitted: &Admitted) -> Response {
        if let Some(answer) = self.instead(admitted.fault.as_ref()) {
            return answer;
        }
        let now = self.clock.now();
        let context = Context { now, session: &admitted.session, oauth: &mut self.oauth };
        let mut answer = self.platform.handle(request, &admitted.call, context);
        if self.keep(Vec::new()).is_err() {
            answer = self.platform.failed(500, now);
        }
        if let Some(Fault::StatusAfter(status)) = admitted.fault {
            answer = self.platform.failed(status, now);
        }
        self.platform.decorate(&mut answer, &admitted.remaining);
        answer
    }

    /// The answer of a call that a fault keeps from being carried out.
    fn instead(&self, fault: Option<&Fault>) -> Option<Response> {
        let now = self.clock.now();
        match fault? {
            Fault::Refuse => Some(Response::default()),
            Fault::Status(status) => Some(self.platform.failed(*status, now)),
            Fault::StaleToken => Some(self.platform.unauthorized(TokenProblem::Expired, now)),
            Fault::Html => Some(Response::html(200, ERROR_PAGE)),
            Fault::Redirect(to) => Some(Response::status(302).header("location", to)),
            _ => None,
        }
    }
}

const ERROR_PAGE: &str = "<!doctype html><html><head><title>Service interruption</title></head><body>\
    <h1>We'll be right back</h1><p>Please try again in a few minutes.</p></body></html>";

/// The answer as a fault lets it go out.
fn shaped(answer: Response, fault: Option<Fault>) -> Outcome {
    match fault {
        Some(Fault::Refuse | Fault::Drop) => Outcome::Dropped,
        Some(Fault::Truncated) => Outcome::Truncated(answer),
        Some(Fault::Malformed) => {
            Outcome::Answered(Response { body: b"{\"QueryResponse\": {,]".to_vec(), ..answer })
        }
        Some(Fault::Deep) => Outcome::Answered(Response { body: "[".repeat(DEEP).into_bytes(), ..answer }),
        _ => Outcome::Answered(answer),
    }
}
