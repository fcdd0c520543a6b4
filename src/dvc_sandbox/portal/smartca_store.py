"""The portal's open SmartCA transactions, kept before they are sent so that an approved one is finished after any crash."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dvc_sandbox.portal.text import from_iso, to_iso

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

# `reference` is what the citizen's client sees; the transaction id itself is a secret (smartca.md §1).
SCHEMA = """
CREATE TABLE IF NOT EXISTS smartca_request (
  reference TEXT PRIMARY KEY,
  transaction_id TEXT NOT NULL UNIQUE,
  sid TEXT NOT NULL,
  account INTEGER NOT NULL,
  tran_code TEXT NOT NULL DEFAULT '',
  signer TEXT NOT NULL,
  certificate BLOB NOT NULL,
  chain BLOB NOT NULL,                            -- DER certificates one after the other
  state TEXT NOT NULL CHECK (state IN ('waiting', 'signed', 'rejected', 'expired', 'failed')),
  message TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS smartca_file (
  reference TEXT NOT NULL REFERENCES smartca_request(reference) ON DELETE CASCADE,
  upload INTEGER NOT NULL,
  doc_id TEXT NOT NULL,
  stored_sha256 TEXT NOT NULL,                    -- the unsigned file that was prepared
  increment BLOB NOT NULL,                        -- the prepared file is the stored one and these bytes
  gap_start INTEGER NOT NULL,
  gap_end INTEGER NOT NULL,
  attributes BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'signed', 'failed')),
  message TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (reference, doc_id)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class RequestFile:
    """One prepared file of a transaction."""

    upload: int
    doc_id: str
    stored_sha256: str
    increment: bytes
    gap_start: int
    gap_end: int
    attributes: bytes
    state: str = "waiting"
    message: str = ""


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """One transaction: `state` is waiting, signed, rejected, expired or failed; `chain` the issuers (DER)."""

    reference: str
    transaction_id: str
    sid: str
    account: int
    tran_code: str
    signer: str
    certificate: bytes
    chain: tuple[bytes, ...]
    state: str
    message: str
    created_at: datetime
    expires_at: datetime
    files: tuple[RequestFile, ...]


def add(environment: Environment, request: SigningRequest) -> bool:
    """Keep a new transaction; False when the account already has one that waits (SmartCA allows one per subscriber)."""
    with environment.database.write() as connection:
        busy = connection.execute(
            "SELECT 1 FROM smartca_request WHERE account = ? AND state = 'waiting'", (request.account,)
        ).fetchone()
        if busy:
            return False
        connection.execute(
            "INSERT INTO smartca_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.reference, request.transaction_id, request.sid, request.account, request.tran_code, request.signer,
                request.certificate, b"".join(request.chain), request.state, request.message,
                to_iso(request.created_at), to_iso(request.expires_at),
            ),
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO smartca_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    request.reference, one.upload, one.doc_id, one.stored_sha256, one.increment,
                    one.gap_start, one.gap_end, one.attributes, one.state, one.message,
                )
                for one in request.files
            ],
        )  # fmt: skip
    return True


def opened(environment: Environment, reference: str, tran_code: str, expires_at: datetime) -> None:
    """Note SmartCA's answer to the sign call."""
    with environment.database.write() as connection:
        connection.execute(
            "UPDATE smartca_request SET tran_code = ?, expires_at = ? WHERE reference = ?",
            (tran_code, to_iso(expires_at), reference),
        )


def end(environment: Environment, reference: str, state: str, message: str) -> None:
    """End a waiting transaction; one that has ended stays as it is."""
    with environment.database.write() as connection:
        connection.execute(
            "UPDATE smartca_request SET state = ?, message = ? WHERE reference = ? AND state = 'waiting'",
            (state, message, reference),
        )


def end_file(environment: Environment, reference: str, doc_id: str, state: str, message: str = "") -> None:
    """Note what became of one file."""
    with environment.database.write() as connection:
        connection.execute(
            "UPDATE smartca_file SET state = ?, message = ? WHERE reference = ? AND doc_id = ?",
            (state, message, reference, doc_id),
        )


def find(environment: Environment, reference: str, sid: str) -> SigningRequest | None:
    """The transaction of this draft, or None."""
    row = environment.database.read_one("SELECT * FROM smartca_request WHERE reference = ? AND sid = ?", reference, sid)
    return _request(environment, row) if row else None


def of_draft(environment: Environment, sid: str) -> list[SigningRequest]:
    """The draft's transactions, newest first."""
    rows = environment.database.read(
        "SELECT * FROM smartca_request WHERE sid = ? ORDER BY created_at DESC, rowid DESC", sid
    )
    return [_request(environment, row) for row in rows]


def waiting_of(environment: Environment, account: int) -> list[SigningRequest]:
    """The account's transactions that wait for the phone."""
    rows = environment.database.read("SELECT * FROM smartca_request WHERE account = ? AND state = 'waiting'", account)
    return [_request(environment, row) for row in rows]


def _request(environment: Environment, row: sqlite3.Row) -> SigningRequest:
    kept = environment.database.read("SELECT * FROM smartca_file WHERE reference = ? ORDER BY rowid", row["reference"])
    parts = list(RequestFile.__slots__)
    return SigningRequest(
        reference=row["reference"],
        transaction_id=row["transaction_id"],
        sid=row["sid"],
        account=row["account"],
        tran_code=row["tran_code"],
        signer=row["signer"],
        certificate=bytes(row["certificate"]),
        chain=tuple(_split(bytes(row["chain"]))),
        state=row["state"],
        message=row["message"],
        created_at=from_iso(row["created_at"]),
        expires_at=from_iso(row["expires_at"]),
        files=tuple(RequestFile(**{name: one[name] for name in parts}) for one in kept),
    )


def _split(certificates: bytes) -> Sequence[bytes]:
    """Cut DER objects that stand one after the other."""
    from asn1crypto import parser

    found = []
    while certificates:
        _, _, _, header, body, trailer = parser.parse(certificates, strict=False)
        size = len(header) + len(body) + len(trailer)
        found.append(certificates[:size])
        certificates = certificates[size:]
    return found
