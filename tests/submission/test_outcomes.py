"""What the portal answers, and what it does not: lost replies, late commits, refusals, ended sessions, changed files."""

from dataclasses import replace

import pytest

from dvc_cli.errors import ExitCode
from dvc_cli.model.submission import State
from dvc_cli.portal.memory import CAPABILITIES
from dvc_cli.services.check_dossier import DossierInvalid
from dvc_cli.services.file_dossier import DossierRejected
from dvc_cli.services.filing import PortalTrouble
from dvc_cli.services.settle import StillUnknown
from dvc_cli.services.sizes import TooLarge
from dvc_cli.services.submit import DossierChanged, submit
from tests.submission.stage import DOSSIER, SETTLE, filed

SETTLING = replace(CAPABILITIES, settle_seconds=SETTLE, token_burned="unknown")


def ignore(plan):
    """Nobody looks at the plan."""


# -- what the portal answers -----------------------------------------------------------------------------------------------

FATES = {
    "the reply is lost, it was applied": (["lost"], 1),
    "lost, it was not applied": (["never"], 2),
    "applied late": (["late"], 1),
    "a proxy's page": (["html"], 2),
    "the session had ended": (["session"], 2),
    "throttled": (["throttled", "throttled"], 3),
    "not sent": (["not-sent"], 2),
    "lost, then late, then right": (["never", "late"], 2),
}


@pytest.mark.parametrize(("fates", "presses"), FATES.values(), ids=FATES)
def test_whatever_comes_of_the_confirmation_one_dossier_is_filed(stage, desks, fates, presses):
    desk = desks(stage, fates)
    result = submit(desk, stage.request(), ignore)
    (dossier,) = filed(stage)
    assert (result.code, result.state) == (dossier.code, State.CONFIRMED)
    assert sum(call.startswith("commit ") for call in stage.truth().calls) == presses
    assert desk.journal.audit().problems == ()
    assert stage.truth().late == []


@pytest.mark.parametrize("fate", ["never", "late"])
def test_without_a_settle_bound_it_stays_unknown_and_is_never_sent_again(stage, desks, fate):
    """P2: the default for a live portal."""
    unbound = replace(SETTLING, settle_seconds=None)
    for _time in range(2 if fate == "never" else 1):  # the waits of a second run would let the late one arrive
        with pytest.raises(StillUnknown) as caught:
            submit(desks(stage, [fate], unbound), stage.request(), ignore)
        assert caught.value.exit_code is ExitCode.OUTCOME_UNKNOWN
    assert sum(call.startswith("commit ") for call in stage.truth().calls) == 1
    if fate == "late":
        stage.clock.sleep(SETTLE)
        result = submit(desks(stage, (), unbound), stage.request(), ignore)
        assert result.code == filed(stage)[0].code
    assert len(filed(stage)) == (fate == "late")


@pytest.mark.parametrize("burned", ["before", "with"])
def test_the_same_token_may_be_sent_again_where_it_burns_with_the_commit(stage, desks, burned):
    """No settle bound is needed then, and it is the same attempt."""
    desk = desks(stage, ["never"], replace(SETTLING, settle_seconds=None, token_burned=burned))
    result = submit(desk, stage.request(), ignore)
    assert len(filed(stage)) == 1
    assert desk.journal.row(result.reference).attempt == 1
    assert sum(call.startswith("commit ") for call in stage.truth().calls) == 2


def test_the_same_token_again_after_it_was_applied_finds_the_first_one(stage, desks):
    desk = desks(stage, ["lost"], replace(SETTLING, token_burned="with"))
    result = submit(desk, stage.request(), ignore)
    assert [dossier.code for dossier in filed(stage)] == [result.code]


def test_a_portal_that_cannot_echo_the_reference_stays_unknown(stage, desks):
    desk = desks(stage, ["lost"], replace(SETTLING, echo_fields=()))
    with pytest.raises(StillUnknown):
        submit(desk, stage.request(), ignore)
    assert filed(stage)[0].note == ""


def test_a_refusal_creates_nothing_and_can_be_mended(stage, desks):
    desk = desks(stage, ["refused"])
    with pytest.raises(DossierRejected) as caught:
        submit(desk, stage.request(), ignore)
    assert caught.value.exit_code is ExitCode.FAILED
    assert caught.value.details == ("Về việc: sai",)
    stage.dossier_file.write_text(DOSSIER.replace("làng nghề", "làng nghề Đọi Tam"), encoding="utf-8")
    result = submit(desk, stage.request(), ignore)
    assert [dossier.subject for dossier in filed(stage)] == ["Đăng bài giới thiệu làng nghề Đọi Tam"]
    assert desk.journal.row(result.reference).attempt == 2


