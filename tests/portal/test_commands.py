"""`login`, `whoami`, `logout`, `procedures`, `track` as typed, against the sandbox over real HTTP."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dvc_cli.config.paths import default_paths
from dvc_cli.config.profiles import ProfileStore
from dvc_cli.main import main
from dvc_cli.services.sandbox_profile import write_sandbox_profile
from dvc_cli.testing.portal_facts import filed, log_in


@pytest.fixture
def run(live, capsys, tmp_path, monkeypatch):
    """Run a command line with the profile `sandbox` in use; returns status, stdout, stderr."""
    store = ProfileStore(default_paths(os.environ))
    urls = live.running.urls
    write_sandbox_profile(store, live.running.state, portal=urls.portal, smartca=urls.smartca)
    store.use("sandbox")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pw").write_text("CongDan@123\n", encoding="utf-8")

    def command(*arguments):
        capsys.readouterr()
        status = main(arguments)
        captured = capsys.readouterr()
        return int(status), captured.out, captured.err

    return command


def logged_in(run, live):
    _status, out, _err = run("login", "--captcha-out", "c.png", "--force", "--json")
    challenge = json.loads(out)
    kept = default_paths(os.environ).state / "sandbox" / "challenges" / f"{challenge['id']}.json"
    image = json.loads(kept.read_text(encoding="utf-8"))["state"]["image"]
    answer = live.admin.captcha_answer(image.rsplit("/", 1)[-1])
    return run("login", "--challenge", challenge["id"], "--captcha", answer, "--password-file", "pw", "--json")


@pytest.fixture
def code(portal, live, tmp_path):
    """A dossier filed by somebody before."""
    log_in(portal, live.facts())
    return filed(portal, live.facts(), tmp_path)


def test_a_script_logs_in_in_two_steps_and_out_again(run, live):
    status, out, _err = logged_in(run, live)
    assert status == 0
    session = json.loads(out)
    assert (session["schema"], session["account"]) == ("dvc.sessions.session/1", "congdan")
    assert session["identity"] == "*********123"
    assert session["sandbox"] is True
    assert "034199000123" not in out
    assert run("whoami")[0] == 0
    status, out, _err = run("logout", "--json")
    assert json.loads(out)["at_portal"] is True
    status, _out, err = run("whoami")
    assert status == 4
    assert "dvc-cli login" in err


def test_the_captcha_picture_is_private_and_real(run):
    status, out, _err = run("login", "--captcha-out", "c.png", "--json")
    assert status == 0
    assert Path(json.loads(out)["captcha"]).read_bytes().startswith(b"\x89PNG")
    status, _out, err = run("login", "--captcha-out", "c.png")
    assert status == 10
    assert "--force" in err


def test_a_wrong_password_ends_with_4_and_the_next_try_with_7(run, live, tmp_path):
    (tmp_path / "pw").write_text("sai", encoding="utf-8")
    assert logged_in(run, live)[0] == 4
    status, _out, err = logged_in(run, live)
    assert status == 7
    assert json.loads(err)["error"] == "password-guarded"


def test_a_wrong_captcha_ends_with_4(run):
    challenge = json.loads(run("login", "--captcha-out", "c.png", "--json")[1])["id"]
    status, _out, err = run(
        "login", "--challenge", challenge, "--captcha", "?????", "--password-file", "pw", "--lang", "vi"
    )
    assert status == 4
    assert "mã xác nhận" in err


def test_without_a_terminal_login_names_the_way_for_scripts(run):
    status, _out, err = run("login", "--no-input", "--password-file", "pw")
    assert status in (2, 4)
    assert "--captcha" in err


def test_procedures_are_listed_as_lines_for_pipes_and_as_json(run):
    status, out, _err = run("procedures", "list", "phat", "bieu")
    assert status == 0
    assert out.splitlines()[0].split("\t")[0] == "9.990001"
    page = json.loads(run("procedures", "list", "không có gì như thế", "--json")[1])
    assert (page["items"], page["total"], page["schema"]) == ([], 0, "dvc.procedures.page/1")


def test_all_procedures_are_read_and_kept_for_offline_work(run):
    page = json.loads(run("procedures", "list", "--all", "--json")[1])
    assert len(page["items"]) == page["total"] > 100
    copy = json.loads(run("procedures", "list", "--all", "--offline", "--json")[1])
    assert copy["from_cache"] is True
    assert copy["items"] == page["items"]


def test_a_procedure_is_shown_in_both_languages(run):
    english, vietnamese = (run("procedures", "show", "1.001193", "--lang", lang)[1] for lang in ("en", "vi"))
    assert "only to be shown" in english
    assert "chỉ xuất trình" in vietnamese
    assert "bắt buộc" in vietnamese
    status, _out, err = run("procedures", "show", "1.999999")
    assert status == 9
    assert "1.999999" in err


def test_forms_are_downloaded(run, tmp_path):
    report = json.loads(run("procedures", "forms", "9.990001", "-o", "forms", "--json")[1])
    (form,) = report["forms"]
    assert Path(form["path"]).stat().st_size == form["size"]
    assert run("procedures", "forms", "9.990001", "-o", "forms")[0] == 10
    assert run("procedures", "forms", "9.990001", "-o", "forms", "--force")[0] == 0


def test_a_dossier_is_tracked_and_waited_for(run, live, code):
    assert run("track", code)[0] == 4
    logged_in(run, live)
    status, out, _err = run("track", code, "--json")
    report = json.loads(out)
    assert (status, report["way"], report["dossier"]["status"]) == (0, "own", "new")
    assert run("track", code, "--wait", "accepted", "--timeout", "0")[0] == 8
    live.admin.officer(code, "accept")
    status, out, _err = run("track", code, "--wait", "accepted", "--lang", "vi")
    assert status == 0
    assert "Được tiếp nhận" in out
    assert "Đã đạt: accepted" in out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("track", "12345"), 10),
        (("track", "000.00.17.H54-200131-0000001", "--wait", "soon"), 2),
        (("login", "--captcha", "x"), 2),
        (("login", "--challenge", "gone", "--captcha", "x"), 4),
        (("procedures", "list", "--offline"), 5),
        (("procedures", "list", "--field", "Thiên văn"), 10),
    ],
)
def test_wrong_use_has_the_status_of_the_table_and_a_remedy(run, arguments, status):
    found, out, err = run(*arguments)
    assert found == status
    assert out == ""
    assert "hint:" in err


def test_a_portal_that_is_down_is_temporary_and_named(run, live):
    from dvc_sandbox.faults import FaultRule

    live.admin.add_fault(FaultRule("portal", "GET", ".*", "maintenance", count=None))
    status, _out, err = run("procedures", "show", "1.001193")
    assert status == 5
    assert "503" in err
