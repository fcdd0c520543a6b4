"""Views of `dvc-cli profile`."""

from __future__ import annotations

import re

from dvc_cli.i18n import _
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.profiles import ProfileChanged, ProfileList, ProfileShown, ShownSigner

_NUMBER = re.compile(r"\d{9,12}", re.ASCII)


@view("dvc.profiles.list/1")
def profile_list(result: ProfileList) -> Page:
    """A row per profile; the one in use has a mark."""
    rows = tuple(
        (
            row.name,
            _("in use") if row.current else "",
            row.problem or row.portal_url,
            _masked(row.account),
            ", ".join(row.signers),
            _("sandbox") if row.sandbox else "",
        )
        for row in result.profiles
    )
    columns = (
        Column(_("Profile"), wrap=False),
        Column(_("State"), wrap=False),
        Column(_("Portal")),
        Column(_("Account"), wrap=False),
        Column(_("Signers")),
        Column(_("Kind"), wrap=False),
    )
    steps = () if any(row.current for row in result.profiles) else _choose(tuple(row.name for row in result.profiles))
    return Page(blocks=(Table(columns=columns, rows=rows, empty=_("No profile yet")),), next_steps=steps)


@view("dvc.profiles.profile/1")
def profile(result: ProfileShown) -> Page:
    """A profile and its signers."""
    pairs = (
        (_("Profile"), result.name),
        (_("State"), _("in use") if result.current else _("not in use")),
        (_("Portal"), result.portal_url),
        (_("Dialect"), result.dialect),
        (_("Account"), result.account),
        (_("Signature form"), result.signature_profile),
        (_("Trusted roots"), "; ".join(map(str, result.trust))),
        (_("Time stamps"), "; ".join(result.tsa)),
        (_("Password command"), result.password_command or ""),
        (_("Extra CA"), str(result.extra_ca or "")),
        (_("Dialect data"), str(result.data_file or "")),
        (_("Reference key"), _("present") if result.has_reference_key else _("missing")),
        (_("Reference in the note"), _("yes") if result.send_reference else _("no")),
        (_("File"), str(result.file)),
    )
    signers = Table(
        title=_("Signers"),
        columns=(Column(_("Signer"), wrap=False), Column(_("Kind"), wrap=False), Column(_("Options"))),
        rows=tuple((_signer_name(one), one.kind, _options(one)) for one in result.signers),
        empty=_("No signer"),
    )
    steps = () if result.current else _choose((result.name,))
    return Page(blocks=(Record(pairs), signers), next_steps=steps, sandbox=result.sandbox)


@view("dvc.profiles.change/1")
def change(result: ProfileChanged) -> Page:
    """What happened."""
    sentences = {
        "added": _("Profile {name} was added: {file}"),
        "replaced": _("Profile {name} was replaced: {file}"),
        "used": _("Profile {name} is now in use"),
        "removed": _("Profile {name} was removed; its journal and receipts are kept"),
        "exported": _("Profile {name} was exported with its reference key: {file}"),
    }
    blocks: list[Block] = [Line(sentences[result.action].format(name=result.name, file=result.file), "good")]
    blocks += [
        Line(_("The profile names a file that is not here: {path}").format(path=path), "warn")
        for path in result.missing_files
    ]
    steps: tuple[str, ...] = ()
    if result.action in ("added", "replaced"):
        steps = ("dvc-cli login",) if result.current else _choose((result.name,))
    elif result.action == "used":
        steps = ("dvc-cli login",)
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=result.sandbox)


def _choose(names: tuple[str, ...]) -> tuple[str, ...]:
    return (f"dvc-cli profile use {names[0]}",) if names else ("dvc-cli profile add NAME --portal URL",)


def _signer_name(signer: ShownSigner) -> str:
    return f"{signer.name} ({_('default')})" if signer.default else signer.name


def _options(signer: ShownSigner) -> str:
    return "; ".join(f"{key}={_masked(str(value))}" for key, value in signer.options.items())


def _masked(text: str) -> str:
    """Personal numbers show their last three digits."""
    return _NUMBER.sub(lambda match: "*" * (len(match[0]) - 3) + match[0][-3:], text)
