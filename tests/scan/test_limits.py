"""Hostile files, hanging decoders, Ctrl-C: no harm, no traceback, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from dvc_cli.pdf import limited
from dvc_cli.pdf.limited import DecoderFailed, TooHeavy, Workers
from dvc_cli.scan.convert import Colour, ConversionOptions, Treatment, convert
from tests.scan.hammer import Silent, hammer

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_damaged_files_of_every_kind_do_no_harm(tmp_path, temporary):
    outcome = hammer(tmp_path, temporary, 140, ConversionOptions(), seed=2)
    assert outcome.converted > 20
    assert sum(outcome.refused.values()) > 50
    assert outcome.memory < 1_000_000_000


def test_damaged_files_of_every_kind_do_no_harm_when_treated(tmp_path, temporary):
    treatment = Treatment(deskew=True, clean=True, drop_blank=True, crop=True, colour=Colour.GRAY)
    outcome = hammer(tmp_path, temporary, 60, ConversionOptions(treatment=treatment, limit=5000), seed=3)
    assert outcome.memory < 1_000_000_000


@posix
def test_a_picture_that_needs_too_much_memory_is_named(tmp_path):
    source = tmp_path / "wide.png"
    Image.new("RGB", (13_300, 13_300), "white").save(source, compress_level=1)
    options = ConversionOptions(treatment=Treatment(clean=True))
    with pytest.raises(TooHeavy, match=r"wide\.png needs more than 60 s or 1000 MB"):
        convert([source], tmp_path / "out.pdf", options, Silent())
    assert not (tmp_path / "out.pdf").exists()


@posix
def test_the_system_ends_a_worker_that_computes_too_long():
    code = "from dvc_cli.pdf.limits import allow_seconds; allow_seconds(0)\nwhile True: pass"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30)
    assert ended.returncode == -signal.SIGXCPU


@posix
@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGXCPU, TooHeavy), (signal.SIGKILL, TooHeavy), (signal.SIGSEGV, DecoderFailed)]
)
def test_the_death_of_a_worker_is_the_fault_of_its_file_only(tmp_path, number, error):
    pipe = tmp_path / "never-ends"
    os.mkfifo(pipe)
    with Workers() as workers:
        killer = threading.Timer(0.5, lambda: os.kill(workers._all[-1]._process.pid, number))
        killer.start()
        with pytest.raises(error, match=r"scan\.jpg"):
            workers.call("dvc_cli.scan.frames:count", {"path": str(pipe), "name": "scan.jpg"}, about="scan.jpg")
        Image.new("L", (5, 5)).save(tmp_path / "next.png")
        arguments = {"path": str(tmp_path / "next.png"), "name": "next.png"}
        assert workers.call("dvc_cli.scan.frames:count", arguments, about="next.png") == 1


@posix
def test_a_decoder_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(limited, "WALL_SECONDS", 0.6)
    pipe = tmp_path / "never-ends"
    os.mkfifo(pipe)
    start = time.monotonic()
    with Workers() as workers, pytest.raises(TooHeavy):
        workers.call("dvc_cli.scan.frames:count", {"path": str(pipe), "name": "x"}, about="x")
    assert time.monotonic() - start < 5


def test_a_worker_calls_nothing_but_our_own_functions():
    with Workers() as workers, pytest.raises(DecoderFailed):
        workers.call("os:getcwd", {}, about="x")


def processes_with(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"TMPDIR={folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="/proc")
@pytest.mark.parametrize("after", [0.25, 0.6, 1.2])
@pytest.mark.parametrize("way", [[], ["--fit", "1MB", "--split"], ["--each", "file"]], ids=["one", "fit", "each"])
def test_ctrl_c_leaves_nothing_behind(tmp_path, after, way):
    folder, out = tmp_path / "tmp", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    noise = Image.effect_noise((1500, 1500), 60).convert("RGB")
    for number in range(8):
        noise.save(tmp_path / f"{number}.tif", compression="tiff_lzw")
    sources = sorted(str(path) for path in tmp_path.glob("*.tif"))
    where = ["--out-dir", str(out)] if way[:1] == ["--each"] else ["-o", str(out / "out.pdf")]
    command = [sys.executable, "-m", "dvc_cli", "scan", "convert", *sources, *way, *where]
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(folder)}, stderr=subprocess.PIPE, text=True)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=20)
    assert process.returncode in (130, 0), err
    assert "Traceback" not in err
    assert list(folder.iterdir()) == []
    assert processes_with(folder) == []
    if process.returncode == 130:
        for path in out.iterdir():
            assert way[:1] == ["--each"]
            assert subprocess.run(["qpdf", "--check", path], capture_output=True).returncode == 0
