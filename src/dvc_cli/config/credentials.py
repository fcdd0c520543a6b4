"""Where a secret comes from: what the user points to now, the keyring, a command, a file kept on purpose, a person.

The source is logged, the value never (design/details.md §7.7). A PIN is never stored and never read from a plain variable.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dvc_cli.config.kept_secrets import KeptSecrets
from dvc_cli.config.keyring_door import KeyringDoor, KeyringUnusable
from dvc_cli.config.password_command import run_password_command
from dvc_cli.errors import ConfigurationProblem, UsageProblem
from dvc_cli.files import reason_of
from dvc_cli.i18n import _
from dvc_cli.model.ports import Prompter
from dvc_cli.model.secret import Secret

log = logging.getLogger(__name__)

Purpose = Literal[
    "password", "pin", "passphrase", "sp_password", "th_password", "csc_password", "client_secret", "otp_secret"
]
Source = Literal[
    "stdin", "file-descriptor", "file", "environment-file", "environment", "keyring", "command", "kept-file", "prompt"
]
_LIMIT = 4096


class UnreadableSecret(ConfigurationProblem):
    """A file, descriptor or variable that should give a secret does not."""

    slug = "unreadable-secret"


class NeverStored(UsageProblem):
    """A PIN or another secret that is never kept was asked to be stored."""

    slug = "never-stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRequest:
    """What is needed and where it may come from.

    Args:
        purpose: "password", "pin", "passphrase", "sp_password", "th_password", "csc_password", "client_secret",
            "otp_secret".
        subject: what it belongs to (`account@host`, token serial, file name).
        flag: the option that gives it without a prompt; named when nobody can be asked.
        question: the prompt, in the user's language.
        file, fd, stdin: sources the user pointed to with an option or in the profile.
        command: prints the secret on its first line.
        env: name of the variable; `<env>_FILE` names a file. A PIN is read from the file only.
        may_store: whether keyring and kept file may hold it.
    """

    purpose: str
    subject: str
    flag: str
    question: str = ""
    file: Path | None = None
    fd: int | None = None
    stdin: bool = False
    command: str | None = None
    env: str | None = None
    may_store: bool = False

    @property
    def storable(self) -> bool:
        """Whether it may be kept at all."""
        return self.may_store and self.purpose != "pin"


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret and where it came from."""

    secret: Secret
    source: Source


