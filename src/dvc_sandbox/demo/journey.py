"""The guide's seven steps, each by the command a person would type, against a sandbox of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dvc_sandbox import control
from dvc_sandbox.demo.dossiers import dossier_key, dossier_text
from dvc_sandbox.demo.scans import write_scans
from dvc_sandbox.demo.words import words
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.token import find_softhsm

PROCEDURE = "9.990001"
PASSWORD = "CongDan@123"  # noqa: S105 - of an invented person (seed/people.toml)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """Where the demo works, in which language it talks, and whether the sandbox stays up.

    `quiet` sends everything the commands print to stderr, so that stdout is free for a result.
    """

    folder: Path
    language: str
    stop: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Where everything lies. `codes` are the dossiers' codes, `verdict` what `verify` said of the signed PDF."""

    folder: Path
    pdf: Path
    signed: Path
    receipt: Path
    codes: tuple[str, ...]
    verdict: str
    portal: str
    smartca: str
    seconds: float
    token_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A dossier that was filed: its code, the signed PDF that was uploaded, the receipt."""

    code: str
    signed: Path
    receipt: Path


@dataclass(slots=True)
class Journey:
    """One demonstration; `say` prints a line for the person who watches."""

    options: DemoOptions
    say: Callable[[str], None]
    begun: float = field(default_factory=time.monotonic)

    def run(self) -> DemoResult:
        """Walk all steps. Raises SandboxError("step-failed") when a command ends with another status than 0."""
        folder = self.options.folder
        self.say(self._words("begin", folder=folder))
        with self._sandbox() as running:
            token = self._first_steps(running)
            dossiers = [self._file("smartca")]
            if token:
                self._title("step-second")
                dossiers.append(self._file("token"))
            self._title("step-after")
            self._accept(running, [dossier.code for dossier in dossiers])
            verdict = self._verify(dossiers[0].signed)
            return DemoResult(
                folder=folder,
                pdf=folder / "don.pdf",
                signed=dossiers[0].signed,
                receipt=dossiers[0].receipt,
                codes=tuple(dossier.code for dossier in dossiers),
                verdict=verdict,
                portal=running.urls.portal,
                smartca=running.urls.smartca,
                seconds=round(time.monotonic() - self.begun, 1),
                token_used=token,
            )

    @contextmanager
    def _sandbox(self) -> Iterator[control.Running]:
        state = self.options.folder / "sandbox"
        self.say(self._words("home", home=self.options.folder / "home"))
        self._command("sandbox", "up", "--detach", "--auto-approve", "--state", str(state))
        running = control.status(state)
        if running is None:
            raise SandboxError("step-failed", "the sandbox is not there")
        done = False
        try:
            yield running
            done = True
        finally:
            if self.options.stop or not done:
                control.stop(state)

    def _first_steps(self, running: control.Running) -> bool:
        self._command("profile", "use", "sandbox")
        self._title("step-token")
        token = find_softhsm() is not None
        if token:
            self._command("sandbox", "token", "--state", str(running.state))
        else:
            self.say(self._words("no-softhsm"))
        self._title("step-scan")
        first, second = write_scans(self.options.folder)
        self._command("scan", "convert", first.name, second.name, "-o", "don.pdf")
        self._title("step-login")
        self._log_in(running)
        self._title("step-procedure")
        self._command("procedures", "list", "phát biểu")
        self._command("procedures", "show", PROCEDURE)
        return token

    def _log_in(self, running: control.Running) -> None:
        secret = self.options.folder / "password.txt"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD, encoding="utf-8")
        challenge = json.loads(self._captured("login", "--captcha-out", "captcha.png", "--json"))
        self.say(self._words("captcha"))
        with control.admin_client(running) as admin:
            answer = admin.captcha_answer("latest")
        identifier = str(challenge["id"])
        self._command("login", "--challenge", identifier, "--captcha", answer, "--password-file", secret.name)
        secret.unlink()
        self._command("whoami")

    def _file(self, signer: str) -> Filed:
        name = f"ho-so-{signer}.toml"
        if signer == "smartca":
            self._title("step-fill")
            self._command("dossier", "init", PROCEDURE, "-o", "mau.toml")
        path = self.options.folder / name
        path.write_text(dossier_text(signer), encoding="utf-8")
        self.say(self._words("filled", path=path))
        self._command("dossier", "check", name)
        if signer == "smartca":
            self._title("step-sign")
            self._command("submit", name, "--dry-run")
            self._title("step-submit")
        self._command("submit", name, "--yes")
        return self._filed(dossier_key(signer))

    def _filed(self, key: str) -> Filed:
        known = json.loads(self._captured("dossier", "show", key, "--local", "--json", shown=False))
        line = known["line"]
        return Filed(
            code=line["code"],
            signed=self._kept(Path(known["files"][0]["path"]), f"don.{key.lower()}.signed.pdf"),
            receipt=self._kept(Path(line["receipt"]), f"giay-xac-nhan.{key.lower()}.pdf"),
        )

    def _kept(self, source: Path, name: str) -> Path:
        # Beside the scans, where a person looks; the originals stay in the state folder.
        return Path(shutil.copyfile(source, self.options.folder / name))

    def _accept(self, running: control.Running, codes: list[str]) -> None:
        with control.admin_client(running) as admin:
            for code in codes:
                admin.officer(code, "accept")
                self.say(self._words("accepted", code=code))
        for code in codes:
            self._command("track", code)

    def _verify(self, signed: Path) -> str:
        self._command("verify", signed.name)
        report = json.loads(self._captured("verify", str(signed), "--json", shown=False))
        return str(report["documents"][0]["verdict"])

    # -- commands ----------------------------------------------------------------------------------------------------

    def _command(self, *arguments: str) -> None:
        self._show(arguments)
        target = sys.stderr if self.options.quiet else None
        done = subprocess.run(
            self._line(arguments), cwd=self.options.folder, env=self._environment(), stdout=target, check=False
        )
        self._require(done.returncode, arguments)

    def _captured(self, *arguments: str, shown: bool = True) -> str:
        if shown:
            self._show(arguments)
        command = [*self._line(arguments), "--quiet"]
        done = subprocess.run(
            command,
            cwd=self.options.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        self._require(done.returncode, arguments)
        return done.stdout

    def _require(self, status: int, arguments: tuple[str, ...]) -> None:
        if status != 0:
            raise SandboxError("step-failed", f"`dvc-cli {shlex.join(arguments)}` ended with status {status}")

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "dvc_cli", *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
        home = str(self.options.folder / "home")
        return {**kept, "DVC_HOME": home, "DVC_LANG": self.options.language, "PYTHONUTF8": "1"}

    def _show(self, arguments: tuple[str, ...]) -> None:
        self.say(f"$ dvc-cli {shlex.join(arguments)}")

    def _title(self, key: str) -> None:
        self.say("")
        self.say(f"── {self._words(key)} " + "─" * 20)

    def _words(self, key: str, **fields: object) -> str:
        return words(key, self.options.language, **fields)


def summary(result: DemoResult, options: DemoOptions) -> list[str]:
    """Lines that say where everything is and how to go on."""
    rows = [
        ("pdf", str(result.pdf)),
        ("signed", str(result.signed)),
        ("receipt", str(result.receipt)),
        ("codes", ", ".join(result.codes)),
        ("verdict", result.verdict),
        ("pages", f"{result.portal}/dich-vu-cong/cong-dan/ho-so"),
        ("phone", result.smartca),
        ("took", f"{result.seconds} s"),
    ]
    names = [words(key, options.language) for key, _ in rows]
    width = max(len(name) for name in names)
    lines = ["", f"── {words('summary', options.language)} " + "─" * 20]
    lines += [f"{name:<{width}}  {value}" for name, (_, value) in zip(names, rows, strict=True)]
    if options.stop:
        return [*lines, words("stopped", options.language)]
    state = result.folder / "sandbox"
    return [*lines, words("running", options.language), f"  dvc-cli sandbox down --state {shlex.quote(str(state))}"]
