"""The whole way in the portal's pages, from log-in to receipt."""

from __future__ import annotations

import hashlib
import re

from dvc_sandbox.client import AdminClient

from .citizen import OWN, WIZARD, Citizen, code_of, pdf


def test_from_log_in_to_receipt(citizen: Citizen, admin: AdminClient) -> None:
    content = pdf("Đơn đề nghị")
    sid = citizen.start()
    assert citizen.fill_applicant(sid).response.headers["location"].startswith(f"{WIZARD}/nhap-thong-tin-ho-so")
    stored = citizen.upload(sid, content, name="Đơn đề nghị.pdf").json()
    assert re.fullmatch(r"documents\d{14}_\d{10}\.pdf", stored["storedName"])
    assert (stored["originalName"], stored["size"], stored["signed"]) == ("Đơn đề nghị.pdf", len(content), False)
    note = "Số tham chiếu nội bộ: DVC-ABCDEFGHIJKLMNOP"
    assert (
        citizen.fill_components(sid, HoSoOnline_ghiChu=note)
        .response.headers["location"]
        .startswith(f"{WIZARD}/xac-nhan")
    )
    done = citizen.confirm(citizen.confirmation(sid))
    code = code_of(done)
    receipt = citizen.get(done.response.headers["location"])
    assert receipt.text("//*[@id='ma-ho-so']") == code

    dossier = admin.dossier(code)
    assert (dossier["status"], dossier["reference"], dossier["note"]) == (1, "DVC-ABCDEFGHIJKLMNOP", note)
    assert dossier["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert admin.blob(dossier["files"][0]["sha256"]) == content
    paper = citizen.http.get(receipt.tree.xpath("//a[contains(@class, 'tai-giay-xac-nhan')]/@href")[0])
    assert paper.content.startswith(b"%PDF-")
    assert "THU-NGHIEM" in paper.headers["content-disposition"]
    rows = citizen.get(OWN, tukhoa=code)
    assert rows.tree.xpath("//tr/@data-code") == [code]


def test_the_same_way_without_scripts_or_json(citizen: Citizen) -> None:
    sid = citizen.start()
    citizen.fill_applicant(sid)
    page = citizen.components(sid)
    field = page.tree.xpath("//tr[@data-heading='0']//input[@type='file']/@name")[0]
    slot = re.search(r"\d+", field)
    assert slot is not None
    sent = citizen.send(
        page,
        "thanhPhanHoSo",
        files={field: ("don.pdf", pdf(), "application/pdf")},
        HoSoOnline_veViec="Thử",
        **{f"tick_{slot[0]}": "1"},
    )
    assert sent.response.headers["location"].startswith(f"{WIZARD}/xac-nhan")
    assert re.fullmatch(r"[\w.]+-\d{6}-\d{7}", code_of(citizen.confirm(citizen.confirmation(sid))))


def test_pages_are_marked_as_a_sandbox(citizen: Citizen) -> None:
    for address in ("/", "/dichvucong/tracuu", OWN, "/dichvucong/kiosk", "/dichvucong/thongke", "/no-such-page"):
        assert "THỬ NGHIỆM / SANDBOX" in citizen.get(address).response.text


def test_no_dead_links(citizen: Citizen) -> None:
    seen, waiting = set(), ["/", citizen.http.get("/dich-vu-cong/cong-dan/thong-tin").url.path]
    code = citizen.file_dossier()
    waiting += [f"{OWN}/chi-tiet?ma-ho-so={code}", "/dichvucong/bothutuc/tthc?matt=1002"]
    while waiting and len(seen) < 60:
        address = waiting.pop()
        if address in seen or "dang-xuat" in address:
            continue
        seen.add(address)
        page = citizen.get(address)
        assert page.status in {200, 302, 303}, address
        if "text/html" in page.response.headers.get("content-type", ""):
            waiting += [link for link in page.tree.xpath("//a/@href") if link.startswith("/") and "page=" not in link]
    assert "/dichvucong/dichvukhac" in seen
