//! The state folder and what is opened from it: jobs, staging, and the engine over a source and a target.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carry_connector::oauth::{App, Provider};
use carry_connector::{Limits, Wire};
use carry_connectors::{
    Access, Offline, SourceSettings, UniversalWriter, is_new, open_source, open_target, stored,
};
use carry_embedded::{FileTokens, FolderStaging, SqliteJobs};
use carry_http::HttpTransport;
use carry_model::{Code, Fault, MigrationId};
use carry_pipeline::{
    AuthorizedWire, Cancel, Connection, Engine, EngineWire, Settings, SignedIn, mapping::Mapping,
};
use carry_ports::{Clock, Jobs, Migration, Run, Staging, SystemClock};
use secrecy::SecretString;

use crate::args::{Common, How, Mode, SourceOptions, Which};
use crate::progress::{Way, progress};

/// Calls go over HTTP, credentials come from the environment, tokens lie in the state folder.
pub(crate) struct Outside {
    tokens: Arc<FileTokens>,
}

impl Outside {
    /// With the tokens of that state folder.
    pub(crate) fn new(state: &Path) -> Self {
        Self { tokens: Arc::new(FileTokens::new(state.join("tokens"))) }
    }

    /// Where sign-ins are kept.
    pub(crate) fn tokens(&self) -> &FileTokens {
        &self.tokens
    }
}

impl Access for Outside {
    fn wire(&self, base: &str, limits: &Limits) -> Result<Arc<dyn Wire>, Fault> {
        Ok(Arc::new(EngineWire::new(Arc::new(HttpTransport::new(base)?), limits)))
    }

    fn signed_in(
        &self,
        api: &str,
        _company: &str,
        limits: &Limits,
        provider: Provider,
        app: App,
        grant: String,
    ) -> Result<Arc<dyn Wire>, Fault> {
        let token_host = Arc::new(HttpTransport::new(&provider.token.base)?);
        let signed_in = SignedIn {
            provider,
            app,
            connection: grant,
            tokens: self.tokens.clone(),
            token_host,
            clock: Arc::new(SystemClock),
        };
        Ok(Arc::new(AuthorizedWire::new(self.wire(api, limits)?, signed_in)))
    }

    fn secret(&self, name: &str) -> Option<SecretString> {
        std::env::var(name).ok().filter(|value| !value.is_empty()).map(SecretString::from)
    }
}

/// An opened state folder.
pub(crate) struct Session {
    pub(crate) folder: PathBuf,
    pub(crate) jobs: Arc<dyn Jobs>,
    pub(crate) staging: Arc<dyn Staging>,
    /// Held while anything is changed, so that two processes never work on one run.
    _lock: Option<File>,
}

impl Session {
    /// Opens the folder to work in it; makes it where there is none. A fault ([`Code::RunActive`]) where another
    /// process works in it.
    pub(crate) fn to_write(folder: &Path) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder).map_err(|e| unusable(folder, e))?;
        let lock = File::create(folder.join("lock")).map_err(|e| unusable(folder, e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Fault::new(Code::RunActive)
                    .detail(format!("Another carry process works in {}.", folder.display()))
                    .hint("Wait for it to end, or name another folder with --state."));
            }
            Err(TryLockError::Error(e)) => return Err(unusable(folder, e)),
        }
        Self::open(folder, Some(lock))
    }

    /// Opens the folder to look at it. A fault ([`Code::MigrationUnknown`]) where there is none.
    pub(crate) fn to_read(folder: &Path) -> Result<Self, Fault> {
        if !folder.join("state.db").is_file() {
            return Err(Fault::new(Code::MigrationUnknown)
                .detail(format!("There is no state in {}.", folder.display()))
                .hint("Name the folder with --state, or start with `carry demo --from ... --to ...`."));
        }
        Self::open(folder, None)
    }

    fn open(folder: &Path, lock: Option<File>) -> Result<Self, Fault> {
        let jobs = Arc::new(SqliteJobs::open(&folder.join("state.db"))?);
        let staging = Arc::new(FolderStaging::open(folder.join("staging"))?);
        Ok(Self { folder: folder.to_owned(), jobs, staging, _lock: lock })
    }

    /// The migration from one connection to another: the one there is, or a new one.
    pub(crate) async fn migration(&self, source: &str, target: &str) -> Result<Migration, Fault> {
        let known = self.jobs.migrations().await?;
        let same = known.into_iter().find(|m| m.source == source && m.target == target);
        Ok(same.unwrap_or_else(|| Migration {
            id: MigrationId::random(),
            source: source.to_owned(),
            target: target.to_owned(),
            created: SystemClock.now(),
        }))
    }

    /// The migrations that `which` leaves, oldest first.
    pub(crate) async fn migrations(&self, which: &Which) -> Result<Vec<Migration>, Fault> {
        let from = which.from.as_deref().map(stored).transpose()?;
        let to = which.to.as_deref().map(stored).transpose()?;
        let mut known = self.jobs.migrations().await?;
        known.retain(|m| which.migration.as_ref().is_none_or(|id| m.id.as_str() == id));
        known.retain(|m| from.as_ref().is_none_or(|from| *from == m.source));
        known.retain(|m| to.as_ref().is_none_or(|to| *to == m.target));
        Ok(known)
    }

    /// The one migration that `which` names, or that there is.
    pub(crate) async fn one_migration(&self, which: &Which) -> Result<Migration, Fault> {
        let mut known = self.migrations(which).await?;
        if known.len() > 1 {
            let list: Vec<_> =
                known.iter().map(|m| format!("--from {} --to {}", m.source, m.target)).collect();
            return Err(Fault::new(Code::MigrationUnknown)
                .detail(format!("{} keeps several: {}", self.folder.display(), list.join("; ")))
                .hint("Name the one with --from and --to."));
        }
        known.pop().ok_or_else(|| {
            Fault::new(Code::MigrationUnknown)
                .detail(format!("{} keeps none like that.", self.folder.display()))
        })
    }

    /// The run of a migration whose id begins or ends like that; the last one that `fits` by default.
    pub(crate) async fn run(
        &self,
        migration: &Migration,
        id: Option<&str>,
        fits: impl Fn(&Run) -> bool,
    ) -> Result<Run, Fault> {
        chosen_run(self.jobs.runs(&migration.id).await?, id, fits)
    }

    /// The engine over both sides.
    pub(crate) fn engine(&self, connection: Connection, common: &Common, workers: Option<usize>) -> Engine {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Engine {
            connection,
            jobs: self.jobs.clone(),
            staging: self.staging.clone(),
            clock: Arc::new(SystemClock),
            progress: progress(common.quiet, Way::In),
            cancel: Cancel::default(),
            workers: workers.unwrap_or(processors).max(1),
        }
    }

    /// The engine for what needs neither side.
    pub(crate) fn offline_engine(&self, common: &Common) -> Engine {
        self.engine(offline(), common, None)
    }

    /// The engine for what needs the target only.
    pub(crate) async fn target_engine(&self, target: &str, common: &Common) -> Result<Engine, Fault> {
        let target = open_target(target, &Outside::new(&self.folder)).await?;
        let engine = self.engine(
            Connection { reader: Arc::new(Offline::default()), writer: target.writer },
            common,
            None,
        );
        Ok(Engine { progress: progress(common.quiet, Way::Out), ..engine })
    }
}

