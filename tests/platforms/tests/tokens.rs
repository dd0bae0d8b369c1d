//! Tokens that two processes renew at the same moment, and tokens of a process that dies before it has stored them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::oauth::Grant;
use carry_connector::{Request, Response};
use carry_embedded::FileTokens;
use carry_model::{Code, Fault};
use carry_platforms::{Company, Platform, Side, in_a_process};
use carry_ports::{Lease, MemoryTokens, Tokens, Transport};
use carry_sandbox::Region;

const MOMENT: Duration = Duration::from_millis(10);

/// A way on which every call takes a moment before it arrives and one before its answer does. Counts renewals.
struct Counting {
    calm: Arc<dyn Transport>,
    renewals: Arc<AtomicUsize>,
    /// The process dies when it has renewed a token, before it knows.
    dies: bool,
}

#[async_trait]
impl Transport for Counting {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let renews =
            request.body.as_deref().is_some_and(|body| body.starts_with(b"grant_type=refresh_token"));
        self.renewals.fetch_add(usize::from(renews), Ordering::SeqCst);
        tokio::time::sleep(MOMENT).await;
        let answer = self.calm.send(request).await;
        if renews && self.dies {
            return std::future::pending().await;
        }
        tokio::time::sleep(MOMENT).await;
        answer
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.calm.download(address, bytes_max).await
    }
}

/// A store whose leases lapse at once: as if every process stood still while it held one.
struct Lapsing(Arc<MemoryTokens>);

#[async_trait]
impl Tokens for Lapsing {
    async fn load(&self, connection: &str) -> Result<Option<Grant>, Fault> {
        self.0.load(connection).await
    }

    async fn store(&self, connection: &str, grant: &Grant) -> Result<(), Fault> {
        self.0.store(connection, grant).await
    }

    async fn replace(&self, connection: &str, earlier: &Grant, grant: &Grant) -> Result<bool, Fault> {
        self.0.replace(connection, earlier, grant).await
    }

    async fn forget(&self, connection: &str) -> Result<(), Fault> {
        self.0.forget(connection).await
    }

    async fn lease(&self, _: &str) -> Result<Lease, Fault> {
        Ok(Box::new(()))
    }
}

/// A company that people signed in to, whose refresh tokens are spent by each use or kept for a day.
struct Desk {
    company: Company,
    renewals: Arc<AtomicUsize>,
}

impl Desk {
    fn at(platform: Platform, every_refresh_rotates: bool) -> Self {
        let company = Company::sample(platform, Region::Uk, 5, 4);
        if every_refresh_rotates {
            company.control.change_oauth(|rules| rules.rotate_after_s = 0);
        }
        Self { company, renewals: Arc::default() }
    }

    async fn process(&self, tokens: Arc<dyn Tokens>, dies: bool) -> Result<Side, Fault> {
        let counting =
            |calm| Arc::new(Counting { calm, renewals: self.renewals.clone(), dies }) as Arc<dyn Transport>;
        self.company.open_from(tokens, &counting).await
    }

    /// Both look into the books once their tokens have run out, the second one so much later.
    async fn both_look(
        &self,
        one: Arc<dyn Tokens>,
        other: Arc<dyn Tokens>,
        later: Duration,
    ) -> [Result<(), Fault>; 2] {
        let (one, other) =
            (self.process(one, false).await.unwrap(), self.process(other, false).await.unwrap());
        self.company.pause(60);
        self.company.control.expire_tokens();
        self.renewals.store(0, Ordering::SeqCst);
        let late = async {
            tokio::time::sleep(later).await;
            other.reader.survey().await
        };
        let (one, other) = tokio::join!(one.reader.survey(), late);
        [one.map(drop), other.map(drop)]
    }

    fn renewals(&self) -> usize {
        self.renewals.load(Ordering::SeqCst)
    }
}

/// So far apart that every step of one meets every step of the other.
fn apart() -> impl Iterator<Item = Duration> {
    (0..14).map(|half_moments| MOMENT / 2 * half_moments)
}

