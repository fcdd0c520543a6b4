"""`submit` and `dossier` as people and scripts run them: processes, streams, status, both languages."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from dvc_cli.config.paths import default_paths
from dvc_cli.config.profiles import ProfileStore
from dvc_cli.journal import open_journal
from dvc_cli.output.clock import SystemClock
from dvc_cli.services.sandbox_profile import write_sandbox_profile
from tests.portal.worlds import PASSWORD
from tests.submission.stage import make_papers
from tests.submission.test_sandbox import DOSSIER


class Program:
    """Runs `dvc-cli` with a home of its own, logged in at the sandbox."""

    def __init__(self, home, live):
        self.home = home
        self.live = live
        self.paths = default_paths({"DVC_HOME": str(home / "dvc")})

    def __call__(self, *arguments, language="en"):
        environment = {**os.environ, "DVC_HOME": str(self.home / "dvc"), "DVC_LANG": language}
        done = subprocess.run(
            [sys.executable, "-m", "dvc_cli", *map(str, arguments)],
            cwd=self.home,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err
        return done.returncode, out, err

    def log_in(self):
        secret = self.home / "password.txt"
        secret.write_text(PASSWORD.reveal(), encoding="utf-8")
        status, out, err = self("login", "--captcha-out", "captcha.png", "--force", "--json")
        assert status == 0, err
        answer = self.live.admin.captcha_answer("latest")
        challenge = json.loads(out)["id"]
        login = ("login", "--challenge", challenge, "--captcha", answer, "--password-file", secret)
        assert self(*login)[0] == 0

    def write(self, key, **changes):
        text = DOSSIER.format(key=key).replace('"citizen"', '"p12"')
        for old, new in changes.items():
            text = text.replace(old, new)
        path = self.home / f"{key}.toml"
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="module")
def dvc(live_sandbox, tmp_path_factory):
    home = tmp_path_factory.mktemp("program")
    make_papers(home)
    program = Program(home, live_sandbox)
    store = ProfileStore(program.paths)
    urls = live_sandbox.running.urls
    write_sandbox_profile(store, live_sandbox.running.state, portal=urls.portal, smartca=urls.smartca)
    store.use("sandbox")
    live_sandbox.admin.set_clock(datetime.now(UTC))
    program.log_in()
    return program


def test_the_whole_journey_of_one_dossier(dvc):
    path = dvc.write("JOURNEY")
    status, out, _err = dvc("dossier", "check", path)
    assert (status, "The dossier can be filed" in out) == (0, True)
    status, out, err = dvc("submit", path, "--dry-run", "--json")
    plan = json.loads(out)
    assert (status, plan["schema"], plan["dry_run"], plan["state"]) == (0, "dvc.submission.plan/1", True, None)
    assert plan["signatures"][0]["certificate"]
    assert plan["signatures"][0]["place"] == "last page, bottom right"
    assert plan["files"][0]["sources"][0]["size"] > 0
    assert plan["sandbox"]
    status, out, err = dvc("submit", path, "--yes", "--json")
    assert status == 0, err
    result = json.loads(out)
    assert result["code"] in [one["code"] for one in dvc.live.admin.dossiers()]
    assert result["reference"] == plan["reference"]
    assert "THỬ NGHIỆM" in err  # the plan is shown before, on stderr
    assert "034199000123" not in out + err
    status, out, _err = dvc("dossier", "show", "JOURNEY", "--local", "--json")
    shown = json.loads(out)
    assert (shown["line"]["code"], shown["line"]["state"]) == (result["code"], "confirmed")
    assert shown["line"]["receipt"] == result["receipt"]
    assert shown["files"][0]["path"] == result["files"][0]["path"]
    assert [step["event"] for step in shown["steps"]][-1] == "ReceiptSaved"
    status, out, _err = dvc("dossier", "list")
    assert any(result["code"] in line and "Mới đăng ký" in line for line in out.splitlines())


def test_again_is_refused_with_the_code_and_status_3(dvc):
    path = dvc.write("TWICE")
    status, out, _err = dvc("submit", path, "--yes")
    assert status == 0
    code = next(line.split("\t")[1] for line in out.splitlines() if line.startswith("Dossier\t"))
    status, out, err = dvc("submit", path, "--yes")
    assert (status, out) == (3, "")
    assert code in err
    assert f"--refile {code}" in err


def test_without_a_person_nothing_is_submitted_by_default(dvc):
    path = dvc.write("ASK")
    status, _out, err = dvc("submit", path)
    assert (status, "--yes" in err) == (2, True)
    assert "ASK" not in json.dumps(dvc.live.admin.dossiers())
    status, _out, err = dvc("submit", dvc.write("NOKEY", **{'key = "NOKEY"': ""}), "--yes")
    assert (status, "--key NV001" in err) == (2, True)


def test_every_problem_is_said_in_both_languages(dvc):
    path = dvc.write("BAD", **{"034199000123": "12345", '"trang-2.jpg"': '"dossier.txt"'})
    (dvc.home / "dossier.txt").write_text("text", encoding="utf-8")
    status, out, _err = dvc("dossier", "check", path)
    assert status == 10
    assert "an ID number has 12 digits" in out
    assert "by its content it is text" in out
    status, out, _err = dvc("dossier", "check", path, language="vi")
    assert (status, "số định danh có 12 chữ số" in out) == (10, True)
    status, out, err = dvc("submit", path, "--yes", language="vi")
    assert (status, out) == (10, "")
    assert "chưa thể nộp" in err
    status, out, _err = dvc("dossier", "check", path, "--json")
    assert (status, len(json.loads(out)["problems"])) == (10, 2)


def test_what_bad_input_gets(dvc):
    assert dvc("submit", "nothing.toml", "--yes")[0] == 10
    assert dvc("dossier", "show", "000.00.17.H54-260101-9999999")[0] == 9
    status, _out, err = dvc("submit", dvc.write("UNKNOWN", **{"9.990001": "9.123456"}), "--yes")
    assert (status, "9.123456" in err) == (9, True)
    status, _out, err = dvc("submit", dvc.write("SIGNER", **{'"p12"': '"nobody"'}), "--yes")
    assert (status, "nobody" in err, "p12" in err) == (13, True, True)
    assert dvc("submit", dvc.write("KEYS"), "--yes", "--key", "a", "--key-from-content")[0] == 2


def test_a_second_run_ends_with_11(dvc):
    path = dvc.write("SECOND")
    journal = open_journal(dvc.paths.state, profile="sandbox", clock=SystemClock())
    with journal.run("congdan", "00"):
        status, out, err = dvc("submit", path, "--yes")
    journal.close()
    assert (status, out) == (11, "")
    assert str(os.getpid()) in err


def test_init_writes_what_check_reads(dvc):
    status, out, _err = dvc("dossier", "init", "9.990001", "-o", "new.toml")
    assert (status, "new.toml" in out) == (0, True)
    text = (dvc.home / "new.toml").read_text(encoding="utf-8")
    assert 'full_name = "Nguyễn Thị Được"' in text
    assert dvc("dossier", "init", "9.990001", "-o", "new.toml")[0] == 10
    (dvc.home / "scans").mkdir(exist_ok=True)
    (dvc.home / "scans" / "01-1.jpg").write_bytes((dvc.home / "trang-2.jpg").read_bytes())
    status, out, _err = dvc("dossier", "check", "new.toml", "--offline")
    assert (status, "can be filed" in out) == (0, True)
