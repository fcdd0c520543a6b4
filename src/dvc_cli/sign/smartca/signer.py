"""The SmartCA signer: its certificates, the choice among them, and the way to a session."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Clock, Progress, Prompter, TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import SignerCapabilities, SigningCertificate
from dvc_cli.net.base import HttpClient
from dvc_cli.sign.base import CertificateUnusable, SecretSource, SignerUnavailable
from dvc_cli.sign.certificates import CertificateUnreadable, certificate_from_der, judged_at
from dvc_cli.sign.selection import choose_certificate, describe, matches
from dvc_cli.sign.smartca.account import Account, AccountKind, Service
from dvc_cli.sign.smartca.calls import Calls, Guards
from dvc_cli.sign.smartca.guard import PasswordGuard
from dvc_cli.sign.smartca.problems import LostReplyError
from dvc_cli.sign.smartca.record import PendingTransactions
from dvc_cli.sign.smartca.session import SmartCaSession, Surroundings

_ACTIVE = "Đang hoạt động"
_READ_PAUSES = (0.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Offered:
    """A certificate with what only the service knows: whether it is a seal."""

    certificate: SigningCertificate
    is_seal: bool


class SmartCaSigner:
    """A SmartCA account as a `Signer`. Every call needs the network and the service provider's password."""

    def __init__(
        self,
        name: str,
        account: Account,
        *,
        secrets: SecretSource,
        transactions: TransactionStore,
        http_factory: Callable[[str], HttpClient],
        clock: Clock,
        ledger: AttemptLedger | None = None,
    ) -> None:
        self._name = name
        self._account = account
        self._secrets = secrets
        self._pending = PendingTransactions(transactions, account.key)
        self._http_factory = http_factory
        self._clock = clock
        self._guards = Guards(
            provider=PasswordGuard(ledger, account.provider_key, confirmed=account.confirmed),
            subscriber=PasswordGuard(ledger, account.key, confirmed=account.confirmed),
        )
        self._sp_password: Secret | None = None

    @property
    def name(self) -> str:
        """The profile's name of this signer."""
        return self._name

    @property
    def capabilities(self) -> SignerCapabilities:
        """One confirmation covers a batch; a TH account with a stored OTP secret needs nobody."""
        return SignerCapabilities(
            kind="smartca",
            max_batch=self._account.max_batch,
            needs_person=self._account.kind is AccountKind.PHONE,
            resumable=True,
        )

    def certificates(self) -> list[SigningCertificate]:
        """The subscriber's certificates, the unusable ones with `problem` set.

        Raises:
            AccountRefused, SignerUnavailable, NotSent.
        """
        with self._calls(None) as calls:
            return [one.certificate for one in self._offered(calls)]

    def candidates(self) -> list[SigningCertificate]:
        """Those that `open` chooses among; for plans. Errors as `certificates`."""
        with self._calls(None) as calls:
            meant = [one.certificate for one in self._offered(calls) if self._is_meant(one)]
        return matches(meant, self._account.certificate) if self._account.certificate else meant

    @contextmanager
    def open(self, prompter: Prompter, progress: Progress) -> Iterator[SmartCaSession]:
        """Choose the certificate and be ready to start transactions (see `Signer.open`)."""
        around = Surroundings(secrets=self._secrets, prompter=prompter, progress=progress, clock=self._clock)
        with self._calls(prompter) as calls:
            certificate = self._chosen(self._offered(calls), prompter)
            yield SmartCaSession(self._account, certificate, calls, self._pending, self._guards.subscriber, around)

    @contextmanager
    def _calls(self, prompter: Prompter | None) -> Iterator[Calls]:
        self._guards.provider.allow(prompter)
        if self._sp_password is None:
            self._sp_password = self._secrets(
                "sp_password",
                self._account.provider_key,
                flag="sp_password_file",
                question=_("Password of the SmartCA service-provider account {sp}").format(sp=self._account.sp_id),
            )
        client = self._http_factory(self._account.origin)
        try:
            yield Calls(client, self._account, self._sp_password, self._guards)
        finally:
            client.close()

    def _offered(self, calls: Calls) -> list[Offered]:
        """What the service lists; a read, so it is repeated after a fault."""
        for pause in _READ_PAUSES:
            self._clock.sleep(pause)
            try:
                rows = calls.certificates()
            except LostReplyError:
                continue
            return [offered for row in rows if (offered := self._read(row)) is not None]
        raise SignerUnavailable(
            _("SmartCA at {host} gives no usable answer").format(host=self._account.host),
            hint=_("Check the address of this signer and run the same command again later"),
        )

    def _read(self, row: Mapping[str, object]) -> Offered | None:
        der = _der(row.get("cert_data"))
        if der is None:
            return None
        chain_data = row.get("chain_data")
        given = chain_data if isinstance(chain_data, Mapping) else {}
        chain = [one for key in ("ca_cert", "root_cert") if (one := _der(given.get(key))) is not None]
        try:
            certificate = certificate_from_der(
                der, chain, label=str(row.get("service_name") or ""), key_id=str(row.get("cert_id") or "")
            )
        except CertificateUnreadable:
            return None
        certificate = judged_at(certificate, self._clock.now())
        said = _service_problem(row)
        if said and not certificate.problem:
            certificate = replace(certificate, problem=said)
        return Offered(certificate, row.get("service_type") == "ESEAL")

    def _chosen(self, offered: list[Offered], prompter: Prompter) -> SigningCertificate:
        fitting = [one.certificate for one in offered if self._is_meant(one)]
        if not fitting:
            raise CertificateUnusable(
                _("SmartCA has no such certificate for {user}").format(user=self._account.user_id),
                hint=_("Check `user_id` and `service` of this signer, or have a certificate issued by VNPT"),
                details=tuple(describe(one.certificate) for one in offered),
            )
        return choose_certificate(fitting, self._account.certificate, self._clock.now(), prompter)

    def _is_meant(self, offered: Offered) -> bool:
        """A certificate that is named may be of either kind; else the account's `service` decides."""
        if self._account.certificate or self._account.service is Service.ANY:
            return True
        return offered.is_seal == (self._account.service is Service.SEAL)


def _service_problem(row: Mapping[str, object]) -> str:
    """Why the service itself says that a certificate is not active; the code counts more than the words, and may be missing."""
    code, words = row.get("cert_status_code"), row.get("cert_status")
    if isinstance(code, str) and code:
        is_active = code.upper() == "VALID"
    else:
        is_active = not isinstance(words, str) or words in ("", _ACTIVE)
    return "" if is_active else _("SmartCA says: {message}").format(message=words or code)


def _der(text: object) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None
