"""Secrets kept in a plain file because the user said `--insecure-storage`: 0600, never through a link."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.files import make_private_folder, write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret

FILE = "insecure-secrets.json"
_LIMIT = 1_000_000


class UnsafeSecretsFile(ConfigurationProblem):
    """The plain file of secrets is a link, belongs to someone else or can be read by others; it is not used."""

    slug = "unsafe-secrets-file"


class KeptSecrets:
    """The file `insecure-secrets.json` of one folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def get(self, name: str) -> Secret | None:
        """What is kept under `name`. Raises UnsafeSecretsFile."""
        text = self._read().get(name)
        return Secret(text) if text else None

    def put(self, name: str, secret: Secret) -> None:
        """Keep a secret. Raises UnsafeSecretsFile and the errors of `files.write_atomically`."""
        self._write(self._read() | {name: secret.reveal()})

    def forget(self, name: str) -> bool:
        """Delete; whether there was anything. Errors as `put`."""
        kept = self._read()
        if name not in kept:
            return False
        del kept[name]
        self._write(kept)
        return True

    def _write(self, kept: dict[str, str]) -> None:
        make_private_folder(self._path.parent)
        write_atomically(self._path, json.dumps(kept, ensure_ascii=False, indent=1).encode("utf-8"), overwrite=True)

    def _read(self) -> dict[str, str]:
        if not self._path.is_symlink() and not self._path.exists():
            return {}
        try:
            handle = os.open(
                self._path,
                os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0),
            )
        except OSError as error:
            raise self._unsafe(_("it is a link or cannot be read")) from error
        try:
            self._check(os.fstat(handle))
            content = os.read(handle, _LIMIT)
        finally:
            os.close(handle)
        try:
            kept = json.loads(content)
        except ValueError as error:
            raise self._unsafe(_("it is damaged")) from error
        if not isinstance(kept, dict):
            raise self._unsafe(_("it is damaged"))
        return {str(name): str(value) for name, value in kept.items()}

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise self._unsafe(_("it is not an ordinary file"))
        if os.name == "nt":
            return  # the folder of the user's profile is private there
        if found.st_uid != os.geteuid():
            raise self._unsafe(_("it belongs to another user"))
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise self._unsafe(_("others may read it"))

    def _unsafe(self, reason: str) -> UnsafeSecretsFile:
        return UnsafeSecretsFile(
            _("The file of kept secrets `{path}` is not used: {reason}").format(path=self._path, reason=reason),
            hint=_("Delete it and store the secret again"),
        )
