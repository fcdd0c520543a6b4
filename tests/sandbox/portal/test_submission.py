"""The commit: once per token, dossier codes per day, and the drills of lost and late commits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.faults import FaultRule

from .citizen import OWN, WIZARD, Citizen, Page, code_of

Drills = Callable[..., object]


@pytest.fixture
def filer(visitor: Callable[[], Citizen], admin: AdminClient) -> Iterator[Citizen]:
    """A citizen whose dossiers nobody else makes, so that they can be counted."""
    person = visitor()
    assert person.log_in("congdan10").status == 302
    yield person
    admin.clear_faults()


def count(person: Citizen) -> int:
    """How many dossiers the person's own list shows."""
    return int(person.get(OWN).text("//*[@id='tongSo']"))


def send(person: Citizen, page: Page) -> int:
    """Send the confirmation; 0 when no answer came."""
    import httpx

    try:
        return person.confirm(page).status
    except httpx.HTTPError:
        return 0


def test_the_code_has_agency_day_and_seven_digits(citizen: Citizen, admin: AdminClient) -> None:
    first, second = citizen.file_dossier(), citizen.file_dossier()
    day = datetime.now(UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).strftime("%y%m%d")
    for code in (first, second):
        assert re.fullmatch(rf"000\.00\.17\.H54-{day}-\d{{7}}", code)
    assert int(second[-7:]) > int(first[-7:])


def test_codes_start_again_each_day(visitor: Callable[[], Citizen], admin: AdminClient) -> None:
    admin.shift_clock(timedelta(days=3))
    person = visitor()
    person.log_in()
    codes = [person.file_dossier() for _ in range(2)]
    admin.shift_clock(timedelta(days=-3))
    assert [code[-8:] for code in codes] == ["-0000001", "-0000002"]


def test_a_token_commits_once(filer: Citizen) -> None:
    before = count(filer)
    page = filer.confirmation(filer.ready())
    assert filer.confirm(page).status == 302
    again = filer.confirm(page)
    assert (again.status, again.error) == (403, "token-used")
    assert count(filer) == before + 1


def test_eight_simultaneous_commits_make_one_dossier(filer: Citizen) -> None:
    before, page = count(filer), filer.confirmation(filer.ready())
    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(lambda _: send(filer, page), range(8)))
    assert answers == [302, *[403] * 7]
    assert count(filer) == before + 1


def test_a_submitted_draft_is_closed(filer: Citizen) -> None:
    sid = filer.ready()
    code = code_of(filer.confirm(filer.confirmation(sid)))
    gone = filer.confirmation(sid)
    assert (gone.status, gone.error) == (410, "draft-submitted")
    assert code in gone.text("//*[@role='alert']")
    assert filer.http.get(f"{WIZARD}/tep-tin", params={"sid": sid}).status_code == 410


def test_two_confirmation_pages_of_one_draft_make_one_dossier(filer: Citizen) -> None:
    before, sid = count(filer), filer.ready()
    first, second = filer.confirmation(sid), filer.confirmation(sid)
    assert filer.confirm(first).status == 302
    assert filer.confirm(second).status == 410
    assert count(filer) == before + 1


@pytest.mark.parametrize("token", [None, "", "invented"])
def test_the_commit_needs_its_token(filer: Citizen, token: str | None) -> None:
    before = count(filer)
    refused = filer.send(filer.confirmation(filer.ready()), "xacNhan", camDoan="1", csrf=token)
    assert (refused.status, refused.error) == (403, "csrf")
    assert count(filer) == before


def test_the_commit_checks_the_draft_once_more(filer: Citizen) -> None:
    sid = filer.ready()
    page = filer.confirmation(sid)
    number = filer.http.get(f"{WIZARD}/tep-tin", params={"sid": sid}).json()["files"][0]["id"]
    filer.upload(sid, b"", action=f"/{number}/xoa")
    assert filer.confirm(page).status == 422
    refused = filer.send(filer.confirmation(filer.ready()), "xacNhan")
    assert refused.field_errors == {"camDoan"}


def test_a_lost_reply_with_the_token_burned_with_the_commit(filer: Citizen, admin: AdminClient) -> None:
    before, page = count(filer), filer.confirmation(filer.ready())
    admin.add_fault(FaultRule("portal", "POST", f"{WIZARD}/xac-nhan", "cut-after"))
    assert send(filer, page) == 0
    assert filer.confirm(page).error == "token-used"
    assert count(filer) == before + 1


def test_a_failed_commit_leaves_the_token_when_it_burns_with_the_commit(filer: Citizen, drills: Drills) -> None:
    before, page = count(filer), filer.confirmation(filer.ready())
    drills(commit_failures=1)
    assert send(filer, page) == 500
    assert send(filer, page) == 302
    assert count(filer) == before + 1


def test_a_failed_commit_costs_the_token_when_it_burns_before(filer: Citizen, drills: Drills) -> None:
    before, sid = count(filer), filer.ready()
    page = filer.confirmation(sid)
    drills(burn="before", commit_failures=1)
    assert send(filer, page) == 500
    assert filer.confirm(page).error == "token-used"
    assert count(filer) == before
    assert filer.confirm(filer.confirmation(sid)).status == 302
    assert count(filer) == before + 1


def test_a_repeat_makes_a_second_dossier_when_the_token_burns_after(filer: Citizen, drills: Drills) -> None:
    drills(burn="after")
    before, sid = count(filer), filer.ready()
    page = filer.confirmation(sid)
    assert send(filer, page) == 302
    second = filer.confirm(page)
    assert second.status == 302
    assert count(filer) == before + 2
    assert filer.get(second.response.headers["location"]).status == 200
    assert filer.confirm(page).error == "token-used"
    assert filer.confirmation(sid).status == 410


@pytest.mark.parametrize(("burn", "repeat", "dossiers"), [("before", 403, 1), ("with", 504, 1), ("after", 504, 2)])
def test_a_late_commit(
    filer: Citizen, admin: AdminClient, drills: Drills, burn: str, repeat: int, dossiers: int
) -> None:
    drills(burn=burn, late_commits=2, late_seconds=300)
    before, page = count(filer), filer.confirmation(filer.ready())
    assert send(filer, page) == 504
    assert send(filer, page) == repeat
    assert count(filer) == before
    admin.shift_clock(timedelta(seconds=301))
    after = count(filer), len([row for row in admin.dossiers() if row["account"]])
    admin.shift_clock(timedelta(seconds=-301))
    assert after[0] == before + dossiers


def test_one_cannot_see_anothers_receipt(citizen: Citizen, filer: Citizen) -> None:
    code = citizen.file_dossier()
    for page in ("nop-thanh-cong", "giay-xac-nhan"):
        assert filer.get(f"{WIZARD}/{page}", **{"ma-ho-so": code}).status == 404


def test_the_receipt_stays_the_same(citizen: Citizen) -> None:
    code = citizen.file_dossier()
    first, second = (citizen.http.get(f"{WIZARD}/giay-xac-nhan", params={"ma-ho-so": code}) for _ in range(2))
    assert first.content == second.content
    assert first.headers["content-type"] == "application/pdf"
