"""The dossier file: read in one pass, all faults with their lines, Vietnamese keys, both Unicode forms of file names."""

import string
import tomllib
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.model.dossier import PaperKind
from dvc_cli.services.dossier_file import DossierFileInvalid, read_dossier
from dvc_cli.services.toml_lines import key_lines, line_of

WHOLE = """\
schema = 1
procedure = "1.001612"
agency = "UBND xã"
subject = "Đăng ký hộ kinh doanh"
key = "NV001"
period = "2026-11"

[applicant]
full_name = "Nguyễn Thị Được"
identity_number = "034199000123"
issued_on = 2021-05-10
birthday = "08/03/1999"
gender = "Nữ"

[owner]
same_as_applicant = true

[form]
"Ngành nghề" = "Bán lẻ"

[receive]
how = "bưu chính"

[[component]]
row = 1
kind = "certified-copy"
copies = 2
files = [
  "scans/a.jpg",   # the first page
  "scans/b.jpg",
]
[[component.sign]]
signer = "accountant"
near = "KẾ TOÁN TRƯỞNG"
[[component.sign]]
signer = "director"
page = "last"

[[component]]
match = "ủy quyền"
files = "scans/c.pdf"
as_is = true

[[extra]]
name = "Ảnh"
files = ["scans/a.jpg"]
catch_all = true
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scans").mkdir()
    for name in ("a.jpg", "b.jpg", "c.pdf"):
        (tmp_path / "scans" / name).write_bytes(b"x")
    return tmp_path


def write(folder, text: str):
    path = folder / "dossier.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder, text: str) -> list[str]:
    with pytest.raises(DossierFileInvalid) as caught:
        read_dossier(write(folder, text))
    return list(caught.value.details)


def test_a_whole_file(folder):
    dossier = read_dossier(write(folder, WHOLE))
    assert (dossier.procedure, dossier.key, dossier.period, dossier.receive_how) == (
        "1.001612",
        "NV001",
        "2026-11",
        "postal",
    )
    assert dossier.applicant.full_name == "Nguyễn Thị Được"
    assert (dossier.applicant.issued_on, dossier.applicant.birthday) == (date(2021, 5, 10), date(1999, 3, 8))
    assert dossier.applicant.gender == "female"
    assert dossier.owner is None
    assert dossier.form == {"Ngành nghề": "Bán lẻ"}
    first, second = dossier.components
    assert first.files == (folder / "scans/a.jpg", folder / "scans/b.jpg")
    assert (first.kind, first.copies, [s.signer for s in first.sign]) == (
        PaperKind.CERTIFIED_COPY,
        2,
        ["accountant", "director"],
    )
    assert (second.match, second.as_is, second.files) == ("ủy quyền", True, (folder / "scans/c.pdf",))
    assert dossier.extras[0].catch_all


def test_vietnamese_keys_say_the_same(folder):
    text = """\
thu_tuc = "1.001612"
"Về việc" = "Đăng ký"
[nguoi_nop]
"Họ và tên" = "Trần Văn Minh"
so_cccd = "034080000456"
ngay_sinh = "20/11/1980"
[chu_ho_so]
ho_ten = "Lê Thị Hoa"
[[thanh_phan]]
stt = 1
loai = "bản sao"
tep = "scans/c.pdf"
[[thanh_phan.ky]]
nguoi_ky = "giam-doc"
trang = "cuoi"
"""
    dossier = read_dossier(write(folder, text))
    assert dossier.subject == "Đăng ký"
    assert dossier.applicant.identity_number == "034080000456"
    assert dossier.owner.full_name == "Lê Thị Hoa"
    assert dossier.components[0].kind is PaperKind.COPY
    assert dossier.components[0].sign[0].signer == "giam-doc"


def test_all_faults_are_said_at_once_with_their_lines(folder):
    text = """\
procedure = 1.001612
subjekt = "x"
schema = 2

[applicant]
full_name = "Nguyễn"
identity_number = 34199000123
birthday = "31/02/1999"
full_nam = "x"

[[component]]
files = ["scans/a.jpg", "scans/missing.jpg"]

[[component]]
row = 2
match = "x"
files = []
copies = 0
as_is = "yes"
fill = "mau.docx"
  [[component.sign]]
  at = "top"
  near = "x"
