//! Reading any database: values, limits, and that nothing is ever written.

use carry_database::conn::{Database, Dialect, Value};
use carry_model::Code;

use crate::server::Server;
use crate::writing::sqlite;

fn fill(path: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, amount REAL, body BLOB);
             INSERT INTO things VALUES (1, 'ü', 0.1, x'00FF'), (2, NULL, 1e22, NULL), (3, CAST(x'FF' AS TEXT), 5, '');
             CREATE VIEW seen AS SELECT id FROM things;",
        )
        .unwrap();
}

#[tokio::test]
async fn values_of_sqlite() {
    let place = sqlite();
    fill(place.url.strip_prefix("sqlite:").unwrap());
    let database = Database::open(&place.url).await.unwrap();
    assert_eq!(database.dialect(), Dialect::Sqlite);
    assert_eq!(database.tables().await.unwrap(), ["seen", "things"]);
    let shape = database.table("things").await.unwrap().unwrap();
    assert!(shape.has(&["ID", "name"]) && !shape.has(&["price"]));
    assert_eq!(database.table("nothing").await.unwrap(), None);

    let sql = "SELECT * FROM things WHERE id > ?1 ORDER BY id LIMIT ?2";
    let rows = database.fetch(sql, vec![Value::Int(0), Value::Int(10)], 10).await.unwrap();
    assert_eq!(
        rows[0].values(),
        [Value::Int(1), Value::from("ü"), Value::from("0.1"), Value::Bytes(vec![0, 255])]
    );
    assert_eq!(rows[1].value("amount"), &Value::from("10000000000000000000000"));
    assert_eq!(rows[2].text("name").unwrap_err().code, Code::TextUndecodable);
    assert_eq!(
        serde_json::to_string(&rows[0]).unwrap(),
        r#"{"id":1,"name":"ü","amount":"0.1","body":"\\x00ff"}"#
    );
    assert_eq!(
        database.fetch(sql, vec![Value::Int(0), Value::Int(10)], 2).await.unwrap_err().code,
        Code::InputTooLarge
    );
}

