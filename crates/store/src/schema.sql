-- data.db, version 1. Identifiers are 16-byte blobs, instants microseconds since 1970 UTC, enums the words of core.
-- Personal data stands in: user.name, passenger.stated, crossing.person, *.reason. Portraits never stand here.

CREATE TABLE generation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
) STRICT;
INSERT INTO generation (id, n) VALUES (1, 0);

-- People who sign in ----------------------------------------------------------------------------------------------
CREATE TABLE user (
    id            BLOB PRIMARY KEY,
    name          TEXT NOT NULL,
    name_folded   TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    carrier       TEXT,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    user       BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_user ON session (user);
CREATE TABLE setup_token (
    hash       BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

-- Places ----------------------------------------------------------------------------------------------------------
CREATE TABLE point (
    id          BLOB PRIMARY KEY,
    name        TEXT NOT NULL,
    name_folded TEXT NOT NULL UNIQUE,
    port        TEXT NOT NULL,
    direction   TEXT NOT NULL,
    kind        TEXT NOT NULL
) STRICT;
CREATE TABLE designation (
    id           BLOB PRIMARY KEY,
    point        BLOB NOT NULL REFERENCES point (id),
    legal_basis  TEXT NOT NULL,
    from_at      INTEGER NOT NULL,
    until_at     INTEGER,
    device_owner TEXT NOT NULL,
    contractors  TEXT NOT NULL
) STRICT;
CREATE INDEX designation_by_point ON designation (point, from_at);
CREATE TABLE enrolment (
    code_hash  BLOB PRIMARY KEY,
    point      BLOB NOT NULL REFERENCES point (id),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE device (
    id           BLOB PRIMARY KEY,
    point        BLOB NOT NULL REFERENCES point (id),
    public_key   BLOB NOT NULL,
    enrolled_at  INTEGER NOT NULL,
    revoked_at   INTEGER,
    last_counter INTEGER NOT NULL DEFAULT 0,
    gaps         INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Voyages and who is on them --------------------------------------------------------------------------------------
CREATE TABLE voyage (
    id        BLOB PRIMARY KEY,
    carrier   TEXT NOT NULL,
    number    TEXT NOT NULL,
    date      TEXT NOT NULL,
    legs      TEXT NOT NULL,
    status    TEXT NOT NULL,
    closed_at INTEGER,
    UNIQUE (carrier, number, date)
) STRICT;
CREATE TABLE assignment (
    point  BLOB PRIMARY KEY REFERENCES point (id),
    voyage BLOB NOT NULL REFERENCES voyage (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX assignment_by_voyage ON assignment (voyage);
CREATE TABLE passenger (
    id              BLOB PRIMARY KEY,
    voyage          BLOB NOT NULL REFERENCES voyage (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL,          -- order of arrival on the voyage's list
    stated          TEXT NOT NULL,             -- the carrier's statement, JSON
    removed_at      INTEGER,
    stated_on_board INTEGER,                   -- the carrier's close-out: 1 on board, 0 not, NULL not said
    hold_reason     TEXT,
    hold_by         BLOB,
    hold_at         INTEGER,
    staging         TEXT
) STRICT;
CREATE INDEX passenger_by_voyage ON passenger (voyage, place);
CREATE TABLE passenger_document (
    mac       BLOB NOT NULL,                   -- keyed MAC of issuer, kind and number
    passenger BLOB NOT NULL REFERENCES passenger (id) ON DELETE CASCADE,
    PRIMARY KEY (mac, passenger)
) STRICT, WITHOUT ROWID;
CREATE INDEX passenger_document_by_passenger ON passenger_document (passenger);

-- Encounters: until their voyage is closed ------------------------------------------------------------------------
CREATE TABLE encounter (
    id                 BLOB PRIMARY KEY,
    point              BLOB NOT NULL REFERENCES point (id),
    voyage             BLOB NOT NULL REFERENCES voyage (id) ON DELETE CASCADE,
    device             BLOB REFERENCES device (id),
    lane               TEXT NOT NULL,
    claims_citizenship INTEGER NOT NULL,
    presented          TEXT NOT NULL,             -- JSON, identifiers only
    stage              TEXT NOT NULL,
    attempts           INTEGER NOT NULL,
    decision           TEXT,
    class              TEXT NOT NULL,
    passenger          BLOB REFERENCES passenger (id) ON DELETE SET NULL,
    probe              BLOB REFERENCES record (id) ON DELETE SET NULL,
    officer            BLOB,
    joined_at          INTEGER NOT NULL,
    served_at          INTEGER,
    done_at            INTEGER
) STRICT;
CREATE INDEX encounter_by_point ON encounter (point, stage, joined_at);
CREATE INDEX encounter_by_voyage ON encounter (voyage);
CREATE INDEX encounter_by_passenger ON encounter (passenger);
CREATE INDEX encounter_by_probe ON encounter (probe);
CREATE TABLE ruling (
    seq       INTEGER PRIMARY KEY,
    encounter BLOB NOT NULL REFERENCES encounter (id) ON DELETE CASCADE,
    ruling    TEXT NOT NULL,
    author    BLOB NOT NULL,
    reason    TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX ruling_by_encounter ON ruling (encounter, seq);
CREATE TABLE boarding (
    seq           INTEGER PRIMARY KEY,
    passenger     BLOB NOT NULL REFERENCES passenger (id) ON DELETE CASCADE,
    at            INTEGER NOT NULL,
    method        TEXT NOT NULL,
    entered_later INTEGER NOT NULL,
    off_loaded_at INTEGER
) STRICT;
-- Nobody is on board twice.
CREATE UNIQUE INDEX boarding_live ON boarding (passenger) WHERE off_loaded_at IS NULL;
CREATE INDEX boarding_by_passenger ON boarding (passenger);

-- Requests of devices: once each ----------------------------------------------------------------------------------
CREATE TABLE admission (
    key         BLOB PRIMARY KEY,
    device      BLOB NOT NULL REFERENCES device (id),
    body_mac    BLOB NOT NULL,
    encounter   BLOB REFERENCES encounter (id) ON DELETE CASCADE,
    outcome     TEXT,
    admitted_at INTEGER NOT NULL
) STRICT;
CREATE INDEX admission_by_encounter ON admission (encounter);
CREATE INDEX admission_by_age ON admission (admitted_at);
CREATE INDEX admission_by_device ON admission (device);
CREATE TABLE nonce (
    device  BLOB NOT NULL REFERENCES device (id),
    nonce   BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (device, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_by_age ON nonce (seen_at);

-- What is sealed: rows of the vault. Keys are in keys.db, bytes under blobs/ --------------------------------------
CREATE TABLE record (
    id          BLOB PRIMARY KEY,
    kind        TEXT NOT NULL,
    class       TEXT NOT NULL,
    erase_after INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    erased_at   INTEGER,                       -- set first: from then on nothing reads it
    encounter   BLOB REFERENCES encounter (id) ON DELETE SET NULL,
    passenger   BLOB REFERENCES passenger (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX record_due ON record (erase_after) WHERE erased_at IS NULL;
CREATE INDEX record_erased ON record (erased_at) WHERE erased_at IS NOT NULL;
CREATE INDEX record_by_encounter ON record (encounter);
CREATE INDEX record_by_passenger ON record (passenger);
CREATE TABLE reference (
    record       BLOB PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    document_mac BLOB NOT NULL,                -- keyed MAC of issuer, kind and number
    portrait_mac BLOB NOT NULL,                -- keyed MAC of the encoded portrait: the same again is known
    pack         TEXT NOT NULL,
    place        INTEGER NOT NULL
) STRICT;
CREATE INDEX reference_by_document ON reference (document_mac, place);
-- Who read which record and what for. Identifiers only.
CREATE TABLE reading (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    record    BLOB NOT NULL,
    reader    TEXT NOT NULL,
    officer   BLOB,
    purpose   TEXT NOT NULL,
    encounter BLOB
) STRICT;
CREATE INDEX reading_by_record ON reading (record);

-- The long record -------------------------------------------------------------------------------------------------
CREATE TABLE crossing (
    voyage        BLOB NOT NULL,
    passenger     BLOB NOT NULL,
    person        TEXT NOT NULL,               -- JSON
    class         TEXT NOT NULL,
    at            INTEGER NOT NULL,
    method        TEXT NOT NULL,
    entered_later INTEGER NOT NULL,
    erase_after   INTEGER NOT NULL,
    record        BLOB REFERENCES record (id) ON DELETE SET NULL,
    PRIMARY KEY (voyage, passenger)
) STRICT;
CREATE INDEX crossing_due ON crossing (erase_after);
CREATE INDEX crossing_by_record ON crossing (record);
CREATE TABLE lane_count (
    voyage        BLOB NOT NULL,
    lane          TEXT NOT NULL,
    people        INTEGER NOT NULL,
    waited_p50_ms INTEGER NOT NULL,
    waited_p95_ms INTEGER NOT NULL,
    passed_p50_ms INTEGER NOT NULL,
    passed_p95_ms INTEGER NOT NULL,
    PRIMARY KEY (voyage, lane)
) STRICT;

-- The outbox: append-only, identifiers only, a day --------------------------------------------------------------
CREATE TABLE event (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    point     BLOB,
    voyage    BLOB,
    encounter BLOB
) STRICT;
CREATE INDEX event_by_age ON event (at);
