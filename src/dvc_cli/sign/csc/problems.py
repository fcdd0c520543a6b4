"""What can go wrong with a CSC service, as errors that carry their fate."""

from __future__ import annotations

from dvc_cli.errors import ConfigurationProblem, LoginNeeded, SigningRefused
from dvc_cli.sign.base import PinLocked, WrongPin


class CscAccountRefused(LoginNeeded):
    """The CSC service refused the user name, the client id or the password."""

    slug = "csc-account-refused"


class CscSecretRefused(WrongPin):
    """The CSC service refused the PIN or the one-time password; it is never tried again by itself."""

    slug = "csc-secret-refused"


class CscSecretLocked(PinLocked):
    """The CSC service has locked the PIN or the one-time password."""

    slug = "csc-secret-locked"


class CscRequestRefused(SigningRefused):
    """The CSC service refused the request itself."""

    slug = "csc-request-refused"


class CscActivationRefused(CscRequestRefused):
    """The CSC service no longer takes the activation data of an authorization (expired or used); nothing was signed."""

    slug = "csc-activation-refused"


class CscUnsupported(ConfigurationProblem):
    """The address does not speak the CSC API v1, or lacks a call that is needed."""

    slug = "csc-unsupported"
