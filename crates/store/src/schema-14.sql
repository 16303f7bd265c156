-- data.db, version 14: what a crossing in confidence is known by when its voyage comes back, and its encounters are gone.

ALTER TABLE boarding ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0; -- 1: no copy of its crossing is given to anybody

-- Who of a voyage hit a lookout is counted once, also when it comes back and is closed again.
ALTER TABLE voyage ADD COLUMN hits_counted INTEGER NOT NULL DEFAULT 0;
