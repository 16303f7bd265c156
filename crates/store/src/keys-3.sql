-- keys.db, version 3: keys may be sealed themselves, under a key that comes from a secret outside this file.
CREATE TABLE ring_lock (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    salt     BLOB NOT NULL CHECK (length(salt) = 16),
    memory   INTEGER NOT NULL,                 -- of Argon2id, in KiB
    passes   INTEGER NOT NULL,
    checking BLOB NOT NULL                     -- sealed zeros: whether a secret is the right one
) STRICT;
-- 32 bytes in the clear, or 73 sealed. Children first: `moved` follows its bucket's key.
CREATE TABLE new_bucket_key (
    bucket     BLOB PRIMARY KEY,
    key        BLOB NOT NULL CHECK (length(key) IN (32, 73)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_bucket_key SELECT * FROM bucket_key;
CREATE TABLE new_moved (
    record  BLOB PRIMARY KEY,
    bucket  BLOB NOT NULL REFERENCES new_bucket_key (bucket) ON DELETE CASCADE, -- renamed with its table
    wrapped BLOB NOT NULL,
    due     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_moved SELECT * FROM moved;
DROP TABLE moved;
DROP TABLE bucket_key;
ALTER TABLE new_bucket_key RENAME TO bucket_key;
ALTER TABLE new_moved RENAME TO moved;
CREATE INDEX bucket_key_by_age ON bucket_key (created_at);
CREATE INDEX moved_by_bucket ON moved (bucket);
CREATE TABLE new_gallery_key (
    voyage     BLOB PRIMARY KEY,
    key        BLOB NOT NULL CHECK (length(key) IN (32, 73)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_gallery_key SELECT * FROM gallery_key;
DROP TABLE gallery_key;
ALTER TABLE new_gallery_key RENAME TO gallery_key;
CREATE TABLE new_secret (
    name TEXT PRIMARY KEY,
    key  BLOB NOT NULL CHECK (length(key) IN (32, 73))
) STRICT, WITHOUT ROWID;
INSERT INTO new_secret SELECT * FROM secret;
DROP TABLE secret;
ALTER TABLE new_secret RENAME TO secret;
