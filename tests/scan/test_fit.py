"""`--fit`: lossless while it fits, never under 200 dpi, says what it did; `--split` when even that fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageFilter

from dvc_cli.errors import UsageProblem
from dvc_cli.scan.convert import ConversionOptions, PageSize, convert
from dvc_cli.scan.fit import CannotFit
from tests.scan.hammer import Silent
from tests.scan.papers import letter


@pytest.fixture(scope="session")
def scans(tmp_path_factory):
    """Three scans at 300 dpi with a scanner's noise, about 2 MB each."""
    folder = tmp_path_factory.mktemp("scans")
    page = letter(dpi=300)
    paths = []
    for number in range(3):
        rng = np.random.default_rng(number)
        grain = Image.fromarray(
            rng.normal(0, 9, (page.height // 2, page.width // 2, 3)).clip(-40, 40).astype(np.int8).view(np.uint8)
        )
        noisy = np.asarray(page, dtype=np.int16) - np.abs(
            np.asarray(grain.resize(page.size), dtype=np.int16).astype(np.int8)
        )
        image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.5))
        paths.append(folder / f"{number}.jpg")
        image.save(paths[-1], quality=92, dpi=(300, 300))
    return paths


def run(inputs, output, **options):
    return convert(inputs, output, ConversionOptions(overwrite=True, **options), Silent())


def resolutions(path: Path) -> list[int]:
    lines = subprocess.run(["pdfimages", "-list", path], capture_output=True, text=True, check=True).stdout.splitlines()
    column = lines[0].split().index("x-ppi")
    return [int(line.split()[column + 1]) for line in lines[2:]]  # "object ID" is one head over two columns


def test_what_fits_stays_as_it_is(tmp_path, scans):
    report = run(scans, tmp_path / "out.pdf", limit=60_000_000)
    assert report.fitted == ""
    assert all(image.lossless for image in report.images)
    assert all(value >= 299 for value in resolutions(report.output))


@pytest.mark.parametrize("share", [0.8, 0.3])
def test_it_fits_is_no_smaller_than_needed_and_never_under_200_dpi(tmp_path, scans, share):
    whole = sum(path.stat().st_size for path in scans)
    limit = int(whole * share)
    report = run(scans, tmp_path / "out.pdf", limit=limit)
    assert report.output.stat().st_size == report.size <= limit
    assert report.pages == 3
    assert "JPEG quality" in report.fitted
    assert min(resolutions(report.output)) >= 199
    assert min(image.dpi for image in report.images) >= 199.5
    assert report.low_resolution == 0
    with pikepdf.open(report.output) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox][2:] == [595, 842]


def test_a_mild_limit_costs_less_quality_than_a_hard_one(tmp_path, scans):
    whole = sum(path.stat().st_size for path in scans)
    mild = run(scans, tmp_path / "mild.pdf", limit=int(whole * 0.8))
    hard = run(scans, tmp_path / "hard.pdf", limit=int(whole * 0.3))
    assert mild.size > hard.size
    assert min(resolutions(mild.output)) > min(resolutions(hard.output))


def test_what_cannot_fit_is_refused_with_a_way_out_and_nothing_is_written(tmp_path, scans):
    with pytest.raises(CannotFit) as caught:
        run(scans, tmp_path / "out.pdf", limit=1_100_000)
    assert "--split" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_split_makes_parts_under_the_limit_in_order(tmp_path, scans):
    limit = 1_100_000
    report = run(scans, tmp_path / "ho-so.pdf", limit=limit, split=True)
    assert len(report.outputs) > 1
    assert [output.path.name for output in report.outputs] == [
        f"ho-so-{n}.pdf" for n in range(1, len(report.outputs) + 1)
    ]
    assert sum(output.pages for output in report.outputs) == report.pages == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(output.path.name for output in report.outputs)
    assert all(output.path.stat().st_size == output.size <= limit for output in report.outputs)
    assert [image.source for image in report.images] == [str(path) for path in scans]
    assert min(resolutions(report.outputs[0].path)) >= 199


def test_a_page_too_large_alone_is_named(tmp_path, scans):
    with pytest.raises(CannotFit, match=r"0\.jpg"):
        run(scans, tmp_path / "out.pdf", limit=30_000, split=True)


def test_parts_of_an_earlier_run_are_not_overwritten(tmp_path, scans):
    from dvc_cli.files import OutputExists

    (tmp_path / "a-2.pdf").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        convert(scans, tmp_path / "a.pdf", ConversionOptions(limit=1_100_000, split=True), Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["a-2.pdf"]


def test_a_scan_under_200_dpi_is_not_made_worse(tmp_path):
    source = tmp_path / "low.jpg"
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (1404, 993, 3), dtype=np.uint8)).save(source, quality=95, dpi=(120, 120))
    report = run([source], tmp_path / "out.pdf", limit=source.stat().st_size // 2)
    assert (report.images[0].width_px, report.images[0].height_px) == (993, 1404)
    assert report.low_resolution == 1


def test_pictures_in_existing_pdfs_are_made_smaller_too(tmp_path, scans):
    whole = run(scans, tmp_path / "whole.pdf")
    report = run([whole.output], tmp_path / "out.pdf", limit=whole.size // 3)
    assert report.size <= whole.size // 3
    assert report.pages == 3
    assert min(resolutions(report.output)) >= 199
    assert subprocess.run(["qpdf", "--check", report.output], capture_output=True).returncode == 0
    parts = run([whole.output], tmp_path / "parts.pdf", limit=1_100_000, split=True)
    assert len(parts.outputs) > 1
    assert sum(output.pages for output in parts.outputs) == 3
    assert all(output.path.stat().st_size <= 1_100_000 for output in parts.outputs)


def test_split_needs_a_limit(tmp_path, scans):
    with pytest.raises(UsageProblem):
        run(scans, tmp_path / "out.pdf", split=True)


def test_pages_of_their_own_size_count_their_own_resolution(tmp_path, scans):
    report = run(scans[:1], tmp_path / "out.pdf", limit=900_000, page_size=PageSize.IMAGE)
    assert report.images[0].dpi >= 199.5
    with pikepdf.open(report.output) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox][2:] == pytest.approx([595, 842], abs=1)
