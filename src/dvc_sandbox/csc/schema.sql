CREATE TABLE IF NOT EXISTS setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS token (
    token      TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,               -- access | refresh
    user_id    TEXT,                        -- NULL: a service provider
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS activation (
    sad        TEXT PRIMARY KEY,
    credential TEXT NOT NULL,
    hashes     TEXT,                        -- JSON array of base64; NULL: any
    remaining  INTEGER NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS credential (
    id         TEXT PRIMARY KEY,
    wrong_pin  INTEGER NOT NULL DEFAULT 0,
    wrong_otp  INTEGER NOT NULL DEFAULT 0,
    otp        TEXT,                        -- the one sent last
    otp_until  TEXT,
    last_step  INTEGER NOT NULL DEFAULT -1  -- of an authenticator's codes
) STRICT;

CREATE TABLE IF NOT EXISTS signing (
    number     INTEGER PRIMARY KEY,
    credential TEXT NOT NULL,
    signed_at  TEXT NOT NULL,
    hashes     TEXT NOT NULL
) STRICT;
