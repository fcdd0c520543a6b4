"""Choosing one certificate among several: by what the user said, else the only usable one, else by asking."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from dvc_cli.i18n import _
from dvc_cli.model.ports import Prompter
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.sign.base import CertificateAmbiguous
from dvc_cli.sign.certificates import judged_at, require_usable

_SHORTEST_NUMBER = 4


def choose_certificate(
    certificates: Sequence[SigningCertificate],
    wanted: str,
    moment: datetime,
    prompter: Prompter,
    *,
    flag: str = "--cert",
) -> SigningCertificate:
    """Exactly one certificate that can sign at `moment`.

    Args:
        certificates: what the signer holds.
        wanted: label, serial, fingerprint, id, or a part of subject or issuer; empty: any that is usable.
        moment: when it must be usable.
        prompter: asked when several fit.
        flag: the option that answers the question.

    Raises:
        CertificateAmbiguous: none or several fit and nobody can be asked; the list is in the details.
        CertificateUnusable: the one that fits cannot be used.
    """
    judged = [judged_at(one, moment) for one in certificates]
    matching = matches(judged, wanted) if wanted else judged
    usable = [one for one in matching if one.problem is None]
    if len(usable) == 1:
        return usable[0]
    if not usable and len(matching) == 1:
        require_usable(matching[0], moment)
    if len(usable) > 1 and prompter.can_ask:
        return usable[prompter.choose(_("Which certificate"), [describe(one) for one in usable], flag=flag)]
    raise _ambiguous(judged, matching, usable, wanted, flag)


def matches(certificates: Sequence[SigningCertificate], wanted: str) -> list[SigningCertificate]:
    """Those that `wanted` names: an exact label, id, serial or fingerprint wins over a part of subject or issuer."""
    text = _folded(wanted)
    number = wanted.replace(":", "").replace(" ", "").lower()
    exact = [one for one in certificates if _is_exactly(one, text, number)]
    if exact:
        return exact
    return [one for one in certificates if text in _folded(one.subject) or text in _folded(one.issuer)]


def describe(certificate: SigningCertificate) -> str:
    """One line to recognise a certificate by."""
    from dvc_cli.sign.zone import VIETNAM

    until = certificate.not_after.astimezone(VIETNAM).strftime("%d/%m/%Y")
    label = f" [{certificate.label}]" if certificate.label else ""
    text = _("{name}{label}, issued by {issuer}, until {date}, serial {serial}").format(
        name=certificate.common_name, label=label, issuer=certificate.issuer, date=until, serial=certificate.serial
    )
    return f"{text}: {certificate.problem}" if certificate.problem else text


def _is_exactly(certificate: SigningCertificate, text: str, number: str) -> bool:
    if certificate.label and _folded(certificate.label) == text:
        return True
    if certificate.key_id and certificate.key_id.lower() == number:
        return True
    if number.lstrip("0") and certificate.serial.lstrip("0") == number.lstrip("0"):
        return True
    return len(number) >= 2 * _SHORTEST_NUMBER and certificate.fingerprint.startswith(number)


def _ambiguous(
    judged: Sequence[SigningCertificate],
    matching: Sequence[SigningCertificate],
    usable: Sequence[SigningCertificate],
    wanted: str,
    flag: str,
) -> CertificateAmbiguous:
    lines = tuple(describe(one) for one in (usable or matching or judged))
    if len(usable) > 1:
        return CertificateAmbiguous(
            _("Several certificates fit: choose one"),
            hint=_("Name one by its serial number: `{flag} SERIAL`").format(flag=flag),
            details=lines,
        )
    if wanted and not matching:
        message = _("No certificate fits `{wanted}`").format(wanted=wanted)
    elif matching:
        message = _("None of the certificates can be used for signing")
    else:
        message = _("There is no certificate to sign with")
    return CertificateAmbiguous(
        message, hint=_("See the list and choose with `{flag}`").format(flag=flag), details=lines
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip()
