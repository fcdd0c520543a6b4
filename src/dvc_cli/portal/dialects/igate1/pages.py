"""Reading a page by what it shows: forms by role, values by their labels; the data file's names come second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from dvc_cli.i18n import _
from dvc_cli.model.folding import fold
from dvc_cli.portal.base import UnexpectedPage
from dvc_cli.portal.dialects.igate1.forms import (
    Field,
    Form,
    absolute,
    controls_of,
    elements,
    elements_text,
    labels_of,
    read_form,
    squeezed,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_PAIRS = "//dt[following-sibling::*[1][self::dd]] | //tr[count(th)=1 and count(td)=1]/th | //tr[not(th) and count(td)=2]/td[1]"


@dataclass(frozen=True)
class Page:
    """A page as it came: where from, with which status, and its tree."""

    url: str
    status: int
    root: _Element

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """All forms, in page order."""
        labels = labels_of(self.root)
        return tuple(read_form(element, self.url, labels) for element in elements(self.root, "//form"))

    def find(self, expressions: str | Sequence[str], within: _Element | None = None) -> list[_Element]:
        """The elements of the first expression that finds any."""
        for expression in (expressions,) if isinstance(expressions, str) else expressions:
            if found := elements(self.root if within is None else within, expression):
                return found
        return []

    def text(self, expressions: str | Sequence[str]) -> str:
        """The text of the first element found, or nothing."""
        found = self.find(expressions)
        return squeezed(found[0]) if found else ""

    def link(self, element: _Element) -> str:
        """The absolute address an element points to (`href` or `src`)."""
        return absolute(self.url, element.get("href") or element.get("src") or "")

    def parameter(self, name: str) -> str:
        """A parameter of the page's own address."""
        return query_value(self.url, name)

    def labelled(self, names: Sequence[str], attribute: str = "data-field") -> str:
        """The value shown beside one of the labels `names`, else the one marked with such an attribute."""
        found = self._value(names, attribute)
        return squeezed(found) if found is not None else ""

    def labelled_lines(self, names: Sequence[str], attribute: str = "data-field") -> str:
        """As `labelled`, with the value's own lines kept."""
        found = self._value(names, attribute)
        lines = "".join(elements_text(found, ".//text()")).splitlines() if found is not None else []
        return "\n".join(line for line in (" ".join(one.split()) for one in lines) if line)

    def labelled_list(self, names: Sequence[str], attribute: str = "data-field") -> tuple[str, ...]:
        """The value's list items, or its lines, or its parts between semicolons."""
        found = self._value(names, attribute)
        items = [squeezed(one) for one in elements(found, ".//li")] if found is not None else []
        if not items:
            items = [part.strip() for part in re.split(r"[;\n]", self.labelled_lines(names, attribute))]
        return tuple(item for item in items if item)

    def _value(self, names: Sequence[str], attribute: str) -> _Element | None:
        for name in names:
            for label, value in self._pairs:
                if label == name:
                    return value
        for name in names:
            for element in elements(self.root, f"//*[@{attribute}]"):
                if element.get(attribute) == name:
                    return element
        return None

    @cached_property
    def _pairs(self) -> tuple[tuple[str, _Element], ...]:
        pairs = []
        for label in elements(self.root, _PAIRS):
            value = label.getnext()
            if value is not None:
                pairs.append((label_words(squeezed(label)), value))
        return tuple(pairs)

    def login_form(self) -> Form | None:
        """The form with exactly one password to fill in."""
        for form in self.forms:
            if len(form.of_kind("password")) == 1:
                return form
        return None


def read_page(content: bytes, charset: str, url: str, status: int) -> Page:
    """Parse an HTML answer.

    Raises:
        UnexpectedPage: there is nothing to parse.
    """
    from lxml import etree, html

    # Whole-text parsing of hostile input: no network, no entities from outside, libxml2's own depth limit stays on.
    try:
        parser = html.HTMLParser(encoding=charset, no_network=True, remove_comments=True, remove_pis=True)
        root = html.document_fromstring(content, parser=parser)
    except (etree.ParserError, LookupError, ValueError) as error:
        raise UnexpectedPage(
            _("The portal's answer to {url} cannot be read").format(url=url),
            hint=_("Run the same command again later"),
        ) from error
    return Page(url, status, root)


