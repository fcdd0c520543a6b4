"""Own dossiers, public look-up, supplement, withdrawal, payment, results (portal contract, rows 16 and 17)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.errors import SandboxError

from .citizen import OWN, Citizen, Page, pdf

LOOKUP = "/dichvucong/tracuu"


def detail(person: Citizen, code: str) -> Page:
    return person.get(f"{OWN}/chi-tiet", **{"ma-ho-so": code})


def look_up(person: Citizen, code: str, captcha: str | None = None) -> Page:
    page = person.get(LOOKUP)
    return person.send(page, "traCuu", maHoSo=code, maXacNhan=captcha or person.solve(page))


def test_anyone_may_look_up_a_code(citizen: Citizen, visitor: Callable[[], Citizen]) -> None:
    code = citizen.file_dossier()
    found = look_up(visitor(), code)
    assert found.text("//dd[@data-field='ma']") == code
    assert found.text("//dd[@data-field='trang-thai']") == "Mới đăng ký"
    assert found.tree.xpath("//table[contains(@class, 'lich-su')]//tr/@data-status") == ["1"]
    assert "Được" not in found.text("//dd[@data-field='nguoi-nop']")


def test_the_look_up_wants_its_captcha(citizen: Citizen, visitor: Callable[[], Citizen]) -> None:
    code = citizen.file_dossier()
    refused = look_up(visitor(), code, "00000")
    assert refused.error == "captcha"
    assert not refused.tree.xpath("//*[contains(@class, 'ket-qua')]")


def test_an_unknown_code_is_not_found(visitor: Callable[[], Citizen]) -> None:
    assert look_up(visitor(), "000.00.17.H54-200101-0000001").error == "not-found"


def test_the_list_has_pages_and_a_search(visitor: Callable[[], Citizen]) -> None:
    person = visitor()
    person.log_in("congdan11")
    codes = [person.file_dossier(HoSoOnline_veViec=f"Đợt {letter * 4}") for letter in "abcdefghijkl"]
    first, second = person.get(OWN), person.get(OWN, page=2)
    assert first.tree.xpath("//tr/@data-code") == codes[:1:-1]
    assert second.tree.xpath("//tr/@data-code") == codes[1::-1]
    assert person.get(OWN, tukhoa="dot hhhh").tree.xpath("//tr/@data-code") == [codes[7]]
    assert person.get(OWN, tukhoa=codes[3]).tree.xpath("//tr/@data-code") == [codes[3]]
    assert person.get(OWN, trang_thai="10").tree.xpath("//tr/@data-code") == []
    assert len(person.get(OWN, per_page=50).tree.xpath("//tr/@data-code")) == 12


def test_the_detail_echoes_note_and_files(citizen: Citizen) -> None:
    code = citizen.file_dossier(HoSoOnline_ghiChu="Số tham chiếu nội bộ: DVC-QQQQQQQQQQQQQQQQ")
    page = detail(citizen, code)
    assert page.text("//dd[@data-field='ghi-chu']") == "Số tham chiếu nội bộ: DVC-QQQQQQQQQQQQQQQQ"
    link = page.tree.xpath("//table[contains(@class, 'tep-tin')]//tr[@data-file]//a/@href")[0]
    assert citizen.http.get(link).content.startswith(b"%PDF")


def test_another_account_sees_nothing(citizen: Citizen, visitor: Callable[[], Citizen]) -> None:
    code = citizen.file_dossier()
    other = visitor()
    other.log_in("congdan12")
    link = detail(citizen, code).tree.xpath("//tr[@data-file]//a/@href")[0]
    assert [other.get(link).status, detail(other, code).status] == [404, 404]
    assert other.get(f"{OWN}/rut", **{"ma-ho-so": code}).status == 404


def test_withdrawal(citizen: Citizen, admin: AdminClient) -> None:
    code = citizen.file_dossier()
    page = citizen.get(f"{OWN}/rut", **{"ma-ho-so": code})
    assert citizen.send(page, "rutHoSo", lyDo="Nộp nhầm").status == 302
    assert admin.dossier(code)["status"] == 7
    again = citizen.get(f"{OWN}/rut", **{"ma-ho-so": code})
    assert (again.status, again.error) == (409, "conflict")


def test_supplement(citizen: Citizen, admin: AdminClient) -> None:
    code = citizen.file_dossier()
    assert citizen.get(f"{OWN}/bo-sung", **{"ma-ho-so": code}).status == 409
    admin.officer(code, "accept")
    admin.officer(code, "processing")
    admin.officer(code, "supplement", note="Đề nghị nộp lại đơn có chữ ký")
    assert "Đề nghị nộp lại đơn có chữ ký" in detail(citizen, code).response.text
    page = citizen.get(f"{OWN}/bo-sung", **{"ma-ho-so": code})
    assert citizen.send(page, "boSung", files={"x": ("", b"")}).error == "invalid"
    page = citizen.get(f"{OWN}/bo-sung", **{"ma-ho-so": code})
    field = page.tree.xpath("//div[contains(@class, 'giay-to')]//input[@type='file']/@name")[0]
    refused = citizen.send(page, "boSung", files={field: ("a.pdf", b"not a PDF")})
    assert (refused.status, refused.error) == (415, "type")
    page = citizen.get(f"{OWN}/bo-sung", **{"ma-ho-so": code})
    assert citizen.send(page, "boSung", files={field: ("a.pdf", pdf("bổ sung"))}, noiDung="Đã ký").status == 302
    dossier = admin.dossier(code)
    assert (dossier["status"], len(dossier["files"])) == (4, 2)
    assert dossier["files"][1]["supplement"] is not None


def test_payment(citizen: Citizen, admin: AdminClient) -> None:
    code = citizen.file_dossier()
    admin.officer(code, "accept")
    admin.officer(code, "processing")
    admin.officer(code, "fee", name="Phí thẩm định", amount=50000)
    assert citizen.send(detail(citizen, code), "nopPhi").status == 302
    assert admin.dossier(code)["status"] == 4
    assert detail(citizen, code).tree.xpath("//table[contains(@class, 'nghia-vu')]//tr/@data-paid") == ["1"]


def test_papers_and_result_can_be_downloaded(citizen: Citizen, admin: AdminClient) -> None:
    code = citizen.file_dossier()
    for action in ("accept", "processing", "finish", "return"):
        admin.officer(code, action)
    page = detail(citizen, code)
    assert page.text("//dd[@data-field='trang-thai']") == "Đã trả kết quả"
    links = page.tree.xpath("//table[contains(@class, 'giay-to')]//tr[@data-paper]//a/@href")
    assert page.tree.xpath("//tr[@data-paper]/@data-kind")[0] == "1"
    assert "result" in page.tree.xpath("//tr[@data-paper]/@data-kind")
    assert all(citizen.http.get(link).content.startswith(b"%PDF") for link in links)


@pytest.mark.parametrize("action", ["processing", "supplement", "fee", "finish", "return", "stop"])
def test_the_order_of_statuses_is_kept(citizen: Citizen, admin: AdminClient, action: str) -> None:
    code = citizen.file_dossier()
    fields = {"supplement": {"note": "x"}, "fee": {"name": "Phí", "amount": 1000}, "stop": {"note": "x"}}.get(
        action, {}
    )
    with pytest.raises(SandboxError):
        admin.officer(code, action, **fields)
    assert (admin.dossier(code)["status"], len(admin.dossier(code)["history"])) == (1, 1)
