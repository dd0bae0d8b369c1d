//! A PostgreSQL to test on: the one `CARRY_PG_URL` names, else a private one where it can be started.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::postgres::Postgres;

pub(crate) struct Server {
    url: String,
    schemas: Vec<String>,
    _private: Option<Postgres>,
}

impl Server {
    /// None, with a line that says so, where there is no server.
    pub(crate) fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("CARRY_PG_URL") {
            return Some(Self { url, schemas: Vec::new(), _private: None });
        }
        let private = Postgres::start();
        if private.is_none() {
            eprintln!("skipped: PostgreSQL's server is not installed here, and CARRY_PG_URL names none");
        }
        private.map(|server| Self { url: server.url(), schemas: Vec::new(), _private: Some(server) })
    }

    pub(crate) async fn run(&self, sql: &str) {
        let mut connection = PgConnectOptions::from_str(&self.url).unwrap().connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The address of a schema of its own, empty.
    pub(crate) async fn schema(&mut self, name: &str) -> String {
        let name = format!("carry_test_{name}_{}", std::process::id());
        self.run(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name};")).await;
        let mark = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}options=-csearch_path%3D{name}", self.url);
        self.schemas.push(name);
        url
    }

    /// Removes what was made.
    pub(crate) async fn clean(self) {
        for name in &self.schemas {
            self.run(&format!("DROP SCHEMA {name} CASCADE;")).await;
        }
    }
}
