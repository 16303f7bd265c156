-- data.db, version 8: captures signed by their device; which log was published; receipts and contests; what is
-- published of passages, declines among them; where crossing points are.

ALTER TABLE counted ADD COLUMN notice BLOB;     -- SHA-256 of the notice that was shown
ALTER TABLE counted ADD COLUMN signature BLOB;  -- the device's, over core::capture's text; NULL: counted before version 8, and stated missing
ALTER TABLE device ADD COLUMN rolled_back INTEGER NOT NULL DEFAULT 0; -- 1: it is stated that its count came again

-- What travellers take away. A receipt is found by the hash of its code, which stands nowhere.
CREATE TABLE receipt (
    id          BLOB PRIMARY KEY,
    encounter   BLOB REFERENCES encounter (id) ON DELETE SET NULL,
    secret      BLOB,                       -- with the MAC key it makes the code; gone when the voyage is closed
    point       BLOB,                       -- where, when, under what: NULL once nothing of the passage is kept
    designation BLOB,
    notice      BLOB,                       -- SHA-256 of the notice that was shown; NULL: none, as after an outage
    began_at    INTEGER,                    -- to the minute
    from_size   INTEGER NOT NULL,           -- leaves that the ledger stated then: what it says of this comes after
    idle_since  INTEGER                     -- since when nothing of it is kept; NULL: its passage is not closed
) STRICT;
CREATE INDEX receipt_by_encounter ON receipt (encounter);
CREATE INDEX receipt_idle ON receipt (idle_since) WHERE idle_since IS NOT NULL;
CREATE TABLE receipt_record (
    receipt   BLOB NOT NULL REFERENCES receipt (id) ON DELETE CASCADE,
    ledger    BLOB NOT NULL,                -- as the ledger names it
    record    BLOB REFERENCES record (id) ON DELETE SET NULL,
    kind      TEXT NOT NULL,
    erased_at INTEGER,
    PRIMARY KEY (receipt, ledger)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_record_by_record ON receipt_record (record);
CREATE INDEX receipt_record_by_ledger ON receipt_record (ledger);
-- What a traveller contests, beside its case.
CREATE TABLE contest (
    case_file BLOB PRIMARY KEY REFERENCES case_file (id) ON DELETE CASCADE,
    receipt   BLOB REFERENCES receipt (id) ON DELETE SET NULL,
    ground    TEXT NOT NULL,
    answer    TEXT                          -- what the traveller is told
) STRICT;
CREATE INDEX contest_by_receipt ON contest (receipt);

ALTER TABLE ledger_head ADD COLUMN root BLOB; -- of the tree of `size` leaves; NULL: not learnt yet

-- What is published of passages. Counts only.
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
