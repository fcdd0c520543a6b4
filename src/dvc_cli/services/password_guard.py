"""The guard of portal passwords: one wrong try per run, and none after a wrong one until a person says so (security.md)."""

from __future__ import annotations

from dvc_cli.errors import Blocked
from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Prompter

# Portals lock at five wrong passwords (portal.md §7); the last one is only for a person who is there.
LOCKS_AT = 5
FLAG = "--retry-password"


class PasswordGuarded(Blocked):
    """The last password was wrong or never answered; another try waits for a person."""

    slug = "password-guarded"


class PasswordGuard:
    """Lets a password reach one account at one host.

    Args:
        confirmed: the user has said on the command line that the password is right now (`--retry-password`).
    """

    def __init__(
        self, ledger: AttemptLedger, prompter: Prompter, *, account: str, host: str, confirmed: bool = False
    ) -> None:
        self._ledger, self._prompter, self._confirmed = ledger, prompter, confirmed
        self._account, self._host = account, host
        self._subject = f"password:{account}@{host}"
        self._wrong_in_run = False

    def check(self) -> None:
        """Say whether a try may be made now; asks a person where one is needed.

        Raises:
            PasswordGuarded: it may not.
        """
        if self._wrong_in_run:
            raise self._refusal(_("This run has already tried a wrong password for {account} at {host}"))
        attempt = self._ledger.attempt(self._subject)
        wrong = attempt.wrong_in_a_row
        if wrong == 0 or attempt.confirmed:
            return
        if wrong >= LOCKS_AT - 1:
            question = _(
                "{wrong} wrong passwords in a row; the next one may lock {account} at {host}. Try all the same?"
            )
            if not self._asked(question, wrong):
                raise self._refusal(_("The next wrong password may lock {account} at {host}"))
        elif not self._confirmed:
            question = _("The last password for {account} at {host} was wrong or never answered. Try again?")
            if not self._asked(question, wrong):
                raise self._refusal(_("The last password for {account} at {host} was wrong or never answered"))
        self._ledger.confirm(self._subject)

    def begin(self) -> None:
        """A try starts: counted as wrong before it is made."""
        self._ledger.begin(self._subject)

    def not_tried(self) -> None:
        """The portal never judged the password (captcha wrong, nothing sent)."""
        self._ledger.not_tried(self._subject)

    def succeeded(self) -> None:
        """The password was right."""
        self._ledger.succeeded(self._subject)

    def was_wrong(self) -> None:
        """The portal refused it: no further try in this run."""
        self._wrong_in_run = True

    def _asked(self, question: str, wrong: int) -> bool:
        if not self._prompter.can_ask:
            return False
        text = question.format(wrong=wrong, account=self._account, host=self._host)
        return self._prompter.confirm(text, flag=FLAG)

    def _refusal(self, message: str) -> PasswordGuarded:
        return PasswordGuarded(
            message.format(account=self._account, host=self._host),
            hint=_("Check the password, then run `dvc-cli login --retry-password` at a terminal"),
        )
