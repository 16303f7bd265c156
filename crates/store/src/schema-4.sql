-- data.db, version 4: bucket keys. A record's data key is wrapped under the key of the bucket that it falls due with.

CREATE TABLE bucket (
    id     BLOB PRIMARY KEY,                   -- its key is in keys.db
    period INTEGER NOT NULL,                   -- the minute of its members' dates, since 1970; -1 takes no more members
    joined INTEGER NOT NULL,                   -- how many ever joined
    dying  INTEGER NOT NULL DEFAULT 0          -- its members are gone or elsewhere; its key is to be destroyed
) STRICT;
CREATE INDEX bucket_by_period ON bucket (period) WHERE dying = 0;
CREATE INDEX bucket_dying ON bucket (id) WHERE dying = 1;

ALTER TABLE record ADD COLUMN bucket BLOB REFERENCES bucket (id);
ALTER TABLE record ADD COLUMN wrapped BLOB;    -- NULL: sealed before version 4, under its bucket's key itself
ALTER TABLE record ADD COLUMN unnoted INTEGER NOT NULL DEFAULT 0; -- 1: the key ring does not know its bucket or date yet
CREATE INDEX record_unnoted ON record (id) WHERE unnoted = 1;
INSERT INTO bucket (id, period, joined) SELECT id, -1, 1 FROM record;
UPDATE record SET bucket = id;
CREATE INDEX record_by_bucket ON record (bucket);

-- Sealed and not yet named by a row: what stays here is an orphan.
CREATE TABLE sealing (
    record BLOB PRIMARY KEY,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sealing_by_age ON sealing (at);
