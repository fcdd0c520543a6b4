"""PDF/A-2b: say what the file is, give its colours a meaning, take out what is not allowed, refuse what cannot be repaired.

Source: ISO 19005-2 §6.1 (file), §6.2 (graphics), §6.3 (annotations), §6.5 (actions), §6.6 (metadata).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _

_BAD_ACTIONS = {
    "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState", "/Rendition", "/Trans",
    "/GoTo3DView", "/JavaScript", "/GoToE",
}  # fmt: skip
_BAD_ANNOTATIONS = {"/3D", "/Sound", "/Screen", "/Movie", "/FileAttachment"}
_WITHOUT_LOOK = {"/Popup", "/Link"}
_PRINT, _NEVER_SHOWN = 4, 1 | 2 | 32  # annotation flags: Invisible, Hidden, NoView
_DEPTH = 12


class NotArchivable(InvalidInput):
    """A PDF holds what PDF/A-2b does not allow and we cannot repair."""

    slug = "not-archivable"


def make_archivable(pdf: Any, title: str) -> None:
    """Turn an open pikepdf document into PDF/A-2b. Raises NotArchivable."""
    _clean_root(pdf)
    for number, page in enumerate(pdf.pages, 1):
        _drop(page.obj, "/AA")
        _check_annotations(page, number)
        for kind, thing in _resources(page):
            _check_resource(kind, thing, number)
        _check_colours(page, number)
    _mark(pdf, title)


def _refuse(reason: str) -> NotArchivable:
    return NotArchivable(
        _("This cannot become PDF/A: {reason}").format(reason=reason),
        hint=_("Leave `--pdfa` out, or export the document again with its fonts embedded"),
    )


def _drop(thing: Any, *names: str) -> None:
    for name in names:
        if name in thing:
            del thing[name]


def _clean_root(pdf: Any) -> None:
    root = pdf.Root
    _drop(root, "/AA", "/OpenAction", "/OCProperties", "/Requirements", "/Collection")
    names = root.get("/Names")
    if names is not None:
        if "/EmbeddedFiles" in names:
            raise _refuse(_("it has files attached"))
        _drop(names, "/JavaScript")
    form = root.get("/AcroForm")
    if form is not None:
        if "/XFA" in form:
            raise _refuse(_("it is an XFA form"))
        _drop(form, "/NeedAppearances")


def _check_annotations(page: Any, number: int) -> None:
    for annotation in page.obj.get("/Annots", []):
        kind = str(annotation.get("/Subtype", ""))
        if kind in _BAD_ANNOTATIONS or (kind not in _WITHOUT_LOOK and "/AP" not in annotation):
            raise _refuse(_("page {number} has a note or field of a kind that is not allowed").format(number=number))
        _drop(annotation, "/AA")
        action = annotation.get("/A")
        if action is not None and str(action.get("/S", "")) in _BAD_ACTIONS:
            _drop(annotation, "/A")
        annotation["/F"] = (int(annotation.get("/F", 0)) | _PRINT) & ~_NEVER_SHOWN


def _resources(page: Any) -> Iterator[tuple[str, Any]]:
    """(category, object) of everything a page draws with, also inside forms and annotations."""
    seen: set[tuple[int, int]] = set()
    waiting = [(page.obj.get("/Resources") or page.resources, 0)]
    for annotation in page.obj.get("/Annots", []):
        waiting += [(form.get("/Resources"), 1) for form in _appearances(annotation)]
    while waiting:
        resources, depth = waiting.pop()
        if resources is None or depth > _DEPTH:
            continue
        for kind in ("/Font", "/XObject", "/ExtGState", "/Pattern"):
            for thing in (resources.get(kind) or {}).values():
                if thing.objgen != (0, 0):
                    if thing.objgen in seen:
                        continue
                    seen.add(thing.objgen)
                yield kind, thing
                if kind in ("/XObject", "/Pattern") or str(thing.get("/Subtype", "")) == "/Type3":
                    waiting.append((thing.get("/Resources"), depth + 1))


def _appearances(annotation: Any) -> Iterator[Any]:
    import pikepdf

    for look in (annotation.get("/AP") or {}).values():
        if isinstance(look, pikepdf.Stream):
            yield look
        elif isinstance(look, pikepdf.Dictionary):
            yield from (state for state in look.values() if isinstance(state, pikepdf.Stream))


def _check_resource(kind: str, thing: Any, number: int) -> None:
    if kind == "/Font" and not _is_embedded(thing):
        name = str(thing.get("/BaseFont", "")).lstrip("/")
        raise _refuse(_("the font {name} on page {number} is not embedded").format(name=name, number=number))
    if kind == "/XObject":
        _drop(thing, "/Alternates", "/OPI", "/Interpolate", "/Ref", "/PS")
        if str(thing.get("/Subtype", "")) == "/PS":
            raise _refuse(_("page {number} holds a PostScript program").format(number=number))
        if str(thing.get("/ColorSpace", "")) == "/DeviceCMYK":
            raise _refuse(_("page {number} has printing colours (CMYK) without a profile").format(number=number))
    if kind == "/ExtGState":
        _drop(thing, "/TR", "/HTP")


def _is_embedded(font: Any) -> bool:
    kind = str(font.get("/Subtype", ""))
    if kind == "/Type3":
        return True
    if kind == "/Type0":
        return all(_is_embedded(child) for child in font.get("/DescendantFonts", []))
    descriptor = font.get("/FontDescriptor")
    return descriptor is not None and any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def _check_colours(page: Any, number: int) -> None:
    import pikepdf

    for step in pikepdf.parse_content_stream(page, "k K cs CS"):
        operands, name = step.operands, str(step.operator)
        if name in ("k", "K") or (name in ("cs", "CS") and operands and str(operands[0]) == "/DeviceCMYK"):
            raise _refuse(_("page {number} has printing colours (CMYK) without a profile").format(number=number))


def _mark(pdf: Any, title: str) -> None:
    """Output intent (sRGB) and XMP metadata; the old information dictionary goes, so that the two cannot differ."""
    import pikepdf

    profile = pdf.make_stream(srgb_profile(), N=3)
    pdf.Root.OutputIntents = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.OutputIntent,
                S=pikepdf.Name.GTS_PDFA1,
                OutputConditionIdentifier="sRGB",
                Info="sRGB IEC61966-2.1",
                DestOutputProfile=profile,
            )
        ]
    )
    _drop(pdf.trailer, "/Info")
    _drop(pdf.Root, "/Metadata")
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["pdfaid:part"] = "2"
        metadata["pdfaid:conformance"] = "B"
        if title:
            metadata["dc:title"] = title


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, the same at every call (the maker's date is set to a fixed one)."""
    from PIL import ImageCms

    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = (2000).to_bytes(2, "big") + (1).to_bytes(2, "big") * 2 + bytes(6)
    data[84:100] = bytes(16)  # the profile's own checksum, which may be left out
    return bytes(data)
