use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use carry_model::{Code, Fault};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// Where a database is. Shown without user and password.
#[derive(Clone)]
pub enum Address {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server and database.
    Postgres(Box<PgConnectOptions>),
    /// A MySQL or MariaDB server and database.
    MySql(Box<MySqlConnectOptions>),
}

impl Address {
    /// Reads `sqlite:PATH`, a plain path, `postgres://...`, `postgresql://...`, `mysql://...` or `mariadb://...`.
    pub fn parse(url: &str) -> Result<Self, Fault> {
        let Some((scheme, rest)) = url.split_once(':') else { return Ok(Self::Sqlite(PathBuf::from(url))) };
        // The parser's own message may quote the address with its password, so it is not passed on.
        let invalid = |what: &str| {
            Fault::new(Code::ConfigInvalid).detail(format!("The {what} address is not complete.")).hint(
                format!("Write it as {what}://USER:PASSWORD@HOST:PORT/DATABASE; encode special characters."),
            )
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Ok(Self::Sqlite(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))),
            "postgres" | "postgresql" => PgConnectOptions::from_str(&format!("postgres:{rest}"))
                .map(|options| Self::Postgres(Box::new(options)))
                .map_err(|_| invalid("postgres")),
            "mysql" | "mariadb" => MySqlConnectOptions::from_str(&format!("mysql:{rest}"))
                .map(|options| Self::MySql(Box::new(options)))
                .map_err(|_| invalid("mysql")),
            _ if rest.starts_with("//") => Err(Fault::new(Code::ConfigInvalid)
                .detail(format!("There is no database of the sort '{scheme}'."))
                .hint("Databases are sqlite:PATH, postgres://..., mysql://... or mariadb://...")),
            // A drive letter or a colon in a file name.
            _ => Ok(Self::Sqlite(PathBuf::from(url))),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or_default();
                write!(f, "postgres://{}:{}/{database}", options.get_host(), options.get_port())
            }
            Self::MySql(options) => {
                let database = options.get_database().unwrap_or_default();
                write!(f, "mysql://{}:{}/{database}", options.get_host(), options.get_port())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_credentials() {
        for (url, shown) in [
            ("books.gnucash", "sqlite:books.gnucash"),
            ("sqlite:/a/b.db", "sqlite:/a/b.db"),
            ("sqlite:///a/b.db", "sqlite:/a/b.db"),
            ("postgresql://ann:secret@db.example:5433/books", "postgres://db.example:5433/books"),
            ("mariadb://ann:secret@db.example/books", "mysql://db.example:3306/books"),
        ] {
            assert_eq!(Address::parse(url).map(|a| a.to_string()).unwrap(), shown);
        }
    }

    #[test]
    fn a_broken_address_does_not_give_its_password_away() {
        for url in
            ["postgres://ann:secret@:x/", "mysql://ann:secret@host:99999999/x", "oracle://ann:secret@host/x"]
        {
            if let Err(fault) = Address::parse(url) {
                assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
            }
        }
    }
}
