"""The ready profile `sandbox`: portal address, test account, signers and trust root of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from dvc_cli.config.profiles import Profile, ProfileStore, SignerSettings
from dvc_cli.files import write_atomically

PROFILE = "sandbox"
ACCOUNT = "congdan"
CITIZEN = "034199000123"
# Invented secrets of the sandbox, public on purpose (src/dvc_sandbox/seed/people.toml); no secret of a person is written.
_PUBLIC_SECRETS = {
    "sp_password": "sandbox-sp-password",
    "passphrase": "sandbox",
    "pin": "1234",
    "password": "CongDan@123",
    "csc_password": "CSC-sandbox-123",
    "csc_pin": "246810",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFacts:
    """Where a running sandbox can be reached."""

    schema: ClassVar[str] = "dvc.sandbox.status/1"
    pid: int
    state: Path
    portal: str
    smartca: str
    pki: str
    admin: str
    started_at: datetime
    profile: str = PROFILE
    sandbox: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """A software token that was made, and the signer that uses it."""

    schema: ClassVar[str] = "dvc.sandbox.token/1"
    label: str
    serial: str
    module: Path
    signer: str
    profile: str = PROFILE
    sandbox: bool = True


def write_sandbox_profile(store: ProfileStore, state: Path, *, portal: str, smartca: str) -> Profile:
    """Write or refresh the profile `sandbox`; a token signer added earlier is kept."""
    secrets = _write_public_secrets(state)
    signers = {
        "smartca": SignerSettings(
            name="smartca",
            kind="smartca",
            options={
                "url": smartca,
                "user_id": CITIZEN,
                "sp_id": "sandbox-sp",
                "sp_password_file": str(secrets / "sp_password"),
            },
        ),
        "p12": SignerSettings(
            name="p12",
            kind="p12",
            options={
                "file": str(state / "pki" / "p12" / "citizen.p12"),
                "passphrase_file": str(secrets / "passphrase"),
            },
        ),
    }
    signers["csc"] = SignerSettings(
        name="csc",
        kind="csc",
        options={
            "url": f"{smartca}/csc/v1",
            "user_id": CITIZEN,
            "credential": "citizen-ec",
            "csc_password_file": str(secrets / "csc_password"),
            "pin_file": str(secrets / "csc_pin"),
        },
    )
    earlier = store.load(PROFILE) if PROFILE in store.names() else None
    if earlier is not None and "token" in earlier.signers:
        signers["token"] = earlier.signers["token"]
    profile = Profile(
        name=PROFILE,
        portal_url=portal,
        dialect="igate1",
        account=ACCOUNT,
        sandbox=True,
        default_signer="smartca",
        signers=signers,
        trust=(state / "pki" / "certs" / "root.pem",),
        data_file=_dialect_data(),
        reference_key=earlier.reference_key if earlier else None,
    )
    store.write(profile, force=True)
    return profile


def add_token_signer(store: ProfileStore, state: Path, module: Path, conf: Path, label: str, serial: str) -> TokenFacts:
    """Add the signer `token` to the profile `sandbox`."""
    profile = store.load(PROFILE)
    secrets = _write_public_secrets(state)
    options: dict[str, str | int | bool] = {
        "module": str(module),
        "token": label,
        "serial": serial,
        "softhsm2_conf": str(conf),
        "pin_file": str(secrets / "pin"),
    }
    signers = {**profile.signers, "token": SignerSettings(name="token", kind="token", options=options)}
    store.write(replace(profile, signers=signers), force=True)
    return TokenFacts(label=label, serial=serial, module=module, signer="token")


def _write_public_secrets(state: Path) -> Path:
    folder = state / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in _PUBLIC_SECRETS.items():
        write_atomically(folder / name, text.encode(), overwrite=True)
    return folder


def _dialect_data() -> Path:
    import dvc_cli.portal.dialects

    return Path(dvc_cli.portal.dialects.__file__).parent / "igate1" / "sandbox.toml"