def test_a_portal_that_loses_everything_is_left_alone_after_three(stage, desks):
    desk = desks(stage, ["never"] * 50)
    with pytest.raises(PortalTrouble) as caught:
        submit(desk, stage.request(), ignore)
    assert caught.value.exit_code is ExitCode.TEMPORARY
    assert sum(call.startswith("commit ") for call in stage.truth().calls) == 3
    assert submit(desks(stage), stage.request(), ignore).code == filed(stage)[0].code


def test_attempts_are_a_whole_settle_bound_apart(stage, desks):
    """I6, from the journal's own times."""
    desk = desks(stage, ["never", "never"])
    result = submit(desk, stage.request(), ignore)
    entries = list(desk.journal.entries(result.reference))
    unanswered = [entry.at for entry in entries if type(entry.event).__name__ == "CommitUnanswered"]
    settled = [entry.at for entry in entries if type(entry.event).__name__ == "LookedUp" and entry.event.settled]
    intents = [entry.at for entry in entries if type(entry.event).__name__ == "CommitIntended"]
    assert len(unanswered) == len(settled) == 2
    for lost, looked, again in zip(unanswered, settled, intents[1:], strict=True):
        assert (looked - lost).total_seconds() >= SETTLE
        assert again >= looked


def test_a_jump_of_the_clock_starts_the_whole_wait_again(stage, desks):
    """The machine slept while it waited: what the portal did meanwhile is not known."""
    desk = desks(stage, ["late"])
    real = desk.clock.sleep
    jumps = [3600.0]

    def sleep(seconds):
        real(seconds)
        if jumps:
            desk.clock.jump(jumps.pop())

    waited = []
    desk.clock.sleep = lambda seconds: (waited.append(seconds), sleep(seconds))
    submit(desk, stage.request(), ignore)
    assert sum(waited) >= SETTLE + 1
    assert len(filed(stage)) == 1


# -- on the way --------------------------------------------------------------------------------------------------------


def test_a_session_that_ends_is_renewed_once(stage, desks):
    desk = desks(stage)
    original = desk.portal.upload
    ended = []

    def upload(*arguments):
        if not ended:
            ended.append(True)
            desk.portal.world.sessions.clear()
        return original(*arguments)

    desk.portal.upload = upload
    submit(desk, stage.request(), ignore)
    assert stage.truth().calls.count("log in") == 2
    row = next(desk.journal.rows()).row
    assert len(row.orphans) == 1  # I15
    assert len(filed(stage)) == 1


@pytest.mark.parametrize("method", ["open_dossier", "upload", "replace_signed", "prepare_commit"])
@pytest.mark.parametrize("applied", [True, False])
def test_lost_replies_on_the_way_leave_one_clean_dossier(stage, desks, method, applied):
    from dvc_cli.net.base import Unanswered

    desk = desks(stage)
    original = getattr(desk.portal, method)
    lost = []

    def lossy(*arguments, **named):
        if len(lost) < 2:
            lost.append(True)
            if applied:
                original(*arguments, **named)
            raise Unanswered("lost")
        return original(*arguments, **named)

    setattr(desk.portal, method, lossy)
    submit(desk, stage.request(), ignore)
    (dossier,) = filed(stage)
    assert sorted(stored.component for stored, _content in dossier.files.values()) == ["GT1", "GT3"]


def test_bytes_that_the_portal_garbled_are_sent_again(stage, desks):
    desk = desks(stage)
    original = desk.portal.upload
    garbled = []

    def upload(opened, component, file, name):
        stored = original(opened, component, file, name)
        if not garbled:
            garbled.append(stored.id)
            draft = desk.portal.world.drafts[opened.sid]
            draft.files[stored.id] = (stored, b"garbage")
        return stored

    desk.portal.upload = upload
    submit(desk, stage.request(), ignore)
    assert garbled[0] not in filed(stage)[0].files


def test_a_portal_that_is_down_leaves_everything_where_it_is(stage, desks):
    from dvc_cli.errors import Temporary
    from dvc_cli.net.base import NotSent

    desk = desks(stage)

    def down(*_arguments):
        raise NotSent("down")

    desk.portal.open_dossier = down
    with pytest.raises(Temporary):
        submit(desk, stage.request(), ignore)
    assert next(desk.journal.rows()).row.state is State.SIGNED
    submit(desks(stage), stage.request(), ignore)
    assert stage.signatures() == ["01.pdf"]  # not signed again (I8)


