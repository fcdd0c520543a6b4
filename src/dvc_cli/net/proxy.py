"""The proxy, read on purpose: the setting first, then the environment or the system; never for this machine itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.net.address import is_loopback


class BadProxy(ConfigurationProblem):
    """The proxy's address cannot be used."""

    slug = "bad-proxy"


def choose_proxy(setting: str | None, scheme: str, host: str) -> str | None:
    """The proxy's address for a host, or None for a direct connection.

    Args:
        setting: `NetSettings.proxy`: None asks the environment (`HTTPS_PROXY`, `NO_PROXY`) and the system, "" means none.
        scheme: of the address to reach.
        host: of the address to reach; loopback is always direct, so that unencrypted bytes never leave the machine.

    Raises:
        BadProxy: not an http or https address.
    """
    if is_loopback(host):
        return None
    found = setting if setting is not None else _from_environment(scheme, host)
    return _checked(found) if found else None


def _from_environment(scheme: str, host: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")


def _checked(address: str) -> str:
    text = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # The address may hold a password, so only its kind is shown.
        raise BadProxy(
            _("The proxy's address cannot be used ({scheme})").format(scheme=text.split("://", 1)[0]),
            hint=_(
                "Set `network.proxy` to `http://HOST:PORT`, or to `none`; only http and https proxies are supported"
            ),
        )
    return text
