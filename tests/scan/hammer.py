"""Throws damaged files at `scan convert` and looks at what is left."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from dvc_cli.scan.convert import ConversionOptions, Each, convert_each
from tests.scan.corpus import mutations


class Silent:
    """Progress that nobody looks at."""

    @contextmanager
    def task(self, text, total=None):
        yield self

    def advance(self, amount=1): ...
    def update(self, text): ...
    def say(self, text): ...
    def warn(self, text): ...


@dataclass(frozen=True)
class Outcome:
    """How many became a PDF, how many were refused and why, and the most memory of a worker in bytes."""

    converted: int
    refused: dict[str, int]
    memory: int


def opens(path: Path) -> bool:
    """Whether Pillow decodes every picture of a PDF: wrong colours in a JPEG are the most that may be damaged."""
    with pikepdf.open(path) as pdf:
        for page in pdf.pages:
            for image in page.get_images().values():
                pikepdf.PdfImage(image).as_pil_image().load()
    return True


def hammer(
    folder: Path, temporary: Path, count: int, options: ConversionOptions, seed: int = 1, batch: int = 60
) -> Outcome:
    """Convert `count` damaged files, each for itself; every PDF made must be sound, and nothing else may be left.

    `temporary` must be where the program puts its temporary files.
    """
    converted, refused = 0, {}
    waiting = list(mutations(count, seed))
    for start in range(0, count, batch):
        inputs, outputs = folder / "in", folder / "out"
        inputs.mkdir()
        outputs.mkdir()
        for name, data in waiting[start : start + batch]:
            (inputs / f"{name.replace('.', '-')}.{name.rpartition('.')[2]}").write_bytes(data)
        report = convert_each(sorted(inputs.iterdir()), outputs, Each.FILE, options, Silent())
        assert len(report.conversions) + len(report.failed) == len(list(inputs.iterdir()))
        made = sorted(path for item in report.conversions for path in (output.path for output in item.outputs))
        assert sorted(outputs.iterdir()) == made
        assert list(temporary.iterdir()) == []
        for path in made:
            checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
            assert checked.returncode == 0 or opens(path), (path.name, checked.stdout, checked.stderr)
        for failure in report.failed:
            assert failure.message
            refused[failure.error] = refused.get(failure.error, 0) + 1
        converted += len(made)
        shutil.rmtree(inputs)
        shutil.rmtree(outputs)
    unit = 1 if sys.platform == "darwin" else 1024
    return Outcome(converted, refused, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)
