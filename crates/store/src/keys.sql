-- keys.db, version 1: a store without history. Own file, mode 0600, never in a backup of data.db.
CREATE TABLE record_key (
    record     BLOB PRIMARY KEY,
    key        BLOB NOT NULL CHECK (length(key) = 32),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX record_key_by_age ON record_key (created_at);
CREATE TABLE gallery_key (
    voyage     BLOB PRIMARY KEY,
    key        BLOB NOT NULL CHECK (length(key) = 32),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    key  BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;
