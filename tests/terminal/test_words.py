"""Help and messages as they look on a narrow terminal, in both languages; and what Ctrl-C leaves of the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.terminal.terminal import Terminal

COMMANDS = (
    "",
    "login",
    "procedures list",
    "scan convert",
    "sign",
    "verify",
    "dossier init",
    "submit",
    "track",
    "sandbox up",
)
ENGLISH = ("Usage:", "Options", "Arguments", "Commands", "Example", "error:", "hint:", "Show ", "Print ", "default:")
WRONG = {
    "dvc-cli whoami": 13,
    "dvc-cli subit": 2,
    "dvc-cli submit": 2,
    "dvc-cli submit khong-co.toml": 13,
    "dvc-cli scan convert khong-co.jpg -o don.pdf": 10,
    "dvc-cli sign khong-co.pdf": 13,
    "dvc-cli verify khong-co.pdf": 10,
    "dvc-cli config set output.languge vi": 2,
    "dvc-cli sandbox status": 9,
    "dvc-cli track khong-phai-ma": 13,
}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_help(language: str, terminal: Callable[..., Terminal], keep: Callable[[str, str], None]) -> None:
    shell = terminal(language, columns=80)
    for command in COMMANDS:
        assert shell.run(f"dvc-cli {command} --help".replace("  ", " ")) == 0
    shown = shell.text()
    keep(f"help-{language}", shown)
    assert shown.count("dvc-cli submit") >= 2
    assert "\x1b" not in shown
    words = [word for word in ENGLISH if word in shown]
    assert bool(words) == (language == "en"), words


@pytest.mark.parametrize("language", ["vi", "en"])
def test_messages(language: str, terminal: Callable[..., Terminal], keep: Callable[[str, str], None]) -> None:
    shell = terminal(language, columns=80)
    ended = {line: shell.run(line) for line in WRONG}
    shown = shell.text()
    keep(f"messages-{language}", shown)
    assert ended == WRONG, shown
    assert "Traceback" not in shown
    # `verify` tells a broken file in its result, not as an error of the run.
    assert shown.count("lỗi:" if language == "vi" else "error:") == len(WRONG) - 1
    if language == "vi":
        assert not [word for word in ENGLISH if word in shown]


def test_no_colour_where_it_is_not_wanted(terminal: Callable[..., Terminal]) -> None:
    shell = terminal("en")
    assert shell.run("dvc-cli whoami") == 13
    assert "\x1b[1;31m" in shell.raw
    shell.forget()
    assert shell.run("NO_COLOR=1 dvc-cli whoami; dvc-cli whoami --no-color") == 13
    assert "\x1b[" not in shell.raw


def test_ctrl_c_at_the_password_gives_the_terminal_back(terminal: Callable[..., Terminal]) -> None:
    shell = terminal("en")
    assert shell.run("dvc-cli profile add thu --portal http://127.0.0.1:9 --account congdan") == 0
    assert shell.run("dvc-cli profile use thu") == 0
    shell.start("dvc-cli login")
    shell.expect(r"Password[^\n]*: $")
    assert shell.child.waitnoecho(timeout=5)
    shell.child.sendcontrol("c")
    assert shell.answer("") in (0, 130)
    assert shell.run("echo con-thay-$((40+2))") == 0
    assert "echo con-thay-$((40+2))" in shell.text(), "the terminal no longer echoes"
    assert "Traceback" not in shell.raw
