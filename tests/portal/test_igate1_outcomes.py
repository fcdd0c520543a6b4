"""Outcome classes of submission.md §3, with a portal that fails on purpose; its database is the judge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dvc_cli.errors import DvcError, Temporary
from dvc_cli.net.base import NotSent, Unanswered
from dvc_cli.portal.base import PortalRefused, SessionEnded, Throttled
from dvc_cli.portal.data_file import DialectData, load_data
from dvc_cli.portal.dialects.igate1.client import FOLDER
from dvc_cli.portal.dialects.igate1.outcome import Alert, Answer, Intent, Meaning, error_of, meaning_of
from dvc_cli.testing.portal_facts import REFERENCE, log_in, upload_mandatory
from dvc_sandbox.faults import FaultRule

CONFIRM = r"/dich-vu-cong/tiep-nhan-online/xac-nhan"
UPLOAD = r"/dich-vu-cong/tiep-nhan-online/tep-tin"
LIST = r"/dichvucong/bothutuc/listThuTuc"
LOGIN = r"/dich-vu-cong/cong-dan/dang-nhap"
KINDS = (
    "error-before",
    "error-after",
    "cut-before",
    "cut-after",
    "reset",
    "html",
    "truncate",
    "session-lost",
    "maintenance",
)


@pytest.fixture(scope="module")
def data() -> DialectData:
    return load_data(FOLDER / "igate1.toml", None)


@pytest.fixture
def ready(portal, live, tmp_path):
    known = live.facts()
    log_in(portal, known)
    opened = portal.open_dossier(known.dossier, portal.procedure(known.dossier.procedure))
    upload_mandatory(portal, opened, tmp_path)
    return portal.prepare_commit(opened, known.dossier, subject="Sự cố", note=REFERENCE)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unclear_answer_to_the_commit_is_unknown(portal, live, ready, kind):
    before = len(live.admin.dossiers())
    live.admin.add_fault(FaultRule("portal", "POST", CONFIRM, kind))
    with pytest.raises(Unanswered):
        portal.commit(ready)
    applied = kind in ("error-after", "cut-after", "truncate")
    assert len(live.admin.dossiers()) - before == applied


def test_a_throttled_commit_took_no_effect_and_says_how_long_to_wait(portal, live, ready):
    live.admin.add_fault(FaultRule("portal", "POST", CONFIRM, "throttle", seconds=7))
    with pytest.raises(Throttled) as caught:
        portal.commit(ready)
    assert caught.value.retry_after == 7
    assert portal.commit(ready).code


@pytest.mark.parametrize(
    ("setting", "applied"), [({"commit_failures": 1}, 0), ({"late_commits": 1, "late_seconds": 1}, 1)]
)
def test_a_commit_that_fails_or_comes_late_is_unknown(portal, live, ready, setting, applied):
    live.admin.portal_settings(**setting)
    before = len(live.admin.dossiers())
    with pytest.raises(Unanswered):
        portal.commit(ready)
    live.admin.shift_clock(timedelta(seconds=2))
    assert len(live.admin.dossiers()) - before == applied


@pytest.mark.parametrize("burn", ["before", "with", "after"])
def test_a_lost_reply_never_makes_a_second_dossier_of_the_same_token(portal, live, ready, burn):
    live.admin.portal_settings(burn=burn)
    live.admin.add_fault(FaultRule("portal", "POST", CONFIRM, "cut-after"))
    before = len(live.admin.dossiers())
    with pytest.raises(Unanswered):
        portal.commit(ready)
    if burn != "after":  # only there the same token may still work: the dialect must say so before it is used again
        with pytest.raises(Unanswered):
            portal.commit(ready)
    assert len(live.admin.dossiers()) - before == 1


def test_the_code_in_the_redirect_counts_when_the_receipt_page_fails(portal, live, ready):
    live.admin.add_fault(FaultRule("portal", "GET", r"/dich-vu-cong/tiep-nhan-online/nop-thanh-cong", "error-before"))
    done = portal.commit(ready)
    assert live.admin.dossier(done.code)["reference"] == "DVC-ABCDEFGHIJKLMNOP"


@pytest.mark.parametrize("kind", KINDS)
def test_an_unclear_answer_to_an_upload_is_unknown_and_can_be_looked_up(portal, live, tmp_path, kind):
    known = live.facts()
    log_in(portal, known)
    opened = portal.open_dossier(known.dossier, portal.procedure(known.dossier.procedure))
    live.admin.add_fault(FaultRule("portal", "POST", UPLOAD, kind))
    with pytest.raises(SessionEnded if kind == "session-lost" else Unanswered):
        upload_mandatory(portal, opened, tmp_path)
    if kind != "session-lost":
        assert len(portal.uploaded(opened)) == (kind in ("error-after", "cut-after", "truncate"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "session-lost"])
def test_a_read_that_fails_is_temporary(portal, live, kind):
    live.admin.add_fault(FaultRule("portal", "GET", LIST, kind))
    with pytest.raises(Temporary) as caught:
        portal.procedures()
    assert not isinstance(caught.value, NotSent)
    assert portal.procedures().items


def test_a_throttled_read_says_how_long_to_wait(portal, live):
    live.admin.add_fault(FaultRule("portal", "GET", LIST, "throttle", seconds=3))
    with pytest.raises(Throttled) as caught:
        portal.procedures()
    assert caught.value.retry_after == 3


@pytest.mark.parametrize("kind", ["error-before", "error-after", "cut-after", "html"])
def test_an_unclear_answer_to_the_log_in_is_unknown(portal, live, kind):
    known = live.facts()
    challenge = portal.begin_login(known.username)
    captcha = known.answer(challenge)
    live.admin.add_fault(FaultRule("portal", "POST", LOGIN, kind))
    with pytest.raises(Unanswered):
        portal.finish_login(challenge, known.username, known.password, captcha)


def test_a_log_in_form_that_is_too_old_is_not_a_wrong_password(portal, live):
    known = live.facts()
    challenge = portal.begin_login(known.username)
    first = known.answer(challenge)
    portal.finish_login(challenge, known.username, known.password, first)
    with pytest.raises(SessionEnded):
        portal.finish_login(challenge, known.username, known.password, first)


def test_a_session_that_times_out_is_noticed(portal, live):
    log_in(portal, live.facts())
    live.admin.shift_clock(timedelta(minutes=31))
    with pytest.raises(SessionEnded):
        portal.own_dossiers()


# -- the table by itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "slug", "words", "intent", "meaning"),
    [
        (200, "", "", Intent.READ, Meaning.FINE),
        (200, "captcha", "", Intent.CHANGE, Meaning.CAPTCHA),
        (200, "", "Mã xác nhận không đúng", Intent.CHANGE, Meaning.CAPTCHA),
        (200, "", "Sai mật khẩu", Intent.CHANGE, Meaning.PASSWORD),
        (200, "", "Tài khoản đã bị khóa", Intent.CHANGE, Meaning.LOCKED),
        (200, "password", "Sai mật khẩu. Còn 4 lần trước khi tài khoản bị khóa", Intent.CHANGE, Meaning.PASSWORD),
        (200, "", "Sai mật khẩu. Còn 4 lần trước khi tài khoản bị khóa", Intent.CHANGE, Meaning.PASSWORD),
        (200, "locked", "Sai mật khẩu quá nhiều lần", Intent.CHANGE, Meaning.LOCKED),
        (200, "", "Một lỗi không ai biết", Intent.CHANGE, Meaning.UNKNOWN),
        (302, "", "", Intent.READ, Meaning.FOREIGN),
        (401, "", "", Intent.READ, Meaning.SESSION),
        (403, "csrf", "", Intent.CHANGE, Meaning.CSRF),
        (403, "", "", Intent.CHANGE, Meaning.UNKNOWN),
        (404, "", "", Intent.READ, Meaning.NOT_FOUND),
        (404, "not-found", "", Intent.COMMIT, Meaning.UNKNOWN),
        (410, "draft-submitted", "", Intent.CHANGE, Meaning.REFUSED),
        (410, "draft-submitted", "", Intent.COMMIT, Meaning.UNKNOWN),
        (413, "", "", Intent.CHANGE, Meaning.REFUSED),
        (413, "", "", Intent.COMMIT, Meaning.UNKNOWN),
        (422, "invalid", "", Intent.COMMIT, Meaning.REFUSED),
        (422, "", "", Intent.COMMIT, Meaning.UNKNOWN),
        (429, "", "", Intent.COMMIT, Meaning.THROTTLED),
        (500, "", "", Intent.READ, Meaning.TEMPORARY),
        (503, "", "", Intent.COMMIT, Meaning.TEMPORARY),
    ],
)
def test_the_error_table(data, status, slug, words, intent, meaning):
    alerts = [Alert(slug, words)] if slug or words else []
    assert meaning_of(data, status, alerts, intent) is meaning


def test_a_login_page_with_200_is_an_ended_session(data):
    assert meaning_of(data, 200, [], Intent.READ, login_page=True) is Meaning.SESSION


@pytest.mark.parametrize("meaning", list(Meaning))
def test_on_a_commit_only_refusal_and_throttling_are_sure(meaning):
    error = error_of(Answer(meaning=meaning, status=200), Intent.COMMIT, "submit")
    expected: dict[Meaning, type[DvcError]] = {Meaning.REFUSED: PortalRefused, Meaning.THROTTLED: Throttled}
    assert type(error) is expected.get(meaning, Unanswered)


@pytest.mark.parametrize("meaning", list(Meaning))
def test_every_meaning_has_an_error_with_a_remedy(meaning):
    for intent in Intent:
        error = error_of(Answer(meaning=meaning, status=500, words="Lỗi"), intent, "x")
        assert error.message
        assert error.hint or meaning is Meaning.PASSWORD