#[tokio::test]
async fn nothing_is_written_to_sqlite() {
    let place = sqlite();
    fill(place.url.strip_prefix("sqlite:").unwrap());
    let database = Database::open(&place.url).await.unwrap();
    for sql in
        ["DELETE FROM things", "PRAGMA query_only = OFF", "ATTACH 'x.db' AS x", "SELECT nothing FROM things"]
    {
        assert_eq!(database.fetch(sql, Vec::new(), 10).await.unwrap_err().code, Code::QueryFailed, "{sql}");
    }
    assert_eq!(database.fetch("SELECT id FROM things", Vec::new(), 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_query_ends_when_nobody_listens() {
    let place = sqlite();
    fill(place.url.strip_prefix("sqlite:").unwrap());
    let database = Database::open(&place.url).await.unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    for sql in [endless.to_owned(), endless.replace("SELECT i FROM n", "SELECT count(*) FROM n")] {
        let mut rows = database.query(&sql, Vec::new()).unwrap();
        if !sql.contains("count") {
            assert_eq!(rows.next().await.unwrap().unwrap().values(), [Value::Int(1)]);
        }
        drop(rows);
    }
    // The runtime waits for its threads when it shuts down: an endless query would hang here.
}

#[tokio::test]
async fn files_that_are_no_database_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    let broken = folder.path().join("broken.db");
    std::fs::write(&broken, [b"SQLite format 3\0".as_slice(), &[0x7f; 5000]].concat()).unwrap();
    for path in [&missing, &empty, &broken] {
        let fault = Database::open(path.to_str().unwrap()).await.unwrap_err();
        assert_eq!(fault.code, Code::DatabaseUnreadable);
        assert!(fault.detail.contains(path.file_name().unwrap().to_str().unwrap()), "{fault:?}");
    }
}

#[tokio::test]
async fn values_of_postgresql() {
    let Some(mut server) = Server::start() else { return };
    let url = server.schema("values").await;
    let schema = url.rsplit("%3D").next().unwrap().to_owned();
    server
        .run(&format!(
            "SET search_path = {schema}; CREATE TYPE mood AS ENUM ('glad'); CREATE DOMAIN cents AS bigint;
             CREATE TABLE things (a smallint, b bigint, c numeric, d numeric, e double precision, f real, g boolean,
                 h date, i timestamp, j timestamptz, k uuid, l jsonb, m bytea, n mood, o cents, p varchar(9), q char(3),
                 r point);
             INSERT INTO things VALUES (-1, 9007199254740993, 12.30, 'NaN', 0.1, 0.1, true, '2026-01-31',
                 '2026-01-31 10:59:00.5', '2026-01-31 10:59:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{{\"x\": 1}}',
                 '\\x00ff', 'glad', 7, 'text', 'abc', '(1,2)');"
        ))
        .await;
    let database = Database::open(&url).await.unwrap();
    assert_eq!(database.tables().await.unwrap(), ["things"]);
    let rows =
        database.fetch("SELECT a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q FROM things", Vec::new(), 9).await.unwrap();
    assert_eq!(
        serde_json::to_string(&rows[0]).unwrap(),
        r#"{"a":-1,"b":9007199254740993,"c":"12.30","d":"NaN","e":"0.1","f":"0.1","g":1,"h":"2026-01-31","i":"2026-01-31 10:59:00.5","j":"2026-01-31T09:59:00Z","k":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","l":"{\"x\": 1}","m":"\\x00ff","n":"glad","o":7,"p":"text","q":"abc"}"#
    );
    let fault = database.fetch("SELECT r FROM things", Vec::new(), 9).await.unwrap_err();
    assert_eq!((fault.code, fault.field.as_ref()), (Code::QueryFailed, "r"));
    // A function that writes is refused by the session itself.
    server.run(&format!("CREATE FUNCTION {schema}.sly() RETURNS int LANGUAGE sql AS 'DELETE FROM {schema}.things RETURNING 1'")).await;
    for sql in ["SELECT sly()", "WITH gone AS (DELETE FROM things RETURNING a) SELECT * FROM gone"] {
        assert_eq!(database.fetch(sql, Vec::new(), 9).await.unwrap_err().code, Code::QueryFailed, "{sql}");
    }
    let wrong = url.replacen("://", "://ann:secret@", 1).replacen("@test@", "@", 1).replacen(
        "@carryforward@",
        "@",
        1,
    );
    if let Err(fault) = Database::open(&wrong).await {
        assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
    }
    drop(database);
    server.clean().await;
}

/// Against an empty database that `CARRY_TEST_MYSQL_URL` names.
#[tokio::test]
async fn values_of_mysql() {
    let Ok(url) = std::env::var("CARRY_TEST_MYSQL_URL") else {
        eprintln!("skipped: CARRY_TEST_MYSQL_URL names no MySQL or MariaDB");
        return;
    };
    let pool = sqlx::MySqlPool::connect(&url).await.unwrap();
    for sql in [
        "DROP TABLE IF EXISTS things",
        "CREATE TABLE things (a TINYINT, b BIGINT UNSIGNED, c DECIMAL(20,4), d DOUBLE, e FLOAT, f BOOLEAN, g DATE,
             h DATETIME(6), i TIMESTAMP, j VARCHAR(20), k BLOB, l ENUM('glad'), m YEAR, n TEXT, o DATE)",
        "INSERT INTO things VALUES (-1, 18446744073709551615, 12.30, 0.1, 0.1, TRUE, '2026-01-31',
             '2026-01-31 10:59:00.5', '2026-01-31 10:59:00', 'ü', x'00FF', 'glad', 2026, 'long', NULL)",
    ] {
        sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    }
    let database = Database::open(&url).await.unwrap();
    assert!(database.table("things").await.unwrap().unwrap().has(&["a", "o"]));
    let rows = database.fetch("SELECT * FROM things WHERE a < ?", vec![Value::Int(0)], 9).await.unwrap();
    assert_eq!(
        serde_json::to_string(&rows[0]).unwrap(),
        r#"{"a":-1,"b":"18446744073709551615","c":"12.3000","d":"0.1","e":"0.1","f":1,"g":"2026-01-31","h":"2026-01-31 10:59:00.500000","i":"2026-01-31 10:59:00","j":"ü","k":"\\x00ff","l":"glad","m":2026,"n":"long","o":null}"#
    );
    let sql = "WITH gone AS (SELECT 1) DELETE FROM things";
    assert_eq!(database.fetch(sql, Vec::new(), 9).await.unwrap_err().code, Code::QueryFailed);
    assert_eq!(database.fetch("SELECT a FROM things", Vec::new(), 9).await.unwrap().len(), 1);
    // MariaDB and MySQL call it differently.
    let mut read_only = database.fetch("SELECT @@tx_read_only", Vec::new(), 1).await;
    if read_only.is_err() {
        read_only = database.fetch("SELECT @@transaction_read_only", Vec::new(), 1).await;
    }
    assert_eq!(read_only.unwrap()[0].values()[0].int().unwrap(), Some(1));
    sqlx::raw_sql("DROP TABLE things").execute(&pool).await.unwrap();
}
