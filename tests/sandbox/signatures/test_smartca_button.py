"""The SmartCA button: the portal as service provider, the phone, and the signed file in the place of the component's file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running
from dvc_sandbox.environment import Environment
from dvc_sandbox.faults import FaultKind, FaultRule
from dvc_sandbox.portal.store_blobs import read_blob

from ..agency import page, pdfsig, run
from ..portal.citizen import WIZARD, Citizen

SMARTCA = f"{WIZARD}/ky-so/smartca"


class Signing:
    """A citizen with a draft whose files wait for a signature."""

    def __init__(self, citizen: Citizen, files: int) -> None:
        self.citizen, self.http = citizen, citizen.http
        self.sid = citizen.start()
        assert citizen.fill_applicant(self.sid).status == 302
        self.stored = [page(f"Giấy tờ {number}") for number in range(files)]
        self.ids = [
            citizen.upload(self.sid, pdf, name=f"giay-{n}.pdf").json()["id"] for n, pdf in enumerate(self.stored)
        ]
        self.token = citizen.components(self.sid).tree.get_element_by_id("thanhPhanHoSo").get("data-ma-tep")

    def ask(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        answer = self.http.post(
            SMARTCA,
            params={"sid": self.sid},
            data={"maTep": self.token, "tep": self.ids, **fields},
            headers={"Accept": "application/json"},
        )
        return answer.status_code, answer.json()

    def state(self, reference: str) -> dict[str, Any]:
        address = f"{SMARTCA}/{reference}/trang-thai"
        found: dict[str, Any] = self.http.get(
            address, params={"sid": self.sid}, headers={"Accept": "application/json"}
        ).json()
        return found

    def content(self, number: int) -> bytes:
        return self.http.get(f"{WIZARD}/tep-tin/{number}", params={"sid": self.sid}).content


@pytest.fixture
def phone(admin: AdminClient) -> Iterator[AdminClient]:
    """The emulator's switches; nothing stays open for the next test."""
    admin.smartca_mode("manual", variants={})
    yield admin
    admin.clear_faults()
    for one in admin.transactions():
        if one["state"] == "waiting":
            admin.reject(one["transaction_id"])
    admin.smartca_mode("manual", variants={})


@pytest.fixture
def citizen(sandbox: Running, admin: AdminClient) -> Iterator[Citizen]:
    """Nguyễn Thị Được, logged in."""
    person = Citizen(sandbox.urls.portal, admin)
    assert person.log_in().status == 302
    yield person
    person.http.close()


def approve(phone: AdminClient) -> None:
    (waiting,) = [one for one in phone.transactions() if one["state"] == "waiting"]
    phone.approve(waiting["transaction_id"])


def test_two_files_one_tap(citizen: Citizen, phone: AdminClient, environment: Environment, tmp_path: Path) -> None:
    signing = Signing(citizen, files=2)
    status, started = signing.ask()
    assert (status, started["state"], started["sandbox"]) == (202, "waiting", True)
    assert started["signer"] == "NGUYỄN THỊ ĐƯỢC"
    assert 290 <= started["expiresIn"] <= 300
    assert signing.state(started["reference"])["state"] == "waiting"
    (shown,) = [one for one in phone.transactions() if one["state"] == "waiting"]
    assert shown["sp_id"] == "sandbox-portal"
    assert [one["doc_id"].split("-", 1)[1] for one in shown["documents"]] == ["giay-0.pdf", "giay-1.pdf"]
    approve(phone)
    done = signing.state(started["reference"])
    assert done["state"] == "signed"
    for number, stored, file in zip(signing.ids, signing.stored, done["files"], strict=True):
        assert (file["state"], file["file"]["signed"], file["file"]["signedWay"]) == ("signed", True, "smartca")
        signed = signing.content(number)
        assert signed.startswith(stored)
        judged = pdfsig(signed, environment.pki.root, tmp_path)
        assert "Signature is Valid." in judged
        assert "Certificate is Trusted." in judged
        assert read_blob(environment, file["file"]["sha256"]) == signed


def test_visible_signature_says_who_and_when(citizen: Citizen, phone: AdminClient, tmp_path: Path) -> None:
    phone.smartca_mode("approve")
    signing = Signing(citizen, files=1)
    _, started = signing.ask(viTri="tren-trai", trang="dau")
    assert signing.state(started["reference"])["state"] == "signed"
    (tmp_path / "x.pdf").write_bytes(signing.content(signing.ids[0]))
    text = run("pdftotext", "-x", "0", "-y", "0", "-W", "300", "-H", "150", tmp_path / "x.pdf", "-")
    assert "Ký bởi: NGUYỄN THỊ ĐƯỢC" in text
    assert "Ngày ký: " in text


def test_started_and_left_and_picked_up_later(citizen: Citizen, phone: AdminClient) -> None:
    signing = Signing(citizen, files=1)
    _, started = signing.ask()
    approve(phone)
    answer = signing.http.get(
        f"{SMARTCA}/danh-sach", params={"sid": signing.sid}, headers={"Accept": "application/json"}
    )
    (found,) = answer.json()["transactions"]
    assert (found["reference"], found["state"]) == (started["reference"], "signed")
    assert signing.state(started["reference"]) == {"sandbox": True, **found}, "asking again changes nothing"


def test_secret_transaction_id_is_not_shown(citizen: Citizen, phone: AdminClient) -> None:
    signing = Signing(citizen, files=1)
    _, started = signing.ask()
    (waiting,) = [one for one in phone.transactions() if one["state"] == "waiting"]
    assert waiting["transaction_id"] not in str(started)
    assert started["reference"] != waiting["transaction_id"]


