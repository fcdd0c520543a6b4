"""Word files → PDF by LibreOffice, when it is installed.

It ends with status 0 even when it failed, and two runs that share a profile undo each other: so every run has a profile of its
own, a time limit, and its output is looked at.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from dvc_cli.errors import ConfigurationProblem, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.kinds import FileKind, kind_of

_SECONDS = 120
_MAX_UNPACKED = 500_000_000
_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:\\Program Files\\LibreOffice\\program\\soffice.exe",
    "C:\\Program Files (x86)\\LibreOffice\\program\\soffice.exe",
)


class OfficeMissing(ConfigurationProblem):
    """LibreOffice, which turns Word files into PDF, is not installed."""

    slug = "office-missing"
    stops_batch = False


class BrokenDocument(InvalidInput):
    """A Word file could not be turned into PDF."""

    slug = "broken-document"


def office_program() -> str:
    """The path of LibreOffice. Raises OfficeMissing."""
    for name in ("soffice", "libreoffice", *_PLACES):
        if found := shutil.which(name):
            return found
    raise OfficeMissing(
        _("LibreOffice, which turns Word files into PDF, is not installed"),
        hint=_("Install it, or save the document as PDF in Word"),
    )


def document_pdf(path: Path, name: str, folder: Path) -> Path:
    """The PDF of a Word file, in `folder`, a new private one. Raises OfficeMissing, BrokenDocument."""
    program = office_program()
    _require_sound(path, name)
    folder.mkdir(mode=0o700)
    ending = ".docx" if kind_of(path) is FileKind.DOCX else ".doc"
    source = folder / f"document{ending}"  # its own name could be an option, or hold what a shell or URL minds
    shutil.copyfile(path, source)
    profile = (folder / "profile").as_uri()
    command = [
        program,
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        f"-env:UserInstallation={profile}",
        "--convert-to",
        "pdf:writer_pdf_Export",
        "--outdir",
        str(folder),
        str(source),
    ]
    _run(command, folder, name)
    made = folder / "document.pdf"
    if not made.exists() or kind_of(made) is not FileKind.PDF:
        raise _broken(name)
    shutil.rmtree(folder / "profile", ignore_errors=True)
    return made


def _require_sound(path: Path, name: str) -> None:
    """LibreOffice makes pages of garbage out of a damaged file without a word; an archive that is whole is not one."""
    if kind_of(path) is not FileKind.DOCX:
        return
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED or archive.testzip():
                raise _broken(name)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _broken(name) from error


def _run(command: list[str], folder: Path, name: str) -> None:
    apart: dict[str, Any] = {"start_new_session": True} if sys.platform != "win32" else {}
    # Its own home: the user's macros, templates and recent files stay out of it.
    environ = {**os.environ, "HOME": str(folder), "SAL_USE_VCLPLUGIN": "svp"}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ, **apart
    )
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise BrokenDocument(
            _("LibreOffice needed more than {seconds} s for {path}").format(seconds=_SECONDS, path=name),
            hint=_("Save the document as PDF in Word or LibreOffice, then use that PDF"),
        ) from error
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It starts a second process that does the work: both must go."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False, timeout=20)
    process.wait()


def _broken(name: str) -> BrokenDocument:
    return BrokenDocument(
        _("{path} could not be turned into PDF").format(path=name),
        hint=_("Save the document as PDF in Word or LibreOffice, then use that PDF"),
    )
