-- data.db, version 13: lookouts. Whom they are on is sealed, each under a key of its own; hits are computed and not kept.

CREATE TABLE lookout (
    id            BLOB PRIMARY KEY,
    reference_mac BLOB NOT NULL UNIQUE,      -- keyed MAC of the authority and its own file number
    content_mac   BLOB NOT NULL,             -- keyed MAC of what is sealed: the same again is known
    authority     TEXT NOT NULL,             -- an office, never a person
    kind          TEXT NOT NULL,             -- document, person, voyage
    author        BLOB NOT NULL,
    written_at    INTEGER NOT NULL,
    approver      BLOB,
    approved_at   INTEGER,
    review_on     TEXT NOT NULL,
    erase_after   INTEGER NOT NULL,
    bucket        BLOB NOT NULL,
    wrapped       BLOB NOT NULL,
    content       BLOB NOT NULL
) STRICT;
CREATE INDEX lookout_due ON lookout (erase_after);
CREATE INDEX lookout_by_bucket ON lookout (bucket);
-- Grows with every change of what is in force, in whatever process.
CREATE TABLE lookout_generation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
) STRICT;
INSERT INTO lookout_generation (id, n) VALUES (1, 0);
-- This traveller is not who that lookout is on: asked by the officer who saw them, agreed to by somebody else.
CREATE TABLE lookout_redress (
    mac         BLOB NOT NULL,               -- keyed MAC of document, name and date of birth
    lookout     BLOB NOT NULL REFERENCES lookout (id) ON DELETE CASCADE,
    reason      TEXT NOT NULL,               -- in the officer's words; never a name
    asked_by    BLOB NOT NULL,
    asked_at    INTEGER NOT NULL,
    approver    BLOB,
    approved_at INTEGER,
    PRIMARY KEY (mac, lookout)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookout_redress_by_lookout ON lookout_redress (lookout);
-- How often, by authority and month of the voyage. Counts only.
CREATE TABLE lookout_count (
    authority TEXT NOT NULL,
    month     TEXT NOT NULL,
    kind      TEXT NOT NULL,                 -- hit, false-hit
    n         INTEGER NOT NULL,
    PRIMARY KEY (authority, month, kind)
) STRICT, WITHOUT ROWID;
