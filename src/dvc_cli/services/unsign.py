"""Taking back one's own last signature: a copy of the file as it was before, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from dvc_cli.errors import DvcError, NotFound
from dvc_cli.files import atomic_file, check_output
from dvc_cli.i18n import _
from dvc_cli.model.ports import Progress
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.services.sign_plan import SameOutput
from dvc_cli.sign.base import Signer

if TYPE_CHECKING:
    from dvc_cli.sign.pades.undo import RemovableSignature

_CHUNK = 1 << 20
_ASK_LAST = ("smartca",)  # these need the network to say which certificates are one's own


class NothingToUndo(NotFound):
    """The document carries no signature that could be taken back."""

    slug = "nothing-to-undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignReport:
    """Result of `unsign`. `signatures_left`: how many the new file still carries."""

    schema: ClassVar[str] = "dvc.signing.unsign/1"
    source: str
    output: str
    field_name: str
    signer: str
    sha256: str
    size: int
    signatures_left: int
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """How it is known that a signature is one's own: a certificate that was named, the signers at hand, or not at all."""

    certificate: str = ""
    signers: Sequence[Signer] = ()
    anyone: bool = False


def unsign(source: Path, output: Path | None, owner: Ownership, *, overwrite: bool, progress: Progress) -> UnsignReport:
    """Write the state of `source` before its last signature to `output` (`NAME.unsigned.pdf` beside it by default).

    Raises:
        NothingToUndo: no signature.
        UndoRefused: it is not one's own, others signed after it, or the file was not signed by adding at its end.
        InvalidInput: what is wrong with `source` or `output`.
    """
    from dvc_cli.sign.pades.undo import removable_signatures
    from dvc_cli.sign.pades.verify import open_input

    target = output or source.with_name(f"{source.stem.removesuffix('.signed')}.unsigned.pdf")
    if target.resolve() == source.resolve():
        raise SameOutput(
            _("`{output}` is an input, and inputs are never changed").format(output=target),
            hint=_("Give another name with `-o`"),
        )
    with open_input(source) as file:
        found = removable_signatures(file, source.name)
        if not found:
            raise NothingToUndo(_("`{name}` has no signature").format(name=source.name))
        check_output(target, overwrite=overwrite)
        last = _own_last(found, owner, source.name, progress)
        start = _start(last, source.name)
        digest = _cut(file, start, target, [one.field_name for one in found[:-1]], overwrite=overwrite)
    return UnsignReport(
        source=str(source),
        output=str(target),
        field_name=last.field_name,
        signer=last.signer,
        sha256=digest,
        size=start,
        signatures_left=len(found) - 1,
        sandbox=last.certificate is not None and _is_sandbox(last.certificate),
    )


def _own_last(
    found: Sequence[RemovableSignature], owner: Ownership, name: str, progress: Progress
) -> RemovableSignature:
    from dvc_cli.sign.pades.undo import UndoRefused

    last = found[-1]
    if owner.anyone:
        return last
    problems: list[str] = []
    mine = _own_among(found, owner, problems, progress)
    if last in mine:
        return last
    if mine:
        raise UndoRefused(
            _("{signer} signed `{name}` after you, so your signature cannot be taken back").format(
                signer=last.signer, name=name
            ),
            hint=_("Ask {signer} to take back that signature first").format(signer=last.signer),
        )
    raise UndoRefused(
        _("The last signature of `{name}` is by {signer}, and that is not known to be yours").format(
            name=name, signer=last.signer
        ),
        hint=_("Name your certificate with `--cert SERIAL`, or take it back whoever signed with `--any`"),
        details=tuple(problems),
    )


def _own_among(
    found: Sequence[RemovableSignature], owner: Ownership, problems: list[str], progress: Progress
) -> list[RemovableSignature]:
    """The signatures that are one's own; as few signers are asked as are needed."""
    from dvc_cli.sign.selection import matches

    if owner.certificate:
        return [one for one in found if one.certificate and matches([one.certificate], owner.certificate)]
    for fingerprints in _known(owner.signers, problems, progress):
        mine = [one for one in found if one.certificate and one.certificate.fingerprint in fingerprints]
        if mine:
            return mine
    return []


def _known(signers: Sequence[Signer], problems: list[str], progress: Progress) -> Iterator[set[str]]:
    known: set[str] = set()
    for signer in sorted(signers, key=lambda one: one.capabilities.kind in _ASK_LAST):
        try:
            with progress.task(_("Asking signer {name} for its certificates").format(name=signer.name)):
                known |= {one.fingerprint for one in signer.certificates()}
        except DvcError as problem:
            problems.append(f"{signer.name}: {problem.message}")
        yield known


def _start(last: RemovableSignature, name: str) -> int:
    from dvc_cli.sign.pades.undo import UndoRefused

    if last.intact and last.start is not None:
        return last.start
    if not last.intact:
        raise UndoRefused(
            _("The last signature of `{name}` is damaged, so the state before it is not known").format(name=name),
            hint=_("See what is wrong with it: `dvc-cli verify FILE`"),
        )
    raise UndoRefused(
        _("`{name}` was rewritten as a whole when it was signed, so it holds no earlier state").format(name=name),
        hint=_("Use the document from before signing"),
    )


def _cut(file: BinaryIO, length: int, target: Path, fields: list[str], *, overwrite: bool) -> str:
    """Copy the first `length` bytes, make sure they are a whole document with the earlier signatures, and name it."""
    from dvc_cli.sign.pades.integrity import sha256_of
    from dvc_cli.sign.pades.undo import UndoRefused, removable_signatures

    with atomic_file(target, overwrite=overwrite) as copy:
        file.seek(0)
        left = length
        while left > 0 and (piece := file.read(min(_CHUNK, left))):
            copy.write(piece)
            left -= len(piece)
        copy.flush()
        again = removable_signatures(copy, target.name)
        if [one.field_name for one in again] != fields or not all(one.intact for one in again):
            raise UndoRefused(
                _("The state before the signature is not whole, so nothing was written"),
                hint=_("Use the document from before signing"),
            )
        return sha256_of(copy)


def _is_sandbox(certificate: SigningCertificate) -> bool:
    from dvc_cli.sign.certificates import is_sandbox

    return is_sandbox(certificate)
