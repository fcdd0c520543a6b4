"""Hash chains: one for each row and one over the run headers, so that an altered or missing event shows (R6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable


def row_start(reference: str) -> bytes:
    """What the first event of a row is chained to."""
    return hashlib.sha256(b"dvc.journal.row/1\0" + reference.encode()).digest()


RUN_START = hashlib.sha256(b"dvc.journal.run/1").digest()


def link(previous: bytes, *fields: str | int) -> bytes:
    """The hash of a link: the previous one and this one's fields."""
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(previous + body).digest()


def heads_digest(heads: Iterable[tuple[str, bytes]]) -> str:
    """One hash over the last links of all rows, in the order of their references: what a run header vouches for."""
    digest = hashlib.sha256()
    for reference, head in heads:
        digest.update(reference.encode() + b"\0" + head)
    return digest.hexdigest()
