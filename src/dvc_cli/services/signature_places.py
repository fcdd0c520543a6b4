"""Where a signature asked for in a dossier file goes: its words as a placement."""

from __future__ import annotations

from dvc_cli.i18n import N_, _
from dvc_cli.model.dossier import SignRequest
from dvc_cli.model.folding import fold
from dvc_cli.model.signing import Anchor, Placement

_ANCHORS = {
    "tren-trai": Anchor.TOP_LEFT,
    "tren": Anchor.TOP,
    "tren-phai": Anchor.TOP_RIGHT,
    "trai": Anchor.LEFT,
    "giua": Anchor.CENTRE,
    "phai": Anchor.RIGHT,
    "duoi-trai": Anchor.BOTTOM_LEFT,
    "duoi": Anchor.BOTTOM,
    "duoi-phai": Anchor.BOTTOM_RIGHT,
}
_NAMES = {
    Anchor.TOP_LEFT: N_("top left"),
    Anchor.TOP: N_("top"),
    Anchor.TOP_RIGHT: N_("top right"),
    Anchor.LEFT: N_("left"),
    Anchor.CENTRE: N_("centre"),
    Anchor.RIGHT: N_("right"),
    Anchor.BOTTOM_LEFT: N_("bottom left"),
    Anchor.BOTTOM: N_("bottom"),
    Anchor.BOTTOM_RIGHT: N_("bottom right"),
}
_PAGES = {"first": 1, "dau": 1, "last": -1, "cuoi": -1}
_BOX_NUMBERS = 4


def placement_of(request: SignRequest) -> Placement | None:
    """The placement that `at`, `page` and `box` (mm from the top left: `x,y,width,height`) describe; None: invisible.

    Raises:
        ValueError: with what is wrong, in the user's language.
    """
    for name in ("near", "field_name", "preset"):
        if getattr(request, name):
            raise ValueError(_("`{key}` cannot be used yet; give `at` or `box` instead").format(key=name))
    if not request.visible:
        return None
    page = _page(request.page)
    if request.box:
        return Placement(page=page, anchor=None, box=_box(request.box))
    return Placement(page=page, anchor=_anchor(request.at)) if request.at else Placement(page=page)


def describe_place(request: SignRequest) -> str:
    """The place for people: `last page, bottom right`."""
    placement = placement_of(request)
    if placement is None:
        return _("invisible")
    page = _("last page") if placement.page == -1 else _("page {number}").format(number=placement.page)
    if placement.box:
        return _("{page}, box {box} mm").format(page=page, box=request.box)
    return f"{page}, {_(_NAMES[placement.anchor or Anchor.BOTTOM_RIGHT])}"


def _anchor(text: str) -> Anchor:
    word = fold(text).replace(" ", "-").replace("_", "-")
    try:
        return _ANCHORS.get(word) or Anchor(word)
    except ValueError:
        choices = ", ".join(anchor.value for anchor in Anchor)
        raise ValueError(_("`at` must be one of {choices}, not `{text}`").format(choices=choices, text=text)) from None


def _page(text: str | None) -> int:
    if not text:
        return -1
    word = fold(text)
    if word in _PAGES:
        return _PAGES[word]
    if word.removeprefix("-").isdecimal() and int(word) != 0:
        return int(word)
    raise ValueError(_("`page` must be a number, `first` or `last`, not `{text}`").format(text=text))


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != _BOX_NUMBERS:
        raise ValueError(_("`box` must be `x,y,width,height` in mm, not `{text}`").format(text=text))
    return numbers[0], numbers[1], numbers[2], numbers[3]
