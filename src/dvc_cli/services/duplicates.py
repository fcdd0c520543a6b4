"""One dossier per case: the reference of a case, refilings, and earlier work found in the journal or at the portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvc_cli.errors import InvalidInput, NotFound, OutcomeUnknown
from dvc_cli.i18n import _
from dvc_cli.journal.base import Journal
from dvc_cli.model.dossier import DossierStatus
from dvc_cli.model.secret import Secret
from dvc_cli.model.submission import Case, client_reference
from dvc_cli.portal.base import OwnDossier, Portal
from dvc_cli.services.settle import WHOLE_LIST, codes_with

_MOST_ROUNDS = 100
#: After these a dossier of the same case may be filed anew.
_ENDED = frozenset(
    {DossierStatus.NOT_ACCEPTED, DossierStatus.WITHDRAWAL, DossierStatus.STOPPED, DossierStatus.RETURNED}
)


class AlreadySubmitted(OutcomeUnknown):
    """A dossier of the same key and period was submitted before; it is not sent again."""

    slug = "already-submitted"


class NotRefilable(InvalidInput):
    """The earlier dossier is still being handled, so it cannot be filed anew."""

    slug = "not-refilable"


class NotAnEarlierDossier(NotFound):
    """The code given with `--refile` is not an earlier dossier of this case."""

    slug = "not-an-earlier-dossier"


def already_submitted(case: Case, codes: Sequence[str], receipt: str = "") -> AlreadySubmitted:
    """The refusal, with the earlier code and, where known, its receipt."""
    key = case.key + (f" / {case.period}" if case.period else "")
    return AlreadySubmitted(
        _("A dossier of {procedure} with the key {key} was submitted before: {codes}").format(
            procedure=case.procedure, key=key, codes=", ".join(codes)
        ),
        hint=_(
            "Follow it with `dvc-cli track {code}`. For another case give another `key` or `period`; "
            "after a refusal file it anew with `--refile {code}`"
        ).format(code=codes[0]),
        details=(_("Receipt: {path}").format(path=receipt),) if receipt else (),
    )


def refiled(case: Case, code: str, secret: Secret, journal: Journal, portal: Portal) -> Case:
    """The case of the next round after the dossier `code`, which must be this case's and must have ended.

    Raises:
        NotAnEarlierDossier: exit code 9. NotRefilable: exit code 10. What reading from the portal raises.
    """
    earlier = _round_of(case, code, secret, journal, portal)
    if earlier is None:
        raise NotAnEarlierDossier(
            _("{code} is not an earlier dossier of the key {key}").format(code=code, key=case.key),
            hint=_("Check the code with `dvc-cli dossier list`, and `key` and `period` in the dossier file"),
        )
    status = portal.dossier(code).status
    if status is not None and status not in _ENDED:
        raise NotRefilable(
            _("{code} is still being handled; it cannot be filed anew").format(code=code),
            hint=_("Follow it with `dvc-cli track {code}`").format(code=code),
        )
    return replace(case, round=earlier + 1)


def _round_of(case: Case, code: str, secret: Secret, journal: Journal, portal: Portal) -> int | None:
    rounds = {client_reference(secret, replace(case, round=number)): number for number in range(_MOST_ROUNDS)}
    row = journal.by_code(code)
    if row is not None:
        return rounds.get(row.reference)
    own: Sequence[OwnDossier] = [one for one in portal.own_dossiers(limit=WHOLE_LIST) if one.code == code]
    found = [number for reference, number in rounds.items() if codes_with(reference, own, ("note", "subject"))]
    return max(found, default=None)
