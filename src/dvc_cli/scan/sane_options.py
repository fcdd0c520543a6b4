"""The options of a SANE device as `scanimage --all-options` lists them, and what they mean for a scan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dvc_cli.scan.scanner import Resolutions, ScanMode, ScanSource, SourceCapabilities

_LINE = re.compile(r"    (?P<name>--[A-Za-z0-9-]+|-[a-z])(?P<flag>\[=\((?:auto\|)?yes\|no\)\])?(?: (?P<rest>.*))?")
_MARK = re.compile(r" \[([^\]]*)\]$")
_RANGE = re.compile(r"(-?[\d.]+)\.\.(-?[\d.]+)[a-z%]*(?: \(in steps of [\d.]+\))?")
_UNIT = re.compile(r"(?<=\d)(?:dpi|mm|pel|bit|us|%)$")
_FLATBED = ("flatbed", "platen", "normal", "document table", "fb")
_GRAY = ("gray", "grey")
_BW = ("lineart", "binary", "black & white", "monochrome", "1-bit", "bw")
# Scanners know hundreds of thousands of dpi by interpolation; nothing above this is of use for documents.
_MOST_DPI = 2400


@dataclass(frozen=True, slots=True, kw_only=True)
class SaneOption:
    """One option. `words` are the values of a list, `span` the ends of a range; an inactive one cannot be set now."""

    name: str
    words: tuple[str, ...] = ()
    span: tuple[float, float] | None = None
    is_flag: bool = False
    active: bool = True


def parse_options(listing: str) -> dict[str, SaneOption]:
    """The options by name (without dashes) of the output of `scanimage --all-options`; lines of another form are left out."""
    options = (_option(match) for line in listing.splitlines() if (match := _LINE.fullmatch(line)))
    return {option.name: option for option in options}


def _option(match: re.Match[str]) -> SaneOption:
    rest = " " + (match["rest"] or "")
    marks = []
    while mark := _MARK.search(rest):
        marks.append(mark[1])
        rest = rest[: mark.start()]
    rest = rest.strip()
    span = _RANGE.fullmatch(rest)
    return SaneOption(
        name=match["name"].lstrip("-"),
        words=() if span or not rest or rest.startswith("<") else tuple(_UNIT.sub("", rest).split("|")),
        span=(float(span[1]), float(span[2])) if span else None,
        is_flag=bool(match["flag"]),
        active=not {"inactive", "read-only", "hardware"} & set(marks),
    )


def capabilities_of(options: Mapping[str, SaneOption]) -> tuple[SourceCapabilities, ...]:
    """What the sources of the device can do; SANE tells it for the present source, the others are taken to be alike."""
    kinds = [kind for kind in ScanSource if source_arguments(options, kind) is not None]
    return tuple(
        SourceCapabilities(
            source=kind,
            resolutions=_resolutions(options.get("resolution")),
            modes=tuple(mode for mode in ScanMode if mode_arguments(options, mode) is not None),
            width_mm=_most(options.get("x")),
            height_mm=_most(options.get("y")),
        )
        for kind in kinds
    )


def source_arguments(options: Mapping[str, SaneOption], source: ScanSource) -> list[str] | None:
    """The arguments that choose a source, None when the device has none of that kind."""
    names = _words(options, "source")
    feeders = [name for name in names if _is_feeder(name)]
    simplex = [name for name in feeders if not re.search(r"duplex|both|back", name, re.IGNORECASE)]
    match source:
        case ScanSource.FLATBED:
            flat = [name for name in names if name.casefold() in _FLATBED or "flatbed" in name.casefold()]
            return [f"--source={flat[0]}"] if flat else ([] if not names else None)
        case ScanSource.FEEDER:
            return [f"--source={simplex[0]}", *_sides(options, duplex=False)] if simplex else None
        case _:
            both = [name for name in names if re.search(r"duplex|both", name, re.IGNORECASE)]
            if both:
                return [f"--source={both[0]}"]
            sides = _sides(options, duplex=True)
            return [f"--source={simplex[0]}", *sides] if simplex and sides else None


def mode_arguments(options: Mapping[str, SaneOption], mode: ScanMode) -> list[str] | None:
    """The arguments that choose a mode with 8 bits a sample, None when the device cannot do it."""
    names = _words(options, "mode")
    if not names:
        return [] if mode is ScanMode.COLOR else None
    fitting = [name for name in names if _mode_of(name) is mode]
    if not fitting:
        return None
    depth = ["--depth=8"] if mode is not ScanMode.BW and "8" in _words(options, "depth") else []
    return [f"--mode={fitting[0]}", *depth]


def area_arguments(options: Mapping[str, SaneOption], width: float, height: float) -> list[str]:
    """The arguments for an area in millimetres at the top left, as far as the device has such options."""
    found = [f"-{side} 0" for side in "lt" if side in options and options[side].active]
    for name, side, length in (("page-width", "x", width), ("page-height", "y", height)):
        for option in (options.get(name), options.get(side)):
            if length and option and option.active and option.span:
                dashes = "--" if len(option.name) > 1 else "-"
                joint = "=" if len(option.name) > 1 else " "
                found.append(f"{dashes}{option.name}{joint}{min(length, option.span[1]):g}")
    return [word for argument in found for word in argument.split(" ")]


def _resolutions(option: SaneOption | None) -> Resolutions:
    if option is None:
        return Resolutions(least=1, most=_MOST_DPI)
    if option.span:
        return Resolutions(least=max(1, round(option.span[0])), most=min(_MOST_DPI, round(option.span[1])))
    numbers = {int(float(word)) for word in option.words if re.fullmatch(r"\d+(\.\d+)?", word)}
    return Resolutions(values=tuple(sorted(numbers))) if numbers else Resolutions(least=1, most=_MOST_DPI)


def _most(option: SaneOption | None) -> float:
    return round(option.span[1], 1) if option and option.span else 0


def _words(options: Mapping[str, SaneOption], name: str) -> tuple[str, ...]:
    option = options.get(name)
    return option.words if option and option.active else ()


def _is_feeder(name: str) -> bool:
    return bool(re.search(r"\badf\b|feeder", name, re.IGNORECASE))


def _sides(options: Mapping[str, SaneOption], *, duplex: bool) -> list[str]:
    """Some drivers choose the sides by an option of its own."""
    modes = _words(options, "adf-mode")
    wanted = [name for name in modes if (name.casefold() == "duplex") is duplex]
    if wanted:
        return [f"--adf-mode={wanted[0]}"]
    flag = options.get("duplex")
    return [f"--duplex={'yes' if duplex else 'no'}"] if flag and flag.is_flag and flag.active else []


def _mode_of(name: str) -> ScanMode | None:
    folded = name.casefold()
    if any(word in folded for word in _BW):
        return ScanMode.BW
    if any(word in folded for word in _GRAY):
        return ScanMode.GRAY
    return ScanMode.COLOR if "color" in folded or "colour" in folded else None
