"""From signed bytes to a filled-in wizard: open, upload, check what the portal has stored, fill in the last pages."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from pathlib import Path

from dvc_cli.errors import Temporary
from dvc_cli.i18n import _
from dvc_cli.model.events import (
    Completing,
    FrozenFile,
    Opened,
    Opening,
    Ready,
    Removing,
    Staged,
    Uploaded,
    Uploading,
)
from dvc_cli.portal.base import OpenedDossier, ReadyCommit, StoredFile
from dvc_cli.services.filing import Filing, patiently
from dvc_cli.services.plan import PlannedFile
from dvc_cli.services.prepare import require_frozen


class UploadDamaged(Temporary):
    """The portal stored something else than what was sent, twice."""

    slug = "upload-damaged"


def open_wizard(filing: Filing) -> OpenedDossier:
    """Open the wizard; a lost reply leaves an empty draft at the portal, which is no dossier."""
    desk, plan = filing.desk, filing.plan

    def attempt() -> OpenedDossier:
        filing.record(Opening())
        return desk.portal.open_dossier(plan.dossier, plan.details)

    with desk.progress.task(_("Opening the dossier at the portal")):
        opened = patiently(desk, attempt)
    wizard = json.dumps({"sid": opened.sid, "state": opened.state}, sort_keys=True).encode()
    filing.record(Opened(opened.sid), {"wizard": wizard})
    return opened


def upload_files(filing: Filing, opened: OpenedDossier) -> None:
    """Upload every file, then check all of them by what the portal gives back (STAGED)."""
    with filing.desk.progress.task(_("Uploading"), total=sum(file.size for file in filing.row.files)) as task:
        for planned, frozen in zip(filing.plan.files, filing.row.files, strict=True):
            task.update(_("Uploading {name}").format(name=planned.upload_name))
            _upload(filing, opened, planned, frozen)
            task.advance(frozen.size)
    _check_staged(filing, opened)
    filing.record(Staged())


def _upload(filing: Filing, opened: OpenedDossier, planned: PlannedFile, frozen: FrozenFile) -> None:
    """Prepared bytes first and the signed ones in their place (`replace`), or the signed ones at once (`direct`)."""
    prepared = filing.place.prepared(filing.plan, planned)
    final = filing.place.final(filing.plan, planned, filing.row)
    replaces = final != prepared and filing.desk.portal.capabilities.sign_mode == "replace"
    require_frozen(final, filing.row.final_sha256(frozen))
    if not replaces:
        _send(filing, opened, planned, final, signed=final != prepared)
        return
    require_frozen(prepared, frozen.sha256)
    stored = _send(filing, opened, planned, prepared, signed=False)
    _replace(filing, opened, planned, stored, final)


def _send(filing: Filing, opened: OpenedDossier, planned: PlannedFile, path: Path, *, signed: bool) -> StoredFile:
    """Upload one file; after a lost reply look first whether it arrived."""
    portal = filing.desk.portal
    digest = _sha256(path)
    tries = count()

    def attempt() -> StoredFile:
        if next(tries) and (found := _arrived(filing, opened, planned, digest)):
            return found
        filing.record(Uploading(planned.slot, signed))
        return portal.upload(opened, planned.component_id, path, planned.upload_name)

    stored = patiently(filing.desk, attempt)
    stored = _verified(filing, opened, stored, digest) or patiently(filing.desk, attempt)
    if _verified(filing, opened, stored, digest) is None:
        raise _damaged(planned)
    _journal_upload(filing, planned, stored, path, digest, signed=signed)
    return stored


def _replace(filing: Filing, opened: OpenedDossier, planned: PlannedFile, stored: StoredFile, final: Path) -> None:
    """Put the signed bytes in the place of the prepared ones; after a lost reply look first whether that happened."""
    portal = filing.desk.portal
    digest = _sha256(final)
    way = filing.row.signatures_of(planned.slot)[-1].way or "token"
    tries = count()

    def attempt() -> StoredFile:
        if next(tries) and (found := _arrived(filing, opened, planned, digest)):
            return found
        filing.record(Uploading(planned.slot, True))
        return portal.replace_signed(opened, stored, final, way)

    signed = patiently(filing.desk, attempt)
    if _verified(filing, opened, signed, digest) is None:
        raise _damaged(planned)
    _journal_upload(filing, planned, signed, final, digest, signed=True)


def _journal_upload(
    filing: Filing, planned: PlannedFile, stored: StoredFile, path: Path, digest: str, *, signed: bool
) -> None:
    filing.record(
        Uploaded(planned.slot, stored.id, stored.stored_name, path.stat().st_size, digest, signed),
        {f"upload-name {planned.slot}": planned.upload_name.encode()},
    )


def _arrived(filing: Filing, opened: OpenedDossier, planned: PlannedFile, digest: str) -> StoredFile | None:
    """A file of this component that already holds these bytes: an earlier request whose reply was lost."""
    others = {item.id for item in filing.row.stored if item.slot != planned.slot}
    for stored in filing.desk.portal.uploaded(opened):
        same = stored.component == planned.component_id and stored.id not in others
        if same and _digest_at_portal(filing, opened, stored) == digest:
            return stored
    return None


def _verified(filing: Filing, opened: OpenedDossier, stored: StoredFile, digest: str) -> StoredFile | None:
    """`stored`, when the portal gives back the bytes with this hash; else it is removed there."""
    if patiently(filing.desk, lambda: _digest_at_portal(filing, opened, stored)) == digest:
        return stored
    remove_upload(filing, opened, stored)
    return None


def _digest_at_portal(filing: Filing, opened: OpenedDossier, stored: StoredFile) -> str:
    return hashlib.sha256(filing.desk.portal.read_back(opened, stored)).hexdigest()


def remove_upload(filing: Filing, opened: OpenedDossier, stored: StoredFile) -> None:
    """Delete a stored file that must not be in the dossier."""
    filing.record(Removing(stored.id))
    patiently(filing.desk, lambda: _delete(filing, opened, stored))


def _delete(filing: Filing, opened: OpenedDossier, stored: StoredFile) -> None:
    if any(item.id == stored.id for item in filing.desk.portal.uploaded(opened)):
        filing.desk.portal.delete_upload(opened, stored)


def _check_staged(filing: Filing, opened: OpenedDossier) -> None:
    """Every component has its stored name, size and hash, and nothing else is there."""
    listed = patiently(filing.desk, lambda: filing.desk.portal.uploaded(opened))
    ours = {item.id: item for item in filing.row.stored}
    for stored in listed:
        if stored.id not in ours:  # an upload whose reply was lost, and which came through after all
            remove_upload(filing, opened, stored)
    found = {stored.id: stored for stored in listed}
    for planned in filing.plan.files:
        expected = filing.row.stored_at(planned.slot)
        stored_now = found.get(expected.id) if expected else None
        if expected is None or stored_now is None or not _matches(filing, opened, stored_now, expected):
            raise _damaged(planned)


def _matches(filing: Filing, opened: OpenedDossier, stored: StoredFile, expected: Uploaded) -> bool:
    size_fits = stored.size in (0, expected.size)
    digest = stored.sha256 or patiently(filing.desk, lambda: _digest_at_portal(filing, opened, stored))
    return size_fits and digest == expected.sha256


def _damaged(planned: PlannedFile) -> UploadDamaged:
    return UploadDamaged(
        _("The portal has not stored `{name}` as it was sent").format(name=planned.upload_name),
        hint=_("Nothing was submitted; run the same command again"),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def complete_wizard(filing: Filing, opened: OpenedDossier) -> ReadyCommit:
    """Send the components page and the fees page; what comes back is journalled before it is used (single-use token)."""
    desk, plan = filing.desk, filing.plan

    def attempt() -> ReadyCommit:
        filing.record(Completing())
        return desk.portal.prepare_commit(opened, plan.dossier, subject=plan.subject, note=plan.note)

    with desk.progress.task(_("Filling in the last pages")):
        ready = patiently(desk, attempt)
    commit = json.dumps({"token": ready.token, "state": ready.state}, sort_keys=True).encode()
    filing.record(Ready(hashlib.sha256(ready.token.encode()).hexdigest()), {"commit": commit})
    return ready
