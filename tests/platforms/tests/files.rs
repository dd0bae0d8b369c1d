//! Files attached to documents: those that cannot go are listed and the rest goes on; those that change are replaced.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{Request, Response};
use carry_model::{Code, Entity, Fault};
use carry_pipeline::{Ended, Settings, run};
use carry_platforms::{Company, File, Move, Platform, tables};
use carry_ports::{RunKind, Transport};
use carry_sandbox::Region;
use carry_sandbox::json::Json;

/// A company whose files of one name are gone.
struct Gone(Arc<dyn Transport>, String);

#[async_trait]
impl Transport for Gone {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        if request.path.contains(&self.1) {
            return Ok(Response { status: 404, headers: Vec::new(), body: Vec::new() });
        }
        self.0.send(request).await
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        if address.contains(&self.1) {
            return Ok(Response { status: 404, headers: Vec::new(), body: Vec::new() });
        }
        self.0.download(address, bytes_max).await
    }
}

async fn carry(from: &Company, to: &Company, by: &Move, kind: RunKind, gone: &str) -> (Ended, String) {
    from.pause(60);
    to.pause(60);
    from.sign_in().await;
    let over = |calm| Arc::new(Gone(calm, gone.to_owned())) as Arc<dyn Transport>;
    let (source, target) = (from.open_through(&over).await.unwrap(), to.open().await);
    let engine = by.engine(source.reader, target.writer, target.clock);
    let ended = run(&engine, &by.migration, kind, &Settings::default()).await.unwrap();
    from.kept_limits();
    to.kept_limits();
    let rejects = tables(&engine, &ended).await.remove("rejects.csv").unwrap_or_default();
    (ended, rejects)
}

/// Why files of these names were not carried, as the journal has it.
async fn listed(by: &Move) -> BTreeMap<String, Code> {
    use carry_ports::Jobs;
    let links = by.jobs.links(&by.migration.id, Entity::Attachment, None, usize::MAX).await.unwrap();
    let not_done = links.into_iter().filter(|link| !link.is_done());
    not_done.map(|link| (link.number.unwrap(), link.more.fault.unwrap().code)).collect()
}

/// The id of the first row of a list.
async fn first(company: &Company, path: &str, list: &str, id: &str) -> String {
    company.pause(2);
    let answer = company.ask("GET", &company.path(path), "").await;
    let answer = Json::parse(&answer.body).unwrap();
    let rows = answer.at(list).and_then(Json::as_array).unwrap();
    rows[0].get(id).and_then(Json::as_str).unwrap().to_owned()
}

async fn first_of_quickbooks(company: &Company, kind: &str) -> String {
    let path = format!("query?query=select+*+from+{kind}");
    first(company, &path, &format!("QueryResponse.{kind}"), "Id").await
}

