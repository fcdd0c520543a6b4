"""A portal in memory: the same protocol without a network, for tests, rehearsals and drivers' authors."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, DossierState, SubmissionReceipt
from dvc_cli.model.folding import contains_words
from dvc_cli.model.ports import Clock
from dvc_cli.model.procedure import FormTemplate, Procedure, ProcedurePage, ProcedureSummary
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import Unanswered
from dvc_cli.portal.base import (
    AccountLocked,
    CommitDone,
    LoginChallenge,
    NoSuchDossier,
    NoSuchProcedure,
    OpenedDossier,
    OwnDossier,
    PortalCapabilities,
    PortalRefused,
    PortalSession,
    ReadyCommit,
    SessionEnded,
    StoredFile,
    WrongCaptcha,
    WrongPassword,
)
from dvc_cli.portal.memory_world import ADDRESS, CAPABILITIES, LOCK_AFTER, Account, Draft, World

__all__ = ["CAPABILITIES", "Account", "Draft", "MemoryPortal", "World"]


class MemoryPortal:
    """The Portal protocol over a `World`. The captcha's answer stands in `World.captchas`, as a sandbox's does."""

    def __init__(self, world: World, clock: Clock, capabilities: PortalCapabilities = CAPABILITIES) -> None:
        self.world, self._clock, self._capabilities = world, clock, capabilities
        self._session: PortalSession | None = None

    @property
    def capabilities(self) -> PortalCapabilities:
        """As given."""
        return self._capabilities

    @property
    def base_url(self) -> str:
        """Not an address anybody can reach."""
        return ADDRESS

    @property
    def is_sandbox(self) -> bool:
        """Nothing of it is real."""
        return True

    # -- sessions ----------------------------------------------------------------------------------------------------

    def begin_login(self, username: str) -> LoginChallenge:  # noqa: ARG002 - the account is named at the end
        """A challenge with a captcha."""
        self._session = None
        return self._challenge()

    def _challenge(self) -> LoginChallenge:
        identifier = secrets.token_urlsafe(8)
        self.world.captchas[identifier] = secrets.token_hex(3).upper()
        return LoginChallenge(
            id=identifier, captcha_png=b"\x89PNG\r\n\x1a\n", state={"captcha": identifier}, created_at=self._clock.now()
        )

    def _check_captcha(self, challenge: LoginChallenge, given: str | None) -> None:
        expected = self.world.captchas.pop(challenge.state["captcha"], None)
        if expected is None or given is None or given.strip().upper() != expected:
            raise WrongCaptcha(_("The portal refused the captcha text"))

    def finish_login(
        self, challenge: LoginChallenge, username: str, password: Secret, captcha: str | None
    ) -> PortalSession:
        """Check captcha, lock and password, in this order."""
        self._check_captcha(challenge, captcha)
        account = self.world.accounts.get(username)
        if account is not None and account.wrong_passwords >= LOCK_AFTER:
            raise AccountLocked(_("The portal has locked this account after too many wrong passwords"))
        if account is None or account.password != password.reveal():
            if account is not None:
                account.wrong_passwords += 1
            raise WrongPassword(_("The portal refused the user name or the password"))
        account.wrong_passwords = 0
        token = secrets.token_urlsafe(16)
        self.world.sessions[token] = username
        now = self._clock.now()
        self._session = PortalSession(
            account=username,
            display_name=account.full_name,
            identity_number=account.identity_number,
            token=Secret(json.dumps({"memory": token})),
            started_at=now,
            expires_at=now + timedelta(minutes=30),
        )
        return self._session

    def use_session(self, session: PortalSession | None) -> None:
        """Go on with a session kept from before."""
        self._session = session

    def session(self) -> PortalSession | None:
        """The session in use."""
        return self._session

    def _account(self) -> Account:
        known = json.loads(self._session.token.reveal()).get("memory") if self._session else None
        username = self.world.sessions.get(known or "")
        if username is None:
            raise SessionEnded(_("The portal's session has ended"), hint=_("Log in again: `dvc-cli login`"))
        return self.world.accounts[username]

    def whoami(self) -> PortalSession:
        """The session, when it still holds."""
        self._account()
        assert self._session is not None  # noqa: S101 - _account has checked it
        return self._session

    def logout(self) -> None:
        """Forget the session."""
        if self._session is not None:
            self.world.sessions.pop(json.loads(self._session.token.reveal()).get("memory", ""), None)
        self._session = None

    # -- procedures --------------------------------------------------------------------------------------------------

    def procedures(
        self, *, query: str = "", agency: str = "", field: str = "", page: int = 1, per_page: int = 50
    ) -> ProcedurePage:
        """Filtered without accents."""
        fitting = [
            one
            for one in self.world.procedures.values()
            if contains_words(f"{one.code} {one.name}", query)
            and contains_words(one.agency, agency)
            and contains_words(one.field, field)
        ]
        rows = fitting[(page - 1) * per_page : page * per_page]
        return ProcedurePage(
            items=tuple(
                ProcedureSummary(
                    code=one.code, name=one.name, field=one.field, agency=one.agency, portal_id=one.portal_id
                )
                for one in rows
            ),
            page=page,
            pages=max(1, -(-len(fitting) // per_page)),
            total=len(fitting),
            fetched_at=self._clock.now(),
            sandbox=True,
        )

    def procedure(self, code: str) -> Procedure:
        """By code or the portal's number."""
        for one in self.world.procedures.values():
            if code in (one.code, one.portal_id):
                return replace(one, fetched_at=self._clock.now())
        raise NoSuchProcedure(_("The portal has no procedure {code}").format(code=code))

    def download_form(self, form: FormTemplate) -> tuple[str, bytes]:
        """A template of `World.forms`, by its address."""
        if form.url not in self.world.forms:
            raise NoSuchProcedure(_("The portal has no form {name}").format(name=form.name))
        return form.url.rsplit("/", 1)[-1], self.world.forms[form.url]

    # -- filing ------------------------------------------------------------------------------------------------------

    def open_dossier(self, dossier: Dossier, procedure: Procedure) -> OpenedDossier:
        """Start a draft; the applicant must be the account's person."""
        account = self._account()
        if dossier.applicant.identity_number not in ("", account.identity_number):
            raise PortalRefused(_("The portal refused: {what}").format(what=_("another person's account")))
        draft = Draft(secrets.token_urlsafe(8), account.username, dossier, procedure)
        self.world.drafts[draft.sid] = draft
        return OpenedDossier(sid=draft.sid, procedure=procedure)

    def _draft(self, sid: str) -> Draft:
        account = self._account()
        draft = self.world.drafts.get(sid)
        if draft is None or draft.account != account.username:
            raise PortalRefused(_("The portal refused: {what}").format(what=_("no such draft")))
        return draft

    def upload(self, opened: OpenedDossier, component: str, file: Path, original_name: str) -> StoredFile:
        """Store a file, within the limits."""
        draft, content = self._draft(opened.sid), file.read_bytes()
        known = {spec.code for spec in draft.procedure.components if not spec.is_heading}
        extra = component == "extra" or component in ("other-1", "other-2", "other-3")
        limit = self._capabilities.max_extra_bytes if component == "extra" else self._capabilities.max_component_bytes
        if (component not in known and not extra) or len(content) > limit:
            raise PortalRefused(_("The portal refused: {what}").format(what=original_name))
        stored = StoredFile(
            id=secrets.token_hex(4),
            component=component,
            stored_name=self._stored_name(original_name),
            original_name=original_name,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        draft.files[stored.id] = (stored, content)
        return stored

    def _stored_name(self, original_name: str) -> str:
        moment = self._clock.now().strftime("%d%m%Y%H%M%S")
        number = secrets.randbelow(10**10)
        return f"documents{moment}_{number:010d}.{original_name.rpartition('.')[2] or 'bin'}"

    def replace_signed(self, opened: OpenedDossier, stored: StoredFile, file: Path, way: str) -> StoredFile:
        """Take signed bytes that begin with the stored ones."""
        draft = self._draft(opened.sid)
        _kept, before = self._file(draft, stored.id)
        content = file.read_bytes()
        if way not in ("token", "smartca") or not content.startswith(before) or content == before:
            raise PortalRefused(_("The portal refused: {what}").format(what=stored.original_name))
        signed = replace(
            stored,
            stored_name=self._stored_name(stored.original_name),
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            signed=True,
        )
        draft.files[stored.id] = (signed, content)
        return signed

    def _file(self, draft: Draft, identifier: str) -> tuple[StoredFile, bytes]:
        if identifier not in draft.files:
            raise PortalRefused(_("The portal refused: {what}").format(what=_("no such file")))
        return draft.files[identifier]

    def uploaded(self, opened: OpenedDossier) -> list[StoredFile]:
        """The draft's files."""
        return [stored for stored, _content in self._draft(opened.sid).files.values()]

    def read_back(self, opened: OpenedDossier, stored: StoredFile) -> bytes:
        """The stored bytes."""
        return self._file(self._draft(opened.sid), stored.id)[1]

    def delete_upload(self, opened: OpenedDossier, stored: StoredFile) -> None:
        """Remove a file."""
        draft = self._draft(opened.sid)
        self._file(draft, stored.id)
        del draft.files[stored.id]

    def prepare_commit(self, opened: OpenedDossier, dossier: Dossier, *, subject: str, note: str) -> ReadyCommit:
        """Check the mandatory rows and the subject; give a fresh token."""
        draft = self._draft(opened.sid)
        given = {stored.component for stored, _content in draft.files.values()}
        missing = [spec.name for spec in draft.procedure.components if spec.mandatory and spec.code not in given]
        if missing or not subject:
            details = (*missing, *(() if subject else (_("the subject is missing"),)))
            raise PortalRefused(_("The portal refused: {what}").format(what=_("the components page")), details=details)
        draft.dossier, draft.subject, draft.note, draft.token = dossier, subject, note, secrets.token_urlsafe(8)
        return ReadyCommit(sid=opened.sid, token=draft.token, summary=subject)

    def commit(self, ready: ReadyCommit) -> CommitDone:
        """Create the dossier; a burned token and an ended session leave the outcome unknown."""
        try:
            draft = self._draft(ready.sid)
        except (SessionEnded, PortalRefused) as error:
            raise _unknown() from error
        if ready.token in self.world.burned or ready.token != draft.token:
            raise _unknown()
        if self.world.on_commit is not None:
            self.world.on_commit(draft)
        done = self.world.take_effect(draft, self._clock.now())
        if self.world.after_commit is not None:
            self.world.after_commit(draft)
        return done

    def receipt(self, code: str) -> SubmissionReceipt:
        """A receipt in plain text."""
        state = self._own(code)
        return SubmissionReceipt(
            code=code,
            submitted_at=state.submitted_at or self._clock.now(),
            procedure=state.procedure,
            applicant=state.applicant,
            url=f"{self.base_url}/{code}",
            file_name=f"THU-NGHIEM-{code}.txt",
            media_type="text/plain",
            content=f"THỬ NGHIỆM / SANDBOX\n{code}\n{state.procedure}\n".encode(),
            sandbox=True,
        )

    # -- following up ------------------------------------------------------------------------------------------------

    def _own(self, code: str) -> DossierState:
        account = self._account()
        if code not in self.world.filed or self.world.filed[code].account != account.username:
            raise NoSuchDossier(_("The portal has no dossier {code}").format(code=code))
        return self.world.states[code]

    def own_dossiers(self, *, limit: int = 50, since: datetime | None = None) -> Sequence[OwnDossier]:
        """Newest first."""
        account = self._account()
        rows = []
        for code, draft in reversed(self.world.filed.items()):
            state = self.world.states[code]
            if draft.account == account.username and (since is None or (state.submitted_at or since) >= since):
                rows.append(
                    OwnDossier(
                        code=code,
                        procedure=state.procedure,
                        status_text=state.status_text,
                        submitted_at=state.submitted_at,
                        subject=draft.subject,
                        note=draft.note,
                    )
                )
        return rows[:limit]

    def dossier(self, code: str) -> DossierState:
        """An own dossier."""
        return self._own(code)

    def begin_lookup(self) -> LoginChallenge:
        """A captcha for the public look-up."""
        return self._challenge()

    def lookup(self, challenge: LoginChallenge, code: str, captcha: str) -> DossierState:
        """Any dossier, by code."""
        self._check_captcha(challenge, captcha)
        if code not in self.world.states:
            raise NoSuchDossier(_("The portal has no dossier {code}").format(code=code))
        return self.world.states[code]

    def clone(self) -> MemoryPortal:
        """Another instance over the same world."""
        other = MemoryPortal(self.world, self._clock, self._capabilities)
        other.use_session(self._session)
        return other

    def close(self) -> None:
        """Nothing to close."""


def _unknown() -> Unanswered:
    return Unanswered(
        _("The portal's answer does not tell whether this happened: {what}").format(what=_("submit the dossier"))
    )
