"""The settings of one MySign account, as they stand in the profile (never a secret)."""

from __future__ import annotations

from dataclasses import dataclass

from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.cloud.options import DEFAULT_BATCH, MAX_BATCH, Address, CloudOptions

DEFAULT_URL = "https://remotesigning.viettel.vn"
DEFAULT_PROFILE = "adss:ras:profile:001"
DEFAULT_WAIT = 120  # seconds; integrators report that the app gives up then
_LONGEST_WAIT = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class MySignAccount:
    """A MySign account.

    Options of the profile: `user_id` (as Viettel writes it, for example `CMT_…` or `MST_…`), `client_id` (given by Viettel to
    the organisation), `profile_id`, `url`, `cert` (serial, fingerprint, id or part of the subject), `max_batch` (1 to 50), `wait`
    (seconds for the confirmation), `confirm_pin`. Secret: `client_secret_file`.
    """

    address: Address
    user_id: str
    client_id: str
    profile_id: str
    certificate: str
    max_batch: int
    wait: int
    is_confirmed: bool

    @property
    def host(self) -> str:
        """Host and port that the secret belongs to."""
        return self.address.host

    @property
    def client_key(self) -> str:
        """Names the organisation's account to the guard and the keyring."""
        return f"{self.client_id}@{self.host}"

    @property
    def key(self) -> str:
        """Names the person's account in stored transactions."""
        return f"{self.user_id}@{self.host}"

    @classmethod
    def from_options(cls, spec: SignerSpec) -> MySignAccount:
        """Read the options of a signer.

        Raises:
            ConfigurationProblem: one is missing or wrong.
        """
        options = CloudOptions(spec)
        return cls(
            address=options.address("url", DEFAULT_URL, DEFAULT_URL),
            user_id=options.required("user_id"),
            client_id=options.required("client_id"),
            profile_id=options.text("profile_id", DEFAULT_PROFILE),
            certificate=options.text("cert"),
            max_batch=options.number("max_batch", DEFAULT_BATCH, MAX_BATCH),
            wait=options.number("wait", DEFAULT_WAIT, _LONGEST_WAIT),
            is_confirmed=options.is_confirmed,
        )
