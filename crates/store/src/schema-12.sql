-- data.db, version 12: stays.

-- What of a sealed crossing, or of a sealed change of status, stays are computed by. No name, no number, no class of
-- admission: those are sealed.
CREATE TABLE stay_fact (
    record        BLOB PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    what          TEXT NOT NULL,            -- crossed, a change, one-holder; none: a crossing of before, without a direction
    port          TEXT,
    mode          TEXT,
    method        TEXT,
    source        TEXT,                     -- own, corrected, outage, imported
    imported_from TEXT,
    admitted      INTEGER NOT NULL DEFAULT 0, -- 1: an admission is recorded
    until         TEXT,                     -- the last day, where there is one
    repeat        BLOB UNIQUE               -- keyed MAC of what was imported: the same file again changes nothing
) STRICT;
-- By which facts are one person's: keyed MACs of documents; and of names with a date of birth, by which pairs are proposed.
CREATE TABLE stay_key (
    record BLOB NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL,                   -- document, person
    mac    BLOB NOT NULL,
    PRIMARY KEY (record, kind, mac)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_key_by_mac ON stay_key (mac, kind);
-- What officers decided on whose records are, each in a case, with author and reason.
CREATE TABLE stay_decision (
    id        BLOB PRIMARY KEY,
    decided   TEXT NOT NULL,                -- same, not-same, apart, undone
    undoes    BLOB,
    case_file BLOB NOT NULL,
    author    BLOB NOT NULL,
    reason    TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE TABLE stay_decision_record (
    decision BLOB NOT NULL REFERENCES stay_decision (id) ON DELETE CASCADE,
    record   BLOB NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    PRIMARY KEY (decision, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_decision_by_record ON stay_decision_record (record);
-- Who is past their last day, as last computed: entries' records alone.
CREATE TABLE overstay (
    record      BLOB PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    until       TEXT NOT NULL,
    state       TEXT NOT NULL,              -- JSON
    explained   TEXT NOT NULL,
    computed_at INTEGER NOT NULL
) STRICT;
-- Ways out of the state, as somebody declared them beside what designations say.
CREATE TABLE way_out (
    id          BLOB PRIMARY KEY,
    mode        TEXT NOT NULL,
    port        TEXT,
    from_at     INTEGER,                    -- NULL: exits by it are not recorded
    until_at    INTEGER,
    reason      TEXT NOT NULL,
    declared_at INTEGER NOT NULL
) STRICT;
-- When the list was last computed.
CREATE TABLE overstay_computed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  INTEGER NOT NULL
) STRICT;
