-- keys.db, version 2: one key for each bucket. What had a key of its own is a bucket of its own.
CREATE TABLE bucket_key (
    bucket     BLOB PRIMARY KEY,
    key        BLOB NOT NULL CHECK (length(key) = 32),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX bucket_key_by_age ON bucket_key (created_at);
INSERT INTO bucket_key (bucket, key, created_at) SELECT record, key, created_at FROM record_key;
DROP TABLE record_key;
-- Where a record's data key went when it left the bucket that it was sealed into: what an older copy of data.db does not
-- know. Wrapped keys only, and gone with the bucket that they are in now.
CREATE TABLE moved (
    record  BLOB PRIMARY KEY,
    bucket  BLOB NOT NULL REFERENCES bucket_key (bucket) ON DELETE CASCADE,
    wrapped BLOB NOT NULL,
    due     INTEGER NOT NULL                  -- its date, which an older copy of data.db may not know either
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_by_bucket ON moved (bucket);
