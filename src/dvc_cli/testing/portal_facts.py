"""What the portal suite needs to know about the portal behind a driver, and the steps its tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dvc_cli.model.dossier import Dossier
from dvc_cli.model.secret import Secret
from dvc_cli.portal.base import LoginChallenge, OpenedDossier, Portal, PortalSession, StoredFile
from dvc_cli.testing.small_pdf import small_pdf

REFERENCE = "Số tham chiếu nội bộ: DVC-ABCDEFGHIJKLMNOP"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFacts:
    """What the tests may rely on at the portal behind the driver.

    Args:
        username, password: an account that must not get locked.
        spare_username: another account; wrong passwords are tried on it until it is locked.
        answer: reads the captcha of a challenge, as a person would.
        dossier: a dossier of the account's own person, for a procedure with one mandatory component and a form to download.
        query: words that find that procedure.
        field: words of its field.
        signed: makes the signed bytes of a PDF, or None when the portal's signature check cannot be satisfied here.
    """

    username: str
    password: Secret
    spare_username: str
    answer: Callable[[LoginChallenge], str]
    dossier: Dossier
    query: str
    field: str
    signed: Callable[[bytes], bytes] | None = None


def log_in(portal: Portal, known: KnownFacts) -> PortalSession:
    """Log in with the account of `known`."""
    challenge = portal.begin_login(known.username)
    captcha = known.answer(challenge) if challenge.captcha_png is not None else None
    return portal.finish_login(challenge, known.username, known.password, captcha)


def filed(portal: Portal, known: KnownFacts, folder: Path) -> str:
    """File the known dossier and return its code."""
    procedure = portal.procedure(known.dossier.procedure)
    opened = portal.open_dossier(known.dossier, procedure)
    upload_mandatory(portal, opened, folder)
    ready = portal.prepare_commit(opened, known.dossier, subject="Thử bộ kiểm tra", note=REFERENCE)
    return portal.commit(ready).code


def upload_mandatory(portal: Portal, opened: OpenedDossier, folder: Path) -> StoredFile:
    """One PDF into the first mandatory row."""
    row = next(spec for spec in opened.procedure.components if spec.mandatory)
    path = folder / "don.pdf"
    path.write_bytes(small_pdf())
    return portal.upload(opened, row.code, path, "Đơn đề nghị.pdf")
