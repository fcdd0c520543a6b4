"""From the options of `sign` to a signer's settings and a place on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dvc_cli.errors import ConfigurationProblem, UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.signing import Anchor, Placement
from dvc_cli.sign.base import SignerSpec

_NAMED_PAGES = {"first": 1, "last": -1}


class NoSigner(ConfigurationProblem):
    """It is not said what to sign with, and no profile says it."""

    slug = "no-signer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenChoice:
    """What the command line says about the token and its PIN. `cert` also chooses among other signers' certificates.

    Raises:
        UsageProblem: options that exclude each other.
    """

    token: str | None = None
    module: Path | None = None
    cert: str | None = None
    pin_file: Path | None = None
    pin_fd: int | None = None
    confirm_pin: bool = False

    def __post_init__(self) -> None:
        if self.pin_file is not None and self.pin_fd is not None:
            raise UsageProblem(_("Give either `--pin-file` or `--pin-fd`, not both"))

    @property
    def names_one(self) -> bool:
        """Whether a token or its library is named."""
        return bool(self.token or self.module)

    def options(self) -> dict[str, str | int | bool]:
        """What was given, as options of a signer."""
        values: dict[str, str | int | bool | None] = {
            "token": self.token,
            "module": str(self.module) if self.module else None,
            "cert": self.cert,
            "pin_file": str(self.pin_file) if self.pin_file else None,
            "pin_fd": self.pin_fd,
            "confirm_pin": self.confirm_pin or None,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerChoice:
    """Which signer the command line names: one of the profile, a PKCS#12 file, or a token.

    Raises:
        UsageProblem: options that exclude each other.
    """

    signer: str | None = None
    p12: Path | None = None
    passphrase_file: Path | None = None
    on_token: TokenChoice = field(default_factory=TokenChoice)

    def __post_init__(self) -> None:
        if self.p12 is not None and (self.signer or self.on_token.names_one):
            raise UsageProblem(_("`--p12` goes with neither `--signer` nor `--token` nor `--module`"))

    def spec(self, stored: Callable[[str | None], SignerSpec] | None) -> SignerSpec:
        """The settings of the chosen signer.

        Args:
            stored: gives a signer of the active profile by name (None: its default); None when no profile is in use.

        Raises:
            ConfigurationProblem: no such signer.
        """
        given = self.on_token.options()
        if self.passphrase_file is not None:
            given["passphrase_file"] = str(self.passphrase_file)
        if self.p12 is not None:
            return SignerSpec(name=self.p12.name, kind="p12", options={"file": str(self.p12), **given})
        if self.signer is None and (self.on_token.names_one or (stored is None and self.on_token.cert)):
            return SignerSpec(name=self.on_token.token or "token", kind="token", options=given)
        if stored is None:
            raise NoSigner(
                _("It is not said what to sign with"),
                hint=_("Use `--token NAME`, `--p12 FILE`, or a profile with a signer (`dvc-cli profile use NAME`)"),
            )
        found = stored(self.signer)
        return replace(found, options={**found.options, **given})


def inputs_of(files: Sequence[Path] | None, *, resume: bool) -> list[Path]:
    """The files to sign; none for `--resume`, which knows its own.

    Raises:
        UsageProblem: files beside `--resume`, or neither.
    """
    if resume and files:
        raise UsageProblem(
            _("`--resume` takes no files: it finishes what was sent already"),
            hint=_("To go on with these files only, repeat the command that was interrupted"),
        )
    if not resume and not files:
        raise UsageProblem(_("It is not said which PDF files to sign"), hint=_("Example: `dvc-cli sign don.pdf`"))
    return list(files or ())


def placement_of(at: Anchor | None, box: str | None, page: str, *, invisible: bool) -> Placement | None:
    """The place of the visible signature; None: invisible.

    Args:
        at: a named position.
        box: `x,y,width,height` in millimetres from the top left corner of the page as displayed.
        page: `first`, `last` or a number from 1.
        invisible: no visible signature.

    Raises:
        UsageProblem: options that exclude each other or cannot be read.
    """
    if sum((at is not None, box is not None, invisible)) > 1:
        raise UsageProblem(_("Give one of `--at`, `--box` and `--invisible`"))
    if invisible:
        return None
    number = _page(page)
    if box is not None:
        return Placement(page=number, anchor=None, box=_box(box))
    return Placement(page=number, anchor=at or Anchor.BOTTOM_RIGHT)


def _page(text: str) -> int:
    if text in _NAMED_PAGES:
        return _NAMED_PAGES[text]
    if text.isascii() and text.isdecimal() and int(text) >= 1:
        return int(text)
    raise UsageProblem(
        _("`--page {text}` is not a page").format(text=text), hint=_("Use `first`, `last` or a number from 1")
    )


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(abs(number) < 100_000 for number in numbers):
        raise UsageProblem(
            _("`--box {text}` is not a box").format(text=text),
            hint=_("Use `--box x,y,width,height` in mm from the top left corner, for example `--box 120,240,70,25`"),
        )
    return numbers[0], numbers[1], numbers[2], numbers[3]
