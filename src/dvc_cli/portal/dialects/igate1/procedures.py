"""Procedures, contract rows 5 and 6: the list with its pager, and the page of one procedure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.folding import contains_words, fold
from dvc_cli.model.procedure import ComponentSpec, FormTemplate, Procedure, ProcedurePage, ProcedureSummary
from dvc_cli.portal.base import NoSuchProcedure
from dvc_cli.portal.dialects.igate1 import outcome
from dvc_cli.portal.dialects.igate1.forms import Choice, squeezed
from dvc_cli.portal.dialects.igate1.outcome import Intent, Meaning
from dvc_cli.portal.dialects.igate1.pages import Page, TableRow, query_value, table_row
from dvc_cli.portal.dialects.igate1.site import Site

if TYPE_CHECKING:
    from lxml.etree import _Element

_CODE = re.compile(r"\d{1,2}\.\d{6}(?:(?:\.\d{2,3}){3})?(?:\.[A-Z]\d{2})?")


class UnknownFilter(InvalidInput):
    """The portal's list has no such field or agency to filter by."""

    slug = "unknown-filter"


def listed(site: Site, query: str, agency: str, field: str, page: int, per_page: int) -> ProcedurePage:
    """One page of the list."""
    data = site.data
    what = _("list the procedures")
    size = max(1, min(per_page, data.number("list.per_page_most")))
    params = {data.text("list.query"): query, data.text("list.page"): str(page), data.text("list.per_page"): str(size)}
    agency_label = ""
    if agency or field:
        offered = site.read(site.path("procedures"), what, params={data.text("list.per_page"): "1"})
        chosen = _filter(offered, data.text("list.agency"), agency)
        agency_label = chosen.label if chosen else ""
        params |= {data.text("list.agency"): chosen.value} if chosen else {}
        chosen = _filter(offered, data.text("list.field"), field)
        params |= {data.text("list.field"): chosen.value} if chosen else {}
    shown = site.read(site.path("procedures"), what, params=params)
    container = shown.find(data.texts("list.container"))
    if not container:
        raise outcome.unexpected(what)
    rows = [element for box in container for element in shown.find(data.text("list.item"), box)]
    total = _total(shown.text(data.texts("list.total")))
    return ProcedurePage(
        items=tuple(_item(site, shown, element, agency_label) for element in rows),
        page=page,
        pages=_pages(site, shown, page, total, size),
        total=total,
        fetched_at=site.clock.now(),
        sandbox=site.marked_sandbox,
    )


def _filter(page: Page, name: str, wanted: str) -> Choice | None:
    """What the page offers under a filter's name, chosen by its words."""
    if not wanted:
        return None
    offered = next(
        (one for form in page.forms for one in form.fields if one.name == name and one.kind == "select"), None
    )
    if offered is None:
        return Choice(wanted, "")
    chosen = offered.choice(wanted)
    if chosen is None or not chosen.value:
        fitting = [one.label for one in offered.choices if one.value and contains_words(one.label, wanted)]
        known = fitting or [one.label for one in offered.choices if one.value]
        raise UnknownFilter(
            _("`{wanted}` names none or several of the portal's choices").format(wanted=wanted),
            hint=_("Choices: {choices}").format(choices="; ".join(known[:20])),
        )
    return chosen


def _item(site: Site, page: Page, element: _Element, agency: str) -> ProcedureSummary:
    data = site.data
    link = page.find(data.text("list.link"), element)[0]
    name, text = squeezed(link), squeezed(element)
    code = link.get(data.text("list.code_attribute")) or element.get(data.text("list.code_attribute")) or ""
    if not code:
        found = _CODE.search(text)
        code = found.group() if found else ""
    return ProcedureSummary(
        code=code,
        name=name.removeprefix(code).lstrip(" -:").strip() or name,
        field=_within(page, element, data.texts("list.item_field")),
        agency=_within(page, element, data.texts("list.item_agency")) or agency,
        portal_id=query_value(page.link(link), data.text("list.id")),
        level=_within(page, element, data.texts("list.item_level")),
    )


def _within(page: Page, element: _Element, expressions: tuple[str, ...]) -> str:
    found = page.find(expressions, element)
    return squeezed(found[0]) if found else ""


def _total(text: str) -> int | None:
    digits = re.sub(r"[^0-9]", "", text)
    return int(digits) if digits and len(digits) < 9 else None


