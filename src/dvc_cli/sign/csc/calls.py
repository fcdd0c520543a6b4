"""The calls of the CSC API v1. Refusals become errors here, by code; the bearer token is renewed when it has run out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import HttpClient, Response, Unanswered
from dvc_cli.sign.cloud.guard import SecretGuard
from dvc_cli.sign.cloud.reply import LostReplyError
from dvc_cli.sign.csc.account import CscAccount, LogIn
from dvc_cli.sign.csc.answer import Answer, Refusal, read_answer
from dvc_cli.sign.csc.credential import SHA256, Credential, read_credential
from dvc_cli.sign.csc.problems import (
    CscAccountRefused,
    CscActivationRefused,
    CscRequestRefused,
    CscSecretLocked,
    CscSecretRefused,
    CscUnsupported,
)

_DEFAULT_SECONDS = 3600
_MARGIN = 30  # seconds before its end in which a token is no longer used
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class _Token:
    text: Secret
    until: float  # of the monotonic clock


class Calls:
    """Speaks with one host for one account. `password` is asked for when it is needed first."""

    def __init__(
        self, client: HttpClient, account: CscAccount, password: Callable[[], Secret], guard: SecretGuard, clock: Clock
    ) -> None:
        self._client = client
        self._account = account
        self._ask_password = password
        self._guard = guard
        self._clock = clock
        self._token: _Token | None = None
        self._refresh: Secret | None = None

    def check_service(self) -> None:
        """Ask `info` whether this is a service of the right version that takes our way of logging in.

        Raises:
            CscUnsupported, LostReplyError, NotSent.
        """
        answer = self._posted("info", {})
        specs = answer.text("specs")
        if answer.refusal is not None or not specs:
            raise CscUnsupported(
                _("{host} does not answer as a CSC service").format(host=self._account.host),
                hint=_("Check `url` of this signer; it ends with the path of the API, for example /csc/v1"),
            )
        if not specs.startswith(("0.", "1.")):
            raise CscUnsupported(
                _("{host} speaks version {version} of the CSC API, and only version 1 is supported").format(
                    host=self._account.host, version=specs
                ),
                hint=_("Ask the service for its address of version 1"),
            )
        ways = answer.fields.get("authType")
        wanted = "basic" if self._account.log_in is LogIn.BASIC else "oauth2client"
        if isinstance(ways, list) and wanted not in ways:
            raise CscUnsupported(
                _("{host} takes no log-in of the kind {wanted}").format(host=self._account.host, wanted=wanted),
                hint=_("It takes: {ways}; change `login` of this signer").format(ways=", ".join(map(str, ways))),
            )

    def credential_ids(self) -> list[str]:
        """The ids of the user's credentials, all pages.

        Raises:
            CscUnsupported: the service does not list; CscAccountRefused, CscRequestRefused, LostReplyError, NotSent.
        """
        body: dict[str, object] = {}
        if self._account.log_in is LogIn.OAUTH2 and self._account.user_id:
            body["userID"] = self._account.user_id
        found: list[str] = []
        for _page in range(_MOST_PAGES):
            answer = self._accepted("credentials/list", body)
            ids = answer.fields.get("credentialIDs")
            found += [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
            token = answer.text("nextPageToken")
            if not token or token == body.get("pageToken"):
                break
            body["pageToken"] = token
        return list(dict.fromkeys(found))

    def credential(self, name: str) -> Credential | None:
        """A credential; None when it has no readable certificate. Raises as `credential_ids`."""
        body = {"credentialID": name, "certificates": "chain", "certInfo": True, "authInfo": True}
        return read_credential(name, self._accepted("credentials/info", body), self._clock.now())

    def send_otp(self, name: str) -> None:
        """Have a one-time password sent to the person. Raises as `credential_ids`."""
        self._accepted("credentials/sendOTP", {"credentialID": name})

    def authorize(
        self, credential: Credential, digests: Sequence[bytes], description: str, pin: Secret | None, otp: Secret | None
    ) -> Secret:
        """Activation data (SAD) bound to these digests.

        Raises:
            CscSecretRefused, CscSecretLocked, CscRequestRefused, CscAccountRefused, LostReplyError, NotSent.
        """
        body: dict[str, object] = {
            "credentialID": credential.id,
            "numSignatures": len(digests),
            "hash": [base64.b64encode(one).decode() for one in digests],
            "description": description,
        }
        secrets = {"PIN": pin, "OTP": otp}
        body |= {key: secret.reveal() for key, secret in secrets.items() if secret is not None}
        answer = self._accepted("credentials/authorize", body)
        if not answer.text("SAD"):
            raise CscRequestRefused(_("The signing service released no signature"))
        return Secret(answer.text("SAD"))

    def sign_hash(self, credential: Credential, digests: Sequence[bytes], activation: Secret) -> object:
        """`signatures` as the service gives them.

        Raises:
            CscActivationRefused, CscRequestRefused, CscAccountRefused, LostReplyError, NotSent.
        """
        body: dict[str, object] = {
            "credentialID": credential.id,
            "SAD": activation.reveal(),
            "hash": [base64.b64encode(one).decode() for one in digests],
            "hashAlgo": SHA256,
            "signAlgo": credential.algorithm,
        }
        return self._accepted("signatures/signHash", body).fields.get("signatures")

    # -- tokens ------------------------------------------------------------------------------------------------------

    def _bearer(self) -> str:
        if self._token is None or self._clock.monotonic() >= self._token.until:
            self._token = self._renewed() or self._entered()
        return f"Bearer {self._token.text.reveal()}"

    def _renewed(self) -> _Token | None:
        if self._refresh is None:
            return None
        refresh, self._refresh = self._refresh.reveal(), None
        if self._account.log_in is LogIn.OAUTH2:
            answer = self._posted_form([("grant_type", "refresh_token"), ("refresh_token", refresh)])
        else:
            answer = self._posted("auth/login", {"refresh_token": refresh})
        return self._kept(answer, refresh) if answer.refusal is None and answer.text("access_token") else None

    def _entered(self) -> _Token:
        password = self._password
        with self._guard.one_try():
            if self._account.log_in is LogIn.OAUTH2:
                secret = ("client_secret", password.reveal())
                client = ("client_id", self._account.client_id)
                answer = self._posted_form([("grant_type", "client_credentials"), client, secret])
            else:
                pair = f"{self._account.user_id}:{password.reveal()}".encode()
                header = f"Basic {base64.b64encode(pair).decode()}"
                answer = self._posted("auth/login", {"rememberMe": True}, authorization=header)
            if answer.refusal is not None:
                raise self._log_in_refused(answer)
            if not answer.text("access_token"):
                raise LostReplyError
        return self._kept(answer, None)

    @cached_property
    def _password(self) -> Secret:
        return self._ask_password()

    def _kept(self, answer: Answer, refresh: str | None) -> _Token:
        fresh = answer.text("refresh_token") or refresh
        self._refresh = Secret(fresh) if fresh else None
        seconds = answer.number("expires_in", _DEFAULT_SECONDS)
        return _Token(Secret(answer.text("access_token")), self._clock.monotonic() + max(1, seconds - _MARGIN))

    # -- requests ----------------------------------------------------------------------------------------------------

    def _accepted(self, method: str, body: dict[str, object]) -> Answer:
        answer = self._posted(method, body, authorization=self._bearer())
        # A refused token means that the request was not looked at. A bare 401 may mean a wrong PIN, which is not tried twice.
        holds_secret = bool({"PIN", "OTP"} & body.keys())
        if answer.refusal is Refusal.TOKEN or (answer.refusal is Refusal.UNAUTHORIZED and not holds_secret):
            self._token = None
            answer = self._posted(method, body, authorization=self._bearer())
        if answer.refusal is not None:
            raise self._refused(method, answer)
        return answer

    def _posted(self, method: str, body: dict[str, object], *, authorization: str = "") -> Answer:
        headers = {"Authorization": authorization} if authorization else {}
        path = f"{self._account.address.path}/{method}"
        return self._answer(lambda: self._client.post(path, json=body, headers=headers, follow=False))

    def _posted_form(self, form: list[tuple[str, str]]) -> Answer:
        return self._answer(lambda: self._client.post(self._account.token_path, form=form, follow=False))

    def _answer(self, send: Callable[[], Response]) -> Answer:
        try:
            return read_answer(send())
        except Unanswered as error:
            raise LostReplyError from error

    # -- refusals ----------------------------------------------------------------------------------------------------

    def _log_in_refused(self, answer: Answer) -> DvcError:
        if answer.refusal is Refusal.MISSING:
            return self._lacking(LogIn.BASIC.value if self._account.log_in is LogIn.BASIC else "oauth2/token", answer)
        return CscAccountRefused(
            _("The signing service refuses the account {account} or its password").format(account=self._account.key),
            hint=_("Check both; the password was tried once and will not be repeated by itself"),
            details=_said(answer),
        )

    def _refused(self, method: str, answer: Answer) -> DvcError:
        match answer.refusal:
            case Refusal.SECRET:
                return CscSecretRefused(
                    _("The signing service refuses the PIN or the one-time password"),
                    hint=_(
                        "Check both, and the clock of this computer; it was tried once and will not be repeated by itself"
                    ),
                    details=_said(answer),
                )
            case Refusal.LOCKED:
                return CscSecretLocked(
                    _("The signing service has locked the PIN or the one-time password of this key"),
                    hint=_("Have it unlocked by the service, then run the same command again"),
                    details=_said(answer),
                )
            case Refusal.ACTIVATION:
                return CscActivationRefused(
                    _("The signing service no longer takes the authorization; nothing was signed"),
                    hint=_("Run the same command again"),
                    details=_said(answer),
                )
            case Refusal.TOKEN | Refusal.ACCOUNT:
                return self._log_in_refused(answer)
            case Refusal.MISSING:
                return self._lacking(method, answer)
        return CscRequestRefused(
            _("The signing service refuses the request `{method}`").format(method=method),
            hint=_("Check `credential` and `user_id` of this signer with `dvc-cli signers test`"),
            details=_said(answer),
        )

    def _lacking(self, method: str, answer: Answer) -> CscUnsupported:
        return CscUnsupported(
            _("{host} has no call `{method}`").format(host=self._account.host, method=method),
            hint=_("Name the key itself with `credential` of this signer, or check its `url`"),
            details=_said(answer),
        )


def _said(answer: Answer) -> tuple[str, ...]:
    return (_("The service says: {message}").format(message=answer.said),) if answer.said else ()
