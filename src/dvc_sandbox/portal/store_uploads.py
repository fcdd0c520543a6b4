"""Files of drafts: stored names, replacement, the signed file in the place of the unsigned one, and undo."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from typing import IO

from dvc_sandbox.clock import LOCAL
from dvc_sandbox.environment import Environment
from dvc_sandbox.portal.store_blobs import write_blob
from dvc_sandbox.portal.text import to_iso

COMPONENT_LIMIT = 20_000_000
EXTRA_LIMIT = 50_000_000
EXTRA = "extra"
OTHERS = ("other-1", "other-2", "other-3")


@dataclass(frozen=True, slots=True)
class Upload:
    """One stored file of a draft. ``slot``: a component's id, ``other-1``..``other-3`` or ``extra``."""

    id: int
    sid: str
    slot: str
    stored_name: str
    original_name: str
    media_type: str
    size: int
    sha256: str
    unsigned_sha256: str | None
    signed_way: str
    signer: str

    def as_json(self) -> dict[str, object]:
        """The file as the client sees it (portal contract, row 10)."""
        return {
            "id": self.id,
            "component": self.slot,
            "storedName": self.stored_name,
            "originalName": self.original_name,
            "size": self.size,
            "sha256": self.sha256,
            "signed": bool(self.signed_way),
            "signedWay": self.signed_way,
            "signer": self.signer,
        }


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to store: an open file with its checked kind and the name the applicant gave it."""

    file: IO[bytes]
    name: str
    extension: str
    media_type: str


def limit_of(slot: str) -> int:
    """Largest size of one file in bytes: 50 MB for the catch-all, 20 MB for the rest."""
    return EXTRA_LIMIT if slot == EXTRA else COMPONENT_LIMIT


def stored_name(environment: Environment, extension: str) -> str:
    """Make the portal's own name of a file: ``documents<ddMMyyyyHHmmss>_<10 digits>.<ext>``."""
    moment = environment.clock.now().astimezone(LOCAL).strftime("%d%m%Y%H%M%S")
    return f"documents{moment}_{secrets.randbelow(10**10):010d}.{extension}"


def _upload(row: sqlite3.Row) -> Upload:
    return Upload(**{name: row[name] for name in Upload.__slots__})


def find(environment: Environment, sid: str, number: int) -> Upload | None:
    """Return a file of this draft, or None."""
    row = environment.database.read_one("SELECT * FROM upload WHERE id = ? AND sid = ?", number, sid)
    return _upload(row) if row else None


def of_draft(environment: Environment, sid: str) -> list[Upload]:
    """Return the draft's files in the order they came."""
    return [_upload(row) for row in environment.database.read("SELECT * FROM upload WHERE sid = ? ORDER BY id", sid)]


def add(environment: Environment, sid: str, slot: str, content: Content) -> int:
    """Store a new file and return its id."""
    with environment.database.write() as connection:
        digest, size = write_blob(connection, content.file)
        cursor = connection.execute(
            """INSERT INTO upload (sid, slot, stored_name, original_name, media_type, size, sha256, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                sid, slot, stored_name(environment, content.extension), content.name, content.media_type,
                size, digest, to_iso(environment.clock.now()),
            ),
        )  # fmt: skip
        return int(cursor.lastrowid or 0)


def replace(environment: Environment, upload: Upload, content: Content) -> None:
    """Put other bytes in the place of a file; a signature it had is gone with it."""
    with environment.database.write() as connection:
        digest, size = write_blob(connection, content.file)
        connection.execute(
            """UPDATE upload SET stored_name = ?, original_name = ?, media_type = ?, size = ?, sha256 = ?,
               unsigned_name = NULL, unsigned_sha256 = NULL, signed_way = '', signed_at = NULL, signer = '' WHERE id = ?""",
            (stored_name(environment, content.extension), content.name, content.media_type, size, digest, upload.id),
        )


def put_signed(environment: Environment, upload: Upload, signed: IO[bytes], way: str, signer: str) -> bool:
    """Put the checked signed PDF in the place of the file and keep the unsigned one for undo.

    False when the file changed since ``upload`` was read, so that a slow signature never replaces another file.
    """
    with environment.database.write() as connection:
        digest, size = write_blob(connection, signed)
        cursor = connection.execute(
            """UPDATE upload SET unsigned_name = coalesce(unsigned_name, stored_name),
               unsigned_sha256 = coalesce(unsigned_sha256, sha256), stored_name = ?, size = ?, sha256 = ?,
               signed_way = ?, signed_at = ?, signer = ? WHERE id = ? AND sha256 = ?""",
            (
                stored_name(environment, "pdf"), size, digest, way, to_iso(environment.clock.now()),
                signer, upload.id, upload.sha256,
            ),
        )  # fmt: skip
        return cursor.rowcount == 1


def undo_signature(environment: Environment, upload: Upload) -> bool:
    """Put the unsigned file back (hủy ký số); False when the file is not signed."""
    with environment.database.write() as connection:
        cursor = connection.execute(
            """UPDATE upload SET stored_name = unsigned_name, sha256 = unsigned_sha256,
               size = (SELECT size FROM blob WHERE blob.sha256 = upload.unsigned_sha256),
               unsigned_name = NULL, unsigned_sha256 = NULL, signed_way = '', signed_at = NULL, signer = ''
               WHERE id = ? AND unsigned_sha256 IS NOT NULL""",
            (upload.id,),
        )
        return cursor.rowcount == 1


def delete(environment: Environment, upload: Upload) -> None:
    """Remove a file from its draft."""
    with environment.database.write() as connection:
        connection.execute("DELETE FROM upload WHERE id = ?", (upload.id,))
