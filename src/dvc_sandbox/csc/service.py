"""What the service does, without HTTP: log-in, credentials, authorization and signatures, by the sandbox clock."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from dvc_sandbox.csc import keys
from dvc_sandbox.csc.model import Activation, Caller, CscRefusal, CscVariants, TokenPair, invalid
from dvc_sandbox.csc.people import CscCredential, read_people
from dvc_sandbox.csc.store import FILE_NAME, CscStore, Tries
from dvc_sandbox.smartca.certificates import SubscriberCertificate, read_certificate
from dvc_sandbox.smartca.totp import code_of, matching_step, step_of

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

PIN_LIMIT = 3
OTP_LIMIT = 5
OTP_SECONDS = 120
REFRESH_DAYS = 30


class CscService:
    """The emulator's rules over its store, the sandbox clock and the sandbox PKI."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._certificates: dict[str, SubscriberCertificate] = {}
        self._checking = threading.Lock()
        self.clock = environment.clock
        self.people = read_people()

    @cached_property
    def store(self) -> CscStore:
        """The emulator's own database, made on first use."""
        return CscStore(self._environment.state / FILE_NAME)

    def variants(self) -> CscVariants:
        """The present switches."""
        return self.store.variants()

    # -- service authorization ---------------------------------------------------------------------------------------

    def log_in(self, user_id: str, password: str, *, remember: bool) -> TokenPair:
        """HTTP Basic; `authentication_error` for a wrong name or password, with the same words."""
        user = self.people.users.get(user_id)
        if not _same(user.password if user else "", password) or user is None:
            raise CscRefusal(400, "authentication_error", "An error occurred during authentication process")
        return self._tokens(Caller(user_id), remember=remember)

    def client_log_in(self, client_id: str, client_secret: str) -> TokenPair:
        """OAuth 2.0 client credentials; `invalid_client` as RFC 6749 §5.2 has it."""
        people = self.people
        if not (_same(people.client_id, client_id) and _same(people.client_secret, client_secret)):
            raise CscRefusal(401, "invalid_client", "Client authentication failed")
        return self._tokens(Caller(None), remember=False)

    def refresh(self, token: str) -> TokenPair:
        """A new access token for a refresh token, which stays good."""
        caller = self.store.caller(token, "refresh", self.clock.now())
        if caller is None:
            raise invalid("Invalid refresh_token")
        return self._tokens(caller, remember=False)

    def caller(self, header: str) -> Caller:
        """Whom the header `Authorization: Bearer …` stands for; `invalid_token` when it is none or over."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise invalid("Malformed authorization header")
        found = self.store.caller(token, "access", self.clock.now())
        if found is None:
            raise CscRefusal(401, "invalid_token", "The token is expired or revoked")
        return found

    # -- credentials -------------------------------------------------------------------------------------------------

    def credentials(self, caller: Caller, user_id: str | None) -> list[str]:
        """Ids of the caller's credentials; a service provider must name the user, a user must not."""
        if caller.user_id is not None and user_id not in (None, caller.user_id):
            raise invalid("userID parameter MUST be null")
        wanted = caller.user_id or user_id
        if not wanted or wanted not in self.people.users:
            raise invalid("Invalid parameter userID")
        return [one.id for one in self.people.users[wanted].credentials]

    def credential(self, caller: Caller, name: str) -> CscCredential:
        """A credential that the caller may use."""
        found = self.people.credential(name)
        if found is None or (caller.user_id is not None and found.user_id != caller.user_id):
            raise invalid("Invalid parameter credentialID")
        return found

    def multisign(self, credential: CscCredential) -> int:
        """How many hashes one authorization covers."""
        return self.variants().multisign or credential.multisign

    def certificate(self, credential: CscCredential) -> SubscriberCertificate:
        """The credential's certificate, read once."""
        if credential.entity not in self._certificates:
            self._certificates[credential.entity] = read_certificate(self._environment, credential.entity)
        return self._certificates[credential.entity]

    def send_otp(self, credential: CscCredential) -> None:
        """Make a code and "send" it: it stands on the page /csc/otp and in the admin API."""
        if credential.otp != "online":
            raise invalid("Invalid parameter credentialID")
        until = self.clock.now() + timedelta(seconds=OTP_SECONDS)
        tries = self.store.tries(credential.id)
        self.store.keep_tries(credential.id, replace(tries, otp=f"{secrets.randbelow(10**6):06}", otp_until=until))

    def present_otp(self, credential: CscCredential) -> str | None:
        """The code that would be accepted now."""
        if credential.totp_key is not None:
            return code_of(credential.totp_key, step_of(self.clock.now()))
        tries = self.store.tries(credential.id)
        return tries.otp if tries.otp_until and tries.otp_until > self.clock.now() else None

    def authorize(
        self, credential: CscCredential, count: int, hashes: tuple[str, ...] | None, pin: str | None, otp: str | None
    ) -> Activation:
        """Check PIN and OTP and bind activation data to the hashes; three wrong PINs or five wrong codes lock."""
        if not 1 <= count <= self.multisign(credential):
            raise invalid(
                "Numbers of signatures is too high" if count > 0 else "Invalid value for parameter numSignatures"
            )
        if credential.scal == "2" and hashes is None:
            raise invalid("Missing (or invalid type) array parameter hash")
        if hashes is not None and len(hashes) != count:
            raise invalid("Invalid value for parameter numSignatures")
        if not self.certificate(credential).is_usable(self.clock.now()):
            raise invalid("Invalid parameter credentialID")
        with self._checking:
            if not credential.implicit:
                self._check(credential, pin, otp)
        activation = Activation(
            sad=secrets.token_urlsafe(48),
            credential=credential.id,
            hashes=hashes,
            left=count,
            expires_at=self.clock.now() + timedelta(seconds=self.variants().sad_seconds),
        )
        self.store.add_activation(activation)
        return activation

    def sign(self, credential: CscCredential, sad: str, hashes: list[str], digest_name: str) -> list[str]:
        """Base64 of the raw values, in the order of `hashes` (unless a variant rearranges or damages them)."""
        activation = self.store.activation(sad)
        if activation is None or activation.credential != credential.id:
            raise invalid("Invalid parameter SAD")
        if activation.expires_at <= self.clock.now():
            raise invalid("SAD expired")
        if activation.hashes is not None and any(one not in activation.hashes for one in hashes):
            raise invalid("Hash is not authorized by the SAD")
        digests = [_decoded(one, keys.SIZES[digest_name]) for one in hashes]
        if not self.store.use_activation(sad, len(hashes)):
            raise invalid("Invalid parameter SAD")
        self.store.add_signing(credential.id, self.clock.now(), hashes)
        return self._values(credential, digests, digest_name)

    def _values(self, credential: CscCredential, digests: list[bytes], digest_name: str) -> list[str]:
        variants, certificate = self.variants(), self.certificate(credential)
        if variants.wrong_signature:
            digests = [bytes(len(one)) for one in digests]
        values = [
            base64.b64encode(keys.sign(certificate, one, digest_name, raw_ecdsa=variants.raw_ecdsa)).decode()
            for one in digests
        ]
        if variants.line_breaks:
            values = ["\r\n".join(text[at : at + 64] for at in range(0, len(text), 64)) for text in values]
        if variants.empty_value:
            values[-1] = ""
        if variants.missing_value:
            values.pop()
        # Reversed, not random: a shuffle that leaves the order as it was would test nothing.
        return values[::-1] if variants.shuffled else values

    def _check(self, credential: CscCredential, pin: str | None, otp: str | None) -> None:
        if credential.pin is not None:
            self._check_pin(credential, pin)
        if credential.otp:
            self._check_otp(credential, otp)
        tries = self.store.tries(credential.id)
        self.store.keep_tries(credential.id, replace(tries, wrong_pin=0, wrong_otp=0))

    def _check_pin(self, credential: CscCredential, pin: str | None) -> None:
        if pin is None:
            raise invalid("Missing (or invalid type) string parameter PIN")
        tries = self.store.tries(credential.id)
        if tries.wrong_pin >= PIN_LIMIT:
            raise self._refused("invalid_pin", "PIN locked")
        if not _same(credential.pin or "", pin):
            self.store.keep_tries(credential.id, replace(tries, wrong_pin=tries.wrong_pin + 1))
            raise self._refused("invalid_pin", "The PIN is invalid")

    def _check_otp(self, credential: CscCredential, otp: str | None) -> None:
        if otp is None:
            raise invalid("Missing (or invalid type) string parameter OTP")
        tries = self.store.tries(credential.id)
        if tries.wrong_otp >= OTP_LIMIT:
            raise self._refused("invalid_otp", "OTP locked")
        accepted = self._accepted(credential, tries, otp)
        if accepted is None:
            self.store.keep_tries(credential.id, replace(tries, wrong_otp=tries.wrong_otp + 1))
            raise self._refused("invalid_otp", "The OTP is invalid")
        self.store.keep_tries(credential.id, accepted)

    def _accepted(self, credential: CscCredential, tries: Tries, otp: str) -> Tries | None:
        """The tries after a right code, which is good once (RFC 6238 §5.2); None for a wrong one."""
        if credential.totp_key is not None:
            step = matching_step(credential.totp_key, otp, self.clock.now())
            return replace(tries, last_step=step) if step is not None and step > tries.last_step else None
        is_right = tries.otp is not None and _same(tries.otp, otp) and self.present_otp(credential) is not None
        return replace(tries, otp=None, otp_until=None) if is_right else None

    def _refused(self, error: str, description: str) -> CscRefusal:
        return CscRefusal(400, error if self.variants().specific_codes else "invalid_request", description)

    def _tokens(self, caller: Caller, *, remember: bool) -> TokenPair:
        variants, now = self.variants(), self.clock.now()
        access = secrets.token_urlsafe(32)
        self.store.add_token(access, "access", caller, now + timedelta(seconds=variants.token_seconds))
        refresh = secrets.token_urlsafe(32) if remember and variants.refresh_tokens else None
        if refresh is not None:
            self.store.add_token(refresh, "refresh", caller, now + timedelta(days=REFRESH_DAYS))
        return TokenPair(access, refresh, variants.token_seconds)


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _decoded(text: str, size: int) -> bytes:
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Invalid Base64 hash string parameter") from None
    if len(digest) != size:
        raise invalid("Invalid digest value length")
    return digest
