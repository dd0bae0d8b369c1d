//! Connection texts: what a person writes after `--from` and `--to`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use carry_database::conn::Address;
use carry_model::{Code, Fault};

use crate::platform::{Platform, platform};

/// How SQLite files begin.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
/// How gzip files begin; GnuCash packs its XML books so.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

const KNOWN: &str = "Known are: a folder of exported files, a SQLite file, a mapping file ending in .toml, files:DIR, \
    sqlite:FILE, gnucash:FILE-or-address, postgres://..., mysql://..., odoo+https://HOST/DATABASE, \
    quickbooks:COMPANY, xero:TENANT.";

/// A connection text, understood but not yet opened.
#[derive(Clone)]
pub(crate) enum Spec {
    /// A folder of exported files.
    Files(PathBuf),
    /// A mapping file with one query per entity, which names its database itself.
    Queries(PathBuf),
    /// A database, recognised by its tables.
    Database {
        /// As given, password included.
        url: String,
        /// What it is held to be, where the text says so.
        schema: Option<Schema>,
    },
    /// An Odoo server.
    Odoo {
        /// `https://host:port`.
        base: String,
        /// Its database.
        database: String,
        /// Id of the company, where the user may act for several.
        company: Option<i64>,
    },
    /// A company of a platform that people sign in to.
    Company {
        /// Which.
        platform: &'static Platform,
        /// Where its API is.
        api: String,
        /// The company there.
        company: String,
    },
}

/// Schemas a connection text can insist on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    /// A GnuCash book.
    GnuCash,
}

impl Spec {
    /// Reads a connection text. `may_be_new` allows files that are not there yet, as targets are.
    pub(crate) fn parse(text: &str, may_be_new: bool) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Fault::new(Code::ConfigInvalid).detail("The connection is empty.").hint(KNOWN));
        }
        // One letter before a colon is a drive, not a scheme.
        match text.split_once(':').filter(|(scheme, _)| scheme.len() > 1) {
            Some(("files", path)) => Ok(Self::Files(absolute(Path::new(path), false)?)),
            Some(("sqlite", path)) => {
                database(Path::new(path.strip_prefix("//").unwrap_or(path)), None, may_be_new)
            }
            Some(("gnucash", rest)) if rest.contains("://") => {
                Ok(Self::Database { url: rest.to_owned(), schema: Some(Schema::GnuCash) })
            }
            Some(("gnucash", path)) => database(Path::new(path), Some(Schema::GnuCash), false),
            Some(("postgres" | "postgresql" | "mysql" | "mariadb", _)) => {
                Ok(Self::Database { url: text.to_owned(), schema: None })
            }
            Some(("odoo+http" | "odoo+https", _)) => odoo(text),
            Some((scheme, rest)) if platform_of(scheme).is_some() => company(scheme, rest),
            Some((scheme, rest)) if rest.starts_with("//") => Err(Fault::new(Code::ConfigInvalid)
                .detail(format!("There is no connection of the sort '{scheme}'."))
                .hint(KNOWN)),
            _ => Self::path(Path::new(text), may_be_new),
        }
    }

    fn path(path: &Path, may_be_new: bool) -> Result<Self, Fault> {
        if !path.exists() && may_be_new {
            return database(path, None, true);
        }
        let path = absolute(path, false)?;
        if path.is_dir() {
            return Ok(Self::Files(path));
        }
        if path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("toml")) {
            return Ok(Self::Queries(path));
        }
        let head = head(&path)?;
        if head.starts_with(SQLITE_MAGIC) || head.is_empty() {
            return database(&path, None, may_be_new);
        }
        let unrecognised = Fault::new(Code::SourceUnrecognised).detail(path.display());
        let xml = head.starts_with(GZIP_MAGIC) || head.trim_ascii_start().starts_with(b"<?xml");
        Err(if xml && path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("gnucash")) {
            unrecognised.hint("In GnuCash choose File, Save As, data format sqlite3, and give that file.")
        } else {
            unrecognised.hint("Give the folder that holds the exported files, or a SQLite file.")
        })
    }

    /// As it is stored and shown: made whole, without user and password.
    pub(crate) fn shown(&self) -> Result<String, Fault> {
        Ok(match self {
            Self::Files(path) => format!("files:{}", path.display()),
            Self::Queries(path) => format!("queries:{}", path.display()),
            Self::Database { url, schema: Some(Schema::GnuCash) } => {
                format!("gnucash:{}", Address::parse(url)?.to_string().trim_start_matches("sqlite:"))
            }
            Self::Database { url, schema: None } => Address::parse(url)?.to_string(),
            Self::Odoo { base, database, company: None } => format!("odoo+{base}/{database}"),
            Self::Odoo { base, database, company: Some(id) } => format!("odoo+{base}/{database}/{id}"),
            Self::Company { platform, api, company } => platform.connection(api, company),
        })
    }
}