def _pages(site: Site, shown: Page, page: int, total: int | None, size: int) -> int:
    if total is not None:
        return max(1, -(-total // size))
    links = shown.find(site.data.text("list.page_link"))
    numbers = [query_value(shown.link(one), site.data.text("list.page")) or squeezed(one) for one in links]
    return max([page, *(int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) < 7)])


def described(site: Site, code: str) -> Procedure:
    """A procedure by its code or by the portal's own number."""
    portal_id = code if code.isascii() and code.isdigit() else _find(site, code)
    what = _("read procedure {code}").format(code=code)
    page, answer = site.ask(site.path("procedure"), what, params={site.data.text("list.id"): portal_id})
    if answer.meaning is Meaning.NOT_FOUND:
        raise _missing(code)
    if answer.meaning is not Meaning.FINE:
        outcome.refuse(answer, Intent.READ, what)
    return _read_detail(site, page, portal_id)


def _find(site: Site, code: str) -> str:
    """The portal's number of a code, with or without the local suffix."""
    found = listed(site, code, "", "", 1, site.data.number("list.per_page_most")).items
    wanted = code.strip().upper()
    exact = [one for one in found if one.code.upper() == wanted]
    national = [one for one in found if _national(one.code) == _national(wanted) and "." not in _local(wanted)[1:]]
    for fitting in (exact, national):
        if len({one.portal_id for one in fitting}) == 1:
            return fitting[0].portal_id
    raise _missing(code)


def _national(code: str) -> str:
    found = re.match(r"\d{1,2}\.\d{6}", code)
    return found.group() if found else code.upper()


def _local(code: str) -> str:
    return code[len(_national(code)) :]


def _missing(code: str) -> NoSuchProcedure:
    return NoSuchProcedure(
        _("The portal has no procedure {code}").format(code=code), hint=_("Search: `dvc-cli procedures list WORDS`")
    )


def _read_detail(site: Site, page: Page, portal_id: str) -> Procedure:
    data = site.data
    text = {name: page.labelled_lines(data.texts(f"detail.{name}"), data.text("detail.attribute")) for name in _DETAIL}
    if not text["name"]:
        raise outcome.unexpected(_("read procedure {code}").format(code=portal_id))
    fees = [page.labelled([name], data.text("detail.attribute")) for name in data.texts("detail.fees")]
    return Procedure(
        code=text["code"],
        name=text["name"],
        field=text["field"],
        agency="; ".join(page.labelled_list(data.texts("detail.agency"), data.text("detail.attribute"))),
        processing_time=text["processing_time"],
        steps=text["steps"],
        requirements=text["requirements"],
        portal_id=portal_id,
        fee="; ".join(dict.fromkeys(one for one in fees if one)),
        online=bool(page.find(data.text("detail.file_link"))),
        components=tuple(_components(site, page)),
        agencies=page.labelled_list(data.texts("detail.agency"), data.text("detail.attribute")),
        cases=page.labelled_list(data.texts("detail.cases"), data.text("detail.attribute")),
        fetched_at=site.clock.now(),
        sandbox=site.marked_sandbox,
    )


_DETAIL = ("code", "name", "field", "processing_time", "steps", "requirements")


def _components(site: Site, page: Page) -> Iterator[ComponentSpec]:
    data = site.data
    for number, element in enumerate(page.find(data.texts("detail.component")), 1):
        row = table_row(element)
        name = row.cell(data.texts("detail.component_name")).removesuffix("*").removesuffix("(*)").strip()
        given = element.get(data.text("detail.component_row")) or ""
        yield ComponentSpec(
            row=int(given) if given.isascii() and given.isdigit() else number,
            code=element.get(data.text("detail.component_id")) or "",
            name=name,
            mandatory=_is_marked(element, data.text("detail.mandatory"), row, data.texts("detail.component_name"), "*"),
            conditional=_is_marked(
                element, data.text("detail.conditional"), row, data.texts("detail.component_name"), "nếu"
            ),
            originals=_count(row, data.texts("detail.originals")),
            copies=_count(row, data.texts("detail.copies")),
            forms=tuple(_forms(site, page, element)),
        )


def _is_marked(element: _Element, attribute: str, row: TableRow, names: tuple[str, ...], sign: str) -> bool:
    given = element.get(attribute)
    if given is not None:
        return given.strip().lower() not in ("", "0", "false")
    return fold(sign) in fold(row.cell(names))


def _count(row: TableRow, names: tuple[str, ...]) -> int:
    found = re.search(r"\d{1,4}", row.cell(names))
    return int(found.group()) if found else 0


def _forms(site: Site, page: Page, element: _Element) -> Iterator[FormTemplate]:
    for link in page.find(site.data.text("detail.form_link"), element):
        url = page.link(link)
        yield FormTemplate(name=link.get("title") or squeezed(link) or _("form"), url=url)
