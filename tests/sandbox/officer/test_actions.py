"""Officers' actions: each leaves the right status, history and signed paper; the national order of statuses holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.clock import LOCAL
from dvc_sandbox.environment import Environment
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.officer.actions import ActionRefused, perform, working_days_after
from dvc_sandbox.portal import store_dossiers
from dvc_sandbox.portal.store_blobs import read_blob
from dvc_sandbox.portal.store_dossiers import DossierMissing, StatusRefused

from ..agency import pdfsig, run

Filing = Callable[[], str]


def paper_text(environment: Environment, code: str, kind: str, folder: Path) -> str:
    """Text of the dossier's newest paper of a kind, once poppler found its signature valid and trusted."""
    paper = [one for one in store_dossiers.papers(environment, code) if one.kind == kind][-1]
    pdf = read_blob(environment, paper.sha256)
    judged = pdfsig(pdf, environment.pki.root, folder)
    assert "Signature is Valid." in judged
    assert "Certificate is Trusted." in judged
    assert paper.file_name.endswith("-THU-NGHIEM.pdf")
    return " ".join(run("pdftotext", "-layout", folder / "judged.pdf", "-").split())


def test_way_to_the_result(environment: Environment, file_dossier: Filing, tmp_path: Path) -> None:
    code = file_dossier()
    done = perform(environment, code, "accept")
    assert (done.status, done.status_name, done.kind) == (2, "Được tiếp nhận", "1")
    assert done.appointment is not None
    assert done.appointment > environment.clock.now()
    text = paper_text(environment, code, "1", tmp_path)
    assert "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ" in text
    assert "Nguyễn Thị Được" in text
    assert f"{done.appointment.astimezone(LOCAL):%H giờ %M phút}" in text
    assert perform(environment, code, "processing").status == 4
    assert perform(environment, code, "finish", text="Đồng ý cho đăng bài viết").status == 9
    assert [one.kind for one in store_dossiers.papers(environment, code)] == ["1"], "no result before it is returned"
    assert perform(environment, code, "return").status == 10
    assert "Đồng ý cho đăng bài viết" in paper_text(environment, code, "result", tmp_path)
    assert [event.status for event in store_dossiers.history(environment, code)] == [1, 2, 4, 9, 10]
    assert {event.by for event in store_dossiers.history(environment, code)[1:]} == {"Đỗ Thị Ánh Nguyệt"}


def test_supplement_fee_and_stop(environment: Environment, file_dossier: Filing, tmp_path: Path) -> None:
    code = file_dossier()
    for action in ("accept", "processing"):
        perform(environment, code, action)
    perform(environment, code, "supplement", request="Bản sao căn cước\nGiấy ủy quyền", deadline="2030-01-31")
    assert "2. Giấy ủy quyền" in paper_text(environment, code, "2", tmp_path)
    (asked,) = store_dossiers.supplements(environment, code)
    assert (asked.request, asked.deadline) == ("Bản sao căn cước\nGiấy ủy quyền", dt.date(2030, 1, 31))
    assert perform(environment, code, "processing").status == 4
    perform(environment, code, "fee", name="Lệ phí cấp phép", amount=15_000)
    assert "15.000 đồng" in paper_text(environment, code, "fee", tmp_path)
    assert [(fee.name, fee.amount) for fee in store_dossiers.fees(environment, code)] == [("Lệ phí cấp phép", 15_000)]
    perform(environment, code, "processing")
    assert perform(environment, code, "stop", reason="Quá hạn bổ sung").status == 8
    assert "Quá hạn bổ sung" in paper_text(environment, code, "5", tmp_path)


def test_refusal_ends_the_dossier(environment: Environment, file_dossier: Filing, tmp_path: Path) -> None:
    code = file_dossier()
    assert perform(environment, code, "refuse", reason="Không đúng thẩm quyền", by="Cán bộ Một").status == 3
    text = paper_text(environment, code, "3", tmp_path)
    assert "Không đúng thẩm quyền" in text
    assert "Cán bộ Một" in text
    with pytest.raises(StatusRefused):
        perform(environment, code, "accept")


def test_apology_moves_the_day_of_return_and_not_the_status(
    environment: Environment, file_dossier: Filing, tmp_path: Path
) -> None:
    code = file_dossier()
    with pytest.raises(StatusRefused):
        perform(environment, code, "apologise")
    before = perform(environment, code, "accept").appointment
    done = perform(environment, code, "apologise", reason="Chờ ý kiến Sở Tư pháp")
    assert done.status == 2
    assert before is not None
    assert done.appointment is not None
    assert done.appointment > before
    assert store_dossiers.get(environment, code).appointment == done.appointment
    assert "Chờ ý kiến Sở Tư pháp" in paper_text(environment, code, "4", tmp_path)


def test_forbidden_step_leaves_no_trace(environment: Environment, file_dossier: Filing) -> None:
    code = file_dossier()
    for action in ("processing", "supplement", "fee", "finish", "return", "stop"):
        with pytest.raises(StatusRefused):
            perform(environment, code, action)
    assert store_dossiers.papers(environment, code) == []
    assert [event.status for event in store_dossiers.history(environment, code)] == [1]


@pytest.mark.parametrize(
    ("action", "fields", "slug"),
    [
        ("dance", {}, "unknown-action"),
        ("accept", {"amount": 5}, "unknown-field"),
        ("accept", {"appointment": "tomorrow"}, "appointment"),
    ],
)
def test_wrong_fields(
    environment: Environment, file_dossier: Filing, action: str, fields: dict[str, object], slug: str
) -> None:
    with pytest.raises(ActionRefused) as refused:
        perform(environment, file_dossier(), action, **fields)
    assert refused.value.slug == slug


def test_unknown_dossier(environment: Environment) -> None:
    with pytest.raises(DossierMissing):
        perform(environment, "000.00.17.H54-000000-0000000", "accept")


def test_through_the_admin_api(environment: Environment, file_dossier: Filing, admin: AdminClient) -> None:
    code = file_dossier()
    assert admin.officer(code, "accept")["status"] == 2
    with pytest.raises(SandboxError):
        admin.officer(code, "accept")
    assert store_dossiers.get(environment, code).status == 2


def test_working_days() -> None:
    friday = dt.datetime(2026, 11, 20, 9, 30, tzinfo=LOCAL)
    assert working_days_after(friday, 1) == dt.datetime(2026, 11, 23, 17, tzinfo=LOCAL)
    assert working_days_after(friday, 5) == dt.datetime(2026, 11, 27, 17, tzinfo=LOCAL)
    assert working_days_after(friday, 6) == dt.datetime(2026, 11, 30, 17, tzinfo=LOCAL)
