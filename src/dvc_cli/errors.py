"""Errors that carry their fate: exit code, stable slug, hint, whether a retry helps, whether a batch must stop.

The classes below are the fates (one per exit code of design/architecture.md). Drivers and services subclass them beside
the code that raises them, give a `slug`, and never leak an exception of a library across their border.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Status of the process; a contract (docs/reference/exit-codes.md is generated from this table)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    OUTCOME_UNKNOWN = 3
    LOGIN_NEEDED = 4
    TEMPORARY = 5
    SIGNING_REFUSED = 6
    BLOCKED = 7
    PENDING = 8
    NOT_FOUND = 9
    INVALID_INPUT = 10
    LOCKED = 11
    LIVE_GUARD = 12
    CONFIGURATION = 13
    STORAGE = 14
    NOT_ESTABLISHED = 15
    INTERRUPTED = 130


class DvcError(Exception):
    """An expected failure.

    Args:
        message: what happened and to which object, in the user's language, without a full stop.
        hint: what to do, in the user's language.
        details: further lines (several problems of one kind), in the user's language.
        slug: overrides the class's stable identifier.
    """

    slug: ClassVar[str] = "failed"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    retryable: ClassVar[bool] = False
    stops_batch: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class UsageProblem(DvcError):
    """The command line does not make sense."""

    slug = "usage"
    exit_code = ExitCode.USAGE


class OutcomeUnknown(DvcError):
    """Something may have taken effect at the other side; it must not be sent again."""

    slug = "outcome-unknown"
    exit_code = ExitCode.OUTCOME_UNKNOWN
    stops_batch = True


class LoginNeeded(DvcError):
    """No session, or it ended, or the log-in was refused."""

    slug = "login-needed"
    exit_code = ExitCode.LOGIN_NEEDED
    stops_batch = True


class Temporary(DvcError):
    """A fault that passes: network, portal down, throttled."""

    slug = "temporary"
    exit_code = ExitCode.TEMPORARY
    retryable = True


class SigningRefused(DvcError):
    """The signature was refused or the certificate cannot be used."""

    slug = "signing-refused"
    exit_code = ExitCode.SIGNING_REFUSED


class Blocked(DvcError):
    """A token, PIN or account is locked, or our guard refuses to risk the last try."""

    slug = "blocked"
    exit_code = ExitCode.BLOCKED
    stops_batch = True


class StillPending(DvcError):
    """Waiting ended and the thing waited for has not happened."""

    slug = "still-pending"
    exit_code = ExitCode.PENDING


class NotFound(DvcError):
    """The portal has no such object."""

    slug = "not-found"
    exit_code = ExitCode.NOT_FOUND


class InvalidInput(DvcError):
    """A file, a dossier or a plan is not as it must be."""

    slug = "invalid-input"
    exit_code = ExitCode.INVALID_INPUT


class AnotherRun(DvcError):
    """Another run holds the lock."""

    slug = "locked"
    exit_code = ExitCode.LOCKED
    stops_batch = True


class LiveGuard(DvcError):
    """The guard of live portals refused."""

    slug = "live-guard"
    exit_code = ExitCode.LIVE_GUARD
    stops_batch = True


class ConfigurationProblem(DvcError):
    """A setting is wrong or a system component is missing."""

    slug = "configuration"
    exit_code = ExitCode.CONFIGURATION
    stops_batch = True


class StorageProblem(DvcError):
    """Our own storage failed: disk full, read-only, damaged."""

    slug = "storage"
    exit_code = ExitCode.STORAGE
    stops_batch = True


class Interrupted(DvcError):
    """The user stopped the run; the same command continues it."""

    slug = "interrupted"
    exit_code = ExitCode.INTERRUPTED
    stops_batch = True
