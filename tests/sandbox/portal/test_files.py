"""Files of a draft: names, limits, kinds by content, replacement, personal store (portal contract, rows 10 to 13)."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dvc_sandbox.client import AdminClient

from .citizen import WIZARD, Citizen, archive, jpg, pdf, png

FILES = f"{WIZARD}/tep-tin"
STORE = "/dich-vu-cong/cong-dan/kho-giay-to"


@pytest.fixture
def sid(citizen: Citizen) -> str:
    number = citizen.start()
    assert citizen.fill_applicant(number).status == 302
    return number


def docx() -> bytes:
    return archive(**{"[Content_Types]_xml": b"<Types/>", "word__document_xml": b"<document/>"})


def doc() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 20 + b"\xfe\xff" + b"\0" * 1000


def rar() -> bytes:
    def block(kind: int, flags: int, rest: bytes) -> bytes:
        body = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
        return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body

    file = block(0x74, 0x8000, struct.pack("<II", 5, 5) + b"\0" * 17) + b"hello"
    return b"Rar!\x1a\x07\x00" + block(0x73, 0, b"\0" * 6) + file + block(0x7B, 0x4000, b"")


def rar5() -> bytes:
    def block(body: bytes) -> bytes:
        sized = bytes([len(body)]) + body
        return struct.pack("<I", zlib.crc32(sized)) + sized

    return (
        b"Rar!\x1a\x07\x01\x00"
        + block(b"\x01\x00\x00")
        + block(b"\x02\x02\x05" + b"\0" * 6)
        + b"hello"
        + block(b"\x05\x00\x00")
    )


def seven_zip() -> bytes:
    header = b"\x17\x06\x10\x01"
    start = struct.pack("<QQI", 5, len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + b"hello" + header


SOUND: dict[str, Callable[[], bytes]] = {
    "a.pdf": pdf, "a.jpg": jpg, "a.JPEG": jpg, "a.doc": doc, "a.docx": docx, "a.zip": lambda: archive(a_txt=b"hello"),
    "a.rar": rar, "b.rar": rar5, "a.7z": seven_zip,
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_kinds_that_are_taken(citizen: Citizen, sid: str, name: str) -> None:
    content = SOUND[name]()
    stored = citizen.upload(sid, content, name=name)
    assert stored.status_code == 201, stored.text
    extension = name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    assert re.fullmatch(rf"documents\d{{14}}_\d{{10}}\.{extension}", stored.json()["storedName"])
    assert citizen.http.get(f"{FILES}/{stored.json()['id']}", params={"sid": sid}).content == content


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.png", png), ("a.jpg", png), ("a.pdf", jpg), ("a.docx", lambda: archive(a_txt=b"x")), ("a.exe", pdf), ("pdf", pdf),
        ("a.pdf", lambda: b"hello"), ("a.txt", lambda: b"hello"), ("a.pdf", lambda: b"<html>not a PDF</html>"),
    ],
)  # fmt: skip
def test_kinds_that_are_refused(citizen: Citizen, sid: str, name: str, make: Callable[[], bytes]) -> None:
    refused = citizen.upload(sid, make(), name=name)
    assert (refused.status_code, refused.json()["error"]) == (415, "type")


@pytest.mark.parametrize("name", [name for name in SOUND if name != "a.doc"])
def test_a_truncated_file_is_broken(citizen: Citizen, sid: str, name: str) -> None:
    content = SOUND[name]()
    refused = citizen.upload(sid, content[: len(content) * 2 // 3], name=name)
    assert (refused.status_code, refused.json()["error"]) == (422, "broken")


def test_a_locked_pdf_is_broken(citizen: Citizen, sid: str) -> None:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert citizen.upload(sid, out.getvalue()).status_code == 422


def test_twenty_million_bytes_and_not_one_more(citizen: Citizen, sid: str) -> None:
    assert citizen.upload(sid, pdf(size=20_000_000)).json()["size"] == 20_000_000
    refused = citizen.upload(sid, pdf(size=20_000_001))
    assert (refused.status_code, refused.json()["error"]) == (413, "too-large")


def test_fifty_million_bytes_in_the_catch_all(citizen: Citizen, sid: str) -> None:
    content = pdf(size=50_000_000)
    stored = citizen.upload(sid, content, "extra").json()
    assert stored["size"] == 50_000_000
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert citizen.upload(sid, content + b" ", "extra").status_code == 413


def test_the_catch_all_holds_one_file(citizen: Citizen, sid: str) -> None:
    citizen.upload(sid, pdf("one"), "extra")
    second = citizen.upload(sid, pdf("two"), "extra").json()
    assert [file["id"] for file in citizen.http.get(FILES, params={"sid": sid}).json()["files"]] == [second["id"]]


def test_several_files_in_one_row(citizen: Citizen, sid: str) -> None:
    first, second = citizen.upload(sid, pdf("one")).json(), citizen.upload(sid, pdf("two")).json()
    page = citizen.components(sid)
    assert page.tree.xpath("//tr[@data-heading='0']//li/@data-file") == [str(first["id"]), str(second["id"])]


def test_many_uploads_at_once(citizen: Citizen, sid: str) -> None:
    contents = [pdf(f"tệp {number}", size=300_000) for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda content: citizen.upload(sid, content), contents))
    assert [answer.status_code for answer in answers] == [201] * 16
    assert len({answer.json()["storedName"] for answer in answers}) == 16
    assert [answer.json()["sha256"] for answer in answers] == [
        hashlib.sha256(content).hexdigest() for content in contents
    ]


def test_replace_and_delete(citizen: Citizen, sid: str) -> None:
    first = citizen.upload(sid, pdf("one")).json()
    other = pdf("two")
    second = citizen.upload(sid, other, action=f"/{first['id']}/thay-the").json()
    assert second["id"] == first["id"]
    assert second["storedName"] != first["storedName"]
    read = citizen.http.get(f"{FILES}/{first['id']}", params={"sid": sid})
    assert (read.content, read.headers["x-content-sha256"]) == (other, hashlib.sha256(other).hexdigest())
    assert citizen.upload(sid, b"", action=f"/{first['id']}/xoa").json()["deleted"] == first["id"]
    gone = citizen.http.get(f"{FILES}/{first['id']}", params={"sid": sid}, headers={"Accept": "application/json"})
    assert (gone.status_code, gone.json()["error"]) == (404, "not-found")


@pytest.mark.parametrize("slot", ["1", "x", "other-4", ""])
def test_a_row_of_another_procedure_is_refused(citizen: Citizen, sid: str, slot: str) -> None:
    token = citizen.components(sid).tree.get_element_by_id("thanhPhanHoSo").get("data-ma-tep")
    refused = citizen.http.post(
        FILES, params={"sid": sid}, data={"maTep": token, "thanhPhan": slot}, files={"file": ("a.pdf", pdf())},
        headers={"Accept": "*/*"},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["error"]) == (422, "invalid")


def test_file_requests_need_the_drafts_own_token(citizen: Citizen, sid: str) -> None:
    other = citizen.start()
    citizen.fill_applicant(other)
    foreign = citizen.components(other).tree.get_element_by_id("thanhPhanHoSo").get("data-ma-tep")
    for token in ("", "x", foreign):
        refused = citizen.upload(sid, pdf(), maTep=token)
        assert (refused.status_code, refused.json()["error"]) == (403, "csrf")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "C:\\Windows\\a.pdf", "a\x07b.pdf", "<b>.pdf", "x" * 400 + ".pdf"]
)
def test_file_names_are_only_text(citizen: Citizen, sid: str, name: str) -> None:
    stored = citizen.upload(sid, pdf(), name=name).json()
    assert re.fullmatch(r"documents\d{14}_\d{10}\.pdf", stored["storedName"])
    assert not re.search(r"[/\\\x00-\x1f]", stored["originalName"])
    assert len(stored["originalName"]) <= 200
    assert "<b>.pdf" not in citizen.components(sid).response.text


def test_buttons_of_the_rows_work_without_scripts(citizen: Citizen, sid: str) -> None:
    number = citizen.upload(sid, pdf("kho")).json()["id"]
    slot = citizen.components(sid).tree.xpath("//tr[@data-heading='0']/@data-component")[0]
    citizen.fill_components(sid, hanhDong=f"luu-kho:{number}")
    citizen.fill_components(sid, hanhDong=f"xoa:{number}", HoSoOnline_veViec="Giữ lại")
    page = citizen.components(sid)
    assert not page.tree.xpath("//li[@data-file]")
    assert page.tree.get_element_by_id("HoSoOnline_veViec").get("value") == "Giữ lại"
    take = page.tree.xpath(f"//button[starts-with(@value, 'tu-kho:{slot}:')]/@value")[0]
    citizen.fill_components(sid, hanhDong=take)
    assert len(citizen.components(sid).tree.xpath("//li[@data-file]")) == 1
    dialog = citizen.fill_components(sid, hanhDong=f"ky-so:{slot}")
    assert dialog.response.headers["location"].startswith(f"{WIZARD}/ky-so?sid=")


def test_the_personal_store(visitor: Callable[[], Citizen], admin: AdminClient) -> None:
    person = visitor()
    person.log_in("congdan08")
    page = person.get(STORE)
    content = jpg()
    person.send(page, "themGiayTo", files={"file": ("căn cước.jpg", content)}, tenGiayTo="Căn cước")
    row = person.get(STORE).tree.xpath("//tr[@data-item]")[0]
    item = row.get("data-item")
    assert row.get("data-sha256") == hashlib.sha256(content).hexdigest()
    assert person.http.get(f"{STORE}/{item}").content == content

    sid = person.start()
    person.fill_applicant(sid)
    used = person.upload(sid, b"", action="/tu-kho", giayTo=item).json()
    assert used["sha256"] == row.get("data-sha256")
    saved = person.upload(sid, b"", action=f"/{used['id']}/luu-kho")
    assert (saved.status_code, str(saved.json()["item"])) == (201, item)

    other = visitor()
    other.log_in("congdan09")
    assert other.http.get(f"{STORE}/{item}").status_code == 404
    sid = other.start()
    other.fill_applicant(sid)
    assert other.upload(sid, b"", action="/tu-kho", giayTo=item).status_code == 404

    token = person.get(STORE).tree.xpath("//tr[@data-item]//input[@name='csrf']/@value")[0]
    person.http.post(f"{STORE}/{item}/xoa", data={"csrf": token})
    assert not person.get(STORE).tree.xpath("//tr[@data-item]")
