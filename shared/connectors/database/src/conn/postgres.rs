use carry_model::{Code, Decimal, Fault};
use futures::TryStreamExt;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgPoolOptions, PgRow, PgTypeKind, PgValueFormat, PgValueRef,
};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, PgConnection, PgPool, Row as _, TypeInfo, ValueRef};
use tokio::sync::mpsc;

use super::rows::{Chunks, Message};
use super::{CELL_BYTES_MAX, CONNECT_TIME_MAX, QUERY_SILENCE_MAX, Rows, Value, too_large};

// A reader that merges queries side by side holds one connection for each: the GnuCash reader six.
const CONNECTIONS_MAX: u32 = 8;

pub(super) async fn open(options: PgConnectOptions, shown: &str) -> Result<PgPool, Fault> {
    let timeout = format!("{}ms", QUERY_SILENCE_MAX.as_millis());
    let options = options
        .application_name("carryforward")
        .options([
            ("default_transaction_read_only", "on"),
            ("statement_timeout", timeout.as_str()),
            ("jit", "off"),
        ])
        .disable_statement_logging();
    pool(options, CONNECTIONS_MAX, shown).await
}

/// A pool whose first connection has been made.
pub(crate) async fn pool(
    options: PgConnectOptions,
    connections_max: u32,
    shown: &str,
) -> Result<PgPool, Fault> {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(CONNECT_TIME_MAX)
        .connect_with(options)
        .await
        .map_err(|error| fault_of(Code::DatabaseUnreadable, &error).detail(shown))
}

pub(super) fn query(pool: &PgPool, sql: String, parameters: Vec<Value>) -> Rows {
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
    connection: &mut PgConnection,
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

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Null => query.bind(None::<String>),
        Value::Int(n) => query.bind(n),
        Value::Text(text) => query.bind(text),
        Value::Decimal(amount) => query.bind(amount.to_string()),
        Value::Bytes(bytes) => query.bind(bytes),
    }
}

fn values_of(row: &PgRow) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let value = row.try_get_raw(at).map_err(|error| fault_of(Code::QueryFailed, &error))?;
        values.push(value_of(&value).map_err(|fault| fault.field(column.name()))?);
    }
    Ok(values)
}

fn value_of(value: &PgValueRef<'_>) -> Result<Value, Fault> {
    let Ok(bytes) = value.as_bytes() else { return Ok(Value::Null) };
    if bytes.len() > CELL_BYTES_MAX {
        return Err(too_large(""));
    }
    let info = value.type_info();
    let info = match info.kind() {
        PgTypeKind::Domain(base) => base,
        PgTypeKind::Enum(_) => return Ok(text_of(bytes)),
        _ => &*info,
    };
    if value.format() == PgValueFormat::Text {
        return Ok(text_of(bytes));
    }
    let known = match info.name() {
        "INT8" | "INT4" | "INT2" => integer(bytes).map(Value::Int),
        "OID" => number::<4>(bytes).map(|b| Value::Int(u32::from_be_bytes(b).into())),
        "BOOL" => bytes.first().map(|byte| Value::Int((*byte).into())),
        "FLOAT4" | "FLOAT8" => shortest(bytes).map(Value::Text),
        "NUMERIC" => numeric(bytes).map(|text| match Decimal::from_str_exact(&text) {
            Ok(amount) => Value::Decimal(amount),
            Err(_) => Value::Text(text),
        }),
        "DATE" => number::<4>(bytes).and_then(|b| date(i32::from_be_bytes(b))).map(Value::Text),
        "TIMESTAMP" => number::<8>(bytes).and_then(|b| time(i64::from_be_bytes(b), false)).map(Value::Text),
        "TIMESTAMPTZ" => number::<8>(bytes).and_then(|b| time(i64::from_be_bytes(b), true)).map(Value::Text),
        "UUID" => Some(Value::Text(uuid(bytes))),
        "JSONB" => bytes.get(1..).map(text_of),
        "BYTEA" => Some(Value::Bytes(bytes.to_vec())),
        "TEXT" | "VARCHAR" | "CHAR" | "\"CHAR\"" | "NAME" | "JSON" | "XML" | "UNKNOWN" | "citext" => {
            Some(text_of(bytes))
        }
        _ => None,
    };
    known.ok_or_else(|| {
        Fault::new(Code::QueryFailed)
            .detail(format!("A column of type {} cannot be read as it is.", info.name().to_lowercase()))
            .hint("Cast the column to text in the query.")
    })
}

fn text_of(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec()),
    }
}

fn number<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn integer(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        2 => number(bytes).map(|b| i16::from_be_bytes(b).into()),
        4 => number(bytes).map(|b| i32::from_be_bytes(b).into()),
        _ => number(bytes).map(i64::from_be_bytes),
    }
}

