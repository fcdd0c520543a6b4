"""The wizard of igate1 against the sandbox: choices, administrative units, owners, the portal's own refusals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from dvc_cli.model.dossier import Component, Dossier, Person
from dvc_cli.portal.base import PortalRefused
from dvc_cli.portal.dialects.igate1.person import ApplicantMismatch, UnknownChoice, UnknownFormField
from dvc_cli.portal.dialects.igate1.procedures import UnknownFilter
from dvc_cli.portal.dialects.igate1.wizard import AgencyNeeded, NotFiledOnline
from dvc_cli.testing.portal_facts import filed, log_in, upload_mandatory
from dvc_cli.testing.small_pdf import small_pdf
from tests.portal.worlds import CITIZEN

FIRM = Person(
    full_name="Trần Văn Minh",
    identity_number="034080000456",
    identity_type="cccd",
    organisation="Công ty TNHH Đường Sông",
    tax_code="0101234565",
    birthday=date(1980, 11, 20),
    province="Tỉnh Hưng Yên",
    commune="Phường Trần Lãm",
    address="Số 2",
    phone="0912000456",
)


@pytest.fixture
def inside(portal, live):
    log_in(portal, live.facts())
    return portal


def open_for(portal, code, **changes):
    dossier = Dossier(procedure=code, applicant=CITIZEN, **changes)
    return portal.open_dossier(dossier, portal.procedure(code))


def test_several_agencies_and_cases_are_chosen_by_their_words(inside, live):
    with pytest.raises(AgencyNeeded) as caught:
        open_for(inside, "9.990002")
    assert "agency" in caught.value.message
    procedure = inside.procedure("9.990002")
    assert len(procedure.agencies) == 2
    assert procedure.cases == ("Đề nghị lần đầu", "Đề nghị hỗ trợ bổ sung")
    first = open_for(inside, "9.990002", agency=procedure.agencies[0], case="lan dau")
    second = open_for(inside, "9.990002", agency=procedure.agencies[1], case="ho tro bo sung")
    names = [one.name for one in first.procedure.components]
    assert "Quyết định hỗ trợ lần trước" not in names
    assert "Quyết định hỗ trợ lần trước" in [one.name for one in second.procedure.components]
    assert first.procedure.components[0].is_heading


def test_an_agency_the_portal_does_not_offer_is_refused_with_the_choices(inside):
    with pytest.raises(UnknownChoice) as caught:
        open_for(inside, "9.990002", agency="Bộ Ngoại giao", case="lan dau")
    assert "THỬ NGHIỆM" in (caught.value.hint or "")


def test_rows_of_the_same_name_keep_their_own_files(inside, tmp_path):
    agency = inside.procedure("9.990002").agencies[0]
    opened = open_for(inside, "9.990002", agency=agency, case="lan dau")
    rows = [one for one in opened.procedure.components if one.name == "Bản sao giấy tờ chứng minh"]
    assert len({one.code for one in rows}) == 2
    path = tmp_path / "a.pdf"
    path.write_bytes(small_pdf())
    for number, row in enumerate(rows):
        inside.upload(opened, row.code, path, f"{number}.pdf")
    assert {one.component: one.original_name for one in inside.uploaded(opened)} == {
        rows[0].code: "0.pdf",
        rows[1].code: "1.pdf",
    }


def test_three_levels_of_units(inside, live):
    live.admin.portal_settings(levels=3)
    who = replace(CITIZEN, province="Thái Bình", district="Kiến Xương", commune="Vũ Hòa")
    opened = inside.open_dossier(replace(live.facts().dossier, applicant=who), inside.procedure("9.990001"))
    assert opened.sid


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"province": "Atlantis"}, "applicant.province"), ({"commune": "Xã Không Có"}, "applicant.commune")],
)
def test_an_unknown_unit_names_the_key_of_the_dossier_file(inside, live, changes, key):
    dossier = replace(live.facts().dossier, applicant=replace(CITIZEN, **changes))
    with pytest.raises(UnknownChoice, match=key):
        inside.open_dossier(dossier, inside.procedure("9.990001"))


def test_the_portals_field_errors_name_the_keys_of_the_dossier_file(inside, live):
    dossier = replace(live.facts().dossier, applicant=replace(CITIZEN, address="", phone="12"))
    with pytest.raises(PortalRefused) as caught:
        inside.open_dossier(dossier, inside.procedure("9.990001"))
    assert any(line.startswith("applicant.address: ") for line in caught.value.details)
    assert any(line.startswith("applicant.phone: ") for line in caught.value.details)


def test_the_applicant_must_be_the_accounts_person(inside, live):
    other = replace(CITIZEN, full_name="Người Khác", identity_number="001090000321")
    with pytest.raises(ApplicantMismatch, match="Nguyễn Thị Được"):
        inside.open_dossier(replace(live.facts().dossier, applicant=other), inside.procedure("9.990001"))


def test_an_owner_who_is_not_the_applicant_reaches_the_portal(inside, live, tmp_path):
    known = replace(live.facts(), dossier=replace(live.facts().dossier, owner=FIRM))
    code = filed(inside, known, tmp_path)
    owner = live.admin.dossier(code)["owner"]
    assert owner["ChuHoSo_tenCoQuanToChucCHS"] == FIRM.organisation
    assert owner["ChuHoSo_maDoiTuongNopHS"] == "2"
    assert owner["ChuHoSo_ngaySinhChuHoSo"] == "20/11/1980"
    assert not owner["chkbox_nguoinoplachuhs"]


def test_fees_are_passed_and_the_counts_of_copies_arrive(inside, live, tmp_path):
    procedure = inside.procedure("1.001022")
    dossier = Dossier(
        procedure="1.001022",
        applicant=CITIZEN,
        agency=procedure.agencies[0],
        components=(Component(files=(), row=1, copies=4),),
    )
    opened = inside.open_dossier(dossier, procedure)
    upload_mandatory(inside, opened, tmp_path)
    path = tmp_path / "x.pdf"
    path.write_bytes(small_pdf())
    for row in opened.procedure.components:
        if row.mandatory and row.row > 1:
            inside.upload(opened, row.code, path, "x.pdf")
    ready = inside.prepare_commit(opened, dossier, subject="Lệ phí", note="")
    code = inside.commit(ready).code
    with closing(sqlite3.connect(live.running.state / "sandbox.sqlite3")) as database:
        rows = database.execute("SELECT slot, copies FROM dossier_component WHERE dossier = ?", (code,)).fetchall()
    assert dict(rows)[opened.procedure.components[0].code] == 4


def test_keys_of_the_portals_own_form_are_placed_or_named(inside, live, tmp_path):
    dossier = replace(live.facts().dossier, form={"CongDan_fax": "0227", "Email": "a@example.vn"})
    opened = inside.open_dossier(dossier, inside.procedure("9.990001"))
    upload_mandatory(inside, opened, tmp_path)
    assert inside.prepare_commit(opened, dossier, subject="x", note="").token
    with pytest.raises(UnknownFormField, match="khong_co"):
        inside.prepare_commit(opened, replace(dossier, form={**dossier.form, "khong_co": "1"}), subject="x", note="")


def test_a_procedure_without_online_filing_is_shown_as_such(inside):
    procedure = inside.procedure("9.990005")
    assert not procedure.online
    with pytest.raises(NotFiledOnline):
        open_for(inside, "9.990005")


def test_filters_take_the_portals_words_and_name_them_otherwise(portal):
    found = portal.procedures(field="HỘ TỊCH", per_page=50)
    assert {one.field for one in found.items} == {"Hộ tịch"}
    by_agency = portal.procedures(agency="Sở TT&TT", per_page=50)
    assert by_agency.items
    assert all("sở TT&TT" in one.agency for one in by_agency.items)
    with pytest.raises(UnknownFilter) as caught:
        portal.procedures(field="Thiên văn")
    assert "Hộ tịch" in (caught.value.hint or "")


def test_two_hundred_lines_take_at_most_four_requests(portal):
    first = portal.procedures(per_page=200)
    assert len(first.items) == 50
    assert first.pages == -(-(first.total or 0) // 50)


def test_the_receipts_file_is_marked_and_named_by_the_portal(inside, live, tmp_path):
    receipt = inside.receipt(filed(inside, live.facts(), tmp_path))
    assert receipt.content.startswith(b"%PDF")
    assert "THU-NGHIEM" in receipt.file_name
    assert receipt.sandbox


def test_officers_steps_are_followed(inside, live, tmp_path):
    code = filed(inside, live.facts(), tmp_path)
    live.admin.officer(code, "accept")
    state = inside.dossier(code)
    assert state.status is not None
    assert state.status.name == "ACCEPTED"
    assert state.appointment is not None
    assert state.papers
    assert [one.status.name for one in state.history] == ["NEW", "ACCEPTED"]
