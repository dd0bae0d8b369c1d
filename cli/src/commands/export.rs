//! export: the crosswalk as CSV, and the books as a plain-text journal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use carry_connector::exact;
use carry_model::{Code, Currency, Decimal, Entity, Fault, Money, Record, RecordKey, SourceId, checked_sum};
use carry_pipeline::RunStore;
use carry_ports::{Link, Migration, Run, RunKind};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::args::{Common, Export, Exported, LedgerFormat};
use crate::commands::books;
use crate::exit::Exit;
use crate::journal::{
    Carried, Chart, Dialect, Names, Transaction, closing, commodity, directive, head, settlement,
    transaction, write,
};
use crate::output;
use crate::session::Session;

/// Links read in one go.
const PAGE: usize = 2_000;

/// Entities whose records are held in memory to name accounts.
const LISTS: [Entity; 4] = [Entity::Account, Entity::TaxRate, Entity::Contact, Entity::Item];

/// Writes what was asked for.
pub(crate) async fn run(common: &Common, args: &Export) -> Result<Exit, Fault> {
    let exported = match args {
        Export::Crosswalk(exported) | Export::Ledger { exported, .. } => exported,
    };
    let session = Session::to_read(&common.state)?;
    let migration = session.one_migration(&exported.which).await?;
    match args {
        Export::Crosswalk(exported) => crosswalk(common, &session, &migration, exported).await,
        Export::Ledger { exported, format } => {
            let run = session.run(&migration, None, has_books).await?;
            let dialect = match format {
                LedgerFormat::Hledger => Dialect::Hledger,
                LedgerFormat::Beancount => Dialect::Beancount,
            };
            Ledger::new(common, &session, &migration, &run, dialect, exported.output.as_deref())
                .await?
                .export()
                .await
        }
    }
}

/// Runs that staged the whole source and ended.
fn has_books(run: &Run) -> bool {
    let whole = !matches!(run.kind, RunKind::Rollback);
    whole && run.state.has_finished()
}

/// Where an export goes: a file that is there whole or not at all, or stdout.
struct Sink {
    out: Box<dyn Write + Send>,
}

