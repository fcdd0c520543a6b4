"""The faults of scanners with their words, in one place for all drivers."""

from __future__ import annotations

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.scan import scanner as kinds


def jammed(name: str) -> DvcError:
    """Paper is stuck."""
    return kinds.PaperJam(
        _("Paper is jammed in the scanner {name}").format(name=name),
        hint=_("Open it, pull the paper out without tearing it, put the remaining sheets back and scan again"),
    )


def feeder_empty(name: str) -> DvcError:
    """No paper at all."""
    return kinds.FeederEmpty(
        _("The feeder of the scanner {name} is empty").format(name=name),
        hint=_("Put the paper in until it stops, or scan from the glass with `--source flatbed`"),
    )


def double_fed(name: str) -> DvcError:
    """Two sheets at once."""
    return kinds.DoubleFeed(
        _("The scanner {name} pulled in several sheets at once, or one too short or too long").format(name=name),
        hint=_("Remove staples, fan the sheets, put them back and scan again"),
    )


def cover_open(name: str) -> DvcError:
    """Something is open."""
    return kinds.CoverOpen(
        _("The cover of the scanner {name} is open").format(name=name), hint=_("Close it and scan again")
    )


def busy(name: str) -> DvcError:
    """In use."""
    return kinds.ScannerBusy(
        _("The scanner {name} is busy").format(name=name),
        hint=_("Wait until it is free, or close the other program that uses it, then scan again"),
    )


def locked(name: str) -> DvcError:
    """Not allowed."""
    return kinds.ScannerLocked(
        _("You may not use the scanner {name}").format(name=name),
        hint=_("Ask for the right at the scanner, or on Linux to be put into the group `scanner`, and log in again"),
    )


def refused(name: str, reason: str = "") -> DvcError:
    """The settings do not fit."""
    return kinds.ScannerRefused(
        _("The scanner {name} refuses these settings").format(name=name),
        hint=_("See what it can do: `dvc-cli scan scanners --device {name}`").format(name=name),
        details=(reason,) if reason else (),
    )


def cancelled(name: str) -> DvcError:
    """Someone pressed the button."""
    return kinds.ScanCancelled(
        _("The scan was cancelled at the scanner {name}").format(name=name), hint=_("Run the same command again")
    )


def failed(name: str, reason: str = "") -> DvcError:
    """Anything else that went wrong on the way."""
    return kinds.ScannerFault(
        _("The scanner {name} failed during the work").format(name=name),
        hint=_("Check its cable or network, switch it off and on, then scan again"),
        details=(reason,) if reason else (),
    )


def silent(name: str, seconds: float) -> DvcError:
    """No page in time."""
    return kinds.ScannerSilent(
        _("The scanner {name} gave no page for {seconds} seconds").format(name=name, seconds=round(seconds)),
        hint=_("Look whether it waits for something, then scan again"),
    )


def unknown(name: str) -> DvcError:
    """No scanner of that name."""
    return kinds.NoScanner(
        _("There is no scanner {name}").format(name=name),
        hint=_("See `dvc-cli scan scanners`; a network scanner is named by its address: `--device escl:192.168.1.20`"),
    )
