"""The text of a citizen card's code: read whole, tolerant of newer cards, never another code."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.model.citizen_card import CitizenCard, format_card, parse_card
from tests.capture.papers import APPLICANT

PLAIN = "034199000123|151234567|Nguyễn Thị Được|12041999|Nữ|Số 8, Lê Lợi, Thái Bình|10052021"

words = st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyÁẢÃẠĂẰẲẴẶĐÊỆƠỢƯỰỲỴ"), min_size=1, max_size=9)
names = st.lists(words, min_size=1, max_size=5).map(lambda parts: unicodedata.normalize("NFC", " ".join(parts)))
addresses = st.lists(words, max_size=8).map(lambda parts: unicodedata.normalize("NFC", ", ".join(parts)))
days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
cards = st.builds(
    lambda **parts: CitizenCard(**parts, birth_year=parts["birthday"].year),
    number=st.from_regex(r"[0-9]{12}", fullmatch=True),
    old_number=st.one_of(st.just(""), st.from_regex(r"[0-9]{9}", fullmatch=True)),
    full_name=names,
    birthday=days,
    gender=st.sampled_from(["male", "female"]),
    address=addresses,
    issued_on=st.one_of(st.none(), days),
    further=st.lists(words, max_size=4).map(tuple),
)


def test_a_card():
    card = parse_card(PLAIN)
    assert (card.number, card.old_number, card.full_name) == ("034199000123", "151234567", "Nguyễn Thị Được")
    assert (card.birthday, card.gender, card.issued_on) == (date(1999, 4, 12), "female", date(2021, 5, 10))
    assert card.address == "Số 8, Lê Lợi, Thái Bình"


@given(cards)
def test_what_is_written_is_read(card):
    assert parse_card(format_card(card)) == card


@given(cards)
def test_a_card_never_shows_itself_in_logs(card):
    assert card.number not in repr(card)
    assert card.full_name not in repr(card) or len(card.full_name) < 4


@given(st.text(max_size=300))
def test_any_text_is_read_or_not(text):
    card = parse_card(text)
    assert card is None or (len(card.number) == 12 and card.full_name)


@given(st.text(max_size=60), st.integers(0, 6))
def test_any_field_may_be_wrong(rubbish, place):
    fields = PLAIN.split("|")
    fields[place] = rubbish
    card = parse_card("|".join(fields))
    if card is not None and place != 0 and "|" not in rubbish:
        assert card.number == "034199000123"


def test_newer_cards_carry_more():
    card = parse_card(PLAIN + "||Nguyễn Văn Cha|Trần Thị Mẹ||")
    assert card.further == ("", "Nguyễn Văn Cha", "Trần Thị Mẹ")
    assert card.full_name == "Nguyễn Thị Được"


@pytest.mark.parametrize(
    ("text", "birthday", "year"),
    [
        (PLAIN.replace("12041999", "00001955"), None, 1955),
        (PLAIN.replace("12041999", "12/04/1999"), date(1999, 4, 12), 1999),
        (PLAIN.replace("|10052021", "|"), date(1999, 4, 12), 1999),
    ],
)
def test_days_that_are_not_whole(text, birthday, year):
    card = parse_card(text)
    assert (card.birthday, card.birth_year) == (birthday, year)


def test_decomposed_letters_and_stray_spaces():
    card = parse_card("\ufeff" + unicodedata.normalize("NFD", PLAIN).replace("Thị", "Thị ") + "\r\n")
    assert card.full_name == "Nguyễn Thị Được"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.vn/?a=1|2|3|4|5|6|7",
        "00020101021238570010A00000072701270006970436",
        PLAIN.replace("034199000123", "03419900012"),
        PLAIN.replace("034199000123", "03419900012x"),
        PLAIN.replace("034199000123", "٠٣٤١٩٩٠٠٠١٢٣"),
        PLAIN.replace("Nguyễn Thị Được", "12345"),
        PLAIN.replace("12041999", "gần đây"),
        "|".join(PLAIN.split("|")[:6]),
        PLAIN + "|x" * 2000,
    ],
)
def test_other_codes_are_no_cards(text):
    assert parse_card(text) is None


def test_the_test_card_is_a_card():
    assert parse_card(format_card(APPLICANT)) == APPLICANT
