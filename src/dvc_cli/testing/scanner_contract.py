# ruff: noqa: S101 - these are tests
"""The suite every scanner driver passes: `class TestMyScanner(ScannerContract)` with the fixtures `scanner` and `faulty`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.scan.scanner import (
    CoverOpen,
    FeederEmpty,
    PaperJam,
    ScanCancelled,
    ScanMode,
    Scanner,
    ScannerBusy,
    ScannerFault,
    ScannerLocked,
    ScannerRefused,
    ScanRequest,
    ScanSource,
)

DPI = 100
FAULTS: Mapping[str, tuple[type[DvcError], ExitCode]] = {
    "jam": (PaperJam, ExitCode.TEMPORARY),
    "empty": (FeederEmpty, ExitCode.TEMPORARY),
    "cover": (CoverOpen, ExitCode.TEMPORARY),
    "busy": (ScannerBusy, ExitCode.TEMPORARY),
    "broken": (ScannerFault, ExitCode.TEMPORARY),
    "locked": (ScannerLocked, ExitCode.CONFIGURATION),
    "cancelled": (ScanCancelled, ExitCode.INTERRUPTED),
}


def request(source: ScanSource = ScanSource.FEEDER, **wishes: object) -> ScanRequest:
    """A small colour scan."""
    facts = {"mode": ScanMode.COLOR, "resolution": DPI, "width_mm": 100.0, "height_mm": 150.0, **wishes}
    return ScanRequest(source=source, **facts)  # type: ignore[arg-type]


def pixels(path: Path) -> tuple[int, int]:
    """Size of a picture, every pixel of it read."""
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return image.size


def files_in(folder: Path) -> set[Path]:
    """All files below a folder."""
    return {path for path in folder.rglob("*") if path.is_file()}


class ScannerContract:
    """What holds for every scanner."""

    @pytest.fixture
    def scanner(self) -> Scanner:
        """A scanner with a sheet on its glass and `sheets_in_feeder` sheets in its feeder."""
        raise NotImplementedError

    @pytest.fixture
    def sheets_in_feeder(self) -> int:
        """How many sheets lie in the feeder."""
        raise NotImplementedError

    @pytest.fixture
    def faulty(self) -> Callable[[str], tuple[Scanner, Mapping[str, str]]]:
        """Gives a scanner that fails in the way named (a key of `FAULTS`), and the options the request needs for it."""
        raise NotImplementedError

    def test_it_tells_what_it_can_do(self, scanner: Scanner) -> None:
        """Sources, resolutions, modes; asking twice changes nothing."""
        told = scanner.capabilities()
        assert told == scanner.capabilities()
        assert told.device == scanner.device
        assert told.name
        for source in told.sources:
            assert source.modes
            assert source.resolutions.allows(source.resolutions.nearest(300))
        assert told.of(ScanSource.FLATBED) is not None
        assert told.of(ScanSource.FEEDER) is not None

    def test_the_glass_gives_one_page_of_the_size_asked(self, scanner: Scanner, tmp_path: Path) -> None:
        """One page, however many could be asked for."""
        (page,) = scanner.scan(request(ScanSource.FLATBED), tmp_path)
        width, height = pixels(page)
        assert abs(width - 100 / 25.4 * DPI) <= 2
        assert abs(height - 150 / 25.4 * DPI) <= 2

    def test_the_feeder_gives_every_sheet_and_ends(
        self, scanner: Scanner, sheets_in_feeder: int, tmp_path: Path
    ) -> None:
        """The end of the stack is no fault; every file is whole and there is no other."""
        pages = list(scanner.scan(request(), tmp_path))
        assert len(pages) == len(set(pages)) == sheets_in_feeder
        assert all(pixels(page)[0] for page in pages)
        assert files_in(tmp_path) == set(pages)

    def test_no_more_pages_than_asked(self, scanner: Scanner, tmp_path: Path) -> None:
        """`pages` bounds the feeder."""
        assert len(list(scanner.scan(request(pages=1), tmp_path))) == 1

    def test_it_can_be_stopped_and_used_again(self, scanner: Scanner, tmp_path: Path) -> None:
        """Ending the iteration lets go of the device and leaves only whole pages."""
        scanning = scanner.scan(request(), tmp_path)
        first = next(iter(scanning))
        scanning.close()  # type: ignore[attr-defined]
        assert pixels(first)[0]
        assert files_in(tmp_path) == {first}
        assert len(list(scanner.scan(request(ScanSource.FLATBED), tmp_path))) == 1

    @pytest.mark.parametrize("fault", sorted(FAULTS))
    def test_faults_are_told_apart(
        self,
        fault: str,
        faulty: Callable[[str], tuple[Scanner, Mapping[str, str]]],
        tmp_path: Path,
    ) -> None:
        """The right error with the right exit code, what to do, and no half file."""
        kind, code = FAULTS[fault]
        scanner, options = faulty(fault)
        pages: list[Path] = []
        with pytest.raises(kind) as caught:
            pages.extend(scanner.scan(request(options=options), tmp_path))
        assert caught.value.exit_code is code
        assert scanner.device in caught.value.message
        assert caught.value.hint
        assert files_in(tmp_path) == set(pages)

    def test_what_it_cannot_do_is_refused(self, scanner: Scanner, tmp_path: Path) -> None:
        """An option of no driver; nothing is scanned."""
        with pytest.raises(ScannerRefused):
            list(scanner.scan(request(options={"no-such-option": "1"}), tmp_path))
        assert not files_in(tmp_path)

    def test_it_may_be_closed_twice(self, scanner: Scanner) -> None:
        """Closing is harmless at any time."""
        scanner.close()
        scanner.close()
