"""The README's journey, typed into a real terminal in both languages: every command of the block, every question."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_cli.i18n import _, activate
from dvc_sandbox import control
from dvc_sandbox.demo.dossiers import dossier_text
from dvc_sandbox.demo.scans import write_scans
from dvc_sandbox.faults import FaultRule
from tests.terminal.terminal import Terminal

ROOT = Path(__file__).parents[2]
PASSWORD = "CongDan@123"
CODE = re.compile(r"\b[A-Z0-9.]+-\d{6}-\d{4,7}\b")


def commands_of(readme: str) -> list[str]:
    """The lines of the README's block that is meant to be run."""
    found = re.search(r"<!-- run: journey -->\n```sh\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{readme} has no block to run"
    return [line for line in found.group(1).splitlines() if line.strip()]


def test_both_readmes_have_the_same_journey() -> None:
    assert commands_of("README.md") == commands_of("README.vi.md")


class Walk:
    """Types the block's commands and does between them what a person does outside the terminal."""

    def __init__(self, terminal: Terminal, home: Path, folder: Path) -> None:
        self.terminal, self.folder = terminal, folder
        self.sandbox = home / "dvc" / "data" / "sandbox"
        self.code = ""

    def type(self, line: str, status: int = 0) -> str:
        """Run one command to its end and return what it showed."""
        before = len(self.terminal.raw)
        verb = " ".join(shlex.split(line)[1:3])
        if verb == "login":
            self.log_in(line)
        elif verb.startswith("submit") and not {"--dry-run", "--yes"} & set(line.split()):
            yes, no = _("y"), _("n")
            answers = {re.escape(f"[{yes}/{no.upper()}] ") + "$": yes}
            assert self.terminal.run(line, answers) == 0, self.terminal.text()
        else:
            assert self.terminal.run(line) == status, self.terminal.text()
        if verb == "dossier init":
            self._fill_in(Path(shlex.split(line)[-1]))
        return self.terminal.raw[before:]

    def log_in(self, line: str) -> None:
        """Answer the questions of a log-in that a command asks; the password must not be seen."""
        self.terminal.start(line)
        self.terminal.expect(re.escape(_("Password of {account} at {host}").partition("{")[0]) + r"[^\n]*: $")
        assert self.terminal.child.waitnoecho(timeout=5), "the password is echoed"
        self.terminal.child.sendline(PASSWORD)
        self.terminal.expect(re.escape(_("Text in the picture")) + ": $")
        running = control.status(self.sandbox)
        assert running is not None
        with control.admin_client(running) as admin:
            answer = admin.captcha_answer("latest")
        assert self.terminal.answer(answer) == 0, self.terminal.text()
        assert PASSWORD not in self.terminal.raw

    def _fill_in(self, name: Path) -> None:
        """What a person does in an editor: applicant, address, file and signature."""
        template = (self.folder / name).read_text(encoding="utf-8")
        assert "9.990001" in template
        assert "Đơn đề nghị đăng tin" in template
        (self.folder / name).write_text(dossier_text("smartca"), encoding="utf-8")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_readmes_journey(
    language: str, terminal: Callable[..., Terminal], keep: Callable[[str, str], None], tmp_path: Path
) -> None:
    activate(language)
    folder = tmp_path / "work"
    shell = terminal(language)
    write_scans(folder)
    walk = Walk(shell, tmp_path / "home", folder)
    readme = "README.vi.md" if language == "vi" else "README.md"
    try:
        for line in commands_of(readme):
            if line.startswith("dvc-cli sandbox down"):
                after_submitting(walk)
            shown = walk.type(line)
            if line == "dvc-cli submit ho-so.toml":
                codes = CODE.findall(shown)
                assert codes, shown
                walk.code = codes[-1]
        assert "Traceback" not in shell.raw
    finally:
        keep(f"journey-{language}", shell.text())


def after_submitting(walk: Walk) -> None:
    """The dossier is at the portal with the signed bytes; the officer accepts; `track` tells it."""
    running = control.status(walk.sandbox)
    assert running is not None
    with control.admin_client(running) as admin:
        dossier = admin.dossier(walk.code)
        blobs = [admin.blob(one["sha256"]) for one in dossier["files"]]
        assert any(blob.startswith(b"%PDF") and b"/ByteRange" in blob for blob in blobs)
        assert len(admin.dossiers()) == 1
        admin.officer(walk.code, "accept")
        admin.add_fault(FaultRule("portal", "*", "/dich-vu-cong/cong-dan/.*", "session-lost"))
    walk.log_in(f"dvc-cli track {walk.code}")  # the session has ended: one log-in, then the answer
    shown = walk.terminal.text()
    assert _("The portal's session has ended; logging in again") in shown
    assert "Được tiếp nhận" in shown.rpartition("dvc-cli track")[2]
    assert shown.count(_("The portal's session has ended; logging in again")) == 1
    assert walk.code in walk.type("dvc-cli submit ho-so.toml --yes", status=3)
    with control.admin_client(running) as admin:
        assert len(admin.dossiers()) == 1, "the same dossier was filed twice"
