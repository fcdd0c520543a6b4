"""Views of `sign` and `verify`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

from dvc_cli.i18n import _, ngettext
from dvc_cli.model.identifiers import CitizenId
from dvc_cli.model.signing import (
    DocumentVerdict,
    SignatureVerdict,
    SignedDocument,
    SigningCertificate,
    SignReport,
    VerifyReport,
)
from dvc_cli.output.dates import show_date, show_size, show_time
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view

if TYPE_CHECKING:
    from dvc_cli.services.unsign import UnsignReport

_Tone = Literal["plain", "good", "bad", "warn", "dim"]


@view("dvc.signing.report/1")
def sign_report(report: SignReport) -> Page:
    """A row per file, then the certificate and the count."""
    table = Table(
        columns=(Column(_("File")), Column(_("Result"), wrap=False), Column(_("Signed copy or reason"))),
        rows=tuple(_signed_row(document) for document in report.documents),
        empty=_("No file"),
    )
    if not report.documents:
        return Page(blocks=(Line(_("No signature is waiting to be finished")),))
    blocks: list[Block] = [table]
    if report.certificate is not None:
        blocks.append(Record(_certificate_pairs(report.certificate), title=_("Certificate")))
    blocks.append(Record(((_("Level"), report.level.upper()),)))
    blocks.append(_count(report))
    signed = [
        document.output
        for document in report.documents
        if document.outcome in ("signed", "upgraded") and document.output
    ]
    steps = (f"dvc-cli verify {shlex.join(signed[:3])}",) if signed else ()
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=report.sandbox)


@view("dvc.signing.verification/1")
def verification(report: VerifyReport) -> Page:
    """A verdict per file, then every signature with what is known of it."""
    blocks: list[Block] = []
    for document in report.documents:
        blocks.append(Line(f"{document.path}: {_verdict(document)}. {document.explanation}", _tone(document)))
        blocks += _shown(document)
        blocks += [Record(_signature_pairs(one), title=_signature_title(one)) for one in document.signatures]
    strangers = [
        document.path
        for document in report.documents
        if any(one.problem == "issuer-not-trusted" for one in document.signatures)
    ]
    steps = (f"dvc-cli verify {shlex.join(strangers[:3])} --trust ROOT.pem",) if strangers else ()
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=report.sandbox)


@view("dvc.signing.unsign/1")
def unsigned(report: UnsignReport) -> Page:
    """What was taken back and where the earlier state lies."""
    pairs = (
        (_("File"), report.output),
        (_("Taken back"), _("signature of {signer} ({field})").format(signer=report.signer, field=report.field_name)),
        (_("Signatures left"), str(report.signatures_left)),
        (_("Size"), show_size(report.size)),
        ("SHA-256", report.sha256),
    )
    return Page(blocks=(Record(pairs),), sandbox=report.sandbox)


def _signed_row(document: SignedDocument) -> tuple[str, str, str]:
    words = {
        "signed": _("signed"),
        "upgraded": _("raised"),
        "planned": _("would be signed"),
        "skipped": _("skipped"),
        "failed": _("failed"),
    }
    last = document.reason
    if document.output:
        last = f"{document.output} ({show_size(document.size)})" if document.size else document.output
    return document.source, words[document.outcome], last


def _count(report: SignReport) -> Line:
    wanted = "planned" if report.dry_run else "signed"
    done = sum(document.outcome in (wanted, "upgraded") for document in report.documents)
    total = len(report.documents)
    if report.dry_run:
        return Line(_("{done} of {total} files can be signed; nothing was written").format(done=done, total=total))
    text = ngettext("{done} of {total} file signed", "{done} of {total} files signed", total)
    return Line(text.format(done=done, total=total), "good" if done == total else "warn")


def _certificate_pairs(certificate: SigningCertificate) -> tuple[tuple[str, str], ...]:
    return (
        (_("Signed by"), certificate.common_name),
        (_("Organisation"), certificate.organisation if certificate.organisation != certificate.common_name else ""),
        (_("Personal number"), _masked(certificate.identity)),
        (_("Tax code"), certificate.tax_code),
        (_("Issuer"), certificate.issuer),
        (_("Serial number"), certificate.serial),
        (_("Valid until"), show_date(certificate.not_after)),
    )


def _shown(document: DocumentVerdict) -> list[Block]:
    match document.shown:
        case "differs":
            pages = ", ".join(map(str, document.changed_pages))
            text = _("What is shown on these pages was changed after signing: {pages}")
            return [Line(text.format(pages=pages), "bad")]
        case "same":
            return [Line(_("What is shown is what was signed, apart from later signatures"), "good")]
        case "not-compared":
            return [Line(_("What is shown could not be compared with what was signed"), "warn")]
        case _:
            return []


def _judged(signature: SignatureVerdict) -> str:
    words = {
        "now": _("now ({time})"),
        "given": _("the time that was asked for ({time})"),
        "claimed": _("the time named by the signer ({time})"),
        "time-stamp": _("the proven time ({time})"),
    }
    if signature.judged_at is None:
        return ""
    return words[signature.time_source].format(time=show_time(signature.judged_at))


def _signature_pairs(signature: SignatureVerdict) -> tuple[tuple[str, str], ...]:
    validity = f"{show_date(signature.not_before)} - {show_date(signature.not_after)}" if signature.not_after else ""
    return (
        (_("Result"), signature.explanation),
        (_("Signed by"), signature.signer),
        (_("Organisation"), signature.organisation if signature.organisation != signature.signer else ""),
        (_("Personal number"), _masked(signature.identity)),
        (_("Tax code"), signature.tax_code),
        (_("Issuer"), signature.issuer),
        (_("Valid"), validity),
        (_("Time named by the signer"), show_time(signature.claimed_time)),
        (_("Time proven by a time stamp"), show_time(signature.proven_time)),
        (_("Certificate judged at"), _judged(signature)),
        (_("Kind"), " ".join(part for part in (_kind(signature), signature.level.upper()) if part)),
        (_("Changes afterwards"), _changes(signature)),
    )


def _signature_title(signature: SignatureVerdict) -> str:
    return _("Signature {number} ({field})").format(number=signature.index, field=signature.field_name)


def _kind(signature: SignatureVerdict) -> str:
    return {"pades": "PAdES", "cms": "CMS"}.get(signature.profile, _("another kind"))


def _changes(signature: SignatureVerdict) -> str:
    words = {"none": _("none"), "permitted": _("only permitted ones"), "suspicious": _("not permitted")}
    return words[signature.changes_after]


def _verdict(document: DocumentVerdict) -> str:
    if document.verdict == "broken" and document.changed_after_signing:
        return _("CHANGED AFTER SIGNING")
    words = {
        "valid": _("VALID"),
        "broken": _("NOT VALID"),
        "not-established": _("NOT ESTABLISHED"),
        "unsigned": _("NOT SIGNED"),
        "unreadable": _("NOT READABLE"),
    }
    return words[document.verdict]


def _tone(document: DocumentVerdict) -> _Tone:
    tones: dict[str, _Tone] = {"valid": "good", "broken": "bad", "unreadable": "bad"}
    return tones.get(document.verdict, "warn")


def _masked(identity: str) -> str:
    return CitizenId(identity).masked if identity else ""
