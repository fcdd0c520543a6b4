"""One row on its way: its plan, its journal, and how patient it is with the portal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from dvc_cli.errors import Temporary
from dvc_cli.i18n import _
from dvc_cli.journal.base import JournalRun
from dvc_cli.model.events import Event
from dvc_cli.model.submission import Row
from dvc_cli.net.base import Unanswered
from dvc_cli.portal.base import Throttled
from dvc_cli.services.desk import Desk
from dvc_cli.services.plan import SubmissionPlan
from dvc_cli.services.prepare import Workplace

_Answer = TypeVar("_Answer")
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0


class PortalTrouble(Temporary):
    """The portal did not answer usably, several times; no dossier was created, and the same command continues."""

    slug = "portal-trouble"


class Filing:
    """The state of one dossier's submission while it runs. Everything durable is in the journal."""

    def __init__(self, desk: Desk, plan: SubmissionPlan, run: JournalRun, row: Row) -> None:
        self.desk = desk
        self.plan = plan
        self.row = row
        self.place = Workplace.of(desk, plan)
        self._run = run

    def record(self, event: Event, payload: Mapping[str, bytes] | None = None) -> Row:
        """Journal `event`; returns after fsync (R1, R2)."""
        self.row = self._run.append(self.plan.reference, event, payload)
        return self.row


def patiently(desk: Desk, action: Callable[[], _Answer]) -> _Answer:
    """Do what may safely be done again, with growing waits between the tries.

    Raises:
        PortalTrouble: the portal's answers were lost each time. Temporary: what the last try said. Other errors at once.
    """
    for attempt in range(desk.attempts):
        try:
            return action()
        except (Temporary, Unanswered) as error:
            if attempt == desk.attempts - 1:
                raise _said(error) from error
            wait(desk, attempt, error)
    raise AssertionError  # pragma: no cover - attempts is at least 1


def _said(error: Temporary | Unanswered) -> Temporary:
    if isinstance(error, Temporary):
        return error
    return PortalTrouble(
        error.message, hint=_("Nothing was submitted; run the same command again later"), details=error.details
    )


def wait(desk: Desk, attempt: int, error: Temporary | Unanswered | None = None) -> None:
    """Wait before try `attempt` + 2; as long as the portal asks for, when it does."""
    asked = error.retry_after if isinstance(error, Throttled) else None
    seconds = asked if asked is not None else _FIRST_WAIT * 2**attempt * desk.jitter()
    desk.clock.sleep(min(seconds, _LONGEST_WAIT))