/// Neither side.
pub(crate) fn offline() -> Connection {
    Connection { reader: Arc::new(Offline::default()), writer: Arc::new(Offline::default()) }
}

/// Of these runs, the one whose id begins or ends like that; the last one that `fits` by default.
pub(crate) fn chosen_run(
    runs: Vec<Run>,
    id: Option<&str>,
    fits: impl Fn(&Run) -> bool,
) -> Result<Run, Fault> {
    let named = |run: &Run, id: &str| run.id.as_str().starts_with(id) || run.id.as_str().ends_with(id);
    let found = match id {
        Some(id) => {
            let mut matching: Vec<_> = runs.into_iter().filter(|run| named(run, id)).collect();
            if matching.len() > 1 {
                return Err(Fault::new(Code::MigrationUnknown)
                    .detail(format!("'{id}' names {} runs.", matching.len()))
                    .hint("Write more of the id; `carry status --json` shows it whole."));
            }
            matching.pop()
        }
        None => runs.into_iter().rev().find(|run| fits(run)),
    };
    found.ok_or_else(|| {
        Fault::new(Code::MigrationUnknown)
            .detail("It has no such run.")
            .hint("`carry status` lists the runs there are.")
    })
}

fn unusable(folder: &Path, error: std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(folder.display()).caused_by(error)
}

/// Both sides, opened, with the texts under which they are stored.
pub(crate) struct Sides {
    pub(crate) connection: Connection,
    /// The target's table for rows that could not be carried, where it has one.
    pub(crate) rejects: Option<Arc<UniversalWriter>>,
    pub(crate) source: String,
    pub(crate) target: String,
}

/// Opens both sides to look at them: a target that is not there yet is not made for that.
pub(crate) async fn open_to_look(
    from: &str,
    more: &SourceOptions,
    to: &str,
    access: &dyn Access,
) -> Result<Sides, Fault> {
    if !is_new(to)? {
        return open_sides(from, more, to, access).await;
    }
    let source = open_source(from, &source_settings(more), access).await?;
    let connection = Connection { reader: source.reader, writer: Arc::new(Offline::default()) };
    Ok(Sides { connection, rejects: None, source: source.stored, target: stored(to)? })
}

/// Opens both sides of a migration.
pub(crate) async fn open_sides(
    from: &str,
    more: &SourceOptions,
    to: &str,
    access: &dyn Access,
) -> Result<Sides, Fault> {
    let source = open_source(from, &source_settings(more), access).await?;
    let target = open_target(to, access).await?;
    let connection = Connection { reader: source.reader, writer: target.writer };
    Ok(Sides { connection, rejects: target.rejects, source: source.stored, target: target.stored })
}

pub(crate) fn source_settings(more: &SourceOptions) -> SourceSettings {
    SourceSettings { values: more.settings.iter().cloned().collect(), queries: more.queries.clone() }
}

/// The settings of a run, the mapping file read.
pub(crate) fn settings(how: &How) -> Result<Settings, Fault> {
    let mapping = how.mapping.as_deref().map(read_mapping).transpose()?;
    let mode = match how.mode {
        Mode::Detailed => carry_pipeline::Mode::Detailed,
        Mode::HighLevel => carry_pipeline::Mode::HighLevel,
    };
    Ok(Settings { mode, keep_numbers: !how.no_numbers, sample_size: how.sample, mapping })
}

/// Reads a mapping file.
pub(crate) fn read_mapping(file: &Path) -> Result<Mapping, Fault> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(e))?;
    Mapping::from_toml(&text)
}
