use carry_model::{Code, Decimal, Fault};
use futures::TryStreamExt;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, MySqlConnection, MySqlPool, Row as _, TypeInfo};
use tokio::sync::mpsc;

use super::postgres::fault_of;
use super::rows::{Chunks, Message};
use super::{CELL_BYTES_MAX, CONNECT_TIME_MAX, QUERY_SILENCE_MAX, Rows, Value, too_large};

// A reader that merges queries side by side holds one connection for each: the GnuCash reader six.
const CONNECTIONS_MAX: u32 = 8;

pub(super) async fn open(options: MySqlConnectOptions, shown: &str) -> Result<MySqlPool, Fault> {
    MySqlPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(CONNECT_TIME_MAX)
        .after_connect(|connection, _| {
            Box::pin(async move {
                let version: String = sqlx::query_scalar("SELECT VERSION()")
                    .persistent(false)
                    .fetch_one(&mut *connection)
                    .await?;
                let limit = if version.contains("MariaDB") {
                    format!("SET SESSION max_statement_time = {}", QUERY_SILENCE_MAX.as_secs())
                } else {
                    format!("SET SESSION max_execution_time = {}", QUERY_SILENCE_MAX.as_millis())
                };
                sqlx::raw_sql(AssertSqlSafe(limit)).execute(&mut *connection).await?;
                // Holds for every later transaction of the session, single statements included.
                sqlx::raw_sql("SET SESSION TRANSACTION READ ONLY").execute(&mut *connection).await?;
                Ok(())
            })
        })
        .connect_with(options.disable_statement_logging())
        .await
        .map_err(|error| fault_of(Code::DatabaseUnreadable, &error).detail(shown))
}

pub(super) fn query(pool: &MySqlPool, sql: String, parameters: Vec<Value>) -> Rows {
    let (rows, sender) = Rows::new(None);
    let pool = pool.clone();
    tokio::spawn(async move {
        let outcome = match pool.acquire().await {
            Err(error) => Err(fault_of(Code::QueryFailed, &error)),
            Ok(mut connection) => tokio::select! {
                outcome = stream(&mut connection, sql, parameters, &sender) => outcome,
                // The rows were dropped: the query ends with its connection, which no other may get.
                () = sender.closed() => {
                    drop(connection.detach());
                    Ok(())
                }
            },
        };
        drop(sender.send(Message::Done(outcome)).await);
    });
    rows
}

async fn stream(
    connection: &mut MySqlConnection,
    sql: String,
    parameters: Vec<Value>,
    sender: &mpsc::Sender<Message>,
) -> Result<(), Fault> {
    let failed = |error: sqlx::Error| fault_of(Code::QueryFailed, &error);
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in parameters {
        query = bind(query, value);
    }
    let mut chunks = None;
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let chunks = match &mut chunks {
            Some(chunks) => chunks,
            None => chunks
                .insert(Chunks::new(row.columns().iter().map(|column| column.name().to_owned()).collect())?),
        };
        if let Some(full) = chunks.push(values_of(&row)?)?
            && sender.send(full).await.is_err()
        {
            return Ok(());
        }
    }
    if let Some(mut chunks) = chunks {
        drop(sender.send(chunks.take()).await);
    }
    Ok(())
}

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, MySqlArguments>;

fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Null => query.bind(None::<String>),
        Value::Int(n) => query.bind(n),
        Value::Text(text) => query.bind(text),
        Value::Decimal(amount) => query.bind(amount.to_string()),
        Value::Bytes(bytes) => query.bind(bytes),
    }
}

fn values_of(row: &MySqlRow) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let bytes: Option<&[u8]> = row
            .try_get_unchecked(at)
            .map_err(|error| fault_of(Code::QueryFailed, &error).field(column.name()))?;
        let value = match bytes {
            None => Some(Value::Null),
            Some(bytes) if bytes.len() > CELL_BYTES_MAX => return Err(too_large(column.name())),
            Some(bytes) => value_of(column.type_info().name(), bytes),
        };
        values.push(value.ok_or_else(|| {
            let kind = column.type_info().name().to_lowercase();
            Fault::new(Code::QueryFailed)
                .field(column.name())
                .detail(format!("A column of type {kind} cannot be read as it is."))
                .hint("Cast the column to char in the query.")
        })?);
    }
    Ok(values)
}

