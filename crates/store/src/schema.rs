//! Whether a database is what its version says: checked at every start, after its migration.
//!
//! Migrations expand, then contract: a step adds, and what it replaces goes in a later one, when no row needs it any
//! more. The key ring alone contracts at once: a key that stands in two places would be destroyed in one.

use crate::error::{During, Result, StoreError};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Compares tables, indexes, views and triggers with those that `schemas` make in an empty database.
///
/// # Errors
/// [`StoreError::AlteredSchema`] names the first that is missing, other or not ours.
pub(crate) fn check(connection: &Connection, file: &'static str, schemas: &[&str]) -> Result<()> {
    let during = "checking the schema";
    let fresh = Connection::open_in_memory().during(during)?;
    for schema in schemas {
        fresh.execute_batch(schema).during(during)?;
    }
    let (expected, found) = (objects(&fresh).during(during)?, objects(connection).during(during)?);
    let altered = |object: &String, what| StoreError::AlteredSchema { file, object: object.clone(), what };
    for (object, sql) in &expected {
        match found.get(object) {
            None => return Err(altered(object, "is missing")),
            Some(other) if other != sql => return Err(altered(object, "was altered")),
            Some(_) => {}
        }
    }
    found
        .keys()
        .find(|object| !expected.contains_key(*object))
        .map_or(Ok(()), |object| Err(altered(object, "is not ours")))
}

