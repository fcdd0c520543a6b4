"""A4 pages with Vietnamese text that can be searched and copied: embedded Be Vietnam Pro, text, lines, boxes and QR codes."""

import unicodedata
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
Face = Literal["Regular", "Bold", "Italic", "BoldItalic"]
FACES: tuple[Face, ...] = ("Regular", "Bold", "Italic", "BoldItalic")
Colour = tuple[float, float, float]
BLACK: Colour = (0.0, 0.0, 0.0)
GREY: Colour = (0.42, 0.42, 0.42)
RED: Colour = (0.78, 0.06, 0.09)

# Latin with every Vietnamese letter, combining marks, punctuation, the đồng sign and a few symbols of lists.
_RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x1A0, 0x1B0),
    (0x300, 0x323),
    (0x1EA0, 0x1EF9),
    (0x2010, 0x2026),
    (0x20AB, 0x20AC),
)
_SYMBOLS = "←→↓✓■□●•≤≥×№"


@dataclass(frozen=True, slots=True)
class Font:
    """One embedded face: glyph ids and widths (thousandths of the size), the subset file and its descriptor numbers."""

    name: str
    glyphs: dict[str, int]
    widths: dict[int, int]
    data: bytes
    ascent: int
    descent: int
    cap_height: int
    box: tuple[int, int, int, int]
    italic_angle: float

    def width(self, text: str, size: float) -> float:
        """Width of one line of text, in points."""
        fallback = self.glyphs["?"]
        return sum(self.widths[self.glyphs.get(letter, fallback)] for letter in text) * size / 1000

    def encode(self, text: str) -> str:
        """The text as the hexadecimal glyph string of a content stream; letters the font lacks become `?`."""
        fallback = self.glyphs["?"]
        return "".join(f"{self.glyphs.get(letter, fallback):04X}" for letter in text)


