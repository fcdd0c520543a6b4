"""Logging in: the guard of passwords, captchas, sessions between commands, one automatic re-log-in."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from dvc_cli.config.credentials import Credentials
from dvc_cli.config.keyring_door import KeyringUnusable
from dvc_cli.config.profiles import Profile
from dvc_cli.errors import Blocked, ExitCode, LoginNeeded, UsageProblem
from dvc_cli.files import OutputExists
from dvc_cli.journal import open_ledger
from dvc_cli.net.base import NotSent, Unanswered
from dvc_cli.portal.base import SessionEnded, WrongCaptcha, WrongPassword
from dvc_cli.portal.memory import MemoryPortal
from dvc_cli.portal.session_store import NoSuchChallenge, SessionStore
from dvc_cli.services.login import Access
from dvc_cli.services.login_facts import LoginSteps, LoginUnanswered, LoginWishes
from dvc_cli.services.password_guard import PasswordGuarded
from dvc_cli.testing.talk import PreparedTalk
from tests.portal.worlds import PASSWORD, memory_world

RIGHT, WRONG = PASSWORD.reveal(), "sai mật khẩu"


class Reader(PreparedTalk):
    """A person who reads captchas from the memory portal's world."""

    world = None
    misread = 0

    def text(self, question, *, flag, default=None):
        if flag != "--captcha":
            return super().text(question, flag=flag, default=default)
        self.asked.append(question)
        if self.misread:
            self.misread -= 1
            return "?????"
        return list(self.world.captchas.values())[-1]

    @property
    def can_ask(self):
        return True


class Office:
    """Everything one command has; `command` makes it again, as the next process would."""

    def __init__(self, folder, clock):
        self.folder, self.clock, self.world = folder, clock, memory_world()
        self.keyring = False
        self.environ = {}
        self.profile = Profile(name="thu", portal_url="memory://portal", account="congdan")

    def command(self, talk=None, **wishes):
        talk = talk or PreparedTalk()
        if isinstance(talk, Reader):
            talk.world = self.world
        return Access(
            portal=MemoryPortal(self.world, self.clock),
            profile=self.profile,
            store=SessionStore(self.folder / "state"),
            ledger=open_ledger(self.folder / "state", self.clock),
            credentials=Credentials(self.environ, talk, folder=self.folder / "config", use_keyring=self.keyring),
            prompter=talk,
            progress=talk,
            clock=self.clock,
            wishes=LoginWishes(**wishes),
        )

    def password(self, text):
        path = self.folder / "pw"
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def wrong_at_portal(self):
        return self.world.accounts["congdan"].wrong_passwords


@pytest.fixture
def office(tmp_path, clock):
    return Office(tmp_path, clock)


# -- the guard -------------------------------------------------------------------------------------------------------


def test_a_scheduled_job_with_a_wrong_password_tries_it_once(office):
    office.environ = {"DVC_PASSWORD_FILE": str(office.password(WRONG))}
    outcomes = []
    for _run in range(100):
        challenge = office.command().open_challenge(office.folder / "c.png", overwrite=True)
        with pytest.raises((WrongPassword, PasswordGuarded)) as caught:
            office.command().answer_challenge(challenge.id, list(office.world.captchas.values())[-1])
        outcomes.append(caught.type)
    assert outcomes == [WrongPassword] + [PasswordGuarded] * 99
    assert office.wrong_at_portal == 1


def test_a_wrong_password_is_tried_once_over_many_runs(office):
    for _run in range(30):
        with pytest.raises((WrongPassword, PasswordGuarded)):
            office.command(Silent(), password_file=office.password(WRONG)).log_in()
    assert office.wrong_at_portal == 1


class Silent(Reader):
    """A person who reads captchas but does not confirm anything."""

    def confirm(self, question, *, flag, default=False):
        self.asked.append(question)
        return False


def test_after_a_wrong_password_a_person_may_confirm_the_next(office):
    with pytest.raises(WrongPassword) as caught:
        office.command(Reader(), password_file=office.password(WRONG)).log_in()
    assert caught.value.exit_code is ExitCode.LOGIN_NEEDED
    talk = Reader(answers=[True])
    report = office.command(talk, password_file=office.password(RIGHT)).log_in()
    assert report.account == "congdan"
    assert any("wrong or never answered" in question for question in talk.asked)
    assert office.command(Silent(), password_file=office.password(RIGHT)).log_in().account == "congdan"


