"""The dossier files of the demo: the guide's procedure, filed by an invented citizen."""

from __future__ import annotations

_TEXT = """\
# Hồ sơ THỬ NGHIỆM của bản trình diễn: người nộp là người không có thật
schema = 1
procedure = "9.990001"
subject = "Đề nghị đăng bài “Những ngày mùa trên đồng lúa Thái Thụy”"
key = "{key}"

[applicant]
full_name = "Nguyễn Thị Được"
identity_number = "034199000123"
issued_on = "2021-05-10"
issued_by = "Cục Cảnh sát QLHC về TTXH"
birthday = "1999-03-08"
gender = "female"
phone = "0912000123"
email = "duoc.nguyen@example.vn"
province = "Hưng Yên"
commune = "{commune}"
address = "Số 8, đường Lê Lợi"

[owner]
same_as_applicant = true

[[component]]
match = "Đơn đề nghị đăng tin"
files = ["{file}"]
kind = "original"
copies = 1

[[component.sign]]
signer = "{signer}"
at = "bottom-right"
page = "last"
"""


def dossier_key(signer: str) -> str:
    """The key that names the case of the dossier signed by `signer`."""
    return f"TRINH-DIEN-{signer.upper()}"


def dossier_text(signer: str, *, file: str = "don.pdf", commune: str = "Phường Trần Lãm") -> str:
    """A dossier file whose one component is signed by the profile's signer of that name."""
    return _TEXT.format(key=dossier_key(signer), signer=signer, file=file, commune=commune)
