"""The wizard, contract rows 7-9, 14 and 15: followed by the pages the portal answers with, not by step addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, Person
from dvc_cli.model.folding import fold
from dvc_cli.model.procedure import ComponentSpec, Procedure
from dvc_cli.portal.base import OpenedDossier
from dvc_cli.portal.dialects.igate1 import outcome, person
from dvc_cli.portal.dialects.igate1.forms import Choice, Field, Form, absolute, elements, squeezed
from dvc_cli.portal.dialects.igate1.outcome import Answer, Intent, Meaning
from dvc_cli.portal.dialects.igate1.pages import Page, form_element
from dvc_cli.portal.dialects.igate1.site import Site

if TYPE_CHECKING:
    from lxml.etree import _Element

_MOST_STEPS = 6


class AgencyNeeded(InvalidInput):
    """The procedure is offered by several agencies or in several cases, and the dossier names none of them."""

    slug = "choice-needed"


class NotFiledOnline(InvalidInput):
    """The portal takes no dossiers of this procedure online."""

    slug = "not-filed-online"


class Step(Enum):
    """Which page of the wizard this is."""

    CHOICE = "choice"
    APPLICANT = "applicant"
    COMPONENTS = "components"
    FEES = "fees"
    CONFIRMATION = "confirmation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Stop:
    """A page of the wizard and its form."""

    step: Step
    page: Page
    form: Form


def recognise(site: Site, page: Page) -> Stop | None:
    """Tell by its forms which page of the wizard this is. A confirmation is recognised last and never guessed."""
    data = site.data
    for form in page.forms:
        names = {one.name for one in form.fields}
        if _file_inputs(site, form) or names & {data.text("components.subject"), data.text("components.extra_file")}:
            return Stop(Step.COMPONENTS, page, form)
        if names & {*data.texts("applicant.identity_number"), *data.texts("applicant.full_name")}:
            return Stop(Step.APPLICANT, page, form)
        if names & {*data.texts("fees.payment")}:
            return Stop(Step.FEES, page, form)
        if names & {*data.texts("choice.agency"), *data.texts("choice.case")}:
            return Stop(Step.CHOICE, page, form)
    for form in page.forms:
        pledge = form.field(*data.texts("confirm.pledge"))
        if pledge is not None or data.text("confirm.path") in urlsplit(form.action).path:
            return Stop(Step.CONFIRMATION, page, form)
    return None


def open_dossier(site: Site, dossier: Dossier, procedure: Procedure) -> OpenedDossier:
    """From the link "Nộp hồ sơ" to the components page: choose agency and case, fill in the applicant."""
    what = _("open the filing of {procedure}").format(procedure=procedure.name)
    if not procedure.online:
        raise NotFiledOnline(
            _("The portal takes no dossiers of this procedure online: {procedure}").format(procedure=procedure.name),
            hint=_("`dvc-cli procedures show {code}` tells where to hand it in").format(code=procedure.code),
        )
    page = site.read(site.path("wizard"), what, params={site.data.text("choice.procedure"): procedure.portal_id})
    placed: set[str] = set()
    for _step in range(_MOST_STEPS):
        stop = recognise(site, page)
        if stop is None or stop.step in (Step.FEES, Step.CONFIRMATION):
            raise outcome.unexpected(what)
        if stop.step is Step.COMPONENTS:
            return _opened(site, stop, procedure, placed)
        placed.update(key for key in dossier.form if _belongs(stop.form, key))
        values = _choices(site, stop, dossier) if stop.step is Step.CHOICE else _applicant(site, stop, dossier)
        page, answer = site.send(stop.form, stop.form.entries(values), what)
        if answer.meaning is not Meaning.FINE:
            raise _explained(site, answer, what)
        _went_on(site, page, stop, what)
    raise outcome.unexpected(what)


def _explained(site: Site, answer: Answer, what: str) -> Exception:
    named = replace(answer, details=person.dossier_keys(site.data, answer.details))
    return outcome.error_of(named, Intent.CHANGE, what)


def _went_on(site: Site, page: Page, before: Stop, what: str) -> None:
    """The same page again, with a 200 and no known error, is not success: the effect is unknown."""
    after = recognise(site, page)
    if after is None or after.step is before.step:
        raise outcome.unanswered(what)


def _choices(site: Site, stop: Stop, dossier: Dossier) -> dict[str, str]:
    values = {}
    for key, wanted in (("agency", dossier.agency), ("case", dossier.case)):
        one = stop.form.field(*site.data.texts(f"choice.{key}"))
        offered = tuple(choice for choice in one.choices if choice.value) if one else ()
        if one is None or not offered or one.kind == "hidden":
            continue
        if wanted:
            values[one.name] = person.pick(offered, wanted, key).value
        elif len(offered) == 1:
            values[one.name] = offered[0].value
        else:
            raise AgencyNeeded(
                _("The portal asks to choose `{key}` for this procedure").format(key=key),
                hint=_("Write one of these into the dossier file: {choices}").format(
                    choices="; ".join(choice.label for choice in offered)
                ),
            )
    return values


def _applicant(site: Site, stop: Stop, dossier: Dossier) -> dict[str, str | bool]:
    form, data = stop.form, site.data
    person.check_account(form, data, dossier.applicant)
    values: dict[str, str | bool] = {**person.person_values(form, data, "applicant", dossier.applicant)}
    values |= _units(site, form, "applicant", dossier.applicant)
    values |= person.owner_values(form, data, dossier)
    if dossier.owner is not None:
        values |= _units(site, form, "owner", dossier.owner)
    free = {key: text for key, text in dossier.form.items() if _belongs(form, key)}
    return values | person.free_values(form, free)


def _belongs(form: Form, key: str) -> bool:
    return any(key == one.name or fold(key) == fold(one.label.rstrip(" *:")) for one in form.fields if one.name)


def _units(site: Site, form: Form, part: str, who: Person) -> dict[str, str]:
    """Province, district and commune; the lower lists load after the upper choice."""
    values: dict[str, str] = {}
    codes: dict[str, str] = {}
    for level in person.UNITS:
        one = person.input_of(form, site.data, part, level)
        wanted = str(getattr(who, level))
        if one is None or not wanted or one.locked or one.kind == "hidden":
            continue
        choices = one.choices if level == "province" or not codes else _loaded(site, level, codes)
        if one.is_text and not choices:
            values[one.name] = wanted
            continue
        chosen = person.pick(choices, wanted, f"{part}.{level}")
        values[one.name] = codes[level] = chosen.value
    return values


def _loaded(site: Site, level: str, codes: Mapping[str, str]) -> tuple[Choice, ...]:
    params = {site.data.text(f"units.{upper}"): code for upper, code in codes.items() if upper != "commune"}
    answer = site.read_json(site.path("units"), _("load the list of communes"), params)
    rows = answer.get(f"{level}s", ())
    pairs = [(str(row.get("code", "")), str(row.get("name", ""))) for row in rows if isinstance(row, Mapping)]
    return tuple(Choice(code, name) for code, name in pairs if code)


# -- the components page ---------------------------------------------------------------------------------------------


def _file_inputs(site: Site, form: Form) -> dict[str, Field]:
    """The file inputs of the component rows, by the row's id."""
    pattern = re.compile(site.data.text("components.file"))
    found = {}
    for one in form.of_kind("file"):
        match = pattern.match(one.name)
        if match:
            found[match.group("id")] = one
    return found