def test_the_option_confirms_too_but_not_the_last_try(office):
    for _run in range(4):
        with pytest.raises(WrongPassword):
            office.command(Silent(), password_file=office.password(WRONG), retry_password=True).log_in()
    with pytest.raises(PasswordGuarded) as caught:
        office.command(Silent(), password_file=office.password(WRONG), retry_password=True).log_in()
    assert caught.value.exit_code is ExitCode.BLOCKED
    assert office.wrong_at_portal == 4
    assert office.command(Reader(answers=[True]), password_file=office.password(RIGHT)).log_in().account == "congdan"


def test_one_run_never_tries_a_wrong_password_twice(office):
    access = office.command(Reader(answers=[True] * 5), password_file=office.password(WRONG))
    with pytest.raises(WrongPassword):
        access.log_in()
    with pytest.raises(PasswordGuarded, match="This run"):
        access.log_in()
    assert office.wrong_at_portal == 1


def test_accounts_and_hosts_are_guarded_apart(office):
    with pytest.raises(WrongPassword):
        office.command(Reader(), password_file=office.password(WRONG)).log_in()
    with pytest.raises(WrongPassword):
        office.command(Silent(), account="congdan02", password_file=office.password(WRONG)).log_in()


def test_a_wrong_captcha_costs_no_password_try(office):
    talk = Silent()
    talk.misread = 2
    report = office.command(talk, password_file=office.password(RIGHT)).log_in()
    assert report.account == "congdan"
    assert len([one for one in talk.asked if "picture" in one]) == 3
    talk = Silent()
    talk.misread = 99
    with pytest.raises(WrongCaptcha) as caught:
        office.command(talk, password_file=office.password(RIGHT)).log_in()
    assert caught.value.exit_code is ExitCode.LOGIN_NEEDED
    assert office.command(Silent(), password_file=office.password(RIGHT)).log_in()


@pytest.mark.parametrize(("failure", "counts"), [(NotSent, False), (SessionEnded, False), (Unanswered, True)])
def test_what_never_reached_the_portal_costs_no_try_and_silence_does(office, failure, counts):
    access = office.command(Silent(), password_file=office.password(RIGHT))

    class Failing(MemoryPortal):
        def finish_login(self, *_arguments):
            raise failure("no answer")

    access.portal = Failing(office.world, office.clock)
    with pytest.raises(LoginUnanswered if counts else failure):
        access.log_in()
    again = office.command(Silent(), password_file=office.password(RIGHT))
    if counts:
        with pytest.raises(Blocked):
            again.log_in()
    else:
        assert again.log_in().account == "congdan"


# -- where the password comes from -----------------------------------------------------------------------------------


def test_the_password_is_asked_without_echo_when_nothing_else_gives_it(office):
    talk = Reader(answers=[RIGHT])
    assert office.command(talk).log_in().display_name == "Nguyễn Thị Được"
    assert any("Password of congdan" in question for question in talk.asked)


def test_a_missing_password_is_a_missing_log_in_when_nobody_is_there(office):
    class Nobody(PreparedTalk):
        def secret(self, question, *, flag):
            raise UsageProblem(question)

    challenge = office.command().open_challenge(office.folder / "c.png", overwrite=False)
    with pytest.raises(LoginNeeded, match="nobody can be asked") as caught:
        office.command(Nobody()).answer_challenge(challenge.id, "x")
    assert "--password-file" in (caught.value.hint or "")


def test_the_account_is_asked_when_the_profile_has_none(office):
    office.profile = replace(office.profile, account="")
    talk = Reader(answers=["congdan", RIGHT])
    assert office.command(talk).log_in().account == "congdan"


def test_a_password_that_was_right_can_be_kept(office):
    office.command(Reader(), password_file=office.password(RIGHT), save_password=True, insecure_storage=True).log_in()
    report = office.command(Reader()).log_in()
    assert report.password_kept == "kept-file"


