"""The verdict on a file as plain data, for the process with limits: foreign PDFs are read there (design/security.md)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dvc_cli.model.signing import DocumentVerdict, SignatureVerdict
from dvc_cli.sign.pades.verify import JudgedTime, verify_document

FUNCTION: Final = "dvc_cli.sign.pades.apart:verify_plain"


def arguments(path: Path, roots: Sequence[bytes], when: JudgedTime) -> dict[str, Any]:
    """What `verify_plain` takes, as JSON types."""
    return {
        "path": str(path),
        "roots": [base64.b64encode(root).decode("ascii") for root in roots],
        "moment": when.moment.isoformat(),
        "given": when.given,
        "claimed": when.claimed,
    }


def verify_plain(path: str, roots: list[str], moment: str, given: bool, claimed: bool) -> dict[str, Any]:
    """`verify_document`, plain data in and out."""
    when = JudgedTime(moment=datetime.fromisoformat(moment), given=given, claimed=claimed)
    verdict = asdict(verify_document(Path(path), [base64.b64decode(root) for root in roots], when))
    for one in verdict["signatures"]:
        for name, value in one.items():
            one[name] = value.isoformat() if isinstance(value, datetime) else value
    return verdict


def verdict_from(plain: dict[str, Any]) -> DocumentVerdict:
    """The verdict that `verify_plain` gave."""
    return DocumentVerdict(
        **{
            **plain,
            "signatures": tuple(_signature(one) for one in plain["signatures"]),
            "changed_pages": tuple(plain["changed_pages"]),
        }
    )


def _signature(plain: dict[str, Any]) -> SignatureVerdict:
    moments = {field.name for field in fields(SignatureVerdict) if "datetime" in str(field.type)}
    values: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in moments and value is not None else value
        for name, value in plain.items()
    }
    return SignatureVerdict(**values)
