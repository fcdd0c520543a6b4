"""The QR code of a citizen card (thẻ căn cước, CCCD): `number|old number|name|birthday|sex|address|issued` (portal.md §4).

Newer cards carry further fields after these; they are kept as they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_DAY = re.compile(r"(\d{2})[/.-]?(\d{2})[/.-]?(\d{4})", re.ASCII)
_NUMBER = re.compile(r"\d{12}", re.ASCII)
_OLD_NUMBER = re.compile(r"\d{9}|\d{12}", re.ASCII)
_GENDERS = {"nam": "male", "nữ": "female", "nu": "female"}
_MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenCard:
    """What the code of a card says. Texts NFC as printed; `birthday` None when the card has only a year (`birth_year`)."""

    number: str
    old_number: str = ""
    full_name: str
    birthday: date | None = None
    birth_year: int | None = None
    gender: str = ""
    address: str = ""
    issued_on: date | None = None
    further: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"CitizenCard(***{self.number[-3:]})"


def parse_card(text: str) -> CitizenCard | None:
    """The card whose QR code says `text`; None when it is another code.

    A code is a card's when it has at least seven fields, the first is a 12-digit number, the second empty or a former number,
    the third a name and the fourth a date: so a parcel's or a bank's code is never taken for a card.
    """
    if len(text) > _MAX_LENGTH:
        return None
    fields = [_clean(field) for field in text.strip("\r\n\t\0\ufeff ").split("|")]
    if len(fields) < 7 or not _NUMBER.fullmatch(fields[0]):
        return None
    old, name, born, gender, address, issued = fields[1:7]
    if (old and not _OLD_NUMBER.fullmatch(old)) or not _is_name(name) or not _DAY.fullmatch(born):
        return None
    further = fields[7:]
    while further and not further[-1]:
        further.pop()
    return CitizenCard(
        number=fields[0],
        old_number=old,
        full_name=name,
        birthday=_date(born),
        birth_year=int(born[-4:]) or None,
        gender=_GENDERS.get(gender.casefold(), ""),
        address=address,
        issued_on=_date(issued),
        further=tuple(further),
    )


def format_card(card: CitizenCard) -> str:
    """The text of the card's code: the opposite of `parse_card`."""
    words = {"male": "Nam", "female": "Nữ"}
    born = card.birthday.strftime("%d%m%Y") if card.birthday else f"0000{card.birth_year or 0:04d}"
    issued = card.issued_on.strftime("%d%m%Y") if card.issued_on else ""
    head = (card.number, card.old_number, card.full_name, born, words.get(card.gender, ""), card.address, issued)
    return "|".join((*head, *card.further))


def _clean(field: str) -> str:
    return " ".join(unicodedata.normalize("NFC", field).split())


def _is_name(text: str) -> bool:
    return any(letter.isalpha() for letter in text) and not any(sign.isdigit() for sign in text)


def _date(text: str) -> date | None:
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return None
