"""The settings of one SmartCA account, as they stand in the profile (never a secret)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from urllib.parse import urlsplit

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.sign.base import SignerSpec

DEFAULT_PATH = "/sca/sp769"
DEFAULT_BATCH = 10
E = TypeVar("E", bound=Enum)
MAX_BATCH = 50  # documented limit of the sister API (contract smartca.md §1)


class AccountKind(Enum):
    """How the subscriber confirms: a tap on the phone, or password and one-time password ("TH")."""

    PHONE = "phone"
    TH = "th"


class OtpSource(Enum):
    """Where a TH account's one-time password comes from."""

    ASK = "ask"
    STORED = "stored"


class Service(Enum):
    """Which of the subscriber's certificates are meant when none is named."""

    PERSONAL = "personal"
    SEAL = "seal"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A SmartCA account.

    Options of the profile: `url` (the service, with or without `/sca/sp769`), `sp_id`, `user_id` (ID number or tax code),
    `account_kind` (`phone`, `th`), `otp` (`ask`, `stored`), `service` (`personal`, `seal`, `any`), `cert` (serial number,
    fingerprint or part of the subject), `max_batch` (1–50), `confirm_pin` (a person allows another try after a refused password).
    """

    origin: str
    path: str
    sp_id: str
    user_id: str
    kind: AccountKind
    otp: OtpSource
    service: Service
    certificate: str
    max_batch: int
    confirmed: bool = False

    @property
    def host(self) -> str:
        """Host and port that the secrets belong to."""
        return urlsplit(self.origin).netloc

    @property
    def provider_key(self) -> str:
        """Names the service-provider account to the guard and the keyring."""
        return f"{self.sp_id}@{self.host}"

    @property
    def key(self) -> str:
        """Names the account in stored transactions: one open transaction per subscriber and host."""
        return f"{self.user_id}@{self.host}"

    @classmethod
    def from_options(cls, spec: SignerSpec) -> Account:
        """Read the options of a signer.

        Raises:
            ConfigurationProblem: one is missing or wrong.
        """
        options = spec.options
        url = urlsplit(_required(spec, "url"))
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
            raise _wrong(spec, "url", _("an address such as https://gwsca.vnpt.vn/sca/sp769"))
        return cls(
            origin=f"{url.scheme}://{url.netloc}",
            path=url.path.rstrip("/") or DEFAULT_PATH,
            sp_id=_required(spec, "sp_id"),
            user_id=_required(spec, "user_id"),
            kind=_choice(spec, "account_kind", AccountKind, AccountKind.PHONE),
            otp=_choice(spec, "otp", OtpSource, OtpSource.ASK),
            service=_choice(spec, "service", Service, Service.PERSONAL),
            certificate=str(options.get("cert", "")),
            max_batch=_batch(spec),
            confirmed=options.get("confirm_pin") in (True, "true", 1),
        )


def _required(spec: SignerSpec, key: str) -> str:
    value = spec.options.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationProblem(
            _("The signer {name} has no `{key}`").format(name=spec.name, key=key),
            hint=_("Set `{key}` of this signer in the profile; `dvc-cli profile show` shows where it is kept").format(
                key=key
            ),
        )
    return value.strip()


def _choice(spec: SignerSpec, key: str, kind: type[E], default: E) -> E:
    value = spec.options.get(key, default.value)
    try:
        return kind(value)
    except ValueError:
        raise _wrong(spec, key, ", ".join(str(one.value) for one in kind)) from None


def _batch(spec: SignerSpec) -> int:
    value = spec.options.get("max_batch", DEFAULT_BATCH)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_BATCH:
        raise _wrong(spec, "max_batch", _("a number from 1 to {most}").format(most=MAX_BATCH))
    return value


def _wrong(spec: SignerSpec, key: str, expected: str) -> ConfigurationProblem:
    return ConfigurationProblem(
        _("`{key}` of the signer {name} is not valid: {value}").format(
            key=key, name=spec.name, value=spec.options.get(key)
        ),
        hint=_("It takes {expected}").format(expected=expected),
    )
