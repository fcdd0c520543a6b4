"""The stored form of a row: the cached fold of its events."""

from __future__ import annotations

import json
from dataclasses import asdict

from dvc_cli.model.events import FileSigned, FrozenFile, Uploaded
from dvc_cli.model.submission import Row, State


def row_to_json(row: Row) -> str:
    """Canonical JSON of a row."""
    fields = asdict(row) | {"state": row.state.value}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def row_from_json(text: str) -> Row:
    """The row that was stored. Raises ValueError, KeyError or TypeError for anything else."""
    fields = json.loads(text)
    return Row(
        **fields
        | {
            "state": State(fields["state"]),
            "files": tuple(FrozenFile(**item) for item in fields["files"]),
            "signed": tuple(FileSigned(**item) for item in fields["signed"]),
            "stored": tuple(Uploaded(**item) for item in fields["stored"]),
            "orphans": tuple(fields["orphans"]),
            "codes": tuple(fields["codes"]),
        }
    )
