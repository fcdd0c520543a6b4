"""The MySign driver: what the app shows, waiting, every end of a request, faults, and taking up after a crash."""

from __future__ import annotations

import pytest

from dvc_cli.errors import ConfigurationProblem, DvcError, ExitCode, InvalidInput
from dvc_cli.sign.base import BadSignature, CertificateUnusable, PinLocked, SignatureRejected
from dvc_cli.sign.mysign.names import distinct, showable
from dvc_cli.sign.mysign.problems import (
    MySignAccountRefused,
    MySignExpired,
    MySignFailed,
    MySignPending,
    MySignQuota,
    MySignReplyLost,
    MySignRequestRefused,
)
from tests.sign import pki
from tests.sign.mysign.conftest import Desk, digest

LOGIN, CERTIFICATES, SIGN, STATUS = (
    "/vtss/service/ras/v1/login",
    "/vtss/service/certificates/info",
    "/vtss/service/signHash",
    "/vtss/service/requests/status",
)


def test_one_confirmation_for_a_batch_with_names_the_app_can_show(desk: Desk) -> None:
    long_name = "Đơn đề nghị cấp Giấy chứng nhận đăng ký hộ kinh doanh (bản chính) " * 2
    documents = [digest("a", long_name + "1.pdf"), digest("b", long_name + "2.pdf"), digest("c", "Đơn số 5/2026.pdf")]
    with desk.signer().open(desk.talk, desk.talk) as session:
        assert {one.doc_id for one in session.sign(documents, description="Ký 3 tài liệu: đơn, tờ khai")} == {
            "a",
            "b",
            "c",
        }
    (request,) = desk.service.requests.values()
    assert request.description == "Ky 3 tai lieu_ don_ to khai"
    assert request.names[0].startswith("Don de nghi cap Giay chung nhan")
    assert request.names[1].endswith(" 2")
    assert request.names[2] == "Don so 5_2026_pdf"
    assert desk.store.open_ids() == []


def test_names_without_any_letter_are_still_names() -> None:
    assert showable("…") == "document"
    assert distinct(["x", "x", "x"]) == ["x", "x 2", "x 3"]


@pytest.mark.parametrize(
    "switches",
    [
        {"shuffled": True},
        {"line_breaks": True},
        {"text_numbers": False},
        {"waiting_word": 6000},
        {"waiting_word": 777},
        {"token_uses": 1},
    ],
    ids=str,
)
def test_harmless_differences_change_nothing(desk: Desk, switches: dict[str, object]) -> None:
    for name, value in switches.items():
        setattr(desk.service, name, value)
    assert set(desk.sign("a", "b", "c")) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        (4001, MySignExpired),
        (4002, SignatureRejected),
        (4004, MySignFailed),
        (4005, MySignQuota),
        (13004, CertificateUnusable),
    ],
)
def test_every_end_has_its_error(desk: Desk, word: int, problem: type[DvcError]) -> None:
    desk.service.word = word
    with pytest.raises(problem) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.SIGNING_REFUSED
    assert caught.value.hint
    assert desk.store.open_ids() == []


@pytest.mark.parametrize(
    ("number", "problem"),
    [(4005, MySignQuota), (13004, CertificateUnusable), (58008, MySignAccountRefused), (99, MySignRequestRefused)],
)
def test_a_request_may_be_refused_at_once(desk: Desk, number: int, problem: type[DvcError]) -> None:
    desk.service.sign_error = number
    with pytest.raises(problem):
        desk.sign("a")


def test_waiting_counts_down_and_ends(desk: Desk) -> None:
    desk.service.after = 10_000
    with pytest.raises(MySignPending) as caught:
        desk.sign("a", wait=60)
    assert caught.value.exit_code is ExitCode.PENDING
    assert 60 <= desk.clock.slept <= 90
    assert any("01:00" in one for one in desk.talk.said)
    assert any("00:01" in one for one in desk.talk.said)
    assert len(desk.store.open_ids()) == 1
    desk.service.after = 0
    assert list(desk.sign("a", wait=60)) == ["a"]
    assert len(desk.service.requests) == 1, "the same request was gone on with"
    assert desk.store.open_ids() == []


def test_an_approved_request_outlives_a_crash(desk: Desk) -> None:
    def stop() -> None:
        if desk.clock.slept:
            raise KeyboardInterrupt

    desk.clock.when = stop
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a", "b")
    assert any("still open in the MySign app" in one for one in desk.talk.said)
    desk.clock.when = None
    assert set(desk.sign("a", "b")) == {"a", "b"}
    assert len(desk.service.requests) == 1


