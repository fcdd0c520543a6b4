"""Damaged pictures and PDFs by the thousand against `scan convert`: no traceback, no hang, nothing left, at most 1 GB."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from dvc_cli.scan.convert import Colour, ConversionOptions, Treatment
from tests.scan.hammer import hammer

CASES = 2400
TREATED = 600


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.timeout(1800)
def test_damaged_files(tmp_path: Path, temporary: Path, record_property) -> None:
    outcome = hammer(tmp_path, temporary, CASES, ConversionOptions(), seed=11)
    record_property("outcome", repr(outcome))
    assert outcome.converted + sum(outcome.refused.values()) == CASES
    assert outcome.memory < 1_000_000_000


@pytest.mark.timeout(1800)
def test_damaged_files_when_treated_and_made_to_fit(tmp_path: Path, temporary: Path) -> None:
    treatment = Treatment(deskew=True, clean=True, drop_blank=True, crop=True, colour=Colour.BLACK_AND_WHITE)
    options = ConversionOptions(treatment=treatment, limit=4000, split=True)
    outcome = hammer(tmp_path, temporary, TREATED, options, seed=12)
    assert outcome.memory < 1_000_000_000
