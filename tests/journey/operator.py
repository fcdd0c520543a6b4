"""Somebody who types commands, and the means to look behind them: the portal's database, the folders left behind."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dvc_cli.main import main
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running
from dvc_sandbox.demo.dossiers import dossier_text

PASSWORD = "CongDan@123"
PROCEDURE = "9.990001"
_VIETNAMESE = set("ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ")


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended: its status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


class Operator:
    """One person with a home, a folder and the profile `sandbox`."""

    def __init__(
        self, sandbox: Running, admin: AdminClient, language: str, folder: Path, capture: pytest.CaptureFixture[str]
    ) -> None:
        from dvc_cli.config.paths import default_paths
        from dvc_cli.config.profiles import ProfileStore
        from dvc_cli.services.sandbox_profile import write_sandbox_profile

        self.sandbox, self.admin, self.language, self.folder, self._capture = sandbox, admin, language, folder, capture
        self.paths = default_paths(os.environ)
        self.profiles = ProfileStore(self.paths)
        write_sandbox_profile(self.profiles, sandbox.state, portal=sandbox.urls.portal, smartca=sandbox.urls.smartca)
        self.profiles.use("sandbox")

    def run(self, *words: str) -> Ended:
        """Run one command line."""
        self._capture.readouterr()
        status = main(words)
        out, err = self._capture.readouterr()
        return Ended(int(status), out, err)

    def log_in(self, account: str = "congdan", *, password: str = PASSWORD, captcha: str | None = None) -> Ended:
        """Log in as a script does, in two steps; the answer of the second."""
        picture = self.folder / "captcha.png"
        secret = self.folder / "password.txt"
        secret.write_text(password, encoding="utf-8")
        try:
            begun = self.run("login", "--account", account, "--captcha-out", str(picture), "--json")
            if begun.status != 0:
                return begun
            answer = self.admin.captcha_answer("latest") if captcha is None else captcha
            challenge = begun.document["id"]
            return self.run("login", "--challenge", challenge, "--captcha", answer, "--password-file", str(secret))
        finally:
            picture.unlink(missing_ok=True)
            secret.unlink()

    def dossier(self, text: str | None = None, *, name: str = "ho-so.toml", **files: bytes) -> Path:
        """Write a dossier file (the guide's, unsigned, unless given) and the files it names."""
        for file, content in files.items():
            (self.folder / file.replace("__", ".")).write_bytes(content)
        path = self.folder / name
        path.write_text(text or guide_dossier(), encoding="utf-8")
        return path

    def read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the sandbox's database, the oracle."""
        with closing(sqlite3.connect(f"file:{self.sandbox.state / 'sandbox.sqlite3'}?mode=ro", uri=True)) as database:
            return database.execute(sql, values).fetchall()

    def write(self, sql: str, *values: object) -> None:
        """Change the sandbox's database, as the portal's own staff could."""
        with closing(sqlite3.connect(self.sandbox.state / "sandbox.sqlite3", timeout=10)) as database, database:
            database.execute(sql, values)

    def wrong_passwords(self, account: str) -> int:
        """How many wrong passwords the portal has counted."""
        return int(self.read("SELECT failed_passwords FROM account WHERE username = ?", account)[0][0])

    def portal_state(self) -> tuple[int, ...]:
        """Numbers of drafts, uploads and dossiers at the portal."""
        return tuple(int(self.read(f"SELECT count(*) FROM {table}")[0][0]) for table in ("draft", "upload", "dossier"))

    def left_behind(self) -> set[str]:
        """Files in the folder and the home that a failed command has no business leaving."""
        crashes = self.paths.state.rglob("crashes/*")
        temporary = [path for path in self.paths.cache.rglob("*") if path.is_file() and "procedures" not in str(path)]
        return {path.name for path in (*self.folder.iterdir(), *crashes, *temporary)}

    def check_refused(self, ended: Ended, status: int, *names: str) -> None:
        """A refusal as the house style has it: status, object, remedy, in the operator's language, no traceback."""
        words = ("lỗi:", "gợi ý:") if self.language == "vi" else ("error:", "hint:")
        assert ended.status == status, ended.err
        assert "Traceback" not in ended.err + ended.out
        errors = [line for line in ended.err.splitlines() if line.startswith(words[0])]
        assert len(errors) == 1, ended.err
        assert any(line.startswith(words[1]) for line in ended.err.splitlines()), f"no remedy: {ended.err}"
        told = ended.err[ended.err.index(errors[0]) :]
        for name in names:
            assert name in told, f"{name} is not told: {told}"
        assert not errors[0].rstrip().endswith("."), errors[0]
        if self.language == "vi":
            assert _VIETNAMESE & set(errors[0].casefold()), f"not Vietnamese: {errors[0]}"
            hint = next(line for line in ended.err.splitlines() if line.startswith(words[1]))
            assert _VIETNAMESE & set(hint.removeprefix(words[1]).casefold()), f"not Vietnamese: {hint}"


def guide_dossier(*, file: str = "don.pdf", match: str = "Đơn đề nghị đăng tin", procedure: str = PROCEDURE) -> str:
    """The guide's dossier without a signature."""
    text = dossier_text("smartca", file=file).partition("[[component.sign]]")[0]
    return text.replace("Đơn đề nghị đăng tin", match).replace(f'"{PROCEDURE}"', f'"{procedure}"')


def pdf(size: int = 0) -> bytes:
    """A sound PDF of one page; with `size`, of exactly so many bytes."""
    page = zlib.compress(b"0 0 1 rg 50 700 200 40 re f")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(page), page),
    ]
    plain = _assembled(objects)
    if not size:
        return plain
    room = size - len(_assembled([*objects, _filler(size - 1000)])) + size - 1000
    return _assembled([*objects, _filler(room)])


def _filler(length: int) -> bytes:
    return b"<< /Length %09d >>\nstream\n%s\nendstream" % (length, b"\0" * length)


def _assembled(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count, start = len(objects) + 1, len(out)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%010d\n%%%%EOF\n" % (count, start)
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer
