-- data.db, version 7: what the public ledger is to be told, written in the transaction that did it.

ALTER TABLE record ADD COLUMN ledger BLOB;  -- its identifier in the ledger, and nowhere else; NULL: not stated; zeros: no more
ALTER TABLE record ADD COLUMN about BLOB;   -- whose it is, to count people by; says nothing of itself
ALTER TABLE record ADD COLUMN early INTEGER NOT NULL DEFAULT 0; -- erased before its date
CREATE INDEX record_unstated ON record (id) WHERE ledger IS NULL;
CREATE INDEX record_by_ledger ON record (ledger);
ALTER TABLE designation ADD COLUMN stated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN stated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN accounted INTEGER NOT NULL DEFAULT 0; -- what became of captures up to this count is stated
UPDATE device SET accounted = last_counter;

CREATE TABLE outbox (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    leaf   TEXT NOT NULL,
    record BLOB,                            -- the ledger's identifier of the record that it is about
    about  BLOB,                            -- whose; NULL: of nobody, it goes at once
    due    INTEGER                          -- it goes by then, also where it is of fewer than ten people
) STRICT;
CREATE INDEX outbox_by_record ON outbox (record);
CREATE TABLE sequenced (                    -- has its place in the log, and may not be there yet
    place INTEGER PRIMARY KEY,
    leaf  TEXT NOT NULL
) STRICT;
CREATE TABLE ledger_head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL) STRICT;
INSERT INTO ledger_head (id, size) VALUES (1, 0);
CREATE TABLE stated (                       -- what was stated last, of that which changes
    what  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Captures that devices counted, until the ledger is told what became of them.
CREATE TABLE counted (
    device      BLOB NOT NULL,
    counter     INTEGER NOT NULL,
    key         BLOB NOT NULL,
    at          INTEGER NOT NULL,
    designation BLOB,
    became      TEXT NOT NULL DEFAULT 'never-stored',
    encounter   BLOB,
    settled     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, counter)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_by_key ON counted (key);
