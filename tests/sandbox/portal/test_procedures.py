"""The procedure list, one procedure and its templates (portal contract, rows 5 and 6, section 6)."""

from __future__ import annotations

import unicodedata

import pytest

from dvc_sandbox.portal.text import fold
from dvc_sandbox.seed import catalogue

from .citizen import ARTICLE, HOUSEHOLD, Citizen

LIST = "/dichvucong/bothutuc/listThuTuc"
DETAIL = "/dichvucong/bothutuc/tthc"


def names(page) -> list[str]:
    return page.tree.xpath("//div[@class='list-tthc']//li/a[@class='tthc-name']/@data-code")


def test_every_procedure_is_on_exactly_one_page(citizen: Citizen) -> None:
    found: list[str] = []
    number, total = 1, 1
    while len(found) < total:
        page = citizen.get(LIST, per_page=50, page=number)
        total = int(page.text("//*[@id='tongSo']"))
        assert page.tree.xpath("//li[@class='active']/a[contains(@class, 'page-link')]/text()") == [str(number)]
        found += names(page)
        number += 1
    assert len(found) == len(set(found)) == total >= 120
    assert found == [procedure.code for procedure in catalogue.procedures(1)]


def test_a_page_never_has_more_than_fifty(citizen: Citizen) -> None:
    page = citizen.get(LIST, per_page=500)
    assert len(names(page)) == 50
    assert page.tree.xpath("//select[@id='pageSize']/option[@selected]/@value") == ["50"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"tukhoa": "đăng tin, bài"}, ["9.990001"]),
        ({"tukhoa": "DANG KY KHAI TU"}, ["1.000656"]),
        ({"tukhoa": "1.001612"}, ["1.001612"]),
        ({"linh_vuc": "Báo chí"}, ["9.990001"]),
        ({"co_quan_cha": "000.00.17.H54"}, ["9.990001"]),
        ({"tukhoa": "không có thủ tục nào như vậy"}, []),
        ({"linh_vuc": "Đất đai", "muc_do": "thong-tin", "tukhoa": "bản đồ"}, ["9.990005"]),
        ({"cap_thuc_hien": "xa", "doi_tuong": "to-chuc", "linh_vuc": "Văn hóa"}, ["1.003622"]),
    ],
)
def test_filters(citizen: Citizen, query: dict[str, str], expected: list[str]) -> None:
    assert names(citizen.get(LIST, **query)) == expected


def test_the_detail_shows_the_guides_procedure(citizen: Citizen) -> None:
    page = citizen.get(DETAIL, matt=ARTICLE)
    assert page.text("//dd[@data-field='ma']") == "9.990001"
    assert page.text("//dd[@data-field='thoi-han']") == "2 ngày"
    assert page.text("//dd[@data-field='co-quan']").startswith("Bộ phận Tiếp nhận và Trả kết quả sở TT&TT")
    rows = page.tree.xpath("//table[contains(@class, 'thanh-phan')]//tr[@data-component]")
    assert [(row.get("data-mandatory"), row.get("data-originals"), row.get("data-copies")) for row in rows] == [
        ("1", "1", "0")
    ]
    form = citizen.http.get(rows[0].xpath(".//a/@href")[0])
    assert form.status_code == 200
    assert form.headers["content-disposition"].startswith("attachment")
    assert form.content.startswith(b"PK")


def test_only_procedures_that_take_dossiers_offer_it(citizen: Citizen) -> None:
    link = "//a[contains(@class, 'nop-ho-so')]"
    assert citizen.get(DETAIL, matt=HOUSEHOLD).tree.xpath(link)
    assert not citizen.get(DETAIL, matt=1016).tree.xpath(link)
    refused = citizen.get("/dich-vu-cong/tiep-nhan-online/chon-truong-hop-ho-so", **{"ma-thu-tuc-public": 1016})
    assert (refused.status, refused.error) == (409, "conflict")


@pytest.mark.parametrize("number", ["0", "99999999", "x", "", "１", "1001; DROP TABLE procedure"])
def test_an_unknown_procedure_is_not_found(citizen: Citizen, number: str) -> None:
    assert citizen.get(DETAIL, matt=number).status == 404


def test_fees_and_forms_of_the_contract(citizen: Citizen) -> None:
    fee = citizen.get(DETAIL, matt=1008).tree.xpath("//dd[@data-field='le-phi']/span")[0]
    assert (fee.get("data-amount"), fee.get("data-online-amount")) == ("15000", "0")
    forms = citizen.get(DETAIL, matt=1009).tree.xpath("//a[@class='mau-don']/@href")
    assert len(forms) == 5
    assert len({citizen.http.get(link).content for link in forms}) == 5


def test_the_catalogue_has_the_cases_worth_having() -> None:
    procedures = catalogue.procedures(1)
    assert len(procedures) >= 120
    assert any(component.heading for item in procedures for component in item.components)
    assert any(len(item.agencies) > 1 for item in procedures)
    assert any(len(item.cases) > 1 for item in procedures)
    assert any(not item.components for item in procedures)
    assert any(len({c.name for c in item.components}) < len(item.components) for item in procedures)
    assert any(item.days is None for item in procedures)
    assert len({item.code for item in procedures}) == len({item.id for item in procedures}) == len(procedures)


def test_names_have_every_vietnamese_letter() -> None:
    tones = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
    letters = {unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in tones} | {"đ"}
    used = {letter for item in catalogue.procedures(1) for letter in item.name.lower()}
    assert letters - used == set()
    assert fold("Đăng ký") == "dang ky"
