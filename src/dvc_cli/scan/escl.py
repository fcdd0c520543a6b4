"""Network scanners by eSCL (AirScan) over our own HTTP client: no SANE, on any system (`--device escl:HOST[:PORT]`).

`POST ScanJobs` → 201 and the job's address; `GET …/NextDocument` gives page after page, 503 while the device is not ready and
404 when there is none left; `DELETE` ends the job. Source: Mopria eSCL Technical Specification 2.97.
"""

from __future__ import annotations

import contextlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from dvc_cli.errors import DvcError, OutcomeUnknown, Temporary, UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.net import HttpClient, NotSent, Response
from dvc_cli.pdf.kinds import FileKind, kind_of_bytes
from dvc_cli.scan import faults
from dvc_cli.scan.escl_messages import (
    BadMessage,
    EsclCapabilities,
    EsclStatus,
    read_capabilities,
    read_status,
    write_settings,
)
from dvc_cli.scan.scanner import ScannerCapabilities, ScanRequest, ScanSource

log = logging.getLogger(__name__)

PREFIX = "escl:"
PAGE_SECONDS = 300.0
BUSY_SECONDS = 30.0
MAX_PAGES = 2000
_NEXT_TRY = 2.0
_ADDRESS = re.compile(
    r"(?P<scheme>https?://)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^/:@\s\[\]]+)(?P<port>:\d{1,5})?(?P<path>/\S*)?"
)
_FEEDER: dict[str, Callable[[str], DvcError]] = {
    "ScannerAdfEmpty": faults.feeder_empty,
    "ScannerAdfJam": faults.jammed,
    "ScannerAdfMispick": faults.jammed,
    "ScannerAdfHatchOpen": faults.cover_open,
    "ScannerAdfMultipickDetected": faults.double_fed,
    "ScannerAdfDuplexPageTooShort": faults.double_fed,
    "ScannerAdfDuplexPageTooLong": faults.double_fed,
    "ScannerAdfInputTrayFailed": faults.failed,
    "ScannerAdfInputTrayOverloaded": faults.double_fed,
}
_SUFFIXES = {FileKind.JPEG: ".jpg", FileKind.PNG: ".png", FileKind.TIFF: ".tif", FileKind.PDF: ".pdf"}


class BadScannerAddress(UsageProblem):
    """The address after `escl:` is none."""

    slug = "bad-scanner-address"


@dataclass(frozen=True, slots=True)
class EsclAddress:
    """Where a device is. `base` ends without a slash; `plain` tells that pages travel unencrypted."""

    base: str
    host: str
    plain: bool


def parse_address(device: str) -> EsclAddress:
    """The address in `escl:HOST[:PORT]`, `escl:http://HOST[:PORT][/PATH]` or `escl:https://…`. Raises BadScannerAddress."""
    match = _ADDRESS.fullmatch(device.removeprefix(PREFIX))
    port = int(match["port"][1:]) if match and match["port"] else 0
    if match is None or port > 65535 or match["port"] == ":0":
        raise BadScannerAddress(
            _("`{device}` is no scanner address").format(device=device),
            hint=_("Write `escl:192.168.1.20`, `escl:printer.local:8080` or `escl:https://printer.local/eSCL`"),
        )
    scheme, path = match["scheme"] or "http://", (match["path"] or "").rstrip("/") or "/eSCL"
    base = f"{scheme}{match['host']}{match['port'] or ''}{path}"
    return EsclAddress(base=base, host=urlsplit(base).hostname or match["host"], plain=scheme == "http://")


