"""Root certificates that the user imported: one file each, named by its SHA-256 fingerprint, which pins it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from dvc_cli.config.paths import Paths
from dvc_cli.config.profiles import check_profile_name
from dvc_cli.errors import ConfigurationProblem
from dvc_cli.files import make_private_folder, reason_of, storage_problem, sync_folder, write_atomically
from dvc_cli.i18n import _

_NAME = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".der"


class TrustChanged(ConfigurationProblem):
    """An imported root certificate is not the one that was confirmed, or cannot be read."""

    slug = "trust-changed"


@dataclass(frozen=True, slots=True)
class ImportedRoot:
    """An imported certificate. `profile` None: trusted with every profile."""

    der: bytes
    fingerprint: str
    path: Path
    profile: str | None


class TrustStore:
    """The imported roots of this user, below the configuration folder: `trust/` and `trust/profiles/NAME/`."""

    def __init__(self, paths: Paths) -> None:
        self._folder = paths.config / "trust"

    def roots(self, profile: str | None) -> list[ImportedRoot]:
        """Those trusted with every profile, then those of `profile`.

        Raises:
            TrustChanged: a file does not hold the certificate its name pins.
        """
        scopes = (None,) if profile is None else (None, profile)
        return [
            _read(path, scope)
            for scope in scopes
            for path in sorted(self._of(scope).glob(f"*{_SUFFIX}"))
            if _NAME.fullmatch(path.stem)
        ]

    def add(self, der: bytes, profile: str | None) -> ImportedRoot:
        """Store a certificate; one that is there already stays. Raises errors of `files`."""
        fingerprint = hashlib.sha256(der).hexdigest()
        folder = self._of(profile)
        make_private_folder(folder)
        path = folder / f"{fingerprint}{_SUFFIX}"
        write_atomically(path, der, overwrite=True)
        return ImportedRoot(der, fingerprint, path, profile)

    def remove(self, root: ImportedRoot) -> None:
        """Forget a certificate. Raises errors of `files`."""
        try:
            root.path.unlink(missing_ok=True)
            sync_folder(root.path.parent)
        except OSError as error:
            raise storage_problem(error, root.path) from error

    def _of(self, profile: str | None) -> Path:
        return self._folder if profile is None else self._folder / "profiles" / check_profile_name(profile)


def _read(path: Path, profile: str | None) -> ImportedRoot:
    try:
        der = path.read_bytes()
    except OSError as error:
        raise TrustChanged(
            _("The imported root `{path}` cannot be read: {reason}").format(path=path, reason=reason_of(error)),
            hint=_("Delete the file, then import the certificate again with `dvc-cli trust import`"),
        ) from error
    if hashlib.sha256(der).hexdigest() != path.stem:
        raise TrustChanged(
            _("The imported root `{path}` was changed: it is not the certificate that was confirmed").format(path=path),
            hint=_("Delete the file, then import the certificate again with `dvc-cli trust import`"),
        )
    return ImportedRoot(der, path.stem, path, profile)
