"""Procedures: search without accents, the offline copy with its age, forms saved safely."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dvc_cli.errors import ExitCode, Temporary
from dvc_cli.files import OutputExists
from dvc_cli.net.base import NotSent
from dvc_cli.portal.base import NoSuchProcedure
from dvc_cli.portal.memory import MemoryPortal
from dvc_cli.portal.procedure_cache import ProcedureCache
from dvc_cli.services.browse import ListWishes, NothingCached, Shelf
from dvc_cli.testing.talk import PreparedTalk
from tests.portal.worlds import memory_world


class Away(MemoryPortal):
    """A portal that cannot be reached."""

    def procedures(self, **_wishes):
        raise NotSent("the portal cannot be reached")

    def procedure(self, code):
        raise Temporary("503")


class Strict(MemoryPortal):
    """A portal whose search wants the accents."""

    def procedures(self, *, query="", **wishes):
        found = super().procedures(query="", **wishes)
        rows = tuple(one for one in found.items if query in one.name)
        return replace(found, items=rows, total=len(rows) if query else found.total)


@pytest.fixture
def world():
    return memory_world()


@pytest.fixture
def shelf(tmp_path, clock, talk, world):
    return Shelf(
        open_portal=lambda: MemoryPortal(world, clock),
        cache=ProcedureCache(tmp_path / "cache", "memory://portal"),
        clock=clock,
        progress=talk,
    )


def away(shelf, world, clock):
    return replace(shelf, open_portal=lambda: Away(world, clock))


def codes(page):
    return [one.code for one in page.items]


def test_search_and_filters_need_no_accents(shelf):
    assert codes(shelf.list_procedures(ListWishes(query="khai sinh"))) == ["1.001193"]
    assert codes(shelf.list_procedures(ListWishes(field="HỘ TỊCH"))) == ["1.001193", "1.000656"]
    assert codes(shelf.list_procedures(ListWishes(query="không có"))) == []


def test_a_portal_that_wants_accents_is_searched_by_ourselves(shelf, world, clock):
    strict = replace(shelf, open_portal=lambda: Strict(world, clock))
    found = strict.list_procedures(ListWishes(query="dang ky khai tu"))
    assert codes(found) == ["1.000656"]
    assert (found.total, found.pages) == (1, 1)


def test_paging_and_everything(shelf):
    second = shelf.list_procedures(ListWishes(page=2, per_page=2))
    assert (second.page, second.pages, second.total, len(second.items)) == (2, 2, 3, 1)
    assert len(shelf.list_procedures(ListWishes(everything=True)).items) == 3


def test_offline_shows_the_copy_with_its_age(shelf, clock, talk):
    shelf.list_procedures(ListWishes(everything=True))
    read_at = clock.now()
    clock.pass_time(timedelta(days=9).total_seconds())
    found = shelf.list_procedures(ListWishes(query="KHAI", offline=True, per_page=1, page=2))
    assert codes(found) == ["1.000656"]
    assert (found.from_cache, found.fetched_at, found.pages, found.total) == (True, read_at, 2, 2)
    assert any("9 days old" in line for line in talk.said)


def test_a_fresh_copy_is_not_complained_about(shelf, talk):
    shelf.list_procedures(ListWishes(everything=True))
    talk.said.clear()
    assert shelf.list_procedures(ListWishes(offline=True)).from_cache
    assert talk.said == []


def test_without_a_copy_offline_says_what_to_do(shelf):
    with pytest.raises(NothingCached) as caught:
        shelf.list_procedures(ListWishes(offline=True))
    assert caught.value.exit_code is ExitCode.TEMPORARY
    with pytest.raises(NothingCached, match=r"1\.001193"):
        shelf.show_procedure("1.001193", offline=True)


def test_a_portal_that_is_away_gives_the_copy_and_says_so(shelf, world, clock, talk):
    shelf.list_procedures(ListWishes())
    shelf.show_procedure("1.001193")
    gone = away(shelf, world, clock)
    assert gone.list_procedures(ListWishes()).from_cache
    assert gone.show_procedure("1.001193").from_cache
    assert sum("copy kept from before" in line for line in talk.said) == 2


def test_a_portal_that_is_away_without_a_copy_keeps_its_own_error(shelf, world, clock):
    gone = away(shelf, world, clock)
    with pytest.raises(NotSent):
        gone.list_procedures(ListWishes())
    with pytest.raises(Temporary, match="503"):
        gone.show_procedure("1.001193")


def test_an_unknown_procedure_is_not_looked_for_in_the_copy(shelf):
    shelf.show_procedure("1.001193")
    with pytest.raises(NoSuchProcedure):
        shelf.show_procedure("1.999999")


def test_the_copy_gives_back_the_whole_procedure(shelf):
    shown = shelf.show_procedure("1.001193")
    copy = shelf.show_procedure(shown.portal_id, offline=True)
    assert replace(copy, from_cache=False) == shown


def test_an_agency_learnt_by_a_filter_stays(shelf):
    shelf.list_procedures(ListWishes())
    cache = shelf.cache
    (first, *_rest) = [one.summary for one in cache.summaries()]
    cache.remember([replace(first, agency="")], shelf.clock.now(), sandbox=False)
    assert cache.summaries()[0].summary.agency == "Sở TT&TT"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema": 1, "portal": "memory://portal", "list": [], "full": {}}']
)
def test_a_damaged_copy_counts_as_empty(shelf, tmp_path, content):
    shelf.list_procedures(ListWishes())
    (path,) = (tmp_path / "cache").iterdir()
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NothingCached):
        shelf.list_procedures(ListWishes(offline=True))


def test_damaged_rows_are_left_out(shelf, tmp_path):
    shelf.list_procedures(ListWishes())
    shelf.show_procedure("1.001193")
    (path,) = (tmp_path / "cache").iterdir()
    text = path.read_text(encoding="utf-8").replace('"code": "1.001193"', '"kode": "1.001193"')
    path.write_text(text, encoding="utf-8")
    assert len(shelf.list_procedures(ListWishes(offline=True)).items) == 2
    with pytest.raises(NothingCached):
        shelf.show_procedure("1.001193", offline=True)


def test_copies_of_two_portals_are_apart(shelf, tmp_path):
    shelf.list_procedures(ListWishes())
    assert ProcedureCache(tmp_path / "cache", "https://other.example").summaries() == []


# -- forms -----------------------------------------------------------------------------------------------------------


def test_forms_are_saved_and_told(shelf, tmp_path):
    folder = tmp_path / "new" / "forms"
    report = shelf.download_forms("1.001193", folder, overwrite=False)
    (form,) = report.forms
    assert form.path == folder / "mau-don.docx"
    assert form.path.read_bytes() == b"PK mau don"
    assert form.size == 10


def test_nothing_is_overwritten_without_force(shelf, tmp_path):
    (tmp_path / "mau-don.docx").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        shelf.download_forms("1.001193", tmp_path, overwrite=False)
    assert (tmp_path / "mau-don.docx").read_bytes() == b"mine"
    shelf.download_forms("1.001193", tmp_path, overwrite=True)
    assert (tmp_path / "mau-don.docx").read_bytes() == b"PK mau don"


def test_two_forms_of_one_name_do_not_meet(shelf, tmp_path, world):
    procedure = world.procedures["1.001193"]
    rows = tuple(replace(one, forms=procedure.components[0].forms) for one in procedure.components)
    world.procedures["1.001193"] = replace(procedure, components=rows)
    report = shelf.download_forms("1.001193", tmp_path, overwrite=False)
    assert [one.path.name for one in report.forms] == ["mau-don.docx", "mau-don-2.docx"]


def test_an_evil_name_stays_in_the_folder(shelf, tmp_path, world, clock):
    class Evil(MemoryPortal):
        def download_form(self, form):
            return "../../evil.docx", b"PK"

    evil = replace(shelf, open_portal=lambda: Evil(world, clock), progress=PreparedTalk())
    report = evil.download_forms("1.001193", tmp_path / "forms", overwrite=False)
    assert report.forms[0].path == tmp_path / "forms" / "evil.docx"
    assert not (tmp_path.parent / "evil.docx").exists()
