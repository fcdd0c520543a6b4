"""The XML of eSCL (AirScan): capabilities and status read tolerantly, scan settings written.

Source: Mopria Alliance eSCL Technical Specification 2.97; elements are found by their local names, since devices differ in
prefixes and versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from dvc_cli.scan.scanner import (
    Resolutions,
    ScanMode,
    ScannerCapabilities,
    ScanRequest,
    ScanSource,
    SourceCapabilities,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

SCAN = "http://schemas.hp.com/imaging/escl/2011/05/03"
PWG = "http://www.pwg.org/schemas/2010/12/sm"
UNITS_PER_INCH = 300  # escl:ThreeHundredthsOfInches
_MM_PER_INCH = 25.4
_MAX_BYTES = 1_000_000
_INPUTS = {
    ScanSource.FLATBED: "PlatenInputCaps",
    ScanSource.FEEDER: "AdfSimplexInputCaps",
    ScanSource.DUPLEX: "AdfDuplexInputCaps",
}
_COLOURS = {ScanMode.COLOR: "RGB24", ScanMode.GRAY: "Grayscale8", ScanMode.BW: "BlackAndWhite1"}
_FORMATS = ("image/jpeg", "image/png", "application/pdf")


class BadMessage(ValueError):
    """The device's answer is not what eSCL says (internal to the driver)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EsclCapabilities:
    """What a device tells: its name, its protocol version, its sources, the formats it sends and its largest areas."""

    name: str
    version: str
    sources: tuple[SourceCapabilities, ...]
    formats: Mapping[ScanSource, tuple[str, ...]]
    areas: Mapping[ScanSource, tuple[int, int]]

    def public(self, device: str) -> ScannerCapabilities:
        """As every driver tells it."""
        return ScannerCapabilities(device=device, name=self.name, sources=self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class EsclStatus:
    """State of the device (`Idle`, `Processing`, `Testing`, `Stopped`, `Down`), of its feeder, and reasons of the jobs."""

    state: str
    feeder: str
    reasons: Mapping[str, tuple[str, ...]]


def read_capabilities(content: bytes) -> EsclCapabilities:
    """`GET ScannerCapabilities`. Raises BadMessage."""
    root = _parsed(content, "ScannerCapabilities")
    found: dict[ScanSource, SourceCapabilities] = {}
    formats: dict[ScanSource, tuple[str, ...]] = {}
    areas: dict[ScanSource, tuple[int, int]] = {}
    for source, tag in _INPUTS.items():
        element = _first(root, tag)
        if element is None:
            continue
        areas[source] = (_number(element, "MaxWidth"), _number(element, "MaxHeight"))
        formats[source] = _formats_of(element)
        found[source] = SourceCapabilities(
            source=source,
            resolutions=_resolutions(element),
            modes=_modes(element),
            width_mm=_millimetres(areas[source][0]),
            height_mm=_millimetres(areas[source][1]),
        )
    if not found:
        raise BadMessage("no source")
    version = _text(root, "Version")
    return EsclCapabilities(
        name=_text(root, "MakeAndModel") or "eSCL",
        version=version if re.fullmatch(r"\d+\.\d+", version) else "2.0",
        sources=tuple(found.values()),
        formats=formats,
        areas=areas,
    )


def read_status(content: bytes) -> EsclStatus:
    """`GET ScannerStatus`. Raises BadMessage."""
    root = _parsed(content, "ScannerStatus")
    reasons = {}
    for job in _all(root, "JobInfo"):
        uri = _text(job, "JobUri").rstrip("/").rpartition("/")[2]
        reasons[uri] = tuple((reason.text or "").strip() for reason in _all(job, "JobStateReason"))
    return EsclStatus(state=_text(root, "State"), feeder=_text(root, "AdfState"), reasons=reasons)


def write_settings(capabilities: EsclCapabilities, request: ScanRequest) -> bytes:
    """The body of `POST ScanJobs`. Raises BadMessage when the device sends no format that can be read."""
    most_width, most_height = capabilities.areas[request.source]
    width = _units(request.width_mm, most_width)
    height = _units(request.height_mm, most_height)
    sent = capabilities.formats[request.source]
    form = next((one for one in _FORMATS if one in sent), None)
    if form is None:
        raise BadMessage("no known document format")
    duplex = ""
    if request.source is not ScanSource.FLATBED:
        duplex = f"<scan:Duplex>{'true' if request.source is ScanSource.DUPLEX else 'false'}</scan:Duplex>"
    source = "Platen" if request.source is ScanSource.FLATBED else "Feeder"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<scan:ScanSettings xmlns:scan="{SCAN}" xmlns:pwg="{PWG}">'
        f"<pwg:Version>{escape(capabilities.version)}</pwg:Version>"
        "<pwg:ScanRegions><pwg:ScanRegion>"
        f"<pwg:Height>{height}</pwg:Height><pwg:ContentRegionUnits>escl:ThreeHundredthsOfInches</pwg:ContentRegionUnits>"
        f"<pwg:Width>{width}</pwg:Width><pwg:XOffset>0</pwg:XOffset><pwg:YOffset>0</pwg:YOffset>"
        "</pwg:ScanRegion></pwg:ScanRegions>"
        f"<pwg:InputSource>{source}</pwg:InputSource>"
        f"<scan:ColorMode>{_COLOURS[request.mode]}</scan:ColorMode>"
        f"<scan:XResolution>{request.resolution}</scan:XResolution>"
        f"<scan:YResolution>{request.resolution}</scan:YResolution>"
        f"<pwg:DocumentFormat>{form}</pwg:DocumentFormat><scan:DocumentFormatExt>{form}</scan:DocumentFormatExt>"
        f"{duplex}</scan:ScanSettings>"
    ).encode()


