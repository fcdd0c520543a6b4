"""Which certificate will sign, told before any PIN: refused now when it is the wrong person's or cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from dvc_cli.errors import SigningRefused, Temporary
from dvc_cli.model.ports import Progress
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.services.plan import PlannedFile, PlannedSignature
from dvc_cli.services.signature_places import describe_place
from dvc_cli.sign.base import Signer
from dvc_cli.sign.certificates import require_usable
from dvc_cli.sign.zone import VIETNAM


@runtime_checkable
class Foretelling(Protocol):
    """A signer that can say which certificates `open` will choose among."""

    def candidates(self) -> Sequence[SigningCertificate]: ...


def plan_signatures(
    files: Sequence[PlannedFile],
    signer: Callable[[str], Signer],
    check: Callable[[SigningCertificate], None],
    now: datetime,
    progress: Progress,
) -> tuple[PlannedSignature, ...]:
    """A line for each signature.

    Args:
        files: what is filed.
        signer: opens nothing, only gives the driver of that name.
        check: refuses a certificate of the wrong person.
        now: when it must be usable.
        progress: told when a service cannot be asked.

    Raises:
        SigningRefused: the only certificate a signer has is expired, revoked or someone else's.
        ConfigurationProblem: the profile has no such signer.
    """
    names = dict.fromkeys(request.signer for file in files for request in file.signatures)
    known = {name: _certificates(signer(name), now, progress) for name in names}
    for certificates in known.values():
        if len(certificates) == 1:
            require_usable(certificates[0], now)
            check(certificates[0])
    return tuple(
        _line(file, request.signer, describe_place(request), known[request.signer])
        for file in files
        for request in file.signatures
    )


def _certificates(signer: Signer, now: datetime, progress: Progress) -> list[SigningCertificate]:
    """What it will choose among, the usable ones when there are any; nothing when it cannot be asked now."""
    try:
        found = signer.candidates() if isinstance(signer, Foretelling) else signer.certificates()
    except (Temporary, SigningRefused) as error:
        progress.warn(error.message)
        return []
    usable = [one for one in found if one.problem is None and one.is_valid_at(now)]
    return usable or list(found)


def _line(file: PlannedFile, signer: str, place: str, certificates: Sequence[SigningCertificate]) -> PlannedSignature:
    if len(certificates) != 1:
        names = tuple(dict.fromkeys(one.common_name for one in certificates))
        return PlannedSignature(file=file.upload_name, signer=signer, place=place, choice=names)
    (one,) = certificates
    return PlannedSignature(
        file=file.upload_name,
        signer=signer,
        place=place,
        certificate=one.common_name,
        issuer=one.issuer,
        serial=one.serial,
        valid_until=one.not_after.astimezone(VIETNAM).date().isoformat(),
    )