def _opened(site: Site, stop: Stop, procedure: Procedure, placed: set[str]) -> OpenedDossier:
    data = site.data
    sid = stop.page.parameter(data.text("choice.sid")) or _hidden(stop.form, data.text("choice.sid"))
    upload = stop.form.data.get(data.text("components.upload_url_attribute").removeprefix("data-"), "")
    token = stop.form.data.get(data.text("components.file_token_attribute").removeprefix("data-"), "")
    what = _("open the components page")
    state = {
        "components": site.local(stop.page.url, what),
        "files": site.local(absolute(stop.page.url, upload) if upload else site.path("files"), what),
        "file_token": token or _hidden(stop.form, data.text("upload.token")),
        "placed": "\n".join(sorted(placed)),
    }
    rows = tuple(sorted(_rows(site, stop, procedure), key=lambda spec: spec.row))
    return OpenedDossier(sid=sid, procedure=replace(procedure, components=rows or procedure.components), state=state)


def _hidden(form: Form, name: str) -> str:
    one = form.field(name)
    return one.value if one else ""


def _rows(site: Site, stop: Stop, procedure: Procedure) -> Iterator[ComponentSpec]:
    """The procedure's rows with the ids of the wizard's page, matched by id, else by name and order."""
    page_rows = _page_rows(site, stop)
    known = {spec.code: spec for spec in procedure.components if spec.code}
    left = [spec for spec in procedure.components if spec.code not in page_rows]
    for code, name in page_rows.items():
        spec = known.get(code) or next((one for one in left if name and fold(one.name) == fold(name)), None)
        if spec is None:
            yield ComponentSpec(row=len(known) + 1, code=code, name=name, mandatory="*" in name)
            continue
        if spec in left:
            left.remove(spec)
        yield replace(spec, code=code)
    yield from (spec for spec in left if spec.is_heading)


