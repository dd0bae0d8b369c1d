//! A migration from its first try to its end: a demo, everything, what changed meanwhile, and all of it taken back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

use carry_model::Entity;
use carry_pipeline::{Engine, Settings, removable, rollback, run};
use carry_platforms::{Company, Explained, Move, Platform, clean, explained, tables};
use carry_ports::RunKind;
use carry_sandbox::Region;
use carry_sandbox::json::Json;

const INVOICES: usize = 40;

struct Story {
    from: Company,
    to: Company,
    migration: Move,
}

impl Story {
    /// A process that goes on with it.
    async fn engine(&self) -> Engine {
        self.to.pause(60);
        self.from.pause(60);
        let (source, target) = (self.from.open().await, self.to.open().await);
        self.migration.engine(source.reader, target.writer, target.clock)
    }

    /// Hands back what its report explains.
    async fn run(&self, kind: RunKind) -> Explained {
        let engine = self.engine().await;
        let settings = Settings { sample_size: 5, ..Settings::default() };
        let ended = run(&engine, &self.migration.migration, kind, &settings).await.unwrap();
        clean(&engine, &ended).await;
        self.from.kept_limits();
        self.to.kept_limits();
        explained(&engine, &ended).await
    }

    /// Takes back all that can be; what cannot says why. Hands back how many payments had to stay.
    async fn take_back(&self) -> u64 {
        let engine = self.engine().await;
        let id = &self.migration.migration.id;
        let entities: Vec<Entity> =
            removable(&engine, id).await.unwrap().iter().map(|line| line.entity).collect();
        let results = rollback(&engine, id, &entities).await.unwrap();
        let mut payments = 0;
        for (entity, result) in results {
            let is_list = entity.level() < 3;
            let kept: u64 = result.kept.values().sum();
            match entity {
                Entity::Payment | Entity::BillPayment => payments += kept,
                // Xero lets nobody remove files, and says so.
                Entity::Attachment if self.to.platform == Platform::Xero => {
                    assert!(
                        kept > 0 && result.kept.keys().all(|why| why.contains("remove a file")),
                        "{result:?}"
                    );
                }
                _ => assert!(is_list || kept == 0, "{entity} {result:?}"),
            }
        }
        self.from.kept_limits();
        self.to.kept_limits();
        payments
    }
}

async fn tell(here: Platform, there: Platform, region: Region, seed: u64) {
    let from = Company::sample(here, region, seed, INVOICES);
    let to = Company::empty(there, region).await;
    let untouched = to.books().await;
    let story = Story { from, to, migration: Move::named("story") };

    story.run(RunKind::Demo).await;
    let sample = story.to.books().await.documents.len();
    let before = story.from.books().await;
    assert!(sample > 10 && sample < before.documents.len() / 2, "{sample} documents in the sample");
    let explained = story.run(RunKind::Full).await;
    before.assert_carried(&story.to.books().await, &explained);

    for kind in [RunKind::Full, RunKind::Delta] {
        let writes = story.to.writes();
        story.run(kind).await;
        assert_eq!(story.to.writes(), writes, "a second {} run writes nothing", kind.name());
    }

    let deleted = story.from.go_on().await;
    assert!(deleted.undone >= 2, "{} payments and credits were taken back", deleted.undone);
    let now = story.from.books().await;
    assert_ne!(now, before);
    let explained = story.run(RunKind::Delta).await;
    now.keeping(&deleted).assert_carried(&story.to.books().await, &explained);

    let kept = story.take_back().await;
    untouched.assert_taken_back(&story.to, kept).await;
}

/// QuickBooks lists no deleted time: what is not there any more when all of it is read was deleted.
#[tokio::test(start_paused = true)]
async fn time_that_was_deleted_is_listed() {
    let from = Company::sample(Platform::QuickBooks, Region::Us, 5, INVOICES);
    let to = Company::empty(Platform::QuickBooks, Region::Us).await;
    let worker = from.ask("POST", &from.path("vendor"), r#"{"DisplayName":"Ada Worker"}"#).await;
    let worker = Json::parse(&worker.body).unwrap();
    let worker = worker.at("Vendor.Id").and_then(Json::as_str).unwrap().to_owned();
    let mut times = Vec::new();
    for hours in 1..=3 {
        let body = format!(
            r#"{{"NameOf":"Vendor","VendorRef":{{"value":"{worker}"}},"TxnDate":"2026-06-01","Hours":{hours},"Minutes":0}}"#
        );
        let time = from.ask("POST", &from.path("timeactivity"), &body).await;
        times.push(
            Json::parse(&time.body).unwrap().at("TimeActivity.Id").and_then(Json::as_str).unwrap().to_owned(),
        );
    }
    let story = Story { from, to, migration: Move::named("time") };
    story.run(RunKind::Full).await;
    let delete = format!(r#"{{"Id":"{}","SyncToken":"0"}}"#, times[1]);
    story.from.ask("POST", &story.from.path("timeactivity?operation=delete"), &delete).await;

    let engine = story.engine().await;
    let ended = run(&engine, &story.migration.migration, RunKind::Delta, &Settings::default()).await.unwrap();
    clean(&engine, &ended).await;
    let listed = &tables(&engine, &ended).await["vanished.csv"];
    let rows: Vec<_> = listed.lines().skip(1).collect();
    assert_eq!(rows.len(), 1, "{listed}");
    assert!(rows[0].contains("time") && rows[0].contains(&times[1]), "{listed}");
}

macro_rules! stories {
    ($($name:ident: $here:ident $there:ident $region:ident $seed:literal;)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            tell(Platform::$here, Platform::$there, Region::$region, $seed).await;
        })*
    };
}

stories! {
    quickbooks_to_xero_us: QuickBooks Xero Us 5;
    quickbooks_to_xero_uk: QuickBooks Xero Uk 5;
    quickbooks_to_xero_au: QuickBooks Xero Au 5;
    quickbooks_to_xero_in_many_currencies: QuickBooks Xero Global 5;
    xero_to_quickbooks_us: Xero QuickBooks Us 6;
    xero_to_quickbooks_uk: Xero QuickBooks Uk 6;
    xero_to_quickbooks_au: Xero QuickBooks Au 6;
    xero_to_quickbooks_in_many_currencies: Xero QuickBooks Global 6;
}
