"""The durable record of a request that the app was asked to confirm, so that an approved one outlives a crash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dvc_cli.model.ports import TransactionStore
from dvc_cli.model.secret import Secret

_SCHEMA = "dvc.mysign.transaction/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """One request as it is stored; `digests` in hex, in the order in which they were sent."""

    id: Secret
    account: str
    credential: str
    description: str
    digests: tuple[str, ...]
    opened_at: datetime

    def seconds_left(self, wait: int, now: datetime) -> float:
        """Seconds until the app gives up; negative when that is over."""
        return wait - (now - self.opened_at).total_seconds()


class OpenRequests:
    """The open requests of one account in the durable store."""

    def __init__(self, store: TransactionStore, account: str) -> None:
        self._store = store
        self._account = account

    def keep(self, request: OpenRequest) -> None:
        """Store a request; durable when this returns."""
        plain = {
            "schema": _SCHEMA,
            "id": request.id.reveal(),
            "account": request.account,
            "credential": request.credential,
            "description": request.description,
            "digests": request.digests,
            "opened_at": request.opened_at.isoformat(),
        }
        self._store.save(request.id.reveal(), json.dumps(plain, ensure_ascii=False).encode())

    def drop(self, request: OpenRequest) -> None:
        """The request is over and its result was used."""
        self._store.remove(request.id.reveal())

    def all(self) -> Sequence[OpenRequest]:
        """Open requests of this account, oldest first; records of other kinds of signers are left alone."""
        payloads = [self._store.load(one) for one in self._store.open_ids()]
        found = [_read(payload) for payload in payloads if payload is not None]
        return [one for one in found if one is not None and one.account == self._account]


def _read(payload: bytes) -> OpenRequest | None:
    try:
        plain = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(plain, dict) or plain.get("schema") != _SCHEMA:
        return None
    return OpenRequest(
        id=Secret(plain["id"]),
        account=plain["account"],
        credential=plain["credential"],
        description=plain["description"],
        digests=tuple(plain["digests"]),
        opened_at=datetime.fromisoformat(plain["opened_at"]),
    )
