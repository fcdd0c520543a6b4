"""Tiny PDF files for tests, written by hand so that no library's habits hide in them."""

from __future__ import annotations

from collections.abc import Sequence

A4 = (0.0, 0.0, 595.0, 842.0)


def small_pdf(
    title: str = "THỬ",
    *,
    pages: int = 1,
    media_box: Sequence[float] = A4,
    page_entries: str = "",
    catalog_entries: str = "",
    text: str = "Nop ho so",
) -> bytes:
    """A PDF 1.4 file with a classic cross-reference table.

    Args:
        title: goes into the Info dictionary.
        pages: how many.
        media_box: of every page.
        page_entries: further entries of every page, in PDF syntax (`/Rotate 90 /CropBox [...]`).
        catalog_entries: further entries of the catalogue.
        text: shown near the top left of every page (ASCII).
    """
    box = " ".join(f"{number:g}" for number in media_box)
    left, top = min(media_box[0], media_box[2]), max(media_box[1], media_box[3])
    content = f"BT /F1 14 Tf {left + 60:g} {top - 80:g} Td ({text}) Tj ET".encode("ascii")
    kids = " ".join(f"{5 + number} 0 R" for number in range(pages))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog_entries} >>".encode("latin-1"),
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode("ascii"),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *[
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] {page_entries} "
            "/Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>".encode("latin-1")
        ]
        * pages,
        b"<< /Title <%s> >>" % title.encode("utf-16").hex().encode("ascii"),
    ]
    return assemble(objects, info=len(objects))


def assemble(objects: Sequence[bytes], *, info: int | None = None) -> bytes:
    """Number the objects from 1 (the first is the catalogue) and write header, table and trailer."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    extra = b" /Info %d 0 R" % info if info else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, extra, start)
    return bytes(out)
