-- data.db, version 3: second looks. How much is sampled, and disputes while their encounter lives; what came of them
-- stands in `tally`. No photo, and no second officer's name, ever.

CREATE TABLE second_look_share (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    confirmed_one_in INTEGER NOT NULL,
    referred_one_in  INTEGER NOT NULL,
    set_by           BLOB NOT NULL,
    set_at           INTEGER NOT NULL
) STRICT;
-- Gone with the encounter, when its voyage is closed.
CREATE TABLE second_look_dispute (
    encounter   BLOB PRIMARY KEY REFERENCES encounter (id) ON DELETE CASCADE,
    candidate   BLOB NOT NULL REFERENCES passenger (id) ON DELETE CASCADE,
    stratum     TEXT NOT NULL,
    month       TEXT NOT NULL,
    device      BLOB NOT NULL,
    pack        TEXT NOT NULL,
    disputed_at INTEGER NOT NULL,
    told_at     INTEGER,                       -- when the first officer was told: what they rule then says nothing of bias
    ruled       INTEGER NOT NULL,              -- whether the first officer's own ruling is counted
    settled     INTEGER NOT NULL               -- whether an inspection has settled it
) STRICT;
CREATE INDEX second_look_dispute_by_candidate ON second_look_dispute (candidate);
