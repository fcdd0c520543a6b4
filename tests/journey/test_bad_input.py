"""What bad input gets: the status of the table, the object and the remedy in both languages, and nothing left behind."""

from __future__ import annotations

import io
import socket
import time
import uuid
import zipfile
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from dvc_cli.output.clock import SystemClock
from dvc_sandbox.client import AdminClient
from dvc_sandbox.clock import LOCAL
from dvc_sandbox.control import Running
from dvc_sandbox.faults import FaultRule
from tests.journey.operator import Operator, guide_dossier, pdf

LIST, UPLOAD = r"/dichvucong/bothutuc/listThuTuc", r"/dich-vu-cong/tiep-nhan-online/tep-tin"
MB = 1_000_000


@pytest.fixture
def host(sandbox: Running) -> str:
    """The portal's name in messages."""
    return sandbox.urls.portal.removeprefix("http://")


def account_for(operator: Operator, number: int) -> str:
    """An account of its own for each test and language, so that tests can run in any order."""
    return f"congdan{number + (operator.language == 'en'):02d}"


def archive(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr(name, "x" * 400)
    return out.getvalue()


def jpg() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (1654, 2339), "white").save(out, "JPEG", dpi=(200, 200))
    return out.getvalue()


# -- logging in ------------------------------------------------------------------------------------------------------


def test_a_wrong_captcha_costs_no_password_try(operator: Operator, host: str) -> None:
    account = account_for(operator, 2)
    ended = operator.log_in(account, captcha="SAI")
    operator.check_refused(ended, 4, host, "`dvc-cli login --captcha-out captcha.png`")
    assert operator.wrong_passwords(account) == 0
    assert operator.left_behind() == set()
    assert operator.log_in(account).status == 0


def test_a_wrong_password_is_sent_once_and_never_repeated(operator: Operator, host: str) -> None:
    account = account_for(operator, 4)
    ended = operator.log_in(account, password="Nhầm@mật-khẩu1")
    operator.check_refused(ended, 4, account, host, "`dvc-cli login`")
    assert "Nhầm@mật-khẩu1" not in ended.err + ended.out
    again = operator.log_in(account)
    operator.check_refused(again, 7, account, "--retry-password")
    assert operator.wrong_passwords(account) == 1
    assert operator.left_behind() == set()


def test_a_locked_account_is_told_and_left_alone(operator: Operator, admin: AdminClient, host: str) -> None:
    account = account_for(operator, 6)
    until = admin.clock() + timedelta(minutes=20)
    moment = until.astimezone(UTC).isoformat(timespec="seconds")
    operator.write("UPDATE account SET failed_passwords = 5, locked_until = ? WHERE username = ?", moment, account)
    ended = operator.log_in(account)
    operator.check_refused(ended, 7, account, host, f"{until.astimezone(LOCAL):%d/%m/%Y %H:%M}")
    assert operator.run("whoami").status == 4
    assert operator.left_behind() == set()


def test_nobody_is_logged_in(operator: Operator, host: str) -> None:
    operator.check_refused(operator.run("whoami"), 4, host, "`dvc-cli login`")
    operator.dossier(don__pdf=pdf())
    operator.check_refused(operator.run("submit", "ho-so.toml", "--yes"), 4, host, "login")
    assert operator.left_behind() == {"ho-so.toml", "don.pdf"}


def test_an_ended_session_needs_a_person_where_nobody_can_be_asked(operator: Operator, admin: AdminClient) -> None:
    account = account_for(operator, 8)
    assert operator.log_in(account).status == 0
    admin.add_fault(FaultRule("portal", "GET", r"/dich-vu-cong/cong-dan/.*", "session-lost", count=1))
    ended = operator.run("whoami")
    operator.check_refused(ended, 4, "`dvc-cli login`")
    assert operator.run("whoami").status == 4


# -- the dossier -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["procedures", "show"], ["procedures", "forms"], ["dossier", "init"]])
def test_an_unknown_procedure(operator: Operator, command: list[str]) -> None:
    operator.check_refused(operator.run(*command, "9.999999"), 9, "9.999999", "dvc-cli procedures list")
    assert operator.left_behind() == set()


