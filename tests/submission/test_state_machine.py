"""The state machine: every arrow of the contract, none beside it, and its invariants under any order of events."""

import dataclasses
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dvc_cli.errors import ExitCode
from dvc_cli.journal.rows import row_from_json, row_to_json
from dvc_cli.model import events as e
from dvc_cli.model.secret import Secret
from dvc_cli.model.submission import (
    AMBIGUOUS,
    BEFORE_COMMIT,
    FILED,
    Case,
    IllegalTransition,
    Row,
    State,
    apply,
    client_reference,
    exit_code_of,
    fold,
    portal_identity,
)

FILES = (e.FrozenFile("1/0", "11" * 32, 100, 2), e.FrozenFile("2/0", "22" * 32, 200))
SIGNED_A = e.FileSigned("1/0", 0, "33" * 32, 110)
SIGNED_B = e.FileSigned("1/0", 1, "44" * 32, 120)
STORED_1 = e.Uploaded("1/0", "f1", "documents1.pdf", 120, "44" * 32, True)
STORED_2 = e.Uploaded("2/0", "f2", "documents2.pdf", 200, "22" * 32)
TO_READY = (
    e.Planned("aa"),
    e.Checked(),
    e.Prepared(FILES),
    SIGNED_A,
    SIGNED_B,
    e.Signed(),
    e.Opening(),
    e.Opened("sid-1"),
    e.Uploading("1/0"),
    STORED_1,
    STORED_2,
    e.Staged(),
    e.Completing(),
    e.Ready("55" * 32),
)
TO_INTENT = (*TO_READY, e.CommitIntended(1))
TO_UNKNOWN = (*TO_INTENT, e.CommitUnanswered("unanswered"))
TO_SETTLING = (*TO_UNKNOWN, e.SettlingStarted(30.0, "2026-11-05T00:00:30Z"))
CODE = "000.00.17.H54-261105-0001"


def state_after(*events: e.Event) -> State:
    return fold("DVC-X", events).state


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (TO_READY[:1], State.PLANNED),
        (TO_READY[:2], State.VALID),
        ((e.Planned("aa"), e.FoundInvalid("x")), State.INVALID),
        ((e.Planned("aa"), e.Skipped("x")), State.SKIPPED),
        (TO_READY[:3], State.PREPARED),
        ((*TO_READY[:2], e.PreparationFailed("x")), State.PREP_FAIL),
        ((*TO_READY[:4], e.SigningFailed("x")), State.SIGN_FAIL),
        ((*TO_READY[:4], e.SigningFailed("x"), e.Retried()), State.PREPARED),
        (TO_READY[:6], State.SIGNED),
        (TO_READY[:8], State.OPENED),
        (TO_READY[:12], State.STAGED),
        (TO_READY, State.READY),
        ((*TO_READY, e.WizardLost("restart")), State.SIGNED),
        (TO_INTENT, State.COMMIT_INTENT),
        ((*TO_INTENT, e.CommitNotSent("x")), State.READY),
        ((*TO_INTENT, e.CommitRefused("x")), State.REJECTED),
        ((*TO_INTENT, e.Committed(CODE)), State.SUBMITTED),
        ((*TO_INTENT, e.Committed(CODE), e.ReceiptSaved("r.html", "66")), State.CONFIRMED),
        (TO_UNKNOWN, State.UNKNOWN),
        ((*TO_UNKNOWN, e.LookedUp((), False)), State.UNKNOWN),
        ((*TO_UNKNOWN, e.LookedUp((CODE,), False)), State.SUBMITTED),
        (TO_SETTLING, State.SETTLING),
        ((*TO_SETTLING, e.LookedUp((), False)), State.SETTLING),
        ((*TO_SETTLING, e.LookedUp((), True)), State.READY),
        ((*TO_SETTLING, e.LookedUp((CODE,), True)), State.SUBMITTED),
        ((*TO_SETTLING, e.LookedUp((CODE, CODE + "1"), True)), State.CONFLICT),
        ((*TO_SETTLING, e.LookedUp((CODE, CODE + "1"), True), e.Resolved(CODE)), State.SUBMITTED),
        ((*TO_UNKNOWN, e.Resolved("")), State.READY),
        ((*TO_READY, e.Amended("bb")), State.PLANNED),
        ((e.Planned("aa"), e.Adopted(CODE)), State.SUBMITTED),
    ],
)
def test_arrows_of_the_contract(events, state):
    assert state_after(*events) is state


