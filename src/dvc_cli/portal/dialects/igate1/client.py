"""The igate1 driver: the Portal protocol over the pages (contracts/portal.md §1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, DossierState, SubmissionReceipt
from dvc_cli.model.ports import Clock
from dvc_cli.model.procedure import FormTemplate, Procedure, ProcedurePage
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import HttpClient
from dvc_cli.portal.base import (
    CommitDone,
    LoginChallenge,
    OpenedDossier,
    OwnDossier,
    PortalAddress,
    PortalCapabilities,
    PortalSession,
    ReadyCommit,
    StoredFile,
)
from dvc_cli.portal.data_file import DialectData, load_data
from dvc_cli.portal.dialects.igate1 import commit, login, own, procedures, uploads, wizard
from dvc_cli.portal.dialects.igate1.site import Site, attachment_name

FOLDER = Path(__file__).parent


def open_igate1(address: PortalAddress, http_factory: Callable[[str], HttpClient], clock: Clock) -> Igate1Portal:
    """Open the driver for one address; sends nothing yet."""
    data = load_data(FOLDER / "igate1.toml", address.data_file)
    return Igate1Portal(http_factory(address.url), data, clock)


def capabilities_of(data: DialectData) -> PortalCapabilities:
    """The data file's `[capabilities]`; `settle_seconds` is unknown (None) unless a deployment declares it."""
    settle = data.get("capabilities.settle_seconds")
    values = data.get("capabilities")
    known = {name: values[name] for name in values if name not in ("authentication_first", "settle_seconds")}
    listed = {name: tuple(known[name]) for name in ("echo_fields", "accepted_types")}
    return PortalCapabilities(
        dialect=data.text("dialect"),
        settle_seconds=float(settle) if settle is not None else None,
        **{**known, **listed},
    )


class Igate1Portal:
    """Server-rendered HTML pages with a session cookie. One instance belongs to one thread."""

    def __init__(self, http: HttpClient, data: DialectData, clock: Clock) -> None:
        self._site = Site(http, data, clock)
        self._capabilities = capabilities_of(data)
        self._session: PortalSession | None = None

    @property
    def capabilities(self) -> PortalCapabilities:
        """What the data file declares."""
        return self._capabilities

    @property
    def base_url(self) -> str:
        """The portal's address."""
        return self._site.http.base_url

    @property
    def is_sandbox(self) -> bool:
        """Whether a page read so far was marked as the sandbox's."""
        return self._site.marked_sandbox

    # -- sessions ----------------------------------------------------------------------------------------------------

    def begin_login(self, username: str) -> LoginChallenge:  # noqa: ARG002 - the form needs it only at the end
        """Open the log-in page and get the captcha."""
        self._session = None
        return login.begin(self._site)

    def finish_login(
        self, challenge: LoginChallenge, username: str, password: Secret, captcha: str | None
    ) -> PortalSession:
        """Send user name, password and captcha."""
        self._session = login.finish(self._site, challenge, username, password, captcha)
        return self._session

    def use_session(self, session: PortalSession | None) -> None:
        """Go on with a session kept from before, or without one."""
        self._session = session
        self._site.http.set_cookies(json.loads(session.token.reveal()) if session else [])

    def session(self) -> PortalSession | None:
        """The session with the cookies as they are now."""
        if self._session is None:
            return None
        return replace(self._session, token=Secret(json.dumps(self._site.http.cookies())))

    def whoami(self) -> PortalSession:
        """Ask the portal whose session it is; `started_at` stays."""
        known = self._session
        fresh = login.whoami(self._site, known.account if known else "")
        self._session = replace(fresh, started_at=known.started_at) if known else fresh
        return self._session

    def logout(self) -> None:
        """End the session at the portal."""
        login.logout(self._site)
        self._session = None

    # -- procedures --------------------------------------------------------------------------------------------------

    def procedures(
        self, *, query: str = "", agency: str = "", field: str = "", page: int = 1, per_page: int = 50
    ) -> ProcedurePage:
        """One page of the list; at most 50 on a page."""
        return procedures.listed(self._site, query, agency, field, page, per_page)

    def procedure(self, code: str) -> Procedure:
        """A procedure with its components."""
        return procedures.described(self._site, code)

    def download_form(self, form: FormTemplate) -> tuple[str, bytes]:
        """A form template: safe file name and content."""
        what = _("download the form {name}").format(name=form.name)
        response = self._site.fetch(form.url, what)
        return attachment_name(response, "bieu-mau"), response.content

    # -- filing ------------------------------------------------------------------------------------------------------

    def open_dossier(self, dossier: Dossier, procedure: Procedure) -> OpenedDossier:
        """Open the wizard and fill in the applicant page."""
        return wizard.open_dossier(self._site, dossier, procedure)

    def upload(self, opened: OpenedDossier, component: str, file: Path, original_name: str) -> StoredFile:
        """Store a file in a row."""
        return uploads.upload(self._site, opened, component, file, original_name)

    def replace_signed(self, opened: OpenedDossier, stored: StoredFile, file: Path, way: str) -> StoredFile:
        """Put the signed bytes in the place of a stored file."""
        return uploads.replace_signed(self._site, opened, stored, file, way)

    def uploaded(self, opened: OpenedDossier) -> list[StoredFile]:
        """The draft's files."""
        return uploads.uploaded(self._site, opened)

    def read_back(self, opened: OpenedDossier, stored: StoredFile) -> bytes:
        """The stored bytes."""
        return uploads.read_back(self._site, opened, stored)

    def delete_upload(self, opened: OpenedDossier, stored: StoredFile) -> None:
        """Remove a file."""
        uploads.delete(self._site, opened, stored)

    def prepare_commit(self, opened: OpenedDossier, dossier: Dossier, *, subject: str, note: str) -> ReadyCommit:
        """Everything up to the confirmation."""
        return commit.prepare(self._site, opened, dossier, subject, note)

    def commit(self, ready: ReadyCommit) -> CommitDone:
        """Press the confirmation."""
        return commit.commit(self._site, ready)

    def receipt(self, code: str) -> SubmissionReceipt:
        """The receipt file."""
        return commit.receipt(self._site, code)

    # -- following up ------------------------------------------------------------------------------------------------

    def own_dossiers(self, *, limit: int = 50, since: datetime | None = None) -> Sequence[OwnDossier]:
        """The account's dossiers, newest first."""
        return own.listed(self._site, limit, since)

    def dossier(self, code: str) -> DossierState:
        """An own dossier."""
        return own.detail(self._site, code)

    def begin_lookup(self) -> LoginChallenge:
        """The public look-up form."""
        return login.begin_lookup(self._site)

    def lookup(self, challenge: LoginChallenge, code: str, captcha: str) -> DossierState:
        """The public look-up."""
        return own.lookup(self._site, challenge, code, captcha)

    def clone(self) -> Igate1Portal:
        """Another instance with the same session."""
        other = Igate1Portal(self._site.http.clone(), self._site.data, self._site.clock)
        other._session = self.session()
        other._site.marked_sandbox = self._site.marked_sandbox
        return other

    def close(self) -> None:
        """Close the connections; the session stays valid."""
        self._site.http.close()