@dataclass(frozen=True, slots=True)
class LoginRoles:
    """Who is who in a log-in form. `captcha` is None when there is no picture."""

    user: Field
    password: Field
    captcha: Field | None
    image: str | None


def login_roles(page: Page, form: Form, names: Sequence[str], image_words: str) -> LoginRoles | None:
    """Tell user name, password and captcha apart: the password by its type, the text before it, the text at the picture.

    `names` are the data file's names (user, password, captcha), asked only where the roles leave a doubt.
    """
    password = next(iter(form.of_kind("password")), None) or form.field(names[1])
    if password is None:
        return None
    image, captcha = captcha_roles(page, form, names[2], image_words)
    texts = [one for one in form.fields if one.is_text and not one.disabled and one is not captcha]
    before = [one for one in texts if one.position < password.position]
    user = before[-1] if before else form.field(names[0])
    return LoginRoles(user, password, captcha, image) if user else None


def captcha_roles(page: Page, form: Form, name: str, image_words: str) -> tuple[str | None, Field | None]:
    """The captcha picture's address and the input that stands nearest after it (else before it, else by name)."""
    element = _form_element(page, form)
    if element is None:
        return None, None
    controls = controls_of(element)
    for image in elements(element, "descendant::img"):
        words = " ".join(image.get(attribute) or "" for attribute in ("src", "id", "class", "alt", "name"))
        if image_words not in words.lower():
            continue
        named = form.field(name)
        return page.link(image), named if named and named.is_text else _nearest(form, image, controls)
    return None, None


def _nearest(form: Form, image: _Element, controls: Sequence[_Element]) -> Field | None:
    order = {element: index for index, element in enumerate(image.getroottree().iter())}
    here = order[image]
    texts = [one for one in form.fields if one.is_text and not one.disabled]
    after = [one for one in texts if order[controls[one.position]] > here]
    before = [one for one in texts if order[controls[one.position]] < here]
    row = [one for one in texts if _shared_row(image, controls[one.position])]
    return row[0] if len(row) == 1 else next(iter(after), before[-1] if before else None)


def _shared_row(image: _Element, control: _Element) -> bool:
    """Whether both stand in the same small group (the picture's parent or grandparent)."""
    group = image.getparent()
    return group is not None and str(group.tag) != "form" and control in set(group.iter())


def _form_element(page: Page, form: Form) -> _Element | None:
    all_forms = elements(page.root, "//form")
    index = next((n for n, one in enumerate(page.forms) if one is form), None)
    return all_forms[index] if index is not None else None


def form_element(page: Page, form: Form) -> _Element:
    """The element `form` was read from."""
    found = _form_element(page, form)
    assert found is not None, "a form belongs to its page"  # noqa: S101 - programming error, not input
    return found


def label_words(text: str) -> str:
    """A label folded, without its colon, star and numbering."""
    return re.sub(r"^[0-9]+[.)] *", "", fold(text)).rstrip(" :*()").strip()


def query_value(url: str, name: str) -> str:
    """A parameter of an address, or nothing."""
    return next(iter(parse_qs(urlsplit(url).query).get(name, [])), "")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table whose cells are found by the words of the column's head."""

    element: _Element
    heads: tuple[str, ...]

    def cell(self, names: Sequence[str], attribute: str = "data-field") -> str:
        """The text under a column called one of `names`, else of the cell marked with the attribute."""
        found = self.cell_element(names, attribute)
        return squeezed(found) if found is not None else ""

    def cell_element(self, names: Sequence[str], attribute: str = "data-field") -> _Element | None:
        """The cell itself."""
        cells = elements(self.element, "./td | ./th")
        for name in names:
            for cell in cells:
                if cell.get(attribute) == name or (
                    cell.get("data-label") and label_words(str(cell.get("data-label"))) == name
                ):
                    return cell
        for name in names:
            if name in self.heads and self.heads.index(name) < len(cells):
                return cells[self.heads.index(name)]
        return None


def table_row(element: _Element) -> TableRow:
    """Read the heads of the table a row stands in."""
    heads = elements(element, "ancestor::table[1]/descendant::tr[th][1]/*[self::th or self::td]")
    return TableRow(element, tuple(label_words(squeezed(head)) for head in heads))
