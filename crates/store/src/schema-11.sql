-- data.db, version 11: how a designation comes about; sessions of shared booths lock; what travellers ask for at the gate.

-- Nothing is in force that is not in `designation`; a draft comes there when somebody else than its author approves it.
CREATE TABLE draft (
    id           BLOB PRIMARY KEY,
    point        BLOB NOT NULL REFERENCES point (id),
    legal_basis  TEXT NOT NULL,
    from_at      INTEGER NOT NULL,
    until_at     INTEGER,
    device_owner TEXT NOT NULL,
    contractors  TEXT NOT NULL,
    manual_wait_ceiling_seconds INTEGER NOT NULL,
    hours        TEXT,
    author       TEXT NOT NULL,
    drafted_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_by_point ON draft (point, drafted_at);
-- Of a draft or of a designation; who said for an owner or contractor that it keeps no frames.
CREATE TABLE attestation (
    designation BLOB NOT NULL,
    party       TEXT NOT NULL,
    by_whom     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (designation, party)
) STRICT;
ALTER TABLE designation ADD COLUMN hours TEXT;
ALTER TABLE designation ADD COLUMN direction TEXT;       -- for which the point was designated
UPDATE designation SET direction = (SELECT direction FROM point WHERE point.id = designation.point);
ALTER TABLE designation ADD COLUMN author TEXT;          -- NULL: published before two people had to stand for it
ALTER TABLE designation ADD COLUMN approver TEXT;
ALTER TABLE designation ADD COLUMN approved_at INTEGER;
ALTER TABLE designation ADD COLUMN withdrawn_at INTEGER; -- NULL: it ends as it was published
ALTER TABLE designation ADD COLUMN notice TEXT;          -- the version of the notice that hangs at the point; NULL: nobody has said so
ALTER TABLE designation ADD COLUMN notice_by TEXT;
ALTER TABLE designation ADD COLUMN notice_at INTEGER;

ALTER TABLE session ADD COLUMN active_at INTEGER NOT NULL DEFAULT 0; -- when somebody was last seen at it

-- What a traveller asked for at the gate; gone with the encounter, and counted in nothing.
CREATE TABLE wish (
    encounter     BLOB PRIMARY KEY REFERENCES encounter (id) ON DELETE CASCADE,
    private_booth INTEGER NOT NULL,
    same_sex      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