def test_a_receipt_that_cannot_be_fetched_comes_with_the_next_run(stage, desks):
    from dvc_cli.errors import Temporary

    desk = desks(stage)

    def no_receipt(code):
        raise Temporary("later")

    desk.portal.receipt = no_receipt
    with pytest.raises(Temporary):
        submit(desk, stage.request(), ignore)
    assert next(desk.journal.rows()).row.state is State.SUBMITTED
    result = submit(desks(stage), stage.request(), ignore)
    assert result.receipt.exists()
    assert len(filed(stage)) == 1


def test_too_large_is_said_before_anything_is_sent_and_by_how_much(stage, desks):
    desk = desks(stage, (), replace(SETTLING, max_component_bytes=1500))
    with pytest.raises(DossierInvalid) as caught:
        submit(desk, stage.request(), ignore)
    assert "can-cuoc.pdf" in caught.value.details[0]
    size = (stage.folder / "can-cuoc.pdf").stat().st_size
    assert "MB more than" in caught.value.details[0]
    desk = desks(stage, (), replace(SETTLING, max_component_bytes=size))
    with pytest.raises(TooLarge, match="trang-1"):
        submit(desk, stage.request(), ignore)
    assert "upload" not in stage.truth().calls


def test_a_changed_dossier_is_not_mixed_with_what_was_signed(stage, desks):
    from dvc_cli.net.base import NotSent

    desk = desks(stage)

    def down(*_arguments):
        raise NotSent("down")

    desk.portal.open_dossier = down
    with pytest.raises(NotSent):
        submit(desk, stage.request(), ignore)
    stage.dossier_file.write_text(DOSSIER.replace("làng nghề", "lễ hội"), encoding="utf-8")
    with pytest.raises(DossierChanged) as caught:
        submit(desks(stage), stage.request(), ignore)
    assert caught.value.details == ("Changed: subject",)
    submit(desks(stage), stage.request(amend=True), ignore)
    assert filed(stage)[0].subject == "Đăng bài giới thiệu lễ hội"


def test_a_work_file_that_was_tampered_with_is_not_sent(stage, desks):
    from dvc_cli.net.base import NotSent
    from dvc_cli.services.prepare import WorkFileChanged

    desk = desks(stage)

    def down(*_arguments):
        raise NotSent("down")

    desk.portal.open_dossier = down
    with pytest.raises(NotSent):
        submit(desk, stage.request(), ignore)
    (signed,) = desk.folder.rglob("01.signed-1.pdf")
    signed.write_bytes(signed.read_bytes() + b"\n")
    with pytest.raises(WorkFileChanged):
        submit(desks(stage), stage.request(), ignore)
    assert "upload" not in stage.truth().calls


def test_the_direct_mode_uploads_the_signed_bytes_only(stage, desks):
    submit(desks(stage, (), replace(SETTLING, sign_mode="direct")), stage.request(), ignore)
    assert "replace" not in stage.truth().calls
    contents = {stored.component: content for stored, content in filed(stage)[0].files.values()}
    assert b"/ByteRange" in contents["GT1"]


def test_the_reference_can_be_kept_to_oneself(stage, desks):
    result = submit(desks(stage, send_reference=False), stage.request(), ignore)
    (dossier,) = filed(stage)
    assert dossier.note == ""
    assert all(result.reference not in stored.original_name for stored, _content in dossier.files.values())


def test_an_account_of_another_person_is_refused_before_signing(stage, desks):
    from dvc_cli.services.submit import AccountOfAnother

    text = DOSSIER.replace("034199000123", "033185000789").replace("Nguyễn Thị Được", "Lê Thị Hoa")
    stage.dossier_file.write_text(text, encoding="utf-8")
    with pytest.raises(AccountOfAnother):
        submit(desks(stage), stage.request(), ignore)
    assert stage.signatures() == []


def test_no_personal_data_is_in_the_events(stage, desks):
    """Events can be kept when the payload is purged."""
    import sqlite3

    desk = desks(stage)
    result = submit(desk, stage.request(), ignore)
    desk.journal.close()
    connection = sqlite3.connect(stage.state / "stage" / "journal.sqlite3")
    for (body,) in connection.execute("SELECT body FROM event UNION ALL SELECT body FROM row"):
        for word in ("Nguy", "034199000123", "trang-1", "làng", "NV001", "congdan"):
            assert word not in body
    connection.close()
    assert result.code