/// Reads a value of the binary protocol: numbers little-endian, decimals and texts as text, dates by parts.
fn value_of(kind: &str, bytes: &[u8]) -> Option<Value> {
    match kind {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => signed(bytes).map(Value::Int),
        "YEAR" => unsigned(bytes).map(unsigned_value),
        _ if kind.ends_with("UNSIGNED") => unsigned(bytes).map(unsigned_value),
        "BIT" if bytes.len() <= 8 => {
            Some(unsigned_value(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))))
        }
        "FLOAT" | "DOUBLE" => shortest(bytes).map(Value::Text),
        "DECIMAL" => std::str::from_utf8(bytes).ok().map(|text| match Decimal::from_str_exact(text) {
            Ok(amount) => Value::Decimal(amount),
            Err(_) => Value::Text(text.to_owned()),
        }),
        "DATE" => moment(bytes).map(|(date, _)| Value::Text(date)),
        "DATETIME" | "TIMESTAMP" => moment(bytes).map(|(date, time)| Value::Text(format!("{date} {time}"))),
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            // Texts with a binary collation (as GnuCash's) are told apart only by what they hold.
            Some(std::str::from_utf8(bytes).map_or_else(|_| Value::Bytes(bytes.to_vec()), Value::from))
        }
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" | "JSON" => {
            Some(std::str::from_utf8(bytes).map_or_else(|_| Value::Bytes(bytes.to_vec()), Value::from))
        }
        "NULL" => Some(Value::Null),
        _ => None,
    }
}

fn unsigned_value(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::Decimal(Decimal::from(number)), Value::Int)
}

fn signed(bytes: &[u8]) -> Option<i64> {
    Some(match *bytes {
        [a] => i64::from(i8::from_le_bytes([a])),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        _ => i64::from_le_bytes(bytes.try_into().ok()?),
    })
}

fn unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

#[allow(clippy::disallowed_types, reason = "the column is a float; it leaves as its shortest text at once")]
fn shortest(bytes: &[u8]) -> Option<String> {
    match *bytes {
        [a, b, c, d] => Some(f32::from_le_bytes([a, b, c, d]).to_string()),
        _ => Some(f64::from_le_bytes(bytes.try_into().ok()?).to_string()),
    }
}

/// A length byte, year (two bytes), month, day, and where not zero hour, minute, second and microseconds.
fn moment(bytes: &[u8]) -> Option<(String, String)> {
    let [_, low, high, month, day, rest @ ..] = bytes else { return None };
    let date = format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([*low, *high]));
    let time = match rest {
        [] => "00:00:00".to_owned(),
        [hour, minute, second] => format!("{hour:02}:{minute:02}:{second:02}"),
        [hour, minute, second, micros @ ..] => {
            format!("{hour:02}:{minute:02}:{second:02}.{:06}", unsigned(micros)?)
        }
        _ => return None,
    };
    Some((date, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_binary_protocol() {
        assert_eq!(value_of("INT", &(-5_i32).to_le_bytes()), Some(Value::Int(-5)));
        assert_eq!(
            value_of("BIGINT UNSIGNED", &u64::MAX.to_le_bytes()).unwrap().text().unwrap().unwrap(),
            u64::MAX.to_string()
        );
        assert_eq!(value_of("DECIMAL", b"19.00").unwrap().text().unwrap().unwrap(), "19.00");
        assert_eq!(value_of("DATE", &[4, 0xEA, 0x07, 1, 31]), Some(Value::from("2026-01-31")));
        assert_eq!(
            value_of("DATETIME", &[7, 0xEA, 0x07, 1, 31, 10, 59, 0]),
            Some(Value::from("2026-01-31 10:59:00"))
        );
        assert_eq!(value_of("VARCHAR", &[0xFF]), Some(Value::Bytes(vec![0xFF])));
        assert_eq!(value_of("GEOMETRY", &[1]), None);
    }
}
