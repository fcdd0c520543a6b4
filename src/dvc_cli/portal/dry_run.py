"""A portal that only reads: what would change something is rehearsed in memory, and the commit is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

from dvc_cli.errors import UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, DossierState, SubmissionReceipt
from dvc_cli.model.procedure import FormTemplate, Procedure, ProcedurePage
from dvc_cli.model.secret import Secret
from dvc_cli.portal.base import (
    CommitDone,
    LoginChallenge,
    OpenedDossier,
    OwnDossier,
    Portal,
    PortalCapabilities,
    PortalRefused,
    PortalSession,
    ReadyCommit,
    StoredFile,
)

TOKEN = "dry-run"  # noqa: S105 - not a secret: it opens nothing


class DryRunOnly(UsageProblem):
    """A dry run never submits; the step was shown and not done."""

    slug = "dry-run-only"


class DryRunPortal:
    """Wraps a portal: reads go through, changes stay here. Sessions are real, because some reads need one."""

    def __init__(self, inner: Portal) -> None:
        self._inner = inner
        self._numbers = count(1)
        self._files: dict[str, dict[str, tuple[StoredFile, Path]]] = {}

    @property
    def capabilities(self) -> PortalCapabilities:
        """The inner portal's, without the ability to commit."""
        return replace(self._inner.capabilities, commits=False)

    @property
    def base_url(self) -> str:
        """The inner portal's."""
        return self._inner.base_url

    @property
    def is_sandbox(self) -> bool:
        """The inner portal's."""
        return self._inner.is_sandbox

    def begin_login(self, username: str) -> LoginChallenge:
        """Passed on."""
        return self._inner.begin_login(username)

    def finish_login(
        self, challenge: LoginChallenge, username: str, password: Secret, captcha: str | None
    ) -> PortalSession:
        """Passed on."""
        return self._inner.finish_login(challenge, username, password, captcha)

    def use_session(self, session: PortalSession | None) -> None:
        """Passed on."""
        self._inner.use_session(session)

    def session(self) -> PortalSession | None:
        """Passed on."""
        return self._inner.session()

    def whoami(self) -> PortalSession:
        """Passed on."""
        return self._inner.whoami()

    def logout(self) -> None:
        """Passed on."""
        self._inner.logout()

    def procedures(
        self, *, query: str = "", agency: str = "", field: str = "", page: int = 1, per_page: int = 50
    ) -> ProcedurePage:
        """Passed on."""
        return self._inner.procedures(query=query, agency=agency, field=field, page=page, per_page=per_page)

    def procedure(self, code: str) -> Procedure:
        """Passed on."""
        return self._inner.procedure(code)

    def download_form(self, form: FormTemplate) -> tuple[str, bytes]:
        """Passed on."""
        return self._inner.download_form(form)

    def open_dossier(self, dossier: Dossier, procedure: Procedure) -> OpenedDossier:  # noqa: ARG002 - nothing is sent
        """A draft that the portal never hears of; a session is needed all the same."""
        self._inner.whoami()
        sid = f"{TOKEN}-{next(self._numbers)}"
        self._files[sid] = {}
        return OpenedDossier(sid=sid, procedure=procedure)

    def upload(self, opened: OpenedDossier, component: str, file: Path, original_name: str) -> StoredFile:
        """Check size and row as the portal would; keep only the path."""
        capabilities, size = self._inner.capabilities, file.stat().st_size
        limit = capabilities.max_extra_bytes if component == "extra" else capabilities.max_component_bytes
        rows = {spec.code for spec in opened.procedure.components if not spec.is_heading}
        if size > limit or (component not in rows and component != "extra" and not component.startswith("other-")):
            raise PortalRefused(_("The portal would refuse: {what}").format(what=original_name))
        stored = StoredFile(
            id=f"{TOKEN}-{next(self._numbers)}",
            component=component,
            stored_name=original_name,
            original_name=original_name,
            size=size,
            sha256=_sha256(file),
        )
        self._draft(opened)[stored.id] = (stored, file)
        return stored

    def replace_signed(self, opened: OpenedDossier, stored: StoredFile, file: Path, way: str) -> StoredFile:
        """Keep the signed file's path in the place of the other; it must begin with the stored bytes."""
        before = self._file(opened, stored)[1].read_bytes()
        if (
            way not in ("token", "smartca")
            or not file.read_bytes().startswith(before)
            or file.stat().st_size == len(before)
        ):
            raise PortalRefused(_("The portal would refuse: {what}").format(what=stored.original_name))
        signed = replace(stored, size=file.stat().st_size, sha256=_sha256(file), signed=True)
        self._draft(opened)[stored.id] = (signed, file)
        return signed

    def uploaded(self, opened: OpenedDossier) -> list[StoredFile]:
        """What would be there."""
        return [stored for stored, _file in self._draft(opened).values()]

    def read_back(self, opened: OpenedDossier, stored: StoredFile) -> bytes:
        """The file's bytes."""
        return self._file(opened, stored)[1].read_bytes()

    def delete_upload(self, opened: OpenedDossier, stored: StoredFile) -> None:
        """Forget the path."""
        self._file(opened, stored)
        del self._draft(opened)[stored.id]

    def prepare_commit(
        self,
        opened: OpenedDossier,
        dossier: Dossier,  # noqa: ARG002 - nothing is sent
        *,
        subject: str,
        note: str,  # noqa: ARG002 - nothing is sent
    ) -> ReadyCommit:
        """Check that every mandatory row has a file and a subject is there."""
        given = {stored.component for stored, _file in self._draft(opened).values()}
        missing = [spec.name for spec in opened.procedure.components if spec.mandatory and spec.code not in given]
        if missing or not subject:
            details = (*missing, *(() if subject else (_("the subject is missing"),)))
            raise PortalRefused(_("The portal would refuse the components page"), details=details)
        return ReadyCommit(sid=opened.sid, token=TOKEN, summary=subject)

    def commit(self, ready: ReadyCommit) -> CommitDone:
        """Never."""
        raise DryRunOnly(_("A dry run does not submit: {sid}").format(sid=ready.sid))

    def receipt(self, code: str) -> SubmissionReceipt:
        """Passed on."""
        return self._inner.receipt(code)

    def own_dossiers(self, *, limit: int = 50, since: datetime | None = None) -> Sequence[OwnDossier]:
        """Passed on."""
        return self._inner.own_dossiers(limit=limit, since=since)

    def dossier(self, code: str) -> DossierState:
        """Passed on."""
        return self._inner.dossier(code)

    def begin_lookup(self) -> LoginChallenge:
        """Passed on."""
        return self._inner.begin_lookup()

    def lookup(self, challenge: LoginChallenge, code: str, captcha: str) -> DossierState:
        """Passed on."""
        return self._inner.lookup(challenge, code, captcha)

    def clone(self) -> DryRunPortal:
        """Another instance that shares the rehearsed drafts."""
        other = DryRunPortal(self._inner.clone())
        other._files, other._numbers = self._files, self._numbers
        return other

    def close(self) -> None:
        """Passed on."""
        self._inner.close()

    def _draft(self, opened: OpenedDossier) -> dict[str, tuple[StoredFile, Path]]:
        if opened.sid not in self._files:
            raise PortalRefused(_("The portal would refuse: {what}").format(what=_("no such draft")))
        return self._files[opened.sid]

    def _file(self, opened: OpenedDossier, stored: StoredFile) -> tuple[StoredFile, Path]:
        draft = self._draft(opened)
        if stored.id not in draft:
            raise PortalRefused(_("The portal would refuse: {what}").format(what=stored.original_name))
        return draft[stored.id]


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