impl Sink {
    fn to(file: Option<&Path>) -> Result<Self, Fault> {
        let out: Box<dyn Write + Send> = match file {
            Some(file) => Box::new(BufWriter::new(
                File::create(file)
                    .map_err(|e| Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(e))?,
            )),
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        Ok(Self { out })
    }

    fn put(&mut self, text: &str) -> Result<(), Fault> {
        output::done(self.out.write_all(text.as_bytes()))
    }

    fn close(mut self) -> Result<(), Fault> {
        output::done(self.out.flush())
    }
}

/// Every link that is done, in load order.
async fn crosswalk(
    common: &Common,
    session: &Session,
    migration: &Migration,
    args: &Exported,
) -> Result<Exit, Fault> {
    let mut sink = Sink::to(args.output.as_deref())?;
    if !common.json {
        sink.put(&csv_row(["entity", "source_id", "source_number", "target_id", "target_number", "note"])?)?;
    }
    for entity in Entity::ALL {
        let mut after = None;
        loop {
            let page = session.jobs.links(&migration.id, *entity, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.id.clone());
            for link in page.iter().filter(|link| link.is_done()) {
                sink.put(&crosswalk_row(link, common.json)?)?;
            }
        }
    }
    sink.close()?;
    Ok(Exit::Finished)
}

fn crosswalk_row(link: &Link, as_json: bool) -> Result<String, Fault> {
    let target = link.target.as_ref().map(ToString::to_string);
    if as_json {
        let row = json!({
            "entity": link.key.entity, "source_id": link.key.id, "source_number": link.number,
            "target_id": target, "target_number": link.target_number, "notes": link.more.notes,
        });
        return Ok(format!("{row}\n"));
    }
    csv_row([
        link.key.entity.name(),
        link.key.id.as_str(),
        link.number.as_deref().unwrap_or_default(),
        target.as_deref().unwrap_or_default(),
        link.target_number.as_deref().unwrap_or_default(),
        &link.more.notes.join("; "),
    ])
}

/// One row of CSV. Like in the report's files, a cell that a spreadsheet would run as a formula is marked as text.
fn csv_row(cells: [&str; 6]) -> Result<String, Fault> {
    let guarded = cells.map(|cell| {
        let number = cell
            .strip_prefix(['+', '-'])
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number {
            format!("'{cell}")
        } else {
            cell.to_owned()
        }
    });
    let mut writer = csv::Writer::from_writer(Vec::new());
    let bug = |e: String| Fault::new(Code::Bug).caused_by(e);
    writer.write_record(&guarded).map_err(|e| bug(e.to_string()))?;
    let bytes = writer.into_inner().map_err(|e| bug(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| bug(e.to_string()))
}

/// The export of a ledger under way.
struct Ledger<'a> {
    common: &'a Common,
    session: &'a Session,
    migration: &'a Migration,
    store: RunStore,
    chart: Chart,
    dialect: Dialect,
    company: String,
    home: Currency,
    sink: Sink,
    /// Staged in another version than the one in the target.
    other_version: u64,
    written: u64,
    /// What settlements left on the clearing account: amount and cost in the home currency.
    cleared: BTreeMap<Currency, (Decimal, Decimal, carry_model::Date)>,
    currencies: std::collections::BTreeSet<Currency>,
}

impl<'a> Ledger<'a> {
    async fn new(
        common: &'a Common,
        session: &'a Session,
        migration: &'a Migration,
        run: &Run,
        dialect: Dialect,
        file: Option<&Path>,
    ) -> Result<Ledger<'a>, Fault> {
        let store = RunStore::new(session.staging.clone(), run);
        let plan: carry_pipeline::Plan = store
            .get_json("plan.json")
            .await?
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("plan.json"))?;
        let mut chart = Chart::new()?;
        for entity in LISTS {
            for key in books::batches(&store, entity).await? {
                books::records(&store, &key).await?.into_iter().for_each(|record| chart.add(record));
            }
        }
        Ok(Self {
            common,
            session,
            migration,
            store,
            chart,
            dialect,
            company: plan.survey.company.name,
            home: plan.survey.company.home_currency,
            sink: Sink::to(file)?,
            other_version: 0,
            written: 0,
            cleared: BTreeMap::new(),
            currencies: std::collections::BTreeSet::new(),
        })
    }

    async fn export(mut self) -> Result<Exit, Fault> {
        let chart = std::mem::take(&mut self.chart);
        let mut names = Names::new(self.dialect, &chart);
        if !self.common.json {
            let title = format!("{}: carried forward from {}", self.company, self.migration.source);
            self.sink.put(&head(self.dialect, &title, self.home))?;
        }
        for entity in Entity::ALL.iter().filter(|entity| entity.is_transaction()) {
            for key in books::batches(&self.store, *entity).await? {
                let records = books::records(&self.store, &key).await?;
                for records in records.chunks(PAGE) {
                    self.records(records, &chart, &mut names).await?;
                }
            }
        }
        for entity in [Entity::Payment, Entity::BillPayment] {
            self.settlements(entity, &chart, &mut names).await?;
        }
        self.close_clearing(&mut names)?;
        if !self.common.json {
            self.declarations(&names)?;
        }
        let (written, other) = (self.written, self.other_version);
        self.sink.close()?;
        if !self.common.quiet {
            output::note(&format!("{} written.", output::counted(written, "transaction", "transactions")));
        }
        if other > 0 {
            output::note(&format!(
                "{} left out: the last run read another version than the one in the target.",
                output::counted(other, "record", "records")
            ));
        }
        Ok(if other == 0 { Exit::Finished } else { Exit::Issues })
    }

    async fn records(
        &mut self,
        records: &[Record],
        chart: &Chart,
        names: &mut Names<'_>,
    ) -> Result<(), Fault> {
        let keys: Vec<_> = records.iter().map(Record::key).collect();
        let links = self.session.jobs.resolve(&self.migration.id, &keys).await?;
        let done: Vec<_> =
            records.iter().zip(links).filter_map(|(r, l)| Some((r, l.filter(Link::is_done)?))).collect();
        let contacts = self.contacts(done.iter().map(|(_, link)| link)).await?;
        for (record, link) in &done {
            if link.fingerprint != record.fingerprint() {
                self.other_version += 1;
                continue;
            }
            let carried = Carried { chart, home: self.home, contacts: &contacts };
            if let Some(transaction) = transaction(record, link, &carried)? {
                self.put(&transaction, names)?;
            }
        }
        Ok(())
    }

    /// The contact of every document that these payments settle.
    async fn contacts(
        &self,
        links: impl Iterator<Item = &Link>,
    ) -> Result<FxHashMap<RecordKey, Option<SourceId>>, Fault> {
        let mut keys: Vec<_> =
            links.flat_map(|link| &link.more.allocations).map(|a| a.document.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let found = self.session.jobs.resolve(&self.migration.id, &keys).await?;
        Ok(keys.into_iter().zip(found).filter_map(|(key, link)| Some((key, link?.contact))).collect())
    }

    /// Settlements are derived by the engine: the journal of links alone knows them.
    async fn settlements(
        &mut self,
        entity: Entity,
        chart: &Chart,
        names: &mut Names<'_>,
    ) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = self.session.jobs.links(&self.migration.id, entity, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.id.clone());
            let derived: Vec<_> =
                page.into_iter().filter(|link| link.is_done() && exact::is_derived(&link.key.id)).collect();
            let contacts = self.contacts(derived.iter()).await?;
            for link in &derived {
                let carried = Carried { chart, home: self.home, contacts: &contacts };
                if let Some(transaction) = settlement(link, &carried)? {
                    self.note_cleared(link, &transaction)?;
                    self.put(&transaction, names)?;
                }
            }
        }
    }

    fn note_cleared(&mut self, link: &Link, transaction: &Transaction) -> Result<(), Fault> {
        // The last posting of a payment is its money.
        let Some(money) = transaction.postings.last().map(|posting| posting.amount) else { return Ok(()) };
        let rate = link.rate.filter(|_| money.currency != self.home).unwrap_or(Decimal::ONE);
        let home = money.amount.checked_mul(rate).ok_or_else(|| Fault::new(Code::AmountOutOfRange))?;
        let (amount, cost, last) =
            self.cleared.entry(money.currency).or_insert((Decimal::ZERO, Decimal::ZERO, transaction.date));
        *amount = checked_sum([*amount, money.amount])?;
        *cost = checked_sum([*cost, home])?;
        *last = (*last).max(transaction.date);
        Ok(())
    }

    /// One entry per currency, as the engine wrote it in the target.
    fn close_clearing(&mut self, names: &mut Names<'_>) -> Result<(), Fault> {
        for (currency, (amount, cost, date)) in std::mem::take(&mut self.cleared) {
            if let Some(entry) = closing(date, Money::new(amount, currency), Money::new(cost, self.home)) {
                self.put(&entry, names)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, transaction: &Transaction, names: &mut Names<'_>) -> Result<(), Fault> {
        self.written += 1;
        self.currencies.extend(transaction.postings.iter().map(|posting| posting.amount.currency));
        if self.common.json {
            let line = serde_json::to_string(&transaction.named(names))
                .map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
            return self.sink.put(&format!("{line}\n"));
        }
        self.sink.put(&write(transaction, names))
    }

    /// Accounts and currencies, which strict checks want declared; their order in the file does not matter.
    fn declarations(&mut self, names: &Names<'_>) -> Result<(), Fault> {
        self.currencies.insert(self.home);
        for currency in std::mem::take(&mut self.currencies) {
            self.sink.put(&commodity(self.dialect, currency))?;
        }
        names.all().iter().try_for_each(|account| self.sink.put(&directive(self.dialect, account)))
    }
}
