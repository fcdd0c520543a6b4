"""A form as the page serves it: every field kept as it came, filled in by name (contracts/portal.md, form-driven)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from dvc_cli.model.folding import fold

if TYPE_CHECKING:
    from lxml.etree import _Element

TEXT_KINDS = frozenset({"text", "email", "tel", "number", "search", "url", "date", "textarea"})
_SILENT = frozenset({"submit", "button", "reset", "image", "file"})
_TAGS = frozenset({"input", "select", "textarea", "button"})
_CONTROLS = "descendant::input | descendant::select | descendant::textarea | descendant::button"

Value = str | bool | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a list, or one button of a radio group."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A control of a form. `kind` is the input's type, or `select`, `textarea`, `radio` (a whole group)."""

    name: str
    kind: str
    value: str = ""
    label: str = ""
    choices: tuple[Choice, ...] = ()
    checked: bool = False
    locked: bool = False  # read-only: sent, never changed
    disabled: bool = False  # not sent
    required: bool = False
    multiple: bool = False
    position: int = 0  # place in the document

    @property
    def is_text(self) -> bool:
        """A line or box of text that a person may fill in."""
        return self.kind in TEXT_KINDS

    def choice(self, wanted: str) -> Choice | None:
        """The choice of that value, or of that label; only when exactly one fits (accents and case do not matter)."""
        exact = [one for one in self.choices if one.value == wanted]
        folded = fold(wanted)
        same = [one for one in self.choices if fold(one.label) == folded]
        part = [one for one in self.choices if folded and folded in fold(one.label)]
        for found in (exact, same, part):
            if len(found) == 1:
                return found[0]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form and where it goes. `action` is absolute."""

    action: str
    method: str
    identifier: str
    fields: tuple[Field, ...]
    data: Mapping[str, str] = field(default_factory=dict)

    def field(self, *names: str) -> Field | None:
        """The first field that has one of `names`, in the order of the names."""
        for name in names:
            for one in self.fields:
                if one.name == name and name:
                    return one
        return None

    def of_kind(self, *kinds: str) -> tuple[Field, ...]:
        """The fields of these kinds, in page order."""
        return tuple(one for one in self.fields if one.kind in kinds)

    def entries(self, values: Mapping[str, Value]) -> list[tuple[str, str]]:
        """What a browser would send after a person has put `values` in.

        A text sets a field, a list sets the fields of one name in turn, True and False a tick box, None leaves a field out.
        Hidden and locked fields go as they came; names the form does not have are not sent.
        """
        taken: dict[str, int] = {}
        sent: list[tuple[str, str]] = []
        for one in self.fields:
            if not one.name or one.disabled or one.kind in _SILENT:
                continue
            index = taken[one.name] = taken.get(one.name, -1) + 1
            changed = one.name in values and not one.locked and one.kind != "hidden"
            sent.extend((one.name, text) for text in _sent(one, values[one.name] if changed else ..., index))
        return sent


def _sent(one: Field, value: object, index: int) -> Iterator[str]:
    """The texts a field sends; `...` as `value` leaves it as the page had it."""
    if value is None:
        return
    if one.kind == "checkbox":
        if one.checked if value is ... else bool(value):
            yield one.value or "on"
    elif one.kind in ("radio", "select") and value is ...:
        yield from (choice.value for choice in one.choices if choice.chosen)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Sequence):
        yield str(value[index]) if index < len(value) else one.value
    else:
        yield one.value


def read_form(element: _Element, page_url: str, labels: Mapping[str, str]) -> Form:
    """Read a `<form>` element; `labels` as `labels_of` gives them."""
    fields: list[Field] = []
    radios: dict[str, int] = {}
    for position, control in enumerate(controls_of(element)):
        one = _read_field(control, position, labels)
        if one.kind != "radio":
            fields.append(one)
        elif one.name in radios:
            group = fields[radios[one.name]]
            fields[radios[one.name]] = _joined(group, one)
        else:
            radios[one.name] = len(fields)
            fields.append(one)
    data = {name[5:]: value for name, value in _attributes(element).items() if name.startswith("data-")}
    return Form(
        action=absolute(page_url, element.get("action") or page_url),
        method=(element.get("method") or "get").lower(),
        identifier=element.get("id") or "",
        fields=tuple(fields),
        data=data,
    )


def controls_of(element: _Element) -> list[_Element]:
    """The controls that belong to a form: those in it that name no other form, and those elsewhere that name it."""
    identifier = element.get("id")
    inside = [one for one in elements(element, _CONTROLS) if one.get("form") in (None, identifier)]
    if not identifier:
        return inside
    known = set(inside)
    outside = [one for one in elements(element, "//*[@form]") if one.get("form") == identifier]
    return inside + [one for one in outside if one not in known and str(one.tag) in _TAGS]


def _joined(group: Field, one: Field) -> Field:
    from dataclasses import replace

    return replace(group, choices=group.choices + one.choices, value=group.value or one.value)


def _read_field(control: _Element, position: int, labels: Mapping[str, str]) -> Field:
    tag = str(control.tag).lower()
    kind = (
        tag
        if tag in ("select", "textarea")
        else (control.get("type") or ("submit" if tag == "button" else "text")).lower()
    )
    attributes = _attributes(control)
    value = attributes.get("value", "")
    choices: tuple[Choice, ...] = ()
    if tag == "textarea":
        value = "".join(elements_text(control, ".//text()")).removeprefix("\r\n").removeprefix("\n")
    elif tag == "select":
        choices = _options(control, multiple="multiple" in attributes)
        value = next((one.value for one in choices if one.chosen), "")
    elif kind == "radio":
        chosen = "checked" in attributes
        choices = (Choice(value or "on", label_of(control, labels), chosen),)
        value = choices[0].value if chosen else ""
    return Field(
        name=attributes.get("name", ""),
        kind=kind,
        value=value,
        label=label_of(control, labels),
        choices=choices,
        checked="checked" in attributes,
        locked="readonly" in attributes,
        disabled="disabled" in attributes,
        required="required" in attributes,
        multiple="multiple" in attributes,
        position=position,
    )


def _options(control: _Element, *, multiple: bool) -> tuple[Choice, ...]:
    found = []
    for option in elements(control, "descendant::option"):
        label = " ".join("".join(elements_text(option, ".//text()")).split())
        found.append(Choice(option.get("value", label), label, "selected" in _attributes(option)))
    if found and not multiple and not any(one.chosen for one in found):
        found[0] = Choice(found[0].value, found[0].label, True)  # a browser chooses the first
    return tuple(found)


def labels_of(root: _Element) -> dict[str, str]:
    """The words of every `<label for=...>` of a page, by the control's id."""
    found: dict[str, str] = {}
    for label in elements(root, "//label[@for]"):
        found.setdefault(label.get("for") or "", squeezed(label))
    found.pop("", None)
    return found


