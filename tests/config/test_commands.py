"""`dvc-cli config` and `dvc-cli profile` as people run them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dvc_cli.config.keys import KEYS
from dvc_cli.errors import ExitCode
from dvc_cli.main import main


class Run:
    """Runs command lines in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.error = ""

    def __call__(self, *arguments: str | Path, status: int = 0) -> str:
        found = main([str(argument) for argument in arguments])
        captured = self._capsys.readouterr()
        self.error = captured.err
        assert found == status, captured.err
        return captured.out

    def json(self, *arguments: str | Path) -> dict:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return Run(capsys)


def home() -> Path:
    return Path(os.environ["DVC_HOME"])


class TestConfig:
    """Settings."""

    def test_list_shows_every_key(self, run: Run) -> None:
        rows = [line.split("\t") for line in run("config", "list").splitlines()]
        assert [row[0] for row in rows] == list(KEYS)
        document = run.json("config", "list", "--origin")
        assert document["schema"] == "dvc.config.settings/1"
        assert [row["key"] for row in document["settings"]] == list(KEYS)
        assert run("config", "list", "--lang", "vi").splitlines()[0].split("\t")[2].startswith("Ngôn ngữ")

    def test_set_get_unset(self, run: Run) -> None:
        file = home() / "config" / "config.toml"
        assert (
            run("config", "set", "network.read_timeout", "120") == f"`network.read_timeout` is now `120` in `{file}`\n"
        )
        assert run("config", "get", "network.read_timeout") == "120\n"
        assert f"own settings: {file}:2" in run("config", "get", "network.read_timeout", "--origin")
        shown = run.json("config", "get", "network.read_timeout")["setting"]
        assert (shown["value"], shown["origin"], shown["place"]) == (120.0, "user", f"{file}:2")
        assert "no longer set" in run("config", "unset", "network.read_timeout")
        assert "was not set" in run("config", "unset", "network.read_timeout")
        assert run("config", "get", "network.read_timeout") == "60\n"

    def test_what_still_hides_a_change_is_told(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DVC_PAGE_SIZE", "A5")
        assert "DVC_PAGE_SIZE still gives another value" in run("config", "set", "scan.page_size", "A3")
        assert run("config", "get", "scan.page_size") == "A5\n"

    def test_mistakes(self, run: Run) -> None:
        run("config", "set", "output.languige", "vi", status=ExitCode.USAGE)
        assert "hint: Did you mean `output.language`?" in run.error
        run("config", "get", "languige", "--lang", "vi", status=ExitCode.USAGE)
        assert "lỗi: Không có cài đặt `languige`" in run.error
        run("config", "set", "network.read_timeout", "soon", status=ExitCode.USAGE)
        run("config", "set", "profile", "nobody", status=ExitCode.CONFIGURATION)
        assert not (home() / "config").exists()

    def test_a_broken_file_is_told_and_its_path_can_be_found(self, run: Run) -> None:
        file = home() / "config" / "config.toml"
        file.parent.mkdir(parents=True)
        file.write_text("[network]\nproxi = 'x'\n", encoding="utf-8")
        run("config", "list", status=ExitCode.CONFIGURATION)
        assert f"{file}:2: unknown key `network.proxi`; did you mean `network.proxy`?" in run.error
        assert f"Settings\t{file}\n" in run("config", "path")
        assert run.json("config", "path")["settings_file"] == str(file)

    def test_the_project_file_counts_and_is_shown(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "dvc.toml").write_text("output.format = 'json'\nscan.page_size = 'A3'\n", encoding="utf-8")
        assert json.loads(run("config", "get", "scan.page_size"))["setting"]["origin"] == "project"
        assert json.loads(run("config", "path"))["project_file"] == str(tmp_path / "dvc.toml")

    def test_the_project_speaks_its_language(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "dvc.toml").write_text("[output]\nlanguage = 'vi'\n", encoding="utf-8")
        run("config", "get", "x", status=ExitCode.USAGE)
        assert run.error.startswith("lỗi: ")

    def test_a_project_cannot_choose_a_proxy(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "dvc.toml").write_text("[network]\nproxy = 'http://evil.example'\n", encoding="utf-8")
        run("config", "list", status=ExitCode.CONFIGURATION)
        assert "dvc.toml:2: a project's file may not set `network.proxy`" in run.error


ADD = ("profile", "add", "cong-ty", "--portal", "https://dvc.example/", "--account", "034099000123")


class TestProfile:
    """Profiles."""

    def test_nothing_yet(self, run: Run) -> None:
        assert run("profile", "list") == ""
        assert run.json("profile", "list") == {"schema": "dvc.profiles.list/1", "profiles": []}
        run("profile", "show", status=ExitCode.CONFIGURATION)
        assert "No profile is chosen" in run.error

    def test_add_use_show_list(self, run: Run) -> None:
        run(*ADD, "--signer", "giam-doc=token,serial=00ab", "--tsa", "https://tsa.example")
        run("profile", "show", status=ExitCode.CONFIGURATION)
        assert run("profile", "use", "cong-ty") == "Profile cong-ty is now in use\n"
        shown = run("profile", "show")
        assert "Account\t034099000123\n" in shown
        assert "giam-doc (default)\ttoken\tserial=00ab\n" in shown
        assert run("profile", "list") == "cong-ty\tin use\thttps://dvc.example\t*********123\tgiam-doc\t\n"
        document = run.json("profile", "show")
        assert document["has_reference_key"]
        assert document["tsa"] == ["https://tsa.example"]
        key = (home() / "config/profiles/cong-ty.toml").read_text(encoding="utf-8").split('reference_key = "')[1][:43]
        for arguments in (("profile", "show"), ("profile", "list"), ("profile", "show", "--json")):
            assert key not in run(*arguments)

    def test_the_option_beats_the_choice(self, run: Run) -> None:
        run(*ADD, "--use")
        run("profile", "add", "other", "--portal", "https://other.example")
        assert run("profile", "show", "--profile", "other").startswith("Profile\tother\n")
        assert run("config", "get", "profile", "--profile", "other", "--origin").endswith("option: --profile\n")

    def test_a_broken_profile_does_not_hide_the_others(self, run: Run) -> None:
        run(*ADD)
        (home() / "config/profiles/broken.toml").write_text("x = 1", encoding="utf-8")
        lines = run("profile", "list").splitlines()
        assert lines[0].startswith("broken\t\t")
        assert "unknown key `x`" in lines[0]
        assert lines[1].startswith("cong-ty\t")

    def test_removing_asks(self, run: Run) -> None:
        run(*ADD, "--use")
        run("profile", "remove", "cong-ty", status=ExitCode.USAGE)
        assert "--yes" in run.error
        assert "journal and receipts are kept" in run("profile", "remove", "cong-ty", "--yes")
        run("profile", "remove", "cong-ty", "--yes", status=ExitCode.CONFIGURATION)
        assert run("config", "get", "profile") == "\n"

    def test_export_and_import(self, run: Run, tmp_path: Path) -> None:
        run(*ADD)
        run("profile", "export", "cong-ty", "-o", tmp_path / "x.toml")
        run("profile", "export", "cong-ty", "-o", tmp_path / "x.toml", status=ExitCode.INVALID_INPUT)
        run("profile", "export", "cong-ty", "-o", tmp_path / "x.toml", "--force")
        run("profile", "add", "tram-2", "--from", tmp_path / "x.toml")
        keys = [
            (home() / f"config/profiles/{name}.toml")
            .read_text(encoding="utf-8")
            .split("reference_key")[1]
            .splitlines()[0]
            for name in ("cong-ty", "tram-2")
        ]
        assert keys[0] == keys[1]
        run("profile", "add", "tram-3", "--from", tmp_path / "missing.toml", status=ExitCode.INVALID_INPUT)

    def test_mistakes(self, run: Run) -> None:
        run("profile", "add", "x", status=ExitCode.USAGE)
        assert "--portal" in run.error
        run("profile", "add", "x", "--portal", "http://portal.example", status=ExitCode.CONFIGURATION)
        run("profile", "add", "../x", "--portal", "https://portal.example", status=ExitCode.CONFIGURATION)
        run("profile", "add", "x", "--portal", "https://a.example", "--signer", "x", status=ExitCode.USAGE)
        run("profile", "add", "x", "--portal", "https://a.example", "--signer", "a=token,pin=1", status=13)
        run("profile", "use", "x", "--lang", "vi", status=ExitCode.CONFIGURATION)
        assert "Không có hồ sơ cấu hình `x`" in run.error
        run(*ADD)
        run(*ADD, status=ExitCode.INVALID_INPUT)
        run(*ADD, "--force")

    def test_all_of_it_in_vietnamese(self, run: Run) -> None:
        run(*ADD, "--use", "--lang", "vi")
        shown = run("profile", "show", "--lang", "vi")
        assert "chiếu\tcó\n" in shown
        assert "Trạng thái\tđang dùng\n" in shown
        assert "đang dùng" in run("profile", "list", "--lang", "vi")


class TestLog:
    """`-v` and `-vv`."""

    def test_the_network_log_is_shown_twice_verbose_and_masked(self, run: Run) -> None:
        from tests.net.servers import answering, serving

        with serving(answering("404 Not Found", b"canary-body")) as server:
            run("profile", "add", "x", "--portal", server.url, "--use")
            main(["procedures", "show", "034099000123", "-vv"])
            loud = run._capsys.readouterr().err
            main(["procedures", "show", "034099000123"])
            silent = run._capsys.readouterr().err
        assert "dvc_cli.net.client: GET /" in loud
        assert " -> 404 in " in loud
        assert "canary-body" not in loud
        assert "dvc_cli.net.client" not in silent
