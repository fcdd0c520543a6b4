"""The system's keyring behind a time limit: it may hang (D-Bus, locked collections) and may lie (null back end)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret

SERVICE = "dvc-cli"
_Result = TypeVar("_Result")


class KeyringUnusable(ConfigurationProblem):
    """There is no keyring, or it does not answer, or it does not give back what was written."""

    slug = "keyring-unusable"

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(
            _("The keyring cannot be used: {reason}").format(reason=reason),
            hint=hint
            or _(
                "Set `password_command` in the profile, or be asked each time; `--insecure-storage` keeps a plain file"
            ),
        )
        self.reason = reason


class KeyringDoor:
    """Every call runs in a daemon thread and is given up after `timeout` seconds; then the keyring counts as gone."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._gone: str | None = None

    def get(self, name: str) -> Secret | None:
        """What is kept under `name`. Raises KeyringUnusable."""

        def read() -> Secret | None:
            text = _backend().get_password(SERVICE, name)
            return Secret(text) if text else None

        return self._call(read)

    def put(self, name: str, secret: Secret) -> None:
        """Keep a secret and read it back. Raises KeyringUnusable when it is not there afterwards."""

        def write() -> bool:
            backend = _backend()
            backend.set_password(SERVICE, name, secret.reveal())
            return bool(backend.get_password(SERVICE, name) == secret.reveal())

        if not self._call(write):
            raise self._give_up(_("it does not keep what is written"))

    def forget(self, name: str) -> bool:
        """Delete; whether there was anything. Raises KeyringUnusable."""

        def delete() -> bool:
            backend = _backend()
            if backend.get_password(SERVICE, name) is None:
                return False
            backend.delete_password(SERVICE, name)
            return True

        return self._call(delete)

    def name(self) -> str:
        """What the keyring calls itself. Raises KeyringUnusable."""
        return self._call(lambda: str(_backend().name))

    def probe(self) -> None:
        """Write a random value, read it back, delete it. Raises KeyringUnusable."""
        name = "probe:" + secrets.token_hex(8)
        self.put(name, Secret(secrets.token_hex(16)))
        self.forget(name)

    def _call(self, work: Callable[[], _Result]) -> _Result:
        if self._gone is not None:
            raise KeyringUnusable(self._gone)
        results: list[_Result] = []
        errors: list[Exception] = []

        def run() -> None:
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - back ends of other people raise anything, in a foreign thread
                errors.append(error)

        thread = threading.Thread(target=run, name="keyring", daemon=True)
        thread.start()
        thread.join(self._timeout)
        if results:
            return results[0]
        if errors:
            raise self._give_up(_reason(errors[0])) from errors[0]
        raise self._give_up(_("no answer within {seconds} seconds").format(seconds=f"{self._timeout:g}"))

    def _give_up(self, reason: str) -> KeyringUnusable:
        self._gone = reason
        return KeyringUnusable(reason)


def _backend() -> Any:
    """The chosen back end; those of `keyrings.*` are refused: plain text, or asking on the terminal by themselves."""
    import keyring

    backend = keyring.get_keyring()
    if type(backend).__module__.split(".")[0] == "keyrings":
        raise KeyringUnusable(_("the back end {name} is not a safe one").format(name=type(backend).__module__))
    return backend


def _reason(error: Exception) -> str:
    if isinstance(error, KeyringUnusable):
        return error.reason
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    match error:
        case NoKeyringError():
            return _("this system has none")
        case InitError() | KeyringLocked():
            return _("it is locked")
        case _:
            return type(error).__name__
