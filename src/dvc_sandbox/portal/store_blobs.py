"""Bytes of files, kept in the database by SHA-256 so that the tests' oracle has them; streamed in pieces."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from typing import IO

from dvc_sandbox.environment import Environment

_PIECE = 1 << 20


def write_blob(connection: sqlite3.Connection, source: IO[bytes]) -> tuple[str, int]:
    """Copy a seekable file into table ``blob`` (once per content); return its SHA-256 and its size in bytes."""
    source.seek(0)
    hasher, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE):
        hasher.update(piece)
        size += len(piece)
    digest = hasher.hexdigest()
    inserted = connection.execute(
        "INSERT INTO blob (sha256, size, content) VALUES (?, ?, zeroblob(?)) ON CONFLICT DO NOTHING",
        (digest, size, size),
    )
    if inserted.rowcount == 1:
        source.seek(0)
        row = connection.execute("SELECT rowid FROM blob WHERE sha256 = ?", (digest,)).fetchone()
        with connection.blobopen("blob", "content", row[0]) as target:
            while piece := source.read(_PIECE):
                target.write(piece)
    return digest, size


def read_blob(environment: Environment, sha256: str) -> bytes:
    """Return the bytes with this SHA-256; raises ``KeyError`` when there are none."""
    row = environment.database.read_one("SELECT content FROM blob WHERE sha256 = ?", sha256)
    if row is None:
        raise KeyError(sha256)
    return bytes(row["content"])


def stream_blob(environment: Environment, sha256: str) -> Iterator[bytes]:
    """Yield the bytes in pieces on a connection of its own, because each piece may run in another thread."""
    uri = f"{environment.database.path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    try:
        row = connection.execute("SELECT rowid FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
        with connection.blobopen("blob", "content", row[0], readonly=True) as content:
            while piece := content.read(_PIECE):
                yield piece
    finally:
        connection.close()
