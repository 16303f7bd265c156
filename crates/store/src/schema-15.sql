-- data.db, version 15: mis-identification. One officer proposes whose records are, another decides.

CREATE TABLE redress (
    case_file   BLOB PRIMARY KEY REFERENCES case_file (id) ON DELETE CASCADE,
    contest     BLOB REFERENCES case_file (id) ON DELETE SET NULL, -- which it answers; NULL: the office opened it by itself
    proposal    BLOB,                       -- what is proposed, and of a split the decision; NULL: nothing yet
    proposer    BLOB,
    proposed_at INTEGER,
    reason      TEXT,
    answer      TEXT,                       -- what who contests is told
    person      BLOB REFERENCES record (id) ON DELETE SET NULL -- whose it is found to be, sealed
) STRICT;
CREATE INDEX redress_by_contest ON redress (contest);
CREATE INDEX redress_by_person ON redress (person);
-- What each record named is found to be.
CREATE TABLE redress_finding (
    case_file BLOB NOT NULL,
    record    BLOB NOT NULL,
    finding   TEXT NOT NULL,                -- unlink, reattribute, split
    PRIMARY KEY (case_file, record),
    FOREIGN KEY (case_file, record) REFERENCES case_record (case_file, record) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_decision_by_undone ON stay_decision (undoes) WHERE undoes IS NOT NULL;
