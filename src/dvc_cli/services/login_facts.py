"""What a log-in is asked with and what it tells afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from dvc_cli.errors import Temporary, UsageProblem
from dvc_cli.i18n import _


class LoginUnanswered(Temporary):
    """The portal did not answer the log-in; the password may have been judged, so the try counts."""

    slug = "login-unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginWishes:
    """What the user asked for on the command line.

    Args:
        account: instead of the profile's.
        password_file, password_fd, password_stdin: where the password is.
        keep: keep the session in the keyring.
        save_password: keep the password in the keyring when it was right.
        insecure_storage: keep these in a plain file instead of the keyring.
        retry_password: the password is right now, after a wrong one.
    """

    account: str | None = None
    password_file: Path | None = None
    password_fd: int | None = None
    password_stdin: bool = False
    keep: bool = False
    save_password: bool = False
    insecure_storage: bool = False
    retry_password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSteps:
    """Which part of a log-in to do: all of it, the first of two steps (`picture`), or the second (`challenge`, `captcha`).

    Raises:
        UsageProblem: the options do not go together.
    """

    picture: Path | None = None
    challenge: str | None = None
    captcha: str | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.picture is not None and (self.challenge or self.captcha):
            raise UsageProblem(
                _("`--captcha-out` is the first step, `--challenge` and `--captcha` the second; give one of them")
            )
        if (self.challenge is None) != (self.captcha is None):
            raise UsageProblem(
                _("`--challenge` and `--captcha` belong together"),
                hint=_("Start with `dvc-cli login --captcha-out captcha.png --json`"),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """Who is logged in; `identity` is masked.

    `kept` tells where the session is: "file" (private, until it ends), "keyring" or "kept-file" (`--insecure-storage`);
    `password_kept` likewise for the password, None when it is not kept.
    """

    schema: ClassVar[str] = "dvc.sessions.session/1"
    account: str
    display_name: str
    identity: str
    portal: str
    profile: str
    started_at: datetime
    expires_at: datetime | None
    kept: str
    password_kept: str | None = None
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeReport:
    """The first of two steps: a captcha was saved and waits to be answered."""

    schema: ClassVar[str] = "dvc.sessions.challenge/1"
    id: str
    account: str
    portal: str
    captcha: Path | None
    expires_at: datetime
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutReport:
    """A session was ended. `at_portal`: the portal was told."""

    schema: ClassVar[str] = "dvc.sessions.ended/1"
    account: str | None
    portal: str
    at_portal: bool
    sandbox: bool = False