@pytest.mark.parametrize(
    ("events", "forbidden"),
    [
        ((), e.Checked()),
        (TO_READY[:3], e.Signed()),  # two signatures are missing
        (TO_READY[:3], SIGNED_B),  # the second before the first
        (TO_READY[:4], SIGNED_A),  # the same again (I8)
        (TO_READY[:6], e.CommitIntended(1)),
        (TO_READY[:10], e.Staged()),  # one file is missing
        (TO_READY[:12], e.CommitIntended(1)),
        (TO_READY, e.CommitIntended(2)),
        (TO_READY, e.Committed(CODE)),  # no intent
        (TO_INTENT, e.CommitIntended(2)),  # the blind retry
        (TO_UNKNOWN, e.CommitIntended(2)),
        (TO_UNKNOWN, e.LookedUp((), True)),  # no settle wait was begun: no bound is known
        (TO_SETTLING, e.CommitIntended(2)),
        (TO_UNKNOWN, e.Amended("bb")),
        (TO_SETTLING, e.WizardLost("restart")),
        ((*TO_SETTLING, e.LookedUp((), True)), e.CommitIntended(2)),  # needs a fresh token first
        ((*TO_INTENT, e.Committed(CODE)), e.Amended("bb")),
        ((*TO_INTENT, e.Committed(CODE)), e.CommitIntended(2)),
    ],
)
def test_what_must_never_happen(events, forbidden):
    row = fold("DVC-X", events)
    with pytest.raises(IllegalTransition):
        apply(row, forbidden, "DVC-X")


def test_wrong_bytes_at_the_portal_are_not_staged():
    """I7: the stored bytes are the planned signed ones; the prepared ones do not do."""
    unsigned = dataclasses.replace(STORED_1, sha256=FILES[0].sha256)
    with pytest.raises(IllegalTransition):
        fold("DVC-X", (*TO_READY[:9], unsigned, STORED_2, e.Staged()))


def test_a_commit_that_never_left_is_no_attempt():
    row = fold("DVC-X", (*TO_INTENT, e.CommitNotSent("refused")))
    assert row.attempt == 0
    assert apply(row, e.CommitIntended(1)).attempt == 1


def test_lost_wizards_are_listed():
    row = fold("DVC-X", (*TO_READY, e.WizardLost("restart"), e.Opening(), e.Opened("sid-2"), e.WizardLost("restart")))
    assert row.orphans == ("sid-1", "sid-2")


def test_amending_keeps_attempt_and_orphans_but_no_bytes():
    row = fold("DVC-X", (*TO_SETTLING, e.LookedUp((), True), e.Amended("bb")))
    assert (row.attempt, row.files, row.signed, row.orphans) == (1, (), (), ("sid-1",))


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([State.CONFIRMED, State.SKIPPED], ExitCode.DONE),
        ([], ExitCode.DONE),
        ([State.CONFIRMED, State.REJECTED], ExitCode.FAILED),
        ([State.UNKNOWN, State.REJECTED], ExitCode.OUTCOME_UNKNOWN),
        ([State.CONFLICT], ExitCode.OUTCOME_UNKNOWN),
        ([State.SIGNED, State.CONFIRMED], ExitCode.TEMPORARY),
    ],
)
def test_the_status_is_a_function_of_the_states(states, code):
    assert exit_code_of(states) is code