/// What SQLite knows, by kind and name, without comments and layout; its own tables left out.
fn objects(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    connection
        .prepare("SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_schema WHERE substr(name, 1, 7) <> 'sqlite_'")?
        .query_map([], |row| {
            let sql: String = row.get(1)?;
            let plain = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
            let words: Vec<&str> = plain.flat_map(str::split_whitespace).collect();
            Ok((row.get(0)?, words.join(" ")))
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{SCHEMAS, Store, migrate};
    use portunus_core::ports::Entropy;
    use std::sync::Arc;

    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    /// The cells of one row of one table, by column.
    type Rows = Vec<(String, Vec<String>, Vec<Vec<String>>)>;

    fn strings(connection: &Connection, sql: &str) -> Vec<String> {
        let mut find = connection.prepare(sql).unwrap();
        find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn columns(connection: &Connection, table: &str, what: &str) -> Vec<String> {
        strings(connection, &format!("SELECT {what} FROM pragma_table_info('{table}') ORDER BY cid"))
    }

    fn tables(connection: &Connection) -> Vec<String> {
        strings(
            connection,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY 1",
        )
    }

    fn rows(connection: &Connection, table: &str, columns: &[String]) -> Vec<Vec<String>> {
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let order = if columns.len() > 1 { "1, 2" } else { "1" };
        let sql = format!("SELECT {} FROM {table} ORDER BY {order}", quoted.join(", "));
        let mut find = connection.prepare(&sql).unwrap();
        let row = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|n| row.get(n)).collect();
        find.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    /// A database as `schemas` left it, two rows in every table; what of one is another's has the same bytes.
    fn filled(path: &std::path::Path, schemas: &[&str]) -> Rows {
        let connection = Connection::open(path).unwrap();
        for schema in schemas {
            connection.execute_batch(schema).unwrap();
        }
        connection.pragma_update(None, "user_version", i64::try_from(schemas.len()).unwrap()).unwrap();
        connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
        connection.pragma_update(None, "ignore_check_constraints", "ON").unwrap();
        let mut all = Vec::new();
        for table in tables(&connection) {
            let names = columns(&connection, &table, "name");
            let kinds = columns(&connection, &table, "type");
            // Adding a column to it looks at its rows: there is the one.
            let rows_of_it: u8 = if table == "ledger_head" { 1 } else { 2 };
            for n in 1..=rows_of_it {
                let cell = |(name, kind): (&String, &String)| match kind.as_str() {
                    "INTEGER" => n.to_string(),
                    "BLOB" if name == "key" => format!("x'{}'", format!("{n:02x}").repeat(32)),
                    "BLOB" => format!("x'{}'", format!("{n:02x}").repeat(16)),
                    _ => format!("'{n}'"),
                };
                let cells: Vec<String> = names.iter().zip(&kinds).map(cell).collect();
                let insert = format!("INSERT OR IGNORE INTO {table} VALUES ({})", cells.join(", "));
                connection.execute(&insert, []).unwrap();
            }
            let rows = rows(&connection, &table, &names);
            assert_eq!(rows.len(), usize::from(rows_of_it), "{table}");
            all.push((table, names, rows));
        }
        all
    }

    #[test]
    fn every_earlier_version_is_brought_here_with_all_its_rows() {
        for (file, schemas) in [("data.db", SCHEMAS), ("keys.db", crate::keyring::SCHEMAS)] {
            for version in 1..=schemas.len() {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join(file);
                let before = filled(&path, &schemas[..version]);
                let mut connection = crate::store::connect(&path, "DELETE").unwrap();
                migrate(&mut connection, file, schemas).unwrap();
                let now = tables(&connection);
                for (table, columns, rows_before) in before {
                    // A record's own key became the key of its own bucket.
                    let (table, columns) = match table.as_str() {
                        "record_key" => {
                            ("bucket_key", ["bucket", "key", "created_at"].map(String::from).to_vec())
                        }
                        // The program seals what stood there in the clear: see below.
                        "crossing" if columns.iter().any(|c| c == "person") => ("crossing_in_clear", columns),
                        other => (other, columns),
                    };
                    assert!(now.iter().any(|name| name == table), "{file} {version}: {table} is gone");
                    assert_eq!(rows(&connection, table, &columns), rows_before, "{file} {version}: {table}");
                }
            }
        }
    }

    #[test]
    fn who_crossed_stood_in_the_clear_up_to_version_5_and_is_sealed_by_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.db");
        let connection = Connection::open(&path).unwrap();
        for schema in &SCHEMAS[..5] {
            connection.execute_batch(schema).unwrap();
        }
        connection.pragma_update(None, "user_version", 5).unwrap();
        let person = r#"{"capacity":"passenger","family_name":"MUELLER","given_names":"ANNA","born":"1980-02-29",
            "sex":null,"nationality":null,"documents":[{"issuer":"D","kind":"P","number":"C01X00T47"}],
            "journey_from":null,"journey_to":null,"carrier_reference":null,"booking":null}"#;
        let sql = "INSERT INTO crossing VALUES (?1, ?2, ?3, 'non-immigrant', 5, 'face-matched', 0, 9000000000, NULL)";
        connection.execute(sql, ([1_u8; 16], [2_u8; 16], person)).unwrap();
        drop(connection);
        let in_clear = || std::fs::read(&path).unwrap().windows(7).any(|bytes| bytes == b"MUELLER");
        assert!(in_clear());
        let store = Store::open(folder.path(), Arc::new(Sevens)).unwrap();
        assert!(!in_clear());
        let now = jiff::Timestamp::from_second(6).unwrap();
        let document = portunus_core::document::DocumentKey::new(
            portunus_core::document::State::new("D").unwrap(),
            portunus_core::document::DocumentKind::new("P").unwrap(),
            "C01X00T47",
        );
        let documents = [document.ok().unwrap()];
        let held = store.held_on(&crate::Subject { documents: &documents, person: None }, now).unwrap();
        let voyage = portunus_core::id::VoyageId::from_bytes([1; 16]);
        let kept = store.crossings(voyage, now).unwrap();
        assert_eq!((held.len(), held[0].record), (1, kept[0].record));
        let within = crate::Within::Voyage(voyage);
        let access =
            crate::Access { by: crate::Reader::Staging, purpose: crate::Purpose::BuildGallery, within };
        let content = store.open_record(kept[0].record, &access, now).unwrap().unwrap();
        assert!(content.windows(7).any(|bytes| bytes == b"MUELLER"));
    }

    #[test]
    fn a_schema_that_somebody_altered_is_refused_and_named() {
        for (file, sql, expected) in [
            ("data.db", "CREATE TABLE mine (a)", "table mine is not ours"),
            ("data.db", "ALTER TABLE record ADD COLUMN note TEXT", "table record was altered"),
            ("data.db", "DROP INDEX boarding_live", "index boarding_live is missing"),
            (
                "keys.db",
                "CREATE TRIGGER t AFTER DELETE ON secret BEGIN SELECT 1; END",
                "trigger t is not ours",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let open = || Store::open(folder.path(), Arc::new(Sevens)).map(|_| ());
            open().unwrap();
            open().unwrap();
            Connection::open(folder.path().join(file)).unwrap().execute_batch(sql).unwrap();
            let said = open().unwrap_err().to_string();
            assert!(said.contains(file) && said.contains(expected), "{said}");
        }
    }

    #[test]
    fn what_statistics_sqlite_keeps_for_itself_is_no_alteration() {
        let folder = tempfile::tempdir().unwrap();
        Store::open(folder.path(), Arc::new(Sevens)).map(|_| ()).unwrap();
        Connection::open(folder.path().join("data.db")).unwrap().execute_batch("ANALYZE").unwrap();
        Store::open(folder.path(), Arc::new(Sevens)).map(|_| ()).unwrap();
    }
}
