//! What a connection needs so that another machine can open it.

use std::path::{Path, PathBuf};

use carry_connector::Manifest;
use carry_model::{Code, Fault};

use crate::open::company_of;
use crate::platform::grant_name;
use crate::spec::{Schema, Spec};

/// The folder that files are laid out in on the other machine, as the connection text names it there.
pub const UPLOADS: &str = "uploads";

/// Deepest folder and most files that are taken along.
const DEPTH_MAX: usize = 8;
const FILES_MAX: usize = 10_000;

/// A connection as another machine opens it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portable {
    /// The connection text. What lies on this machine is named below [`UPLOADS`].
    pub spec: String,
    /// Files to take along: the name below [`UPLOADS`], and where each lies here.
    pub files: Vec<(String, PathBuf)>,
    /// Names of the variables that may hold its credentials.
    pub secrets: Vec<String>,
    /// Under which name its sign-in is kept, where it is a platform's company.
    pub grant: Option<String>,
}

/// What has to be taken along for a source.
pub fn portable_source(text: &str) -> Result<Portable, Fault> {
    match Spec::parse(text, false)? {
        Spec::Files(path) if path.is_file() => one_file("files:", &path),
        Spec::Files(folder) => {
            Ok(Portable { spec: UPLOADS.to_owned(), files: below(&folder)?, ..Portable::default() })
        }
        Spec::Queries(file) => one_file("", &file),
        Spec::Database { url, schema } => match url.strip_prefix("sqlite:") {
            Some(path) if schema == Some(Schema::GnuCash) => one_file("gnucash:", Path::new(path)),
            Some(path) => one_file("sqlite:", Path::new(path)),
            None => portable(text),
        },
        Spec::Odoo { .. } | Spec::Company { .. } => portable(text),
    }
}

/// What has to be taken along for a target. A fault ([`Code::ConfigInvalid`]) for one that lies on this machine.
pub fn portable_target(text: &str) -> Result<Portable, Fault> {
    let local = match Spec::parse(text, true)? {
        Spec::Files(_) | Spec::Queries(_) => true,
        Spec::Database { url, .. } => url.starts_with("sqlite:"),
        Spec::Odoo { .. } | Spec::Company { .. } => false,
    };
    if local {
        return Err(Fault::new(Code::ConfigInvalid)
            .detail("A file of this machine cannot be the target of a run in the cloud.")
            .hint("Give an address that the cloud reaches: postgres://..., odoo+https://..., a platform's company."));
    }
    portable(text)
}

/// What the system behind a target can do, without opening it.
pub fn target_manifest(text: &str) -> Result<&'static Manifest, Fault> {
    Ok(match Spec::parse(text, true)? {
        Spec::Odoo { .. } => carry_odoo::MANIFEST,
        Spec::Company { platform, .. } => platform.manifest,
        Spec::Database { .. } | Spec::Files(_) | Spec::Queries(_) => crate::DEFAULT_TARGET,
    })
}

/// A connection text as it is opened where the uploaded files lie in `folder`: `gnucash:uploads/book.gnucash` names a
/// file there. None for one that names no upload.
pub fn placed(spec: &str, folder: &Path) -> Option<String> {
    let (scheme, path) = spec.split_once(':').map_or(("", spec), |(scheme, path)| (scheme, path));
    let file = match path.strip_prefix(UPLOADS)? {
        "" => folder.to_owned(),
        file => folder.join(file.strip_prefix('/')?),
    };
    Some(if scheme.is_empty() { file.display().to_string() } else { format!("{scheme}:{}", file.display()) })
}

fn portable(text: &str) -> Result<Portable, Fault> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let spec = text.trim().to_owned();
    Ok(match Spec::parse(text, true)? {
        Spec::Odoo { .. } => {
            Portable { spec, secrets: named(&["ODOO_API_KEY", "ODOO_LOGIN"]), ..Portable::default() }
        }
        _ => match company_of(text)? {
            Some((platform, api, company)) => Portable {
                spec,
                secrets: platform.variables().to_vec(),
                grant: Some(grant_name(platform, &api, &company)),
                ..Portable::default()
            },
            None => Portable { spec, ..Portable::default() },
        },
    })
}

