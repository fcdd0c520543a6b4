CREATE TABLE IF NOT EXISTS setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS signing (
    id          TEXT PRIMARY KEY,            -- the caller's transaction_id
    tran_code   TEXT NOT NULL UNIQUE,
    sp_id       TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    certificate TEXT NOT NULL,               -- name of the PKI entity
    description TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_at  TEXT NOT NULL,               -- ISO 8601, UTC
    expires_at  TEXT NOT NULL,
    decided_at  TEXT,
    sad         TEXT                         -- v2 only
) STRICT;

CREATE INDEX IF NOT EXISTS signing_user ON signing (user_id, state);

CREATE TABLE IF NOT EXISTS document (
    signing   TEXT NOT NULL REFERENCES signing (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    doc_id    TEXT NOT NULL,
    digest    TEXT NOT NULL,                 -- lower-case hex SHA-256
    file_type TEXT NOT NULL,
    signature BLOB,                          -- raw RSASSA-PKCS1-v1_5 value
    PRIMARY KEY (signing, position),
    UNIQUE (signing, doc_id)
) STRICT;

CREATE TABLE IF NOT EXISTS button_token (
    token   TEXT PRIMARY KEY,
    signing TEXT NOT NULL REFERENCES signing (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE IF NOT EXISTS otp_used (
    user_id TEXT NOT NULL,
    step    INTEGER NOT NULL,
    PRIMARY KEY (user_id, step)
) STRICT;