@lru_cache(maxsize=8)
def load_font(face: Face) -> Font:
    """The face, cut down to Vietnamese Latin once per process so that every paper embeds the same few kilobytes."""
    import fontpkg_be_vietnam_pro
    from fontTools import subset, ttLib

    options = subset.Options(layout_features=[], notdef_outline=True, hinting=False, name_IDs=[1, 2, 6])
    whole = (Path(fontpkg_be_vietnam_pro.ROOT) / "files" / f"BeVietnamPro-{face}.ttf").read_bytes()
    source = ttLib.TTFont(BytesIO(whole), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    wanted = {code for first, last in _RANGES for code in range(first, last + 1)} | {ord(sign) for sign in _SYMBOLS}
    cutter.populate(unicodes=wanted)
    cutter.subset(source)
    target = BytesIO()
    source.save(target)
    scale = 1000 / source["head"].unitsPerEm
    glyphs = {chr(code): source.getGlyphID(name) for code, name in source.getBestCmap().items()}
    widths = {source.getGlyphID(name): round(metric[0] * scale) for name, metric in source["hmtx"].metrics.items()}
    head, os2 = source["head"], source["OS/2"]
    return Font(
        name=f"DVCSBX+BeVietnamPro-{face}",
        glyphs=glyphs,
        widths=widths,
        data=target.getvalue(),
        ascent=round(source["hhea"].ascent * scale),
        descent=round(source["hhea"].descent * scale),
        cap_height=round(getattr(os2, "sCapHeight", 700) * scale),
        box=(round(head.xMin * scale), round(head.yMin * scale), round(head.xMax * scale), round(head.yMax * scale)),
        italic_angle=float(source["post"].italicAngle),
    )


def clean(text: str) -> str:
    """Composed form (NFC), one line, without control characters: what the pages can draw and a reader can search."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} else letter for letter in composed)


@dataclass(slots=True)
class Canvas:
    """The drawing instructions of one page; coordinates in points from the bottom left."""

    operations: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, face: Face, size: float, colour: Colour = BLACK) -> None:
        """One line of text with its baseline at (x, y)."""
        code = load_font(face).encode(clean(text))
        red, green, blue = colour
        self.operations.append(
            f"BT {red:.3f} {green:.3f} {blue:.3f} rg /{face} {size:.2f} Tf {x:.2f} {y:.2f} Td <{code}> Tj ET"
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.6, colour: Colour = BLACK) -> None:
        """A straight line, `width` points thick."""
        red, green, blue = colour
        self.operations.append(
            f"{red:.3f} {green:.3f} {blue:.3f} RG {width:.2f} w {x0:.2f} {y0:.2f} m {x1:.2f} {y1:.2f} l S"
        )

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle."""
        red, green, blue = colour
        self.operations.append(f"{red:.3f} {green:.3f} {blue:.3f} rg {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f")

    def watermark(self, text: str) -> None:
        """Large pale letters across the page; an empty ActualText keeps them out of copied and searched text."""
        font, size = load_font("Bold"), 64.0
        half = font.width(text, size) / 2
        slope = 0.7071
        x, y = WIDTH / 2 - half * slope, HEIGHT / 2 - half * slope
        self.operations.append(
            f"/Span <</ActualText ()>> BDC BT 0.945 0.945 0.945 rg /Bold {size} Tf "
            f"{slope} {slope} -{slope} {slope} {x:.2f} {y:.2f} Tm <{font.encode(text)}> Tj ET EMC"
        )

    def qr(self, x: float, y: float, side: float, content: str) -> None:
        """A QR code drawn as rectangles, `side` points wide, its lower left corner at (x, y)."""
        import qrcode

        code = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
        code.add_data(content)
        matrix = code.get_matrix()
        cell = side / len(matrix)
        parts = ["0 0 0 rg"]
        for row, cells in enumerate(matrix):
            parts += [
                f"{x + column * cell:.2f} {y + side - (row + 1) * cell:.2f} {cell + 0.05:.2f} {cell + 0.05:.2f} re"
                for column, dark in enumerate(cells)
                if dark
            ]
        self.operations.append("\n".join([*parts, "f"]))

    def stream(self) -> bytes:
        """The page's content stream, not compressed."""
        return "\n".join(self.operations).encode("ascii")


def _to_unicode(font: Font) -> bytes:
    """The ToUnicode map that makes copied and searched text right."""
    pairs = sorted((glyph, letter) for letter, glyph in font.glyphs.items())
    lines = [f"<{glyph:04X}> <{letter.encode('utf-16-be').hex().upper()}>" for glyph, letter in pairs]
    blocks = []
    for start in range(0, len(lines), 100):
        part = lines[start : start + 100]
        blocks.append(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar")
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        + "\n".join(blocks)
        + "\nendcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode("ascii")


def _embed(document: Any, font: Font) -> Any:
    """Add the face to the document as a composite font with Identity-H encoding (ISO 32000-1 §9.7)."""
    from pikepdf import Array, Dictionary, Name, Stream

    data = Stream(document, font.data)
    data.Length1 = len(font.data)
    descriptor = document.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name(f"/{font.name}"),
            Flags=4 | (64 if font.italic_angle else 0),
            FontBBox=Array(list(font.box)),
            ItalicAngle=round(font.italic_angle),
            Ascent=font.ascent,
            Descent=font.descent,
            CapHeight=font.cap_height,
            StemV=120 if "Bold" in font.name else 80,
            FontFile2=document.make_indirect(data),
        )
    )
    descendant = document.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name(f"/{font.name}"),
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=descriptor,
            W=Array([0, Array([font.widths[glyph] for glyph in sorted(font.widths)])]),
            CIDToGIDMap=Name.Identity,
        )
    )
    return document.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name(f"/{font.name}"),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([descendant]),
            ToUnicode=document.make_indirect(Stream(document, _to_unicode(font))),
        )
    )


def write_pdf(pages: list[Canvas], *, title: str, subject: str, moment: datetime) -> bytes:
    """The pages as one PDF 1.7 file, the same bytes for the same content; `moment` becomes the creation date."""
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    document = pikepdf.new()
    used = {face for page in pages for face in FACES if any(f"/{face} " in part for part in page.operations)}
    fonts = Dictionary({f"/{face}": _embed(document, load_font(face)) for face in FACES if face in used})
    resources = document.make_indirect(Dictionary(Font=fonts))
    for page in pages:
        content = pikepdf.Stream(document, zlib.compress(page.stream(), 9), Filter=Name.FlateDecode)
        sheet = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, round(WIDTH, 2), round(HEIGHT, 2)]),
            Resources=resources,
            Contents=content,
        )
        document.pages.append(pikepdf.Page(document.make_indirect(sheet)))
    stamp = moment.strftime("D:%Y%m%d%H%M%S%z")
    document.docinfo = document.make_indirect(
        Dictionary(
            Title=pikepdf.String(title),
            Subject=pikepdf.String(subject),
            Producer=pikepdf.String("dvc-sandbox (THỬ NGHIỆM)"),
            CreationDate=pikepdf.String(f"{stamp[:-2]}'{stamp[-2:]}'"),
        )
    )
    document.Root.Lang = pikepdf.String("vi-VN")
    document.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    target = BytesIO()
    document.save(target, compress_streams=True, deterministic_id=True, min_version="1.7")
    return target.getvalue()
