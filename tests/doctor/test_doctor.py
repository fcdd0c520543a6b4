"""`doctor` on the real computer, and with things that are broken."""

from __future__ import annotations

import json
import shutil

import pytest

from dvc_cli.config.paths import default_paths
from dvc_cli.config.profiles import Profile, ProfileStore
from dvc_cli.errors import ExitCode
from dvc_cli.main import main


def checks(capsys, *arguments: str) -> tuple[int, dict[str, dict]]:
    status = main(["doctor", "--json", *arguments])
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "dvc.doctor.diagnosis/1"
    return status, {check["slug"]: check for check in document["checks"]}


def test_a_fresh_computer_is_fine_and_told_what_is_missing(capsys):
    status, found = checks(capsys)
    assert status == ExitCode.DONE
    assert found["system"]["state"] == "ok"
    assert found["storage"]["state"] == "ok"
    assert found["profile"]["state"] == "note"
    assert "profile use" in found["profile"]["remedy"]
    assert found["keyring"]["state"] == "missing"
    assert "portal" not in found


def test_softhsm_is_found(capsys):
    if not shutil.which("softhsm2-util"):
        pytest.skip("softhsm2 is not installed")
    assert main(["doctor", "--json"]) == ExitCode.DONE
    document = json.loads(capsys.readouterr().out)
    modules = [check for check in document["checks"] if check["slug"] == "tokens"]
    assert any("libsofthsm2" in check["detail"] and check["state"] == "ok" for check in modules)


def test_a_portal_that_does_not_answer_is_broken(capsys, monkeypatch):
    import os

    store = ProfileStore(default_paths(os.environ))
    store.write(Profile(name="gone", portal_url="http://127.0.0.1:9", account="x"))
    status, found = checks(capsys, "--profile", "gone")
    assert status == ExitCode.CONFIGURATION
    assert found["portal"]["state"] == "broken"
    assert "127.0.0.1:9" in found["portal"]["detail"]
    assert found["profile"]["state"] == "ok"


def test_broken_settings_are_one_broken_check(capsys, monkeypatch):
    import os

    folder = default_paths(os.environ).config
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("langauge = 1\n", encoding="utf-8")
    status, found = checks(capsys)
    assert status == ExitCode.CONFIGURATION
    assert found["settings"]["state"] == "broken"
    assert found["system"]["state"] == "ok"


def test_open_secrets_are_flagged(capsys, monkeypatch):
    monkeypatch.setenv("DVC_PASSWORD", "canary")
    _, found = checks(capsys)
    assert found["environment-secrets"]["state"] == "note"
    assert "DVC_PASSWORD" in found["environment-secrets"]["detail"]
    assert "canary" not in json.dumps(found)


def test_in_vietnamese_for_people(capsys):
    assert main(["--lang", "vi", "doctor"]) == ExitCode.DONE
    assert "Hệ thống\t✓ tốt" in capsys.readouterr().out
