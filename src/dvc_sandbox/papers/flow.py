"""Flowing layout of administrative papers (NĐ 30/2020/NĐ-CP): motto heading, title, paragraphs, tables, signatures, pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dvc_sandbox.papers.pdf import (
    BLACK,
    GREY,
    HEIGHT,
    MM,
    RED,
    WIDTH,
    Canvas,
    Colour,
    Face,
    clean,
    load_font,
    write_pdf,
)

LEFT, RIGHT = 25 * MM, WIDTH - 17 * MM
TOP, BOTTOM = HEIGHT - 24 * MM, 22 * MM
BANNER = "THỬ NGHIỆM — SANDBOX"
Piece = str | tuple[str, Face]


@dataclass(frozen=True, slots=True)
class SealPlace:
    """Where the agency's signature goes: page index and the rectangle (x0, y0, x1, y1) in points."""

    page: int
    rectangle: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Built:
    """A finished paper before it is signed; `seal` is None when nobody signs it."""

    pdf: bytes
    seal: SealPlace | None


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    face: Face
    width: float
    glued: bool


def bold(text: str) -> Piece:
    """The piece of a paragraph in bold."""
    return (text, "Bold")


def italic(text: str) -> Piece:
    """The piece of a paragraph in italics."""
    return (text, "Italic")


def _face(piece: Piece) -> tuple[str, Face]:
    return (piece, "Regular") if isinstance(piece, str) else piece


def _words(pieces: Sequence[Piece], size: float, limit: float) -> list[_Word]:
    """Split pieces into words; a word longer than the line is cut so that nothing runs over the edge."""
    found: list[_Word] = []
    glued = False
    for piece in pieces:
        text, face = _face(piece)
        font = load_font(face)
        text = clean(text)
        if text[:1] == " ":
            glued = False
        for number, raw in enumerate(text.split()):
            part, first = raw, True
            while part:
                end = len(part)
                while end > 1 and font.width(part[:end], size) > limit:
                    end -= 1
                found.append(
                    _Word(part[:end], face, font.width(part[:end], size), (glued and number == 0) or not first)
                )
                part, first = part[end:], False
        glued = bool(text) and text[-1] != " "
    return found


def _lines(words: list[_Word], size: float, limit: float, first_indent: float) -> list[list[_Word]]:
    space = load_font("Regular").width(" ", size)
    lines: list[list[_Word]] = [[]]
    used = first_indent
    for word in words:
        gap = 0.0 if word.glued or not lines[-1] else space
        if lines[-1] and used + gap + word.width > limit + 0.01:
            lines.append([])
            used, gap = 0.0, 0.0
        lines[-1].append(word)
        used += gap + word.width
    return lines


