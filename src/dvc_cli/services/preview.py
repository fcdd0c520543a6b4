"""Contact sheet of a scan or PDF, written whole or not at all."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dvc_cli.files import UnsafeOutput, check_output, write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.ports import Progress
from dvc_cli.pdf import limited
from dvc_cli.scan.inputs import expanded


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewReport:
    """The contact sheet: pages of the file, how many are shown, the sheet's size in pixels."""

    schema: ClassVar[str] = "dvc.papers.preview/1"
    file: Path
    output: Path
    pages: int
    shown: int
    width: int
    height: int


def preview_file(
    file: Path, output: Path, progress: Progress, *, columns: int, width: int, overwrite: bool = False
) -> PreviewReport:
    """Write the contact sheet of `file` as PNG.

    Raises:
        MissingInput, NothingToSee, the errors of reading PDFs and pictures: exit code 10.
        OutputExists and the storage errors of `files`.
    """
    check_output(output, overwrite=overwrite)
    (source,) = expanded([file])[:1] or [file]
    if source.resolve() == output.resolve():
        raise UnsafeOutput(_("{path} is an input and the output at once").format(path=output))
    with tempfile.TemporaryDirectory(prefix="dvc-") as folder, progress.task(_("Drawing the pages")):
        sheet = Path(folder) / "sheet.png"
        arguments = {"path": str(source), "target": str(sheet), "columns": columns, "width": width}
        made = limited.call("dvc_cli.scan.preview:write_sheet", arguments, about=str(source))
        write_atomically(output, sheet.read_bytes(), overwrite=overwrite)
    return PreviewReport(file=source, output=output, **made)
