"""The guide's seven steps in the portal's pages, from the log-in to the agency's paper, on a desktop and on a phone.

The oracle is the sandbox's own database, read beside the portal.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from dvc_sandbox.control import Running
from dvc_sandbox.demo.scans import write_scans
from tests.browser.person import Person

NAME, PASSWORD, ID_NUMBER = "congdan", "CongDan@123", "034199000123"
OFFICER, OFFICER_PASSWORD = "canbo", "CanBo@123"
SUBJECT = "Đề nghị đăng bài “Những ngày mùa trên đồng lúa Thái Thụy”"
CODE = re.compile(r"[A-Z0-9.]+-\d{6}-\d{4,7}")


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scanned pages as one PDF, as a scanner's program would make it."""
    import img2pdf

    folder = tmp_path_factory.mktemp("scans")
    target = folder / "Đơn đề nghị (bản quét).pdf"
    target.write_bytes(img2pdf.convert([str(one) for one in write_scans(folder)]))
    return target


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_log_in_to_the_agencys_paper(person: Person, sandbox: Running, scan: Path, width: int) -> None:
    portal = sandbox.urls.portal
    log_in(person, portal)
    choose_procedure(person)
    tell_applicant(person)
    upload(person, scan)
    if width > 500:
        sign_by_phone(person, sandbox.urls.smartca)
        undo_signature(person, scan)
    sign_approved(person)
    code = confirm(person)
    check_stored(sandbox, code, scan.read_bytes())
    look_at_own(person, portal, code)
    accept(person, portal, code)
    see_paper(person, portal, code)
    assert not person.complaints()


def log_in(person: Person, portal: str) -> None:
    """Step 3: a wrong captcha first, as people do; it costs nothing but another picture."""
    person.open(portal)
    person.picture("trang-chu")
    person.go("a.log-in")
    assert person.text("label[for=maXacNhan]") == "Mã xác nhận (*)"
    fill_log_in(person, "SAI")
    person.picture("dang-nhap")
    person.go("#loginForm button[type=submit]")
    assert person.find(".alert-danger").get_attribute("data-error") == "captcha"
    person.picture("dang-nhap-sai-ma")
    before = person.find("#captchaImage").get_attribute("src")
    person.press(".captcha-reload")
    person.wait(lambda: person.find("#captchaImage").get_attribute("src") != before, "another captcha")
    person.wait(lambda: person.browser.execute_script("return document.getElementById('captchaImage').complete"))
    answer = person.admin.captcha_answer(person.find("input[name=captchaId]").get_attribute("value"))
    fill_log_in(person, answer)
    person.go("#loginForm button[type=submit]")
    assert person.text(".user-name") == "Nguyễn Thị Được"


def fill_log_in(person: Person, captcha: str) -> None:
    person.write("#tenDangNhap", NAME)
    person.write("#matKhau", PASSWORD)
    person.write("#maXacNhan", captcha)


def choose_procedure(person: Person) -> None:
    """Step 4: search the list, read the page, see its component, form, agency and time."""
    person.go(".menu a[href='/dichvucong/bothutuc/listThuTuc']")
    person.picture("bo-thu-tuc")
    person.write("input[name=tukhoa]", "phat bieu tren phuong tien")
    person.go("form[role=search] button[type=submit]")
    person.picture("tim-thu-tuc")
    found = person.find(".list-tthc a.tthc-name[data-code='9.990001']")
    assert "phát biểu trên phương tiện thông tin đại chúng" in found.text
    person.go(".list-tthc a.tthc-name[data-code='9.990001']")
    person.picture("thu-tuc")
    assert person.text("dd[data-field=thoi-han]") == "2 ngày"
    assert person.text("table.thanh-phan .ten-giay-to").startswith("Đơn đề nghị đăng tin")
    form = person.download("table.thanh-phan a.mau-don")
    assert form.startswith((b"PK", b"%PDF"))
    person.go("a.nop-ho-so")


