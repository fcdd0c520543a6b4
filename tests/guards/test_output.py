"""The doors to the terminal: foreign text, JSON, crash reports."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.main import main
from dvc_cli.model.secret import Secret
from dvc_cli.output.encode import encode
from dvc_cli.output.safe import safe, safe_cell

BIDI_CONTROLS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@given(st.text())
def test_no_control_or_direction_character_gets_out(text):
    for character in safe(text):
        assert character in "\n\t" or unicodedata.category(character) != "Cc"
        assert unicodedata.bidirectional(character) not in BIDI_CONTROLS
    assert "\x1b" not in safe(text)
    assert "\n" not in safe_cell(text)


def test_vietnamese_passes_unchanged():
    text = "Đơn đề nghị đăng tin, bài — Nguyễn Thị Được ẵ ặ ỡ ự"
    assert safe(text) == text


@dataclass(frozen=True, kw_only=True)
class Thing:
    schema: ClassVar[str] = "dvc.test.thing/1"
    at: datetime
    where: Path
    items: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)


def test_json_shape():
    thing = Thing(at=datetime(2026, 11, 5, 1, 2, 3, tzinfo=UTC), where=Path("a") / "b")
    assert json.loads(encode(thing)) == {
        "schema": "dvc.test.thing/1",
        "at": "2026-11-05T01:02:03Z",
        "where": str(Path("a") / "b"),
        "items": [],
    }


def test_a_secret_never_becomes_json_or_text():
    secret = Secret("canary")
    with pytest.raises(TypeError):
        encode([secret])
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)
    assert "canary" not in f"{secret} {secret!r} {secret:>10}"


def test_a_fault_of_ours_leaves_a_masked_file_and_no_traceback(capsys, monkeypatch):
    def explode(*_):
        raise RuntimeError("password=hunter2 034199000123")

    monkeypatch.setattr("dvc_cli.services.diagnose.diagnose", explode)
    assert main(["doctor", "--quiet"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    crash = Path(told.rsplit(": ", 1)[1].strip())
    content = crash.read_text(encoding="utf-8")
    assert "RuntimeError" in content
    assert "hunter2" not in content
    assert "034199000123" not in content
