"""What a visible signature looks like: lines of text in Be Vietnam Pro inside a thin frame.

The words on the page are Vietnamese whatever the language of the program: they are part of the document.
"""

# mypy: allow-untyped-calls
# pyHanko is typed in part only.
from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from dvc_cli.model.identifiers import CitizenId
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.sign.certificates import is_sandbox
from dvc_cli.sign.placement import PlacedBox
from dvc_cli.sign.zone import VIETNAM

if TYPE_CHECKING:
    from pyhanko.pdf_utils.writer import BasePdfFileWriter

    from dvc_cli.sign.pades.prepare import SignatureRequest

_LARGEST = 10.0  # points
_LEADING = 1.3
_ASCENT = 0.95
_PADDING = 4.0
_FRAME = 0.75
_COLOUR = "0.06 0.22 0.48"  # dark blue
_WARNING_COLOUR = "0.75 0.08 0.08"


@dataclass(frozen=True, slots=True)
class StampLine:
    """One line of the stamp before wrapping."""

    text: str
    warning: bool = False


def lines_of(certificate: SigningCertificate, request: SignatureRequest) -> tuple[StampLine, ...]:
    """The lines of the stamp (tokens.md §3): signer, organisation, number, reason, time. A person's number is masked."""
    lines = [StampLine(f"Ký bởi: {certificate.common_name}")]
    if certificate.organisation and certificate.organisation != certificate.common_name:
        lines.append(StampLine(f"Tổ chức: {certificate.organisation}"))
    if certificate.tax_code:
        lines.append(StampLine(f"MST: {certificate.tax_code}"))
    elif certificate.identity:
        lines.append(StampLine(f"CCCD: {CitizenId(certificate.identity).masked}"))
    if request.reason:
        lines.append(StampLine(f"Lý do: {request.reason}"))
    lines.append(StampLine(f"Ngày ký: {request.signed_at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"))
    if is_sandbox(certificate):
        lines.append(StampLine("THỬ NGHIỆM - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ", warning=True))
    return tuple(lines)


def nothing() -> Any:
    """The empty appearance of an invisible signature (PDF/A wants one)."""
    return _form(b"", (1, 0, 0, 1, 0, 0), 0.0, 0.0, {})


def stamp(writer: BasePdfFileWriter, lines: tuple[StampLine, ...], box: PlacedBox) -> Any:
    """The form XObject that draws `lines` as large as the box allows, at most 10 points."""
    from pyhanko.pdf_utils import generic

    font = _font(writer)
    size, rows = _fit(font, lines, box.width - 2 * _PADDING, box.height - 2 * _PADDING)
    step = size * _LEADING
    baseline = box.height - _PADDING - max(0.0, (box.height - 2 * _PADDING - len(rows) * step) / 2) - size * _ASCENT
    commands = [
        f"q {_COLOUR} RG {_FRAME:g} w {_FRAME / 2:g} {_FRAME / 2:g} "
        f"{box.width - _FRAME:g} {box.height - _FRAME:g} re S Q".encode("ascii")
    ]
    for number, row in enumerate(rows):
        colour = _WARNING_COLOUR if row.warning else _COLOUR
        position = f"{_PADDING:g} {baseline - number * step:g} Td".encode("ascii")
        commands.append(
            b"BT %s rg /F1 %g Tf %s %s ET" % (colour.encode("ascii"), size, position, font.shape(row.text).graphics_ops)
        )
    fonts = generic.DictionaryObject({generic.NameObject("/F1"): font.as_resource()})
    return _form(b"\n".join(commands), box.matrix, box.width, box.height, {generic.NameObject("/Font"): fonts})


def _font(writer: BasePdfFileWriter) -> Any:
    from fontpkg_be_vietnam_pro import ROOT
    from pyhanko.pdf_utils.font.opentype import GlyphAccumulator

    content = (ROOT / "files" / "BeVietnamPro-Regular.ttf").read_bytes()
    # `ligatures off` keeps the text extractable letter by letter
    return GlyphAccumulator(writer, BytesIO(content), _LARGEST, features={"liga": False, "clig": False})


def _fit(font: Any, lines: tuple[StampLine, ...], width: float, height: float) -> tuple[float, list[StampLine]]:
    """The largest size at which the wrapped lines fit, with the rows at that size."""
    widths = {word: font.shape(word).x_advance for line in lines for word in line.text.split()}
    space = font.shape(" ").x_advance
    size = _LARGEST
    while True:
        rows = [StampLine(row, line.warning) for line in lines for row in _wrap(line.text, widths, space, width / size)]
        widest = max((_width(row.text, widths, space) for row in rows), default=0.0)
        if (len(rows) * size * _LEADING <= height and widest * size <= width) or size < 1:
            return size, rows
        size *= 0.96


def _wrap(text: str, widths: dict[str, float], space: float, width: float) -> list[str]:
    rows: list[str] = []
    current: list[str] = []
    used = 0.0
    for word in text.split():
        needed = widths[word] + (space if current else 0.0)
        if current and used + needed > width:
            rows.append(" ".join(current))
            current, used, needed = [], 0.0, widths[word]
        current.append(word)
        used += needed
    return [*rows, " ".join(current)]


def _width(text: str, widths: dict[str, float], space: float) -> float:
    words = text.split()
    return sum(widths[word] for word in words) + space * max(0, len(words) - 1)


def _form(content: bytes, matrix: tuple[int, ...], width: float, height: float, resources: dict[Any, Any]) -> Any:
    from pyhanko.pdf_utils import generic

    name, number = generic.NameObject, generic.FloatObject
    stream = generic.StreamObject(
        {
            name("/Type"): name("/XObject"),
            name("/Subtype"): name("/Form"),
            name("/BBox"): generic.ArrayObject(
                [number(0), number(0), number(round(width, 3)), number(round(height, 3))]
            ),
            name("/Matrix"): generic.ArrayObject([generic.NumberObject(value) for value in matrix]),
            name("/Resources"): generic.DictionaryObject(resources),
        },
        stream_data=content,
    )
    if content:
        stream.compress()
    return stream
