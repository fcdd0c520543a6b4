"""Following up: own page or public look-up, waiting politely, and when a wait ends."""

from __future__ import annotations

import pytest

from dvc_cli.config.credentials import Credentials
from dvc_cli.config.profiles import Profile
from dvc_cli.errors import ExitCode, LoginNeeded, Temporary, UsageProblem
from dvc_cli.i18n import activate
from dvc_cli.journal import open_ledger
from dvc_cli.model.dossier import DossierStatus
from dvc_cli.portal.base import NoSuchDossier, WrongCaptcha
from dvc_cli.portal.memory import MemoryPortal
from dvc_cli.portal.session_store import SessionStore
from dvc_cli.services.follow import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MOST_FAULTS,
    BadDossierCode,
    TrackWishes,
    parse_wait,
    track,
)
from dvc_cli.services.login import Access
from dvc_cli.testing.portal_facts import filed, log_in
from dvc_cli.testing.talk import PreparedTalk
from tests.portal.worlds import memory_facts, memory_world


class Reader(PreparedTalk):
    """A person who reads captchas."""

    world = None
    misread = 0

    @property
    def can_ask(self):
        return True

    def text(self, question, *, flag, default=None):
        self.asked.append(question)
        if self.misread:
            self.misread -= 1
            return "?????"
        return list(self.world.captchas.values())[-1]


class Desk:
    """A dossier at the memory portal, and everything `track` takes."""

    def __init__(self, folder, clock):
        self.world, self.clock, self.talk = memory_world(), clock, PreparedTalk()
        self.known = memory_facts(self.world)
        self.portal = MemoryPortal(self.world, clock)
        log_in(self.portal, self.known)
        self.code = filed(self.portal, self.known, folder)
        self.access = Access(
            portal=self.portal,
            profile=Profile(name="thu", portal_url="memory://portal", account="congdan"),
            store=SessionStore(folder / "state"),
            ledger=open_ledger(folder / "state", clock),
            credentials=Credentials({}, self.talk, use_keyring=False),
            prompter=self.talk,
            progress=self.talk,
            clock=clock,
        )

    def track(self, talk=None, code=None, **wishes):
        return track(
            TrackWishes(code=code or self.code, **wishes),
            portal=self.portal,
            access=self.access,
            prompter=talk or self.talk,
            progress=self.talk,
            clock=self.clock,
        )

    def officer(self, *steps):
        """One status per pause."""
        waiting = list(steps)

        def act():
            if waiting and (status := waiting.pop(0)) is not None:
                self.world.set_status(self.code, status, self.clock.now())

        self.clock.on_sleep = act


@pytest.fixture
def desk(tmp_path, clock):
    return Desk(tmp_path, clock)


def test_the_own_page_is_read_when_logged_in(desk):
    report = desk.track()
    assert (report.way, report.dossier.status, report.exit_code) == ("own", DossierStatus.NEW, ExitCode.DONE)
    assert report.waited_for is None


def test_a_code_is_read_in_any_case_and_checked_before_the_portal_is_asked(desk):
    assert desk.track(code=f" {desk.code.lower()} ").dossier.code == desk.code
    with pytest.raises(BadDossierCode) as caught:
        desk.track(code="12345")
    assert caught.value.exit_code is ExitCode.INVALID_INPUT


def test_an_unknown_dossier_is_exit_9(desk):
    with pytest.raises(NoSuchDossier) as caught:
        desk.track(code="000.00.17.H54-200131-0000001")
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_without_a_session_the_public_look_up_is_used(desk):
    desk.portal.use_session(None)
    talk = Reader()
    talk.world, talk.misread = desk.world, 2
    report = desk.track(talk)
    assert (report.way, report.dossier.code) == ("public", desk.code)
    assert len(talk.asked) == 3
    talk.misread = 9
    with pytest.raises(WrongCaptcha):
        desk.track(talk)


def test_without_session_and_person_there_is_no_way(desk):
    desk.portal.use_session(None)
    with pytest.raises(LoginNeeded):
        desk.track()


def test_waiting_needs_a_log_in(desk):
    talk = Reader()
    talk.world = desk.world
    with pytest.raises(LoginNeeded, match="captcha every time"):
        desk.track(talk, public=True, wait="accepted")


def test_a_wait_ends_when_the_status_is_there(desk):
    desk.officer(None, None, DossierStatus.ACCEPTED)
    report = desk.track(wait="accepted")
    assert (report.reached, report.exit_code, report.dossier.status) == (True, ExitCode.DONE, DossierStatus.ACCEPTED)
    assert len(desk.clock.slept) == 3


def test_a_later_status_counts_as_accepted(desk):
    desk.officer(DossierStatus.PROCESSING)
    assert desk.track(wait="accepted").reached


def test_what_is_reached_already_needs_no_waiting(desk):
    assert desk.track(wait="new").reached
    assert desk.clock.slept == []


def test_time_that_runs_out_is_exit_8(desk):
    report = desk.track(wait="accepted", timeout=100)
    assert (report.reached, report.exit_code) == (False, ExitCode.PENDING)
    assert sum(desk.clock.slept) == pytest.approx(100)


def test_a_final_status_ends_the_wait_at_once(desk):
    desk.officer(DossierStatus.NOT_ACCEPTED)
    report = desk.track(wait="accepted")
    assert (report.reached, report.exit_code) == (False, ExitCode.PENDING)
    assert len(desk.clock.slept) == 1


def test_pauses_grow_and_stay_polite(desk):
    desk.track(wait="accepted", timeout=3600)
    assert desk.clock.slept[0] == FIRST_PAUSE
    assert max(desk.clock.slept) == LONGEST_PAUSE
    assert len(desk.clock.slept) < 75


def test_a_portal_that_is_down_for_a_moment_does_not_end_the_wait(desk, monkeypatch):
    faults = MOST_FAULTS - 1
    real = desk.portal.dossier

    class Shaky(MemoryPortal):
        def dossier(self, code):
            nonlocal faults
            if desk.clock.slept and faults:
                faults -= 1
                raise Temporary("503")
            return real(code)

    shaky = Shaky(desk.world, desk.clock)
    shaky.use_session(desk.portal.session())
    desk.portal = desk.access.portal = shaky
    desk.officer(*[None] * (MOST_FAULTS - 1), DossierStatus.ACCEPTED)
    assert desk.track(wait="accepted").reached
    desk.world.set_status(desk.code, DossierStatus.NEW, desk.clock.now())
    faults = MOST_FAULTS
    with pytest.raises(Temporary):
        desk.track(wait="accepted")


def test_a_session_that_ends_during_the_wait_stops_it_without_a_person(desk):
    desk.clock.on_sleep = desk.world.sessions.clear
    with pytest.raises(LoginNeeded):
        desk.track(wait="accepted")


@pytest.mark.parametrize(
    ("text", "status"),
    [("accepted", DossierStatus.ACCEPTED), ("9", DossierStatus.DONE), ("papers to be added", DossierStatus.SUPPLEMENT)],
)
def test_words_and_numbers_of_a_status(text, status):
    assert status in parse_wait(text)


def test_the_portals_own_words_are_understood_in_vietnamese():
    activate("vi")
    assert parse_wait("duoc tiep nhan") == parse_wait("accepted")


@pytest.mark.parametrize("text", ["", "0", "11", "soon"])
def test_other_words_are_refused_with_the_list(text):
    with pytest.raises(UsageProblem) as caught:
        parse_wait(text)
    assert "accepted" in (caught.value.hint or "")
