"""What can go wrong with SmartCA, as errors that carry their fate, and the private signal of a lost reply."""

from __future__ import annotations

from dvc_cli.errors import LoginNeeded, SigningRefused, StillPending
from dvc_cli.sign.base import SignatureRejected, SignerUnavailable, WrongPin


class AccountRefused(LoginNeeded):
    """SmartCA refused the service-provider account or does not know the subscriber."""

    slug = "smartca-account-refused"


class PasswordRefused(WrongPin):
    """SmartCA refused the subscriber's password or one-time password; it is never tried again by itself."""

    slug = "smartca-password-refused"


class QuotaExhausted(SigningRefused):
    """The SmartCA package has no signatures left or is not valid."""

    slug = "smartca-quota"
    stops_batch = True


class TransactionExpired(SigningRefused):
    """Nobody confirmed the SmartCA transaction in time."""

    slug = "smartca-expired"


class TransactionFailed(SignatureRejected):
    """SmartCA ended the transaction without signatures, for a reason of its own."""

    slug = "smartca-failed"


class RequestRefused(SigningRefused):
    """SmartCA refused the request itself."""

    slug = "smartca-request-refused"


class TransactionLost(SignerUnavailable):
    """SmartCA lost a transaction, or its answer to us was lost in a way that cannot be mended; nothing was signed."""

    slug = "smartca-transaction-lost"


class TransactionPending(StillPending):
    """The SmartCA transaction is still undecided; running the same command again goes on waiting."""

    slug = "smartca-pending"
    stops_batch = True


class LostReplyError(Exception):
    """A request went out and no usable answer came back: cut, time-out, 5xx, or something that is not JSON."""