def tell_applicant(person: Person) -> None:
    """Step 5, first page: name and ID number come from the account and cannot be changed."""
    for field, value in {"CongDan_tenCongDan": "Nguyễn Thị Được", "CongDan_soCmnd": ID_NUMBER}.items():
        assert person.find(f"#{field}").get_attribute("value") == value
        assert person.find(f"#{field}").get_attribute("readonly")
    person.go("#thongTinNguoiNop button[value=tiep-tuc]")
    assert person.all(".field-error[data-field=CongDan_diaChi]"), "the missing address is not told"
    person.picture("nguoi-nop-thieu")
    person.choose("#CongDan_maTinhThanh", "Tỉnh Hưng Yên")
    person.choose("#CongDan_maPhuongXa", "Phường Trần Lãm")
    person.write("#CongDan_diaChi", "Số 8, đường Lê Lợi")
    person.picture("nguoi-nop")
    person.go("#thongTinNguoiNop button[value=tiep-tuc]")


def upload(person: Person, scan: Path) -> None:
    """Step 5, second page: the scan goes up when it is chosen and gets the portal's name."""
    assert person.text("dd[data-field=noi-tiep-nhan]").startswith("Bộ phận Tiếp nhận và Trả kết quả sở TT&TT")
    person.picture("thanh-phan")
    person.write("#HoSoOnline_veViec", SUBJECT)
    person.find("tr.giay-to[data-heading='0'] input[type=file]").send_keys(str(scan))
    stored = person.text("tr.giay-to li.tep a.stored-name")
    assert re.fullmatch(r"documents\d{14}_\d{10}\.pdf", stored)
    assert person.find("#HoSoOnline_veViec").get_attribute("value") == SUBJECT, "what was typed is lost"
    assert person.find("tr.giay-to input[type=checkbox]").is_selected()
    person.picture("thanh-phan-da-tai")
    assert person.download("tr.giay-to li.tep a.stored-name") == scan.read_bytes()


def sign_by_phone(person: Person, smartca: str) -> None:
    """Step 6: the portal asks SmartCA, the citizen confirms on the phone, the waiting page notices by itself."""
    person.admin.smartca_mode("manual")
    open_signing(person)
    assert person.text(".cho-ky h1") == "Chờ xác nhận trên điện thoại"
    person.picture("cho-xac-nhan")
    with person.other_window(390) as phone:
        phone.open(smartca)
        phone.picture("dien-thoai-thue-bao")
        phone.go(f".people a[href$='/{ID_NUMBER}']")
        assert len(phone.all(".card .documents li")) == 1
        phone.picture("dien-thoai-cho")
        phone.go(".card button.approve")
        assert phone.text(".history em") == "Đã ký"
        phone.picture("dien-thoai-da-ky")
    end_signing(person)


def sign_approved(person: Person) -> None:
    """Step 6 where the subscriber approves everything."""
    person.admin.smartca_mode("approve")
    open_signing(person)
    end_signing(person)
    person.admin.smartca_mode("manual")


def open_signing(person: Person) -> None:
    """The sign dialog with the guide's actions, then certificate, page and place."""
    person.go("tr.giay-to button.ky-so")
    actions = {one.text for one in person.all(".ky-so .button")}
    assert {"VNPT-CA Plugin Token", "VNPT SmartCA"} <= actions
    person.picture("ky-so")
    person.go("a[href*='/ky-so/smartca']")
    assert person.find("input[name=soChungThu]:checked")
    person.choose("#trang", "Trang cuối")
    person.choose("#viTri", "Góc dưới bên phải")
    person.picture("ky-so-smartca")
    person.go("#kySmartca button[type=submit]")


def undo_signature(person: Person, scan: Path) -> None:
    """Hủy ký số: the unsigned file is back, byte for byte."""
    person.go("tr.giay-to button.ky-so")
    person.picture("huy-ky-so")
    person.go("form[action*=huy-ky-so] button")
    assert person.find("tr.giay-to li.tep").get_attribute("data-signed") == "0"
    assert person.download("tr.giay-to li.tep a.stored-name") == scan.read_bytes()


def end_signing(person: Person) -> None:
    person.find(".cho-ky[data-state=signed]")
    person.picture("ky-so-thanh-cong")
    person.go(".cho-ky .actions a")
    assert person.find("tr.giay-to li.tep").get_attribute("data-signed") == "1"
    badge = person.text("tr.giay-to .badge.signed")
    assert badge.casefold() == "đã ký số (vnpt smartca) · nguyễn thị được"
    person.picture("thanh-phan-da-ky")


