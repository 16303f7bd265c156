-- data.db, version 8: what is published of passages, declines among them, and where crossing points are. Counts only.

CREATE TABLE traffic (
    published INTEGER NOT NULL,                 -- 0: waits until its month at its point has ten people more
    month     TEXT NOT NULL,                    -- of the voyage's local day: 2026-11
    point     BLOB NOT NULL,
    kind      TEXT NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (published, month, point, kind)
) STRICT, WITHOUT ROWID;
-- Ten-thousandths of a degree, about eleven metres; both or neither.
ALTER TABLE point ADD COLUMN latitude INTEGER;
ALTER TABLE point ADD COLUMN longitude INTEGER;
