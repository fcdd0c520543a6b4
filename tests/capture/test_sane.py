"""SANE in particular: listings of options, real content, waits that end, programs that are missing."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from dvc_cli.scan.sane import NoScanimage, SaneScanner, list_devices
from dvc_cli.scan.sane_options import (
    area_arguments,
    capabilities_of,
    mode_arguments,
    parse_options,
    source_arguments,
)
from dvc_cli.scan.scanner import CoverOpen, NoScanner, ScanMode, ScannerBusy, ScannerSilent, ScanRequest, ScanSource
from dvc_cli.testing.scanner_contract import request as small
from tests.capture.conftest import sane_environment

FUJITSU = """
All options specific to device `fujitsu:fi-7160:1':
  Scan Mode:
    --source ADF Front|ADF Back|ADF Duplex [ADF Front]
        Selects the scan source (such as a document-feeder).
    --mode Lineart|Halftone|Gray|Color [Lineart]
    --resolution 50..600dpi (in steps of 1) [600]
  Geometry:
    --page-width 0..224.846mm (in steps of 0.0211639) [215.872]
    --page-height 0..863.489mm (in steps of 0.0211639) [279.364]
    -l 0..215.872mm (in steps of 0.0211639) [0]
    -t 0..279.364mm (in steps of 0.0211639) [0]
    -x 0..215.872mm (in steps of 0.0211639) [215.872]
    -y 0..279.364mm (in steps of 0.0211639) [279.364]
"""
EPSON = """
    --mode Binary|Gray|Color [Binary]
    --depth 8|16 [inactive]
    --resolution 75|150|300|600dpi [75]
    --source Flatbed|Automatic Document Feeder [Flatbed]
    --adf-mode Simplex|Duplex [Simplex]
    -x 0..215.9mm [215.9]
    -y 0..297.18mm [297.18]
"""
BROTHER = """
    --mode Black & White|Gray[Error Diffusion]|True Gray|24bit Color|24bit Color[Fast] [24bit Color]
    --resolution 100|150|200|300dpi [200]
    --source FlatBed|Automatic Document Feeder(left aligned)|Automatic Document Feeder(left aligned,Duplex) [FlatBed]
    -x 0..211.9mm (in steps of 0.0999908) [211.881]
"""


def test_devices_are_listed(sane):
    found = list_devices(sane)
    assert [one.device for one in found] == ["test:0", "test:1"]
    assert found[0].model == "frontend-tester"


def test_no_such_device(sane):
    with pytest.raises(NoScanner):
        SaneScanner("test:9", sane).capabilities()


def test_scanimage_is_missing(tmp_path):
    with pytest.raises(NoScanimage) as caught:
        list_devices({"PATH": str(tmp_path)})
    assert caught.value.exit_code == 13
    assert "escl:" in caught.value.hint


def test_a_feeder_with_both_sides():
    options = parse_options(FUJITSU)
    assert [one.source for one in capabilities_of(options)] == [ScanSource.FEEDER, ScanSource.DUPLEX]
    assert source_arguments(options, ScanSource.FEEDER) == ["--source=ADF Front"]
    assert source_arguments(options, ScanSource.DUPLEX) == ["--source=ADF Duplex"]
    assert mode_arguments(options, ScanMode.BW) == ["--mode=Lineart"]
    assert "--page-height=297" in area_arguments(options, 210, 297)
    assert area_arguments(options, 210, 297)[-1] == "279.364"


def test_sides_chosen_by_an_option_of_its_own():
    options = parse_options(EPSON)
    assert source_arguments(options, ScanSource.DUPLEX) == ["--source=Automatic Document Feeder", "--adf-mode=Duplex"]
    assert source_arguments(options, ScanSource.FEEDER) == ["--source=Automatic Document Feeder", "--adf-mode=Simplex"]
    assert mode_arguments(options, ScanMode.COLOR) == ["--mode=Color"]  # an inactive depth is not set
    assert capabilities_of(options)[0].resolutions.values == (75, 150, 300, 600)
    assert capabilities_of(options)[0].resolutions.nearest(200) == 300


def test_words_of_other_makers():
    options = parse_options(BROTHER)
    assert {one.source for one in capabilities_of(options)} == set(ScanSource)
    assert mode_arguments(options, ScanMode.COLOR) == ["--mode=24bit Color"]
    assert mode_arguments(options, ScanMode.BW) == ["--mode=Black & White"]
    assert mode_arguments(options, ScanMode.GRAY) == ["--mode=Gray[Error Diffusion]"]


@given(st.text(max_size=200))
def test_any_listing_is_read(text):
    capabilities_of(parse_options("    --" + text))
    capabilities_of(parse_options(text))


def test_the_page_that_lies_on_the_glass_comes_out(tmp_path, sheets):
    environ = sane_environment(tmp_path / "conf", "pnm")
    source = tmp_path / "page.ppm"
    with Image.open(sheets[0]) as image:
        original = image.convert("RGB")
    original.save(source)
    scanner = SaneScanner("pnm:0", environ)
    wanted = ScanRequest(
        source=ScanSource.FLATBED, mode=ScanMode.COLOR, resolution=200, options={"filename": str(source)}
    )
    (page,) = scanner.scan(wanted, tmp_path)
    with Image.open(page) as image:
        assert ImageChops.difference(image.convert("RGB"), original).getbbox() is None
        assert round(image.info["dpi"][0]) == 200


def test_the_working_folder_may_have_any_name(tmp_path, sane):
    folder = tmp_path / "hồ sơ 100%d của tôi"
    folder.mkdir()
    assert len(list(SaneScanner("test:0", sane).scan(small(pages=2), folder))) == 2


posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX programs")


def pretended(folder: Path, script: str) -> dict[str, str]:
    """A `scanimage` that does what the script says."""
    folder.mkdir()
    program = folder / "scanimage"
    program.write_text(
        '#!/bin/sh\ncase "$*" in *--all-options*) echo "    --mode Color [Color]"; exit 0;; esac\n' + script,
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@posix
def test_a_device_that_never_answers(tmp_path):
    environ = pretended(tmp_path / "bin", "exec sleep 60\n")
    started = time.monotonic()
    with pytest.raises(ScannerSilent):
        list(SaneScanner("slow", environ, page_seconds=0.2).scan(small(ScanSource.FLATBED), tmp_path))
    assert time.monotonic() - started < 5


@posix
def test_a_driver_that_hangs_at_the_exit_after_a_fault(tmp_path):
    script = (
        'echo "Scanned page 1. (scanner status = 8)" >&2\necho "Batch terminated, 1 page scanned" >&2\nexec sleep 60\n'
    )
    environ = pretended(tmp_path / "bin", script)
    started = time.monotonic()
    with pytest.raises(CoverOpen):
        list(SaneScanner("hung", environ).scan(small(ScanSource.FLATBED), tmp_path))
    assert time.monotonic() - started < 30


@posix
def test_a_device_that_another_program_has_open(tmp_path):
    environ = pretended(tmp_path / "bin", 'echo "scanimage: open of device x failed: Device busy" >&2\nexit 1\n')
    with pytest.raises(ScannerBusy):
        list(SaneScanner("x", environ).scan(small(ScanSource.FLATBED), tmp_path))


@posix
def test_leftovers_of_a_killed_program_are_removed(tmp_path):
    script = (
        'for a in "$@"; do case "$a" in --batch=*) f="${a#--batch=}";; esac; done\n'
        'printf x > "$(dirname "$f")/page-000001.png"\nkill -9 $$\n'
    )
    with pytest.raises(Exception, match="failed during the work"):
        list(SaneScanner("x", pretended(tmp_path / "bin", script)).scan(small(ScanSource.FLATBED), tmp_path))
    assert not list(tmp_path.rglob("*.png"))
