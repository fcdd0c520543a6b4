"""Help of every command: offline, with an example, in both languages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from dvc_cli.app import TABLE, root_app
from dvc_cli.errors import ExitCode
from dvc_cli.i18n import activate
from dvc_cli.lazy import Deferred, command_tree
from dvc_cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def leaves() -> list[tuple[str, ...]]:
    tree = command_tree(get_command(root_app()))
    return [node.path[1:] for node in tree.walk() if not node.children]


LEAVES = leaves()


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_an_example(path, capsys):
    assert main([*path, "--help"]) == 0
    page = capsys.readouterr().out
    assert "Examples" in page
    assert f"  dvc-cli {' '.join(path)}" in page


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_is_vietnamese_when_asked(path, capsys, monkeypatch):
    import importlib
    import sys

    for name in [name for name in sys.modules if name.startswith("dvc_cli.commands.")]:
        importlib.reload(sys.modules[name])
    assert main([*path, "-h", "--lang", "vi"]) == 0
    page = capsys.readouterr().out
    assert "Cách dùng:" in page
    assert "Tùy chọn chung" in page
    assert "Usage" not in page


@pytest.mark.parametrize("name", TABLE)
def test_the_stub_says_what_the_command_says(name):
    activate("en")
    stub = Deferred(name, TABLE[name])
    assert stub.get_short_help_str(200) == stub.load().get_short_help_str(200)


def test_no_arguments_shows_help_and_ends_with_2(capsys):
    assert main([]) == ExitCode.USAGE
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--foo"], "Không có tùy chọn: --foo"),
        (["sgin"], "Không có lệnh 'sgin'; có phải ý bạn là 'sign'"),
        (["scan", "convert"], "Thiếu"),
        (["scan", "preview", "a.pdf"], "Thiếu tùy chọn"),
        (["scan", "convert", "a.jpg", "-o"], "cần một giá trị"),
        (["scan", "convert", "a.jpg", "-o", "b", "--page-size", "a9"], "không thuộc"),
        (["completion", "bash", "extra"], "Đối số thừa: extra"),
        (["scan", "convert", "a.jpg", "-o", "b", "--force=1"], "không nhận giá trị"),
    ],
)
def test_usage_mistakes_in_vietnamese(arguments, sentence, capsys):
    assert main(["--lang", "vi", *arguments]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert sentence in told
    assert not re.search(r"\b(Error|Invalid|Missing|such)\b", told)


@pytest.mark.parametrize(
    "order", [["--json", "profile", "list"], ["profile", "--json", "list"], ["profile", "list", "--json"]]
)
def test_shared_options_stand_anywhere(order, capsys):
    assert main(order) == 0
    assert capsys.readouterr().out.startswith("{")


@pytest.mark.parametrize(("shell", "suffix"), [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")])
def test_completion_scripts_parse_in_their_shell(shell, suffix):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = ROOT / "completions" / f"dvc-cli.{suffix}"
    assert subprocess.run([shell, "-n", script], capture_output=True).returncode == 0


def complete_in_bash(line: str) -> list[str]:
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    program = (
        f"source '{ROOT}/completions/dvc-cli.bash'; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        '_dvc_cli; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_commands_options_and_choices():
    assert complete_in_bash("dvc-cli si") == ["sign", "signers"]
    assert "convert" in complete_in_bash("dvc-cli scan ")
    assert "--page-size" in complete_in_bash("dvc-cli scan convert a.jpg --pa")
    assert complete_in_bash("dvc-cli scan convert --page-size ") == ["A4", "A3", "A5", "letter", "image"]
    assert complete_in_bash("dvc-cli --profile x scan con") == ["convert"]


def test_fish_completes_commands():
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    program = f"source '{ROOT}/completions/dvc-cli.fish'; complete -C 'dvc-cli scan co'"
    result = subprocess.run(["fish", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("convert\t")
