"""eSCL over HTTP for the emulated device; its own reading of the specification, nothing shared with the client."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dvc_sandbox.scanner.device import Device

_SPACES = 'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
_MAX_WIDTH, _MAX_HEIGHT = 2550, 3508
_RESOLUTIONS = (75, 100, 150, 200, 300, 600)
_COLORS = ("BlackAndWhite1", "Grayscale8", "RGB24")


def _source(tag: str) -> str:
    colors = "".join(f"<scan:ColorMode>{color}</scan:ColorMode>" for color in _COLORS)
    resolutions = "".join(
        f"<scan:DiscreteResolution><scan:XResolution>{dpi}</scan:XResolution><scan:YResolution>{dpi}</scan:YResolution>"
        "</scan:DiscreteResolution>"
        for dpi in _RESOLUTIONS
    )
    return (
        f"<scan:{tag}><scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>{_MAX_WIDTH}</scan:MaxWidth>"
        f"<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>{_MAX_HEIGHT}</scan:MaxHeight>"
        "<scan:MaxScanRegions>1</scan:MaxScanRegions><scan:SettingProfiles><scan:SettingProfile>"
        f"<scan:ColorModes>{colors}</scan:ColorModes>"
        "<scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat>"
        "<scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt></scan:DocumentFormats>"
        "<scan:SupportedResolutions><scan:DiscreteResolutions>"
        f"{resolutions}</scan:DiscreteResolutions></scan:SupportedResolutions>"
        f"</scan:SettingProfile></scan:SettingProfiles></scan:{tag}>"
    )


def capabilities() -> str:
    """The document of `GET ScannerCapabilities`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><scan:ScannerCapabilities {_SPACES}><pwg:Version>2.63</pwg:Version>'
        "<pwg:MakeAndModel>DVC Sandbox Scanner (THỬ NGHIỆM)</pwg:MakeAndModel>"
        "<pwg:SerialNumber>SB0001</pwg:SerialNumber><scan:UUID>4509a320-00a0-008f-00b6-002507510eca</scan:UUID>"
        f"<scan:Platen>{_source('PlatenInputCaps')}</scan:Platen>"
        f"<scan:Adf>{_source('AdfSimplexInputCaps')}{_source('AdfDuplexInputCaps')}"
        "<scan:FeederCapacity>50</scan:FeederCapacity></scan:Adf></scan:ScannerCapabilities>"
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    device: Device

    def log_message(self, *_arguments: object) -> None:
        """Requests are kept in the device, not printed."""

    def do_GET(self) -> None:
        """Capabilities, status, pages."""
        with self.device.lock:
            self.device.requests.append(f"GET {self.path}")
            if self.device.fault == "missing":
                return self._send(404)
            if self.device.fault == "forbidden":
                return self._send(403)
            if self.path == "/eSCL/ScannerCapabilities":
                return self._capabilities()
            if self.path == "/eSCL/ScannerStatus":
                return self._send(200, self._status().encode())
            found = re.fullmatch(r"/eSCL/ScanJobs/(\d+)/NextDocument", self.path)
            return self._next(found[1]) if found else self._send(404)

    def do_POST(self) -> None:
        """A new job."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 100_000))
        device = self.device
        with device.lock:
            device.requests.append(f"POST {self.path}")
            device.settings_seen.append(body)
            if device.fault == "busy" or (device.fault == "busy-once" and device.refusals == 0):
                device.refusals += 1
                return self._send(503, headers={"Retry-After": "1"})
            color, resolution = _value(body, "ColorMode"), _value(body, "XResolution")
            fits = color in _COLORS and resolution.isdecimal() and int(resolution) in _RESOLUTIONS
            if self.path != "/eSCL/ScanJobs" or device.fault == "refused" or not fits:
                return self._send(409)
            source = _value(body, "InputSource")
            if source == "Feeder" and (not device.feeder or device.fault == "hatch"):
                return self._send(409)
            size = (int(_value(body, "Width") or _MAX_WIDTH), int(_value(body, "Height") or _MAX_HEIGHT))
            if size[0] > _MAX_WIDTH or size[1] > _MAX_HEIGHT:
                return self._send(409)
            duplex = _value(body, "Duplex") == "true"
            job = device.begin(source=source, color=color, resolution=int(resolution), size=size, duplex=duplex)
            host = "printer.invalid" if device.fault == "foreign-location" else self.headers["Host"]
            return self._send(201, headers={"Location": f"http://{host}/eSCL/ScanJobs/{job.number}"})

    def do_DELETE(self) -> None:
        """The end of a job."""
        number = self.path.rpartition("/")[2]
        with self.device.lock:
            self.device.requests.append(f"DELETE {self.path}")
            known = self.device.jobs.pop(number, None)
            if known:
                self.device.deleted.append(number)
            self._send(200 if known else 404)

    # -- answers -----------------------------------------------------------------------------------------------------

    def _capabilities(self) -> None:
        match self.device.fault:
            case "no-xml":
                self._send(200, b"<html><body>Printer</body></html>", "text/html")
            case "bomb":
                head = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
                self._send(200, head + b"<ScannerCapabilities>&b;</ScannerCapabilities>")
            case _:
                self._send(200, capabilities().encode())

    def _status(self) -> str:
        jobs = "".join(
            f"<scan:JobInfo><pwg:JobUri>/eSCL/ScanJobs/{number}</pwg:JobUri><pwg:JobStateReasons>"
            f"<pwg:JobStateReason>{reason}</pwg:JobStateReason></pwg:JobStateReasons></scan:JobInfo>"
            for number, reason in self.device.reasons.items()
        )
        return (
            f'<?xml version="1.0"?><scan:ScannerStatus {_SPACES}><pwg:Version>2.63</pwg:Version>'
            f"<pwg:State>{self.device.state}</pwg:State><scan:AdfState>{self.device.feeder_state}</scan:AdfState>"
            f"<scan:Jobs>{jobs}</scan:Jobs></scan:ScannerStatus>"
        )

    def _next(self, number: str) -> None:
        device, job = self.device, self.device.jobs.get(number)
        if device.fault == "silent" or (device.fault == "warming-up" and device.refusals < 2):
            device.refusals += 1
            return self._send(503, headers={"Retry-After": "1"})
        if job is None or not job.pages or device.stops_now:
            if job is not None:
                words = {"cancelled": "JobCanceledByUser", "aborted": "AbortedBySystem"}
                device.reasons[number] = words.get(device.fault, "JobCompletedSuccessfully")
            return self._send(404)
        page = job.pages.pop(0)
        reached, device.given = device.given >= device.fault_after, device.given + 1
        if device.fault == "no-picture" and reached:
            return self._send(200, b"<html><body>error</body></html>", "text/html")
        if device.fault == "cut" and reached:
            page = page[: len(page) // 2]
        if device.fault == "gone" and reached:
            return self._drop(page)
        return self._send(200, page, "image/jpeg")

    def _drop(self, page: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page[: len(page) // 2])
        self.close_connection = True

    def _send(
        self, code: int, body: bytes = b"", kind: str = "text/xml", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _value(body: bytes, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>\s*([^<]*?)\s*<".encode(), body)
    return found[1].decode("utf-8", "replace") if found else ""


@contextmanager
def serving(device: Device, port: int = 0) -> Iterator[int]:
    """Serve `device` on the loopback address; gives the port."""
    handler = type("Handler", (_Handler,), {"device": device})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
