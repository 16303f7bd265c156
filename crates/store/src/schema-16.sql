-- How often what the list of overstays is computed from was changed by hand, while a computation may be under way.
CREATE TABLE overstay_outdated (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL) STRICT;
INSERT INTO overstay_outdated (one, n) VALUES (1, 0);
-- In which encounters protection was asked for: few of many.
CREATE INDEX encounter_confidential ON encounter (voyage) WHERE confidential = 1;
