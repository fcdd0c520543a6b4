"""Pages of several PDFs → one PDF, with invisible text laid under them; runs in a worker (`pdf.limited`)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dvc_cli.i18n import _
from dvc_cli.pdf.inspect import BrokenPdf


def assemble(*, parts: list[dict[str, Any]], output: str, pdfa: bool, title: str) -> dict[str, int]:
    """Write `output` and give its `pages`.

    Args:
        parts: in order, each `pdf` (path), `pages` (indices from 0), `name` (for messages) and `texts` (index → path of a
            one-page PDF with the page's invisible text).
        pdfa: make PDF/A-2b. title: of the document, then.

    Raises:
        BrokenPdf, NotArchivable.
    """
    import pikepdf

    with ExitStack() as stack:
        opened: dict[str, Any] = {}
        for part in parts:
            if part["pdf"] not in opened:
                opened[part["pdf"]] = stack.enter_context(pikepdf.open(part["pdf"]))
        try:
            whole = _joined(parts, opened, stack)
        except (pikepdf.PdfError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise BrokenPdf(
                _("{path} cannot be read as a PDF").format(path=parts[0]["name"]), hint=_("Scan or export it again")
            ) from error
        if pdfa:
            from dvc_cli.pdf.archive import make_archivable

            make_archivable(whole, title)
        level = pikepdf.StreamDecodeLevel.generalized if pdfa else pikepdf.StreamDecodeLevel.none
        whole.save(
            Path(output),
            min_version="1.7" if pdfa else "1.4",
            deterministic_id=True,
            encryption=False,
            stream_decode_level=level,  # PDF/A knows no LZW
            compress_streams=True,
        )
        return {"pages": len(whole.pages)}


def _joined(parts: list[dict[str, Any]], opened: dict[str, Any], stack: ExitStack) -> Any:
    import pikepdf

    first = opened[parts[0]["pdf"]]
    if len(parts) == 1 and parts[0]["pages"] == list(range(len(first.pages))):
        whole = first  # keeps outlines and form fields
        _lay_texts(whole, 0, parts[0])
        return whole
    whole = stack.enter_context(pikepdf.new())
    for part in parts:
        start = len(whole.pages)
        source = opened[part["pdf"]]
        whole.pages.extend([source.pages[index] for index in part["pages"]])
        _lay_texts(whole, start, part)
    return whole


def _lay_texts(whole: Any, start: int, part: dict[str, Any]) -> None:
    import pikepdf

    for place, index in enumerate(part["pages"]):
        if text := part.get("texts", {}).get(str(index)):
            page = whole.pages[start + place]
            with pikepdf.open(text) as layer:
                page.add_underlay(layer.pages[0], _text_box(page))


def _text_box(page: Any) -> Any:
    """Where the text layer goes: over the whole visible page, for which it was made."""
    import pikepdf

    return pikepdf.Rectangle(page.cropbox)