class EsclScanner:
    """One device (see `scan.scanner.Scanner`).

    Args:
        device: as the user named it, with `escl:`.
        http: a client opened for the device's base address.
        clock: for the waits while the device is busy.
        busy_seconds: how long to wait for a device that is in use.
        page_seconds: how long to wait for one page.
    """

    def __init__(
        self,
        device: str,
        http: HttpClient,
        clock: Clock,
        *,
        busy_seconds: float = BUSY_SECONDS,
        page_seconds: float = PAGE_SECONDS,
    ) -> None:
        self._device = device
        self._http = http
        self._clock = clock
        self._busy_seconds = busy_seconds
        self._page_seconds = page_seconds

    @property
    def device(self) -> str:
        """As the user named it."""
        return self._device

    @cached_property
    def _told(self) -> EsclCapabilities:
        answer = self._read("ScannerCapabilities")
        try:
            return read_capabilities(answer.content)
        except BadMessage as error:
            raise faults.failed(self._device, f"ScannerCapabilities: {error}") from error

    def capabilities(self) -> ScannerCapabilities:
        """See `Scanner.capabilities`."""
        return self._told.public(self._device)

    def feeder_loaded(self) -> bool | None:
        """See `Scanner.feeder_loaded`."""
        feeder = self._status().feeder
        return None if not feeder else feeder in ("ScannerAdfLoaded", "ScannerAdfProcessing")

    def scan(self, request: ScanRequest, folder: Path) -> Iterator[Path]:
        """See `Scanner.scan`."""
        source = self._told.public(self._device).of(request.source)
        if source is None or request.mode not in source.modes or request.options:
            raise faults.refused(self._device)
        place = Path(tempfile.mkdtemp(prefix="escl-", dir=folder))
        job = self._start(request)
        try:
            most = 1 if request.source is ScanSource.FLATBED else (request.pages or MAX_PAGES)
            for number in range(1, most + 1):
                page = self._page(job, request, place / f"page-{number:06d}")
                if page is None:
                    self._explain_end(job, request, pages=number - 1)
                    return
                yield page
        finally:
            with contextlib.suppress(DvcError):  # the pages are here; a device that forgot the job says 404
                self._http.delete(job)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # -- the steps of a job ------------------------------------------------------------------------------------------

    def _start(self, request: ScanRequest) -> str:
        """The path of a new job. A refused or busy device has begun nothing, so asking again is harmless."""
        try:
            body = write_settings(self._told, request)
        except BadMessage as error:
            raise faults.refused(self._device, str(error)) from error
        started = self._clock.monotonic()
        while True:
            answer = self._post(body)
            if answer.status == 201:
                return self._job_path(answer)
            if answer.status != 503:
                raise self._status_fault(answer.status, request)
            self._raise_feeder_fault(request, self._status(), empty=True)
            if self._clock.monotonic() - started >= self._busy_seconds:
                raise faults.busy(self._device)
            self._clock.sleep(_wait_of(answer))

    def _post(self, body: bytes) -> Response:
        try:
            return self._http.post("ScanJobs", content=body, headers={"Content-Type": "text/xml"}, follow=False)
        except OutcomeUnknown as error:  # nothing was filed anywhere: at worst the device scans a sheet for nobody
            raise faults.failed(self._device, error.message) from error

    def _job_path(self, answer: Response) -> str:
        """Only the path of the address counts: devices put names in it that are not known here."""
        path = urlsplit(answer.headers.get("location", "")).path.rstrip("/")
        base = urlsplit(self._http.base_url)
        if not path.startswith("/") or "/ScanJobs/" not in path:
            raise faults.failed(self._device, "Location")
        return f"{base.scheme}://{base.netloc}{path}"

    def _page(self, job: str, request: ScanRequest, stem: Path) -> Path | None:
        """The next page (the suffix after `stem` tells its kind), None when there is none left."""
        started = self._clock.monotonic()
        while True:
            answer = self._get(f"{job}/NextDocument")
            if answer.status == 200:
                return self._kept(answer, stem)
            if answer.status in (404, 410):
                return None
            if answer.status != 503:
                raise self._status_fault(answer.status)
            self._raise_feeder_fault(request, self._status(), empty=False)
            if self._clock.monotonic() - started >= self._page_seconds:
                raise faults.silent(self._device, self._page_seconds)
            self._clock.sleep(_wait_of(answer))

    def _kept(self, answer: Response, stem: Path) -> Path:
        suffix = _SUFFIXES.get(kind_of_bytes(answer.content[:4096]))
        if suffix is None:
            raise faults.failed(self._device, f"NextDocument: {answer.media_type[:60]}")
        path = stem.with_suffix(suffix)
        path.write_bytes(answer.content)
        return path

    def _explain_end(self, job: str, request: ScanRequest, *, pages: int) -> None:
        """No further page: the end of the stack, or a fault that only the status tells."""
        status = self._status()
        self._raise_feeder_fault(request, status, empty=False)
        reasons = status.reasons.get(job.rpartition("/")[2], ())
        if any("Canceled" in reason for reason in reasons):
            raise faults.cancelled(self._device)
        if any(reason.startswith(("Aborted", "Errors")) for reason in reasons):
            raise faults.failed(self._device, ", ".join(reasons)[:200])
        if pages == 0:
            flat = request.source is ScanSource.FLATBED
            raise faults.failed(self._device, "NextDocument: 404") if flat else faults.feeder_empty(self._device)

    def _raise_feeder_fault(self, request: ScanRequest, status: EsclStatus, *, empty: bool) -> None:
        """While the glass is used the state of the feeder is of no interest; an `empty` one is a fault only at the start."""
        fault = _FEEDER.get(status.feeder)
        if fault is None or request.source is ScanSource.FLATBED or (fault is faults.feeder_empty and not empty):
            return
        raise fault(self._device)

    def _status_fault(self, status: int, request: ScanRequest | None = None) -> DvcError:
        if status in (401, 403):
            return faults.locked(self._device)
        if status in (400, 409):
            if request is not None:
                self._raise_feeder_fault(
                    request, self._status(), empty=True
                )  # some devices answer 409 to an empty feeder
            return faults.refused(self._device, f"HTTP {status}")
        return faults.failed(self._device, f"HTTP {status}")

    # -- reading -----------------------------------------------------------------------------------------------------

    def _status(self) -> EsclStatus:
        answer = self._read("ScannerStatus")
        try:
            return read_status(answer.content)
        except BadMessage as error:
            raise faults.failed(self._device, f"ScannerStatus: {error}") from error

    def _read(self, path: str) -> Response:
        started = self._clock.monotonic()
        while True:
            answer = self._get(path)
            if answer.status == 200:
                return answer
            if answer.status == 404:
                raise faults.unknown(self._device)
            if answer.status != 503:
                raise self._status_fault(answer.status)
            if self._clock.monotonic() - started >= self._busy_seconds:
                raise faults.busy(self._device)
            self._clock.sleep(_wait_of(answer))

    def _get(self, path: str) -> Response:
        try:
            return self._http.get(path)
        except NotSent:
            raise
        except Temporary as error:
            raise faults.failed(self._device, error.message) from error


def _wait_of(answer: Response) -> float:
    told = answer.headers.get("retry-after", "")
    return min(10.0, max(0.1, float(told))) if re.fullmatch(r"\d{1,4}", told) else _NEXT_TRY
