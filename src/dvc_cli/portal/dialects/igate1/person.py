"""Putting a person into the applicant page: which input takes what, dates and choices as the page wants them (row 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, Person
from dvc_cli.model.folding import fold
from dvc_cli.portal.data_file import DialectData
from dvc_cli.portal.dialects.igate1.forms import Choice, Field, Form

PLAIN = (
    "full_name", "organisation", "tax_code", "birthday", "gender", "ethnicity", "identity_number", "issued_on", "issued_by",
    "address", "phone", "email", "fax", "website", "licence_number",
)  # fmt: skip
UNITS = ("province", "district", "commune")
_GENDERS = {"male": "nam", "m": "nam", "female": "nu", "f": "nu"}
_KINDS = ("tinh", "thanh pho", "quan", "huyen", "thi xa", "phuong", "xa", "thi tran", "dac khu", "tp.", "tp")


class ApplicantMismatch(InvalidInput):
    """The dossier's applicant is not the person whose account is logged in."""

    slug = "applicant-mismatch"


class UnknownChoice(InvalidInput):
    """A value of the dossier is none of the choices the portal's form offers."""

    slug = "unknown-choice"


class UnknownFormField(InvalidInput):
    """The dossier's `[form]` names a field the portal's form does not have."""

    slug = "unknown-form-field"


def input_of(form: Form, data: DialectData, part: str, name: str) -> Field | None:
    """The input for one fact about a person (`part` is `applicant` or `owner`)."""
    return form.field(*data.texts(f"{part}.{name}")) if data.get(f"{part}.{name}") else None


def person_values(form: Form, data: DialectData, part: str, person: Person) -> dict[str, str]:
    """Values by input name for all facts but the administrative units; what the dossier leaves out stays as the page has it."""
    values = {}
    for name in PLAIN:
        one = input_of(form, data, part, name)
        given = getattr(person, name)
        if one is not None and given and not one.locked:
            values[one.name] = shown(one, given, f"{part}.{name}")
    return values


def shown(one: Field, given: str | date, key: str) -> str:
    """A value in the shape its input wants: a choice's value, an ISO day for a day picker, `dd/MM/yyyy` else."""
    if isinstance(given, date):
        return given.isoformat() if one.kind == "date" else given.strftime("%d/%m/%Y")
    if one.choices:
        return pick(one.choices, _GENDERS.get(given.lower(), given), key).value
    return given


def pick(choices: tuple[Choice, ...], wanted: str, key: str) -> Choice:
    """The choice that `wanted` names by value or words; a unit's kind (Tỉnh, Phường) may be left out."""
    found = Field(name=key, kind="select", choices=choices).choice(wanted)
    if found is None:
        bare = [one for one in choices if one.value and unit_name(one.label) == unit_name(wanted)]
        found = bare[0] if len(bare) == 1 else None
    if found is None or not found.value:
        raise unknown_choice(choices, wanted, key)
    return found


def unknown_choice(choices: tuple[Choice, ...], wanted: str, key: str) -> UnknownChoice:
    """The error for a value the portal does not offer, with the nearest ones it does."""
    labels = {fold(one.label): one.label for one in choices if one.value}
    near = [labels[name] for name in get_close_matches(fold(wanted), list(labels), n=5, cutoff=0.5)]
    listed = near or list(labels.values())[:10]
    return UnknownChoice(
        _("The portal does not offer `{value}` for `{key}`").format(value=wanted, key=key),
        hint=_("Choices: {choices}").format(choices="; ".join(listed)) if listed else None,
    )


def unit_name(label: str) -> str:
    """The name of an administrative unit, folded and without its kind."""
    folded = fold(label)
    for kind in _KINDS:
        if folded.startswith(f"{kind} "):
            return folded.removeprefix(f"{kind} ").strip()
    return folded


def check_account(form: Form, data: DialectData, applicant: Person) -> None:
    """The account's own name and number stand in the page; the dossier must be that person's.

    Raises:
        ApplicantMismatch: it is another's.
    """
    number, name = (input_of(form, data, "applicant", key) for key in ("identity_number", "full_name"))
    other_number = number and number.value and applicant.identity_number and number.value != applicant.identity_number
    other_name = name and name.locked and name.value and fold(name.value) != fold(applicant.full_name)
    if other_number or other_name:
        raise ApplicantMismatch(
            _("The account at the portal belongs to {account}, the dossier's applicant is {applicant}").format(
                account=name.value if name else "?", applicant=applicant.full_name
            ),
            hint=_("Log in with the applicant's account, or name this person as the owner: `[owner]`"),
        )


def free_values(form: Form, given: Mapping[str, str]) -> dict[str, str | bool]:
    """Values of the dossier's `[form]`, by the input's name or the words beside it.

    Raises:
        UnknownFormField: no input is called so.
    """
    values: dict[str, str | bool] = {}
    for key, text in given.items():
        one = form.field(key) or next(
            (one for one in form.fields if one.name and fold(one.label.rstrip(" *:")) == fold(key)), None
        )
        if one is None or one.kind in ("hidden", "password", "submit"):
            raise UnknownFormField(_("The portal's form has no field `{key}`").format(key=key))
        values[one.name] = (
            fold(text) in ("1", "true", "yes", "co", "x") if one.kind == "checkbox" else shown(one, text, key)
        )
    return values


def dossier_keys(data: DialectData, details: tuple[str, ...]) -> tuple[str, ...]:
    """The portal's field errors with the dossier file's own keys in place of the inputs' names."""
    keys = {
        name: f"{part}.{key}"
        for part in ("applicant", "owner")
        for key, names in data.get(part).items()
        for name in names
    }
    named = []
    for line in details:
        name, colon, words = line.partition(": ")
        named.append(f"{keys[name]}{colon}{words}" if name in keys else line)
    return tuple(named)


def owner_values(form: Form, data: DialectData, dossier: Dossier) -> dict[str, str | bool]:
    """Values of the owner's part, or the tick that the applicant is the owner."""
    same = form.field(*data.texts("owner.same"))
    if dossier.owner is None:
        return {same.name: True} if same else {}
    values: dict[str, str | bool] = {**person_values(form, data, "owner", dossier.owner)}
    if same:
        values[same.name] = False
    kind = input_of(form, data, "owner", "kind")
    if kind is not None and kind.choices:
        words = data.texts("owner.kind_organisation" if dossier.owner.organisation else "owner.kind_person")
        fitting = [one for one in kind.choices if one.value in words or any(word in fold(one.label) for word in words)]
        if fitting:
            values[kind.name] = fitting[0].value
    return values
