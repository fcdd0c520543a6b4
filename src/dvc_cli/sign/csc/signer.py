"""The CSC signer: its credentials, the choice among them, and the way to a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Clock, Progress, Prompter, TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import SignerCapabilities, SigningCertificate
from dvc_cli.net.base import HttpClient
from dvc_cli.sign.base import CertificateUnusable, SecretSource
from dvc_cli.sign.cloud.guard import SecretGuard
from dvc_cli.sign.cloud.reply import read_patiently
from dvc_cli.sign.csc.account import CscAccount, LogIn, OtpSource
from dvc_cli.sign.csc.calls import Calls
from dvc_cli.sign.csc.credential import Credential
from dvc_cli.sign.csc.problems import CscAccountRefused, CscRequestRefused, CscSecretLocked, CscSecretRefused
from dvc_cli.sign.csc.session import CscSession, Surroundings
from dvc_cli.sign.selection import choose_certificate, matches

# A refusal for no reason we know may be a wrong PIN in a service's own words: it counts too.
_COUNTED = (CscSecretRefused, CscSecretLocked, CscRequestRefused)


class CscSigner:
    """An account at a CSC service as a `Signer`. Every call needs the network and the log-in."""

    def __init__(
        self,
        name: str,
        account: CscAccount,
        *,
        secrets: SecretSource,
        ledger: AttemptLedger,
        transactions: TransactionStore,
        http_factory: Callable[[str], HttpClient],
        clock: Clock,
    ) -> None:
        self._name = name
        self._account = account
        self._secrets = secrets
        self._ledger = ledger
        self._transactions = transactions
        self._http_factory = http_factory
        self._clock = clock
        self._known_password: Secret | None = None
        self._log_in = self._guard(f"password:{account.key}", account.key, (CscAccountRefused,))

    @property
    def name(self) -> str:
        """The profile's name of this signer."""
        return self._name

    @property
    def capabilities(self) -> SignerCapabilities:
        """The key's own `multisign` may be smaller; the session then asks for several authorizations."""
        return SignerCapabilities(
            kind="csc",
            max_batch=self._account.max_batch,
            needs_person=self._account.otp is OtpSource.ASK and not self._account.has_pin_file,
        )

    def certificates(self) -> list[SigningCertificate]:
        """The user's certificates, the unusable ones with `problem` set.

        Raises:
            CscAccountRefused, CscUnsupported, PinLocked, SignerUnavailable, NotSent.
        """
        with self._calls(None) as calls:
            return [one.certificate for one in self._credentials(calls)]

    def candidates(self) -> list[SigningCertificate]:
        """Those that `open` chooses among; for plans. Errors as `certificates`."""
        wanted = self._account.certificate
        return matches(self.certificates(), wanted) if wanted else self.certificates()

    @contextmanager
    def open(self, prompter: Prompter, progress: Progress) -> Iterator[CscSession]:
        """Log in and choose the key (see `Signer.open`); PIN and one-time password are asked for when something is signed."""
        around = Surroundings(
            secrets=self._secrets, prompter=prompter, progress=progress, clock=self._clock, store=self._transactions
        )
        with self._calls(prompter) as calls:
            credential = self._chosen(self._credentials(calls), prompter)
            key = f"{credential.id}@{self._account.host}"
            guard = self._guard(f"pin:{key}", key, _COUNTED)
            yield CscSession(self._account, credential, calls, guard, around)

    @contextmanager
    def _calls(self, prompter: Prompter | None) -> Iterator[Calls]:
        self._log_in.allow(prompter)
        client = self._http_factory(self._account.address.origin)
        try:
            yield Calls(client, self._account, self._password, self._log_in, self._clock)
        finally:
            client.close()

    def _password(self) -> Secret:
        if self._known_password is None:
            purpose = "client_secret" if self._account.log_in is LogIn.OAUTH2 else "csc_password"
            self._known_password = self._secrets(
                purpose,
                self._account.key,
                flag=f"{purpose}_file",
                question=_("Password of {account} at the signing service").format(account=self._account.key),
            )
        return self._known_password

    def _credentials(self, calls: Calls) -> list[Credential]:
        def read() -> list[Credential]:
            calls.check_service()
            ids = [self._account.credential] if self._account.credential else calls.credential_ids()
            return [found for one in ids if (found := calls.credential(one)) is not None]

        return read_patiently(read, self._clock, self._account.host)

    def _chosen(self, credentials: list[Credential], prompter: Prompter) -> Credential:
        if not credentials:
            raise CertificateUnusable(
                _("The signing service has no certificate for {account}").format(account=self._account.key),
                hint=_("Check `user_id` and `credential` of this signer, or have a certificate issued"),
            )
        certificates = [one.certificate for one in credentials]
        chosen = choose_certificate(certificates, self._account.certificate, self._clock.now(), prompter)
        return next(one for one in credentials if one.certificate == chosen)

    def _guard(self, subject: str, shown: str, counted: tuple[type[DvcError], ...]) -> SecretGuard:
        return SecretGuard(self._ledger, subject, shown=shown, counted=counted, confirmed=self._account.is_confirmed)
