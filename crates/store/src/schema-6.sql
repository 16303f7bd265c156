-- data.db, version 6: a long record that is sealed like everything else; cases of the records office; who has copies.

ALTER TABLE record ADD COLUMN content BLOB;     -- the sealed bytes, where they stand here and not under blobs/
ALTER TABLE record ADD COLUMN modality TEXT;    -- face, finger, iris; NULL: not taken of a body
ALTER TABLE record ADD COLUMN format TEXT NOT NULL DEFAULT 'image/jpeg';
ALTER TABLE record ADD COLUMN quality INTEGER;  -- 0 to 100 (ISO/IEC 29794-1); NULL: not measured
ALTER TABLE record ADD COLUMN source TEXT NOT NULL DEFAULT 'gate';
ALTER TABLE record ADD COLUMN purpose TEXT NOT NULL DEFAULT 'verification';
ALTER TABLE record ADD COLUMN began_at INTEGER; -- what starts the count of its length: the capture, the import, the crossing
ALTER TABLE record ADD COLUMN direction TEXT;   -- where that happened at a crossing point
UPDATE record SET modality = 'face', began_at = created_at, direction =
    (SELECT direction FROM encounter JOIN point ON point.id = encounter.point WHERE encounter.id = record.encounter);
UPDATE record SET format = 'application/octet-stream', source = 'import', purpose = 'staging' WHERE kind = 'reference';

-- Emptied by the program, which seals each row; a later version drops it.
ALTER TABLE crossing RENAME TO crossing_in_clear;
DROP INDEX crossing_due;
DROP INDEX crossing_by_record;
CREATE TABLE crossing (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- recipients go on from it
    record        BLOB NOT NULL UNIQUE REFERENCES record (id) ON DELETE CASCADE, -- who it was, sealed
    voyage        BLOB NOT NULL,
    passenger     BLOB NOT NULL,
    method        TEXT NOT NULL,
    entered_later INTEGER NOT NULL,
    probe         BLOB REFERENCES record (id) ON DELETE SET NULL,
    UNIQUE (voyage, passenger)
) STRICT;
CREATE INDEX crossing_by_probe ON crossing (probe);

-- Whom a record is about, so that it can be found for them: keyed MACs of documents, and of names with a date of birth.
CREATE TABLE subject (
    mac    BLOB NOT NULL,
    record BLOB NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    PRIMARY KEY (mac, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_by_record ON subject (record);

ALTER TABLE reading ADD COLUMN voyage BLOB;
ALTER TABLE reading ADD COLUMN case_file BLOB;
ALTER TABLE reading ADD COLUMN recipient BLOB;

-- The records office: requests, holds, corrections. No traveller is named here.
CREATE TABLE case_file (
    id             BLOB PRIMARY KEY,
    kind           TEXT NOT NULL,
    reference      TEXT NOT NULL,               -- the agency's own file number
    basis          TEXT NOT NULL,               -- the legal basis
    reason         TEXT NOT NULL,
    from_whom      TEXT,                        -- an authority, for a request from outside
    identity_check TEXT,                        -- how somebody who asks for their own records was identified
    author         BLOB NOT NULL,
    opened_at      INTEGER NOT NULL,
    deadline       INTEGER,
    expires_at     INTEGER,
    approved_at    INTEGER,                     -- set with the last approval that is needed
    closed_at      INTEGER,
    outcome        TEXT,
    given          INTEGER NOT NULL DEFAULT 0   -- how many records were given
) STRICT;
CREATE INDEX case_file_by_age ON case_file (opened_at);
CREATE TABLE case_approval (
    case_file BLOB NOT NULL REFERENCES case_file (id) ON DELETE CASCADE,
    approver  BLOB NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (case_file, approver)
) STRICT, WITHOUT ROWID;
CREATE TABLE case_record (
    case_file BLOB NOT NULL REFERENCES case_file (id) ON DELETE CASCADE,
    record    BLOB NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    PRIMARY KEY (case_file, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_record_by_record ON case_record (record);
-- From a day on somebody is of another class: naturalisation, permanent residence. Records of before keep theirs.
CREATE TABLE class_change (
    mac       BLOB NOT NULL,                    -- keyed MAC of the document
    from_at   INTEGER NOT NULL,
    class     TEXT NOT NULL,
    case_file BLOB NOT NULL REFERENCES case_file (id) ON DELETE CASCADE,
    PRIMARY KEY (mac, from_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX class_change_by_case ON class_change (case_file);

-- Who receives copies, of what, and why; what each has; what they must let go of.
CREATE TABLE recipient (
    id           BLOB PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    purpose      TEXT NOT NULL,
    basis        TEXT NOT NULL,
    receives     TEXT NOT NULL,                 -- JSON: classes of data
    token_hash   BLOB NOT NULL UNIQUE,
    added_by     BLOB NOT NULL,
    added_at     INTEGER NOT NULL,
    withdrawn_at INTEGER
) STRICT;
CREATE TABLE given (
    record    BLOB NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    recipient BLOB NOT NULL REFERENCES recipient (id),
    at        INTEGER NOT NULL,
    PRIMARY KEY (record, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX given_by_recipient ON given (recipient);
CREATE TABLE recall (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient       BLOB NOT NULL REFERENCES recipient (id),
    record          BLOB NOT NULL,              -- its row may be gone
    due             INTEGER,                    -- its new date; NULL: erase it now
    made_at         INTEGER NOT NULL,
    acknowledged_at INTEGER
) STRICT;
CREATE INDEX recall_open ON recall (recipient, seq) WHERE acknowledged_at IS NULL;
CREATE INDEX recall_by_age ON recall (made_at);
