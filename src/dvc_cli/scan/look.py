"""What a scan really is: pages, sizes, resolution, colour, empty and cut pages, what a PDF carries; in the limited worker."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.i18n import _
from dvc_cli.pdf.inspect import BrokenPdf, facts_of
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.pdf.pages import MILLIMETRES_PER_POINT, PageFacts, facts_and_pictures
from dvc_cli.scan.cards import codes_in
from dvc_cli.scan.clean import is_blank
from dvc_cli.scan.frames import count, opened
from dvc_cli.scan.images import placed
from dvc_cli.scan.options import PageSize
from dvc_cli.scan.page_pictures import on_paper, pictures_of

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

# Enough to tell empty pages and cut lines, little enough to look at hundreds of pages.
_LOOKING_DPI = 75
_READING_DPI = 300
_INK = 0.75  # of the paper's brightness: what is darker is ink
_EDGE_MM = 1.2
_MAX_OBJECTS = 50_000
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLook:
    """One page. Sizes in millimetres as displayed; `dpi` of its scan, None for a page that is not a picture; `colour` is
    `color`, `gray`, `bw` or empty; `cut` names the edges where lettering runs off the page."""

    number: int
    width_mm: float
    height_mm: float
    rotation: int = 0
    dpi: float | None = None
    width_px: int = 0
    height_px: int = 0
    colour: str = ""
    blank: bool = False
    cut: tuple[str, ...] = ()
    text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLook:
    """A file. `kind` as `FileKind`'s value; the PDF's own facts are empty for pictures; `codes` are texts of QR codes, with
    their pages."""

    kind: str
    pages: tuple[PageLook, ...]
    version: str = ""
    encrypted: bool = False
    signed: bool = False
    certified: bool = False
    scripts: bool = False
    codes: tuple[tuple[int, str], ...] = ()

    @classmethod
    def from_plain(cls, facts: dict[str, Any]) -> FileLook:
        """From what `look_at` gives."""
        pages = tuple(PageLook(**{**page, "cut": tuple(page["cut"])}) for page in facts["pages"])
        codes = tuple((int(page), str(text)) for page, text in facts["codes"])
        return cls(**{**facts, "pages": pages, "codes": codes})


def look_at(path: str, codes: bool = False) -> dict[str, Any]:
    """A file's facts (`FileLook`) as plain data; with `codes` also its QR codes.

    Raises:
        BrokenPdf, EncryptedPdf (a password is needed to read it), BrokenImage, ImageTooLarge: exit code 10.
    """
    source = Path(path)
    kind = kind_of(source)
    if kind is FileKind.PDF:
        look = _look_at_pdf(source)
    elif kind.is_image:
        look = FileLook(kind=kind.value, pages=tuple(_image_pages(source, kind)))
    else:
        return asdict(FileLook(kind=kind.value, pages=()))
    found: list[tuple[int, str]] = []
    if codes:
        for number, picture in enumerate(pictures_of(source, dpi=_READING_DPI, scans=True), 1):
            found += [(number, text) for text in codes_in(picture)]
    return {**asdict(look), "codes": found}


# -- PDF -------------------------------------------------------------------------------------------------------------


def _look_at_pdf(path: Path) -> FileLook:
    facts = facts_of(path)
    encrypted, scripts = _hidden(path)
    pages = [
        _pdf_page(number, page, picture)
        for number, (page, picture) in enumerate(facts_and_pictures(path, _LOOKING_DPI), 1)
    ]
    return FileLook(
        kind=FileKind.PDF.value,
        pages=tuple(pages),
        version=facts.version,
        encrypted=encrypted,
        signed=facts.signed,
        certified=facts.certified,
        scripts=scripts,
    )


def _hidden(path: Path) -> tuple[bool, bool]:
    """Whether the PDF is encrypted, and whether it has scripts."""
    import pikepdf

    try:
        with pikepdf.open(path) as pdf:
            objects = zip(pdf.objects, range(_MAX_OBJECTS), strict=False)
            scripts = any(_has_script(item) for item, _number in objects)
            return bool(pdf.is_encrypted), scripts
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenPdf(
            _("{path} cannot be read as a PDF").format(path=path), hint=_("Scan or export it again")
        ) from error


def _has_script(item: Any, depth: int = 0) -> bool:
    """Whether an object, or what is written directly in it, is an action with a script."""
    import pikepdf

    if depth > _MAX_DEPTH or (depth and getattr(item, "is_indirect", False)):
        return False
    if isinstance(item, pikepdf.Array):
        return any(_has_script(value, depth + 1) for value in item)
    if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        return "/JS" in item or any(_has_script(value, depth + 1) for _key, value in item.items())
    return False


def _pdf_page(number: int, facts: PageFacts, picture: Image) -> PageLook:
    scan = facts.scan
    if scan is None:
        seen = _seen(picture)
        return PageLook(
            number=number,
            width_mm=facts.width_mm,
            height_mm=facts.height_mm,
            rotation=facts.rotation,
            blank=seen.blank and not facts.text,
            text=facts.text,
        )
    left, top, right, bottom = scan.box
    width, height = picture.size
    part = picture.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))
    seen = _seen(part)
    return PageLook(
        number=number,
        width_mm=facts.width_mm,
        height_mm=facts.height_mm,
        rotation=facts.rotation,
        dpi=scan.dpi,
        width_px=scan.width_px,
        height_px=scan.height_px,
        colour=scan.colour or seen.colour,
        blank=seen.blank,
        cut=seen.cut,
        text=facts.text,
    )


# -- pictures --------------------------------------------------------------------------------------------------------


def _image_pages(path: Path, kind: FileKind) -> list[PageLook]:
    """The pages that `scan convert` would make of a picture, on A4."""
    pages = []
    for number in range(1, (count(str(path), str(path)) if kind is FileKind.TIFF else 1) + 1):
        with opened(path, str(path), number) as image:
            image.load()
            told = image.info.get("dpi") or (0.0, 0.0)
            deep = "bw" if image.mode == "1" else ""
            picture = on_paper(image)
        turned = (picture.width > picture.height) != (image.width > image.height)
        across, down = (float(told[1]), float(told[0])) if turned else (float(told[0]), float(told[1]))
        page, drawn = placed(picture.width, picture.height, (across, down), PageSize.A4.points)
        seen = _seen(picture.resize(_looking_size(drawn), reducing_gap=2.0))
        pages.append(
            PageLook(
                number=number,
                width_mm=round(page[0] * MILLIMETRES_PER_POINT, 1),
                height_mm=round(page[1] * MILLIMETRES_PER_POINT, 1),
                dpi=round(min(picture.width / drawn[0], picture.height / drawn[1]) * 72, 1),
                width_px=picture.width,
                height_px=picture.height,
                colour=deep or seen.colour,
                blank=seen.blank,
                cut=seen.cut,
            )
        )
    return pages


def _looking_size(drawn: tuple[float, float]) -> tuple[int, int]:
    return max(1, round(drawn[0] / 72 * _LOOKING_DPI)), max(1, round(drawn[1] / 72 * _LOOKING_DPI))


# -- looking at pixels -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    colour: str
    blank: bool
    cut: tuple[str, ...]


def _seen(picture: Image) -> _Seen:
    """What the pixels of a page's picture at `_LOOKING_DPI` tell."""
    import numpy as np

    pixels = np.asarray(picture, dtype=np.int16)
    if pixels.size == 0:
        return _Seen(colour="", blank=True, cut=())
    colourless = int((pixels.max(axis=2) - pixels.min(axis=2)).max()) <= 2
    grey = pixels.mean(axis=2)
    ink = grey < np.percentile(grey, 85) * _INK
    blank = is_blank(picture)
    edge = max(1, round(_EDGE_MM / 25.4 * _LOOKING_DPI))
    strips = {"top": ink[:edge], "bottom": ink[-edge:], "left": ink[:, :edge].T, "right": ink[:, -edge:].T}
    cut = () if blank else tuple(name for name, strip in strips.items() if _is_lettering(strip))
    return _Seen(colour="gray" if colourless else "color", blank=blank, cut=cut)


def _is_lettering(strip: np.ndarray[Any, Any]) -> bool:
    """Whether ink along an edge looks like cut letters: many short pieces that touch the very edge; a shadow is one long one."""
    import numpy as np

    touching: np.ndarray[Any, Any] = np.asarray(strip.all(axis=0))
    starts = int(np.count_nonzero(touching[1:] & ~touching[:-1]))
    return starts >= 5 and 0.01 < float(touching.mean()) < 0.5
