"""Which file goes where, checked before anything is asked or written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dvc_cli.errors import DvcError, InvalidInput, UsageProblem
from dvc_cli.files import check_output
from dvc_cli.i18n import _
from dvc_cli.model.signing import Placement, SignatureLevel, SignatureProfile, SignedDocument


class SameOutput(InvalidInput):
    """Two inputs would be written to one output, or an output is one of the inputs."""

    slug = "same-output"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOptions:
    """What `sign` was asked to do, apart from the files and the signer. `placement` None: an invisible signature.

    Raises:
        UsageProblem: options that exclude each other.
    """

    placement: Placement | None = field(default_factory=Placement)
    profile: SignatureProfile = SignatureProfile.PADES
    level: SignatureLevel | None = None  # None: B-T where a time-stamping service is known, else B-B
    require_revocation: bool = False
    reason: str = ""
    output: Path | None = None
    folder: Path | None = None
    overwrite: bool = False
    dry_run: bool = False

    def to(
        self,
        output: Path | None,
        folder: Path | None,
        *,
        overwrite: bool = False,
        dry_run: bool = False,
        require_revocation: bool = False,
    ) -> SignOptions:
        """The same with where the copies go, and with these switches."""
        return replace(
            self,
            output=output,
            folder=folder,
            overwrite=overwrite,
            dry_run=dry_run,
            require_revocation=require_revocation,
        )

    def __post_init__(self) -> None:
        if self.output is not None and self.folder is not None:
            raise UsageProblem(_("Give either `-o` or `--out-dir`, not both"))
        long_term = self.level in (SignatureLevel.B_LT, SignatureLevel.B_LTA)
        if long_term and self.profile is not SignatureProfile.PADES:
            raise UsageProblem(
                _("Level {level} exists for PAdES signatures only").format(
                    level=self.level.value if self.level else ""
                ),
                hint=_("Leave `--signature-profile cms` out"),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignJob:
    """One document to sign. `name` is what people see of it."""

    source: Path
    output: Path
    placement: Placement | None
    overwrite: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.source.name


def output_for(source: Path, options: SignOptions) -> Path:
    """Where the signed copy of `source` goes: `-o`, or `NAME.signed.pdf` beside it or in `--out-dir`."""
    if options.output is not None:
        return options.output
    return (options.folder or source.parent) / f"{source.stem}.signed.pdf"


def plan(
    files: Sequence[Path], options: SignOptions, *, is_finished: Callable[[SignJob], bool] | None = None
) -> tuple[list[SignJob], list[tuple[Path, DvcError]]]:
    """The jobs that can be done, and the files that cannot with the reason, each in the order given.

    Args:
        files: the inputs.
        options: what was asked.
        is_finished: tells an output that an interrupted run of the same command has completed; it may exist.

    Raises:
        UsageProblem: `-o` with several files.
    """
    if options.output is not None and len(files) != 1:
        raise UsageProblem(
            _("`-o` takes one input file, but there are {count}").format(count=len(files)),
            hint=_("Use `--out-dir` for several files"),
        )
    inputs = {_real(path) for path in files}
    taken: dict[Path, Path] = {}
    jobs: list[SignJob] = []
    refused: list[tuple[Path, DvcError]] = []
    for source in files:
        job = SignJob(
            source=source,
            output=output_for(source, options),
            placement=options.placement,
            overwrite=options.overwrite,
        )
        try:
            _check(job, inputs, taken, is_finished)
        except DvcError as problem:
            refused.append((source, problem))
        else:
            jobs.append(job)
    return jobs, refused


def failed(source: Path, problem: DvcError) -> SignedDocument:
    """The line for a document that could not be signed."""
    return SignedDocument(
        source=str(source),
        output=None,
        outcome="failed",
        reason=problem.message,
        problem=problem.slug,
        exit_code=problem.exit_code,
    )


def skipped(source: Path, reason: str) -> SignedDocument:
    """The line for a document that was not tried."""
    return SignedDocument(source=str(source), output=None, outcome="skipped", reason=reason)


def _check(
    job: SignJob, inputs: set[Path], taken: dict[Path, Path], is_finished: Callable[[SignJob], bool] | None
) -> None:
    """Refuse an output that is an input, is promised to another input, or cannot be written; inspect the input."""
    from dvc_cli.sign.pades.prepare import inspect
    from dvc_cli.sign.pades.verify import open_input

    target = _real(job.output)
    if target in inputs:
        raise SameOutput(
            _("`{output}` is an input, and inputs are never changed").format(output=job.output),
            hint=_("Give another name with `-o` or another folder with `--out-dir`"),
        )
    if target in taken:
        raise SameOutput(
            _("`{source}` and `{other}` would both be written to `{output}`").format(
                source=job.source, other=taken[target], output=job.output
            ),
            hint=_("Sign them in two runs with different folders"),
        )
    with open_input(job.source) as file:
        inspect(file, job.name, job.placement)
    if is_finished is None or not is_finished(job):
        check_output(job.output, overwrite=job.overwrite)
    taken[target] = job.source


def _real(path: Path) -> Path:
    return path.resolve(strict=False)
