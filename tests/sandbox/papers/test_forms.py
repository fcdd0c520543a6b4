"""The downloadable forms: every form of every procedure is a sound Word file with placeholders that can be filled."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import lxml.etree
import pytest

from dvc_sandbox.forms.library import FormMissing, form_file
from dvc_sandbox.seed.catalogue import procedures

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PREFIXES = ("applicant.", "owner.", "form.", "agency.", "procedure.", "receive.", "today.")


def parts_of(content: bytes) -> dict[str, lxml.etree._Element]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: lxml.etree.fromstring(archive.read(name)) for name in archive.namelist()}


def runs_of(content: bytes) -> list[str]:
    return [node.text or "" for node in parts_of(content)["word/document.xml"].iter(f"{W}t")]


def test_every_form_of_the_catalogue_is_there() -> None:
    count = 0
    for procedure in procedures(seed=1):
        for number, (_, _name) in enumerate(procedure.forms(), start=1):
            name, content, media_type = form_file(procedure.code, number)
            runs = runs_of(content)
            placeholders = [text for text in runs if "{{" in text]
            assert name.endswith(".docx")
            assert re.fullmatch(r"[a-z0-9.-]+", name)
            assert media_type.endswith("wordprocessingml.document")
            assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in runs
            assert "{{ applicant.full_name }}" in placeholders or "{{ form.ben_bao_dam }}" in placeholders
            for text in placeholders:
                key = re.fullmatch(r"\{\{ ([a-z_0-9.]+) \}\}", text)
                assert key, f"{text!r} is not in a run of its own"
                assert key[1] == "subject" or key[1].startswith(PREFIXES)
            count += 1
    assert count > 140


def test_guides_form_has_its_own_text() -> None:
    name, content, _ = form_file("9.990001", 1)
    assert name == "mau-don-de-nghi-dang-tin-bai-phat-bieu-9.990001.docx"
    text = "\n".join(runs_of(content))
    assert "ĐƠN ĐỀ NGHỊ ĐĂNG TIN, BÀI, PHÁT BIỂU TRÊN PHƯƠNG TIỆN THÔNG TIN ĐẠI CHÚNG CỦA VIỆT NAM" in text
    assert "quy định của pháp luật Việt Nam về báo chí" in text
    header = parts_of(content)["word/header1.xml"]
    assert "THỬ NGHIỆM — SANDBOX" in "".join(header.itertext())


def test_same_bytes_every_time() -> None:
    first = form_file("1.000894", 1)
    form_file.cache_clear()
    assert form_file("1.000894", 1) == first


@pytest.mark.parametrize(("code", "number"), [("9.990001", 0), ("9.990001", 2), ("1.003622", 1), ("nothing", 1)])
def test_form_that_does_not_exist(code: str, number: int) -> None:
    with pytest.raises(FormMissing):
        form_file(code, number)