@given(st.lists(st.sampled_from(State)))
def test_the_status_is_done_only_when_all_is_done(states):
    assert (exit_code_of(states) is ExitCode.DONE) == (set(states) <= {State.CONFIRMED, State.SKIPPED})


def test_events_survive_being_stored():
    for event in (*TO_SETTLING, e.LookedUp((CODE,), True), e.WizardLost("x"), e.Resolved(CODE), e.Adopted(CODE)):
        assert e.event_from_json(*e.event_to_json(event)) == event
    with pytest.raises(ValueError, match="Nonsense"):
        e.event_from_json("Nonsense", "{}")


# -- references ------------------------------------------------------------------------------------------------------------

KEY = Secret("k" * 32)
CASE = Case(portal="https://dichvucong.example.vn", account="congdan", procedure="1.001612", key="NV001")


def test_a_reference_is_stable_and_says_nothing():
    assert client_reference(KEY, CASE) == client_reference(KEY, dataclasses.replace(CASE, portal=CASE.portal + "/"))
    assert client_reference(KEY, CASE) == "DVC-GLJVV5ZC24PQHVZR"


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_two_cases_share_a_reference_only_when_they_are_the_same(one, other):
    def normal(pair: tuple[str, str]) -> list[str]:
        return [unicodedata.normalize("NFC", text).strip() for text in pair]

    references = [
        client_reference(KEY, dataclasses.replace(CASE, key=key, period=period)) for key, period in (one, other)
    ]
    assert (references[0] == references[1]) == (normal(one) == normal(other))


@pytest.mark.parametrize("field", ["portal", "account", "procedure", "key", "period"])
def test_each_part_of_the_case_counts(field):
    assert client_reference(KEY, dataclasses.replace(CASE, **{field: "https://other"})) != client_reference(KEY, CASE)


def test_round_and_secret_count():
    assert client_reference(KEY, dataclasses.replace(CASE, round=1)) != client_reference(KEY, CASE)
    assert client_reference(Secret("j" * 32), CASE) != client_reference(KEY, CASE)


def test_equal_text_in_two_encodings_is_one_case():
    assert client_reference(KEY, dataclasses.replace(CASE, key="Đường")) == client_reference(
        KEY, dataclasses.replace(CASE, key="Đường ")
    )


def test_a_sandbox_keeps_its_identity_when_its_port_changes():
    assert portal_identity("http://127.0.0.1:4001") == portal_identity("http://localhost:5002/")
    assert portal_identity("https://a.vn:8443") != portal_identity("https://a.vn")


# -- any order of events ---------------------------------------------------------------------------------------------------

_codes = st.sampled_from(("", CODE, CODE + "1"))
_SINGLE = (
    *(
        STORED_1,
        STORED_2,
        e.Retried(),
        e.WizardLost("x"),
        e.CommitNotSent("x"),
        e.CommitRefused("x"),
        e.Committed(CODE),
    ),
    *(e.ReceiptSaved("r", "6"), e.Amended("bb"), e.Adopted(CODE), e.CommitRepeated(), e.Skipped("x")),
    *(e.SigningFailed("x"), e.PreparationFailed("x"), e.FoundInvalid("x"), e.Removing("f1")),
)
_some_event = st.one_of(
    st.sampled_from((*TO_SETTLING, *_SINGLE)),
    st.builds(e.CommitIntended, st.integers(0, 4)),
    st.builds(e.LookedUp, st.lists(_codes.filter(bool), max_size=2).map(tuple), st.booleans()),
    st.builds(e.Resolved, _codes),
)


@given(st.lists(_some_event, max_size=60))
def test_whatever_comes_the_fold_is_the_journal_and_attempts_are_settled(events):
    """I6: between two intents that left stands a settled look-up or a person; I11: the stored row is the fold."""
    row = None
    history: list[e.Event] = []
    for event in events:
        try:
            row = apply(row, event, "DVC-X")
        except IllegalTransition:
            continue
        history.append(event)
        assert row_from_json(row_to_json(row)) == row
    assert fold("DVC-X", history) == row
    open_attempt = False
    for event in history:
        if isinstance(event, e.CommitIntended):
            assert not open_attempt
            open_attempt = True
        elif (
            isinstance(event, (e.CommitNotSent, e.CommitRefused))
            or (isinstance(event, e.Resolved) and not event.code)
            or (isinstance(event, e.LookedUp) and event.settled and not event.codes)
        ):
            open_attempt = False


