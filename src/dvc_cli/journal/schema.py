"""Schema of the journal's database, one list of statements for each version (PRAGMA user_version)."""

from __future__ import annotations

_NO_CHANGE = "CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'append-only'); END"

VERSION_1 = (
    """CREATE TABLE run (
         number INTEGER PRIMARY KEY, at TEXT NOT NULL, account TEXT NOT NULL, plan_sha256 TEXT NOT NULL,
         heads TEXT NOT NULL, hash BLOB NOT NULL) STRICT""",
    """CREATE TABLE event (
         id INTEGER PRIMARY KEY, reference TEXT NOT NULL, number INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES run,
         at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, payload TEXT NOT NULL, hash BLOB NOT NULL,
         UNIQUE (reference, number)) STRICT""",
    """CREATE TABLE row (
         reference TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT NOT NULL, events INTEGER NOT NULL, head BLOB NOT NULL,
         body TEXT NOT NULL, planned_at TEXT NOT NULL, changed_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX row_state ON row (state)",
    "CREATE INDEX row_code ON row (code) WHERE code <> ''",
    """CREATE TABLE payload (
         reference TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (reference, name)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE lease (
         account TEXT PRIMARY KEY, holder TEXT NOT NULL, pid INTEGER NOT NULL, fence INTEGER NOT NULL,
         taken_at TEXT NOT NULL, released_at TEXT) STRICT, WITHOUT ROWID""",
    *(_NO_CHANGE.format(table=table, verb=verb) for table in ("event", "run") for verb in ("UPDATE", "DELETE")),
)

MIGRATIONS = (VERSION_1,)
