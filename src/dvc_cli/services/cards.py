"""Citizen cards found in scans: whose they are, their fields for a dossier file, and whether they are the applicant's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import ClassVar

from dvc_cli.errors import InvalidInput
from dvc_cli.files import check_output, write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.citizen_card import CitizenCard
from dvc_cli.model.dossier import Dossier, Person
from dvc_cli.model.folding import fold
from dvc_cli.model.ports import Progress
from dvc_cli.pdf.limited import Workers
from dvc_cli.scan.cards import find_cards
from dvc_cli.scan.inputs import expanded


class NoCardFound(InvalidInput):
    """No QR code of a citizen card was found."""

    slug = "no-card-found"


class SeveralCards(InvalidInput):
    """Cards of different people were found where one person's fields were to be written."""

    slug = "several-cards"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFields:
    """A card's fields under the names of the dossier file, and where it was found."""

    file: Path
    page: int
    full_name: str
    identity_number: str
    old_number: str
    birthday: date | None
    birth_year: int | None
    gender: str
    address: str
    issued_on: date | None
    further: tuple[str, ...] = ()
    doubtful: bool = False

    def __repr__(self) -> str:
        return f"CardFields(***{self.identity_number[-3:]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    """Cards found, in the order of the files; `output` is the TOML file that was written."""

    schema: ClassVar[str] = "dvc.papers.cards/1"
    cards: tuple[CardFields, ...]
    output: Path | None = None


def read_cards(
    inputs: Sequence[Path], progress: Progress, *, output: Path | None = None, overwrite: bool = False
) -> CardReport:
    """Read the cards in pictures and PDFs; with `output` write the person's fields as a table `[applicant]`.

    Raises:
        NoCardFound, SeveralCards; the errors of reading files; OutputExists.
    """
    if output is not None:
        check_output(output, overwrite=overwrite)
    files = expanded(inputs)
    found: list[CardFields] = []
    with Workers() as workers, progress.task(_("Looking for cards"), len(files)) as task:
        for path in files:
            task.update(_("Looking for cards in {name}").format(name=path.name))
            found += cards_of(path, workers)
            task.advance()
    if not found:
        raise NoCardFound(
            _("No QR code of a citizen card was found"),
            hint=_("Scan the side of the card with the code at 300 dpi or more, in good light"),
        )
    if output is not None:
        _write_fields(found, output, overwrite=overwrite)
    return CardReport(cards=tuple(found), output=output)


def cards_of(path: Path, workers: Workers) -> list[CardFields]:
    """The cards on the pages of one file."""
    return [card_fields(path, one.page, one.card) for one in find_cards(path, workers)]


def card_fields(path: Path, page: int, card: CitizenCard) -> CardFields:
    """A card under the names of the dossier file; `doubtful` when year or sex do not fit its number."""
    from dvc_cli.model.identifiers import CitizenId

    female = {"female": True, "male": False}.get(card.gender)
    birthday = card.birthday or (date(card.birth_year, 1, 1) if card.birth_year else None)
    return CardFields(
        file=path,
        page=page,
        full_name=card.full_name,
        identity_number=card.number,
        old_number=card.old_number,
        birthday=card.birthday,
        birth_year=card.birth_year,
        gender=card.gender,
        address=card.address,
        issued_on=card.issued_on,
        further=card.further,
        doubtful=CitizenId(card.number).disagrees_with(birthday, female=female),
    )


def _write_fields(cards: Sequence[CardFields], output: Path, *, overwrite: bool) -> None:
    people = {card.identity_number for card in cards}
    if len(people) > 1:
        raise SeveralCards(
            _("Cards of {count} people were found, but the fields of one are to be written").format(count=len(people)),
            hint=_("Name only the file with the applicant's card"),
            details=tuple(f"{card.file}:{card.page}  {card.full_name}" for card in cards),
        )
    write_atomically(output, applicant_toml(cards[0]).encode("utf-8"), overwrite=overwrite)


def applicant_toml(card: CardFields) -> str:
    """The table `[applicant]` of a dossier file; identifiers are text."""
    import tomlkit

    table = tomlkit.table()
    for key in ("full_name", "identity_number", "birthday", "gender", "issued_on", "address"):
        if value := getattr(card, key):
            table[key] = value
    document = tomlkit.document()
    document["applicant"] = table
    return tomlkit.dumps(document)


# -- the right person ------------------------------------------------------------------------------------------------


class Likeness(Enum):
    """Whether a card is a person's."""

    SAME = "same"
    SPELT_OTHERWISE = "spelt-otherwise"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardComparison:
    """A card against the people of a dossier. `person` is `applicant` or `owner`; `differs` names the fields that differ."""

    file: Path
    page: int
    full_name: str
    identity_number: str
    person: str
    likeness: Likeness
    differs: tuple[str, ...]

    def __repr__(self) -> str:
        return f"CardComparison(***{self.identity_number[-3:]}, {self.likeness.value})"


def compare_card(card: CardFields, dossier: Dossier) -> CardComparison:
    """The person of the dossier that the card fits best."""
    people = [("applicant", dossier.applicant), *([("owner", dossier.owner)] if dossier.owner else [])]
    judged = [(name, *_compared(card, person)) for name, person in people]
    name, likeness, differs = min(judged, key=lambda one: (list(Likeness).index(one[1]), len(one[2])))
    return CardComparison(
        file=card.file,
        page=card.page,
        full_name=card.full_name,
        identity_number=card.identity_number,
        person=name,
        likeness=likeness,
        differs=differs,
    )


def _compared(card: CardFields, person: Person) -> tuple[Likeness, tuple[str, ...]]:
    differs = []
    number = "".join(sign for sign in person.identity_number if sign.isdigit())
    if number and number not in (card.identity_number, card.old_number):
        differs.append("identity_number")
    spelling = _name(card.full_name) != _name(person.full_name)
    if spelling and fold(card.full_name) != fold(person.full_name):
        differs.append("full_name")
    if person.birthday and _other_birthday(card, person.birthday):
        differs.append("birthday")
    if differs:
        return Likeness.OTHER, tuple(differs)
    return (Likeness.SPELT_OTHERWISE, ("full_name",)) if spelling else (Likeness.SAME, ())


def _other_birthday(card: CardFields, birthday: date) -> bool:
    if card.birthday is not None:
        return card.birthday != birthday
    return card.birth_year is not None and card.birth_year != birthday.year


def _name(text: str) -> str:
    import unicodedata

    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
