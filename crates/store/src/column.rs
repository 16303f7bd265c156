//! How core's words stand in SQLite: identifiers as blobs, instants as microseconds, enums as their serde words.

use crate::error::Unreadable;
use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An instant as kept. Fractions of a microsecond are dropped.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(crate) fn unreadable(column: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(Unreadable(column)))
}

pub(crate) fn instant(row: &Row<'_>, column: &'static str) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| unreadable(column))
}

pub(crate) fn instant_or_none(row: &Row<'_>, column: &'static str) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    micros.map(Timestamp::from_microsecond).transpose().map_err(|_| unreadable(column))
}

/// An identifier column.
pub(crate) fn id<T>(row: &Row<'_>, column: &'static str, from: fn([u8; 16]) -> T) -> rusqlite::Result<T> {
    row.get(column).map(from)
}

/// An identifier column that may be empty.
pub(crate) fn id_or_none<T>(
    row: &Row<'_>,
    column: &'static str,
    from: fn([u8; 16]) -> T,
) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<[u8; 16]>>(column).map(|bytes| bytes.map(from))
}

/// A count that is never negative.
pub(crate) fn count(row: &Row<'_>, column: &'static str) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| unreadable(column))
}

/// A count for a column: what is beyond the column's range is its end.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The word of an enum without contents: `photo`, `at-gate`.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("only enums without contents are written as words"),
    }
}

pub(crate) fn word_of<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(word)).map_err(|_| unreadable(column))
}

pub(crate) fn word_or_none<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &'static str,
) -> rusqlite::Result<Option<T>> {
    let word: Option<String> = row.get(column)?;
    word.map(|_| word_of(row, column)).transpose()
}

/// A value as JSON text.
pub(crate) fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|_| unreadable("json"))
}

pub(crate) fn json_of<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> rusqlite::Result<T> {
    parsed(&row.get::<_, String>(column)?, column)
}

pub(crate) fn json_or_none<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &'static str,
) -> rusqlite::Result<Option<T>> {
    row.get::<_, Option<String>>(column)?.map(|text| parsed(&text, column)).transpose()
}

fn parsed<T: DeserializeOwned>(text: &str, column: &'static str) -> rusqlite::Result<T> {
    // serde_json's message would quote the value, which may be personal data.
    serde_json::from_str(text).map_err(|_| unreadable(column))
}
