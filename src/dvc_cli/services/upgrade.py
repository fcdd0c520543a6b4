"""Raising the level of signatures that exist: time stamps and validation data in further revisions (`sign --upgrade`)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.errors import DvcError, InvalidInput, UsageProblem
from dvc_cli.files import atomic_file, check_output
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress
from dvc_cli.model.signing import DocumentVerdict, SignatureLevel, SignedDocument, SignReport
from dvc_cli.services.sign_plan import SignOptions, failed

if TYPE_CHECKING:
    from dvc_cli.sign.pades.levels import Evidence, LevelMaker

_ORDER = ("b-b", "b-t", "b-lt", "b-lta")


class NothingToRaise(InvalidInput):
    """The file has no sound PAdES signature whose level could be raised."""

    slug = "nothing-to-raise"


def upgrade_files(
    files: Sequence[Path], options: SignOptions, evidence: Evidence, *, clock: Clock, progress: Progress
) -> SignReport:
    """Write a copy of each file with all its signatures at `options.level` (default: b-lta); the inputs stay as they are.

    Raises:
        NoTsa, ConfigurationProblem: what the level needs is not known.
        DvcError: the only file cannot be raised.
    """
    from dvc_cli.sign.pades.levels import LevelMaker

    if options.output is not None and len(files) != 1:
        raise UsageProblem(_("`-o` takes one input file, but there are {count}").format(count=len(files)))
    level = options.level or SignatureLevel.B_LTA
    if level is SignatureLevel.B_B:
        raise UsageProblem(_("`--upgrade` takes `--level b-t`, `b-lt` or `b-lta`"))
    maker = LevelMaker(level, evidence)
    lines = []
    with progress.task(_("Raising the level"), total=len(files)) as task:
        for source in files:
            task.update(source.name)
            try:
                lines.append(_upgrade(source, options, maker, evidence, clock))
            except DvcError as problem:
                if len(files) == 1 or problem.stops_batch:
                    raise
                lines.append(failed(source, problem))
            task.advance()
    return SignReport(documents=tuple(lines), certificate=None, level=level.value)


def _upgrade(source: Path, options: SignOptions, maker: LevelMaker, evidence: Evidence, clock: Clock) -> SignedDocument:
    from dvc_cli.sign.pades.integrity import sha256_of
    from dvc_cli.sign.pades.verify import open_input, verify_stream

    wanted = maker.level.value
    output = options.output or (options.folder or source.parent) / f"{source.stem}.{wanted}.pdf"
    check_output(output, overwrite=options.overwrite)
    moment = clock.now()
    with open_input(source) as before, atomic_file(output, overwrite=options.overwrite) as file:
        current = _level_of(verify_stream(before, source.name, str(source), evidence.roots, moment))
        if _ORDER.index(current) >= _ORDER.index(wanted):
            raise LevelReachedAlready(_("its signatures are at level {level} already").format(level=current))
        before.seek(0)
        shutil.copyfileobj(before, file)
        maker.raise_level(file, source.name, current)
        after = verify_stream(file, source.name, str(output), evidence.roots, clock.now())
        reached = _level_of(after)
        if _ORDER.index(reached) < _ORDER.index(wanted):
            raise _not_reached(source, wanted, reached)
        digest, size = sha256_of(file), file.seek(0, 2)
    return SignedDocument(
        source=str(source), output=str(output), outcome="upgraded", sha256=digest, size=size, level=reached
    )


class LevelReachedAlready(InvalidInput):
    """The signatures are at the wanted level or above it already."""

    slug = "level-reached-already"


def _level_of(document: DocumentVerdict) -> str:
    """The lowest level among the signatures. Raises NothingToRaise."""
    levels = [one.level for one in document.signatures if one.intact]
    if not levels or "" in levels or document.verdict == "broken" or len(levels) != len(document.signatures):
        raise NothingToRaise(
            _("`{path}` has no sound PAdES signature whose level could be raised").format(path=document.path),
            hint=_("See `dvc-cli verify`: {explanation}").format(explanation=document.explanation),
        )
    return min(levels, key=_ORDER.index)


def _not_reached(source: Path, wanted: str, reached: str) -> DvcError:
    from dvc_cli.sign.pades.levels import LevelNotReached

    return LevelNotReached(
        _("`{name}` was brought to level {reached} only, not to {wanted}; nothing was written").format(
            name=source.name, reached=reached, wanted=wanted
        )
    )
