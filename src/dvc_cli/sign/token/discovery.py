"""Finding PKCS#11 modules: the named one, p11-kit's, the table of the field, then a narrow search (tokens.md §1)."""

from __future__ import annotations

import sys
import sysconfig
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from dvc_cli.i18n import _
from dvc_cli.sign.token.architecture import exports_pkcs11, own_processor, processors_of

_P11_KIT_FOLDERS: Final = ("/usr/share/p11-kit/modules", "/etc/pkcs11/modules")
_TRUST_ONLY: Final = "p11-kit-trust"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A module file worth trying. `origin`: "option", "p11-kit", "table" or "search"; `unfit` says why it cannot be loaded."""

    path: Path
    family: str
    origin: str
    unfit: str | None = None


def named_module(path: Path) -> Candidate:
    """The module the user named."""
    return Candidate(path, path.stem, "option", unfit_reason(path))


def find_modules(environ: Mapping[str, str], system: str = sys.platform) -> list[Candidate]:
    """All modules on this computer, best known first, each file once; those for another processor have `unfit` set."""
    table = _table()
    name = {"win32": "windows", "darwin": "macos"}.get(system, "linux")
    folders = [_filled(folder) for folder in table["folders"].get(name, ())]
    found: dict[Path, Candidate] = {}
    for candidate in (
        *_from_p11_kit(environ, name),
        *_from_table(table, name, folders),
        *_from_other_half(table, name),
        *_from_search(table, name, folders),
    ):
        found.setdefault(candidate.path.resolve(), candidate)
    return list(found.values())


def unfit_reason(path: Path) -> str | None:
    """Why a module cannot be loaded into this Python, or None."""
    if not path.is_file():
        return _("the file does not exist")
    processors = processors_of(path)
    if not processors:
        return _("it is not a program library")
    if own_processor() in processors:
        return None
    made_for = ", ".join(sorted(processors))
    if processors <= {"x86", "arm"} and own_processor() in ("x86_64", "aarch64"):
        return _("it is a 32-bit library ({made_for}) and this program is 64-bit").format(made_for=made_for)
    return _("it is made for {made_for}, this program runs on {own}").format(made_for=made_for, own=own_processor())


def _from_p11_kit(environ: Mapping[str, str], name: str) -> Iterator[Candidate]:
    if name == "windows":
        return
    folders = [Path(folder) for folder in _P11_KIT_FOLDERS]
    if home := environ.get("XDG_CONFIG_HOME") or environ.get("HOME"):
        own = Path(home) if environ.get("XDG_CONFIG_HOME") else Path(home) / ".config"
        folders.insert(0, own / "pkcs11" / "modules")
    for file in (file for folder in folders for file in sorted(folder.glob("*.module"))):
        path = _module_of(file)
        if path is not None and _TRUST_ONLY not in path.name and path.is_file():
            yield Candidate(path, file.stem, "p11-kit", unfit_reason(path))


def _module_of(file: Path) -> Path | None:
    """The `module:` line of a p11-kit file; a relative name lies in p11-kit's module folder."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    settings = dict(line.split(":", 1) for line in lines if ":" in line and not line.lstrip().startswith("#"))
    value = settings.get("module", "").strip()
    if not value or "x-init-reserved" in settings:
        return None
    if Path(value).is_absolute():
        return Path(value)
    homes = (_filled("/usr/lib/{multiarch}/pkcs11"), Path("/usr/lib64/pkcs11"), Path("/usr/lib/pkcs11"))
    return next((home / value for home in homes if (home / value).is_file()), None)


def _from_table(table: Mapping[str, Any], name: str, folders: Iterable[Path]) -> Iterator[Candidate]:
    for family in table["family"]:
        for file_name in family.get(name, ()):
            for folder in folders:
                path = folder / file_name
                if path.is_file():
                    yield Candidate(path, family["name"], "table", unfit_reason(path))


def _from_other_half(table: Mapping[str, Any], name: str) -> Iterator[Candidate]:
    """32-bit modules of a 64-bit Windows: found only to be able to say why they cannot be used."""
    folders = [Path(folder) for folder in table["folders"].get(f"{name}-other", ())]
    yield from _from_table(table, name, folders)


def _from_search(table: Mapping[str, Any], name: str, folders: Iterable[Path]) -> Iterator[Candidate]:
    for folder in folders:
        for pattern in table["search"].get(name, ()):
            for path in sorted(folder.glob(pattern)):
                if not _is_service_provider(path) and path.is_file() and exports_pkcs11(path):
                    yield Candidate(path, path.stem, "search", unfit_reason(path))


def _is_service_provider(path: Path) -> bool:
    """Windows CSPs carry similar names and are no PKCS#11 modules."""
    stem = path.stem.lower()
    return stem.endswith("_s") or ("_csp" in stem and "csp11" not in stem)


def _table() -> dict[str, Any]:
    return tomllib.loads((files("dvc_cli.sign.token") / "modules.toml").read_text(encoding="utf-8"))


def _filled(folder: str) -> Path:
    return Path(folder.format(multiarch=sysconfig.get_config_var("MULTIARCH") or f"{own_processor()}-linux-gnu"))
