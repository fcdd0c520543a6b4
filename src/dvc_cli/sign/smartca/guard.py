"""The guard before a SmartCA password: a wrong one is never repeated by itself, not even by a schedule (security.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Prompter
from dvc_cli.sign.base import PinLocked
from dvc_cli.sign.smartca.problems import AccountRefused, PasswordRefused

_FLAG = "--confirm-pin"


class PasswordGuard:
    """Watches one password of one account at one host, durably when there is a ledger."""

    def __init__(self, ledger: AttemptLedger | None, account: str, *, confirmed: bool) -> None:
        self._ledger = ledger
        self._account = account
        self._confirmed = confirmed

    @property
    def subject(self) -> str:
        """The ledger's name for this password."""
        return f"password:{self._account}"

    def allow(self, prompter: Prompter | None) -> None:
        """Check before the password is even asked for.

        Raises:
            PinLocked: the last one was refused, and no person has confirmed another try.
        """
        if self._ledger is None:
            return
        attempt = self._ledger.attempt(self.subject)
        if not attempt.wrong_in_a_row or attempt.confirmed:
            return
        if prompter is not None and prompter.can_ask:
            question = _("SmartCA refused the last password of {account}. Try once more?").format(account=self._account)
            agreed = prompter.confirm(question, flag=_FLAG)
        else:
            # The flag answers once; standing in a schedule it must not lock the account.
            agreed = self._confirmed and attempt.wrong_in_a_row <= 1
        if not agreed:
            raise PinLocked(
                _("SmartCA refused the last password of {account}, so none is tried by itself").format(
                    account=self._account
                ),
                hint=_("Run the command at a terminal and confirm, or add `{flag}` once").format(flag=_FLAG),
            )
        self._ledger.confirm(self.subject)

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """Around the one request that carries the password: counted as wrong before it is made, taken back when it was not."""
        if self._ledger is None:
            yield
            return
        self._ledger.begin(self.subject)
        try:
            yield
        except (AccountRefused, PasswordRefused):
            raise
        except BaseException:
            self._ledger.not_tried(self.subject)
            raise
        self._ledger.succeeded(self.subject)