def _page_rows(site: Site, stop: Stop) -> dict[str, str]:
    """Ids and names of the rows that take a file."""
    element = form_element(stop.page, stop.form)
    rows = {}
    for code, one in _file_inputs(site, stop.form).items():
        control = _control(element, one.name)
        row = elements(control, "ancestor::tr[1]") if control is not None else []
        names = elements(row[0], site.data.text("components.row_name")) if row else []
        rows[code] = (squeezed(names[0]) if names else "").removesuffix("(*)").removesuffix("*").strip()
    return rows


def _control(element: _Element, name: str) -> _Element | None:
    return next((one for one in elements(element, "descendant::input") if one.get("name") == name), None)


def components_stop(site: Site, opened: OpenedDossier) -> Stop:
    """Read the components page again, with a fresh token."""
    what = _("open the components page")
    page = site.read(opened.state["components"], what)
    stop = recognise(site, page)
    if stop is None or stop.step is not Step.COMPONENTS:
        raise outcome.unexpected(what)
    return stop


def components_values(
    site: Site, stop: Stop, opened: OpenedDossier, dossier: Dossier, used: Mapping[str, int]
) -> dict[str, str | bool | list[str]]:
    """Ticks, copies and names of free rows. `used`: rows that have files, with their number of copies.

    Raises:
        UnknownFormField: a key of the dossier's `[form]` stood on no page of the wizard.
    """
    data, form = site.data, stop.form
    values: dict[str, str | bool | list[str]] = {
        data.text("components.other_name"): [extra.name for extra in dossier.extras if not extra.catch_all],
    }
    element = form_element(stop.page, form)
    for code, one in _file_inputs(site, form).items():
        row = _row_fields(element, one.name, form)
        tick = form.field(data.text("components.tick").format(id=code)) or _first(row, "checkbox")
        copies = form.field(data.text("components.copies").format(id=code)) or _first(row, "number")
        if tick is not None:
            values[tick.name] = code in used
        if copies is not None and code in used:
            values[copies.name] = str(used[code])
    placed = opened.state.get("placed", "").splitlines()
    return values | person.free_values(form, {key: text for key, text in dossier.form.items() if key not in placed})


def _row_fields(element: _Element, name: str, form: Form) -> list[Field]:
    control = _control(element, name)
    row = elements(control, "ancestor::tr[1]") if control is not None else []
    names = {one.get("name") for one in elements(row[0], "descendant::input")} if row else set()
    return [one for one in form.fields if one.name in names]


def _first(fields: list[Field], kind: str) -> Field | None:
    return next((one for one in fields if one.kind == kind), None)


def fee_values(site: Site, stop: Stop) -> dict[str, str]:
    """The fee page: pay online where that can be chosen."""
    one = stop.form.field(*site.data.texts("fees.payment"))
    if one is None or not one.choices:
        return {}
    words = site.data.texts("fees.choice")
    fitting = [c for c in one.choices if c.value in words or any(word in fold(c.label) for word in words)]
    chosen = fitting or [c for c in one.choices if c.chosen and c.value] or [c for c in one.choices if c.value]
    return {one.name: chosen[0].value} if chosen else {}
