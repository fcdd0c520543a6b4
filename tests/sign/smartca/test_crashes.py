"""Killed at any point, the same command (or `sign --resume`) finishes what was approved: the phone is tapped once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dvc_cli.config.paths import default_paths
from dvc_cli.config.profiles import ProfileStore
from dvc_cli.main import main
from dvc_cli.services.sandbox_profile import write_sandbox_profile
from dvc_cli.sign.certificates import certificates_in_pem
from dvc_cli.sign.pades.verify import verify_document
from dvc_cli.testing.small_pdf import small_pdf
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running
from tests.sign.smartca.killed import POINTS

COMMAND = ("sign", "a.pdf", "b.pdf", "--signer", "smartca", "--profile", "sandbox", "--no-input", "--json")


class Person:
    """Somebody in a folder with two papers, the profile `sandbox` and a phone."""

    def __init__(self, running: Running, admin: AdminClient, folder: Path) -> None:
        self.admin, self.folder = admin, folder
        self.roots = certificates_in_pem((running.state / "pki" / "certs" / "root.pem").read_bytes())
        self.home = default_paths(os.environ)
        urls = running.urls
        write_sandbox_profile(ProfileStore(self.home), running.state, portal=urls.portal, smartca=urls.smartca)
        for name in ("a", "b"):
            (folder / f"{name}.pdf").write_bytes(small_pdf())
        self.before = len(admin.transactions())

    def killed(self, point: str, *command: str) -> None:
        """Run the command in a process that kills itself at `point`."""
        line = [sys.executable, "-m", "tests.sign.smartca.killed", point, *(command or COMMAND)]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(line, capture_output=True, timeout=60, check=False, cwd=self.folder, env=environ)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    def taps(self) -> list[str]:
        """States of the requests that the phone got."""
        every = self.admin.transactions()
        return [one["state"] for one in every[: len(every) - self.before]]

    def verdicts(self) -> list[str]:
        """Our verdict on each output. They are judged at the sandbox's time."""
        names = ("a.signed.pdf", "b.signed.pdf")
        return [verify_document(self.folder / one, self.roots, self.admin.clock()).verdict for one in names]

    def left_over(self) -> list[str]:
        """Temporary files beside the papers, and prepared files in the state folder."""
        kept = self.home.state / "signing"
        here = [path.name for path in self.folder.iterdir() if path.suffix == ".dvc-tmp"]
        return here + [path.name for path in kept.rglob("*") if path.is_file()]


@pytest.fixture
def person(running: Running, admin: AdminClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    return Person(running, admin, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("point", POINTS)
def test_the_same_command_finishes_what_was_approved(
    person: Person, point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    person.admin.smartca_mode("approve")
    person.killed(point)
    assert main(list(COMMAND)) == 0
    lines = json.loads(capsys.readouterr().out)["documents"]
    assert [(one["source"], one["outcome"]) for one in lines] == [("a.pdf", "signed"), ("b.pdf", "signed")]
    assert person.taps() == ["signed"]
    assert person.verdicts() == ["valid", "valid"]
    assert person.left_over() == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("point", ["request sent", "values fetched, one embedded"])
def test_resume_finishes_all_that_is_open(person: Person, point: str, capsys: pytest.CaptureFixture[str]) -> None:
    person.admin.smartca_mode("approve")
    person.killed(point)
    assert main(["sign", "--resume", "--profile", "sandbox", "--no-input", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["documents"]
    assert [one["outcome"] for one in lines] == ["signed", "signed"]
    assert person.taps() == ["signed"]
    assert person.verdicts() == ["valid", "valid"]
    assert person.left_over() == []
    assert main(["sign", "--resume", "--profile", "sandbox"]) == 0
    assert "No signature is waiting" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_is_kept_is_private_and_holds_no_secret(person: Person) -> None:
    person.admin.smartca_mode("approve")
    person.killed("values fetched, none embedded")
    files = [path for path in (person.home.state / "signing").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".pdf", ".json", ".lock"}
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        assert b"sandbox-sp-password" not in path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_paper_that_was_changed_meanwhile_is_signed_anew(person: Person) -> None:
    person.admin.smartca_mode("approve")
    person.killed("request sent")
    (person.folder / "a.pdf").write_bytes(small_pdf(pages=2))
    assert main(list(COMMAND)) == 0
    assert person.taps() == ["signed", "signed"]
    assert (person.folder / "a.signed.pdf").read_bytes().startswith((person.folder / "a.pdf").read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kept_file_that_somebody_changed_is_not_given_out(person: Person) -> None:
    person.admin.smartca_mode("approve")
    person.killed("values fetched, none embedded")
    for path in (person.home.state / "signing").rglob("1.pdf"):
        path.write_bytes(path.read_bytes() + b"%more\n")
    assert main(list(COMMAND)) != 0
    assert not (person.folder / "a.signed.pdf").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_rejected_request_leaves_nothing_behind(person: Person) -> None:
    person.killed("request sent")
    person.admin.reject(person.admin.transactions()[0]["transaction_id"])
    person.admin.smartca_mode("approve")
    assert main(list(COMMAND)) == 0
    assert sorted(person.taps()) == ["rejected", "signed"]
    assert person.left_over() == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("point", ["request sent", "values fetched, one embedded"])
def test_the_level_is_kept_too(
    person: Person, running: Running, point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*COMMAND, "--tsa", f"{running.urls.pki}/dvc/tsa/tsa"]
    person.admin.smartca_mode("approve")
    person.killed(point, *command)
    assert main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(one["outcome"], one["level"]) for one in report["documents"]] == [("signed", "b-t")] * 2
    assert person.taps() == ["signed"]
    moment = person.admin.clock()
    for name in ("a.signed.pdf", "b.signed.pdf"):
        (signature,) = verify_document(person.folder / name, person.roots, moment).signatures
        assert (signature.intact, signature.level) == (True, "b-t")
    assert person.left_over() == []
