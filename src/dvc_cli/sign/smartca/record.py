"""The durable record of one signing transaction: written before anything is sent (contract smartca.md §1)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from dvc_cli.model.ports import TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest

DEFAULT_SECONDS = 300
_SCHEMA = "dvc.smartca.transaction/1"
_SHOWN_LENGTH = 120


class Stage(Enum):
    """How far a transaction is known to have come; terminal ones are removed once their result is used."""

    NEW = "new"
    WAITING = "waiting"
    ACTIVATED = "activated"
    AMBIGUOUS = "ambiguous"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """One document of a batch: our id, the name the phone shows (unique in the batch), hex SHA-256."""

    doc_id: str
    shown_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTransaction:
    """One transaction as it is stored. The id is a secret: whoever knows it can fetch the signatures."""

    id: Secret
    account: str
    serial: str
    description: str
    documents: tuple[PendingDocument, ...]
    opened_at: datetime
    by_otp: bool
    stage: Stage = Stage.NEW
    seconds: int = DEFAULT_SECONDS
    tran_code: Secret | None = field(default=None)

    def seconds_left(self, now: datetime) -> float:
        """Seconds until the service gives up waiting; negative when that is over."""
        return self.seconds - (now - self.opened_at).total_seconds()

    def to_bytes(self) -> bytes:
        """The stored form."""
        plain: dict[str, object] = {
            "schema": _SCHEMA,
            "id": self.id.reveal(),
            "account": self.account,
            "serial": self.serial,
            "description": self.description,
            "documents": [dataclasses.asdict(one) for one in self.documents],
            "opened_at": self.opened_at.isoformat(),
            "by_otp": self.by_otp,
            "stage": self.stage.value,
            "seconds": self.seconds,
            "tran_code": self.tran_code.reveal() if self.tran_code else None,
        }
        return json.dumps(plain, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> PendingTransaction | None:
        """Read the stored form; None for the record of another kind of signer or another version."""
        try:
            plain = json.loads(payload)
        except ValueError:
            return None
        if not isinstance(plain, dict) or plain.get("schema") != _SCHEMA:
            return None
        return cls(
            id=Secret(plain["id"]),
            account=plain["account"],
            serial=plain["serial"],
            description=plain["description"],
            documents=tuple(PendingDocument(**one) for one in plain["documents"]),
            opened_at=datetime.fromisoformat(plain["opened_at"]),
            by_otp=plain["by_otp"],
            stage=Stage(plain["stage"]),
            seconds=plain["seconds"],
            tran_code=Secret(plain["tran_code"]) if plain["tran_code"] else None,
        )


class PendingTransactions:
    """The open transactions of one account in the durable store."""

    def __init__(self, store: TransactionStore, account: str) -> None:
        self._store = store
        self._account = account

    def keep(self, transaction: PendingTransaction, **changes: object) -> PendingTransaction:
        """Store the transaction, with `changes`; durable when this returns."""
        changed = dataclasses.replace(transaction, **changes)  # type: ignore[arg-type]  # names are the fields'
        self._store.save(changed.id.reveal(), changed.to_bytes())
        return changed

    def drop(self, transaction: PendingTransaction) -> None:
        """The transaction is over and its result was used."""
        self._store.remove(transaction.id.reveal())

    def all(self) -> list[PendingTransaction]:
        """Open transactions of this account, oldest first."""
        payloads = [self._store.load(one) for one in self._store.open_ids()]
        found = [PendingTransaction.from_bytes(payload) for payload in payloads if payload is not None]
        return [one for one in found if one is not None and one.account == self._account]


def pending_documents(digests: Sequence[DocumentDigest]) -> tuple[PendingDocument, ...]:
    """The documents of a batch with the names that the phone will show, made unique by a number."""
    used: set[str] = set()
    documents = []
    for one in digests:
        shown = _unused(_readable(one.display_name or one.doc_id), used)
        used.add(shown)
        documents.append(PendingDocument(one.doc_id, shown, one.digest.hex()))
    return tuple(documents)


def _readable(name: str) -> str:
    return "".join(char for char in name if char.isprintable())[:_SHOWN_LENGTH].strip() or "document"


def _unused(name: str, used: set[str]) -> str:
    number, candidate = 1, name
    while candidate in used:
        number += 1
        candidate = f"{name} ({number})"
    return candidate
