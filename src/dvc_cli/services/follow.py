"""Following a dossier up: the account's own page, or the public look-up with a captcha; waiting politely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from dvc_cli.errors import ExitCode, InvalidInput, LoginNeeded, Temporary, UsageProblem
from dvc_cli.i18n import N_, _
from dvc_cli.model.dossier import DossierState, DossierStatus
from dvc_cli.model.folding import fold
from dvc_cli.model.identifiers import DossierCode
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.portal.base import NoSuchDossier, Portal, SessionEnded, WrongCaptcha
from dvc_cli.services.login import Access

MOST_CAPTCHAS = 3
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
# A portal that is down for a moment does not end a wait of hours; one that stays down does.
MOST_FAULTS = 5

# The words of `--wait`, and the statuses that satisfy them; the list is national (portal.md §4).
WAITS: dict[str, tuple[DossierStatus, ...]] = {
    "new": (DossierStatus.NEW,),
    "accepted": (DossierStatus.ACCEPTED, DossierStatus.PROCESSING, DossierStatus.DONE, DossierStatus.RETURNED),
    "not-accepted": (DossierStatus.NOT_ACCEPTED,),
    "processing": (DossierStatus.PROCESSING, DossierStatus.DONE, DossierStatus.RETURNED),
    "supplement": (DossierStatus.SUPPLEMENT,),
    "fee": (DossierStatus.FEE,),
    "withdrawal": (DossierStatus.WITHDRAWAL,),
    "stopped": (DossierStatus.STOPPED,),
    "done": (DossierStatus.DONE, DossierStatus.RETURNED),
    "returned": (DossierStatus.RETURNED,),
    "final": tuple(status for status in DossierStatus if status.is_final),
}
NAMES: dict[DossierStatus, str] = {
    DossierStatus.NEW: N_("new"),
    DossierStatus.ACCEPTED: N_("accepted"),
    DossierStatus.NOT_ACCEPTED: N_("not accepted"),
    DossierStatus.PROCESSING: N_("being processed"),
    DossierStatus.SUPPLEMENT: N_("papers to be added"),
    DossierStatus.FEE: N_("fee to be paid"),
    DossierStatus.WITHDRAWAL: N_("withdrawn by the citizen"),
    DossierStatus.STOPPED: N_("stopped"),
    DossierStatus.DONE: N_("processed"),
    DossierStatus.RETURNED: N_("result returned"),
}


class BadDossierCode(InvalidInput):
    """The text is no dossier code."""

    slug = "bad-dossier-code"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackReport:
    """Where a dossier stands. `waited_for` is None without `--wait`; `reached` tells whether that happened."""

    schema: ClassVar[str] = "dvc.dossiers.tracking/1"
    dossier: DossierState
    way: str  # "own" | "public"
    waited_for: str | None = None
    reached: bool = True
    sandbox: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """Still pending when the wait ended in vain."""
        return ExitCode.DONE if self.reached else ExitCode.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackWishes:
    """What to follow. `wait`: a status word, or None; `timeout` in seconds; `public`: the look-up without log-in."""

    code: str
    wait: str | None = None
    timeout: float = 3600.0
    public: bool = False


def parse_wait(text: str) -> tuple[DossierStatus, ...]:
    """The statuses that `text` waits for: a word of `WAITS`, a national number, or the portal's own words.

    Raises:
        UsageProblem: none of these.
    """
    if text in WAITS:
        return WAITS[text]
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(DossierStatus):
        return (DossierStatus(int(text)),)
    found = [status for status, name in NAMES.items() if fold(text) in (fold(_(name)), fold(name))]
    if not found:
        raise UsageProblem(
            _("`{word}` is no status to wait for").format(word=text),
            hint=_("Use one of: {words}").format(words=", ".join(WAITS)),
        )
    return next(targets for targets in WAITS.values() if targets[0] is found[0])


def track(
    wishes: TrackWishes, *, portal: Portal, access: Access, prompter: Prompter, progress: Progress, clock: Clock
) -> TrackReport:
    """Read where a dossier stands, and wait for a status when asked to.

    Raises:
        BadDossierCode, UsageProblem: the code or the status word.
        NoSuchDossier, LoginNeeded, Temporary, NotSent.
    """
    try:
        code = DossierCode.parse(wishes.code).text
    except ValueError as error:
        raise BadDossierCode(
            _("`{code}` is no dossier code").format(code=wishes.code),
            hint=_("It looks like 000.00.17.H54-260131-0000001"),
        ) from error
    targets = parse_wait(wishes.wait) if wishes.wait else ()
    way, read = _reader(code, portal, access, prompter, public=wishes.public)
    if targets and way == "public":
        raise LoginNeeded(
            _("Waiting needs a log-in: the public look-up asks for a captcha every time"),
            hint=_("Log in first: `dvc-cli login`"),
        )
    state = read()
    report = TrackReport(dossier=state, way=way, sandbox=state.sandbox or portal.is_sandbox)
    if not targets:
        return report
    state, reached = _wait(state, targets, read, wishes.timeout, progress, clock)
    return replace(report, dossier=state, waited_for=wishes.wait, reached=reached)


def _reader(
    code: str, portal: Portal, access: Access, prompter: Prompter, *, public: bool
) -> tuple[str, Callable[[], DossierState]]:
    """How to read the dossier: by the account's page when logged in, else by the public look-up."""

    def own() -> DossierState:
        try:
            return portal.dossier(code)
        except SessionEnded:
            access.renew()
            return portal.dossier(code)

    def looked_up() -> DossierState:
        return look_up(code, portal, prompter)

    if public or not portal.capabilities.list_own or access.resume() is None:
        if not prompter.can_ask:
            raise LoginNeeded(
                _("Not logged in, and nobody can be asked for the captcha of the public look-up"),
                hint=_("Log in first: `dvc-cli login`"),
            )
        return "public", looked_up
    return "own", own