def confirm(person: Person) -> str:
    """Step 7: everything once more, the promise, the button; then the code."""
    person.go("#thanhPhanHoSo button[value=tiep-tuc]")
    assert SUBJECT in person.text("main")
    person.go("#xacNhan button[type=submit]")
    assert person.all(".field-error[data-field=camDoan]"), "submitted without the promise"
    person.press("input[name=camDoan]")
    person.picture("xac-nhan")
    person.go("#xacNhan button[type=submit]")
    code = person.text("#ma-ho-so")
    assert CODE.fullmatch(code)
    person.picture("nop-thanh-cong")
    receipt = person.download("a.tai-giay-xac-nhan")
    assert receipt.startswith(b"%PDF")
    assert code in pdf_text(receipt)
    return code


def check_stored(sandbox: Running, code: str, scan: bytes) -> None:
    """The database holds the very bytes of the scan and, in its place, the signed PDF that begins with them."""
    with closing(sqlite3.connect(f"file:{sandbox.state / 'sandbox.sqlite3'}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT f.unsigned_sha256, u.content, f.sha256, s.content, f.signed_way FROM dossier_file f"
            " JOIN blob s ON s.sha256 = f.sha256 JOIN blob u ON u.sha256 = f.unsigned_sha256 WHERE f.dossier = ?",
            (code,),
        ).fetchall()
        status = database.execute("SELECT status FROM dossier WHERE code = ?", (code,)).fetchone()
    assert status == (1,)
    assert len(rows) == 1
    plain_sum, plain, signed_sum, signed, way = rows[0]
    assert plain == scan
    assert plain_sum == hashlib.sha256(scan).hexdigest()
    assert signed.startswith(scan)
    assert signed_sum == hashlib.sha256(signed).hexdigest()
    assert way == "smartca"
    check_signature(signed)


def check_signature(signed: bytes) -> None:
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig (poppler-utils) is not installed")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signed.pdf"
        file.write_bytes(signed)
        command = ["pdfsig", "-nocert", str(file)]
        verdict = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert "Signature is Valid" in verdict
    assert "Total document signed" in verdict


def look_at_own(person: Person, portal: str, code: str) -> None:
    """The dossier stands in the citizen's list, newest first."""
    person.open(f"{portal}/dich-vu-cong/cong-dan/ho-so")
    assert person.find("table.ho-so tbody tr").get_attribute("data-code") == code
    person.picture("ho-so-cua-toi")


def accept(person: Person, portal: str, code: str) -> None:
    """The officer's side: another log-in, the dossier with the signature judged, the button."""
    person.open(f"{portal}/can-bo/")
    person.picture("can-bo-dang-nhap")
    person.write("#tenDangNhap", OFFICER)
    person.write("#matKhau", OFFICER_PASSWORD)
    person.go("main button[type=submit]")
    person.picture("can-bo-danh-sach")
    person.go(f"tr[data-code='{code}'] a")
    assert person.find("[data-verdict]").get_attribute("data-verdict") == "ok"
    person.picture("can-bo-ho-so")
    person.go("details[data-action=accept] button[type=submit]")
    assert person.find("h1 .status").get_attribute("data-status") == "2"
    assert person.all("li[data-paper][data-kind='1']")
    person.picture("can-bo-da-tiep-nhan")


def see_paper(person: Person, portal: str, code: str) -> None:
    """The citizen's session is still there; Mẫu số 01 is, signed by the agency."""
    person.open(f"{portal}/dich-vu-cong/cong-dan/ho-so/chi-tiet?ma-ho-so={code}")
    assert person.text("dd[data-field=trang-thai]") == "Được tiếp nhận"
    person.picture("ho-so-duoc-tiep-nhan")
    paper = person.download("table.giay-to tr[data-kind='1'] a")
    text = pdf_text(paper)
    assert code in text
    assert "THỬ NGHIỆM" in text
    assert "giấy tiếp nhận hồ sơ và hẹn trả kết quả" in " ".join(text.lower().split())
    check_signature(paper)
    assert (
        person.find("table.giay-to tr[data-kind='1']").get_attribute("data-sha256") == hashlib.sha256(paper).hexdigest()
    )


def pdf_text(content: bytes) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
