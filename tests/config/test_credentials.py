"""Sources of secrets in their order, and that a value never appears where its source does."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.config.credentials import CredentialRequest, Credentials, NeverStored, UnreadableSecret
from dvc_cli.config.kept_secrets import FILE, KeptSecrets, UnsafeSecretsFile
from dvc_cli.config.keyring_door import KeyringUnusable
from dvc_cli.config.password_command import PasswordCommandFailed, run_password_command
from dvc_cli.errors import ExitCode, UsageProblem
from dvc_cli.model.secret import Secret
from dvc_cli.output.prompt import NobodyToAsk, TerminalPrompter


@pytest.fixture
def nobody(tmp_path: Path) -> TerminalPrompter:
    return TerminalPrompter(allowed=False, temporary=tmp_path)


def request(**values: object) -> CredentialRequest:
    usual = {
        "purpose": "password",
        "subject": "an@portal.example",
        "flag": "--password-stdin",
        "question": "Password",
        "env": "DVC_PASSWORD",
        "may_store": True,
    }
    return CredentialRequest(**(usual | values))  # type: ignore[arg-type]


def printing(text: str) -> str:
    return f'"{sys.executable}" -c "print({text!r})"'


def test_the_strongest_source_wins(
    tmp_path: Path, nobody: TerminalPrompter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "file"
    file.write_text("from-file\n", encoding="utf-8")
    env_file = tmp_path / "env-file"
    env_file.write_text("from-env-file", encoding="utf-8")
    reading, writing = os.pipe()
    os.write(writing, b"from-fd\n")
    os.close(writing)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from-stdin\r\n")))
    environ = {"DVC_PASSWORD": "from-env", "DVC_PASSWORD_FILE": str(env_file)}
    kept = Credentials({}, nobody, folder=tmp_path)
    kept.store(request(), Secret("from-kept"), insecure=True)
    credentials = Credentials(environ, nobody, folder=tmp_path)
    everything = {"stdin": True, "fd": reading, "file": file, "command": printing("from-command")}

    def taken(secrets: Credentials = credentials) -> tuple[str, str]:
        found = secrets.get(request(**everything))
        return found.source, found.secret.reveal()

    assert taken() == ("stdin", "from-stdin")
    del everything["stdin"]
    assert taken() == ("file-descriptor", "from-fd")
    os.close(reading)
    del everything["fd"]
    assert taken() == ("file", "from-file")
    del everything["file"]
    assert taken() == ("environment-file", "from-env-file")
    del environ["DVC_PASSWORD_FILE"]
    assert taken() == ("environment", "from-env")
    del environ["DVC_PASSWORD"]
    assert taken() == ("command", "from-command")
    del everything["command"]
    assert taken() == ("kept-file", "from-kept")
    with pytest.raises(NobodyToAsk, match="Password") as raised:
        taken(Credentials({}, nobody))
    assert "--password-stdin" in str(raised.value.hint)
    log = caplog.text
    assert "taken from file-descriptor" in log
    assert "from-" not in log.replace("taken from", "")


class TestPin:
    """A PIN is never stored and never read from a plain variable."""

    def test_not_from_a_variable(self, nobody: TerminalPrompter, caplog: pytest.LogCaptureFixture) -> None:
        pin = request(purpose="pin", env="DVC_PIN", flag="--pin-file")
        with pytest.raises(NobodyToAsk):
            Credentials({"DVC_PIN": "canary"}, nobody).get(pin)
        assert "DVC_PIN is not read" in caplog.text
        assert "canary" not in caplog.text

    def test_from_a_file_named_by_a_variable(self, nobody: TerminalPrompter, tmp_path: Path) -> None:
        (tmp_path / "pin").write_text("1234\n", encoding="utf-8")
        pin = request(purpose="pin", env="DVC_PIN")
        found = Credentials({"DVC_PIN_FILE": str(tmp_path / "pin")}, nobody).get(pin)
        assert (found.source, found.secret.reveal()) == ("environment-file", "1234")

    def test_never_stored(self, nobody: TerminalPrompter, tmp_path: Path) -> None:
        credentials = Credentials({}, nobody, folder=tmp_path)
        for insecure in (True, False):
            for one in (request(purpose="pin"), request(may_store=False)):
                with pytest.raises(NeverStored):
                    credentials.store(one, Secret("1234"), insecure=insecure)
        assert list(tmp_path.iterdir()) == []


class TestFiles:
    """Files, descriptors and pipes."""

    @given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100))
    def test_any_text_survives(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        path = tmp_path_factory.mktemp("secret") / "file"
        nobody = TerminalPrompter(allowed=False, temporary=path.parent)
        if text.startswith("\ufeff"):
            return
        path.write_bytes(text.encode("utf-8") + b"\n")
        found = Credentials({}, nobody).get(request(file=path))
        assert found.secret.reveal() == text.removesuffix("\r")

    @pytest.mark.parametrize(
        ("content", "reason"),
        [(b"", "empty"), (b"\n", "empty"), (b"\xff\xff", "UTF-8"), (b"x" * 5000, "too large"), (None, "no such file")],
    )
    def test_unusable_files_are_told_and_nothing_else_is_tried(
        self, content: bytes | None, reason: str, tmp_path: Path, nobody: TerminalPrompter
    ) -> None:
        path = tmp_path / "file"
        if content is not None:
            path.write_bytes(content)
        for one in (request(file=path, command=printing("other")), request(command=printing("other"))):
            environ = {} if one.file else {"DVC_PASSWORD_FILE": str(path)}
            with pytest.raises(UnreadableSecret, match=reason) as raised:
                Credentials(environ, nobody).get(one)
            assert raised.value.exit_code is ExitCode.CONFIGURATION

    def test_links_are_followed_when_reading(self, tmp_path: Path, nobody: TerminalPrompter) -> None:
        (tmp_path / "real").write_text("x", encoding="utf-8")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        assert Credentials({}, nobody).get(request(file=tmp_path / "link")).secret.reveal() == "x"

    def test_a_descriptor_that_is_not_open(self, nobody: TerminalPrompter) -> None:
        with pytest.raises(UnreadableSecret, match="descriptor 987"):
            Credentials({}, nobody).get(request(fd=987))

    def test_stdin_must_not_be_the_terminal(self, nobody: TerminalPrompter, monkeypatch: pytest.MonkeyPatch) -> None:
        import pty

        main, terminal = pty.openpty()
        with open(terminal, closefd=False, encoding="utf-8") as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            with pytest.raises(UsageProblem, match="--password-stdin"):
                Credentials({}, nobody).get(request(stdin=True))
        os.close(main)
        os.close(terminal)


class TestCommand:
    """`password_command`."""

    def test_the_first_line_counts(self) -> None:
        command = f"\"{sys.executable}\" -c \"print('mật khẩu'); print('user: an')\""
        assert run_password_command(command).reveal() == "mật khẩu"

    def test_no_shell(self, tmp_path: Path) -> None:
        with pytest.raises(PasswordCommandFailed):
            run_password_command(f"nonexistent-program; touch {tmp_path}/x")
        run_password_command(f'"{sys.executable}" -c "print(1)" $(touch {tmp_path}/x) ; touch {tmp_path}/y')
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("command", "reason"),
        [
            ("", "cannot be started"),
            ("nonexistent-program x", "`nonexistent-program` failed: it cannot be started"),
            ("'unbalanced", "quotes"),
            (f'"{sys.executable}" -c "print(\'canary\'); raise SystemExit(3)"', "status 3"),
            (f'"{sys.executable}" -c ""', "printed nothing"),
            (f'"{sys.executable}" -c "import sys; sys.stdout.buffer.write(bytes([255]))"', "UTF-8"),
        ],
    )
    def test_failures_are_told_without_the_output(self, command: str, reason: str) -> None:
        with pytest.raises(PasswordCommandFailed, match=reason) as raised:
            run_password_command(command)
        assert "canary" not in str(raised.value)

    def test_a_hanging_command_is_given_up(self) -> None:
        with pytest.raises(PasswordCommandFailed, match=r"no answer within 0\.3"):
            run_password_command(f'"{sys.executable}" -c "import time; time.sleep(60)"', timeout=0.3)

    def test_a_failing_command_is_not_followed_by_a_prompt(self, nobody: TerminalPrompter) -> None:
        with pytest.raises(PasswordCommandFailed):
            Credentials({}, nobody).get(request(command="nonexistent-program"))


class TestKeptFile:
    """`--insecure-storage`."""

    def test_keeps_reads_and_forgets(self, tmp_path: Path, nobody: TerminalPrompter) -> None:
        credentials = Credentials({}, nobody, folder=tmp_path)
        assert credentials.store(request(), Secret("Được"), insecure=True) == "kept-file"
        credentials.store(request(subject="other"), Secret("x"), insecure=True)
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
        assert credentials.get(request()).secret.reveal() == "Được"
        assert credentials.forget(request())
        assert not credentials.forget(request())
        assert credentials.get(request(subject="other")).source == "kept-file"

    @pytest.mark.parametrize("fault", ["link", "readable", "fifo", "damaged", "list", "folder"])
    def test_unsafe_files_are_refused(self, fault: str, tmp_path: Path) -> None:
        path = tmp_path / FILE
        kept = KeptSecrets(tmp_path)
        kept.put("a", Secret("b"))
        if fault == "link":
            path.rename(tmp_path / "real")
            path.symlink_to(tmp_path / "real")
        elif fault == "readable":
            path.chmod(0o640)
        elif fault in ("fifo", "folder"):
            path.unlink()
            os.mkfifo(path, 0o600) if fault == "fifo" else path.mkdir(0o700)
        else:
            path.write_text("[]" if fault == "list" else "{", encoding="utf-8")
        for action in (lambda: kept.get("a"), lambda: kept.put("a", Secret("c")), lambda: kept.forget("a")):
            with pytest.raises(UnsafeSecretsFile):
                action()

    def test_a_dangling_link_is_not_written_through(self, tmp_path: Path) -> None:
        (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UnsafeSecretsFile):
            KeptSecrets(tmp_path).put("a", Secret("b"))
        assert not (tmp_path / "elsewhere").exists()

    def test_nothing_falls_back_to_it(self, tmp_path: Path, nobody: TerminalPrompter) -> None:
        for credentials in (
            Credentials({}, nobody, folder=tmp_path),
            Credentials({}, nobody, folder=tmp_path, use_keyring=False),
        ):
            with pytest.raises(KeyringUnusable):
                credentials.store(request(), Secret("x"))
            assert credentials.keyring_problem()
        assert list(tmp_path.iterdir()) == []