class SubmittingMachine(RuleBasedStateMachine):
    """A portal with its own truth (the oracle), and a filer that may crash anywhere; the arrows alone must keep I1 and I3."""

    def __init__(self) -> None:
        super().__init__()
        self.row: Row | None = fold("DVC-X", TO_READY[:6])
        self.at_portal: list[str] = []
        self.in_flight: list[str] = []
        self.number = 0

    def step(self, event: e.Event) -> None:
        self.row = apply(self.row, event, "DVC-X")

    @precondition(lambda self: self.row.state is State.SIGNED)
    @rule()
    def stage(self) -> None:
        self.number += 1
        for event in (e.Opening(), e.Opened(f"sid-{self.number}"), STORED_1, STORED_2, e.Staged(), e.Ready("77" * 32)):
            self.step(event)

    @precondition(lambda self: self.row.state is State.READY and not self.row.token_sha256)
    @rule()
    def renew(self) -> None:
        self.step(e.Completing())
        self.step(e.Ready("88" * 32))

    @precondition(lambda self: self.row.state in (State.OPENED, State.STAGED, State.READY))
    @rule()
    def restart(self) -> None:
        self.step(e.WizardLost("restart"))

    @precondition(lambda self: self.row.state is State.READY and self.row.token_sha256)
    @rule(fate=st.sampled_from(("ok", "lost", "late", "never", "not sent", "refused")))
    def commit(self, fate: str) -> None:
        self.step(e.CommitIntended(self.row.attempt + 1))
        code = f"code-{len(self.at_portal) + len(self.in_flight)}"
        if fate in ("ok", "lost"):
            self.at_portal.append(code)
        if fate == "late":
            self.in_flight.append(code)
        if fate == "ok":
            self.step(e.Committed(code))
        elif fate in ("not sent", "refused"):
            self.step(e.CommitNotSent("x") if fate == "not sent" else e.CommitRefused("x"))
        else:
            self.step(e.CommitUnanswered("x"))

    @precondition(lambda self: self.row.state is State.UNKNOWN)
    @rule()
    def settle(self) -> None:
        self.step(e.SettlingStarted(30.0, ""))

    @precondition(lambda self: self.row.state in (State.UNKNOWN, State.SETTLING))
    @rule()
    def look_early(self) -> None:
        self.step(e.LookedUp(tuple(self.at_portal), False))

    @precondition(lambda self: self.row.state is State.SETTLING)
    @rule()
    def look_settled(self) -> None:
        self.at_portal += self.in_flight  # what is late becomes visible within the bound
        self.in_flight.clear()
        self.step(e.LookedUp(tuple(self.at_portal), True))

    @precondition(lambda self: self.row.state is State.REJECTED)
    @rule()
    def mend(self) -> None:
        for event in (e.Amended("bb"), e.Checked(), e.Prepared(FILES), SIGNED_A, SIGNED_B, e.Signed()):
            self.step(event)

    @rule()
    def audit(self) -> None:
        assert row_from_json(row_to_json(self.row)) == self.row

    @invariant()
    def at_most_one_dossier(self) -> None:
        assert len(self.at_portal) + len(self.in_flight) <= 1

    @invariant()
    def filed_means_that_the_portal_has_it(self) -> None:
        if self.row.state in FILED:
            assert self.row.code in self.at_portal
        if self.at_portal or self.in_flight:
            assert self.row.state in FILED | AMBIGUOUS
        if self.row.state in BEFORE_COMMIT:
            assert not self.at_portal


TestSubmittingMachine = SubmittingMachine.TestCase
