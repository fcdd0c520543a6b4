"""Whose certificate may sign a dossier's papers: the applicant's or the owner's (security.md, wrong company)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dvc_cli.errors import SigningRefused
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, Person
from dvc_cli.model.folding import fold
from dvc_cli.model.signing import SigningCertificate

_AUTHORISATION = "uy quyen"


class CertificateOfAnother(SigningRefused):
    """The certificate belongs neither to the applicant nor to the owner of the dossier."""

    slug = "certificate-of-another"


class NoAuthorisation(SigningRefused):
    """`--on-behalf` was given, but the dossier has no authorisation paper (giấy ủy quyền)."""

    slug = "no-authorisation"


def require_right_certificate(
    certificate: SigningCertificate, dossier: Dossier, component_names: Iterable[str], *, on_behalf: bool
) -> None:
    """Refuse a certificate whose ID number or tax code is not the applicant's or the owner's.

    Args:
        certificate: the one that is going to sign.
        dossier: who files and for whom.
        component_names: names of the papers that are filed; one must be an authorisation when `on_behalf`.
        on_behalf: the user says that the signer acts for the applicant.

    Raises:
        CertificateOfAnother, NoAuthorisation: exit code 6.
    """
    if _numbers_of(certificate) & _numbers_of_people(dossier):
        return
    if not on_behalf:
        raise CertificateOfAnother(
            _("The certificate of {name} is neither the applicant's nor the owner's").format(
                name=certificate.common_name
            ),
            hint=_(
                "Choose another signer, or sign for them with `--on-behalf` and an authorisation paper (giấy ủy quyền)"
            ),
        )
    papers = [*component_names, *(extra.name for extra in dossier.extras)]
    if not any(_AUTHORISATION in fold(name) for name in papers):
        raise NoAuthorisation(
            _("{name} signs on behalf of the applicant, but the dossier holds no authorisation paper").format(
                name=certificate.common_name
            ),
            hint=_("Add the authorisation paper (giấy ủy quyền) as a component or an extra paper"),
        )


def _numbers_of(certificate: SigningCertificate) -> set[str]:
    return {number for number in (_bare(certificate.identity), _bare(certificate.tax_code)) if number}


def _numbers_of_people(dossier: Dossier) -> set[str]:
    people: list[Person] = [dossier.applicant, *([dossier.owner] if dossier.owner else [])]
    numbers = {_bare(text) for person in people for text in (person.identity_number, person.tax_code)}
    return numbers - {""}


def _bare(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
