"""Filing at the sandbox's portal over real HTTP, with its faults, late commits and restarts; the oracle is its database."""

import multiprocessing
import shutil
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from dvc_cli.errors import DvcError
from dvc_cli.files import write_atomically
from dvc_cli.journal import open_journal
from dvc_cli.model.secret import Secret
from dvc_cli.model.submission import State
from dvc_cli.scan.convert import ConversionOptions, convert
from dvc_cli.services.desk import Desk
from dvc_cli.services.duplicates import AlreadySubmitted
from dvc_cli.services.sign import sign_files
from dvc_cli.services.submit import SubmitRequest, submit
from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.p12 import Pkcs12Signer
from dvc_sandbox.client import AdminClient
from dvc_sandbox.faults import FaultRule
from tests.portal.worlds import PASSWORD, LivePortal
from tests.submission.crashes import with_point
from tests.submission.stage import REFERENCE_KEY, Nobody, Quiet, make_papers

CONFIRM = "/dich-vu-cong/tiep-nhan-online/xac-nhan.*"
LATE = 120
DOSSIER = """\
procedure = "9.990001"
subject = "Đăng bài giới thiệu làng nghề"
key = "{key}"

[applicant]
full_name = "Nguyễn Thị Được"
identity_number = "034199000123"
birthday = 1999-03-08
phone = "0912000123"
province = "Hưng Yên"
commune = "Phường Trần Lãm"
address = "Số 8"

[[component]]
match = "đơn đề nghị"
files = ["trang-1.png", "trang-2.jpg"]
[[component.sign]]
signer = "citizen"
"""


class JointClock:
    """The sandbox's clock: sleeping here lets time pass there."""

    def __init__(self, admin):
        self._admin = admin
        self._passed = 0.0

    def now(self):
        return self._admin.clock()

    def monotonic(self):
        return self._passed

    def sleep(self, seconds):
        self._passed += seconds
        self._admin.shift_clock(timedelta(seconds=seconds))


class LiveDoor:
    """Logs in with the captcha's answer from the admin API."""

    def __init__(self, live, portal):
        self._live, self._portal = live, portal

    def ensure(self):
        return self._portal.session() or self.renew()

    def renew(self):
        challenge = self._portal.begin_login("congdan")
        return self._portal.finish_login(challenge, "congdan", PASSWORD, self._live.answer(challenge))


def desk_of(live, folder):
    """A desk at the live portal. `burned` and `settle` are what the client believes of the portal."""
    portal = live.driver(folder / "dialect.toml")
    clock = JointClock(live.admin)
    p12 = live.running.state / "pki" / "p12" / "citizen.p12"
    spec = SignerSpec(name="citizen", kind="p12", options={"file": str(p12)})
    return Desk(
        portal=portal,
        journal=open_journal(folder / "state", profile="live", clock=clock),
        sessions=LiveDoor(live, portal),
        signer=lambda name: Pkcs12Signer(spec, lambda *_a, **_n: Secret("sandbox"), clock),
        sign_files=sign_files,
        convert=lambda inputs, output, progress: convert(inputs, output, ConversionOptions(), progress),
        save=write_atomically,
        clock=clock,
        progress=Quiet(),
        prompter=Nobody(),
        folder=folder / "state" / "live" / "dossiers",
    )


