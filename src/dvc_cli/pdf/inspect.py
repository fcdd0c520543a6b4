"""Facts about a PDF that decide whether it may be changed: signatures, encryption, pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.limits import MAX_PAGES


class BrokenPdf(InvalidInput):
    """A PDF cannot be read."""

    slug = "broken-pdf"


class EncryptedPdf(InvalidInput):
    """A PDF is protected by a password."""

    slug = "encrypted-pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfFacts:
    """Facts about a PDF. `pages` counts; sizes in PDF points of the displayed first page."""

    version: str
    pages: int
    signed: bool
    certified: bool


def facts(path: str, name: str) -> dict[str, Any]:
    """`facts_of` with JSON types, for `pdf.limited`."""
    return asdict(facts_of(Path(path), name))


def facts_of(path: Path, name: Path | str | None = None) -> PdfFacts:
    """Read a PDF's facts; `name` is what messages call it. Raises BrokenPdf, EncryptedPdf."""
    import pikepdf

    name = name or path
    try:
        with pikepdf.open(path) as pdf:
            pages = len(pdf.pages)
            if pages > MAX_PAGES:
                raise BrokenPdf(_("{path} has more than {limit} pages").format(path=name, limit=MAX_PAGES))
            root = pdf.Root
            form = root.get("/AcroForm")
            flags = int(form.get("/SigFlags", 0)) if isinstance(form, pikepdf.Dictionary) else 0
            certified = "/Perms" in root and "/DocMDP" in root.Perms
            signed = bool(flags & 1) or certified or _has_signature_field(form)
            return PdfFacts(version=pdf.pdf_version, pages=pages, signed=signed, certified=certified)
    except pikepdf.PasswordError as error:
        raise EncryptedPdf(
            _("{path} is protected by a password").format(path=name),
            hint=_("Save a copy without the password, then use that copy"),
        ) from error
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenPdf(
            _("{path} cannot be read as a PDF").format(path=name), hint=_("Scan or export it again")
        ) from error


def _has_signature_field(form: object) -> bool:
    import pikepdf

    if not isinstance(form, pikepdf.Dictionary):
        return False
    waiting = list(form.get("/Fields", []))[:MAX_PAGES]
    for field in waiting:
        if not isinstance(field, pikepdf.Dictionary):
            continue
        if field.get("/FT") == "/Sig" and "/V" in field:
            return True
        if len(waiting) < 2 * MAX_PAGES:
            waiting.extend(list(field.get("/Kids", []))[:MAX_PAGES])
    return False
