"""Views of `dvc-cli signers`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.model.identifiers import CitizenId
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.output.dates import show_date
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.signers import ListedSigner, OfferedCertificate, SignerList, SignerTest
from dvc_cli.sign.kinds import Tried


@view("dvc.signers.list/1")
def signer_list(result: SignerList) -> Page:
    """A row per signer; the default one has a mark."""
    table = Table(
        columns=(
            Column(_("Signer"), wrap=False),
            Column(_("Kind")),
            Column(_("Needs")),
            Column(_("Tried with")),
            Column(_("State")),
        ),
        rows=tuple(
            (_name(one), one.title, one.needs, _tried(one.tried), one.problem or _("set up")) for one in result.signers
        ),
        empty=_("Profile {name} has no signer yet").format(name=result.profile),
    )
    steps = tuple(f"dvc-cli signers test {one.name}" for one in result.signers if not one.problem)[:1]
    return Page(
        blocks=(table,),
        next_steps=steps or ("dvc-cli profile add NAME --signer NAME=KIND,KEY=VALUE",),
        sandbox=result.sandbox,
    )


@view("dvc.signers.test/1")
def signer_test(result: SignerTest) -> Page:
    """A record per certificate, then the count."""
    blocks: list[Block] = [
        Record(_certificate(one), title=one.certificate.label or one.certificate.common_name)
        for one in result.certificates
    ]
    offered = sum(one.offered for one in result.certificates)
    text = _("{name}: {offered} of {count} certificates can be used for signing; nothing was signed")
    counted = text.format(name=result.name, offered=offered, count=len(result.certificates))
    blocks.append(Line(counted, "good" if offered else "bad"))
    if not result.tried_live:
        blocks.append(Line(_("Tried with {what}").format(what=_tried(result.tried)), "dim"))
    steps = (f"dvc-cli sign FILE.pdf --signer {result.name}",) if offered else ()
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=result.sandbox)


def _name(signer: ListedSigner) -> str:
    return _("{name} (default)").format(name=signer.name) if signer.default else signer.name


def _tried(tried: Tried) -> str:
    words = {
        Tried.SOFTWARE_TOKEN: _("software tokens; never a vendor's token"),
        Tried.SANDBOX_FILE: _("files of the sandbox's CA"),
        Tried.EMULATOR: _("the emulator of the sandbox; never live"),
        Tried.TEST_EMULATOR: _("an emulator of the tests; never live"),
        Tried.UNKNOWN: _("not known: it comes from another package"),
    }
    return words[tried]


def _certificate(one: OfferedCertificate) -> tuple[tuple[str, str], ...]:
    certificate = one.certificate
    validity = f"{show_date(certificate.not_before)} - {show_date(certificate.not_after)}"
    return (
        (_("Result"), _("offered") if one.offered else _("not offered: {reason}").format(reason=one.reason)),
        (_("Signed by"), certificate.common_name),
        (_("Certificate subject"), _subject(certificate)),
        (_("Issuer"), certificate.issuer),
        (_("Valid"), validity),
        (_("Usage"), ", ".join(certificate.usages)),
        (_("Key"), f"{certificate.algorithm.value.upper()} {certificate.key_bits}"),
        (_("Serial number"), certificate.serial),
        (_("ID"), certificate.key_id),
    )


def _subject(certificate: SigningCertificate) -> str:
    """The subject with the citizen's number masked."""
    text = certificate.subject
    if certificate.identity:
        text = text.replace(certificate.identity, CitizenId(certificate.identity).masked)
    return text
