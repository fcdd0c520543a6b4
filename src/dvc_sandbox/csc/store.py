"""The emulator's state in `csc.sqlite3`: switches, tokens, activation data, tries, and what was signed."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from dvc_sandbox.csc.model import Activation, Caller, CscVariants
from dvc_sandbox.database import Database

FILE_NAME = "csc.sqlite3"


@dataclass(frozen=True, slots=True)
class Tries:
    """What is remembered about one credential's secrets."""

    wrong_pin: int = 0
    wrong_otp: int = 0
    otp: str | None = None
    otp_until: datetime | None = None
    last_step: int = -1


class CscStore:
    """Each method is one SQLite transaction."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.database.apply(files("dvc_sandbox.csc").joinpath("schema.sql").read_text(encoding="utf-8"))

    def variants(self) -> CscVariants:
        """The present switches."""
        row = self.database.read_one("SELECT value FROM setting WHERE name = 'variants'")
        return CscVariants.from_mapping(json.loads(row["value"])) if row else CscVariants()

    def set_variants(self, variants: CscVariants) -> None:
        """Persist the switches."""
        value = json.dumps(dataclasses.asdict(variants))
        with self.database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('variants', ?)", (value,))

    def add_token(self, token: str, kind: str, caller: Caller, expires_at: datetime) -> None:
        """Remember a token."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO token (token, kind, user_id, expires_at) VALUES (?, ?, ?, ?)",
                (token, kind, caller.user_id, expires_at.isoformat()),
            )

    def caller(self, token: str, kind: str, now: datetime) -> Caller | None:
        """Whom a token stands for; None when it is unknown or over."""
        row = self.database.read_one("SELECT * FROM token WHERE token = ? AND kind = ?", token, kind)
        if row is None or datetime.fromisoformat(row["expires_at"]) <= now:
            return None
        return Caller(row["user_id"])

    def drop_token(self, token: str) -> bool:
        """Forget a token; whether it was known."""
        with self.database.write() as connection:
            return bool(connection.execute("DELETE FROM token WHERE token = ?", (token,)).rowcount)

    def add_activation(self, activation: Activation) -> None:
        """Remember activation data."""
        hashes = None if activation.hashes is None else json.dumps(activation.hashes)
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO activation (sad, credential, hashes, remaining, expires_at) VALUES (?, ?, ?, ?, ?)",
                (activation.sad, activation.credential, hashes, activation.left, activation.expires_at.isoformat()),
            )

    def activation(self, sad: str) -> Activation | None:
        """Activation data by its text."""
        row = self.database.read_one("SELECT * FROM activation WHERE sad = ?", sad)
        if row is None:
            return None
        return Activation(
            sad=row["sad"],
            credential=row["credential"],
            hashes=tuple(json.loads(row["hashes"])) if row["hashes"] else None,
            left=row["remaining"],
            expires_at=datetime.fromisoformat(row["expires_at"]),
        )

    def use_activation(self, sad: str, count: int) -> bool:
        """Use up `count` signatures; False when fewer are left."""
        with self.database.write() as connection:
            done = connection.execute(
                "UPDATE activation SET remaining = remaining - ? WHERE sad = ? AND remaining >= ?", (count, sad, count)
            )
        return bool(done.rowcount)

    def tries(self, credential: str) -> Tries:
        """What is remembered about a credential."""
        row = self.database.read_one("SELECT * FROM credential WHERE id = ?", credential)
        if row is None:
            return Tries()
        until = datetime.fromisoformat(row["otp_until"]) if row["otp_until"] else None
        return Tries(row["wrong_pin"], row["wrong_otp"], row["otp"], until, row["last_step"])

    def keep_tries(self, credential: str, tries: Tries) -> None:
        """Replace what is remembered about a credential."""
        until = tries.otp_until.isoformat() if tries.otp_until else None
        with self.database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO credential (id, wrong_pin, wrong_otp, otp, otp_until, last_step) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (credential, tries.wrong_pin, tries.wrong_otp, tries.otp, until, tries.last_step),
            )

    def add_signing(self, credential: str, moment: datetime, hashes: list[str]) -> None:
        """Note what was signed."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO signing (credential, signed_at, hashes) VALUES (?, ?, ?)",
                (credential, moment.isoformat(), json.dumps(hashes)),
            )

    def signings(self) -> list[dict[str, object]]:
        """What was signed, newest first."""
        rows = self.database.read("SELECT * FROM signing ORDER BY number DESC")
        return [
            {"credential": row["credential"], "signed_at": row["signed_at"], "hashes": json.loads(row["hashes"])}
            for row in rows
        ]

    def clear(self) -> None:
        """Forget tokens, activations, tries and switches; what was signed stays for oracles."""
        with self.database.write() as connection:
            for table in ("setting", "token", "activation", "credential"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