def test_another_open_request_is_pointed_out_and_later_forgotten(desk: Desk) -> None:
    desk.service.after = 10_000
    with pytest.raises(MySignPending):
        desk.sign("a", wait=5)
    desk.clock.slept -= 60  # its time is not over yet
    desk.service.after = 0
    desk.service.waiting_word = 4000
    desk.service.word = 4000
    with pytest.raises(MySignPending):
        desk.sign("b", wait=300)
    assert any("reject it there: Nộp hồ sơ" in one for one in desk.talk.said)
    desk.clock.slept += 3600
    desk.service.word = 1
    assert list(desk.sign("c")) == ["c"]
    assert desk.store.open_ids() == []


def test_the_request_of_another_kind_of_signer_is_left_alone(desk: Desk) -> None:
    desk.store.save("smartca-1", b'{"schema": "dvc.smartca.transaction/1"}')
    desk.store.save("broken", b"\xff")
    assert list(desk.sign("a")) == ["a"]
    assert sorted(desk.store.open_ids()) == ["broken", "smartca-1"]


@pytest.mark.parametrize(
    ("switch", "good", "detail"),
    [
        ("missing", ["a"], "b.pdf: no value came"),
        ("wrong", [], "a.pdf: the value does not verify with the certificate"),
    ],
)
def test_damaged_values_are_never_given_out(desk: Desk, switch: str, good: list[str], detail: str) -> None:
    setattr(desk.service, switch, True)
    found = []
    with desk.signer().open(desk.talk, desk.talk) as session:
        values = session.sign([digest("a"), digest("b")], description="x")
        while True:
            try:
                found.append(next(values).doc_id)
            except BadSignature as error:
                problem = error
                break
    assert found == good
    assert detail in problem.details


@pytest.mark.parametrize("path", [LOGIN, CERTIFICATES, STATUS])
@pytest.mark.parametrize("kind", ["cut", "broken"])
def test_one_fault_on_the_way_changes_nothing(desk: Desk, path: str, kind: str) -> None:
    getattr(desk.service, kind)[path] = 1
    assert list(desk.sign("a")) == ["a"]
    assert desk.service.wrong_secrets == 0


@pytest.mark.parametrize("kind", ["cut", "broken"])
def test_a_lost_answer_to_the_request_is_never_sent_again(desk: Desk, kind: str) -> None:
    getattr(desk.service, kind)[SIGN] = 1
    with pytest.raises(MySignReplyLost) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.TEMPORARY
    assert "Reject" in str(caught.value.hint)
    assert desk.service.calls.count("signHash") == 1


def test_a_wrong_secret_reaches_the_service_once_in_many_runs(desk: Desk) -> None:
    desk.secret = "wrong"
    with pytest.raises(MySignAccountRefused) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.LOGIN_NEEDED
    for _ in range(20):
        with pytest.raises(PinLocked):
            desk.sign("a")
    assert desk.service.wrong_secrets == 1
    assert len(desk.secrets_asked) == 1
    desk.secret = "sandbox-mysign-secret"
    desk.talk.answers = [True]
    assert list(desk.sign("a")) == ["a"]


@pytest.mark.parametrize("options", [{"user_id": "CMT_0"}, {"client_id": "other"}, {"profile_id": "other"}], ids=str)
def test_an_unknown_account_is_refused(desk: Desk, options: dict[str, str]) -> None:
    with pytest.raises(MySignAccountRefused):
        desk.sign("a", **options)


def test_certificates_are_judged_and_chosen(desk: Desk) -> None:
    desk.service.people |= {"old": pki.expired(), "ec": pki.person_ec()}
    problems = {one.key_id: one.problem for one in desk.signer().certificates()}
    assert problems["001_2482540_20221017"] is None
    assert "expired" in str(problems["old"])
    assert "RSA" in str(problems["ec"])
    assert list(desk.sign("a")) == ["a"]
    with pytest.raises(CertificateUnusable, match="expired"):
        desk.sign("a", cert="old")
    desk.service.people.clear()
    with pytest.raises(CertificateUnusable, match="no certificate"):
        desk.sign("a")


@pytest.mark.parametrize(
    "options", [{"user_id": ""}, {"client_id": ""}, {"url": "nowhere"}, {"max_batch": 0}, {"wait": "soon"}], ids=str
)
def test_wrong_settings_are_told_at_once(desk: Desk, options: dict[str, str | int]) -> None:
    with pytest.raises(ConfigurationProblem):
        desk.signer(**options)
    assert desk.service.calls == []


def test_a_batch_has_its_limit(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        desk.sign("a", "b", "c", max_batch=2)
    with pytest.raises(InvalidInput):
        desk.sign("a", "a")
    assert "signHash" not in desk.service.calls