@pytest.mark.parametrize(("decision", "state"), [("reject", "rejected"), ("expire", "expired")])
def test_not_confirmed(citizen: Citizen, phone: AdminClient, decision: str, state: str) -> None:
    phone.smartca_mode(decision)
    signing = Signing(citizen, files=1)
    _, started = signing.ask()
    ended = signing.state(started["reference"])
    assert (ended["state"], ended["files"][0]["state"]) == (state, "waiting")
    assert ended["message"]
    assert signing.content(signing.ids[0]) == signing.stored[0], "the unsigned file stays"
    phone.smartca_mode("approve")
    _, again = signing.ask()
    assert signing.state(again["reference"])["state"] == "signed"


@pytest.mark.parametrize(
    "variants",
    [
        {"pending_word": "sig_wait_for_user_confirm", "line_breaks": True, "shuffled": True},
        {"pending_data_null": True, "errors": "json", "no_cert_status_code": True, "no_expired_in": True},
        {"status_by_tran_code": True},
    ],
)
def test_reported_variants_of_the_service(citizen: Citizen, phone: AdminClient, variants: dict[str, object]) -> None:
    phone.smartca_mode("manual", variants=variants)
    signing = Signing(citizen, files=2)
    _, started = signing.ask()
    assert signing.state(started["reference"])["state"] == "waiting"
    approve(phone)
    assert signing.state(started["reference"])["state"] == "signed"


@pytest.mark.parametrize("variant", ["wrong_signature", "pkcs7", "empty_value", "omit_document", "omit_doc_id"])
def test_wrong_values_are_never_put_in_place(citizen: Citizen, phone: AdminClient, variant: str) -> None:
    phone.smartca_mode("approve", variants={variant: True})
    signing = Signing(citizen, files=2)
    _, started = signing.ask()
    done = signing.state(started["reference"])
    assert done["state"] == "failed"
    assert done["files"][-1]["state"] == "failed"
    assert signing.content(signing.ids[-1]) == signing.stored[-1]


@pytest.mark.parametrize("kind", ["cut-after", "error-after", "html"])
def test_lost_answer_is_settled_by_the_status(citizen: Citizen, phone: AdminClient, kind: FaultKind) -> None:
    phone.add_fault(FaultRule("smartca", "POST", "/sca/sp769/v1/signatures/sign", kind, count=1))
    signing = Signing(citizen, files=1)
    status, started = signing.ask()
    assert (status, started["state"]) == (202, "waiting")
    if kind == "html":
        assert signing.state(started["reference"])["state"] == "failed", "SmartCA never saw it"
    else:
        approve(phone)
        assert signing.state(started["reference"])["state"] == "signed"


def test_refusals(citizen: Citizen, phone: AdminClient, sandbox: Running, admin: AdminClient) -> None:
    signing = Signing(citizen, files=1)
    assert signing.ask(maTep="forged")[0] == 403
    assert signing.ask(tep=[])[0] == 422
    assert signing.ask(tep=[999_999])[0] == 404
    assert signing.ask(viTri="giua")[0] == 422
    assert signing.ask(soChungThu="0000")[1]["error"] == "smartca"
    assert signing.ask()[0] == 202
    status, busy = signing.ask()
    assert (status, busy["error"]) == (409, "conflict"), "one open transaction per subscriber"
    assert signing.http.get(f"{SMARTCA}/{'0' * 32}", params={"sid": signing.sid}).status_code == 404


@pytest.mark.parametrize(("name", "password", "word"), [
    ("lethihoa", "LeThiHoa@123", "hết hạn"), ("phamquangvinh", "PhamQuangVinh@123", "thu hồi"),
])  # fmt: skip
def test_unusable_certificate(sandbox: Running, phone: AdminClient, name: str, password: str, word: str) -> None:
    person = Citizen(sandbox.urls.portal, phone)
    assert person.log_in(name, password).status == 302
    status, refused = Signing(person, files=1).ask()
    assert (status, refused["error"]) == (422, "smartca")
    assert word in refused["message"]
    person.http.close()


def test_file_changed_while_waiting(citizen: Citizen, phone: AdminClient) -> None:
    signing = Signing(citizen, files=1)
    _, started = signing.ask()
    other = page("Bản khác")
    assert citizen.upload(signing.sid, other, action=f"/{signing.ids[0]}/thay-the").status_code == 200
    approve(phone)
    done = signing.state(started["reference"])
    assert (done["state"], done["files"][0]["state"]) == ("failed", "failed")
    assert signing.content(signing.ids[0]) == other


def test_pages_of_the_button(citizen: Citizen, phone: AdminClient) -> None:
    signing = Signing(citizen, files=1)
    one = f"{WIZARD}/tep-tin/{signing.ids[0]}/ky-so-smartca"
    answer = signing.http.post(one, params={"sid": signing.sid}, data={"maTep": signing.token})
    assert answer.status_code == 303
    start = citizen.get(answer.headers["location"])
    assert start.tree.xpath("//input[@name='tep']/@checked")
    assert len(start.tree.xpath("//input[@name='soChungThu']")) == 2
    waiting = citizen.send(start, "kySmartca")
    assert waiting.status == 303
    address = waiting.response.headers["location"]
    page_waiting = citizen.get(address)
    assert page_waiting.text("//*[@class='dem-nguoc']").startswith(("4:5", "5:00"))
    approve(phone)
    assert "Ký số thành công" in citizen.get(address).text("//h1")
    undone = signing.http.post(
        f"{WIZARD}/tep-tin/{signing.ids[0]}/huy-ky-so", params={"sid": signing.sid}, data={"maTep": signing.token},
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert undone.json()["signed"] is False
    assert signing.content(signing.ids[0]) == signing.stored[0]
