"""Files of a draft, contract rows 10 to 12: upload, read back, replace by the signed bytes, delete."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from dvc_cli.i18n import _
from dvc_cli.net.base import FilePart
from dvc_cli.portal.base import OpenedDossier, StoredFile
from dvc_cli.portal.dialects.igate1 import outcome
from dvc_cli.portal.dialects.igate1.site import Site

EXTRA, OTHER = "extra", "other-"


def upload(site: Site, opened: OpenedDossier, component: str, file: Path, original_name: str) -> StoredFile:
    """Store a file in a row; raises PortalRefused with the portal's words (size, type, broken)."""
    what = _("upload {name}").format(name=original_name)
    fields = [(site.data.text("upload.component"), slot_name(site, component)), *_guard(site, opened)]
    answer = site.send_json(_address(site, opened), fields, what, [_part(site, file, original_name)])
    return _stored(site, answer, what, file=file)


def replace_signed(site: Site, opened: OpenedDossier, stored: StoredFile, file: Path, way: str) -> StoredFile:
    """Put the signed bytes in the place of a stored file; the portal checks the signature."""
    what = _("put the signed {name} in its place").format(name=stored.original_name)
    fields = [(site.data.text("upload.way"), way), *_guard(site, opened)]
    address = _address(site, opened, "replace_signed", stored)
    answer = site.send_json(address, fields, what, [_part(site, file, stored.original_name)])
    return _stored(site, answer, what, file=file)


def uploaded(site: Site, opened: OpenedDossier) -> list[StoredFile]:
    """All files of the draft, as the portal lists them."""
    what = _("list the uploaded files")
    rows = site.read_json(_address(site, opened), what).get(site.data.text("upload.files"))
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise outcome.unexpected(what)
    return [_stored(site, row, what) for row in rows]


def read_back(site: Site, opened: OpenedDossier, stored: StoredFile) -> bytes:
    """The bytes the portal has."""
    what = _("read {name} back").format(name=stored.original_name)
    return site.fetch(_address(site, opened, "read", stored), what).content


def delete(site: Site, opened: OpenedDossier, stored: StoredFile) -> None:
    """Remove a file from the draft."""
    what = _("delete {name} from the draft").format(name=stored.original_name)
    site.send_json(_address(site, opened, "delete", stored), _guard(site, opened), what)


def slot_name(site: Site, component: str) -> str:
    """How an upload names a row: the row's id, or the portal's words for free rows and the catch-all."""
    if component == EXTRA:
        return site.data.text("upload.extra")
    if component.startswith(OTHER):
        return site.data.text("upload.other").format(n=component.removeprefix(OTHER))
    return component


def _component(site: Site, slot: str) -> str:
    if slot == site.data.text("upload.extra"):
        return EXTRA
    for number in "123":
        if slot == site.data.text("upload.other").format(n=number):
            return f"{OTHER}{number}"
    return slot


def _guard(site: Site, opened: OpenedDossier) -> list[tuple[str, str]]:
    token = opened.state.get("file_token", "")
    return [(site.data.text("upload.token"), token)] if token else []


def _address(site: Site, opened: OpenedDossier, action: str = "", stored: StoredFile | None = None) -> str:
    base = urlsplit(opened.state["files"])
    path = base.path
    if stored is not None:
        path += "/" + site.data.text(f"upload.{action}").format(id=quote(stored.id, safe=""))
    query = base.query or f"{site.data.text('choice.sid')}={quote(opened.sid, safe='')}"
    return urlunsplit(base._replace(path=path, query=query))


def _part(site: Site, file: Path, name: str) -> FilePart:
    media_type = mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"
    return FilePart(field=site.data.text("upload.file"), path=file, filename=name, media_type=media_type)


def _stored(site: Site, row: Mapping[str, Any], what: str, file: Path | None = None) -> StoredFile:
    """A file of the JSON answer; an answer to an upload that lacks the essentials is no proof of it."""
    data = site.data

    def value(key: str) -> Any:
        return row.get(data.text(f"upload.{key}"))

    identifier, name, size = value("id"), value("stored_name"), value("size")
    wrong_size = file is not None and size is not None and size != file.stat().st_size
    if not isinstance(identifier, str | int) or not isinstance(name, str) or wrong_size:
        raise outcome.unanswered(what) if file else outcome.unexpected(what)
    return StoredFile(
        id=str(identifier),
        component=_component(site, str(value("answer_component") or "")),
        stored_name=name,
        original_name=str(value("original_name") or name),
        size=size if isinstance(size, int) else -1,
        sha256=str(value("sha256") or ""),
        signed=value("signed") is True,
    )
