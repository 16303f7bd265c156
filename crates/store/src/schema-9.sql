-- data.db, version 9: what the choice of no photo costs, and what a decline takes with it.

ALTER TABLE designation ADD COLUMN manual_wait_ceiling_seconds INTEGER NOT NULL DEFAULT 600;

-- How long people of one choice waited, ten and more of them together. The choices are numbered apart and carry the month
-- alone: no order and no date of one says when somebody of the other passed.
CREATE TABLE parity_batch (
    point  BLOB NOT NULL,
    source TEXT NOT NULL,                      -- gate: encounters; feed: buttons and sensors
    lane   TEXT NOT NULL,
    seq    INTEGER NOT NULL,                   -- 0: waits until it is of ten people
    month  TEXT NOT NULL,                      -- in which it became of ten people; empty until then
    bin    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (point, source, lane, seq, bin)
) STRICT, WITHOUT ROWID;
-- Under which designations the manual choice falls short, as the ledger was told.
CREATE TABLE parity_short (
    designation BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- 1: declined before travel. Nothing of it outlives the closing of the voyage.
ALTER TABLE passenger ADD COLUMN declined INTEGER NOT NULL DEFAULT 0;
-- Whose choice was made together; gone with the encounter.
ALTER TABLE encounter ADD COLUMN party BLOB;
