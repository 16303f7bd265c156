-- Second looks: how much is sampled, disputes while their encounter lives, counts. No photo, no second officer, ever.
CREATE TABLE IF NOT EXISTS second_look_share (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    confirmed_one_in INTEGER NOT NULL,
    referred_one_in  INTEGER NOT NULL,
    set_by           BLOB NOT NULL,
    set_at           INTEGER NOT NULL
) STRICT;
-- Gone with the encounter, when its voyage is closed.
CREATE TABLE IF NOT EXISTS second_look_dispute (
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
CREATE INDEX IF NOT EXISTS second_look_dispute_by_candidate ON second_look_dispute (candidate);
CREATE TABLE IF NOT EXISTS second_look_count (
    month  TEXT NOT NULL,                      -- of the capture, UTC: 2026-11
    point  BLOB NOT NULL,
    device BLOB NOT NULL,
    pack   TEXT NOT NULL,
    kind   TEXT NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (month, point, device, pack, kind)
) STRICT, WITHOUT ROWID;
