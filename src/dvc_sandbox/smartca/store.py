"""The emulator's state in `smartca.sqlite3`: switches, transactions, single-use button tokens."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from dvc_sandbox.database import Database
from dvc_sandbox.smartca.model import Behaviour, Document, Mode, State, Transaction, Variants

FILE_NAME = "smartca.sqlite3"


class SigningStore:
    """Reads and writes transactions; each method is one SQLite transaction."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.database.apply(files("dvc_sandbox.smartca").joinpath("schema.sql").read_text(encoding="utf-8"))

    def behaviour(self) -> Behaviour:
        """The present switches; the defaults when none were set."""
        row = self.database.read_one("SELECT value FROM setting WHERE name = 'behaviour'")
        if row is None:
            return Behaviour()
        saved = json.loads(row["value"])
        return Behaviour(Mode(saved["mode"]), saved["delay_seconds"], Variants.from_mapping(saved["variants"]))

    def set_behaviour(self, behaviour: Behaviour) -> None:
        """Persist the switches."""
        value = json.dumps(dataclasses.asdict(behaviour))
        with self.database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('behaviour', ?)", (value,))

    def find(self, transaction_id: str) -> Transaction | None:
        """The transaction with the caller's id."""
        return self._one("SELECT * FROM signing WHERE id = ?", transaction_id)

    def find_by_code(self, tran_code: str) -> Transaction | None:
        """The transaction with the service's own code."""
        return self._one("SELECT * FROM signing WHERE tran_code = ?", tran_code)

    def newest(self, user_id: str | None = None, limit: int = -1) -> list[Transaction]:
        """Transactions, newest first, of one subscriber or of all; `limit` -1 means every one."""
        rows = self.database.read(
            "SELECT * FROM signing WHERE ? IS NULL OR user_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?",
            user_id,
            user_id,
            limit,
        )
        return [self._transaction(row) for row in rows]

    def open_of(self, user_id: str) -> list[Transaction]:
        """Transactions of a subscriber that nobody has decided yet."""
        rows = self.database.read(
            "SELECT * FROM signing WHERE user_id = ? AND state IN ('waiting', 'activated') ORDER BY created_at", user_id
        )
        return [self._transaction(row) for row in rows]

    def add(self, transaction: Transaction) -> None:
        """Store a new transaction with its documents; sqlite3.IntegrityError for a used id."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO signing (id, tran_code, sp_id, user_id, certificate, description, state, created_at,"
                " expires_at, sad) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    transaction.id,
                    transaction.tran_code,
                    transaction.sp_id,
                    transaction.user_id,
                    transaction.certificate,
                    transaction.description,
                    transaction.state,
                    transaction.created_at.isoformat(),
                    transaction.expires_at.isoformat(),
                    transaction.sad,
                ),
            )
            connection.executemany(
                "INSERT INTO document (signing, position, doc_id, digest, file_type) VALUES (?, ?, ?, ?, ?)",
                [
                    (transaction.id, n, one.doc_id, one.digest, one.file_type)
                    for n, one in enumerate(transaction.documents)
                ],
            )

    def decide(self, transaction: Transaction, state: State, moment: datetime, sign: Callable[[str], bytes]) -> bool:
        """Move an open transaction to a terminal state, once; False when somebody was faster."""
        values = (
            [(sign(one.digest), transaction.id, one.doc_id) for one in transaction.documents]
            if state is State.SIGNED
            else []
        )
        with self.database.write() as connection:
            moved = connection.execute(
                "UPDATE signing SET state = ?, decided_at = ? WHERE id = ? AND state IN ('waiting', 'activated')",
                (state, moment.isoformat(), transaction.id),
            ).rowcount
            if moved:
                connection.executemany("UPDATE document SET signature = ? WHERE signing = ? AND doc_id = ?", values)
                connection.execute("DELETE FROM button_token WHERE signing = ?", (transaction.id,))
        return bool(moved)

    def add_button_token(self, token: str, transaction_id: str) -> None:
        """Remember a token that a page was given for one transaction."""
        with self.database.write() as connection:
            connection.execute("INSERT INTO button_token (token, signing) VALUES (?, ?)", (token, transaction_id))

    def take_button_token(self, token: str, transaction_id: str) -> bool:
        """Use a token up; False when it is unknown, used, or of another transaction."""
        with self.database.write() as connection:
            done = connection.execute(
                "DELETE FROM button_token WHERE token = ? AND signing = ?", (token, transaction_id)
            )
        return bool(done.rowcount)

    def use_otp(self, user_id: str, step: int) -> bool:
        """Note that a subscriber's code was accepted; False when it was accepted before."""
        with self.database.write() as connection:
            done = connection.execute("INSERT OR IGNORE INTO otp_used (user_id, step) VALUES (?, ?)", (user_id, step))
        return bool(done.rowcount)

    def clear(self) -> None:
        """Forget everything, the switches too."""
        with self.database.write() as connection:
            for table in ("button_token", "document", "signing", "otp_used", "setting"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above

    def _one(self, sql: str, *args: object) -> Transaction | None:
        row = self.database.read_one(sql, *args)
        return self._transaction(row) if row else None

    def _transaction(self, row: sqlite3.Row) -> Transaction:
        documents = self.database.read("SELECT * FROM document WHERE signing = ? ORDER BY position", row["id"])
        return Transaction(
            id=row["id"],
            tran_code=row["tran_code"],
            sp_id=row["sp_id"],
            user_id=row["user_id"],
            certificate=row["certificate"],
            description=row["description"],
            state=State(row["state"]),
            created_at=datetime.fromisoformat(row["created_at"]),
            expires_at=datetime.fromisoformat(row["expires_at"]),
            decided_at=datetime.fromisoformat(row["decided_at"]) if row["decided_at"] else None,
            sad=row["sad"],
            documents=tuple(Document(d["doc_id"], d["digest"], d["file_type"], d["signature"]) for d in documents),
        )