async fn is_renewed_once(platform: Platform) {
    for later in apart() {
        let desk = Desk::at(platform, true);
        let folder = tempfile::tempdir().unwrap();
        let tokens = || Arc::new(FileTokens::new(folder.path()));
        desk.company.sign_in_to(&*tokens()).await;
        let looked = desk.both_look(tokens(), tokens(), later).await;
        assert!(looked.iter().all(Result::is_ok), "{later:?}: {looked:?}");
        assert_eq!(desk.renewals(), 1, "{later:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn quickbooks_tokens_are_renewed_by_one_of_two_processes() {
    is_renewed_once(Platform::QuickBooks).await;
}

#[tokio::test(start_paused = true)]
async fn xero_tokens_are_renewed_by_one_of_two_processes() {
    is_renewed_once(Platform::Xero).await;
}

/// Both renew one token, because no lease held one of them back: both go on, and what is stored is good for the next
/// renewal. Hands back in how many cases both did renew.
async fn is_renewed_twice(desk: impl Fn() -> Desk) -> usize {
    let mut both = 0;
    for later in apart() {
        let desk = desk();
        let tokens = Arc::new(Lapsing(Arc::default()));
        desk.company.sign_in_to(&*tokens).await;
        let looked = desk.both_look(tokens.clone(), tokens.clone(), later).await;
        assert!(looked.iter().all(Result::is_ok), "{later:?}: {looked:?}");
        both += usize::from(desk.renewals() > 1);
        // Any grace is over.
        desk.company.pause(3_600);
        desk.company.control.expire_tokens();
        desk.process(tokens, false).await.unwrap().reader.survey().await.unwrap();
    }
    both
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_renew_a_xero_token_end_with_one_that_is_good() {
    assert!(is_renewed_twice(|| Desk::at(Platform::Xero, true)).await > 3);
}

/// QuickBooks refuses the second one, who then takes what the first one got, though that may be stored only later.
#[tokio::test(start_paused = true)]
async fn a_process_that_is_refused_takes_what_the_other_one_got() {
    for every_refresh_rotates in [false, true] {
        let desk = || {
            let desk = Desk::at(Platform::QuickBooks, every_refresh_rotates);
            desk.company.control.change_oauth(|rules| rules.reuse_revokes = false);
            desk
        };
        assert!(is_renewed_twice(desk).await > 3);
    }
}

/// What a process finds that goes on after one that renewed a token and died before it stored it.
async fn after_a_death(desk: &Desk, after_s: u64) -> Result<(), Fault> {
    let tokens = Arc::new(MemoryTokens::default());
    desk.company.sign_in_to(&*tokens).await;
    desk.company.control.expire_tokens();
    let dying = async { desk.process(tokens.clone(), true).await?.reader.survey().await };
    tokio::time::timeout(Duration::from_secs(30), dying).await.unwrap_err();
    desk.company.pause(after_s);
    desk.process(tokens, false).await?.reader.survey().await.map(drop)
}

#[test]
fn a_renewal_that_was_never_stored_is_made_good_while_the_platform_allows() {
    let found = |platform, rotates, after_s| {
        let desk = Desk::at(platform, rotates);
        in_a_process(after_a_death(&desk, after_s))
    };
    // Xero takes the token before for half an hour; QuickBooks hands out a new one once a day.
    found(Platform::Xero, true, 20 * 60).unwrap();
    found(Platform::QuickBooks, false, 20 * 60).unwrap();
    for (platform, after_s, name) in
        [(Platform::Xero, 40 * 60, "xero"), (Platform::QuickBooks, 60, "quickbooks")]
    {
        let fault = found(platform, true, after_s).unwrap_err();
        assert_eq!(fault.code, Code::AuthRefused);
        assert!(fault.remedy().contains(&format!("carry connect {name}")), "{fault:?}");
    }
}
