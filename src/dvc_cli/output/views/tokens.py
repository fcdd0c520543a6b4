"""Views of `tokens`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.output.dates import show_date
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.tokens import ListedToken, TokenList, TokenTest


@view("dvc.tokens.list/1")
def token_list(report: TokenList) -> Page:
    """A record and a table of certificates per token, then the libraries that could not be used."""
    blocks: list[Block] = []
    for token in report.tokens:
        blocks.append(Record(_token_pairs(token), title=token.label or token.serial))
        blocks.append(_certificates(token))
    if not report.tokens:
        blocks.append(Line(_("No token is plugged in"), "warn"))
    if report.unusable:
        rows = tuple((one.module, one.family, one.problem) for one in report.unusable)
        columns = (Column(_("Library")), Column(_("Maker")), Column(_("Why it cannot be used")))
        blocks.append(Table(columns=columns, rows=rows, title=_("Libraries that cannot be used")))
    steps = ("dvc-cli tokens test",) if report.tokens else ("dvc-cli doctor",)
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=report.sandbox)


@view("dvc.tokens.test/1")
def token_test(report: TokenTest) -> Page:
    """The certificate that signed, and how long it took."""
    one = report.certificate
    pairs = (
        (_("Result"), _("one signature was made and verified; no document was signed")),
        (_("Signed by"), one.common_name),
        (_("Tax code"), one.tax_code),
        (_("Issuer"), one.issuer),
        (_("Serial number"), one.serial),
        (_("Valid until"), show_date(one.not_after)),
        (_("Time for one signature"), _("{seconds} s").format(seconds=report.seconds)),
    )
    return Page(blocks=(Record(pairs),), sandbox=report.sandbox)


def _token_pairs(token: ListedToken) -> tuple[tuple[str, str], ...]:
    states = {
        "ok": "",
        "wrong-before": _("a wrong PIN was given before"),
        "last-try": _("only one try is left"),
        "locked": _("locked"),
    }
    return (
        (_("Token"), token.label),
        (_("Serial number"), token.serial),
        (_("Maker"), " ".join(part for part in (token.manufacturer, token.model) if part)),
        (_("Library"), token.module),
        ("PIN", states[token.pin]),
        (_("PIN pad"), _("yes") if token.pin_pad else ""),
        (_("Certificates"), token.hint),
    )


def _certificates(token: ListedToken) -> Table:
    columns = (
        Column(_("Certificate")),
        Column(_("Issuer")),
        Column(_("Serial number")),
        Column(_("Valid"), wrap=False),
        Column(_("Key and usage")),
        Column(_("Can sign")),
    )
    return Table(columns=columns, rows=tuple(_row(one) for one in token.certificates))


def _row(one: SigningCertificate) -> tuple[str, ...]:
    name = f"{one.common_name} [{one.label}]" if one.label else one.common_name
    usage = ", ".join((f"{one.algorithm.value.upper()} {one.key_bits}", *one.usages))
    validity = f"{show_date(one.not_before)} - {show_date(one.not_after)}"
    return (
        name,
        one.issuer,
        one.serial,
        validity,
        usage,
        _("no: {reason}").format(reason=one.problem) if one.problem else _("yes"),
    )
