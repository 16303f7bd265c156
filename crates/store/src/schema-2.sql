-- data.db, version 2: what the service measures of itself. Counts only; no identifier of a person stands here, but for
-- `measured`, which goes with its encounter when the voyage is closed.

CREATE TABLE measured (
    encounter BLOB PRIMARY KEY REFERENCES encounter (id) ON DELETE CASCADE,
    measured  TEXT NOT NULL                    -- JSON: pack, score type, the last search's candidates
) STRICT;
CREATE TABLE tally (
    month     TEXT NOT NULL,                   -- of the voyage's local day: 2026-11
    point     BLOB NOT NULL,
    device    BLOB NOT NULL,                   -- empty where devices are not told apart
    pack      TEXT NOT NULL,
    dimension TEXT NOT NULL,
    cell      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (month, point, device, pack, dimension, cell, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE score_tally (
    month      TEXT NOT NULL,
    point      BLOB NOT NULL,
    pack       TEXT NOT NULL,
    score_type TEXT NOT NULL,
    mated      INTEGER NOT NULL,               -- whether the person was in the gallery
    whose      TEXT NOT NULL,                  -- best: the best candidate's; own: the person's
    bin        INTEGER NOT NULL,               -- bin b holds scores from b * 0.005 on
    n          INTEGER NOT NULL,
    PRIMARY KEY (month, point, pack, score_type, mated, whose, bin)
) STRICT, WITHOUT ROWID;
-- Days on which anybody was photographed at a point: what a day's traffic is measured over.
CREATE TABLE traffic_day (
    day   TEXT NOT NULL,
    point BLOB NOT NULL,
    PRIMARY KEY (day, point)
) STRICT, WITHOUT ROWID;