# -- sessions between commands ---------------------------------------------------------------------------------------


def test_the_next_command_goes_on_with_the_session(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    access = office.command()
    assert access.ensure().account == "congdan"
    assert access.whoami().identity == "*********123"
    assert access.report().kept == "file"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permission bits")
def test_the_session_file_is_private_and_refused_when_it_is_not(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    path = office.command().store.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    assert office.command().resume() is None
    path.chmod(0o600)
    link = path.with_name("other.json")
    path.rename(link)
    path.symlink_to(link)
    assert office.command().resume() is None


def test_a_session_of_another_portal_is_not_used(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    path = office.command().store.path
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, "portal": "https://evil.example"}), encoding="utf-8")
    assert office.command().resume() is None


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"schema": 1}', "nonsense", '{"schema": 1, "portal": "memory://portal"}']
)
def test_a_damaged_session_file_counts_as_none(office, content):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    path = office.command().store.path
    path.write_text(content, encoding="utf-8")
    assert office.command().resume() is None


def test_a_session_past_its_end_is_forgotten_without_asking_the_portal(office, clock):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    clock.pass_time(31 * 60)
    access = office.command()
    assert access.resume() is None
    assert not access.store.path.exists()


def test_a_session_without_an_end_is_kept_for_half_a_day(office, clock):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    access = office.command()
    session = replace(access.ensure(), expires_at=None)
    access.store.save("memory://portal", session)
    clock.pass_time(11 * 3600)
    assert access.store.load("memory://portal").is_over(clock.now()) is False
    clock.pass_time(2 * 3600)
    assert office.command().resume() is None


