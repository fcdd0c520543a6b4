"""The kinds of signers that come with the program: what each needs, and with what it was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from dvc_cli.i18n import N_


class Tried(Enum):
    """The best that a driver was tried with; none was tried with a live service."""

    SOFTWARE_TOKEN = "software-token"  # noqa: S105 - no secret
    SANDBOX_FILE = "sandbox-file"
    EMULATOR = "emulator"
    TEST_EMULATOR = "test-emulator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerKind:
    """A kind of signer. `title` and `needs` are message ids; `required` are the options without which it cannot start."""

    title: str
    needs: str
    tried: Tried
    required: tuple[str, ...] = ()


KINDS: Final[Mapping[str, SignerKind]] = {
    "token": SignerKind(
        title=N_("USB token (PKCS#11)"),
        needs=N_("the token plugged in, the vendor's library, the PIN"),
        tried=Tried.SOFTWARE_TOKEN,
    ),
    "p12": SignerKind(
        title=N_("PKCS#12 file"),
        needs=N_("the file and its passphrase"),
        tried=Tried.SANDBOX_FILE,
        required=("file",),
    ),
    "smartca": SignerKind(
        title=N_("VNPT SmartCA"),
        needs=N_("a service-provider account with its password, and the phone (or password and OTP)"),
        tried=Tried.EMULATOR,
        required=("url", "sp_id", "user_id"),
    ),
    "csc": SignerKind(
        title=N_("remote signing service (CSC API v1)"),
        needs=N_("an account with its password, and the PIN or OTP that the key asks for"),
        tried=Tried.EMULATOR,
        required=("url",),
    ),
    "mysign": SignerKind(
        title=N_("Viettel MySign"),
        needs=N_("a client id with its secret from Viettel, and the MySign app"),
        tried=Tried.TEST_EMULATOR,
        required=("client_id", "user_id"),
    ),
}


def missing_options(kind: str, options: Mapping[str, object]) -> tuple[str, ...]:
    """The options that a signer of this kind still lacks."""
    known = KINDS.get(kind)
    required = list(known.required) if known else []
    if kind == "csc":
        required.append("client_id" if options.get("login") == "oauth2" else "user_id")
    return tuple(key for key in required if options.get(key) in (None, ""))
