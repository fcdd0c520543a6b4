"""Geometry of the visible signature: any page box, rotation, unit; nine anchors and free boxes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.model.signing import Anchor, Placement
from dvc_cli.sign.placement import MM_PER_POINT, PageGeometry, PlacementOutside, PlaceTaken, box_in_mm, place

corner = st.floats(-2000, 2000)
length = st.floats(150, 3000)
units = st.sampled_from([1.0, 0.5, 2.0, 10.0])
turns = st.sampled_from([0, 90, 180, 270, -90, 450])


@st.composite
def pages(draw):
    """A page whose visible part is at least 150 units wide and high; boxes in any corner order, crop inside or absent."""
    left, bottom, width, height = draw(corner), draw(corner), draw(length), draw(length)
    box = (left, bottom, left + width, bottom + height)
    around = draw(st.floats(0, 200))
    media = (box[0] - around, box[1] - around, box[2] + around, box[3] + around)
    crop = box if around or draw(st.booleans()) else None
    if draw(st.booleans()):
        media = (media[2], media[3], media[0], media[1])
    return PageGeometry(media_box=media, crop_box=crop, rotation=draw(turns), user_unit=draw(units))


def inside(inner, outer, slack):
    return (
        outer[0] - slack <= inner[0] < inner[2] <= outer[2] + slack
        and outer[1] - slack <= inner[1] < inner[3] <= outer[3] + slack
    )


@given(page=pages(), anchor=st.sampled_from(Anchor), margin=st.floats(0, 60))
def test_an_anchored_box_always_lies_on_the_visible_page(page, anchor, margin):
    placed = place(Placement(anchor=anchor, margin=margin), page)
    assert inside(placed.rectangle, page.visible, 1e-6 * 4000)
    assert placed.width > 0
    assert placed.height > 0


@given(page=pages(), anchor=st.sampled_from(Anchor))
def test_the_rectangle_has_the_displayed_size(page, anchor):
    placed = place(Placement(anchor=anchor), page)
    wide = (placed.rectangle[2] - placed.rectangle[0]) * page.mm_per_unit
    high = (placed.rectangle[3] - placed.rectangle[1]) * page.mm_per_unit
    if page.turns % 2:
        wide, high = high, wide
    assert math.isclose(wide, placed.width * MM_PER_POINT, rel_tol=1e-6, abs_tol=1e-6)
    assert math.isclose(high, placed.height * MM_PER_POINT, rel_tol=1e-6, abs_tol=1e-6)


@given(page=pages(), x=st.floats(0, 1), y=st.floats(0, 1))
def test_displayed_points_come_from_the_right_corner(page, x, y):
    """Turning the user space point by hand, as a viewer does, gives the displayed point again."""
    width, height = page.size_mm
    user = page.to_user_space(x * width, y * height)
    left, bottom, right, top = page.visible
    across, down = {
        0: (user[0] - left, top - user[1]),
        1: (user[1] - bottom, user[0] - left),
        2: (right - user[0], user[1] - bottom),
        3: (top - user[1], right - user[0]),
    }[page.turns]
    assert math.isclose(across * page.mm_per_unit, x * width, abs_tol=1e-6 * 4000)
    assert math.isclose(down * page.mm_per_unit, y * height, abs_tol=1e-6 * 4000)


@given(page=pages())
def test_the_appearance_is_turned_to_stand_upright(page):
    a, b, c, d, _e, _f = place(Placement(), page).matrix
    assert a * d - b * c == 1  # a rotation, nothing mirrored
    # what points up in the appearance must point up on the displayed page
    up = {0: (0, 1), 1: (-1, 0), 2: (0, -1), 3: (1, 0)}[page.turns]
    assert (c, d) == up


@given(page=pages(), box=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)))
def test_a_free_box_is_taken_as_it_is_or_refused(page, box):
    width, height = page.size_mm
    wanted = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    fits = wanted[0] + wanted[2] <= width and wanted[1] + wanted[3] <= height and min(wanted[2:]) >= 5
    placement = Placement(anchor=None, box=wanted)
    if fits:
        assert box_in_mm(placement, page) == wanted
        assert inside(place(placement, page).rectangle, page.visible, 1e-6 * 4000)
    elif min(wanted[2:]) < 5 or wanted[0] + wanted[2] > width + 0.02 or wanted[1] + wanted[3] > height + 0.02:
        with pytest.raises(PlacementOutside):
            place(placement, page)


def test_the_nine_anchors_on_a4():
    page = PageGeometry(media_box=(0, 0, 595.2756, 841.8898))
    found = {
        anchor: tuple(round(number) for number in box_in_mm(Placement(anchor=anchor), page)[:2]) for anchor in Anchor
    }
    assert found == {
        Anchor.TOP_LEFT: (15, 15),
        Anchor.TOP: (70, 15),
        Anchor.TOP_RIGHT: (125, 15),
        Anchor.LEFT: (15, 136),
        Anchor.CENTRE: (70, 136),
        Anchor.RIGHT: (125, 136),
        Anchor.BOTTOM_LEFT: (15, 257),
        Anchor.BOTTOM: (70, 257),
        Anchor.BOTTOM_RIGHT: (125, 257),
    }


def test_a_crop_box_outside_the_media_box_is_ignored():
    page = PageGeometry(media_box=(0, 0, 600, 800), crop_box=(700, 900, 800, 1000))
    assert page.visible == (0, 0, 600, 800)


@given(page=pages(), x=st.floats(0, 0.5), y=st.floats(0, 0.5), share=st.floats(0.1, 0.5))
def test_displayed_boxes_survive_the_way_to_the_file_and_back(page, x, y, share):
    width, height = page.size_mm
    box = (x * width, y * height, share * width, share * height)
    first, second = page.to_user_space(*box[:2]), page.to_user_space(box[0] + box[2], box[1] + box[3])
    again = page.to_displayed((*first, *second))
    assert all(math.isclose(a, b, abs_tol=1e-6 * 4000) for a, b in zip(again, box, strict=True))


@given(anchor=st.sampled_from(Anchor), count=st.integers(1, 5), turned=turns)
def test_stamps_at_one_anchor_never_overlap(anchor, count, turned):
    page = PageGeometry(media_box=(0, 0, 595, 842), rotation=turned)
    taken = []
    for _number in range(count):
        rectangle = place(Placement(anchor=anchor), page, taken).rectangle
        assert inside(rectangle, page.visible, 1e-3)
        taken.append(page.to_displayed(rectangle))
    for one in taken:
        assert sum(not apart(one, other) for other in taken) == 1


def apart(one, other):
    return (
        one[0] + one[2] <= other[0] + 0.1
        or other[0] + other[2] <= one[0] + 0.1
        or one[1] + one[3] <= other[1] + 0.1
        or other[1] + other[3] <= one[1] + 0.1
    )


def test_a_given_box_over_another_signature_is_refused():
    page = PageGeometry(media_box=(0, 0, 595, 842))
    with pytest.raises(PlaceTaken):
        place(Placement(anchor=None, box=(20, 20, 70, 25)), page, [(60, 30, 70, 25)])
    with pytest.raises(PlaceTaken):
        place(Placement(anchor=Anchor.TOP), page, [(0, 0, 210, 297)])