#[tokio::test(start_paused = true)]
async fn what_cannot_go_is_listed_and_the_rest_goes_on() {
    let from = Company::sample(Platform::QuickBooks, Region::Us, 3, 6);
    let to = Company::empty(Platform::Xero, Region::Us).await;
    let before = from.books().await.files.len();
    let invoice = first_of_quickbooks(&from, "Invoice").await;
    let here = from.books().await.files;
    let on_it =
        |files: &[File], number: &str| files.iter().filter(|file| file.name.starts_with(number)).count();
    for number in 0..12 {
        from.attach(("Invoice", &invoice), &format!("page {number:02}.txt"), b"page").await;
    }
    let payment = first_of_quickbooks(&from, "Payment").await;
    from.attach(("Payment", &payment), "cheque.txt", b"cheque").await;
    let bill = first_of_quickbooks(&from, "Bill").await;
    from.attach(("Bill", &bill), "large.bin", &vec![7; 11 * 1024 * 1024]).await;
    from.attach(("Bill", &bill), "huge.bin", &vec![7; 26 * 1024 * 1024]).await;
    from.attach(("Bill", &bill), "gone.txt", b"gone").await;
    let gone = "query?query=select+*+from+Attachable+where+FileName='gone.txt'";
    let gone = first(&from, gone, "QueryResponse.Attachable", "Id").await;
    let note = format!(
        r#"{{"Note":"Call back.","AttachableRef":[{{"EntityRef":{{"type":"Bill","value":"{bill}"}}}}]}}"#
    );
    from.pause(2);
    from.ask("POST", &from.path("attachable"), &note).await;

    let by = Move::named("listed");
    let (ended, rejects) = carry(&from, &to, &by, RunKind::Full, &format!("download/{gone}")).await;
    let listed = listed(&by).await;
    let why = |name: &str| listed.get(name).copied();
    assert_eq!(why("cheque.txt"), Some(Code::FileNotTaken), "{listed:?}");
    assert_eq!(why("large.bin"), Some(Code::FileTooLarge), "Xero takes 10 MB");
    assert_eq!(why("huge.bin"), Some(Code::FileTooLarge), "nobody takes more than 25 MB");
    assert_eq!(why("gone.txt"), Some(Code::FileGone));
    assert_eq!(why("Call back."), Some(Code::FileNotTaken), "a note is no file");
    let after = to.books().await.files;
    let taken = on_it(&after, "page ");
    let over = (0..12).filter(|n| why(&format!("page {n:02}.txt")) == Some(Code::FileNotTaken)).count();
    assert_eq!(taken + over, 12);
    let others = here.iter().filter(|file| after.iter().any(|there| there.sha256 == file.sha256)).count();
    assert_eq!(others, before, "the files that were there go");
    let counts = &ended.tally.entities[&Entity::Attachment];
    let failed = u64::try_from(5 + over).unwrap();
    assert_eq!((counts.failed, counts.skipped), (failed, 0));
    for name in ["large.bin", "gone.txt", "cheque.txt"] {
        let line = rejects.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{rejects}"));
        assert!(line.contains("CF2016") || line.contains("CF2015") || line.contains("CF3011"), "{line}");
    }
    let writes = to.writes();
    carry(&from, &to, &by, RunKind::Retry, "nothing").await;
    assert_eq!(to.writes(), writes + 1, "the file that came back, and no other");
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_takes_the_place_of_the_one_before() {
    let from = Company::empty(Platform::Xero, Region::Us).await;
    let to = Company::empty(Platform::QuickBooks, Region::Us).await;
    let contact = r#"{"Contacts":[{"Name":"Ann"}]}"#;
    from.ask("PUT", &from.path("Contacts"), contact).await;
    let invoice = r#"{"Invoices":[{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},
        "Date":"2026-06-01","DueDate":"2026-06-30","LineAmountTypes":"NoTax",
        "LineItems":[{"Description":"x","Quantity":1,"UnitAmount":10,"AccountCode":"200"}]}]}"#;
    from.ask("PUT", &from.path("Invoices"), invoice).await;
    let invoice = first(&from, "Invoices", "Invoices", "InvoiceID").await;
    from.attach(("Invoices", &invoice), "a.txt", b"one").await;
    from.attach(("Invoices", &invoice), "b.txt", b"two").await;
    let by = Move::named("changed");
    carry(&from, &to, &by, RunKind::Full, "nothing").await;
    let content = |files: Vec<File>| -> Vec<(String, String)> {
        files.into_iter().map(|file| (file.name, file.sha256)).collect()
    };
    let file = |name: &str, bytes: &[u8]| (name.to_owned(), carry_connector::sha256(bytes));
    let there = content(to.books().await.files);
    assert_eq!(there, [file("a.txt", b"one"), file("b.txt", b"two")]);

    from.attach(("Invoices", &invoice), "a.txt", b"three").await;
    from.attach(("Invoices", &invoice), "c.txt", b"four").await;
    let writes = to.writes();
    let (ended, _) = carry(&from, &to, &by, RunKind::Delta, "nothing").await;
    let there = content(to.books().await.files);
    assert_eq!(there, [file("a.txt", b"three"), file("b.txt", b"two"), file("c.txt", b"four")]);
    let counts = &ended.tally.entities[&Entity::Attachment];
    assert_eq!((counts.updated, counts.migrated, counts.failed), (1, 1, 0));
    assert_eq!(to.writes(), writes + 3, "one is deleted, two are uploaded");
    assert!(listed(&by).await.is_empty());
}