fn one_file(scheme: &str, path: &Path) -> Result<Portable, Fault> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| unnamed(path))?;
    Ok(Portable {
        spec: format!("{scheme}{UPLOADS}/{name}"),
        files: vec![(name.to_owned(), path.to_owned())],
        ..Portable::default()
    })
}

/// Files of a folder and of those in it, hidden ones left out, in order of their names.
fn below(folder: &Path) -> Result<Vec<(String, PathBuf)>, Fault> {
    let unreadable =
        |e: std::io::Error| Fault::new(Code::FileUnreadable).detail(folder.display()).caused_by(e);
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), folder.to_owned(), 0)];
    while let Some((prefix, path, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| unnamed(&path))?;
            if name.starts_with('.') || name.starts_with("~$") {
                continue;
            }
            let name = format!("{prefix}{name}");
            if path.is_dir() && depth < DEPTH_MAX {
                folders.push((format!("{name}/"), path, depth + 1));
            } else if path.is_file() {
                files.push((name, path));
            }
            if files.len() + folders.len() > FILES_MAX {
                let detail = format!("{} holds more than {FILES_MAX} files.", folder.display());
                let hint = "Give a folder that holds the exports only.";
                return Err(Fault::new(Code::InputTooLarge).detail(detail).hint(hint));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn unnamed(path: &Path) -> Fault {
    Fault::new(Code::FileUnreadable).detail(path.display()).hint("Give the file a name in plain letters.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_here_is_taken_along() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("more")).unwrap();
        for name in ["b.csv", "more/a.csv", ".hidden", "~$b.csv"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let taken = portable_source(root.to_str().unwrap()).unwrap();
        assert_eq!(taken.spec, "uploads");
        let names: Vec<_> = taken.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b.csv", "more/a.csv"]);

        let file = root.join("b.csv");
        let taken = portable_source(&format!("files:{}", file.display())).unwrap();
        assert_eq!(taken.spec, "files:uploads/b.csv");
        assert_eq!(taken.files, [("b.csv".to_owned(), file)]);

        std::fs::write(root.join("book.gnucash"), b"SQLite format 3\0rest").unwrap();
        let book = root.join("book.gnucash");
        let taken = portable_source(&format!("gnucash:{}", book.display())).unwrap();
        assert_eq!(taken.spec, "gnucash:uploads/book.gnucash");
        assert_eq!(taken.files, [("book.gnucash".to_owned(), book.clone())]);
        let taken = portable_source(book.to_str().unwrap()).unwrap();
        assert_eq!(taken.spec, "sqlite:uploads/book.gnucash");
    }

    #[test]
    fn what_was_uploaded_is_opened_where_it_lies() {
        let placed = |spec| placed(spec, Path::new("/tmp/x"));
        for (spec, there) in [
            ("uploads", "/tmp/x"),
            ("uploads/books.toml", "/tmp/x/books.toml"),
            ("files:uploads/Invoices.csv", "files:/tmp/x/Invoices.csv"),
            ("gnucash:uploads/books.gnucash", "gnucash:/tmp/x/books.gnucash"),
            ("sqlite:uploads/books.db", "sqlite:/tmp/x/books.db"),
        ] {
            assert_eq!(placed(spec).as_deref(), Some(there));
        }
        for spec in
            ["postgres://db/books", "postgres://db/uploads/books", "uploads2/a.csv", "my/uploads/a.csv"]
        {
            assert_eq!(placed(spec), None, "{spec}");
        }
    }

    #[test]
    fn credentials_are_named_and_never_looked_up() {
        let odoo = portable_target("odoo+https://erp.example/main").unwrap();
        assert_eq!(odoo.secrets, ["ODOO_API_KEY", "ODOO_LOGIN"]);
        let xero = portable_target("xero:aa-bb").unwrap();
        assert_eq!(xero.secrets, ["XERO_CLIENT_ID", "XERO_CLIENT_SECRET"]);
        assert_eq!(xero.grant.as_deref(), Some("xero"));
        let database = portable_source("postgres://ann:pw@db.example/books").unwrap();
        assert_eq!(database.spec, "postgres://ann:pw@db.example/books");
        assert_eq!(portable_target("books.sqlite").unwrap_err().code, Code::ConfigInvalid);
    }
}
