"""The guard before a cloud signer's secret: a wrong one is never repeated by itself, not even by a schedule (security.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Prompter
from dvc_cli.sign.base import PinLocked

_FLAG = "--confirm-pin"


class SecretGuard:
    """Watches one secret durably.

    Args:
        subject: the ledger's name, `password:<account>@<host>` or `pin:<key>@<host>`.
        shown: how people know what the secret opens.
        counted: the errors that mean "it was wrong"; any other takes the try back.
        confirmed: a person allows one more try.
    """

    def __init__(
        self,
        ledger: AttemptLedger,
        subject: str,
        *,
        shown: str,
        counted: tuple[type[DvcError], ...],
        confirmed: bool,
    ) -> None:
        self._ledger = ledger
        self._subject = subject
        self._shown = shown
        self._counted = counted
        self._confirmed = confirmed

    def allow(self, prompter: Prompter | None) -> None:
        """Check before the secret is even asked for.

        Raises:
            PinLocked: the last one was refused, and no person has confirmed another try.
        """
        attempt = self._ledger.attempt(self._subject)
        if not attempt.wrong_in_a_row or attempt.confirmed:
            return
        if prompter is not None and prompter.can_ask:
            question = _("The last secret given for {account} was refused. Try once more?").format(account=self._shown)
            agreed = prompter.confirm(question, flag=_FLAG)
        else:
            # The flag answers once; standing in a schedule it must not lock the account.
            agreed = self._confirmed and attempt.wrong_in_a_row <= 1
        if not agreed:
            raise PinLocked(
                _("The last secret given for {account} was refused, so none is tried by itself").format(
                    account=self._shown
                ),
                hint=_("Run the command at a terminal and confirm, or add `{flag}` once").format(flag=_FLAG),
            )
        self._ledger.confirm(self._subject)

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """Around the one request that carries the secret: counted as wrong before it is made, taken back when it was not."""
        self._ledger.begin(self._subject)
        try:
            yield
        except self._counted:
            raise
        except BaseException:
            self._ledger.not_tried(self._subject)
            raise
        self._ledger.succeeded(self._subject)
