//! From a connection text to a reader or a writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carry_connector::oauth::{App, Provider};
use carry_connector::{Limits, Reader, Wire, Writer};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_database::mapped::{MAPPING_BYTES_MAX, MappedDatabase, Mapping};
use carry_database::universal::{UniversalReader, UniversalWriter};
use carry_files::{FilesOptions, FilesReader};
use carry_model::{Code, Fault};
use carry_odoo::{Odoo, Settings as OdooSettings};
use secrecy::{ExposeSecret, SecretString};

use crate::spec::{Schema, Spec};

/// What connecting needs from the outside: the registry itself neither sends nor reads the environment.
pub trait Access: Send + Sync {
    /// A way to call the system at `base`, inside its limits.
    fn wire(&self, base: &str, limits: &Limits) -> Result<Arc<dyn Wire>, Fault>;

    /// A way to call the platform at `api` about a company, signed in with the tokens that are kept under `grant`. The
    /// limits are those of calls about that company.
    fn signed_in(
        &self,
        api: &str,
        company: &str,
        limits: &Limits,
        provider: Provider,
        app: App,
        grant: String,
    ) -> Result<Arc<dyn Wire>, Fault>;

    /// A credential by the name of its environment variable, such as `ODOO_API_KEY`.
    fn secret(&self, name: &str) -> Option<SecretString>;
}

/// What a person may add about a source.
#[derive(Clone, Debug, Default)]
pub struct SourceSettings {
    /// By name: `company`, `home_currency`; for files also `encoding`, `date_order`, `decimal`.
    pub values: BTreeMap<String, String>,
    /// A mapping file with one query per entity, for a database whose tables nobody knows.
    pub queries: Option<PathBuf>,
}

/// A source, ready to be surveyed.
#[derive(Clone)]
pub struct Source {
    /// Its reader.
    pub reader: Arc<dyn Reader>,
    /// The connection without credentials, as it is stored and shown.
    pub stored: String,
}

/// A target, ready for its preflight.
#[derive(Clone)]
pub struct Target {
    /// Its writer.
    pub writer: Arc<dyn Writer>,
    /// The same, where it has a table for rows that could not be carried.
    pub rejects: Option<Arc<UniversalWriter>>,
    /// The connection without credentials, as it is stored and shown.
    pub stored: String,
}

/// The connection as it is stored and shown, without opening it: whole paths, no user, no password.
pub fn stored(text: &str) -> Result<String, Fault> {
    Spec::parse(text, true)?.shown()
}

/// The platform, its API and the company that a connection text names; None for anything else.
pub fn company_of(text: &str) -> Result<Option<(&'static crate::Platform, String, String)>, Fault> {
    Ok(match Spec::parse(text, true)? {
        Spec::Company { platform, api, company } => Some((platform, api, company)),
        _ => None,
    })
}

/// True for a target that opening it would make: a SQLite file that is not there yet.
pub fn is_new(text: &str) -> Result<bool, Fault> {
    Ok(match Spec::parse(text, true)? {
        Spec::Database { url, schema: None } => {
            url.strip_prefix("sqlite:").is_some_and(|path| !Path::new(path).exists())
        }
        _ => false,
    })
}

/// Opens a source: a folder or file of exports, a GnuCash book, a universal database, any other database with a
/// mapping file, or a company of a platform that was signed in to.
///
/// A fault ([`Code::ConfigInvalid`], [`Code::FileUnreadable`], [`Code::DatabaseUnreadable`],
/// [`Code::SourceUnrecognised`], [`Code::MappingInvalid`]) names the connection without its credentials.
pub async fn open_source(
    text: &str,
    settings: &SourceSettings,
    access: &dyn Access,
) -> Result<Source, Fault> {
    let spec = Spec::parse(text, false)?;
    let stored = spec.shown()?;
    if settings.queries.is_some() && !matches!(spec, Spec::Database { .. }) {
        return Err(Fault::new(Code::ConfigInvalid)
            .detail("A file of queries goes with a database.")
            .hint("Leave --queries out, or give a database as the source."));
    }
    let reader: Arc<dyn Reader> = match spec {
        Spec::Files(folder) => {
            Arc::new(FilesReader::new(folder, FilesOptions::from_settings(&settings.values)?))
        }
        Spec::Queries(file) => Arc::new(by_queries(None, &file, settings).await?),
        Spec::Database { url, schema } => database(&url, schema, settings).await?,
        Spec::Company { platform, api, company } => platform.reader(&api, &company, access).await?,
        Spec::Odoo { .. } => {
            return Err(Fault::new(Code::ConfigInvalid)
                .detail("An Odoo is a target only.")
                .hint("Export its books to files, or read its PostgreSQL database by a file of --queries."));
        }
    };
    Ok(Source { reader, stored })
}