def believe(folder, burned, settle):
    text = "schema = 1\ndialect = 'igate1'\n[capabilities]\n" + f"token_burned = '{burned}'\n"
    text += f"settle_seconds = {settle}\n" if settle is not None else ""
    (folder / "dialect.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    make_papers(folder)
    return folder


@pytest.fixture
def folder(papers, tmp_path, request):
    shutil.copytree(papers, tmp_path, dirs_exist_ok=True)
    (tmp_path / "dossier.toml").write_text(DOSSIER.format(key=request.node.name[-60:]), encoding="utf-8")
    believe(tmp_path, "unknown", LATE + 30)
    return tmp_path


def request_of(folder, **changes):
    request = SubmitRequest(
        dossier_file=folder / "dossier.toml", account="congdan", reference_key=REFERENCE_KEY, yes=True
    )
    return replace(request, **changes)


def file_it(live, folder):
    """The code the tool says, and the reference."""
    desk = desk_of(live, folder)
    try:
        result = submit(desk, request_of(folder), lambda plan: None)
        return result.code, result.reference
    except AlreadySubmitted:
        row = next(desk.journal.rows()).row
        return row.code, row.reference
    finally:
        desk.journal.close()
        desk.portal.close()


def assert_one(live, folder, code, reference):
    """I1, I3, I7 by the sandbox's database."""
    mine = [one["code"] for one in live.admin.dossiers() if one["reference"] == reference]
    assert mine == [code]
    assert reference in live.admin.dossier(code)["note"]
    journal = open_journal(folder / "state", profile="live", clock=JointClock(live.admin))
    row = journal.row(reference)
    assert row.state is State.CONFIRMED
    stored = live.admin.dossier(code)["files"]
    if row.files:
        assert sorted(one["sha256"] for one in stored) == sorted(row.final_sha256(file) for file in row.files)
    assert all(one["signer"] for one in stored)
    assert journal.audit().problems == ()
    journal.close()


def struck(live):
    """How many requests the one fault has hit."""
    return sum(live.admin.faults()["hits"].values())


def test_the_whole_way_and_what_the_portal_then_holds(live, folder):
    code, reference = file_it(live, folder)
    assert_one(live, folder, code, reference)
    (stored,) = live.admin.dossier(code)["files"]
    (kept,) = (folder / "state" / "live" / "dossiers" / reference).rglob("01.signed-1.pdf")
    assert live.admin.blob(stored["sha256"]) == kept.read_bytes()
    receipt = next((folder / "state" / "live" / "receipts").iterdir())
    assert receipt.read_bytes().startswith(b"%PDF-")
    assert code in receipt.name


FAULTS = (
    "error-before",
    "error-after",
    "cut-before",
    "cut-after",
    "reset",
    "html",
    "throttle",
    "session-lost",
    "truncate",
)


@pytest.mark.parametrize("burn", ["before", "with", "after"])
@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_of_the_confirmation_ends_with_one_dossier(live, folder, kind, burn):
    live.admin.portal_settings(burn=burn)
    believe(folder, burn if burn != "after" else "unknown", LATE + 30)
    live.admin.add_fault(FaultRule(server="portal", method="POST", path=CONFIRM, kind=kind, count=1, seconds=1))
    before = struck(live)
    filed = file_it(live, folder)
    assert struck(live) == before + 1
    assert_one(live, folder, *filed)


@pytest.mark.parametrize("burn", ["before", "with", "after"])
def test_a_commit_that_takes_effect_two_minutes_later_is_waited_for(live, folder, burn):
    live.admin.portal_settings(burn=burn, late_commits=1, late_seconds=LATE)
    believe(folder, burn if burn != "after" else "unknown", LATE + 30)
    code, reference = file_it(live, folder)
    live.admin.shift_clock(timedelta(seconds=LATE * 2))
    assert_one(live, folder, code, reference)


@pytest.mark.parametrize("path", ["/dich-vu-cong/tiep-nhan-online/.*", ".*/tep.*", ".*/nhap-thong-tin.*"])
@pytest.mark.parametrize("kind", ["cut-after", "error-after", "session-lost"])
def test_faults_on_the_way_leave_one_clean_dossier(live, folder, path, kind):
    live.admin.add_fault(FaultRule(server="portal", method="POST", path=path, kind=kind, count=2))
    try:
        filed = file_it(live, folder)
    except DvcError:  # the way was too rough this time: the same command continues
        live.admin.clear_faults()
        filed = file_it(live, folder)
    assert_one(live, folder, *filed)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and the fork server are POSIX")
@pytest.mark.parametrize("point", ["portal>upload", "portal>replace_signed", "event>CommitIntended", "portal>commit"])
def test_killed_at_the_live_portal_the_same_command_ends_with_one(live, folder, point):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.submission.test_sandbox"])
    child = context.Process(target=play_live, args=(live.running, str(folder), point))
    child.start()
    child.join(60)
    assert child.exitcode == -9
    assert_one(live, folder, *file_it(live, folder))


def play_live(running, folder, point):
    from pathlib import Path

    admin = AdminClient(running.urls.admin, running.admin_token)
    desk = desk_of(LivePortal(running, admin), Path(folder))
    submit(with_point(desk, point), request_of(Path(folder)), lambda plan: None)
