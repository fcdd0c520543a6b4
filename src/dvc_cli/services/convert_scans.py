"""What `scan convert` was asked, as one conversion or one for each file or folder; the limit may come from a procedure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dvc_cli.errors import UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Progress
from dvc_cli.scan.convert import convert, convert_each
from dvc_cli.scan.options import BatchReport, ConversionOptions, ConversionReport, Each, read_size

if TYPE_CHECKING:
    from dvc_cli.portal.base import Portal
    from dvc_cli.services.browse import Shelf


class OutputUnclear(UsageProblem):
    """It is not clear where the PDF, or the PDFs, should be written."""

    slug = "output-unclear"


class Run(Protocol):
    """The part of `context.Context` that is needed."""

    @property
    def portal(self) -> Portal: ...
    @property
    def shelf(self) -> Shelf: ...
    @property
    def progress(self) -> Progress: ...


def convert_scans(
    run: Run,
    inputs: Sequence[Path],
    options: ConversionOptions,
    *,
    output: Path | None = None,
    each: Each | None = None,
    folder: Path | None = None,
    fit: str | None = None,
    procedure: str | None = None,
) -> ConversionReport | BatchReport:
    """Convert `inputs` into `output`, or each for itself into `folder` (default: here).

    Args:
        fit: the most bytes, as a person writes them. procedure: take what the portal of this procedure accepts.

    Raises:
        OutputUnclear, BadSize: exit code 2. NoSuchProcedure, NothingCached. Errors of `scan.convert`.
    """
    if (output is None) == (each is None):
        raise OutputUnclear(
            _("Say either where one PDF goes, or that each file becomes one"),
            hint=_("Give `-o FILE`, or `--each file` or `--each folder` with `--out-dir FOLDER`"),
        )
    if folder is not None and each is None:
        raise OutputUnclear(_("`--out-dir` goes with `--each`"), hint=_("Add `--each file` or `--each folder`"))
    limit = read_size(fit) if fit is not None else None
    if limit is None and procedure is not None:
        from dvc_cli.services.paper_rules import rules_for

        limit = rules_for(run, procedure).limit
    options = replace(options, limit=limit)
    if each is not None:
        return convert_each(inputs, folder or Path(), each, options, run.progress)
    return convert(inputs, output or Path(), options, run.progress)
