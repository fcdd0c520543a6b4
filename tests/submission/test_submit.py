"""`submit` from the dossier file to the receipt, against the memory portal with real conversion and signing."""

import hashlib
import shutil
from dataclasses import replace

import pytest

from dvc_cli.errors import ExitCode, Interrupted
from dvc_cli.journal.base import RunInProgress
from dvc_cli.model.submission import State
from dvc_cli.portal.memory import CAPABILITIES
from dvc_cli.services.duplicates import AlreadySubmitted
from dvc_cli.services.right_certificate import CertificateOfAnother, NoAuthorisation
from dvc_cli.services.submit import NoKey, dry_run, submit
from tests.submission.stage import DOSSIER, SETTLE, Nobody, filed, make_p12

SETTLING = replace(CAPABILITIES, settle_seconds=SETTLE, token_burned="unknown")


def ignore(plan):
    """Nobody looks at the plan."""


def state_of(desk, reference):
    return desk.journal.row(reference).state


def test_from_pictures_to_a_receipt(stage, desks):
    desk = desks(stage)
    shown = []
    result = submit(desk, stage.request(), shown.append)
    (dossier,) = filed(stage)
    assert result.code == dossier.code
    assert result.state is State.CONFIRMED
    assert result.reference in dossier.note
    assert "Số tham chiếu nội bộ" in dossier.note
    assert result.receipt.read_text(encoding="utf-8").startswith("THỬ NGHIỆM")
    assert {stored.component for stored, _content in dossier.files.values()} == {"GT1", "GT3"}
    by_component = {stored.component: (stored, content) for stored, content in dossier.files.values()}
    stored, content = by_component["GT1"]
    assert stored.signed
    assert content.startswith(b"%PDF-")
    assert b"/ByteRange" in content
    assert by_component["GT3"][1] == (stage.folder / "can-cuoc.pdf").read_bytes()
    assert stored.original_name == f"trang-1-{result.reference}.pdf"
    assert {file.sha256 for file in result.files} == {
        hashlib.sha256(content).hexdigest() for _stored, content in dossier.files.values()
    }
    assert desk.journal.audit().problems == ()
    assert shown[0].sha256
    assert shown[0].signatures[0].certificate == "Nguyễn Thị Được"


def test_a_dry_run_shows_the_same_plan_and_does_nothing(stage, desks):
    desk = desks(stage)
    plan = dry_run(desk, stage.request())
    assert stage.truth().calls == []
    assert not desk.folder.exists()
    assert list(desk.journal.rows()) == []
    shown = []
    submit(desk, stage.request(), shown.append)
    assert replace(plan, dry_run=False) == shown[0]


def test_the_same_case_again_is_refused_with_the_earlier_code(stage, desks):
    first = submit(desks(stage), stage.request(), ignore)
    with pytest.raises(AlreadySubmitted, match=first.code) as caught:
        submit(desks(stage), stage.request(), ignore)
    assert caught.value.exit_code is ExitCode.OUTCOME_UNKNOWN
    assert str(first.receipt) in caught.value.details[0]
    stage.dossier_file.write_text(DOSSIER.replace("NV001", "NV002"), encoding="utf-8")
    submit(desks(stage), stage.request(), ignore)
    assert len(filed(stage)) == 2


def test_a_lost_journal_does_not_file_twice(stage, desks):
    first = submit(desks(stage), stage.request(), ignore)
    shutil.rmtree(stage.state)
    with pytest.raises(AlreadySubmitted, match=first.code):
        submit(desks(stage), stage.request(), ignore)
    assert len(filed(stage)) == 1
    assert stage.signatures() == ["01.pdf"]  # nothing was signed again


def test_another_period_is_another_dossier(stage, desks):
    for month in ("2026-10", "2026-11"):
        text = DOSSIER.replace('key = "NV001"', f'key = "NV001"\nperiod = "{month}"')
        stage.dossier_file.write_text(text, encoding="utf-8")
        submit(desks(stage), stage.request(), ignore)
    assert len(filed(stage)) == 2