def label_of(control: _Element, labels: Mapping[str, str]) -> str:
    """The words a person sees for a control: its label, else its own title or hint."""
    named = labels.get(control.get("id") or "")
    if named:
        return named
    for label in elements(control, "ancestor::label[1]"):
        return squeezed(label)
    return control.get("aria-label") or control.get("title") or control.get("placeholder") or ""


def squeezed(element: _Element) -> str:
    """The text in an element with single spaces; scripts and styles left out."""
    parts = elements_text(element, ".//text()[not(ancestor::script or ancestor::style or ancestor::select)]")
    return " ".join("".join(parts).split())


def absolute(page_url: str, link: str) -> str:
    """A link of a page as a whole address; what is no address becomes one that leads nowhere."""
    try:
        return urljoin(page_url, link.strip())
    except ValueError:
        return "about:invalid"


def elements(element: _Element, expression: str) -> list[_Element]:
    """The elements an XPath expression finds."""
    found = element.xpath(expression)
    return [one for one in found if not isinstance(one, str | bytes | tuple)] if isinstance(found, list) else []


def elements_text(element: _Element, expression: str) -> list[str]:
    """The texts an XPath expression finds."""
    found = element.xpath(expression)
    return [str(one) for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _attributes(element: _Element) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in element.attrib.items()}