def look_up(code: str, portal: Portal, prompter: Prompter) -> DossierState:
    """The public look-up; a misread captcha is asked for again, three times in all."""
    for left in range(MOST_CAPTCHAS - 1, -1, -1):
        challenge = portal.begin_lookup()
        text, saved = "", None
        if challenge.captcha_png is not None:
            saved = prompter.show_image(challenge.captcha_png, caption=_("Captcha of the public look-up"))
            text = prompter.text(_("Text in the picture"), flag="--captcha")
        try:
            return portal.lookup(challenge, code, text.strip())
        except WrongCaptcha:
            if left == 0:
                raise
        finally:
            if saved is not None:
                Path(saved).unlink(missing_ok=True)
    raise AssertionError("the loop ends by a return or an error")


def _wait(
    state: DossierState,
    targets: Sequence[DossierStatus],
    read: Callable[[], DossierState],
    timeout: float,
    progress: Progress,
    clock: Clock,
) -> tuple[DossierState, bool]:
    """Ask again and again, with growing pauses, until the status, a final one, or the time is up."""
    if _settled(state, targets):
        return state, state.status in targets
    end = clock.monotonic() + timeout
    pause, faults = FIRST_PAUSE, 0
    with progress.task(_("Waiting for {code}").format(code=state.code)) as task:
        while (left := end - clock.monotonic()) > 0:
            task.update(_waiting_text(state, left))
            clock.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
            try:
                state, faults = read(), 0
            except (NoSuchDossier, LoginNeeded):
                raise
            except Temporary as error:
                faults += 1
                if faults >= MOST_FAULTS:
                    raise
                progress.warn(error.message)
                continue
            if _settled(state, targets):
                return state, state.status in targets
    return state, False


def _settled(state: DossierState, targets: Sequence[DossierStatus]) -> bool:
    """Reached, or an end that can no longer become what is waited for."""
    return state.status in targets or (state.status is not None and state.status.is_final)


def _waiting_text(state: DossierState, left: float) -> str:
    minutes, seconds = divmod(int(left), 60)
    return _("{code}: {status}; waiting {minutes}:{seconds:02d} more").format(
        code=state.code, status=state.status_text, minutes=minutes, seconds=seconds
    )
