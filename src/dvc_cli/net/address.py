"""Which addresses may be talked to: https anywhere, http only on this very machine (design/security.md, row TLS)."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _

_FORBIDDEN = set('\\"<>^`{|}')


class BadAddress(ConfigurationProblem):
    """An address is not a safe web address."""

    slug = "bad-address"


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine: `localhost` or a loopback IP address."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_local_network(host: str) -> bool:
    """Whether `host` can stand in the local network: a name, or an address that is not routed in the internet."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return True
    return not address.is_global


def check_address(url: str, *, plain_host: str = "", signed_answers: bool = False) -> str:
    """The address without query, fragment and trailing slash.

    Args:
        url: the address.
        plain_host: see `NetSettings.plain_host`.
        signed_answers: see `NetSettings.signed_answers`.

    Raises:
        BadAddress: no web address, has a user name in it, or is unencrypted http to another machine.
    """
    text = url.strip()
    if any(sign <= " " or sign == "\x7f" or sign in _FORBIDDEN for sign in text):
        raise _bad(url)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad(url) from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise _bad(url)
    if parts.username is not None or parts.password is not None:
        raise BadAddress(
            _("The address of `{host}` has a user name or password in it").format(host=host),
            hint=_("Leave them out; the account is asked for when you log in"),
        )
    may_be_plain = signed_answers or is_loopback(host) or (host == plain_host.lower() and is_local_network(host))
    if parts.scheme == "http" and not may_be_plain:
        raise BadAddress(
            _("`{url}` is not encrypted").format(url=text),
            hint=_("Use an `https://` address; `http://` is allowed only for this computer itself (127.0.0.1)"),
        )
    return _canonical(parts)


def _canonical(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _bad(url: str) -> BadAddress:
    shown = "".join(sign if sign.isprintable() else "?" for sign in url)
    return BadAddress(
        _("`{url}` is not a web address").format(url=shown),
        hint=_("Give an address such as `https://dichvucong.example.gov.vn`"),
    )
