"""Profiles: a portal, an account, its signers and trust, in one file each (`profiles/NAME.toml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dvc_cli.config.paths import Paths
from dvc_cli.config.settings import USER_FILE
from dvc_cli.config.toml_file import BadValue, TomlFile, set_value, unset_value
from dvc_cli.errors import ConfigurationProblem, StorageProblem
from dvc_cli.files import OutputExists, make_private_folder, reason_of, sync_folder, write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret

SCHEMA = 1
_CHOICES = {"signature_profile": ("pades", "cms")}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Windows' devices, and folders of ours that may share a parent with those of profiles.
_RESERVED = {
    "profiles",
    "crashes",
    "cache",
    "con",
    "prn",
    "aux",
    "nul",
    *(f"com{n}" for n in range(10)),
    *(f"lpt{n}" for n in range(10)),
}
# Names under which people would put the secret itself; the file may only say where it is.
_SECRETS = {
    "pin",
    "password",
    "passphrase",
    "sp_password",
    "th_password",
    "csc_password",
    "client_secret",
    "otp_secret",
    "so_pin",
    "secret",
}

Option = str | int | bool


class NoSuchProfile(ConfigurationProblem):
    """There is no profile of that name."""

    slug = "no-such-profile"


class BadProfileName(ConfigurationProblem):
    """A profile's name cannot be used as a file name everywhere."""

    slug = "bad-profile-name"


class SecretInFile(ConfigurationProblem):
    """A profile file holds a secret; it may only name where the secret is."""

    slug = "secret-in-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSettings:
    """A signer of a profile: `kind` is token, p12, smartca, csc or mysign; `options` are the driver's, never secrets.

    Options `*_file` and `*_command` name where a secret is. Paths are absolute after loading.
    """

    name: str
    kind: str
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Whom the program works for and where.

    Args:
        reference_key: random key of the duplicate protection, shared by all stations of one filer (submission.md §1).
        trust: PEM files of root certificates trusted when signatures are verified.
        tsa: addresses of time-stamping services; with one, signatures are B-T by default.
        extra_ca: PEM file of CAs trusted for TLS beside the system's.
        data_file: the user's own data of the portal's dialect.
        password_command: prints the portal password.
        signature_profile: "pades" or "cms" (`model.signing.SignatureProfile`).
        send_reference: whether the reference may stand in the portal's note field.
    """

    name: str
    portal_url: str = ""
    dialect: str = "igate1"
    account: str = ""
    sandbox: bool = False
    default_signer: str | None = None
    signers: Mapping[str, SignerSettings] = field(default_factory=dict)
    trust: tuple[Path, ...] = ()
    tsa: tuple[str, ...] = ()
    reference_key: Secret | None = None
    password_command: str | None = None
    extra_ca: Path | None = None
    data_file: Path | None = None
    signature_profile: str = "pades"
    send_reference: bool = True


def check_profile_name(name: str) -> str:
    """`name` itself. Raises BadProfileName: it becomes a file name on every system."""
    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise BadProfileName(
            _("`{name}` cannot be the name of a profile").format(name=name),
            hint=_("Use up to 64 letters, digits, `-` and `_`, beginning with a letter or digit"),
        )
    return name


class ProfileStore:
    """The profiles of this user."""

    def __init__(self, paths: Paths) -> None:
        self._folder = paths.config / "profiles"
        self._settings = paths.config / USER_FILE

    def names(self) -> list[str]:
        """All names, in order."""
        return sorted(path.stem for path in self._folder.glob("*.toml") if _NAME.fullmatch(path.stem))

    def path(self, name: str) -> Path:
        """The file of a profile. Raises BadProfileName."""
        return self._folder / f"{check_profile_name(name)}.toml"

    def load(self, name: str) -> Profile:
        """Read a profile. Raises NoSuchProfile, BadProfileName, BadSettingsFile, UnknownKey, BadValue, SecretInFile."""
        path = self.path(name)
        if not path.is_file():
            known = ", ".join(self.names()) or _("none")
            raise NoSuchProfile(
                _("There is no profile `{name}`").format(name=name),
                hint=_("Profiles: {known}; add one with `dvc-cli profile add`").format(known=known),
            )
        return read_profile(path, name)

    def write(self, profile: Profile, force: bool = False) -> Profile:
        """Store a profile (0600, atomically) and return it with its reference key, made now when it had none.

        Raises: BadProfileName, OutputExists (without `force`), SecretInFile, errors of `files`.
        """
        path = self.path(profile.name)
        if not force and profile.name.lower() in {name.lower() for name in self.names()}:
            raise OutputExists(
                _("There is a profile `{name}` already").format(name=profile.name),
                hint=_("Choose another name, or replace it with `--force`"),
            )
        complete = profile if profile.reference_key else replace(profile, reference_key=new_reference_key())
        make_private_folder(self._folder)
        write_atomically(path, profile_text(complete).encode("utf-8"), overwrite=force)
        return complete

    def use(self, name: str) -> None:
        """Make a profile the one in use. Raises as `load`."""
        self.load(name)
        set_value(self._settings, "profile", name)

    def current(self) -> str | None:
        """The name in use according to the user's settings (options and environment may choose another)."""
        value = TomlFile(self._settings).data.get("profile")
        return value if isinstance(value, str) else None

    def remove(self, name: str) -> None:
        """Delete a profile's file; journal and receipts stay. Raises NoSuchProfile, BadProfileName, StorageProblem."""
        path = self.path(name)
        if not path.is_file():
            self.load(name)
        try:
            path.unlink()
            sync_folder(self._folder)
        except OSError as error:
            raise StorageProblem(
                _("`{path}` cannot be deleted: {reason}").format(path=path, reason=reason_of(error))
            ) from error
        if self.current() == name:
            unset_value(self._settings, "profile")


