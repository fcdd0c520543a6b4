"""From a failed exchange to its outcome: was anything sent, and may it have taken effect (contracts/submission.md §3)."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from dvc_cli.errors import DvcError, NotFound, Temporary
from dvc_cli.i18n import _
from dvc_cli.net.base import NotSent, Unanswered


class CertificateRefused(NotSent):
    """The server's certificate is not trusted, has expired or is for another name; nothing was sent."""

    slug = "certificate-refused"
    retryable = False
    stops_batch = True


class NoAnswer(Temporary):
    """A read got no usable answer; reading again is harmless."""

    slug = "no-answer"


class AnswerTooLarge(DvcError):
    """The server's answer is larger than this program accepts."""

    slug = "answer-too-large"


class UnreadableAnswer(ValueError):
    """The answer's encoding is not one we asked for (internal to `net`)."""


class Phase:
    """How far one request got, told by the transport's own trace events."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = False

    def note(self, name: str, details: dict[str, Any]) -> None:
        """Trace callback: from here on the first byte of the body may be on its way (a proxy's CONNECT does not count)."""
        if name == "http11.send_request_body.started" and details["request"].method != b"CONNECT":
            self.sent = True


def failure(error: Exception, *, sent: bool, mutates: bool, host: str) -> DvcError:
    """The error to raise for a request to `host` that ended with `error`."""
    if not sent:
        return _not_sent(error, host)
    if mutates:
        return Unanswered(
            _("{host} gave no usable answer; it is not known whether the request took effect").format(host=host),
            hint=_("Do not send it again by hand; the same command first looks up what became of it"),
        )
    return NoAnswer(
        _("{host} gave no usable answer").format(host=host), hint=_("Run the same command again in a moment")
    )


def status_failure(status: int, host: str) -> DvcError:
    """The error for a read that must have status 200 and has not."""
    if status in (404, 410):
        return NotFound(_("{host} does not have this file").format(host=host))
    return NoAnswer(
        _("{host} answered with HTTP status {status}").format(host=host, status=status),
        hint=_("Run the same command again in a moment"),
    )


def too_large(host: str, limit: int) -> AnswerTooLarge:
    """The error for a read whose answer passed `limit` bytes."""
    return AnswerTooLarge(
        _("The answer of {host} is larger than {limit} MB").format(host=host, limit=limit // 1_000_000)
    )


def _not_sent(error: Exception, host: str) -> NotSent:
    import httpx

    causes = _chain(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateRefused(
                _("The certificate of {host} is not accepted: {reason}").format(host=host, reason=_reason(cause)),
                hint=_(
                    "Check the address and the date of this computer; a private CA is added by `extra_ca` in the profile"
                ),
            )
    if isinstance(error, httpx.ProxyError):
        return NotSent(
            _("The proxy did not connect to {host}").format(host=host),
            hint=_("Check `network.proxy` or the variables HTTPS_PROXY and NO_PROXY"),
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return NotSent(
            _("The name of {host} cannot be resolved").format(host=host),
            hint=_("Check the network connection and the spelling of the address"),
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return NotSent(
            _("No secure connection to {host}").format(host=host),
            hint=_("The server must speak TLS 1.2 or newer; a proxy may be in the way"),
        )
    return NotSent(
        _("{host} cannot be reached").format(host=host),
        hint=_("Nothing was sent; check the network connection and run the same command again"),
    )


def _reason(error: ssl.SSLCertVerificationError) -> str:
    return getattr(error, "verify_message", "") or error.reason or type(error).__name__


def _chain(error: BaseException) -> list[BaseException]:
    """The error and everything it was raised from."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found
