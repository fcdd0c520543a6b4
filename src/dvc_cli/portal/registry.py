"""From a profile's dialect name to its driver: the built-in ones, then entry points `dvc_cli.portals`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.net.base import HttpClient
from dvc_cli.portal.base import Portal, PortalAddress

__all__ = ["API_VERSION", "PortalAddress", "open_portal", "shipped_data_file"]

API_VERSION = 1
ENTRY_POINTS = "dvc_cli.portals"
BUILT_IN = {"igate1": "dvc_cli.portal.dialects.igate1:open_igate1"}

Opener = Callable[[PortalAddress, Callable[[str], HttpClient], Clock], Portal]


class UnknownDialect(ConfigurationProblem):
    """No installed driver speaks the dialect the profile names."""

    slug = "unknown-dialect"


class WrongApiVersion(ConfigurationProblem):
    """An installed driver was written for another version of the Portal protocol."""

    slug = "wrong-api-version"


def open_portal(address: PortalAddress, http_factory: Callable[[str], HttpClient], clock: Clock) -> Portal:
    """The driver for a portal address; sends nothing yet.

    Raises:
        UnknownDialect, WrongApiVersion, BadDialectData.
    """
    return _opener(address.dialect)(address, http_factory, clock)


def _opener(dialect: str) -> Opener:
    if dialect in BUILT_IN:
        module, _colon, name = BUILT_IN[dialect].partition(":")
        return cast("Opener", getattr(import_module(module), name))
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if dialect not in found:
        known = sorted({*BUILT_IN, *found})
        near = get_close_matches(dialect, known, n=1)
        raise UnknownDialect(
            _("No driver speaks the dialect `{dialect}`").format(dialect=dialect),
            hint=_("Did you mean `{name}`?").format(name=near[0])
            if near
            else _("Known dialects: {known}").format(known=", ".join(known)),
        )
    return _checked(dialect, found[dialect].load())


def _checked(dialect: str, opener: Any) -> Opener:
    version = getattr(opener, "api_version", None)
    if version != API_VERSION:
        message = _("The driver for `{dialect}` is for version {theirs} of the interface, this program has {ours}")
        raise WrongApiVersion(
            message.format(dialect=dialect, theirs=version, ours=API_VERSION),
            hint=_("Install the version of the driver that fits this program"),
        )
    return cast("Opener", opener)


def shipped_data_file(dialect: str, deployment: str) -> Path:
    """The data file we ship for one deployment of a dialect (`igate1`, `sandbox`), for a profile's `data_file`.

    Raises:
        UnknownDialect: we ship none.
    """
    path = Path(__file__).parent / "dialects" / dialect / f"{deployment}.toml"
    if not path.is_file():
        raise UnknownDialect(_("No data file for `{name}` is shipped").format(name=f"{dialect}/{deployment}"))
    return path
