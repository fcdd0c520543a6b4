"""Verifying the signatures of files against trusted roots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress
from dvc_cli.model.signing import VerifyReport


class TrustUnreadable(ConfigurationProblem):
    """A file of trusted roots is missing or holds no certificate."""

    slug = "trust-unreadable"


def verify_files(files: Sequence[Path], trust: Sequence[Path], *, clock: Clock, progress: Progress) -> VerifyReport:
    """Judge every file; what is wrong with one is its verdict, never an error.

    Args:
        files: PDF files.
        trust: PEM or DER files with root certificates.

    Raises:
        TrustUnreadable: a trust file cannot be used.
    """
    from dvc_cli.sign.pades.verify import verify_document

    roots = [root for path in trust for root in _read_roots(path)]
    moment = clock.now()
    documents = []
    with progress.task(_("Verifying"), total=len(files)) as task:
        for path in files:
            task.update(path.name)
            documents.append(verify_document(path, roots, moment))
            task.advance()
    return VerifyReport(documents=tuple(documents))


def _read_roots(path: Path) -> list[bytes]:
    from dvc_cli.sign.certificates import CertificateUnreadable, certificates_in_pem

    try:
        return certificates_in_pem(path.read_bytes())
    except OSError as error:
        raise TrustUnreadable(
            _("The trusted roots in `{path}` cannot be read: {reason}").format(
                path=path, reason=error.strerror or str(error)
            ),
            hint=_("Give a PEM file with root certificates"),
        ) from error
    except CertificateUnreadable as error:
        raise TrustUnreadable(
            _("`{path}` holds no certificate").format(path=path), hint=_("Give a PEM file with root certificates")
        ) from error
