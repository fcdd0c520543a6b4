"""Views of `trust`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.output.dates import show_date
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.trust import TrustedRoot, TrustReport


@view("dvc.trust.roots/1")
def trust(report: TrustReport) -> Page:
    """The list as a table; what was imported or removed as records."""
    if report.done == "listed":
        return Page(blocks=(_table(report),), next_steps=_steps(report), sandbox=report.sandbox)
    words = {
        "imported": _("Imported: signatures below it are trusted from now on"),
        "removed": _("Removed: signatures below it are no longer trusted"),
        "declined": _("Nothing was imported"),
    }
    blocks: list[Block] = [Record(_pairs(root)) for root in report.roots]
    blocks.append(Line(words[report.done], "warn" if report.done == "declined" else "good"))
    return Page(blocks=tuple(blocks), sandbox=report.sandbox)


def _table(report: TrustReport) -> Table:
    columns = (
        Column(_("Root")),
        Column(_("Valid until"), wrap=False),
        Column(_("Trusted with")),
        Column(_("Origin")),
        Column("SHA-256"),
    )
    rows = tuple(
        (root.subject, show_date(root.not_after), _scope(root), _origin(root), root.fingerprint)
        for root in report.roots
    )
    return Table(
        columns=columns,
        rows=rows,
        empty=_("No root is trusted, so `verify` can tell only whether a signature is intact"),
    )


def _steps(report: TrustReport) -> tuple[str, ...]:
    return () if report.roots else ("dvc-cli trust import ROOT.pem",)


def _pairs(root: TrustedRoot) -> tuple[tuple[str, str], ...]:
    return (
        (_("Root"), root.subject),
        (_("Issuer"), "" if root.self_signed else root.issuer),
        (_("Serial number"), root.serial),
        (_("Valid"), f"{show_date(root.not_before)} - {show_date(root.not_after)}"),
        (_("Trusted with"), _scope(root)),
        ("SHA-256", root.fingerprint),
    )


def _scope(root: TrustedRoot) -> str:
    return _("profile {name}").format(name=root.profile) if root.profile else _("every profile")


def _origin(root: TrustedRoot) -> str:
    return _("imported") if root.origin == "imported" else root.path
