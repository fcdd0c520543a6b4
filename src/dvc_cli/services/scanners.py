"""Which scanners there are, and the driver for the one that was named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from dvc_cli.config.paths import Paths
from dvc_cli.config.scanners import ScannerPreset, load_presets
from dvc_cli.config.settings import Settings
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.scan.scanner import NoScanner, Scanner, ScannerCapabilities

SANE_PREFIX = "sane:"
_ESCL_READ_SECONDS = 180.0
_MAX_PAGE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundScanner:
    """A scanner that can be named with `--device`. `preset` is the name it has in the user's presets."""

    device: str
    name: str
    kind: str
    preset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerList:
    """What `scan scanners` found. `sane` tells whether this computer's own scanners could be looked for."""

    schema: ClassVar[str] = "dvc.scanners.list/1"
    scanners: tuple[FoundScanner, ...]
    sane: bool


class Run(Protocol):
    """The part of `context.Context` that scanning needs."""

    @property
    def paths(self) -> Paths: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def progress(self) -> Progress: ...
    @property
    def prompter(self) -> Prompter: ...


def list_scanners(run: Run, environ: Mapping[str, str] = os.environ) -> ScannerList:
    """SANE's scanners and the ones with a preset. Raises ScannerSilent and the errors of the presets' file."""
    from dvc_cli.scan.sane import NoScanimage, list_devices

    presets = load_presets(run.paths)
    named = {preset.device: name for name, preset in presets.items() if preset.device}
    sane = True
    try:
        with run.progress.task(_("Looking for scanners")):
            devices = list_devices(environ)
    except NoScanimage as error:
        if not named:
            raise
        run.progress.warn(error.message)
        sane, devices = False, []
    found = [
        FoundScanner(
            device=one.device,
            name=f"{one.vendor} {one.model}".strip(),
            kind=one.kind,
            preset=named.pop(one.device, "") or named.pop(SANE_PREFIX + one.device, ""),
        )
        for one in devices
    ]
    found += [
        FoundScanner(device=device, name="", kind="eSCL" if device.startswith("escl:") else "", preset=name)
        for device, name in named.items()
    ]
    return ScannerList(scanners=tuple(found), sane=sane)


def describe_scanner(run: Run, device: str) -> ScannerCapabilities:
    """What one scanner can do. Raises the faults of `scan.scanner`."""
    scanner = open_scanner(run, device)
    try:
        with run.progress.task(_("Asking the scanner")):
            return scanner.capabilities()
    finally:
        scanner.close()


def open_scanner(run: Run, device: str, environ: Mapping[str, str] = os.environ) -> Scanner:
    """The driver for a device name: `escl:HOST[:PORT]`, or a name of SANE (with or without `sane:`). Nothing is sent yet.

    Raises:
        BadScannerAddress: no address after `escl:`.
        BadAddress: unencrypted http to a host in the internet.
    """
    from dvc_cli.scan.escl import PREFIX, EsclScanner, parse_address
    from dvc_cli.scan.sane import SaneScanner

    if not device.startswith(PREFIX):
        return SaneScanner(device.removeprefix(SANE_PREFIX), environ)
    from dvc_cli.net.address import is_loopback
    from dvc_cli.net.client import open_client

    address = parse_address(device)
    if address.plain and not is_loopback(address.host):
        run.progress.say(_("The pages travel unencrypted through the local network"))
    network = run.settings.network()
    settings = replace(
        network,
        plain_host=address.host if address.plain else "",
        proxy="" if address.plain else network.proxy,  # unencrypted pages stay in the local network
        read_timeout=max(network.read_timeout, _ESCL_READ_SECONDS),
        max_bytes=_MAX_PAGE_BYTES,
    )
    return EsclScanner(device, open_client(address.base, settings), run.clock)


def choose_device(run: Run, device: str | None, preset: ScannerPreset) -> str:
    """The device to use: named, of the preset, the only one there is, or chosen by the person. Raises NoScanner."""
    if named := device or preset.device:
        return named
    found = list_scanners(run).scanners
    if not found:
        raise NoScanner(
            _("No scanner was found"),
            hint=_(
                "Switch it on and connect it; a network scanner is named by its address: `--device escl:192.168.1.20`"
            ),
        )
    if len(found) == 1:
        return found[0].device
    labels = [f"{one.name or one.preset} ({one.device})" for one in found]
    return found[run.prompter.choose(_("Which scanner?"), labels, flag="--device")].device
