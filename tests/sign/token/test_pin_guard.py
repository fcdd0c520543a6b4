"""A wrong PIN costs one try, whatever is scheduled; the last try is never risked (tokens.md §2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dvc_cli.errors import ExitCode
from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import PinLocked, SignerUnavailable, WrongPin
from dvc_cli.sign.token.guard import PinGuard
from dvc_cli.sign.token.process import TokenFacts, WorkerFault
from dvc_cli.testing.signer_contract import digest_for
from dvc_cli.testing.talk import PreparedTalk
from tests.sign.softhsm import PIN, ledger_in, token_signer

WRONG = "00000000"
FACTS = TokenFacts(
    slot=1,
    label="dvc",
    serial="0123",
    manufacturer="maker",
    model="model",
    flags=TokenFacts.LOGIN_REQUIRED,
    mechanisms=("RSA_PKCS",),
)


def log_in(token, pin, ledger, talk=None, **options):
    with token_signer(token, pin, ledger, **options).open(talk or PreparedTalk(), PreparedTalk()) as session:
        return list(session.sign([digest_for("x")], description="x"))


def tries_are_left(token):
    """What the token itself says: no wrong PIN since the last right one."""
    return "user PIN count low" not in token.run("pkcs11-tool", "--module", str(token.module), "-L")


def test_a_wrong_pin_is_tried_once_in_a_hundred_scheduled_runs(own_token, ledger, monkeypatch):
    presented = []
    from dvc_cli.sign.token.process import TokenProcess

    original = TokenProcess.login
    monkeypatch.setattr(
        TokenProcess, "login", lambda self, slot, pin: (presented.append(pin), original(self, slot, pin))[1]
    )
    codes = []
    for _run in range(5):
        with pytest.raises((WrongPin, PinLocked)) as caught:
            log_in(own_token, WRONG, ledger)
        codes.append(caught.value.exit_code)
    assert len(presented) == 1
    assert codes == [ExitCode.SIGNING_REFUSED] + [ExitCode.BLOCKED] * 4
    subject = PinGuard(own_facts(own_token), ledger, PreparedTalk(), confirmed=False).subject
    for _run in range(95):  # the guard alone: the token is not even started for it
        with pytest.raises(PinLocked):
            PinGuard(own_facts(own_token), ledger, PreparedTalk(), confirmed=False).allow()
    assert ledger.attempt(subject).wrong_in_a_row == 1


def own_facts(token):
    from dvc_cli.sign.token.search import try_modules

    return try_modules(token.module, token.environ)[0].tokens[0]


def test_the_right_pin_needs_a_confirmation_after_a_wrong_one(own_token, ledger):
    with pytest.raises(WrongPin, match="rieng"):
        log_in(own_token, WRONG, ledger)
    assert not tries_are_left(own_token)
    with pytest.raises(PinLocked, match="no other is tried"):
        log_in(own_token, PIN, ledger)
    assert log_in(own_token, PIN, ledger, confirm_pin=True)
    assert tries_are_left(own_token)
    assert log_in(own_token, PIN, ledger)


def test_a_person_at_the_terminal_confirms(own_token, ledger):
    with pytest.raises(WrongPin):
        log_in(own_token, WRONG, ledger)
    refusing = PreparedTalk(answers=[False])
    with pytest.raises(PinLocked):
        log_in(own_token, PIN, ledger, refusing)
    assert "Try once more?" in refusing.asked[0]
    assert log_in(own_token, PIN, ledger, PreparedTalk(answers=[True]))


def test_a_flag_in_a_schedule_cannot_lock_the_token(ledger):
    """`--confirm-pin` left in a crontab counts once; after the second wrong PIN only a person is asked."""
    wrong = 0
    for _run in range(10):
        guard = PinGuard(FACTS, ledger, PreparedTalk(), confirmed=True)
        try:
            guard.allow()
            guard.log_in(Secret(WRONG), lambda: refuse("PinIncorrect"))
        except WrongPin:
            wrong += 1
        except PinLocked:
            continue
    assert wrong == 2


def refuse(code):
    raise WorkerFault(code)


def test_the_last_try_and_a_locked_token_are_refused_before_the_pin_is_asked(ledger):
    for flag, words in ((TokenFacts.FINAL_TRY, "only one PIN try left"), (TokenFacts.LOCKED, "is locked")):
        guard = PinGuard(replace(FACTS, flags=flag), ledger, PreparedTalk(answers=[True]), confirmed=True)
        with pytest.raises(PinLocked, match=words):
            guard.allow()


def test_a_warning_of_the_token_itself_asks_for_confirmation(ledger):
    """Somebody gave a wrong PIN elsewhere: our ledger knows nothing, the flag does."""
    guard = PinGuard(replace(FACTS, flags=TokenFacts.COUNT_LOW), ledger, PreparedTalk(), confirmed=False)
    with pytest.raises(PinLocked):
        guard.allow()


def test_the_try_is_counted_before_it_is_made(ledger):
    class PowerCut(BaseException):
        pass

    def cut():
        assert ledger.attempt("pin:0123").wrong_in_a_row == 1
        raise PowerCut

    with pytest.raises(PowerCut):
        PinGuard(FACTS, ledger, PreparedTalk(), confirmed=False).log_in(Secret(PIN), cut)
    assert ledger.attempt("pin:0123").wrong_in_a_row == 1


@pytest.mark.parametrize(
    ("code", "error", "counted"),
    [
        ("PinIncorrect", WrongPin, 1),
        ("PinLenRange", WrongPin, 1),
        ("PinLocked", PinLocked, 1),
        ("PinExpired", PinLocked, 1),
        ("TokenNotPresent", SignerUnavailable, 0),
        ("Died", SignerUnavailable, 0),
        ("Hung", SignerUnavailable, 1),
        ("GeneralError", SignerUnavailable, 1),
    ],
)
def test_each_answer_of_the_token_has_its_meaning(code, error, counted, ledger):
    with pytest.raises(error):
        PinGuard(FACTS, ledger, PreparedTalk(), confirmed=False).log_in(Secret(PIN), lambda: refuse(code))
    assert ledger.attempt("pin:0123").wrong_in_a_row == counted


def test_an_empty_pin_is_not_presented(ledger):
    with pytest.raises(WrongPin, match="not tried"):
        PinGuard(FACTS, ledger, PreparedTalk(), confirmed=False).log_in(Secret(""), lambda: refuse("PinIncorrect"))
    assert ledger.attempt("pin:0123").wrong_in_a_row == 0


def test_one_wrong_pin_per_run_even_if_confirmed(own_token, ledger):
    signer = token_signer(own_token, WRONG, ledger, confirm_pin=True)
    for error in (WrongPin, PinLocked):
        with pytest.raises(error), signer.open(PreparedTalk(answers=[True, True]), PreparedTalk()):
            pass


def test_no_pin_is_asked_for_a_certificate_that_is_not_there(token, tmp_path):
    def never(*_, **__):
        raise AssertionError("the PIN was asked for")

    for wanted, words in (("nobody", "No certificate fits"), ("hethan", "expired"), ("", "Several certificates")):
        signer = token_signer(token, PIN, ledger_in(tmp_path), cert=wanted)
        signer.secrets = never
        with pytest.raises(Exception, match=words), signer.open(PreparedTalk(), PreparedTalk()):
            pass
