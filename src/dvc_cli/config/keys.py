"""The table of settings: one row per key; the reference page and `config list` are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dvc_cli.i18n import N_, _, parse_language

Value = str | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A setting.

    Args:
        name: dotted name.
        default: its value when nothing sets it; None means "not set". The default's type is the setting's type
            (text when None).
        help: a sentence for people (message id).
        env: the environment variable that sets it.
        choices: the only values allowed.
        least, most: bounds of a number.
        weak_env: the variable gives way to files (the language: option > setting > DVC_LANG > system).
        read: turns other spellings in options and variables into the value.
        project: whether a project's `dvc.toml` may set it (design/decisions.md: nothing that runs, loads or contacts).
    """

    name: str
    default: Value | None
    help: str
    env: str = ""
    choices: tuple[str, ...] = ()
    least: float = 0.0
    most: float = 0.0
    weak_env: bool = False
    read: Callable[[str], str | None] | None = None
    project: bool = False

    def parse(self, text: str) -> Value:
        """The value that `text` (option, variable, command line) stands for. Raises ValueError with the reason."""
        if isinstance(self.default, bool):
            word = text.strip().lower()
            return self.check(
                {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(word)
            )
        if isinstance(self.default, float):
            try:
                return self.check(float(text))
            except ValueError as error:
                raise ValueError(self._bounds()) from error
        return self.check((self.read(text) if self.read else None) or text)

    def check(self, value: object) -> Value:
        """A value of the right kind (as TOML gives it). Raises ValueError with the reason."""
        if isinstance(self.default, bool):
            if value is True or value is False:
                return bool(value)
            raise ValueError(_("it must be `true` or `false`"))
        if isinstance(self.default, float):
            if isinstance(value, (int, float)) and not isinstance(value, bool) and self._within(value):
                return float(value)
            raise ValueError(self._bounds())
        if not isinstance(value, str) or not value:
            raise ValueError(_("it must be text in quotes"))
        if self.choices and value not in self.choices:
            raise ValueError(_("it must be one of {choices}").format(choices=", ".join(self.choices)))
        return value

    def _within(self, number: float) -> bool:
        return self.least <= number <= self.most

    def _bounds(self) -> str:
        return _("it must be a number from {least} to {most}").format(least=f"{self.least:g}", most=f"{self.most:g}")


_ROWS = (
    Key(
        name="output.language",
        default=None,
        env="DVC_LANG",
        weak_env=True,
        choices=("vi", "en"),
        read=parse_language,
        project=True,
        help=N_("Language of messages; without it the system's"),
    ),
    Key(
        name="output.format",
        default="text",
        env="DVC_OUTPUT_FORMAT",
        choices=("text", "json"),
        project=True,
        help=N_("Form of results: text for people or JSON"),
    ),
    Key(
        name="output.color",
        default="auto",
        env="DVC_COLOR",
        choices=("auto", "never"),
        project=True,
        help=N_("Colour at a terminal"),
    ),
    Key(
        name="profile",
        default=None,
        env="DVC_PROFILE",
        help=N_("The profile in use; chosen by `dvc-cli profile use`"),
    ),
    Key(
        name="network.proxy",
        default=None,
        env="DVC_PROXY",
        help=N_("Proxy address, or none; without it HTTPS_PROXY and the system's"),
    ),
    Key(
        name="network.ca_file", default=None, env="DVC_CA_FILE", help=N_("PEM file of CAs trusted beside the system's")
    ),
    Key(
        name="network.connect_timeout",
        default=10.0,
        env="DVC_CONNECT_TIMEOUT",
        least=0.1,
        most=600,
        help=N_("Seconds to wait for a connection"),
    ),
    Key(
        name="network.read_timeout",
        default=60.0,
        env="DVC_READ_TIMEOUT",
        least=0.1,
        most=3600,
        help=N_("Seconds to wait for an answer"),
    ),
    Key(
        name="credentials.keyring",
        default=True,
        env="DVC_KEYRING",
        help=N_("Keep passwords in the system's keyring"),
    ),
    Key(
        name="credentials.keyring_timeout",
        default=3.0,
        env="DVC_KEYRING_TIMEOUT",
        least=0.1,
        most=60,
        help=N_("Seconds to wait for the keyring"),
    ),
    Key(
        name="dossier.procedure",
        default=None,
        env="DVC_PROCEDURE",
        project=True,
        help=N_("Procedure code used when a command is given none"),
    ),
    Key(
        name="stamp.preset",
        default=None,
        env="DVC_STAMP_PRESET",
        project=True,
        help=N_("Look of visible signatures"),
    ),
    Key(
        name="scan.page_size",
        default="A4",
        env="DVC_PAGE_SIZE",
        choices=("A4", "A3", "A5", "letter", "image"),
        project=True,
        help=N_("Page size of converted scans"),
    ),
)

KEYS: dict[str, Key] = {key.name: key for key in _ROWS}
