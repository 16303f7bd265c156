-- data.db, version 5: the latest instant that was believed, so that a clock set forward erases nothing.
CREATE TABLE clock (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark INTEGER NOT NULL
) STRICT;