/// The platform that `quickbooks`, `quickbooks+https` or `quickbooks+http` names.
fn platform_of(scheme: &str) -> Option<&'static Platform> {
    platform(scheme.split('+').next()?)
}

/// `quickbooks:COMPANY`, or `quickbooks+https://HOST/COMPANY` for an API elsewhere.
fn company(scheme: &str, rest: &str) -> Result<Spec, Fault> {
    let known = platform_of(scheme).ok_or_else(|| Fault::new(Code::Bug).detail("no platform"))?;
    let invalid = |why: &str| {
        let hint = format!(
            "Write it as {0}:COMPANY; `carry connect {0}` signs in and names the company.",
            known.manifest.system
        );
        Fault::new(Code::ConfigInvalid).detail(why).hint(hint)
    };
    let (api, company) = match scheme.split_once('+') {
        None => (known.api.to_owned(), rest),
        Some((_, protocol)) => {
            let address = rest.strip_prefix("//").unwrap_or(rest).trim_end_matches('/');
            let (host, company) = address.split_once('/').ok_or_else(|| invalid("It names no company."))?;
            (format!("{protocol}://{host}"), company)
        }
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if company.is_empty() || !company.chars().all(plain) || api.contains(['@', '?', '#']) {
        return Err(invalid("A company is named by its id alone."));
    }
    Ok(Spec::Company { platform: known, api, company: company.to_owned() })
}

fn database(path: &Path, schema: Option<Schema>, may_be_new: bool) -> Result<Spec, Fault> {
    let path = absolute(path, may_be_new)?;
    if path.is_dir() {
        return Err(Fault::new(Code::DatabaseUnreadable)
            .detail(format!("{} is a folder.", path.display()))
            .hint("Name a file in it, such as books.sqlite."));
    }
    let path = path.to_str().ok_or_else(|| {
        Fault::new(Code::FileUnreadable).detail(path.display()).hint("Give the file a name in plain letters.")
    })?;
    Ok(Spec::Database { url: format!("sqlite:{path}"), schema })
}

/// The path from the root on, links followed, so that one place always has one name.
fn absolute(path: &Path, may_be_new: bool) -> Result<PathBuf, Fault> {
    let unreadable = |e: std::io::Error| Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(e);
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(e) if may_be_new && e.kind() == std::io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or_else(|| unreadable(e))?;
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(folder.canonicalize().map_err(unreadable)?.join(name))
        }
        Err(e) => Err(unreadable(e)),
    }
}

fn head(path: &Path) -> Result<Vec<u8>, Fault> {
    let unreadable = |e: std::io::Error| Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(e);
    let mut head = Vec::new();
    let most = u64::try_from(SQLITE_MAGIC.len()).unwrap_or(u64::MAX);
    File::open(path).map_err(unreadable)?.take(most).read_to_end(&mut head).map_err(unreadable)?;
    Ok(head)
}

