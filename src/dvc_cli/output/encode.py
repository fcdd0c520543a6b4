"""Results as JSON: stable English keys, RFC 3339 times, `[]` when empty, secrets refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from dvc_cli.model.secret import Secret


def encode(result: Any) -> str:
    """One document for `result`; fields with `repr=False` (raw bytes, opaque state) are left out."""
    return json.dumps(plain(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """`value` as JSON types. Raises TypeError for a Secret or raw bytes: they never belong in output."""
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, int) else value.value
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, Secret):
        raise TypeError("a Secret cannot be shown")
    raise TypeError(f"{type(value).__name__} cannot be shown as JSON")


def _object(value: Any) -> dict[str, Any]:
    head = {"schema": value.schema} if isinstance(getattr(value, "schema", None), str) else {}
    return head | {field.name: plain(getattr(value, field.name)) for field in fields(value) if field.repr}
