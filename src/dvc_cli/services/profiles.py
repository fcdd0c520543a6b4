"""Adding, showing, choosing, exporting and removing profiles (`dvc-cli profile`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from dvc_cli.config.profiles import (
    Option,
    Profile,
    ProfileStore,
    SignerSettings,
    check_profile_name,
    profile_text,
    read_profile,
)
from dvc_cli.config.settings import Settings
from dvc_cli.errors import DvcError, InvalidInput, UsageProblem
from dvc_cli.files import check_output, write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.ports import Prompter
from dvc_cli.net.address import check_address


class BadSignerOption(UsageProblem):
    """A signer on the command line is not written as NAME=KIND,key=value."""

    slug = "bad-signer-option"


class NotAgreed(DvcError):
    """The person answered no; nothing was changed."""

    slug = "not-agreed"


class NothingToImport(InvalidInput):
    """The file of an exported profile does not exist."""

    slug = "nothing-to-import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """A profile in the list; `problem` when its file cannot be used."""

    name: str
    current: bool
    portal_url: str = ""
    dialect: str = ""
    account: str = ""
    sandbox: bool = False
    signers: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileList:
    """All profiles."""

    schema: ClassVar[str] = "dvc.profiles.list/1"
    profiles: tuple[ProfileRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSigner:
    """A signer of a profile."""

    name: str
    kind: str
    default: bool
    options: Mapping[str, Option]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileShown:
    """A profile without its reference key."""

    schema: ClassVar[str] = "dvc.profiles.profile/1"
    name: str
    current: bool
    file: Path
    portal_url: str
    dialect: str
    account: str
    sandbox: bool
    signers: tuple[ShownSigner, ...]
    trust: tuple[Path, ...]
    tsa: tuple[str, ...]
    has_reference_key: bool
    send_reference: bool
    password_command: str | None
    extra_ca: Path | None
    data_file: Path | None
    signature_profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged:
    """What happened to a profile: `action` is added, replaced, used, removed or exported."""

    schema: ClassVar[str] = "dvc.profiles.change/1"
    action: str
    name: str
    file: Path
    current: bool
    sandbox: bool = False
    missing_files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProfile:
    """The options of `profile add`; those left empty keep what an imported file says.

    Raises: UsageProblem when neither a portal nor a file to import is given; BadSignerOption.
    """

    name: str
    portal: str | None = None
    dialect: str | None = None
    account: str | None = None
    signers: Sequence[str] = ()
    default_signer: str | None = None
    trust: Sequence[Path] = ()
    tsa: Sequence[str] = ()
    password_command: str | None = None
    extra_ca: Path | None = None
    data_file: Path | None = None
    source: Path | None = None

    def __post_init__(self) -> None:
        check_profile_name(self.name)
        if not self.portal and not self.source:
            raise UsageProblem(
                _("A profile needs the portal's address"), hint=_("Give `--portal URL`, or `--from FILE` of an export")
            )

    def profile(self) -> Profile:
        """The profile these options make. Raises BadAddress, BadSignerOption, errors of reading the imported file."""
        base = self._imported()
        signers = dict(base.signers) | {one.name: one for one in map(parse_signer, self.signers)}
        given: dict[str, Any] = {
            "portal_url": check_address(self.portal) if self.portal else None,
            "dialect": self.dialect,
            "account": self.account,
            "default_signer": self.default_signer or base.default_signer or next(iter(signers), None),
            "trust": tuple(path.expanduser().absolute() for path in self.trust),
            "tsa": tuple(map(check_address, self.tsa)),
            "password_command": self.password_command,
            "extra_ca": self.extra_ca.expanduser().absolute() if self.extra_ca else None,
            "data_file": self.data_file.expanduser().absolute() if self.data_file else None,
        }
        made = replace(base, signers=signers, **{key: value for key, value in given.items() if value})
        if made.default_signer and made.default_signer not in signers:
            known = ", ".join(signers) or _("none")
            raise BadSignerOption(
                _("Profile {profile} has no signer {name}").format(profile=made.name, name=made.default_signer),
                hint=_("Signers of this profile: {known}").format(known=known),
            )
        return made

    def _imported(self) -> Profile:
        if self.source is None:
            return Profile(name=self.name)
        if not self.source.is_file():
            raise NothingToImport(_("There is no file `{path}`").format(path=self.source))
        return read_profile(self.source, self.name)


def parse_signer(text: str) -> SignerSettings:
    """`director=token,serial=00ab,pin_file=~/pin` as a signer; relative paths of `file` and `*_file` become absolute.

    Raises: BadSignerOption.
    """
    name, equals, rest = text.partition("=")
    kind, *pairs = rest.split(",")
    options: dict[str, Option] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise _bad_signer(text)
        key, value = key.strip(), value.strip()
        if key == "file" or key.endswith("_file"):
            value = str(Path(value).expanduser().absolute())
        options[key] = value == "true" if value in ("true", "false") else value
    if not equals or not name.strip() or not kind.strip():
        raise _bad_signer(text)
    return SignerSettings(name=name.strip(), kind=kind.strip(), options=options)


def list_profiles(store: ProfileStore, settings: Settings) -> ProfileList:
    """All profiles; a broken file is a row with its problem, not an error."""
    current = settings.text("profile")
    return ProfileList(profiles=tuple(_list_row(store, name, current) for name in store.names()))


def show_profile(store: ProfileStore, settings: Settings, name: str | None) -> ProfileShown:
    """One profile, or the one in use. Raises NoProfile, NoSuchProfile and the errors of reading it."""
    profile = settings.profile(name)
    return ProfileShown(
        name=profile.name,
        current=profile.name == settings.text("profile"),
        file=store.path(profile.name),
        portal_url=profile.portal_url,
        dialect=profile.dialect,
        account=profile.account,
        sandbox=profile.sandbox,
        signers=tuple(
            ShownSigner(name=one.name, kind=one.kind, default=one.name == profile.default_signer, options=one.options)
            for one in profile.signers.values()
        ),
        trust=profile.trust,
        tsa=profile.tsa,
        has_reference_key=profile.reference_key is not None,
        send_reference=profile.send_reference,
        password_command=profile.password_command,
        extra_ca=profile.extra_ca,
        data_file=profile.data_file,
        signature_profile=profile.signature_profile,
    )


def add_profile(store: ProfileStore, options: NewProfile, *, use: bool, force: bool) -> ProfileChanged:
    """Store a profile. A replaced one keeps its reference key, on which the protection against duplicates stands.

    Raises: OutputExists without `force`, and the errors of `NewProfile.profile` and `ProfileStore.write`.
    """
    profile = options.profile()
    existed = options.name in store.names()
    if existed and force and profile.reference_key is None:
        profile = replace(profile, reference_key=store.load(options.name).reference_key)
    store.write(profile, force=force)
    if use:
        store.use(profile.name)
    return _changed(store, profile, "replaced" if existed else "added")


def use_profile(store: ProfileStore, name: str) -> ProfileChanged:
    """Make a profile the one in use. Raises NoSuchProfile and the errors of reading it."""
    store.use(name)
    return _changed(store, store.load(name), "used")


def remove_profile(store: ProfileStore, name: str, *, agreed: bool, prompter: Prompter) -> ProfileChanged:
    """Delete a profile; journal and receipts stay.

    Raises:
        NotAgreed: the person said no. NobodyToAsk of the prompter when nobody can be asked.
        NoSuchProfile, StorageProblem.
    """
    file = store.path(name)
    if name not in store.names():
        store.load(name)
    question = _("Remove profile {name} and its reference key?").format(name=name)
    if not agreed and not prompter.confirm(question, flag="--yes"):
        raise NotAgreed(_("Profile {name} was not removed").format(name=name))
    store.remove(name)
    return ProfileChanged(action="removed", name=name, file=file, current=False)


def export_profile(store: ProfileStore, name: str, output: Path, *, force: bool) -> ProfileChanged:
    """Write a profile with its reference key to a private file, for the filer's other stations.

    Raises: NoSuchProfile, OutputExists and the other errors of `files.write_atomically`.
    """
    check_output(output, overwrite=force)
    profile = store.load(name)
    write_atomically(output, profile_text(profile).encode("utf-8"), overwrite=force)
    return replace(_changed(store, profile, "exported"), file=output)


def _changed(store: ProfileStore, profile: Profile, action: str) -> ProfileChanged:
    named = (*profile.trust, profile.extra_ca, profile.data_file, *map(_file_of, profile.signers.values()))
    return ProfileChanged(
        action=action,
        name=profile.name,
        file=store.path(profile.name),
        current=store.current() == profile.name,
        sandbox=profile.sandbox,
        missing_files=tuple(path for path in named if path is not None and not path.exists()),
    )


def _file_of(signer: SignerSettings) -> Path | None:
    file = signer.options.get("file")
    return Path(str(file)) if file else None


def _list_row(store: ProfileStore, name: str, current: str | None) -> ProfileRow:
    try:
        profile = store.load(name)
    except DvcError as error:
        return ProfileRow(name=name, current=name == current, problem=error.message)
    return ProfileRow(
        name=name,
        current=name == current,
        portal_url=profile.portal_url,
        dialect=profile.dialect,
        account=profile.account,
        sandbox=profile.sandbox,
        signers=tuple(profile.signers),
    )


def _bad_signer(text: str) -> BadSignerOption:
    return BadSignerOption(
        _("`{text}` does not describe a signer").format(text=text.partition("=")[0]),
        hint=_("Write `--signer NAME=KIND,key=value`, for example `--signer director=token,serial=00ab12`"),
    )