def test_a_dossier_of_an_unknown_procedure(operator: Operator) -> None:
    operator.log_in()
    before = operator.portal_state()
    operator.dossier(guide_dossier(procedure="9.999999"), don__pdf=pdf())
    operator.check_refused(operator.run("submit", "ho-so.toml", "--yes"), 9, "9.999999")
    assert operator.portal_state() == before


TWO = """
[[component]]
match = "Giấy tờ khác hẳn"
files = ["khac.pdf"]
"""
CASES: dict[str, tuple[str, dict[str, bytes], tuple[str, ...]]] = {
    "matches none": (guide_dossier() + TWO, {"don__pdf": pdf(), "khac__pdf": pdf()}, ("Giấy tờ khác hẳn",)),
    "matches two": (
        guide_dossier(match="Bản sao giấy tờ", procedure="9.990002"),
        {"don__pdf": pdf()},
        ("Bản sao giấy tờ", "Bản sao giấy tờ chứng minh"),
    ),
    "mandatory missing": (
        guide_dossier(match="Văn bản ủy quyền", procedure="1.001612"),
        {"don__pdf": pdf()},
        ("Giấy đề nghị đăng ký",),
    ),
    "wrong type": (guide_dossier(file="don.xlsx"), {"don__xlsx": archive("xl/workbook.xml")}, ("don.xlsx", "pdf")),
    "type by content": (guide_dossier(), {"don__pdf": b"MZ\x90\x00 a program"}, ("don.pdf",)),
    "broken archive": (guide_dossier(file="don.zip"), {"don__zip": archive("giay-to.pdf")[:60]}, ("don.zip",)),
    "broken pdf": (guide_dossier(), {"don__pdf": pdf()[:200]}, ("don.pdf",)),
    "file missing": (guide_dossier(file="quên.pdf"), {}, ("quên.pdf",)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_dossier_that_cannot_be_filed(operator: Operator, name: str) -> None:
    text, files, told = CASES[name]
    operator.log_in()
    before = operator.portal_state()
    operator.dossier(text, **files)
    here = operator.left_behind()
    for command in (["submit", "--yes"], ["submit", "--dry-run"]):
        operator.check_refused(operator.run(*command, "ho-so.toml"), 10, *told)
    assert operator.run("dossier", "check", "ho-so.toml").status == 10
    assert operator.portal_state() == before
    assert operator.left_behind() == here


def test_a_file_too_large_is_told_before_any_upload_and_by_how_much(operator: Operator) -> None:
    operator.log_in()
    before = operator.portal_state()
    content = pdf(20 * MB + 1_500_000)
    assert len(content) == 21_500_000
    operator.dossier(don__pdf=content)
    excess = "1,5 MB" if operator.language == "vi" else "1.5 MB"
    operator.check_refused(operator.run("submit", "ho-so.toml", "--yes"), 10, "don.pdf", excess, "20 MB")
    assert operator.portal_state() == before
    assert operator.left_behind() == {"ho-so.toml", "don.pdf"}


def test_a_broken_picture(operator: Operator) -> None:
    (operator.folder / "trang-1.jpg").write_bytes(jpg()[:3000])
    (operator.folder / "trang-2.jpg").write_bytes(jpg())
    ended = operator.run("scan", "convert", "trang-2.jpg", "trang-1.jpg", "-o", "don.pdf")
    operator.check_refused(ended, 10, "trang-1.jpg")
    assert operator.left_behind() == {"trang-1.jpg", "trang-2.jpg"}
    operator.log_in()
    before = operator.portal_state()
    operator.dossier(guide_dossier(file="trang-1.jpg"))
    operator.check_refused(operator.run("submit", "ho-so.toml", "--yes"), 10, "trang-1.jpg")
    assert operator.portal_state() == before
    assert operator.left_behind() == {"trang-1.jpg", "trang-2.jpg", "ho-so.toml"}


# -- the network -----------------------------------------------------------------------------------------------------


def elsewhere(operator: Operator, portal: str) -> None:
    """Point the profile to another address."""
    operator.profiles.write(replace(operator.profiles.load("sandbox"), portal_url=portal), force=True)


def test_no_network(operator: Operator) -> None:
    elsewhere(operator, "https://khong-co-that.invalid")
    operator.check_refused(operator.run("procedures", "list"), 5, "khong-co-that.invalid")
    operator.check_refused(operator.run("login", "--captcha-out", "captcha.png"), 5, "khong-co-that.invalid")
    assert operator.left_behind() == set()


def test_a_portal_that_is_down(operator: Operator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{taken.getsockname()[1]}"
        elsewhere(operator, f"http://{closed}")
        operator.check_refused(operator.run("procedures", "list"), 5, closed)
        operator.check_refused(operator.run("login", "--captcha-out", "captcha.png"), 5, closed)
    assert operator.left_behind() == set()


@pytest.mark.parametrize("kind", ["error-before", "maintenance", "html", "truncate", "cut-before", "throttle"])
def test_a_read_with_a_bad_answer(operator: Operator, admin: AdminClient, kind: Any) -> None:
    admin.add_fault(FaultRule("portal", "*", LIST, kind, count=None, seconds=1))
    operator.check_refused(operator.run("procedures", "list"), 5)
    assert operator.left_behind() == set()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries pass at once; nothing else is touched."""
    monkeypatch.setattr(SystemClock, "sleep", lambda _self, _seconds: time.sleep(0.01))


def own_dossier(operator: Operator) -> str:
    """A dossier of a case of its own; returns its key."""
    key = f"CA-{uuid.uuid4().hex}"
    operator.dossier(guide_dossier().replace("TRINH-DIEN-SMARTCA", key), don__pdf=pdf())
    return key


def check_filed_once(operator: Operator, before: int) -> None:
    """One dossier more than before, with its one file."""
    assert operator.portal_state()[2] == before + 1
    code = operator.read("SELECT code FROM dossier ORDER BY rowid DESC LIMIT 1")[0][0]
    assert operator.read("SELECT count(*) FROM dossier_file WHERE dossier = ?", code) == [(1,)]


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("kind", ["error-before", "html", "truncate", "cut-after", "session-lost"])
def test_an_upload_with_one_bad_answer_is_looked_up_and_goes_on(
    operator: Operator, admin: AdminClient, kind: Any
) -> None:
    """HTML where JSON was expected, among others. A session that ends needs a person: told, and continued later."""
    operator.log_in()
    own_dossier(operator)
    before = operator.portal_state()[2]
    admin.add_fault(FaultRule("portal", "POST", UPLOAD, kind, count=1))
    ended = operator.run("submit", "ho-so.toml", "--yes")
    assert admin.faults()["faults"] == [], "the fault never struck"
    if kind == "session-lost":
        operator.check_refused(ended, 4, "login")
        assert operator.log_in().status == 0
        ended = operator.run("submit", "ho-so.toml", "--yes")
    assert ended.status == 0, ended.err
    check_filed_once(operator, before)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("kind", ["error-before", "html", "maintenance"])
def test_uploads_that_stay_impossible_are_told_and_continued(operator: Operator, admin: AdminClient, kind: Any) -> None:
    operator.log_in()
    own_dossier(operator)
    before = operator.portal_state()[2]
    admin.add_fault(FaultRule("portal", "POST", UPLOAD, kind, count=None))
    operator.check_refused(operator.run("submit", "ho-so.toml", "--yes"), 5, "don-DVC-")
    assert operator.portal_state()[2] == before
    admin.clear_faults()
    assert operator.run("submit", "ho-so.toml", "--yes").status == 0
    check_filed_once(operator, before)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("kind", ["html", "error-before", "maintenance", "cut-before"])
def test_a_cloud_signer_with_a_bad_answer(operator: Operator, admin: AdminClient, kind: Any) -> None:
    """The signer's first request only reads; SmartCA speaks JSON, so a proxy's page is no answer either."""
    (operator.folder / "don.pdf").write_bytes(pdf())
    signer = operator.sandbox.urls.smartca.removeprefix("http://")
    admin.add_fault(FaultRule("smartca", "*", ".*", kind, count=None))
    operator.check_refused(operator.run("sign", "don.pdf", "--signer", "smartca"), 5, signer)
    assert operator.left_behind() == {"don.pdf"}
    assert not [one for one in admin.transactions() if one["state"] == "waiting"]