"""
    found = faults(folder, text)
    expected = {
        "dossier.toml:1: ": "must be text",
        "dossier.toml:2: ": "did you mean `subject`?",
        "dossier.toml:3: ": "schema = 1",
        "dossier.toml:7: ": "leading zeros",
        "dossier.toml:8: ": "must be a date",
        "dossier.toml:9: ": "did you mean `full_name`?",
        "dossier.toml:11: ": "exactly one",
        "dossier.toml:12: ": "no file `scans/missing.jpg`",
        "dossier.toml:14: ": "exactly one",
        "dossier.toml:17: ": "`files` is missing",
        "dossier.toml:18: ": "at least 1",
        "dossier.toml:19: ": "`true` or `false`",
        "dossier.toml:20: ": "cannot be used yet",
    }
    for place, message in expected.items():
        assert any(line.startswith(place) and message in line for line in found), (place, found)
    assert sum(line.startswith("dossier.toml:21: ") for line in found) == 2


def test_missing_things_and_broken_toml(folder):
    assert any("`procedure`" in line for line in faults(folder, "[applicant]\nfull_name = 'x'"))
    assert any("applicant.full_name" in line for line in faults(folder, "procedure = '1.001612'"))
    assert faults(folder, "procedure = '1.001612'\n\n= 3")[0].startswith("dossier.toml:3: ")
    assert any(
        "given twice" in line for line in faults(folder, "procedure = '1'\nthu_tuc = '2'\n[applicant]\nho_ten='x'")
    )


def test_unreadable_files_are_said(tmp_path):
    with pytest.raises(DossierFileInvalid, match="cannot be read"):
        read_dossier(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'subject = "\xe9"')
    with pytest.raises(DossierFileInvalid, match="UTF-8"):
        read_dossier(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(DossierFileInvalid, match="too large"):
        read_dossier(tmp_path / "large.toml")


@pytest.mark.parametrize(("stored", "written"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_file_names_match_in_both_unicode_forms(tmp_path, stored, written):
    folder = tmp_path / unicodedata.normalize(stored, "hồ sơ")
    folder.mkdir()
    (folder / unicodedata.normalize(stored, "đơn đề nghị.pdf")).write_bytes(b"x")
    name = unicodedata.normalize(written, "hồ sơ/đơn đề nghị.pdf")
    text = f'procedure = "1.001612"\n[applicant]\nfull_name = "x"\n[[component]]\nrow = 1\nfiles = "{name}"\n'
    assert read_dossier(write(tmp_path, text)).components[0].files[0].read_bytes() == b"x"


def test_lines_of_keys_in_every_form():
    text = 'a.b = 1\n"đ" = """\n[not.a.table]\n"""\n[t]\nx = [\n  1, # ]\n  "]",\n]\ny = 2\n'
    text += "[[l]]\nz = 1\n[[l]]\nz = { q = 1 }\n[[l.m]]\nw = 1\n"
    lines = key_lines(text)
    assert lines[("a", "b")] == 1
    assert lines[("đ",)] == 2
    assert lines[("t", "y")] == 10
    assert lines[("l", 1, "z")] == 14
    assert lines[("l", 1, "m", 0, "w")] == 16
    assert line_of(lines, ("l", 1, "z", "q")) == 14
    assert line_of(lines, ("nothing",)) is None


_word = st.text(string.ascii_lowercase, min_size=1, max_size=5)
_value = st.one_of(
    st.integers(0, 9).map(str),
    st.text(string.ascii_letters + " []{}#'", max_size=8).map(lambda text: '"' + text + '"'),
    st.lists(st.text(string.ascii_letters + "[#]", max_size=4), max_size=3).map(
        lambda items: "[\n" + "".join(f'  "{item}", # ]\n' for item in items) + "]"
    ),
    st.text(string.ascii_letters + "[]= \n", max_size=12).map(lambda text: '"""' + text + '"""'),
)


@given(st.dictionaries(_word, _value, max_size=6), st.dictionaries(_word, _value, max_size=6))
def test_the_line_of_a_key_is_where_it_stands(head, tail):
    text = "".join(f"{key} = {value}\n" for key, value in head.items()) + "[[zzzzzz]]\n"
    text += "".join(f"{key} = {value}\n" for key, value in tail.items())
    tomllib.loads(text)
    lines = key_lines(text)
    source = text.splitlines()
    for place in [(key,) for key in head] + [("zzzzzz", 0, key) for key in tail]:
        assert source[lines[place] - 1].startswith(f"{place[-1]} = ")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_our_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(DossierFileInvalid):
        read_dossier(path)
