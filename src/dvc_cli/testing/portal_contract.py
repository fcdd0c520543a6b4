# ruff: noqa: S101 - these are tests
"""The suite every portal driver passes: `class TestMyPortal(PortalContract)` with the fixtures `portal` and `known`.

Tests ask `portal.capabilities` and skip with a reason what a dialect cannot do. The fixture `portal` gives a driver that
nobody is logged in to; the portal behind it must hold the accounts and the procedure that `known` names.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dvc_cli.errors import ExitCode, InvalidInput, UsageProblem
from dvc_cli.model.dossier import Component, DossierStatus, ExtraPaper
from dvc_cli.model.identifiers import DossierCode
from dvc_cli.model.procedure import Procedure
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import Unanswered
from dvc_cli.portal.base import (
    AccountLocked,
    NoSuchDossier,
    NoSuchProcedure,
    OpenedDossier,
    Portal,
    PortalRefused,
    SessionEnded,
    WrongCaptcha,
    WrongPassword,
)
from dvc_cli.testing.portal_facts import REFERENCE, KnownFacts, filed, log_in, upload_mandatory
from dvc_cli.testing.small_pdf import small_pdf

__all__ = ["KnownFacts", "PortalContract"]


class PortalContract:
    """What holds for every driver."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The driver, nobody logged in."""
        raise NotImplementedError

    @pytest.fixture
    def known(self) -> KnownFacts:
        """What the portal behind it holds."""
        raise NotImplementedError

    @pytest.fixture
    def inside(self, portal: Portal, known: KnownFacts) -> Portal:
        """The driver, logged in."""
        log_in(portal, known)
        return portal

    @pytest.fixture
    def procedure(self, portal: Portal, known: KnownFacts) -> Procedure:
        """The known procedure in full."""
        return portal.procedure(known.dossier.procedure)

    @pytest.fixture
    def opened(self, inside: Portal, known: KnownFacts, procedure: Procedure) -> OpenedDossier:
        """A dossier being filled in."""
        return inside.open_dossier(known.dossier, procedure)

    @pytest.fixture
    def submitting(self, inside: Portal) -> Portal:
        """A logged-in driver that can commit."""
        if not inside.capabilities.commits:
            pytest.skip("this driver never submits")
        return inside

    # -- sessions ----------------------------------------------------------------------------------------------------

    def test_login_tells_whose_session_it_is(self, portal: Portal, known: KnownFacts) -> None:
        session = log_in(portal, known)
        assert session.account == known.username
        assert session.identity_number == known.dossier.applicant.identity_number
        assert portal.whoami().display_name == session.display_name == known.dossier.applicant.full_name

    def test_a_session_shows_no_secret(self, portal: Portal, known: KnownFacts) -> None:
        session = log_in(portal, known)
        assert session.token.reveal() not in repr(session)

    def test_a_wrong_captcha_is_told_apart_from_a_wrong_password(self, portal: Portal, known: KnownFacts) -> None:
        challenge = portal.begin_login(known.username)
        if challenge.captcha_png is None:
            pytest.skip("no captcha on log-in")
        with pytest.raises(WrongCaptcha):
            portal.finish_login(challenge, known.username, Secret("wrong on purpose"), "?????")
        with pytest.raises(SessionEnded):
            portal.whoami()

    def test_wrong_passwords_are_refused_until_the_account_is_locked(self, portal: Portal, known: KnownFacts) -> None:
        for number in range(8):
            challenge = portal.begin_login(known.spare_username)
            captcha = known.answer(challenge) if challenge.captcha_png is not None else None
            with pytest.raises((WrongPassword, AccountLocked)) as caught:
                portal.finish_login(challenge, known.spare_username, Secret("wrong on purpose"), captcha)
            if isinstance(caught.value, AccountLocked):
                assert number > 1, "locked without warning"
                assert caught.value.exit_code is ExitCode.BLOCKED
                return
        pytest.fail("eight wrong passwords did not lock the account")

    def test_without_a_session_private_reads_say_so(
        self, portal: Portal, known: KnownFacts, procedure: Procedure
    ) -> None:
        for ask in (
            portal.whoami,
            portal.own_dossiers,
            lambda: portal.dossier("000.00.17.H54-260131-0000001"),
            lambda: portal.open_dossier(known.dossier, procedure),
        ):
            with pytest.raises(SessionEnded):
                ask()

    def test_a_session_can_be_kept_and_used_again(self, portal: Portal, known: KnownFacts) -> None:
        log_in(portal, known)
        kept = portal.session()
        assert kept is not None
        portal.use_session(None)
        assert portal.session() is None
        with pytest.raises(SessionEnded):
            portal.whoami()
        portal.use_session(kept)
        assert portal.whoami().account == known.username

    def test_logout_ends_the_session_at_the_portal(self, inside: Portal) -> None:
        kept = inside.session()
        inside.logout()
        assert inside.session() is None
        inside.use_session(kept)
        with pytest.raises(SessionEnded):
            inside.whoami()

    # -- procedures --------------------------------------------------------------------------------------------------

    def test_pages_of_the_list_do_not_overlap(self, portal: Portal) -> None:
        first, second = portal.procedures(page=1, per_page=2), portal.procedures(page=2, per_page=2)
        assert first.pages >= 2
        assert first.total is None or first.total >= 3
        assert not {one.portal_id for one in first.items} & {one.portal_id for one in second.items}
        assert len(first.items) == 2

    def test_search_and_filter_find_the_procedure(self, portal: Portal, known: KnownFacts) -> None:
        found = portal.procedures(query=known.query, field=known.field)
        assert known.dossier.procedure in {one.code for one in found.items}

    def test_a_search_for_nothing_known_is_empty(self, portal: Portal) -> None:
        found = portal.procedures(query="không có thủ tục nào tên như thế này")
        assert found.items == ()
        assert found.pages == 1

    def test_code_and_portal_number_name_the_same_procedure(self, portal: Portal, procedure: Procedure) -> None:
        again = portal.procedure(procedure.portal_id)
        assert (again.code, again.components) == (procedure.code, procedure.components)

    def test_rows_count_from_one_and_have_codes(self, procedure: Procedure) -> None:
        assert [one.row for one in procedure.components] == list(range(1, len(procedure.components) + 1))
        assert all(one.code and one.name for one in procedure.components)
        assert any(one.mandatory for one in procedure.components)

    def test_an_unknown_procedure_is_not_found(self, portal: Portal) -> None:
        for code in ("1.999999", "987654321"):
            with pytest.raises(NoSuchProcedure):
                portal.procedure(code)

    def test_a_form_can_be_downloaded(self, portal: Portal, procedure: Procedure) -> None:
        form = next(form for spec in procedure.components for form in spec.forms)
        name, content = portal.download_form(form)
        assert content
        assert Path(name).name == name

    # -- files -------------------------------------------------------------------------------------------------------

    def test_an_uploaded_file_is_listed_and_read_back(
        self, inside: Portal, opened: OpenedDossier, tmp_path: Path
    ) -> None:
        stored = upload_mandatory(inside, opened, tmp_path)
        content = (tmp_path / "don.pdf").read_bytes()
        assert stored.size == len(content)
        assert stored.sha256 in ("", hashlib.sha256(content).hexdigest())
        assert stored.original_name == "Đơn đề nghị.pdf"
        assert not stored.signed
        assert [one.id for one in inside.uploaded(opened)] == [stored.id]
        assert inside.read_back(opened, stored) == content

    def test_several_files_go_into_one_row(self, inside: Portal, opened: OpenedDossier, tmp_path: Path) -> None:
        first = upload_mandatory(inside, opened, tmp_path)
        second = upload_mandatory(inside, opened, tmp_path)
        assert first.id != second.id
        assert {one.component for one in inside.uploaded(opened)} == {first.component}

    def test_free_rows_and_the_catch_all_take_files(
        self, inside: Portal, opened: OpenedDossier, tmp_path: Path
    ) -> None:
        path = tmp_path / "khac.pdf"
        path.write_bytes(small_pdf())
        for component in ("other-1", "extra"):
            assert inside.upload(opened, component, path, "khac.pdf").component == component

    def test_a_deleted_file_is_gone(self, inside: Portal, opened: OpenedDossier, tmp_path: Path) -> None:
        stored = upload_mandatory(inside, opened, tmp_path)
        inside.delete_upload(opened, stored)
        assert inside.uploaded(opened) == []
        with pytest.raises(InvalidInput):
            inside.delete_upload(opened, stored)

    def test_a_file_over_the_limit_is_refused(self, inside: Portal, opened: OpenedDossier, tmp_path: Path) -> None:
        row = next(spec for spec in opened.procedure.components if spec.mandatory)
        path = tmp_path / "lon.pdf"
        with path.open("wb") as file:
            file.write(small_pdf())
            file.truncate(inside.capabilities.max_component_bytes + 1)
        with pytest.raises(PortalRefused):
            inside.upload(opened, row.code, path, "lon.pdf")

    def test_a_row_the_procedure_does_not_have_is_refused(
        self, inside: Portal, opened: OpenedDossier, tmp_path: Path
    ) -> None:
        path = tmp_path / "don.pdf"
        path.write_bytes(small_pdf())
        with pytest.raises(PortalRefused):
            inside.upload(opened, "999999", path, "don.pdf")

    def test_signed_bytes_take_the_place_of_the_file(
        self, inside: Portal, opened: OpenedDossier, known: KnownFacts, tmp_path: Path
    ) -> None:
        if inside.capabilities.sign_mode != "replace" or known.signed is None:
            pytest.skip("signed files are not put in the place of others here")
        stored = upload_mandatory(inside, opened, tmp_path)
        path = tmp_path / "don.signed.pdf"
        path.write_bytes(known.signed((tmp_path / "don.pdf").read_bytes()))
        signed = inside.replace_signed(opened, stored, path, "token")
        assert (signed.id, signed.component, signed.signed) == (stored.id, stored.component, True)
        assert inside.read_back(opened, signed) == path.read_bytes()
        assert [one.signed for one in inside.uploaded(opened)] == [True]

    def test_other_bytes_are_not_taken_as_signed(self, inside: Portal, opened: OpenedDossier, tmp_path: Path) -> None:
        if inside.capabilities.sign_mode != "replace":
            pytest.skip("signed files are not put in the place of others here")
        stored = upload_mandatory(inside, opened, tmp_path)
        before = inside.read_back(opened, stored)
        path = tmp_path / "other.pdf"
        path.write_bytes(small_pdf("another document"))
        with pytest.raises(PortalRefused):
            inside.replace_signed(opened, stored, path, "token")
        assert inside.read_back(opened, stored) == before

    # -- filing ------------------------------------------------------------------------------------------------------

    def test_another_persons_dossier_is_refused(
        self, submitting: Portal, known: KnownFacts, procedure: Procedure
    ) -> None:
        other = replace(known.dossier.applicant, full_name="Người Khác", identity_number="001090000321")
        with pytest.raises(InvalidInput):
            submitting.open_dossier(replace(known.dossier, applicant=other), procedure)

    def test_a_missing_mandatory_component_is_refused(
        self, inside: Portal, opened: OpenedDossier, known: KnownFacts
    ) -> None:
        with pytest.raises(PortalRefused):
            inside.prepare_commit(opened, known.dossier, subject="Thiếu giấy tờ", note="")

    def test_a_missing_subject_is_refused(
        self, inside: Portal, opened: OpenedDossier, known: KnownFacts, tmp_path: Path
    ) -> None:
        upload_mandatory(inside, opened, tmp_path)
        with pytest.raises(PortalRefused):
            inside.prepare_commit(opened, known.dossier, subject="", note="")

    def test_a_dry_run_stops_before_the_commit(
        self, inside: Portal, opened: OpenedDossier, known: KnownFacts, tmp_path: Path
    ) -> None:
        upload_mandatory(inside, opened, tmp_path)
        before = {one.code for one in inside.own_dossiers()}
        ready = inside.prepare_commit(opened, known.dossier, subject="Chưa nộp", note="")
        assert {one.code for one in inside.own_dossiers()} == before
        if inside.capabilities.commits:
            pytest.skip("this driver does submit")
        with pytest.raises(UsageProblem):
            inside.commit(ready)

    def test_a_commit_makes_one_dossier_that_can_be_followed(
        self, submitting: Portal, known: KnownFacts, tmp_path: Path
    ) -> None:
        start = datetime.now(UTC) - timedelta(minutes=5)
        code = filed(submitting, known, tmp_path)
        assert DossierCode.parse(code).text == code
        own = [one for one in submitting.own_dossiers(since=start) if one.code == code]
        assert len(own) == 1
        if "note" in submitting.capabilities.echo_fields:
            assert own[0].note == REFERENCE
        if "subject" in submitting.capabilities.echo_fields:
            assert own[0].subject == "Thử bộ kiểm tra"
        state = submitting.dossier(code)
        assert state.status is DossierStatus.NEW
        assert [change.status for change in state.history] == [DossierStatus.NEW]
        assert state.applicant == known.dossier.applicant.full_name

    def test_a_receipt_can_be_fetched_at_any_time(self, submitting: Portal, known: KnownFacts, tmp_path: Path) -> None:
        code = filed(submitting, known, tmp_path)
        receipt = submitting.receipt(code)
        assert receipt.code == code
        assert receipt.content
        assert Path(receipt.file_name).name == receipt.file_name
        assert submitting.receipt(code).submitted_at == receipt.submitted_at

    def test_copies_and_names_of_free_rows_are_accepted(
        self, submitting: Portal, known: KnownFacts, procedure: Procedure, tmp_path: Path
    ) -> None:
        row = next(spec for spec in procedure.components if spec.mandatory)
        path = tmp_path / "khac.pdf"
        path.write_bytes(small_pdf())
        dossier = replace(
            known.dossier,
            components=(Component(files=(path,), row=row.row, copies=3),),
            extras=(ExtraPaper(name="Giấy ủy quyền", files=(path,)),),
        )
        opened = submitting.open_dossier(dossier, procedure)
        upload_mandatory(submitting, opened, tmp_path)
        submitting.upload(opened, "other-1", path, "khac.pdf")
        ready = submitting.prepare_commit(opened, dossier, subject="Bản sao", note="")
        assert DossierCode.parse(submitting.commit(ready).code).number

    def test_the_single_use_token_makes_no_second_dossier(
        self, submitting: Portal, opened: OpenedDossier, known: KnownFacts, tmp_path: Path
    ) -> None:
        capabilities = submitting.capabilities
        if not capabilities.single_use_token or capabilities.token_burned not in ("before", "with"):
            pytest.skip("the token's life is not known")
        upload_mandatory(submitting, opened, tmp_path)
        ready = submitting.prepare_commit(opened, known.dossier, subject="Một lần", note="")
        submitting.commit(ready)
        count = len(submitting.own_dossiers(limit=500))
        with pytest.raises(Unanswered):
            submitting.commit(ready)
        assert len(submitting.own_dossiers(limit=500)) == count

    def test_an_ended_session_leaves_a_commit_unknown(
        self, submitting: Portal, opened: OpenedDossier, known: KnownFacts, tmp_path: Path
    ) -> None:
        upload_mandatory(submitting, opened, tmp_path)
        ready = submitting.prepare_commit(opened, known.dossier, subject="Hết phiên", note="")
        submitting.logout()
        with pytest.raises(Unanswered) as caught:
            submitting.commit(ready)
        assert caught.value.exit_code is ExitCode.OUTCOME_UNKNOWN

    # -- following up ------------------------------------------------------------------------------------------------

    def test_own_dossiers_come_newest_first_and_limited(
        self, submitting: Portal, known: KnownFacts, tmp_path: Path
    ) -> None:
        codes = [filed(submitting, known, tmp_path) for _number in range(2)]
        assert [one.code for one in submitting.own_dossiers(limit=2)] == codes[::-1]
        assert submitting.own_dossiers(since=datetime.now(UTC) + timedelta(days=1)) == []

    def test_an_unknown_dossier_is_not_found(self, inside: Portal) -> None:
        with pytest.raises(NoSuchDossier):
            inside.dossier("000.00.17.H54-200131-0000001")

    def test_the_public_look_up_needs_its_captcha(self, submitting: Portal, known: KnownFacts, tmp_path: Path) -> None:
        if not submitting.capabilities.lookup_by_code:
            pytest.skip("no public look-up")
        code = filed(submitting, known, tmp_path)
        submitting.use_session(None)
        challenge = submitting.begin_lookup()
        state = submitting.lookup(challenge, code, known.answer(challenge))
        assert (state.code, state.status) == (code, DossierStatus.NEW)
        with pytest.raises(WrongCaptcha):
            submitting.lookup(submitting.begin_lookup(), code, "?????")
        challenge = submitting.begin_lookup()
        with pytest.raises(NoSuchDossier):
            submitting.lookup(challenge, "000.00.17.H54-200131-0000001", known.answer(challenge))

    def test_a_clone_works_in_another_thread(self, inside: Portal, known: KnownFacts) -> None:
        found: list[str] = []

        def work() -> None:
            other = inside.clone()
            found.append(other.whoami().account)
            other.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert found == [known.username]
        assert inside.whoami().account == known.username
