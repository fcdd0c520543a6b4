"""The MySign signer: its certificates, the choice among them, and the way to a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Clock, Progress, Prompter, TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import KeyAlgorithm, SignerCapabilities, SigningCertificate
from dvc_cli.net.base import HttpClient
from dvc_cli.sign.base import CertificateUnusable, SecretSource
from dvc_cli.sign.certificates import judged_at
from dvc_cli.sign.cloud.guard import SecretGuard
from dvc_cli.sign.cloud.reply import read_patiently
from dvc_cli.sign.cloud.values import read_certificate
from dvc_cli.sign.mysign.account import MySignAccount
from dvc_cli.sign.mysign.calls import Calls
from dvc_cli.sign.mysign.problems import MySignAccountRefused
from dvc_cli.sign.mysign.record import OpenRequests
from dvc_cli.sign.mysign.session import MySignSession
from dvc_cli.sign.selection import choose_certificate, matches


class MySignSigner:
    """A MySign account as a `Signer`. Every call needs the network and the organisation's client secret."""

    def __init__(
        self,
        name: str,
        account: MySignAccount,
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
        self._requests = OpenRequests(transactions, account.key)
        self._http_factory = http_factory
        self._clock = clock
        self._known_secret: Secret | None = None
        self._guard = SecretGuard(
            ledger,
            f"password:{account.client_key}",
            shown=account.client_key,
            counted=(MySignAccountRefused,),
            confirmed=account.is_confirmed,
        )

    @property
    def name(self) -> str:
        """The profile's name of this signer."""
        return self._name

    @property
    def capabilities(self) -> SignerCapabilities:
        """One confirmation in the app covers a batch."""
        return SignerCapabilities(kind="mysign", max_batch=self._account.max_batch, needs_person=True, resumable=True)

    def certificates(self) -> list[SigningCertificate]:
        """The user's certificates, the unusable ones with `problem` set.

        Raises:
            MySignAccountRefused, MySignRequestRefused, PinLocked, SignerUnavailable, NotSent.
        """
        with self._calls(None) as calls:
            return self._offered(calls)

    def candidates(self) -> list[SigningCertificate]:
        """Those that `open` chooses among; for plans. Errors as `certificates`."""
        wanted = self._account.certificate
        return matches(self.certificates(), wanted) if wanted else self.certificates()

    @contextmanager
    def open(self, prompter: Prompter, progress: Progress) -> Iterator[MySignSession]:
        """Log in and choose the certificate (see `Signer.open`); the app asks when something is signed."""
        with self._calls(prompter) as calls:
            offered = self._offered(calls)
            if not offered:
                raise CertificateUnusable(
                    _("MySign has no certificate for {user}").format(user=self._account.user_id),
                    hint=_("Check `user_id` of this signer, or have a certificate issued by Viettel"),
                )
            certificate = choose_certificate(offered, self._account.certificate, self._clock.now(), prompter)
            yield MySignSession(self._account, certificate, calls, self._requests, progress, self._clock)

    @contextmanager
    def _calls(self, prompter: Prompter | None) -> Iterator[Calls]:
        self._guard.allow(prompter)
        client = self._http_factory(self._account.address.origin)
        try:
            yield Calls(client, self._account, self._secret, self._guard, self._clock)
        finally:
            client.close()

    def _secret(self) -> Secret:
        if self._known_secret is None:
            self._known_secret = self._secrets(
                "client_secret",
                self._account.client_key,
                flag="client_secret_file",
                question=_("Secret of the MySign client {client}").format(client=self._account.client_id),
            )
        return self._known_secret

    def _offered(self, calls: Calls) -> list[SigningCertificate]:
        rows = read_patiently(calls.certificates, self._clock, self._account.host)
        return [found for row in rows if (found := self._read(row)) is not None]

    def _read(self, row: Mapping[str, object]) -> SigningCertificate | None:
        cert, key, name = row.get("cert"), row.get("key"), row.get("credential_id")
        if not isinstance(cert, Mapping) or not isinstance(name, str):
            return None
        certificate = read_certificate(cert.get("certificates"), label="", key_id=name)
        if certificate is None:
            return None
        certificate = judged_at(certificate, self._clock.now())
        said = certificate.problem or _problem(cert, key if isinstance(key, Mapping) else {}, certificate)
        return replace(certificate, problem=said or None)


def _problem(cert: Mapping[str, object], key: Mapping[str, object], certificate: SigningCertificate) -> str:
    status = cert.get("status")
    if isinstance(status, str) and status.lower() not in ("", "valid"):
        return _("MySign says: {message}").format(message=status)
    if str(key.get("status", "enabled")).lower() == "disabled":
        return _("the service has disabled its key")
    return "" if certificate.algorithm is KeyAlgorithm.RSA else _("MySign signs with RSA keys only")
