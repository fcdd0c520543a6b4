"""A PDF of pictures, written from front to back: what a page holds is copied from its file, never kept (ADR 0005).

Memory does not grow with the number of pages, and no PDF library has to be loaded. Source: ISO 32000-1 §7.5, §8.9.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_COMMENT = b"%\xe2\xe3\xcf\xd3\n"  # marks the file as binary for transfer programs
PRODUCER = "dvc-cli"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """An encoded picture that a PDF holds as it is.

    Args:
        width, height: in pixels, as stored.
        colour: PDF colour space, as PDF text (`/DeviceRGB`, or an indexed one); empty when the data says it (JPEG 2000).
        components: colour components a pixel, for the ICC profile.
        bits: bits a component.
        filter: PDF filter of the data (`/DCTDecode`).
        parameters: its `/DecodeParms`, as PDF text, or empty.
        decode: `/Decode` array as PDF text, or empty.
        icc: the colour profile, or empty.
        length: bytes of data.
        pieces: gives the data, piece by piece.
    """

    width: int
    height: int
    colour: str
    components: int
    bits: int
    filter: str
    parameters: str = ""
    decode: str = ""
    icc: bytes = field(default=b"", repr=False)
    length: int
    pieces: Callable[[], Iterator[bytes]] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterPage:
    """A page with one picture on it. Sizes in points; `orientation` is the EXIF value (1–8) the picture is stored with."""

    raster: Raster
    size: tuple[float, float]
    drawn: tuple[float, float]
    orientation: int = 1

    @property
    def matrix(self) -> tuple[float, ...]:
        """Where the picture's unit square goes: upright and in the middle of the page."""
        (page_width, page_height), (width, height) = self.size, self.drawn
        x, y = (page_width - width) / 2, (page_height - height) / 2
        far_x, far_y = x + width, y + height
        return {
            1: (width, 0, 0, height, x, y),
            2: (-width, 0, 0, height, far_x, y),
            3: (-width, 0, 0, -height, far_x, far_y),
            4: (width, 0, 0, -height, x, far_y),
            5: (0, -height, -width, 0, far_x, far_y),
            6: (0, -height, width, 0, x, far_y),
            7: (0, height, width, 0, x, y),
            8: (0, height, -width, 0, far_x, y),
        }[self.orientation]


class RasterPdf:
    """Writes pages to a binary file; `finish` must be called once, at the end. Deterministic: no dates, no random id."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._position = 0
        self._offsets: dict[int, int] = {}
        self._pages: list[int] = []
        self._profiles: dict[bytes, int] = {}
        self._next = 4  # 1 catalogue, 2 page tree, 3 document information
        self._write(b"%PDF-1.5\n" + _COMMENT)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._position

    def add(self, page: RasterPage) -> None:
        """Write one page."""
        raster = page.raster
        profile = self._profile(raster)
        image = self._begin(self._number())
        self._write(_image_head(raster, profile).encode("ascii"))
        for piece in raster.pieces():
            self._write(piece)
        self._write(b"\nendstream\nendobj\n")
        matrix = " ".join(_number_text(value) for value in page.matrix)
        content = f"q {matrix} cm /Im0 Do Q".encode("ascii")
        drawing = self._object(f"<< /Length {len(content)} >>\nstream\n".encode("ascii") + content + b"\nendstream")
        box = " ".join(_number_text(value) for value in (0, 0, *page.size))
        self._pages.append(
            self._object(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {drawing} 0 R "
                f"/Resources << /XObject << /Im0 {image} 0 R >> >> >>".encode("ascii")
            )
        )

    def finish(self) -> str:
        """Write the page tree and the cross-reference table; returns the SHA-256 of the file, in hex."""
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        self._object(b"<< /Type /Catalog /Pages 2 0 R >>", 1)
        self._object(f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>".encode("ascii"), 2)
        self._object(f"<< /Producer ({PRODUCER}) >>".encode("ascii"), 3)
        start, count = self._position, self._next
        rows = "".join(f"{self._offsets[number]:010d} 00000 n \n" for number in range(1, count))
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n{rows}".encode("ascii"))
        identifier = self._digest.hexdigest()[:32].upper()
        self._write(
            f"trailer\n<< /Size {count} /Root 1 0 R /Info 3 0 R /ID [<{identifier}> <{identifier}>] >>\n"
            f"startxref\n{start}\n%%EOF\n".encode("ascii")
        )
        return self._digest.hexdigest()

    def _profile(self, raster: Raster) -> int | None:
        if not raster.icc:
            return None
        key = hashlib.sha256(raster.icc).digest()
        if key not in self._profiles:
            data = zlib.compress(raster.icc, 9)
            head = f"<< /N {raster.components} /Filter /FlateDecode /Length {len(data)} >>\nstream\n"
            self._profiles[key] = self._object(head.encode("ascii") + data + b"\nendstream")
        return self._profiles[key]

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _object(self, body: bytes, number: int | None = None) -> int:
        number = self._begin(self._number() if number is None else number)
        self._write(body + b"\nendobj\n")
        return number

    def _begin(self, number: int) -> int:
        self._offsets[number] = self._position
        self._write(f"{number} 0 obj\n".encode("ascii"))
        return number

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._position += len(data)


def _image_head(raster: Raster, profile: int | None) -> str:
    colour = f"[/ICCBased {profile} 0 R]" if profile is not None else raster.colour
    entries = [
        "/Type /XObject /Subtype /Image",
        f"/Width {raster.width} /Height {raster.height}",
        f"/ColorSpace {colour}" if colour else "",
        f"/BitsPerComponent {raster.bits}" if colour else "",
        f"/Decode {raster.decode}" if raster.decode else "",
        f"/Filter {raster.filter}",
        f"/DecodeParms {raster.parameters}" if raster.parameters else "",
        f"/Length {raster.length}",
    ]
    return "<< " + " ".join(entry for entry in entries if entry) + " >>\nstream\n"


def _number_text(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