def new_reference_key() -> Secret:
    """A random reference key of 256 bits."""
    import secrets

    return Secret(secrets.token_urlsafe(32))


def read_profile(path: Path, name: str) -> Profile:
    """Read a profile from any file (its own or an exported one); relative paths are below the file's folder.

    Raises: BadSettingsFile, UnknownKey, BadValue, SecretInFile, BadProfileName.
    """
    return _Reader(TomlFile(path), check_profile_name(name)).profile()


def profile_text(profile: Profile) -> str:
    """The profile as TOML, reference key included."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("dvc-cli profile; passwords and PINs never stand here"))
    document["schema"] = SCHEMA
    for name, kind in _FIELDS.items():
        value = getattr(profile, name)
        if value in (None, "", ()):
            continue
        document[name] = _plain(value, kind)
    signers = tomlkit.table(is_super_table=True)
    for signer in profile.signers.values():
        _refuse_secrets(signer.options, f"signers.{signer.name}.")
        signers[signer.name] = {"kind": signer.kind, **signer.options}
    if profile.signers:
        document["signers"] = signers
    return tomlkit.dumps(document)


def _plain(value: Any, kind: str) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if kind == "path" else value


def _refuse_secrets(keys: Mapping[str, Any], prefix: str) -> None:
    for key in keys:
        if key.lower() in _SECRETS:
            raise SecretInFile(
                _("A profile may not hold the secret `{key}`").format(key=prefix + key),
                hint=_('Name where it is: `{key}_file = "…"` or `{key}_command = "…"`').format(key=key),
            )


_FIELDS = {
    "portal_url": "text",
    "dialect": "text",
    "account": "text",
    "sandbox": "flag",
    "default_signer": "text",
    "trust": "paths",
    "tsa": "texts",
    "reference_key": "secret",
    "password_command": "text",
    "extra_ca": "path",
    "data_file": "path",
    "signature_profile": "text",
    "send_reference": "flag",
}


class _Reader:
    """Turns the TOML of one profile into a `Profile`."""

    def __init__(self, file: TomlFile, name: str) -> None:
        self._file = file
        self._name = name
        self._base = file.path.parent

    def profile(self) -> Profile:
        data = dict(self._file.data)
        signers = data.pop("signers", {})
        _refuse_secrets(data, "")
        self._file.refuse_unknown(data, ["schema", "signers", *_FIELDS])
        if data.pop("schema", SCHEMA) != SCHEMA:
            raise self._bad("schema", _("a newer version of dvc-cli wrote it"))
        values = {key: self._value(key, value, _FIELDS[key]) for key, value in data.items()}
        profile = Profile(name=self._name, signers=self._signers(signers), **values)
        if profile.portal_url:
            from dvc_cli.net.address import check_address

            check_address(profile.portal_url)
        return profile

    def _signers(self, table: Any) -> dict[str, SignerSettings]:
        if not isinstance(table, dict):
            raise self._bad("signers", _("it must be a table"))
        return {name: self._signer(name, options) for name, options in table.items()}

    def _signer(self, name: str, table: Any) -> SignerSettings:
        where = f"signers.{name}"
        if not isinstance(table, dict):
            raise self._bad(where, _("it must be a table"))
        options = dict(table)
        kind = options.pop("kind", None)
        if kind is None:
            raise self._bad(where, _("it has no `kind`"))
        _refuse_secrets(options, f"{where}.")
        for key, value in options.items():
            if not isinstance(value, (str, int, bool)):
                raise self._bad(f"{where}.{key}", _("it must be text, a whole number, `true` or `false`"))
            if isinstance(value, str) and (key == "file" or key.endswith("_file")):
                options[key] = str(self._path(value))
        return SignerSettings(name=name, kind=str(kind), options=options)

    def _value(self, key: str, value: Any, kind: str) -> Any:
        if kind == "flag":
            if not isinstance(value, bool):
                raise self._bad(key, _("it must be `true` or `false`"))
            return value
        if kind in ("texts", "paths"):
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise self._bad(key, _("it must be a list of texts"))
            return tuple(self._path(item) for item in value) if kind == "paths" else tuple(value)
        if not isinstance(value, str):
            raise self._bad(key, _("it must be text in quotes"))
        if choices := _CHOICES.get(key):
            if value not in choices:
                raise self._bad(key, _("it must be one of {choices}").format(choices=", ".join(choices)))
            return value
        if kind == "secret":
            return Secret(value)
        return self._path(value) if kind == "path" else value

    def _path(self, text: str) -> Path:
        return self._base / Path(text).expanduser()

    def _bad(self, key: str, reason: str) -> BadValue:
        text = _("{place}: bad value of `{key}`: {reason}")
        return BadValue(text.format(place=self._file.place(key), key=key, reason=reason))
