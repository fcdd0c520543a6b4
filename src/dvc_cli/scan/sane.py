"""Scanners of SANE, through its program `scanimage`: its exit codes become faults, its leftovers are removed.

A program of its own because python-sane needs a compiler and has one error class with only English words
(contracts/components.md §3).
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue

from dvc_cli.errors import ConfigurationProblem, DvcError
from dvc_cli.i18n import _
from dvc_cli.scan import faults
from dvc_cli.scan.sane_options import (
    SaneOption,
    area_arguments,
    capabilities_of,
    mode_arguments,
    parse_options,
    source_arguments,
)
from dvc_cli.scan.scanner import ScannerCapabilities, ScannerRefused, ScanRequest, ScanSource

log = logging.getLogger(__name__)

PAGE_SECONDS = 300.0
LIST_SECONDS = 60.0
_STOP_SECONDS = 10.0
_GLANCE_SECONDS = 1.0
_EXIT_SECONDS = 3.0
_STATUS = re.compile(r"\(scanner status = (\d+)\)")
_END_OF_PAGE = 5  # SANE_STATUS_EOF: the page came whole
_SEPARATOR = "\x1f"
# SANE_Status of sane.h, which is the exit code of `scanimage` once the device is open.
_CODES: Mapping[int, Callable[[str], DvcError]] = {
    2: faults.cancelled,
    3: faults.busy,
    4: faults.refused,
    6: faults.jammed,
    7: faults.feeder_empty,
    8: faults.cover_open,
    11: faults.locked,
}
# A device that cannot be opened gives exit code 1 whatever the reason: here only sane_strstatus() tells.
_OPENING: tuple[tuple[str, Callable[[str], DvcError]], ...] = (
    (r"open of device .* failed: Device busy", faults.busy),
    (r"open of device .* failed: Access to resource has been denied", faults.locked),
    (r"open of device .* failed: Invalid argument", faults.unknown),
    (r"no SANE devices found", faults.unknown),
    (r"setting of option .* failed|bad option value|value for .* is required|unrecognized option", faults.refused),
)


class NoScanimage(ConfigurationProblem):
    """The program `scanimage` of SANE is not installed."""

    slug = "no-scanimage"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaneDevice:
    """A scanner that SANE knows."""

    device: str
    vendor: str
    model: str
    kind: str


def list_devices(environ: Mapping[str, str]) -> list[SaneDevice]:
    """The scanners that SANE finds now. Raises NoScanimage, ScannerSilent."""
    form = _SEPARATOR.join(("%d", "%v", "%m", "%t")) + "%n"
    listing, _code, _errors = _run(["--formatted-device-list=" + form], environ, "scanimage")
    rows = [line.split(_SEPARATOR) for line in listing.splitlines() if line.count(_SEPARATOR) == 3]
    return [SaneDevice(device=row[0], vendor=row[1], model=row[2], kind=row[3]) for row in rows]


class SaneScanner:
    """One SANE device (see `scan.scanner.Scanner`).

    Args:
        device: the name that SANE gives it.
        environ: variables for `scanimage` (`SANE_CONFIG_DIR`, `SANE_DEBUG_…`).
        page_seconds: the longest wait for one page.
    """

    def __init__(self, device: str, environ: Mapping[str, str], page_seconds: float = PAGE_SECONDS) -> None:
        self._device = device
        self._environ = environ
        self._page_seconds = page_seconds

    @property
    def device(self) -> str:
        """The name that SANE gives it."""
        return self._device

    @cached_property
    def _options(self) -> dict[str, SaneOption]:
        listing, code, errors = _run(["-d", self._device, "--all-options"], self._environ, self._device)
        if code != 0:
            raise _fault(self._device, code, errors)
        return parse_options(listing)

    def capabilities(self) -> ScannerCapabilities:
        """See `Scanner.capabilities`."""
        return ScannerCapabilities(device=self._device, name=self._device, sources=capabilities_of(self._options))

    def feeder_loaded(self) -> bool | None:
        """SANE tells it only by trying."""
        return None

    def scan(self, request: ScanRequest, folder: Path) -> Iterator[Path]:
        """See `Scanner.scan`."""
        arguments = self._arguments(request)
        place = Path(tempfile.mkdtemp(prefix="sane-", dir=folder))
        given: list[Path] = []
        command = [*_program(self._environ), *arguments, "--format=png", "--batch-print"]
        command.append(f"--batch={str(place).replace('%', '%%')}/page-%06d.png")  # a format of printf
        if request.pages or request.source is ScanSource.FLATBED:
            command.append(f"--batch-count={request.pages or 1}")
        job = _Job(command, self._environ)
        try:
            for name in job.lines(self._page_seconds, self._device):
                given.append(place / Path(name).name)
                yield given[-1]
            code = job.code
            if code != 0 and not (code == 7 and given):
                raise _fault(self._device, code, job.errors)
            if not given:
                raise faults.feeder_empty(self._device)
        finally:
            job.stop()
            _remove_leftovers(place, given)

    def close(self) -> None:
        """Nothing is held between scans."""

    def _arguments(self, request: ScanRequest) -> list[str]:
        options = self._options
        source = source_arguments(options, request.source)
        mode = mode_arguments(options, request.mode)
        if source is None or mode is None:
            raise faults.refused(self._device)
        resolution = [f"--resolution={request.resolution}"] if "resolution" in options else []
        area = area_arguments(options, request.width_mm, request.height_mm)
        own = [_own_option(self._device, options, name, value) for name, value in request.options.items()]
        return ["-d", self._device, *source, *mode, *resolution, *area, *own]


class _Job:
    """A running `scanimage`; its lines are read by threads so that waiting for them can end."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        log.debug("scanimage with %d arguments", len(command))
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self.errors: deque[str] = deque(maxlen=20)
        self._status = 0
        self._ended_at: float | None = None
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_plain_words(environ),
            encoding="utf-8",
            errors="replace",
        )
        self._threads = [
            threading.Thread(target=self._read_names, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def code(self) -> int:
        """The exit code, waited for; some drivers hang at the exit, then it is the last status that was told."""
        try:
            code = self._process.wait(_EXIT_SECONDS if self._ended_at is not None else _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.debug("scanimage did not end after its last page")
            self._process.kill()
            return self._status
        self._threads[1].join(_STOP_SECONDS)
        return code

    def lines(self, seconds: float, name: str) -> Iterator[str]:
        """Lines of the output; raises ScannerSilent when one takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=min(_GLANCE_SECONDS, seconds))
            except Empty:
                if self._ended_at is not None and time.monotonic() - self._ended_at > _EXIT_SECONDS:
                    return
                if time.monotonic() < deadline:
                    continue
                raise faults.silent(name, seconds) from None
            if line is None:
                return
            deadline = time.monotonic() + seconds
            yield line

    def stop(self) -> None:
        """Cancel politely, so that the device is let go of, then hard."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _read_names(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._lines.put(line.rstrip("\r\n"))
        self._lines.put(None)

    def _read_errors(self) -> None:
        if self._process.stderr is not None:
            for line in self._process.stderr:
                self.errors.append(line.strip())
                if told := _STATUS.search(line):
                    self._status = 0 if int(told[1]) == _END_OF_PAGE else int(told[1])
                elif line.startswith("Batch terminated"):
                    self._ended_at = time.monotonic()
                log.debug("scanimage: %s", line.strip())


def _program(environ: Mapping[str, str]) -> list[str]:
    found = shutil.which("scanimage", path=environ.get("PATH"))
    if found is None:
        raise NoScanimage(
            _("The program `scanimage` is not installed, so scanners of this computer cannot be used"),
            hint=_(
                "Install SANE (Debian: `apt install sane-utils sane-airscan`); a network scanner works without it: "
                "`--device escl:ADDRESS`"
            ),
        )
    return [found]


def _plain_words(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with English words: names of sources and modes are matched, and they are translated by the locale."""
    return {**environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}


def _run(arguments: list[str], environ: Mapping[str, str], name: str) -> tuple[str, int, deque[str]]:
    try:
        done = subprocess.run(
            [*_program(environ), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_plain_words(environ),
            encoding="utf-8",
            errors="replace",
            timeout=LIST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise faults.silent(name, LIST_SECONDS) from error
    except OSError as error:
        raise faults.failed(name, os.strerror(error.errno or 0)) from error
    return done.stdout, done.returncode, deque(done.stderr.splitlines(), maxlen=20)


def _fault(name: str, code: int, errors: deque[str]) -> DvcError:
    if code == 1:
        words = "\n".join(errors)
        found = next((fault for pattern, fault in _OPENING if re.search(pattern, words)), None)
        return found(name) if found else faults.failed(name, _last_word(errors))
    known = _CODES.get(code)
    return known(name) if known else faults.failed(name, _last_word(errors) or f"scanimage: {code}")


def _last_word(errors: deque[str]) -> str:
    """What `scanimage` itself said last, without its counting of pages."""
    return next((line for line in reversed(errors) if line.startswith("scanimage:")), errors[-1] if errors else "")


def _own_option(device: str, options: Mapping[str, SaneOption], name: str, value: str) -> str:
    option = options.get(name)
    if option is None or len(name) < 2:
        raise ScannerRefused(
            _("The scanner {name} has no option `{option}`").format(name=device, option=name),
            hint=_("See them with `scanimage -A -d {name}`").format(name=device),
        )
    return f"--{name}={value}"


def _remove_leftovers(place: Path, given: list[Path]) -> None:
    """A scan that fails leaves a file with a header and no picture (contracts/components.md §3)."""
    with contextlib.suppress(OSError):
        for path in place.iterdir():
            if path not in given:
                path.unlink(missing_ok=True)
        if not given:
            place.rmdir()
