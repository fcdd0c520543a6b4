"""What can go wrong with MySign, as errors that carry their fate."""

from __future__ import annotations

from dvc_cli.errors import LoginNeeded, SigningRefused, StillPending
from dvc_cli.sign.base import SignatureRejected, SignerUnavailable


class MySignAccountRefused(LoginNeeded):
    """MySign refused the client id, its secret, or does not know the user."""

    slug = "mysign-account-refused"


class MySignQuota(SigningRefused):
    """The MySign account has no signatures left."""

    slug = "mysign-quota"
    stops_batch = True


class MySignExpired(SigningRefused):
    """Nobody confirmed the MySign request in time."""

    slug = "mysign-expired"


class MySignFailed(SignatureRejected):
    """MySign ended the request without signatures, for a reason of its own."""

    slug = "mysign-failed"


class MySignRequestRefused(SigningRefused):
    """MySign refused the request itself."""

    slug = "mysign-request-refused"


class MySignPending(StillPending):
    """The MySign request is still undecided; running the same command again goes on waiting."""

    slug = "mysign-pending"
    stops_batch = True


class MySignReplyLost(SignerUnavailable):
    """The answer that names the MySign request was lost; whether the app asks is not known, and nothing was signed here."""

    slug = "mysign-reply-lost"