/// Opens a target: a universal database (a SQLite file, made where there is none, or PostgreSQL), an Odoo, or a company of a platform.
///
/// A fault ([`Code::ConfigInvalid`], [`Code::DatabaseUnreadable`], [`Code::AuthRefused`]) names the connection
/// without its credentials.
pub async fn open_target(text: &str, access: &dyn Access) -> Result<Target, Fault> {
    let spec = Spec::parse(text, true)?;
    let stored = spec.shown()?;
    let writer: Arc<dyn Writer> = match spec {
        Spec::Database { url, schema: None } => {
            let writer = Arc::new(UniversalWriter::open(&url).await?);
            return Ok(Target { writer: writer.clone(), rejects: Some(writer), stored });
        }
        Spec::Company { platform, api, company } => platform.writer(&api, &company, access).await?,
        Spec::Odoo { base, database, company } => Arc::new(odoo(&base, database, company, access).await?),
        Spec::Database { schema: Some(Schema::GnuCash), .. } => {
            return Err(no_target("A GnuCash book is a source only."));
        }
        Spec::Files(_) => return Err(no_target("A folder of files is a source only.")),
        Spec::Queries(_) => return Err(no_target("A database read by a mapping file is a source only.")),
    };
    Ok(Target { writer, rejects: None, stored })
}

fn no_target(why: &str) -> Fault {
    Fault::new(Code::ConfigInvalid)
        .detail(why)
        .hint("Targets are a SQLite file (made where there is none), postgres://..., odoo+https://HOST/DATABASE, quickbooks:COMPANY and xero:TENANT.")
}

async fn odoo(
    base: &str,
    database: String,
    company: Option<i64>,
    access: &dyn Access,
) -> Result<Odoo, Fault> {
    let api_key = access.secret("ODOO_API_KEY").ok_or_else(|| {
        Fault::new(Code::AuthRefused)
            .detail("The variable ODOO_API_KEY is not set.")
            .hint("Make a key in Odoo (Preferences, Account Security) and put it into that variable.")
    })?;
    // JSON-2 takes the user from the key; JSON-RPC, up to Odoo 18, asks for the login.
    let login = access.secret("ODOO_LOGIN").map(|login| login.expose_secret().to_owned()).unwrap_or_default();
    let wire = access.wire(base, &carry_odoo::MANIFEST.limits)?;
    Odoo::connect(OdooSettings { database, login, api_key, company }, wire).await
}

async fn database(
    url: &str,
    schema: Option<Schema>,
    settings: &SourceSettings,
) -> Result<Arc<dyn Reader>, Fault> {
    if let Some(queries) = &settings.queries {
        return Ok(Arc::new(by_queries(Some(url), queries, settings).await?));
    }
    let database = Database::open(url).await?;
    if schema == Some(Schema::GnuCash) || GnuCash::recognises(&database).await? {
        let (home, company) = book_settings(&settings.values)?;
        return Ok(Arc::new(GnuCash::new(database, home, company)));
    }
    if UniversalReader::recognises(&database).await? {
        if let Some(name) = settings.values.keys().next() {
            return Err(Fault::new(Code::ConfigInvalid)
                .field(name)
                .hint("A universal database says all of this itself."));
        }
        return Ok(Arc::new(UniversalReader::new(database)));
    }
    Err(Fault::new(Code::SourceUnrecognised)
        .detail(format!("{} has the tables of no known system.", database.shown()))
        .hint("Write a mapping file with one query per entity and name it with --queries."))
}

async fn by_queries(
    url: Option<&str>,
    file: &Path,
    settings: &SourceSettings,
) -> Result<MappedDatabase, Fault> {
    if let Some(name) = settings.values.keys().next() {
        return Err(Fault::new(Code::ConfigInvalid)
            .field(name)
            .hint("A mapping file says all of this itself, in its [source] section."));
    }
    let mapping = Mapping::parse(&read(file)?)?;
    let url = url.or(mapping.url()).ok_or_else(|| {
        Fault::new(Code::MappingInvalid)
            .detail("It names no database.")
            .hint("Write url = \"...\" into its [source] section, or give the database as the source and the file with --queries.")
    })?;
    Ok(MappedDatabase::new(Database::open(url).await?, mapping))
}

fn read(file: &Path) -> Result<String, Fault> {
    let unreadable = |e: std::io::Error| Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(e);
    let size = std::fs::metadata(file).map_err(unreadable)?.len();
    if usize::try_from(size).unwrap_or(usize::MAX) > MAPPING_BYTES_MAX {
        return Err(Fault::new(Code::InputTooLarge).detail(file.display()));
    }
    std::fs::read_to_string(file).map_err(unreadable)
}

type BookSettings = (Option<carry_model::Currency>, Option<String>);

fn book_settings(values: &BTreeMap<String, String>) -> Result<BookSettings, Fault> {
    let known = ["company", "home_currency"];
    if let Some(name) = values.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Fault::new(Code::ConfigInvalid)
            .field(name)
            .hint("A book knows the settings company and home_currency."));
    }
    let home = values.get("home_currency").map(|text| text.parse()).transpose();
    let home = home.map_err(|e: carry_model::UnknownCurrency| {
        Fault::new(Code::ConfigInvalid).field("home_currency").detail(e)
    })?;
    Ok((home, values.get("company").cloned()))
}
