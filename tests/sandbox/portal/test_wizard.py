"""Agency and case, applicant page, components page (portal contract, rows 7 to 9 and section 7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .citizen import ALLOWANCE, COPY, HOUSEHOLD, NO_PAPERS, SAME_NAMES, WIZARD, Citizen, pdf

UNITS = "/dich-vu-cong/danh-muc/don-vi-hanh-chinh"


def test_one_agency_and_one_case_go_straight_on(citizen: Citizen) -> None:
    page = citizen.get(f"{WIZARD}/chon-truong-hop-ho-so", **{"ma-thu-tuc-public": 1001})
    assert page.response.headers["location"].startswith(f"{WIZARD}/thong-tin-nguoi-nop?sid=")


def test_several_agencies_must_be_chosen_from(citizen: Citizen) -> None:
    page = citizen.get(f"{WIZARD}/chon-truong-hop-ho-so", **{"ma-thu-tuc-public": HOUSEHOLD})
    assert len(page.tree.xpath("//input[@name='coQuan']")) == 3
    assert citizen.send(page, "chonTruongHop").field_errors == {"coQuan"}
    page = citizen.get(f"{WIZARD}/chon-truong-hop-ho-so", **{"ma-thu-tuc-public": HOUSEHOLD})
    assert citizen.send(page, "chonTruongHop", coQuan="000.00.17.H54").field_errors == {"coQuan"}
    sid = citizen.start(HOUSEHOLD, coQuan="H54.11953")
    page = citizen.get(f"{WIZARD}/thong-tin-nguoi-nop", sid=sid)
    assert "phường Phố Hiến" in page.text("//dd[@data-field='noi-tiep-nhan']")


def test_the_case_decides_which_components_are_asked_for(citizen: Citizen) -> None:
    rows = {}
    for case in ("1", "2", "3"):
        sid = citizen.start(ALLOWANCE, truongHop=case)
        citizen.fill_applicant(sid)
        rows[case] = citizen.components(sid).tree.xpath("//tr[@data-component]/@data-code")
    assert rows["1"] == ["1.001776.TP01"]
    assert rows["2"] == ["1.001776.TP01", "1.001776.TP02"]
    assert rows["3"] == ["1.001776.TP01", "1.001776.TP03"]


def test_a_sid_is_bound_to_its_account(citizen: Citizen, visitor: Callable[[], Citizen]) -> None:
    sid = citizen.start()
    other = visitor()
    other.log_in("congdan02")
    for page in ("thong-tin-nguoi-nop", "nhap-thong-tin-ho-so", "xac-nhan"):
        assert other.get(f"{WIZARD}/{page}", sid=sid).status == 404
    assert other.http.get(f"{WIZARD}/tep-tin", params={"sid": sid}).status_code == 404


def test_name_and_id_number_come_from_the_account(citizen: Citizen) -> None:
    sid = citizen.start()
    page = citizen.get(f"{WIZARD}/thong-tin-nguoi-nop", sid=sid)
    for name, value in (("CongDan_tenCongDan", "Nguyễn Thị Được"), ("CongDan_soCmnd", "034199000123")):
        box = page.tree.get_element_by_id(name)
        assert (box.get("value"), box.get("readonly")) == (value, "readonly")
        refused = citizen.fill_applicant(sid, **{name: "034199000124"})
        assert (refused.status, refused.field_errors) == (422, {name})
    assert citizen.fill_applicant(sid, CongDan_tenCongDan=None, CongDan_soCmnd=None).status == 302


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"CongDan_maPhuongXa": "00004"}, "CongDan_maPhuongXa"),
        ({"CongDan_maTinhThanh": "99"}, "CongDan_maTinhThanh"),
        ({"CongDan_maTinhThanh": ""}, "CongDan_maTinhThanh"),
        ({"CongDan_diaChi": " "}, "CongDan_diaChi"),
        ({"CongDan_diDong": "12345"}, "CongDan_diDong"),
        ({"CongDan_email": "nobody"}, "CongDan_email"),
        ({"CongDan_ngayCapCmnd": "31/02/2020"}, "CongDan_ngayCapCmnd"),
        ({"CongDan_ngayCapCmnd": "01/01/2999"}, "CongDan_ngayCapCmnd"),
        ({"CongDan_maSoThueNguoiNop": "0101234566"}, "CongDan_maSoThueNguoiNop"),
    ],
)
def test_what_the_applicant_page_refuses(citizen: Citizen, changes: dict[str, str], wrong: str) -> None:
    page = citizen.fill_applicant(citizen.start(), **changes)
    assert (page.status, page.error, page.field_errors) == (422, "invalid", {wrong})


OWNER = {
    "chkbox_nguoinoplachuhs": None,
    "ChuHoSo_maDoiTuongNopHS": "1",
    "ChuHoSo_tenChuHoSo": "Phạm Văn Chủ",
    "ChuHoSo_soCMNDChuHoSo": "034080000777",
    "ChuHoSo_maTinhThanhCHS": "01",
    "ChuHoSo_maPhuongXaCHS": "00004",
    "ChuHoSo_diaChiChuHoSo": "Số 2",
    "ChuHoSo_diDongLienLacCHS": "0912000777",
}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, set()),
        ({"ChuHoSo_soCMNDChuHoSo": "123456789"}, set()),
        ({"ChuHoSo_soCMNDChuHoSo": "1234567890"}, {"ChuHoSo_soCMNDChuHoSo"}),
        ({"ChuHoSo_soCMNDChuHoSo": "03408000077x"}, {"ChuHoSo_soCMNDChuHoSo"}),
        ({"ChuHoSo_soCMNDChuHoSo": ""}, {"ChuHoSo_soCMNDChuHoSo"}),
        ({"ChuHoSo_maPhuongXaCHS": "11953"}, {"ChuHoSo_maPhuongXaCHS"}),
        ({"ChuHoSo_maDoiTuongNopHS": "2"}, {"ChuHoSo_tenCoQuanToChucCHS", "ChuHoSo_maSoThueChuHoSo"}),
        ({"ChuHoSo_maDoiTuongNopHS": "9"}, {"ChuHoSo_maDoiTuongNopHS"}),
    ],
)
def test_another_owner(citizen: Citizen, changes: dict[str, str], wrong: set[str]) -> None:
    page = citizen.fill_applicant(citizen.start(), **{**OWNER, **changes})
    assert page.field_errors == wrong
    assert page.status == (422 if wrong else 302)


def test_communes_of_the_two_level_profile(citizen: Citizen) -> None:
    units = citizen.http.get(UNITS, params={"tinh": "33"}).json()
    assert units["sandbox"] is True
    assert (units["levels"], units["districts"]) == (2, [])
    assert {"code": "11953", "name": "Phường Phố Hiến"} in units["communes"]
    assert (
        len(
            citizen.get(f"{WIZARD}/thong-tin-nguoi-nop", sid=citizen.start()).tree.xpath(
                "//*[@id='CongDan_maTinhThanh']/option"
            )
        )
        == 35
    )
    assert citizen.http.get(UNITS, params={"tinh": "zz"}).json()["communes"] == []


def test_the_three_level_profile(citizen: Citizen, drills: Callable[..., object]) -> None:
    drills(levels=3)
    districts = citizen.http.get(UNITS, params={"tinh": "34"}).json()["districts"]
    assert {"code": "336", "name": "Thành phố Thái Bình"} in districts
    commune = citizen.http.get(UNITS, params={"tinh": "34", "huyen": "336"}).json()["communes"][0]["code"]
    place = {"CongDan_maTinhThanh": "34", "CongDan_maQuanHuyen": "336", "CongDan_maPhuongXa": commune}
    sid = citizen.start()
    assert citizen.fill_applicant(sid, **{**place, "CongDan_maQuanHuyen": "338"}).field_errors == {"CongDan_maPhuongXa"}
    assert citizen.fill_applicant(sid, **{**place, "CongDan_maTinhThanh": "33"}).field_errors == {"CongDan_maQuanHuyen"}
    assert citizen.fill_applicant(sid, **place).status == 302


def test_communes_load_without_scripts(citizen: Citizen) -> None:
    page = citizen.fill_applicant(citizen.start(), CongDan_maPhuongXa="", hanhDong="tai-don-vi")
    assert (page.status, page.error) == (200, None)
    assert "11953" in page.tree.xpath("//*[@id='CongDan_maPhuongXa']/option/@value")


def test_steps_cannot_be_skipped(citizen: Citizen) -> None:
    sid = citizen.start()
    assert citizen.components(sid).status == 409
    citizen.fill_applicant(sid)
    assert citizen.confirmation(sid).status == 409


def test_a_mandatory_row_needs_a_file(citizen: Citizen) -> None:
    sid = citizen.start()
    citizen.fill_applicant(sid)
    page = citizen.fill_components(sid)
    slot = page.tree.xpath("//tr[@data-mandatory='1']/@data-component")[0]
    assert (page.status, page.field_errors) == (422, {f"GiayToCuaHoSoOnline_{slot}_fileGiayTo"})


@pytest.mark.parametrize(("field", "value"), [("tick", None), ("soBan", "0"), ("soBan", "-1"), ("soBan", "x")])
def test_rows_sent_must_be_ticked_with_one_copy_at_least(citizen: Citizen, field: str, value: str | None) -> None:
    sid = citizen.start()
    citizen.fill_applicant(sid)
    slot = citizen.upload(sid, pdf()).json()["component"]
    page = citizen.fill_components(sid, **{f"{field}_{slot}": value})
    assert (page.status, page.field_errors) == (422, {f"{field}_{slot}"})


def test_a_subject_is_mandatory(citizen: Citizen) -> None:
    sid = citizen.start()
    citizen.fill_applicant(sid)
    citizen.upload(sid, pdf())
    assert citizen.fill_components(sid, HoSoOnline_veViec=" ").field_errors == {"HoSoOnline_veViec"}


def test_a_free_row_with_a_file_needs_a_name(citizen: Citizen) -> None:
    sid = citizen.start()
    citizen.fill_applicant(sid)
    citizen.upload(sid, pdf())
    citizen.upload(sid, pdf(), "other-1")
    assert citizen.fill_components(sid).field_errors == {"HoSoOnline_giayToKhac_file_1"}
    assert citizen.fill_components(sid, **{"HoSoOnline_giayToKhac[]": "Bản đồ"}).status == 302


def test_heading_rows_take_nothing_and_conditional_rows_may_stay_empty(citizen: Citizen) -> None:
    sid = citizen.start(SAME_NAMES, coQuan="H54.13225", truongHop="1")
    citizen.fill_applicant(sid)
    page = citizen.components(sid)
    heading = page.tree.xpath("//tr[@data-heading='1']/@data-component")[0]
    assert not page.tree.xpath("//tr[@data-heading='1']//input")
    assert citizen.upload(sid, pdf(), heading).status_code == 422
    mandatory = page.tree.xpath("//tr[@data-mandatory='1']/@data-component")
    assert len(mandatory) == 1
    assert citizen.upload(sid, pdf(), mandatory[0]).status_code == 201
    assert citizen.fill_components(sid).status == 302


def test_a_procedure_without_papers(citizen: Citizen) -> None:
    sid = citizen.start(NO_PAPERS)
    citizen.fill_applicant(sid)
    assert "Hồ sơ không yêu cầu giấy tờ kèm theo" in citizen.components(sid).response.text
    assert citizen.fill_components(sid).status == 302
    assert citizen.confirm(citizen.confirmation(sid)).status == 302


def test_an_online_fee_has_its_own_page(citizen: Citizen) -> None:
    sid = citizen.start(COPY)
    citizen.fill_applicant(sid)
    citizen.upload(sid, pdf())
    assert citizen.fill_components(sid).response.headers["location"].startswith(f"{WIZARD}/le-phi")
    page = citizen.get(f"{WIZARD}/le-phi", sid=sid)
    assert page.tree.get_element_by_id("tongPhi").get("data-amount") == "4000"
    assert citizen.send(page, "lePhi").field_errors == {"hinhThucThanhToan"}
    page = citizen.get(f"{WIZARD}/le-phi", sid=sid)
    done = citizen.send(page, "lePhi", hinhThucThanhToan="truc-tuyen")
    assert done.response.headers["location"].startswith(f"{WIZARD}/xac-nhan")


def test_a_draft_can_be_found_again_and_thrown_away(citizen: Citizen) -> None:
    sid = citizen.start()
    page = citizen.get("/dich-vu-cong/cong-dan/ho-so-nhap")
    token = page.tree.xpath(f"//tr[@data-sid='{sid}']//input[@name='csrf']/@value")[0]
    citizen.http.post("/dich-vu-cong/cong-dan/ho-so-nhap/xoa", data={"csrf": token, "sid": sid})
    assert not citizen.get("/dich-vu-cong/cong-dan/ho-so-nhap").tree.xpath(f"//tr[@data-sid='{sid}']")
    assert citizen.get(f"{WIZARD}/thong-tin-nguoi-nop", sid=sid).status == 404