@dataclass(slots=True)
class Paper:
    """One paper being written from top to bottom; `build` closes it."""

    title: str
    footer: str
    pages: list[Canvas] = field(default_factory=list)
    y: float = TOP
    seal: SealPlace | None = None

    def __post_init__(self) -> None:
        self._new_page()

    @property
    def canvas(self) -> Canvas:
        """The page being written."""
        return self.pages[-1]

    def _new_page(self) -> None:
        page = Canvas()
        page.watermark("THỬ NGHIỆM")
        page.box(0, HEIGHT - 9 * MM, WIDTH, 9 * MM, (0.98, 0.90, 0.72))
        self._centre(page, WIDTH / 2, HEIGHT - 6 * MM, f"{BANNER} · Không có giá trị pháp lý", "Bold", 9, RED)
        self.pages.append(page)
        self.y = TOP

    def need(self, height: float) -> None:
        """Start a new page when less than `height` points are left."""
        if self.y - height < BOTTOM:
            self._new_page()

    def skip(self, millimetres: float) -> None:
        """Leave vertical space."""
        self.y -= millimetres * MM

    @staticmethod
    def _centre(page: Canvas, x: float, y: float, text: str, face: Face, size: float, colour: Colour = BLACK) -> None:
        page.text(x - load_font(face).width(clean(text), size) / 2, y, text, face, size, colour)

    def _column(self, x: float, width: float, y: float, text: str, face: Face, size: float) -> float:
        """Centred lines in a column; returns the y below them."""
        for line in _lines(_words([(text, face)], size, width), size, width, 0):
            self._centre(self.canvas, x, y, _joined(line), face, size)
            y -= size * 1.3
        return y

    def heading(self, agency: str, unit: str, number: str, dated: str) -> None:
        """Agency and number on the left, national motto and date on the right (NĐ 30/2020, phụ lục I)."""
        left, right, top = LEFT + 33 * MM, RIGHT - 45 * MM, self.y
        y = self._column(left, 68 * MM, top, agency.upper(), "Regular", 9.5)
        y = self._column(left, 68 * MM, y, unit.upper(), "Bold", 9.5)
        self.canvas.line(left - 12 * MM, y + 4, left + 12 * MM, y + 4)
        self._centre(self.canvas, left, y - 10, number, "Regular", 10)
        self._centre(self.canvas, right, top, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Bold", 9.5)
        self._centre(self.canvas, right, top - 13.5, "Độc lập - Tự do - Hạnh phúc", "Bold", 10.5)
        half = load_font("Bold").width("Độc lập - Tự do - Hạnh phúc", 10.5) / 2
        self.canvas.line(right - half, top - 19, right + half, top - 19)
        self._centre(self.canvas, right, top - 36, dated, "Italic", 10)
        self.y = min(y - 10, top - 36) - 30

    def corner(self, *lines: str) -> None:
        """Small lines in the upper right corner: the number of the national form."""
        for number, text in enumerate(lines):
            width = load_font("Italic").width(text, 8)
            self.canvas.text(RIGHT - width, HEIGHT - 14 * MM - number * 10, text, "Italic", 8)
        self.y -= 4 * MM

    def heading_title(self, text: str, below: str = "") -> None:
        """The paper's name in bold capitals, an optional line below it."""
        self.y = self._column(WIDTH / 2, RIGHT - LEFT, self.y, text.upper(), "Bold", 14) - 1
        if below:
            self._centre(self.canvas, WIDTH / 2, self.y, below, "Regular", 10.5)
            self.y -= 14
        self.y -= 8

    def paragraph(
        self, *pieces: Piece, size: float = 10.5, indent: float = 0, hang: float = 0, after: float = 4
    ) -> None:
        """Left-aligned text; `indent` is the first line's, `hang` the other lines', in points."""
        limit = RIGHT - LEFT - hang
        for number, line in enumerate(_lines(_words(pieces, size, limit), size, limit, indent - hang)):
            self.need(size * 1.45)
            self._words_at(LEFT + (indent if number == 0 else hang), self.y, line, size)
            self.y -= size * 1.45
        self.y -= after

    def field(self, label: str, value: str, size: float = 10.5) -> None:
        """`label: value`; an empty value prints as the dotted line of the form."""
        self.paragraph(f"{label}: ", bold(value) if clean(value).strip() else "…" * 40, size=size, hang=10)

    def _words_at(self, x: float, y: float, words: list[_Word], size: float) -> None:
        space = load_font("Regular").width(" ", size)
        start, run, face = x, "", words[0].face if words else "Regular"
        for number, word in enumerate(words):
            gap = "" if number == 0 or word.glued else " "
            if word.face != face:
                self.canvas.text(start, y, run, face, size)
                start += load_font(face).width(run, size) + (space if gap else 0)
                run, face, gap = "", word.face, ""
            run += gap + word.text
        if run:
            self.canvas.text(start, y, run, face, size)

    def table(
        self, header: Sequence[str], shares: Sequence[float], rows: Sequence[Sequence[str]], size: float = 9.5
    ) -> None:
        """A ruled table; `shares` are the columns' parts of the width. The header row comes again on each page."""
        total = sum(shares)
        widths = [(RIGHT - LEFT) * share / total for share in shares]
        self._row(header, widths, size, head=True)
        for row in rows:
            if self.y - self._row_height(row, widths, size) < BOTTOM:
                self._new_page()
                self._row(header, widths, size, head=True)
            self._row(row, widths, size)
        self.y -= 14

    def _cell_lines(self, text: str, width: float, size: float, face: Face) -> list[list[_Word]]:
        return _lines(_words([(text, face)], size, width - 8), size, width - 8, 0)

    def _row_height(self, row: Sequence[str], widths: Sequence[float], size: float) -> float:
        most = max(len(self._cell_lines(text, width, size, "Bold")) for text, width in zip(row, widths, strict=True))
        return most * size * 1.35 + 7

    def _row(self, row: Sequence[str], widths: Sequence[float], size: float, *, head: bool = False) -> None:
        height = self._row_height(row, widths, size)
        top, x = self.y + size, LEFT
        face: Face = "Bold" if head else "Regular"
        if head:
            self.canvas.box(LEFT, top - height, RIGHT - LEFT, height, (0.93, 0.93, 0.93))
        for text, width in zip(row, widths, strict=True):
            y = top - size - 3
            for line in self._cell_lines(text, width, size, face):
                shift = (width - 8 - load_font(face).width(_joined(line), size)) / 2 if head or len(text) <= 4 else 0
                self._words_at(x + 4 + shift, y, line, size)
                y -= size * 1.35
            self.canvas.line(x, top, x, top - height)
            x += width
        self.canvas.line(x, top, x, top - height)
        self.canvas.line(LEFT, top, RIGHT, top)
        self.canvas.line(LEFT, top - height, RIGHT, top - height)
        self.y -= height

    def signatures(self, left: Sequence[str], right: Sequence[str], *, sealed: bool = True) -> None:
        """Two signature columns: title, note, then room, then the name; the seal's place is the room on the right."""
        self.need(58 * MM)
        self.y -= 4
        for x, texts in ((LEFT + 36 * MM, left), (RIGHT - 43 * MM, right)):
            if not texts:
                continue
            title, note, name = texts
            self._centre(self.canvas, x, self.y, title.upper(), "Bold", 10.5)
            self._centre(self.canvas, x, self.y - 14, note, "Italic", 9.5)
            self._centre(self.canvas, x, self.y - 48 * MM, name, "Bold", 10.5)
        if sealed:
            centre, high = RIGHT - 43 * MM, self.y - 9 * MM
            box = (centre - 41 * MM, high - 31 * MM, centre + 41 * MM, high)
            self.seal = SealPlace(len(self.pages) - 1, tuple(round(side, 2) for side in box))  # type: ignore[arg-type]
        self.y -= 54 * MM

    def qr(self, content: str, caption: str) -> None:
        """A small QR code at the left margin with a caption beside it."""
        side = 24 * MM
        self.need(side + 8)
        self.canvas.qr(LEFT, self.y - side, side, content)
        y = self.y - 10
        for line in _lines(_words([caption], 9, 120 * MM), 9, 120 * MM, 0):
            self._words_at(LEFT + side + 10, y, line, 9)
            y -= 12.5
        self.y -= side + 12

    def build(self, moment: datetime) -> Built:
        """Number the pages and return the file."""
        for number, page in enumerate(self.pages, start=1):
            page.line(LEFT, 14 * MM, RIGHT, 14 * MM, 0.4, GREY)
            page.text(LEFT, 10 * MM, self.footer, "Regular", 8, GREY)
            count = f"Trang {number}/{len(self.pages)}"
            page.text(RIGHT - load_font("Regular").width(count, 8), 10 * MM, count, "Regular", 8, GREY)
        return Built(write_pdf(self.pages, title=self.title, subject=BANNER, moment=moment), self.seal)


def _joined(words: Sequence[_Word]) -> str:
    return "".join(("" if number == 0 or word.glued else " ") + word.text for number, word in enumerate(words))
