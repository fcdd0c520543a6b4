"""Reading the settings of a cloud signer from the profile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from urllib.parse import urlsplit

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.sign.base import SignerSpec

DEFAULT_BATCH = 10
MAX_BATCH = 50
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is: `origin` without a slash at the end, `path` without one or empty."""

    origin: str
    path: str

    @property
    def host(self) -> str:
        """Host and port that the secrets belong to."""
        return urlsplit(self.origin).netloc


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """The options of one signer; every reader raises ConfigurationProblem and names the option."""

    spec: SignerSpec

    def address(self, key: str, example: str, default: str | None = None) -> Address:
        """An http(s) address without user, query and fragment (plain http is for loopback: `net` sees to it)."""
        url = urlsplit(self.text(key, default) or self.required(key))
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
            raise self.wrong(key, _("an address such as {example}").format(example=example))
        return Address(f"{url.scheme}://{url.netloc}", url.path.rstrip("/"))

    def required(self, key: str) -> str:
        """A text that must be there."""
        value = self.text(key)
        if not value:
            raise ConfigurationProblem(
                _("The signer {name} has no `{key}`").format(name=self.spec.name, key=key),
                hint=_(
                    "Set `{key}` of this signer in the profile; `dvc-cli profile show` shows where it is kept"
                ).format(key=key),
            )
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text, or the default, or empty."""
        value = self.spec.options.get(key)
        return str(value).strip() if value not in (None, "") and not isinstance(value, bool) else default or ""

    def choice(self, key: str, kind: type[E], default: E) -> E:
        """One of the words of an enumeration."""
        try:
            return kind(self.spec.options.get(key, default.value))
        except ValueError:
            raise self.wrong(key, ", ".join(str(one.value) for one in kind)) from None

    def number(self, key: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        text = self.text(key, str(default))
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
            raise self.wrong(key, _("a number from 1 to {most}").format(most=most))
        return int(text)

    @property
    def is_confirmed(self) -> bool:
        """Whether a person allows one more try after a refused secret (`--confirm-pin`)."""
        return self.spec.options.get("confirm_pin") in (True, "true", 1)

    def wrong(self, key: str, expected: str) -> ConfigurationProblem:
        """The error for a value that cannot be used."""
        return ConfigurationProblem(
            _("`{key}` of the signer {name} is not valid: {value}").format(
                key=key, name=self.spec.name, value=self.spec.options.get(key)
            ),
            hint=_("It takes {expected}").format(expected=expected),
        )
