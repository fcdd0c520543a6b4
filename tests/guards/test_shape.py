"""House rules that can be checked by a machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


def functions(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_command(function) -> bool:
    calls = [item.func for item in function.decorator_list if isinstance(item, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr == "command" for call in calls)


COMMAND_FILES = sorted((SOURCE / "dvc_cli" / "commands").glob("*.py"))


@pytest.mark.parametrize("path", COMMAND_FILES, ids=lambda path: path.stem)
def test_commands_stay_thin(path):
    for function in filter(is_command, functions(path)):
        assert function.end_lineno - function.lineno < 60, function.name
        for node in ast.walk(ast.Module(function.body, [])):
            assert not isinstance(node, ast.Try | ast.For | ast.While), f"{function.name} line {node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("print", "echo"), function.name


def test_there_are_commands_to_look_at():
    assert sum(1 for path in COMMAND_FILES for function in functions(path) if is_command(function)) >= 15


def test_files_and_functions_keep_their_size():
    too_long = []
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 400:
            too_long.append(f"{path.name}: {text.count(chr(10))} lines")
        too_long += [
            f"{path.name}: {function.name} {function.end_lineno - function.lineno + 1} lines"
            for function in functions(path)
            if function.end_lineno - function.lineno >= 60
        ]
    assert not too_long


def test_layers():
    result = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("tool", ["docs.py", "i18n.py"])
def test_generated_files_are_fresh(tool):
    result = subprocess.run([sys.executable, f"tools/{tool}", "check"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_lock_files_have_hashes_and_no_place():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "file:" not in text


def test_the_captcha_switch_is_not_in_the_product():
    for path in (SOURCE / "dvc_cli").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name not in ("demo.py", "sandbox.py"):
            assert "captcha_answer" not in text, path