#[allow(clippy::disallowed_types, reason = "the column is a float; it leaves as its shortest text at once")]
fn shortest(bytes: &[u8]) -> Option<String> {
    match bytes.len() {
        4 => number(bytes).map(|b| f32::from_be_bytes(b).to_string()),
        _ => number(bytes).map(|b| f64::from_be_bytes(b).to_string()),
    }
}

/// PostgreSQL's binary numeric (count, weight, sign, scale, then base-10000 digits) as plain decimal text.
fn numeric(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).filter_map(|pair| number::<2>(pair).map(i16::from_be_bytes));
    let (_count, weight, sign, scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    match sign.cast_unsigned() {
        0x0000 | 0x4000 => {}
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        _ => return Some("-Infinity".to_owned()),
    }
    let digits: Vec<i16> = words.collect();
    let group = |at: i32| usize::try_from(at).ok().and_then(|at| digits.get(at)).copied().unwrap_or(0);
    let weight = i32::from(weight);
    let mut text = String::from(if sign == 0 { "" } else { "-" });
    if weight < 0 {
        text.push('0');
    }
    for at in 0..=weight {
        text.push_str(&if at == 0 { group(at).to_string() } else { format!("{:04}", group(at)) });
    }
    let scale = usize::try_from(scale).ok()?;
    if scale > 0 {
        let groups = i32::try_from(scale.div_ceil(4)).ok()?;
        let fraction: String = (1..=groups).map(|n| format!("{:04}", group(weight + n))).collect();
        text.push('.');
        text.push_str(fraction.get(..scale)?);
    }
    Some(text)
}

const EPOCH: Date = Date::constant(2000, 1, 1);

fn date(days: i32) -> Option<String> {
    // The extremes are PostgreSQL's infinities.
    let span = SignedDuration::from_hours(i64::from(days) * 24);
    Some(EPOCH.checked_add(span).map_or_else(|_| "infinity".to_owned(), |date| date.to_string()))
}

fn time(micros: i64, zoned: bool) -> Option<String> {
    let since = SignedDuration::from_micros(micros);
    if zoned {
        let epoch: Timestamp = Timestamp::from_second(946_684_800).ok()?;
        return Some(
            epoch.checked_add(since).map_or_else(|_| "infinity".to_owned(), |time| time.to_string()),
        );
    }
    let local = EPOCH.at(0, 0, 0, 0).checked_add(since);
    Some(local.map_or_else(|_| "infinity".to_owned(), |time| time.to_string().replace('T', " ")))
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The fault of an error of a database server; its message never holds a credential.
pub(crate) fn fault_of(code: Code, error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Database(cause) => {
            let fault = |code| Fault::new(code).raw(cause.message());
            match cause.code().as_deref() {
                // statement_timeout; MySQL's and MariaDB's execution time.
                Some("57014" | "3024" | "1969") => fault(Code::TimedOut),
                // Too many connections, shutting down, deadlock, serialisation failure.
                Some("53300" | "57P01" | "57P03" | "40P01" | "40001") => fault(Code::ServerFailed),
                _ => fault(code),
            }
        }
        sqlx::Error::Io(cause) if code == Code::DatabaseUnreadable => Fault::new(code).caused_by(cause),
        sqlx::Error::Io(cause) => Fault::new(Code::ConnectionFailed).caused_by(cause),
        sqlx::Error::PoolTimedOut => {
            Fault::new(Code::ConnectionFailed).detail("No connection came free in time.")
        }
        sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed => Fault::new(Code::ConnectionFailed).caused_by(error),
        // The message of a configuration error may quote the address.
        sqlx::Error::Configuration(_) => Fault::new(Code::ConfigInvalid).detail("The database's address."),
        _ => Fault::new(code).caused_by(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[i16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn numerics_are_read_exactly() {
        let read = |input: &[i16]| numeric(&words(input)).unwrap();
        assert_eq!(read(&[2, 0, 0, 2, 12, 3400]), "12.34");
        assert_eq!(read(&[1, -1, 0x4000, 4, 5]), "-0.0005");
        assert_eq!(read(&[1, -2, 0, 8, 5]), "0.00000005");
        assert_eq!(read(&[1, 1, 0, 0, 7]), "70000");
        assert_eq!(read(&[0, 0, 0, 2]), "0.00");
        assert_eq!(read(&[3, 1, 0, 0, 1, 2, 3]), "10002");
    }

    #[test]
    fn dates_and_times_count_from_2000() {
        assert_eq!(date(0).unwrap(), "2000-01-01");
        assert_eq!(date(-1).unwrap(), "1999-12-31");
        assert_eq!(date(i32::MAX).unwrap(), "infinity");
        assert_eq!(time(1_500_000, false).unwrap(), "2000-01-01 00:00:01.5");
        assert_eq!(time(0, true).unwrap(), "2000-01-01T00:00:00Z");
    }
}
