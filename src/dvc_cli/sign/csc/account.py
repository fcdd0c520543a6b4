"""The settings of one account at a CSC service, as they stand in the profile (never a secret)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.cloud.options import DEFAULT_BATCH, MAX_BATCH, Address, CloudOptions

DEFAULT_PATH = "/csc/v1"
_EXAMPLE = "https://service.example.vn/csc/v1"


class LogIn(Enum):
    """How the service is entered: the user's name and password, or a client id and its secret (OAuth 2.0)."""

    BASIC = "basic"
    OAUTH2 = "oauth2"


class OtpSource(Enum):
    """Where a one-time password comes from: a person, or the stored secret of an authenticator."""

    ASK = "ask"
    STORED = "stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class CscAccount:
    """An account at a CSC service.

    Options of the profile: `url` (with or without `/csc/v1`), `login` (`basic`, `oauth2`), `user_id` (basic: the user name;
    oauth2: whose credentials, where the service wants it), `client_id` (oauth2), `token_url` (oauth2 at another path of the
    same host), `credential` (the id of one), `cert` (serial, fingerprint, id or part of the subject), `otp` (`ask`, `stored`),
    `max_batch` (1 to 50), `confirm_pin`. Secrets: `csc_password_file` or `client_secret_file`, `pin_file`, `otp_secret_file`.
    """

    address: Address
    log_in: LogIn
    user_id: str
    client_id: str
    token_path: str
    credential: str
    certificate: str
    otp: OtpSource
    max_batch: int
    has_pin_file: bool
    is_confirmed: bool

    @property
    def host(self) -> str:
        """Host and port that the secrets belong to."""
        return self.address.host

    @property
    def key(self) -> str:
        """Names the log-in to the guard and the keyring."""
        return f"{self.client_id if self.log_in is LogIn.OAUTH2 else self.user_id}@{self.host}"

    @classmethod
    def from_options(cls, spec: SignerSpec) -> CscAccount:
        """Read the options of a signer.

        Raises:
            ConfigurationProblem: one is missing or wrong.
        """
        options = CloudOptions(spec)
        given = options.address("url", _EXAMPLE)
        address = given if given.path else Address(given.origin, DEFAULT_PATH)
        log_in = options.choice("login", LogIn, LogIn.BASIC)
        is_oauth = log_in is LogIn.OAUTH2
        return cls(
            address=address,
            log_in=log_in,
            user_id=options.text("user_id") if is_oauth else options.required("user_id"),
            client_id=options.required("client_id") if is_oauth else "",
            token_path=_token_path(options, address),
            credential=options.text("credential"),
            certificate=options.text("cert"),
            otp=options.choice("otp", OtpSource, OtpSource.ASK),
            max_batch=options.number("max_batch", DEFAULT_BATCH, MAX_BATCH),
            has_pin_file=any(key in spec.options for key in ("pin_file", "pin_fd", "pin_command")),
            is_confirmed=options.is_confirmed,
        )


def _token_path(options: CloudOptions, address: Address) -> str:
    """The client secret goes to the configured host only, whatever the service's `info` says about others."""
    if not options.text("token_url"):
        return f"{address.path}/oauth2/token"
    token = options.address("token_url", f"{address.origin}/oauth2/token")
    if token.origin != address.origin:
        raise ConfigurationProblem(
            _("`token_url` of the signer {name} is at another host than its `url`").format(name=options.spec.name),
            hint=_("Both must be at {origin}").format(origin=address.origin),
        )
    return token.path
