"""What every part of the sandbox is given when it is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvc_sandbox.clock import SandboxClock
    from dvc_sandbox.database import Database
    from dvc_sandbox.faults import Faults
    from dvc_sandbox.pki import Pki


@dataclass(frozen=True, slots=True)
class Urls:
    """Base addresses of the four servers, without a trailing slash."""

    portal: str
    smartca: str
    pki: str
    admin: str


@dataclass(frozen=True, slots=True)
class Environment:
    """The running sandbox as its parts see it."""

    state: Path
    clock: SandboxClock
    database: Database
    pki: Pki
    faults: Faults
    urls: Urls
    seed: int
