"""What became of a commit without an answer: wait until it can no longer take effect unseen, then look (submission.md §1, §4).

The wait carries the guarantee, not the look-up: "none found" counts only when the look-up began after the settle bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dvc_cli.errors import OutcomeUnknown
from dvc_cli.i18n import _
from dvc_cli.model.events import LookedUp, SettlingStarted
from dvc_cli.model.ports import Clock, Task
from dvc_cli.model.submission import State
from dvc_cli.portal.base import OwnDossier, Portal
from dvc_cli.services.filing import Filing, patiently

#: More dossiers than this in the own list: the list cannot prove that there is none.
WHOLE_LIST = 10_000
_FIRST_PAGE = 50
_JUMP = 5.0
_SLICE = 1.0
_LATER_LOOKS = (5.0, 15.0)


class StillUnknown(OutcomeUnknown):
    """Whether the portal has the dossier cannot be told now; it must not be sent again."""

    slug = "submission-unknown"


class Conflict(OutcomeUnknown):
    """The portal has several dossiers with one reference; a person must look."""

    slug = "submission-conflict"


def codes_with(reference: str, dossiers: Sequence[OwnDossier], echo_fields: Sequence[str]) -> tuple[str, ...]:
    """Codes of the dossiers whose trusted echo fields hold the reference."""
    return tuple(one.code for one in dossiers if any(reference in text for text in _echoes(one, echo_fields)))


def _echoes(dossier: OwnDossier, echo_fields: Sequence[str]) -> list[str]:
    texts = {"note": dossier.note, "subject": dossier.subject}
    return [texts[name] for name in echo_fields if name in texts]


def can_look_up(portal: Portal, *, send_reference: bool) -> bool:
    """Whether the own list can tell our dossier from others."""
    capabilities = portal.capabilities
    return send_reference and capabilities.list_own and bool({"note", "subject"} & set(capabilities.echo_fields))


def look_up(portal: Portal, reference: str) -> tuple[tuple[str, ...], bool]:
    """(codes with this reference, whether the whole list was read)."""
    echo = portal.capabilities.echo_fields
    newest = portal.own_dossiers(limit=_FIRST_PAGE)
    codes = codes_with(reference, newest, echo)
    if codes or len(newest) < _FIRST_PAGE:
        return codes, True
    everything = portal.own_dossiers(limit=WHOLE_LIST)
    return codes_with(reference, everything, echo), len(everything) < WHOLE_LIST


def settle(filing: Filing) -> None:
    """Bring UNKNOWN or SETTLING to SUBMITTED, READY (attempt n + 1) or CONFLICT.

    Raises:
        StillUnknown: exit code 3; run again later, never send by hand. Conflict. Temporary: the list could not be read.
    """
    desk = filing.desk
    if not can_look_up(desk.portal, send_reference=desk.send_reference):
        raise _unknown(filing)
    if _look(filing, settled=False):
        return
    bound = desk.portal.capabilities.settle_seconds
    if bound is None:
        _look_again(filing)
        return
    until = (desk.clock.now() + timedelta(seconds=bound)).isoformat(timespec="seconds")
    filing.record(SettlingStarted(bound, until))
    with desk.progress.task(_("No answer came: waiting until the outcome is settled"), total=bound) as task:
        wait_whole(desk.clock, bound, task)
    if not _look(filing, settled=True) and filing.row.state is not State.READY:
        raise _unknown(filing)


def _look_again(filing: Filing) -> None:
    """No bound is known: a few more looks, then it waits for the portal's list or a person."""
    for seconds in _LATER_LOOKS:
        with filing.desk.progress.task(_("No answer came: looking in your own list"), total=seconds):
            filing.desk.clock.sleep(seconds)
        if _look(filing, settled=False):
            return
    raise _unknown(filing)


def _look(filing: Filing, *, settled: bool) -> bool:
    """Look once and journal it; whether something was found."""
    portal, reference = filing.desk.portal, filing.plan.reference
    codes, whole = patiently(filing.desk, lambda: look_up(portal, reference))
    filing.record(LookedUp(codes, settled and whole))
    if filing.row.state is State.CONFLICT:
        raise conflict(reference, codes)
    return bool(codes)


def wait_whole(clock: Clock, seconds: float, task: Task) -> None:
    """Wait `seconds` by the monotonic clock; from the start again when the wall clock jumps against it (R8, sleep mode)."""
    started, wall = clock.monotonic(), clock.now()
    shown = 0.0
    while (left := seconds - (clock.monotonic() - started)) > 0:
        clock.sleep(min(left, _SLICE))
        passed = clock.monotonic() - started
        if abs((clock.now() - wall).total_seconds() - passed) > _JUMP:
            started, wall = clock.monotonic(), clock.now()
            continue
        task.advance(max(0.0, min(passed, seconds) - shown))
        shown = max(shown, passed)


def conflict(reference: str, codes: Sequence[str]) -> Conflict:
    """The error for several dossiers with one reference."""
    return Conflict(
        _("The portal has {count} dossiers with the reference {reference}: {codes}").format(
            count=len(codes), reference=reference, codes=", ".join(codes)
        ),
        hint=_("Look at them in the portal and withdraw the one that is too many; do not send it again"),
    )


def _unknown(filing: Filing) -> StillUnknown:
    return StillUnknown(
        _("Whether the portal has the dossier {reference} is not known yet").format(reference=filing.plan.reference),
        hint=_("Do not send it by hand. Run the same command again later: it looks before it sends anything"),
    )
