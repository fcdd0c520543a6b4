"""Logging in and staying logged in: password through the guard, captcha to a person, one automatic re-log-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dvc_cli.config.credentials import Credential, CredentialRequest, Credentials
from dvc_cli.config.profiles import Profile
from dvc_cli.errors import DvcError, LoginNeeded, UsageProblem
from dvc_cli.files import write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Clock, Progress, Prompter
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import NotSent, Unanswered
from dvc_cli.portal.base import (
    AccountLocked,
    LoginChallenge,
    Portal,
    PortalSession,
    SessionEnded,
    WrongCaptcha,
    WrongPassword,
)
from dvc_cli.portal.session_store import SessionStore
from dvc_cli.services.login_facts import (
    ChallengeReport,
    LoginSteps,
    LoginUnanswered,
    LoginWishes,
    LogoutReport,
    SessionReport,
)
from dvc_cli.services.password_guard import PasswordGuard

MOST_CAPTCHAS = 3
_Result = TypeVar("_Result")


@dataclass(slots=True, kw_only=True)
class Access:
    """The way into one portal with one account (C5's `SessionDoor`: `ensure` and `renew`)."""

    portal: Portal
    profile: Profile
    store: SessionStore
    ledger: AttemptLedger
    credentials: Credentials
    prompter: Prompter
    progress: Progress
    clock: Clock
    wishes: LoginWishes = field(default_factory=LoginWishes)
    _renewed: bool = field(default=False, init=False)
    _guards: dict[str, PasswordGuard] = field(default_factory=dict, init=False)

    @property
    def host(self) -> str:
        """The portal's host, as people know it."""
        return urlsplit(self.portal.base_url).netloc or self.portal.base_url

    # -- sessions kept from before -----------------------------------------------------------------------------------

    def resume(self) -> PortalSession | None:
        """Hand the portal the session kept from an earlier command, if it can still be good. Asks nobody."""
        if (current := self.portal.session()) is not None:
            return current
        kept = self.store.load(self.portal.base_url)
        if kept is None:
            return None
        if kept.is_over(self.clock.now()):
            self._forget(kept.account)
            return None
        token = self._kept_token(kept.account) if kept.in_keyring else kept.token
        if token is None:
            return None
        session = kept.session(token)
        self.portal.use_session(session)
        return session

    def ensure(self) -> PortalSession:
        """A session that the portal accepts; logs in when there is none and that is possible.

        Raises:
            LoginNeeded: nobody can be asked, or the log-in was refused.
            PasswordGuarded, AccountLocked: no try may be made.
        """
        if self.resume() is None:
            return self._log_in_if_possible()
        try:
            session = self.portal.whoami()
        except SessionEnded:
            return self.renew()
        self._keep(session)
        return session

    def renew(self) -> PortalSession:
        """Log in once more after the session ended; once per run. Errors as `ensure`."""
        if self._renewed:
            raise SessionEnded(
                _("The portal has ended the session again, just after the log-in"),
                hint=_("Try again later: `dvc-cli login`"),
            )
        self._renewed = True
        self.progress.say(_("The portal's session has ended; logging in again"))
        return self._log_in_if_possible()

    def with_session(self, call: Callable[[], _Result]) -> _Result:
        """Run a read that needs a session; when the session ended meanwhile, log in again and run it once more."""
        self.ensure()
        try:
            return call()
        except SessionEnded:
            self.renew()
            return call()

    def _log_in_if_possible(self) -> PortalSession:
        if not self.prompter.can_ask and self.portal.capabilities.captcha_on_login:
            raise LoginNeeded(
                _("Not logged in to {host}, and nobody can be asked for the captcha").format(host=self.host),
                hint=_(
                    "Log in at a terminal (`dvc-cli login`), or in two steps: `dvc-cli login --captcha-out captcha.png`"
                ),
            )
        return self._log_in()

    # -- logging in --------------------------------------------------------------------------------------------------

    def take(self, steps: LoginSteps) -> SessionReport | ChallengeReport:
        """Log in, or do one of the two steps for scripts."""
        if steps.picture is not None:
            return self.open_challenge(steps.picture, overwrite=steps.overwrite)
        if steps.challenge is not None and steps.captcha is not None:
            return self.answer_challenge(steps.challenge, steps.captcha)
        return self.log_in()

    def log_in(self) -> SessionReport:
        """Log in now, also when a session is there already."""
        self._log_in()
        return self.report()

    def _log_in(self) -> PortalSession:
        account = self._account()
        guard = self._guard(account)
        guard.check()
        password = self._password(account)
        for left in range(MOST_CAPTCHAS - 1, -1, -1):
            challenge = self.portal.begin_login(account)
            captcha = self._ask_captcha(challenge)
            try:
                session = self._finish(guard, challenge, account, password.secret, captcha)
            except WrongCaptcha as error:
                if left == 0 or not self.prompter.can_ask:
                    raise
                self.progress.warn(error.message)
                continue
            self._after_login(account, password, session)
            return session
        raise AssertionError("the loop ends by a return or an error")

    def _ask_captcha(self, challenge: LoginChallenge) -> str | None:
        if challenge.captcha_png is None:
            return None
        saved = self.prompter.show_image(challenge.captcha_png, caption=_("Captcha of {host}").format(host=self.host))
        try:
            return self.prompter.text(_("Text in the picture"), flag="--captcha").strip()
        finally:
            if saved is not None:
                Path(saved).unlink(missing_ok=True)

    def _finish(
        self, guard: PasswordGuard, challenge: LoginChallenge, account: str, password: Secret, captcha: str | None
    ) -> PortalSession:
        """Send the form between `begin` and the ledger's answer. A try without an answer stays counted."""
        guard.begin()
        try:
            session = self.portal.finish_login(challenge, account, password, captcha)
        except (WrongCaptcha, NotSent, SessionEnded):
            guard.not_tried()
            raise
        except WrongPassword as error:
            guard.was_wrong()
            raise WrongPassword(
                _("{host} refused the user name or the password of {account}").format(host=self.host, account=account),
                hint=_("Nothing is tried again by itself; check the password, then run `dvc-cli login` again"),
                details=error.details,
            ) from error
        except AccountLocked as error:
            raise AccountLocked(
                _("{host} has locked the account {account} after too many wrong passwords").format(
                    host=self.host, account=account
                ),
                hint=error.hint,
                details=error.details,
            ) from error
        except Unanswered as error:
            guard.was_wrong()
            raise LoginUnanswered(
                _("{host} did not answer the log-in").format(host=self.host),
                hint=_("The try counts as a wrong one until a person confirms the next: `dvc-cli login`"),
            ) from error
        guard.succeeded()
        return session

    def _after_login(self, account: str, password: Credential, session: PortalSession) -> None:
        self._keep(session)
        if self.wishes.save_password and password.source not in ("keyring", "kept-file"):
            where = self.credentials.store(
                self._password_request(account), password.secret, insecure=self.wishes.insecure_storage
            )
            in_keyring = _("The password is kept in the keyring now")
            self.progress.say(in_keyring if where == "keyring" else _("The password is kept in a plain file now"))

    def _account(self) -> str:
        account = self.wishes.account or self.profile.account
        return account or self.prompter.text(
            _("User name or ID number at {host}").format(host=self.host), flag="--account"
        )

    def _guard(self, account: str) -> PasswordGuard:
        if account not in self._guards:
            self._guards[account] = PasswordGuard(
                self.ledger, self.prompter, account=account, host=self.host, confirmed=self.wishes.retry_password
            )
        return self._guards[account]

    def _password(self, account: str) -> Credential:
        try:
            return self.credentials.get(self._password_request(account))
        except UsageProblem as error:
            if self.prompter.can_ask or self.wishes.password_stdin:
                raise
            raise LoginNeeded(
                _("No password for {account} at {host}, and nobody can be asked").format(
                    account=account, host=self.host
                ),
                hint=_(
                    "Give it with `--password-file` or `--password-stdin`, or set `password_command` in the profile"
                ),
            ) from error

    def _password_request(self, account: str) -> CredentialRequest:
        return CredentialRequest(
            purpose="password",
            subject=f"{account}@{self.host}",
            flag="--password-file",
            question=_("Password of {account} at {host}").format(account=account, host=self.host),
            file=self.wishes.password_file,
            fd=self.wishes.password_fd,
            stdin=self.wishes.password_stdin,
            command=self.profile.password_command,
            env="DVC_PASSWORD",
            may_store=True,
        )

    # -- in two steps, for scripts -----------------------------------------------------------------------------------

    def open_challenge(self, picture: Path, *, overwrite: bool) -> ChallengeReport:
        """Open the log-in form, save its captcha and keep the form for `answer_challenge`.

        Raises:
            OutputExists and the like for the picture; NotSent, Temporary.
        """
        from dvc_cli.files import check_output

        check_output(picture, overwrite=overwrite)
        account = self._account()
        challenge = self.portal.begin_login(account)
        if challenge.captcha_png is not None:
            write_atomically(picture, challenge.captcha_png, overwrite=overwrite)
        ends = self.store.save_challenge(self.portal.base_url, account, challenge)
        return ChallengeReport(
            id=challenge.id,
            account=account,
            portal=self.portal.base_url,
            captcha=picture.absolute() if challenge.captcha_png is not None else None,
            expires_at=ends,
            sandbox=self._is_sandbox(),
        )

    def answer_challenge(self, identifier: str, captcha: str) -> SessionReport:
        """Finish a log-in begun by `open_challenge`; a challenge can be answered once.

        Raises:
            NoSuchChallenge, WrongCaptcha, WrongPassword, PasswordGuarded, AccountLocked, NotSent, LoginUnanswered.
        """
        account, challenge = self.store.take_challenge(self.portal.base_url, identifier, self.clock.now())
        guard = self._guard(account)
        guard.check()
        password = self._password(account)
        try:
            session = self._finish(guard, challenge, account, password.secret, captcha.strip())
        except WrongCaptcha as error:
            raise WrongCaptcha(
                _("{host} refused the text of the captcha").format(host=self.host),
                hint=_("Begin again with a new picture: `dvc-cli login --captcha-out captcha.png`"),
            ) from error
        self._after_login(account, password, session)
        return self.report()

    # -- telling and ending ------------------------------------------------------------------------------------------

    def report(self) -> SessionReport:
        """The session in use. Raises LoginNeeded when there is none."""
        session = self.portal.session()
        if session is None:
            raise self._nobody()
        kept = self.store.load(self.portal.base_url)
        where = self.credentials.kept(self._session_request(session.account)) if kept and kept.in_keyring else None
        password = self.credentials.kept(self._password_request(session.account))
        digits = session.identity_number
        return SessionReport(
            account=session.account,
            display_name=session.display_name,
            identity="*" * max(len(digits) - 3, 0) + digits[-3:],
            portal=self.portal.base_url,
            profile=self.profile.name,
            started_at=session.started_at,
            expires_at=session.expires_at,
            kept=where.source if where else "file",
            password_kept=password.source if password else None,
            sandbox=self._is_sandbox(),
        )

    def whoami(self) -> SessionReport:
        """Ask the portal whose session is kept; never logs in. Raises LoginNeeded."""
        if self.resume() is None:
            raise self._nobody()
        try:
            session = self.portal.whoami()
        except SessionEnded:
            self._forget(self.profile.account)
            raise
        self._keep(session)
        return self.report()

    def log_out(self) -> LogoutReport:
        """End the session at the portal and forget it here, also when the portal cannot be reached."""
        session = self.resume()
        told = False
        if session is not None:
            try:
                self.portal.logout()
                told = True
            except DvcError as error:
                self.progress.warn(
                    _("The portal could not be told: {reason}; the session is forgotten here").format(
                        reason=error.message
                    )
                )
        self._forget(session.account if session else self.profile.account)
        return LogoutReport(
            account=session.account if session else None,
            portal=self.portal.base_url,
            at_portal=told,
            sandbox=self._is_sandbox(),
        )

    def _nobody(self) -> LoginNeeded:
        return LoginNeeded(_("Not logged in to {host}").format(host=self.host), hint=_("Log in: `dvc-cli login`"))

    def _is_sandbox(self) -> bool:
        return self.profile.sandbox or self.portal.is_sandbox

    # -- keeping -----------------------------------------------------------------------------------------------------

    def _keep(self, session: PortalSession) -> None:
        """Keep the session for the next command: in a private file until it ends, on wish in the keyring instead."""
        known = self.store.load(self.portal.base_url)
        current = self.portal.session() or session
        session = replace(session, token=current.token)
        was_kept = bool(known and known.in_keyring and known.account == session.account)
        if not (self.wishes.keep or was_kept):
            self.store.save(self.portal.base_url, session)
        elif not was_kept or self._kept_token(session.account) != session.token:
            self._keep_in_keyring(session)

    def _keep_in_keyring(self, session: PortalSession) -> None:
        """The file comes first, so that a keyring that fails costs nothing but the wish."""
        self.store.save(self.portal.base_url, session)
        request = self._session_request(session.account)
        self.credentials.store(request, session.token, insecure=self.wishes.insecure_storage)
        self.store.save(self.portal.base_url, session, in_keyring=True)

    def _kept_token(self, account: str) -> Secret | None:
        """The session's secret from the keyring; an unusable keyring means no session, not a failure."""
        found = self.credentials.kept(self._session_request(account))
        return found.secret if found else None

    def _session_request(self, account: str) -> CredentialRequest:
        return CredentialRequest(purpose="session", subject=f"{account}@{self.host}", flag="--keep", may_store=True)

    def _forget(self, account: str) -> None:
        kept = self.store.load(self.portal.base_url)
        if kept is not None and kept.in_keyring:
            self.credentials.forget(self._session_request(kept.account or account))
        self.store.delete()
