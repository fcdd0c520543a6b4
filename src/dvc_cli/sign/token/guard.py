"""The guard before every PIN: a locked token means a visit to the issuer (tokens.md §2, security.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Prompter
from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import PinLocked, SignerUnavailable, WrongPin
from dvc_cli.sign.token.process import TokenFacts, WorkerFault

_FLAG: Final = "--confirm-pin"
# The module refused before it looked at the PIN.
_NOT_LOOKED_AT: Final = {"TokenNotPresent", "NoSuchToken", "SlotIDInvalid", "SessionCount", "HostMemory", "Died"}
_WRONG: Final = {"PinIncorrect", "PinInvalid", "PinLenRange"}


class PinGuard:
    """Lets a PIN reach one token: at most one wrong one per run, none on the last try, none after a wrong one unconfirmed."""

    def __init__(self, token: TokenFacts, ledger: AttemptLedger, prompter: Prompter, *, confirmed: bool) -> None:
        self._token = token
        self._ledger = ledger
        self._prompter = prompter
        self._confirmed = confirmed

    @property
    def subject(self) -> str:
        """The ledger's name for this token."""
        return f"pin:{self._token.serial or self._token.label}"

    def allow(self) -> None:
        """Check before the PIN is even asked for.

        Raises:
            PinLocked: the token is locked, has one try left, or a wrong PIN was not confirmed.
        """
        token = self._token
        if token.has(TokenFacts.LOCKED):
            raise PinLocked(
                _("The PIN of token {label} is locked").format(label=token.label),
                hint=_("Have it unlocked by the issuer of the certificate"),
            )
        if token.has(TokenFacts.FINAL_TRY):
            raise PinLocked(
                _("Token {label} has only one PIN try left, so it is not risked").format(label=token.label),
                hint=_("Log in once with the token's own program; that resets the counter"),
            )
        wrong = self._ledger.attempt(self.subject).wrong_in_a_row
        if wrong or token.has(TokenFacts.COUNT_LOW):
            self._require_confirmation(wrong)

    def log_in(self, pin: Secret | None, present: Callable[[], None]) -> None:
        """Make one try, counted as wrong before it is made.

        Raises:
            WrongPin, PinLocked, SignerUnavailable.
        """
        if pin is not None and not pin:
            raise WrongPin(_("The PIN is empty; it was not tried"), hint=_("Enter the PIN of the token"))
        self._ledger.begin(self.subject)
        try:
            present()
        except WorkerFault as fault:
            if fault.code in _NOT_LOOKED_AT:
                self._ledger.not_tried(self.subject)
            raise self._translated(fault) from fault
        self._ledger.succeeded(self.subject)

    def _translated(self, fault: WorkerFault) -> WrongPin | PinLocked | SignerUnavailable:
        label = self._token.label
        if fault.code in _WRONG:
            return WrongPin(
                _("The PIN of token {label} is wrong; it is not tried again").format(label=label),
                hint=_("Make sure of the PIN, then run the command again; it asks before the next try"),
            )
        if fault.code == "PinLocked":
            return PinLocked(
                _("The PIN of token {label} is locked").format(label=label),
                hint=_("Have it unlocked by the issuer of the certificate"),
            )
        if fault.code in ("PinExpired", "UserPinNotInitialized"):
            return PinLocked(
                _("The PIN of token {label} must be set first").format(label=label),
                hint=_("Set it with the token's own program"),
            )
        return SignerUnavailable(
            _("Token {label} did not answer the log-in ({code})").format(label=label, code=fault.code),
            hint=_("Plug the token in again, then run the command again"),
        )

    def _require_confirmation(self, wrong: int) -> None:
        """The flag answers after one wrong PIN; after more only a person does, so that no schedule can lock the token."""
        label = self._token.label
        if self._prompter.can_ask:
            question = _("The last PIN given to token {label} was wrong, and too many lock it. Try once more?")
            if self._prompter.confirm(question.format(label=label), flag=_FLAG):
                self._ledger.confirm(self.subject)
                return
        elif self._confirmed and wrong <= 1:
            self._ledger.confirm(self.subject)
            return
        raise PinLocked(
            _("The last PIN given to token {label} was wrong, so no other is tried by itself").format(label=label),
            hint=_("Run the command at a terminal and confirm, or add `{flag}` once").format(flag=_FLAG),
        )