class Credentials:
    """Finds, keeps and forgets secrets.

    Args:
        environ: the environment.
        prompter: asks a person.
        keyring_timeout: seconds for one call of the keyring.
        folder: where `--insecure-storage` keeps secrets; None: nowhere.
        use_keyring: False leaves the keyring alone (setting `credentials.keyring`).
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        prompter: Prompter,
        keyring_timeout: float = 3.0,
        *,
        folder: Path | None = None,
        use_keyring: bool = True,
    ) -> None:
        self._environ = environ
        self._prompter = prompter
        self._keyring = KeyringDoor(keyring_timeout) if use_keyring else None
        self._kept = KeptSecrets(folder) if folder else None

    def get(self, request: CredentialRequest) -> Credential:
        """The secret, from the first source that has it.

        Order: stdin, descriptor, file (options); variables; keyring; command; kept file; prompt.

        Raises:
            UnreadableSecret: a source that was named fails; no other is tried in its place.
            PasswordCommandFailed: likewise.
            UsageProblem: nobody can be asked (from the prompter; names `request.flag`).
        """
        found = (
            self._pointed_to(request)
            or self._from_environment(request)
            or self._from_keyring(request)
            or self._from_command(request)
            or self._from_kept(request)
            or Credential(self._prompter.secret(request.question or request.purpose, flag=request.flag), "prompt")
        )
        log.info("%s taken from %s", request.purpose, found.source)
        return found

    def store(self, request: CredentialRequest, secret: Secret, *, insecure: bool = False) -> Source:
        """Keep a secret for later and tell where.

        Args:
            insecure: into a plain file of the user's (`--insecure-storage`) instead of the keyring.

        Raises:
            NeverStored: a PIN, or `may_store` is False.
            KeyringUnusable: no keyring, or it does not give back what was written; nothing falls back to plain text.
            StorageProblem, InvalidInput: the file cannot be written.
        """
        if not request.storable:
            raise NeverStored(_("A PIN or passphrase is never stored"), hint=_("Give it each time it is asked for"))
        if insecure:
            if self._kept is None:
                raise KeyringUnusable(_("There is no folder to keep secrets in"))
            self._kept.put(_name(request), secret)
            return "kept-file"
        if self._keyring is None:
            raise KeyringUnusable(
                _("The keyring is switched off"), hint=_("Switch it on: `dvc-cli config set credentials.keyring true`")
            )
        self._keyring.put(_name(request), secret)
        return "keyring"

    def kept(self, request: CredentialRequest) -> Credential | None:
        """What keyring or kept file hold for `request`; asks nobody, and an unusable keyring holds nothing."""
        return self._from_keyring(request) or self._from_kept(request)

    def forget(self, request: CredentialRequest) -> bool:
        """Delete what is kept of a secret, everywhere; whether anything was."""
        gone = self._kept.forget(_name(request)) if self._kept else False
        if self._keyring is not None:
            try:
                gone = self._keyring.forget(_name(request)) or gone
            except KeyringUnusable as error:
                log.info("keyring not usable: %s", error.reason)
        return gone

    def keyring_problem(self) -> str | None:
        """Why the keyring cannot be used (probed by writing and reading back), None when it can."""
        if self._keyring is None:
            return _("switched off by the settings")
        try:
            self._keyring.probe()
        except KeyringUnusable as error:
            return error.reason
        return None

    def keyring_name(self) -> str | None:
        """The name of the keyring when it works (probed), else None; for `doctor`."""
        if self._keyring is None or self.keyring_problem():
            return None
        return self._keyring.name()

    # -- sources in their order --------------------------------------------------------------------------------------

    def _pointed_to(self, request: CredentialRequest) -> Credential | None:
        if request.stdin:
            return Credential(_from_stdin(request), "stdin")
        if request.fd is not None:
            return Credential(_from_descriptor(request.fd), "file-descriptor")
        if request.file is not None:
            return Credential(_from_file(request.file), "file")
        return None

    def _from_environment(self, request: CredentialRequest) -> Credential | None:
        if not request.env:
            return None
        if path := self._environ.get(f"{request.env}_FILE"):
            return Credential(_from_file(Path(path)), "environment-file")
        value = self._environ.get(request.env)
        if value and request.purpose == "pin":
            log.warning("%s is not read: a PIN is taken from a file, a descriptor or a person", request.env)
            return None
        return Credential(Secret(value), "environment") if value else None

    def _from_keyring(self, request: CredentialRequest) -> Credential | None:
        if not request.storable or self._keyring is None:
            return None
        try:
            secret = self._keyring.get(_name(request))
        except KeyringUnusable as error:
            log.info("keyring not usable: %s", error.reason)
            return None
        return Credential(secret, "keyring") if secret else None

    def _from_command(self, request: CredentialRequest) -> Credential | None:
        return Credential(run_password_command(request.command), "command") if request.command else None

    def _from_kept(self, request: CredentialRequest) -> Credential | None:
        secret = self._kept.get(_name(request)) if self._kept and request.storable else None
        return Credential(secret, "kept-file") if secret else None


def _name(request: CredentialRequest) -> str:
    return f"{request.purpose}:{request.subject}"


def _from_stdin(request: CredentialRequest) -> Secret:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageProblem(
            _("`{flag}` reads from a pipe, but standard input is the terminal").format(flag=request.flag),
            hint=_("Pipe the secret in, or leave the option out to be asked"),
        )
    return _secret(sys.stdin.buffer.read(_LIMIT + 1), _("standard input"))


def _from_descriptor(number: int) -> Secret:
    where = _("file descriptor {number}").format(number=number)
    try:
        with os.fdopen(os.dup(number), "rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise _unreadable(where, reason_of(error)) from error
    return _secret(content, where)


def _from_file(path: Path) -> Secret:
    # Links are followed: secrets of containers are links, `<(command)` of a shell is one.
    try:
        with path.expanduser().open("rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise _unreadable(f"`{path}`", reason_of(error)) from error
    return _secret(content, f"`{path}`")


def _secret(content: bytes, where: str) -> Secret:
    """Without the one line end that editors and `echo` add."""
    if len(content) > _LIMIT:
        raise _unreadable(where, _("it is too large"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(where, _("it is not UTF-8 text")) from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise _unreadable(where, _("it is empty"))
    return Secret(text)


def _unreadable(where: str, reason: str) -> UnreadableSecret:
    return UnreadableSecret(_("No secret can be read from {where}: {reason}").format(where=where, reason=reason))
