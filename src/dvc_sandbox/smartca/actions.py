"""What the sandbox's admin API may do with the emulator: look, decide, and set its switches.

Every function takes the sandbox's environment and answers with JSON-ready values. LookupError: no such transaction;
ValueError: wrong value, or a transaction that was decided already.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dvc_sandbox.smartca.model import Behaviour, Mode, State, Transaction, Variants
from dvc_sandbox.smartca.service import SigningService

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment


def transactions(environment: Environment) -> list[dict[str, object]]:
    """Every transaction, newest first, as it stands now."""
    return [_row(one) for one in SigningService(environment).newest()]


def approve(environment: Environment, transaction: str) -> dict[str, object]:
    """The tap "confirm" on the phone."""
    return _decide(environment, transaction, State.SIGNED)


def reject(environment: Environment, transaction: str) -> dict[str, object]:
    """The tap "reject" on the phone."""
    return _decide(environment, transaction, State.REJECTED)


def expire(environment: Environment, transaction: str) -> dict[str, object]:
    """Let a waiting transaction expire now, without moving the clock."""
    return _decide(environment, transaction, State.EXPIRED)


def fail(environment: Environment, transaction: str) -> dict[str, object]:
    """Let a waiting transaction fail on the service's side."""
    return _decide(environment, transaction, State.FAILED)


def set_mode(environment: Environment, mode: str, delay_seconds: float = 0.0) -> dict[str, object]:
    """Who decides: `manual`, or `approve`/`reject`/`expire`/`fail` by itself after a delay of sandbox time."""
    if mode not in list(Mode):
        raise ValueError(f"unknown mode {mode!r}; known: {', '.join(Mode)}")
    if not 0 <= delay_seconds <= 3600:
        raise ValueError("delay_seconds must lie between 0 and 3600")
    store = SigningService(environment).store
    store.set_behaviour(dataclasses.replace(store.behaviour(), mode=Mode(mode), delay_seconds=float(delay_seconds)))
    return behaviour(environment)


def set_variants(environment: Environment, variants: Mapping[str, object]) -> dict[str, object]:
    """Set exactly these variants (README.md lists them); all others go back to their defaults."""
    store = SigningService(environment).store
    store.set_behaviour(dataclasses.replace(store.behaviour(), variants=Variants.from_mapping(variants)))
    return behaviour(environment)


def behaviour(environment: Environment) -> dict[str, object]:
    """The present mode, delay and variants."""
    present: Behaviour = SigningService(environment).behaviour()
    return {"sandbox": True, **json.loads(json.dumps(dataclasses.asdict(present)))}


def reset(environment: Environment) -> None:
    """Forget every transaction and switch."""
    SigningService(environment).store.clear()


def _decide(environment: Environment, transaction: str, state: State) -> dict[str, object]:
    service = SigningService(environment)
    found = service.find(transaction)
    if found is None:
        raise LookupError(f"no SmartCA transaction {transaction}")
    if found.state is not State.WAITING:
        raise ValueError(f"the transaction is not waiting: {found.state}")
    return _row(service.decide(found, state))


def _row(transaction: Transaction) -> dict[str, object]:
    return {
        "sandbox": True,
        "transaction_id": transaction.id,
        "tran_code": transaction.tran_code,
        "sp_id": transaction.sp_id,
        "user_id": transaction.user_id,
        "certificate": transaction.certificate,
        "description": transaction.description,
        "state": transaction.state.value,
        "created_at": transaction.created_at.isoformat(),
        "expires_at": transaction.expires_at.isoformat(),
        "decided_at": transaction.decided_at.isoformat() if transaction.decided_at else None,
        "documents": [
            {"doc_id": one.doc_id, "digest": one.digest, "signed": one.signature is not None}
            for one in transaction.documents
        ],
    }