/// `odoo+https://host[:port]/DATABASE[/COMPANY]`. A user or key in it is refused, for the text is stored and shown.
fn odoo(text: &str) -> Result<Spec, Fault> {
    let invalid = |why: &str| {
        Fault::new(Code::ConfigInvalid)
            .detail(why)
            .hint("Write it as odoo+https://HOST/DATABASE and put the key into the variable ODOO_API_KEY.")
    };
    if text.contains(['@', '?', '#']) {
        return Err(invalid("An Odoo address holds no user, key or options."));
    }
    let incomplete = || invalid("The Odoo address is not complete.");
    let url = text.strip_prefix("odoo+").unwrap_or(text).trim_end_matches('/');
    let (scheme, rest) = url.split_once("://").ok_or_else(incomplete)?;
    let mut parts = rest.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (host, database) = next().zip(next()).ok_or_else(incomplete)?;
    let company = next().map(str::parse).transpose();
    let company = company.map_err(|_| invalid("After the database stands the id of a company, a number."))?;
    if next().is_some() {
        return Err(invalid("The Odoo address has too many parts."));
    }
    Ok(Spec::Odoo { base: format!("{scheme}://{host}"), database: database.to_owned(), company })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, Fault> {
        Spec::parse(text, true)?.shown()
    }

    #[test]
    fn passwords_are_never_shown() {
        for (text, wanted) in [
            ("postgres://ann:secret@db.example/books", "postgres://db.example:5432/books"),
            ("mysql://ann:secret@db.example/books", "mysql://db.example:3306/books"),
            ("gnucash:postgres://ann:secret@db.example/b", "gnucash:postgres://db.example:5432/b"),
            ("odoo+https://erp.example/main", "odoo+https://erp.example/main"),
            ("odoo+http://localhost:8069/main/", "odoo+http://localhost:8069/main"),
            ("odoo+https://erp.example/main/3", "odoo+https://erp.example/main/3"),
            ("quickbooks:9130357", "quickbooks:9130357"),
            ("quickbooks+https://quickbooks.api.intuit.com/9130357", "quickbooks:9130357"),
            ("xero+http://127.0.0.1:8000/aa-bb/", "xero+http://127.0.0.1:8000/aa-bb"),
        ] {
            assert_eq!(shown(text).unwrap(), wanted);
        }
        for text in ["odoo+https://ann:secret@erp.example/main", "odoo+https://erp.example/main?key=secret"] {
            let fault = shown(text).unwrap_err();
            assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
        }
    }

    #[test]
    fn paths_are_told_apart_by_what_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(root.join(name), bytes).unwrap();
        write("books.db", b"SQLite format 3\0rest");
        write("books.toml", b"[source]");
        write("books.gnucash", b"<?xml version=\"1.0\"?>");
        let at = |name: &str| root.join(name).display().to_string();
        assert_eq!(shown(&root.display().to_string()).unwrap(), format!("files:{}", root.display()));
        assert_eq!(shown(&at("books.db")).unwrap(), format!("sqlite:{}", at("books.db")));
        assert_eq!(shown(&at("new.db")).unwrap(), format!("sqlite:{}", at("new.db")));
        assert_eq!(shown(&at("books.toml")).unwrap(), format!("queries:{}", at("books.toml")));
        let fault = shown(&at("books.gnucash")).unwrap_err();
        assert!(fault.remedy().contains("sqlite3"), "{fault:?}");
        assert!(Spec::parse(&at("new.db"), false).is_err(), "a source has to be there");
    }

    #[test]
    fn unknown_sorts_are_named() {
        for text in [
            "oracle://x/y",
            "",
            "odoo+https://erp.example",
            "odoo+https://erp.example/main/x",
            "odoo+https://erp.example/main/1/2",
            "quickbooks:",
            "quickbooks:ann@9130357",
            "xero+https://books.example",
            "sqlite:/nowhere/at/all.db",
        ] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