def test_an_ended_session_is_renewed_once_when_a_person_is_there(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    office.world.sessions.clear()
    talk = Reader()
    access = office.command(talk, password_file=office.password(RIGHT))
    assert access.ensure().account == "congdan"
    assert any("logging in again" in line for line in talk.said)
    office.world.sessions.clear()
    with pytest.raises(SessionEnded, match="again"):
        access.renew()


def test_without_a_person_the_captcha_stops_the_renewal(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    office.world.sessions.clear()
    with pytest.raises(LoginNeeded) as caught:
        office.command(password_file=office.password(RIGHT)).ensure()
    assert "--captcha-out" in (caught.value.hint or "")


def test_without_a_captcha_a_kept_password_renews_by_itself(office):
    class Plain(MemoryPortal):
        def begin_login(self, username):
            challenge = super().begin_login(username)
            answer = self.world.captchas[challenge.state["captcha"]]
            return replace(challenge, captcha_png=None, state={**challenge.state, "answer": answer})

        def finish_login(self, challenge, username, password, captcha):
            return super().finish_login(challenge, username, password, challenge.state["answer"])

    access = office.command(password_file=office.password(RIGHT))
    access.portal = Plain(office.world, office.clock, replace(access.portal.capabilities, captcha_on_login=False))
    assert access.ensure().account == "congdan"
    office.world.sessions.clear()
    assert access.with_session(access.portal.own_dossiers) == []


def test_a_read_whose_session_ends_meanwhile_is_run_once_more(office):
    access = office.command(Reader(), password_file=office.password(RIGHT))
    access.log_in()
    calls = []

    def read():
        calls.append(1)
        if len(calls) == 1:
            office.world.sessions.clear()
        return access.portal.own_dossiers()

    assert access.with_session(read) == []
    assert len(calls) == 2


def test_keeping_needs_a_keyring_but_the_session_is_usable_all_the_same(office):
    with pytest.raises(KeyringUnusable):
        office.command(Reader(), password_file=office.password(RIGHT), keep=True).log_in()
    assert office.command().whoami().account == "congdan"


def test_a_kept_session_leaves_no_token_in_the_file(office):
    access = office.command(Reader(), password_file=office.password(RIGHT), keep=True, insecure_storage=True)
    report = access.log_in()
    assert report.kept == "kept-file"
    token = access.portal.session().token.reveal()
    assert token not in access.store.path.read_text(encoding="utf-8")
    assert office.command().whoami().kept == "kept-file"
    office.command().log_out()
    assert office.command().resume() is None
    assert "memory" not in (office.folder / "config" / "insecure-secrets.json").read_text(encoding="utf-8")


def test_whoami_never_logs_in(office):
    with pytest.raises(LoginNeeded):
        office.command(Reader(answers=[RIGHT])).whoami()


def test_whoami_forgets_a_session_that_the_portal_has_ended(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    office.world.sessions.clear()
    access = office.command()
    with pytest.raises(SessionEnded):
        access.whoami()
    assert not access.store.path.exists()


def test_logout_ends_and_forgets(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    access = office.command()
    report = access.log_out()
    assert (report.account, report.at_portal) == ("congdan", True)
    assert office.world.sessions == {}
    assert not access.store.path.exists()
    assert office.command().log_out().account is None


def test_logout_forgets_also_when_the_portal_is_away(office):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()

    class Away(MemoryPortal):
        def logout(self):
            raise NotSent("portal cannot be reached")

    talk = PreparedTalk()
    access = office.command(talk)
    access.portal = Away(office.world, office.clock)
    report = access.log_out()
    assert (report.account, report.at_portal) == ("congdan", False)
    assert any("cannot be reached" in line for line in talk.said)
    assert not access.store.path.exists()


# -- two steps -------------------------------------------------------------------------------------------------------


def two_steps(office, captcha=None, password=RIGHT):
    picture = office.folder / "captcha.png"
    first = office.command().take(LoginSteps(picture=picture, overwrite=True))
    answer = captcha or list(office.world.captchas.values())[-1]
    second = office.command(password_file=office.password(password))
    return first, lambda: second.take(LoginSteps(challenge=first.id, captcha=answer))


def test_two_steps_log_in_without_a_person(office, clock):
    first, finish = two_steps(office)
    assert first.captcha.read_bytes().startswith(b"\x89PNG")
    assert first.expires_at == clock.now() + timedelta(minutes=10)
    assert finish().account == "congdan"
    assert office.command().whoami().account == "congdan"


def test_a_challenge_can_be_answered_once(office):
    _first, finish = two_steps(office, captcha="?????")
    with pytest.raises(WrongCaptcha):
        finish()
    with pytest.raises(NoSuchChallenge) as caught:
        finish()
    assert caught.value.exit_code is ExitCode.LOGIN_NEEDED


def test_a_challenge_ends_after_ten_minutes_and_is_removed(office, clock):
    first, finish = two_steps(office)
    folder = office.folder / "state" / "challenges"
    assert len(list(folder.iterdir())) == 1
    clock.pass_time(600)
    with pytest.raises(NoSuchChallenge):
        finish()
    two_steps(office)
    assert first.id not in {path.stem for path in folder.iterdir()}
    assert len(list(folder.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permission bits")
def test_a_challenge_is_private_and_holds_no_password(office):
    two_steps(office)
    (path,) = (office.folder / "state" / "challenges").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert RIGHT not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("identifier", ["../session", "..\\session", "/etc/passwd", "", "x" * 400])
def test_an_evil_challenge_name_reaches_no_other_file(office, identifier):
    office.command(Reader(), password_file=office.password(RIGHT)).log_in()
    with pytest.raises(NoSuchChallenge):
        office.command().take(LoginSteps(challenge=identifier or "-", captcha="x"))
    assert office.command().whoami()


def test_the_picture_is_not_overwritten_and_nothing_is_asked_then(office):
    picture = office.folder / "captcha.png"
    picture.write_bytes(b"mine")
    with pytest.raises(OutputExists):
        office.command().take(LoginSteps(picture=picture))
    assert office.world.captchas == {}
    assert picture.read_bytes() == b"mine"


@pytest.mark.parametrize("steps", [{"challenge": "x"}, {"captcha": "x"}])
def test_halves_of_a_step_are_refused(steps):
    with pytest.raises(UsageProblem):
        LoginSteps(**steps)


def test_both_steps_at_once_are_refused(tmp_path):
    with pytest.raises(UsageProblem):
        LoginSteps(picture=tmp_path / "c.png", challenge="x", captcha="y")
