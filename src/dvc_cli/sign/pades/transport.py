# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""The network for time stamps and revocation: pyHanko's fetchers over our HTTP client (docs/adr/0007)."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dvc_cli.errors import ConfigurationProblem, DvcError, Temporary
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import Response

if TYPE_CHECKING:
    from dvc_cli.net.base import HttpClient

TSA_PASSWORD = "tsa_password"  # noqa: S105 - the name of a purpose
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class TimeStampUnavailable(Temporary):
    """None of the time-stamping services gave a time stamp."""

    slug = "time-stamp-unavailable"


class UnsafeTsa(ConfigurationProblem):
    """A time-stamping service with a password is not reached over https."""

    slug = "unsafe-tsa"


class FetchRefused(Temporary):
    """A responder or a list of the certificate's issuer cannot be had now."""

    slug = "evidence-unreachable"


@dataclass(frozen=True, slots=True)
class Transport:
    """HTTP for signed answers. `password` gives the password of `user@host`."""

    http_factory: Callable[[str], HttpClient]
    password: Callable[[str], Secret]
    _passwords: dict[str, Secret] = field(default_factory=dict)

    def get(self, url: str) -> Response:
        """Read a list or a certificate. Raises FetchRefused and what the network says."""
        return self._asked(url, lambda client, address: client.get(address))

    def post(self, url: str, body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
        """Ask a responder or a time-stamping service. Errors as `get`."""
        sent = {"Content-Type": media_type, **(headers or {})}
        return self._asked(url, lambda client, address: client.post(address, content=body, headers=sent))

    def time_stamp(self, url: str, request: bytes) -> bytes:
        """The answer of a TSA; a user name in `url` means basic authentication with a password that is asked for."""
        parts = urlsplit(url)
        headers = {"Accept": "application/timestamp-reply"}
        if parts.username:
            if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
                raise UnsafeTsa(
                    _("The time-stamping service {host} wants a password but is not reached over https").format(
                        host=parts.hostname
                    ),
                    hint=_("Use its `https://` address"),
                )
            subject = f"{parts.username}@{parts.hostname}"
            if subject not in self._passwords:
                self._passwords[subject] = self.password(subject)
            token = base64.b64encode(f"{parts.username}:{self._passwords[subject].reveal()}".encode())
            headers["Authorization"] = f"Basic {token.decode('ascii')}"
            url = url.replace(f"{parts.username}@", "", 1)
        return self.post(url, request, "application/timestamp-query", headers).content

    def _asked(self, url: str, ask: Callable[[HttpClient, str], Response]) -> Response:
        parts = urlsplit(url)
        client = self.http_factory(f"{parts.scheme}://{parts.netloc}")
        try:
            response = ask(client, url)
        finally:
            client.close()
        if response.status != 200:
            raise FetchRefused(
                _("{host} answered with status {status}").format(host=parts.hostname, status=response.status)
            )
        return response


def time_stamper(transport: Transport, addresses: tuple[str, ...]) -> Any:
    """A pyHanko `TimeStamper` that asks these services in order until one gives a time stamp."""
    return _time_stamper_class()(transport, addresses)


@functools.cache
def _time_stamper_class() -> Any:
    from asn1crypto import tsp
    from pyhanko.sign.timestamps.api import TimeStamper

    class FallbackTimeStamper(TimeStamper):
        """Asks one service after the other."""

        def __init__(self, transport: Transport, addresses: tuple[str, ...]) -> None:
            super().__init__()
            self._transport, self._addresses = transport, addresses

        async def async_request_tsa_response(self, req: Any) -> Any:
            """A granted answer of the first service that gives one."""
            reasons = []
            for address in self._addresses:
                host = urlsplit(address).hostname or address
                try:
                    answer = tsp.TimeStampResp.load(self._transport.time_stamp(address, req.dump()))
                    status = answer["status"]["status"].native
                    if status in ("granted", "granted_with_mods"):
                        return answer
                    reasons.append(f"{host}: {status}")
                except ConfigurationProblem:
                    raise
                except DvcError as problem:
                    reasons.append(f"{host}: {problem.message}")
                except (ValueError, TypeError):
                    reasons.append(_("{host}: no time stamp in the answer").format(host=host))
            raise TimeStampUnavailable(
                _("No time-stamping service gave a time stamp"),
                hint=_("Try again later, name another one with `--tsa URL`, or sign with `--level b-b`"),
                details=tuple(reasons),
            )

    return FallbackTimeStamper
