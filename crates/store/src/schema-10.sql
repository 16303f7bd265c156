-- data.db, version 10: every mode of travel. A watch is a voyage of a point's own: from opening to closing.

ALTER TABLE voyage ADD COLUMN watch TEXT;        -- JSON: where, from, until, whom it expects; NULL: a carrier's voyage
CREATE TABLE landing (                           -- voyages that arrive in a watch: their people are expected in it
    watch  BLOB NOT NULL REFERENCES voyage (id) ON DELETE CASCADE,
    voyage BLOB NOT NULL REFERENCES voyage (id) ON DELETE CASCADE,
    PRIMARY KEY (watch, voyage)
) STRICT, WITHOUT ROWID;
CREATE INDEX landing_by_voyage ON landing (voyage);

ALTER TABLE boarding ADD COLUMN admitted TEXT;   -- JSON: as what and until when, at an entry
ALTER TABLE boarding ADD COLUMN class TEXT;      -- whose rules applied, once the crossing is recorded
ALTER TABLE encounter ADD COLUMN taken_at INTEGER;
ALTER TABLE encounter ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;
ALTER TABLE crossing ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0; -- 1: no copy of it is given to anybody

-- Who asked to be known again at a point without showing a document each time. Who it is stands sealed in the record.
CREATE TABLE consent (
    record BLOB PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    point  BLOB NOT NULL REFERENCES point (id),
    given  INTEGER NOT NULL,
    until  INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_by_point ON consent (point);
ALTER TABLE passenger ADD COLUMN consent BLOB REFERENCES consent (record) ON DELETE SET NULL;
