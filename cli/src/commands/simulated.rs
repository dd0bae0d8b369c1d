//! try --from PLATFORM --to PLATFORM: a sample company of one simulated platform into an empty one of another, over the
//! interfaces that the real ones have.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use carry_connector::oauth::{App, Grant, Provider};
use carry_connector::{Limits, Wire};
use carry_connectors::{Access, Platform, grant_name, platform};
use carry_model::{Code, Fault, Timestamp};
use carry_pipeline::Cancel;
use carry_ports::{Clock, RunKind, SystemClock, Tokens};
use carry_sandbox::{Handle, Options, Sandbox, Simulated};
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::args::{Common, SourceOptions, Try, TrySimulated};
use crate::commands::run::Work;
use crate::commands::trial::{Tried, clear, failed, make_folder};
use crate::output;
use crate::session::{Outside, Session, open_sides};

/// Starts both platforms, migrates the sample company and tells what it came to.
pub(super) async fn run(
    common: &Common,
    args: &Try,
    from: Simulated,
    to: Simulated,
    cancel: &Cancel,
) -> Result<Tried, Fault> {
    let name = format!("{} to {}", from.name(), to.name());
    let into = args.into.join(name.replace(' ', "-"));
    make_folder(&into)?;
    let state = into.join("state");
    // The companies lived no longer than the try that made them, so there is nothing to go on with.
    clear(&state)?;
    let source = Company::start(from, &args.simulated, args.simulated.invoices.max(1)).await?;
    let target = Company::start(to, &args.simulated, 0).await?;
    if !common.quiet {
        let [source, target] = [&source, &target].map(|company| company.platform.manifest.title);
        output::note(&format!(
            "\nA sample company of a simulated {source} into an empty one of a simulated {target}"
        ));
    }
    let tried = migrate(common, name, &state, [&source, &target], cancel).await;
    source.sandbox.stop().await;
    target.sandbox.stop().await;
    tried
}

async fn migrate(
    common: &Common,
    name: String,
    state: &Path,
    [source, target]: [&Company; 2],
    cancel: &Cancel,
) -> Result<Tried, Fault> {
    let mut access = Unpaced { outside: Outside::new(state), secrets: BTreeMap::new() };
    source.sign_in(&mut access).await?;
    target.sign_in(&mut access).await?;
    let more = SourceOptions::default();
    let sides = open_sides(&source.connection(), &more, &target.connection(), &access).await?;
    let settings = carry_pipeline::Settings::default();
    let mut work = Work::of(common, Session::to_write(state)?, sides, settings, None).await?;
    work.engine.cancel = cancel.clone();
    let (summary, _) = work.carry(RunKind::Full).await?;
    let failed = failed(work.session.jobs.as_ref(), &work.migration).await?;
    let unexpected = failed.into_iter().map(|failed| failed.shown).collect();
    let calls = [source, target].map(|company| (company.platform.manifest.title, company.calls()));
    Ok(Tried { name, expected: 0, unexpected, calls: calls.into(), summary })
}

/// A simulated platform with one company.
struct Company {
    platform: &'static Platform,
    sandbox: Handle,
    id: String,
}

impl Company {
    async fn start(which: Simulated, wanted: &TrySimulated, invoices: usize) -> Result<Self, Fault> {
        let unstarted = || Fault::new(Code::Bug).detail("The simulated platform did not start.");
        let options = which.company(wanted.region, wanted.seed, invoices);
        let options = options.map_err(|e| unstarted().caused_by(e))?;
        let platform = platform(which.name()).ok_or_else(unstarted)?;
        let sandbox = Sandbox::start(Options { seed: wanted.seed, limits: false, ..options });
        let sandbox = sandbox.await.map_err(|e| unstarted().caused_by(e))?;
        let id = sandbox.control.tenants().into_iter().next().ok_or_else(unstarted)?.id;
        Ok(Self { platform, sandbox, id })
    }

    fn connection(&self) -> String {
        self.platform.connection(&self.sandbox.base_url, &self.id)
    }

    /// Signs in as `carry connect` does, without a person to consent.
    async fn sign_in(&self, access: &mut Unpaced) -> Result<(), Fault> {
        let api = &self.sandbox.base_url;
        let issued = self.sandbox.control.grant(&[], (self.platform.provider)(api).scope);
        let expires = SystemClock.now().checked_add(SignedDuration::from_secs(issued.expires_s));
        let grant = Grant {
            access_token: issued.access.into(),
            expires: expires.unwrap_or(Timestamp::MAX),
            refresh_token: Some(issued.refresh.into()),
            refresh_expires: None,
        };
        access.outside.tokens().store(&grant_name(self.platform, api, &self.id), &grant).await?;
        let [id, secret] = self.platform.variables();
        let app = self.sandbox.control.app();
        access.secrets.extend([(id, app.id), (secret, app.secret)]);
        Ok(())
    }

    fn calls(&self) -> u64 {
        self.sandbox.control.counters().total()
    }
}

/// The outside world of a try: the real one, but that the applications are the sandboxes' own, and that calls wait for
/// nobody: at a platform's true pace a try would take minutes.
struct Unpaced {
    outside: Outside,
    secrets: BTreeMap<String, String>,
}

impl Access for Unpaced {
    fn wire(&self, base: &str, _: &Limits) -> Result<Arc<dyn Wire>, Fault> {
        self.outside.wire(base, &Limits::NONE)
    }

    fn signed_in(
        &self,
        api: &str,
        company: &str,
        _: &Limits,
        provider: Provider,
        app: App,
        grant: String,
    ) -> Result<Arc<dyn Wire>, Fault> {
        self.outside.signed_in(api, company, &Limits::NONE, provider, app, grant)
    }

    fn secret(&self, name: &str) -> Option<SecretString> {
        self.secrets.get(name).map(|secret| SecretString::from(secret.as_str()))
    }
}
