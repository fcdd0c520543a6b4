"""`doctor`: what this computer has, what is missing, and what to do about it (step 1 of the guide)."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.i18n import N_, _


class State(Enum):
    """Verdict of one check; only `broken` makes the exit code 13."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `slug` is stable; the texts are in the user's language."""

    slug: str
    title: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All checks of a run."""

    schema: ClassVar[str] = "dvc.doctor.diagnosis/1"
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> ExitCode:
        """13 when something that is set up does not work."""
        broken = any(check.state is State.BROKEN for check in self.checks)
        return ExitCode.CONFIGURATION if broken else ExitCode.DONE


Examination = Callable[[], Iterable[Check]]

# program, what it is for, Debian package
_PROGRAMS = (
    ("scanimage", N_("scanning with SANE scanners"), "sane-utils"),
    ("tesseract", N_("text recognition"), "tesseract-ocr tesseract-ocr-vie"),
    ("soffice", N_("Office documents to PDF"), "libreoffice-writer-nogui"),
    ("pdfsig", N_("a second opinion about signatures"), "poppler-utils"),
)
_SECRET_VARIABLES = (
    "DVC_PASSWORD",
    "DVC_PIN",
    "DVC_PASSPHRASE",
    "DVC_SP_PASSWORD",
    "DVC_TH_PASSWORD",
    "DVC_CSC_PASSWORD",
    "DVC_CLIENT_SECRET",
    "DVC_OTP_SECRET",
)


def diagnose(examinations: Sequence[tuple[str, str, Examination]]) -> Diagnosis:
    """Run every examination; one that fails becomes a broken check and does not stop the others.

    Args:
        examinations: slug, title in the user's language, and the function that looks.
    """
    checks: list[Check] = []
    for slug, title, examine in examinations:
        try:
            checks += examine()
        except DvcError as error:
            checks.append(
                Check(slug=slug, title=title, state=State.BROKEN, detail=error.message, remedy=error.hint or "")
            )
    return Diagnosis(checks=tuple(checks))


def examine_system() -> Iterable[Check]:
    """Python and operating system."""
    detail = f"Python {platform.python_version()} ({sys.maxsize.bit_length() + 1} bit), {platform.platform(terse=True)}"
    yield Check(slug="system", title=_("System"), state=State.OK, detail=detail)


def examine_folder(folder: Path) -> Iterable[Check]:
    """Whether our state can be written."""
    from dvc_cli.files import write_atomically

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = folder / f".probe-{os.getpid()}"
    try:
        write_atomically(probe, b"dvc")
    finally:
        probe.unlink(missing_ok=True)
    yield Check(slug="storage", title=_("Storage"), state=State.OK, detail=str(folder))


def examine_programs() -> Iterable[Check]:
    """Programs that some commands can use."""
    for name, purpose, package in _PROGRAMS:
        found = shutil.which(name)
        yield Check(
            slug=f"program-{name}",
            title=name,
            state=State.OK if found else State.MISSING,
            detail=found or _("not installed; needed for: {purpose}").format(purpose=_(purpose)),
            remedy="" if found else _install_advice(package),
        )


def _install_advice(package: str) -> str:
    if platform.system() == "Linux":
        return _("Debian and Ubuntu: `sudo apt install {package}`").format(package=package)
    return _("Install it from its makers' site")


def examine_environment(environ: Mapping[str, str]) -> Iterable[Check]:
    """Secrets that stand openly in the environment."""
    found = [name for name in _SECRET_VARIABLES if environ.get(name)]
    if found:
        yield Check(
            slug="environment-secrets",
            title=_("Environment"),
            state=State.NOTE,
            detail=_("secrets stand openly in: {names}").format(names=", ".join(found)),
            remedy=_("Use a file, a file descriptor or the keyring instead"),
        )


def examine_settings(load: Callable[[], object]) -> Iterable[Check]:
    """Whether the settings can be read; `load` raises what is wrong with them."""
    load()
    yield Check(slug="settings", title=_("Settings"), state=State.OK, detail=_("readable"))


def examine_profile(chosen: Callable[[], tuple[str, str]]) -> Iterable[Check]:
    """The profile in use; `chosen` gives its name and portal address, or raises."""
    try:
        name, url = chosen()
    except DvcError as error:
        yield Check(slug="profile", title=_("Profile"), state=State.NOTE, detail=error.message, remedy=error.hint or "")
        return
    yield Check(slug="profile", title=_("Profile"), state=State.OK, detail=f"{name} ({url or '-'})")


def examine_portal(reach: Callable[[], int]) -> Iterable[Check]:
    """Whether the profile's portal answers; `reach` gives the status of its first page, or raises."""
    try:
        status = reach()
    except DvcError as error:
        state, detail, remedy = State.BROKEN, error.message, error.hint or _("Check the network and the address")
    else:
        state = State.OK if status < 500 else State.BROKEN
        detail = _("answers with status {status}").format(status=status)
        remedy = "" if state is State.OK else _("The portal has a fault; try again later")
    yield Check(slug="portal", title=_("Portal"), state=state, detail=detail, remedy=remedy)


def examine_keyring(probe: Callable[[], str | None]) -> Iterable[Check]:
    """Whether secrets can be kept; `probe` gives the keyring's name, or None when there is none that works."""
    found = probe()
    yield Check(
        slug="keyring",
        title=_("Keyring"),
        state=State.OK if found else State.MISSING,
        detail=found or _("no keyring that works; passwords are asked for each time"),
        remedy="" if found else _("Use --password-file or `password_command` in the profile"),
    )


def examine_tokens(discover: Callable[[], Sequence[tuple[str, str, str]]]) -> Iterable[Check]:
    """PKCS#11 modules; `discover` gives path, what was found, and what is wrong with it (or nothing)."""
    found = discover()
    if not found:
        yield Check(
            slug="tokens",
            title=_("USB token"),
            state=State.MISSING,
            detail=_("no PKCS#11 module of a known token was found"),
            remedy=_("Install the token's software from your CA, or name its module with --module"),
        )
    for path, tokens, problem in found:
        state = State.NOTE if problem else State.OK
        detail = problem or tokens or _("works; no token is plugged in")
        yield Check(slug="tokens", title=_("USB token"), state=state, detail=f"{path}: {detail}")


def examine_sandbox() -> Iterable[Check]:
    """Whether the extra `sandbox` is installed."""
    from importlib.util import find_spec

    missing = [
        name
        for name in ("starlette", "uvicorn", "multipart", "captcha", "certomancer", "a2wsgi")
        if not find_spec(name)
    ]
    yield Check(
        slug="sandbox",
        title="sandbox",
        state=State.MISSING if missing else State.OK,
        detail=_("not installed") if missing else _("installed"),
        remedy=_("`pip install 'dvc-cli[sandbox]'`, to try things out") if missing else "",
    )