def _parsed(content: bytes, name: str) -> _Element:
    from lxml import etree

    if len(content) > _MAX_BYTES:
        raise BadMessage("too long")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadMessage("no XML") from error
    if getattr(root.getroottree().docinfo, "doctype", "") or _local(root) != name:
        raise BadMessage(_local(root))
    return root


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(root: _Element, name: str) -> Iterator[_Element]:
    return (element for element in root.iter() if _local(element) == name)


def _first(root: _Element, name: str) -> _Element | None:
    return next(_all(root, name), None)


def _text(root: _Element, name: str) -> str:
    element = _first(root, name)
    return (element.text or "").strip()[:200] if element is not None else ""


def _number(root: _Element, name: str) -> int:
    text = _text(root, name)
    return min(int(text), 1_000_000) if re.fullmatch(r"\d{1,9}", text) else 0


def _resolutions(element: _Element) -> Resolutions:
    discrete = [_number(one, "XResolution") for one in _all(element, "DiscreteResolution")]
    if values := sorted({value for value in discrete if value > 0}):
        return Resolutions(values=tuple(values))
    span = _first(element, "XResolutionRange")
    least, most = (_number(span, "Min"), _number(span, "Max")) if span is not None else (0, 0)
    return Resolutions(least=max(1, least), most=most) if most else Resolutions(values=(300,))


def _modes(element: _Element) -> tuple[ScanMode, ...]:
    told = {(one.text or "").strip() for one in _all(element, "ColorMode")}
    return tuple(mode for mode, word in _COLOURS.items() if word in told) or (ScanMode.COLOR,)


def _formats_of(element: _Element) -> tuple[str, ...]:
    told = [
        (one.text or "").strip().lower()
        for name in ("DocumentFormatExt", "DocumentFormat")
        for one in _all(element, name)
    ]
    return tuple(dict.fromkeys(told)) or ("image/jpeg",)


def _millimetres(units: int) -> float:
    return round(units * _MM_PER_INCH / UNITS_PER_INCH, 1)


def _units(millimetres: float, most: int) -> int:
    wanted = round(millimetres / _MM_PER_INCH * UNITS_PER_INCH)
    return min(wanted or most or 1, most or wanted or 1)