def test_refiling_after_a_refusal(stage, desks):
    from dvc_cli.model.dossier import DossierStatus
    from dvc_cli.services.duplicates import NotAnEarlierDossier, NotRefilable

    first = submit(desks(stage), stage.request(), ignore)
    with pytest.raises(NotRefilable, match=first.code):
        submit(desks(stage), stage.request(refile=first.code), ignore)
    with pytest.raises(NotAnEarlierDossier):
        submit(desks(stage), stage.request(refile="000.00.17.H54-261105-0000999"), ignore)
    desk = desks(stage)
    desk.portal.world.set_status(first.code, DossierStatus.NOT_ACCEPTED, stage.clock.now())
    desk.portal.keep("officer")
    second = submit(desk, stage.request(refile=first.code), ignore)
    assert second.code != first.code
    assert second.reference != first.reference
    shutil.rmtree(stage.state)
    with pytest.raises(AlreadySubmitted, match=second.code):
        submit(desks(stage), stage.request(refile=first.code), ignore)


def test_a_dossier_without_a_key_asks_for_one(stage, desks):
    stage.dossier_file.write_text(DOSSIER.replace('key = "NV001"\n', ""), encoding="utf-8")
    with pytest.raises(NoKey):
        submit(desks(stage), stage.request(), ignore)
    prompter = Nobody(answer=True, text="NV009")
    submit(desks(stage, prompter=prompter), stage.request(yes=False), ignore)
    assert prompter.asked == ["--key", "--yes"]
    with pytest.raises(AlreadySubmitted, match="NV009"):
        submit(desks(stage), stage.request(key="NV009"), ignore)
    submit(desks(stage), stage.request(key_from_content=True), ignore)
    with pytest.raises(AlreadySubmitted):
        submit(desks(stage), stage.request(key_from_content=True), ignore)


def test_no_is_no(stage, desks):
    with pytest.raises(Interrupted):
        submit(desks(stage, prompter=Nobody(answer=False)), stage.request(yes=False), ignore)
    assert filed(stage) == []
    assert stage.signatures() == []


def test_a_second_run_is_refused_before_anything_else(stage, desks):
    desk = desks(stage)
    with desk.journal.run("congdan", "00"), pytest.raises(RunInProgress) as caught:
        submit(desks(stage), stage.request(), ignore)
    assert caught.value.exit_code is ExitCode.LOCKED
    assert stage.truth().calls == []


# -- who may sign ----------------------------------------------------------------------------------------------------------


def test_a_certificate_of_another_is_refused_before_anything_is_signed(stage, desks):
    make_p12(stage.folder / "me.p12", "033185000789", "Lê Thị Hoa")
    with pytest.raises(CertificateOfAnother, match="Lê Thị Hoa") as caught:
        submit(desks(stage), stage.request(), ignore)
    assert caught.value.exit_code is ExitCode.SIGNING_REFUSED
    assert stage.signatures() == []
    with pytest.raises(NoAuthorisation):
        submit(desks(stage, on_behalf=True), stage.request(), ignore)
    authorised = DOSSIER + '\n[[component]]\nmatch = "ủy quyền"\nfiles = "can-cuoc.pdf"\n'
    stage.dossier_file.write_text(authorised, encoding="utf-8")
    assert submit(desks(stage, on_behalf=True), stage.request(), ignore).code


def test_two_signers_sign_in_the_order_given_with_one_opening_each(stage, desks):
    shutil.copy(stage.folder / "me.p12", stage.folder / "director.p12")
    text = DOSSIER.replace(
        'at = "bottom-right"\n', 'at = "bottom-left"\n[[component.sign]]\nsigner = "director"\npage = "1"\n'
    )
    text += '[[component.sign]]\nsigner = "me"\nvisible = false\n'
    stage.dossier_file.write_text(text, encoding="utf-8")
    opened = []

    def signer(name):
        opened.append(name)
        return stage.signer(name)

    desk = desks(stage, signer=signer)
    submit(desk, stage.request(), ignore)
    assert opened[-2:] == ["me", "director"]
    assert stage.signatures() == ["01.pdf", "02.pdf", "01.signed-1.pdf"]
    contents = {stored.component: content for stored, content in filed(stage)[0].files.values()}
    assert contents["GT1"].count(b"/ByteRange") == 2
    assert contents["GT3"].count(b"/ByteRange") == 1
