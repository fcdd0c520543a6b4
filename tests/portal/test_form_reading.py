"""Reading forms: by role first, hidden fields kept, and never a traceback on hostile HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.portal.base import UnexpectedPage
from dvc_cli.portal.dialects.igate1.forms import Choice
from dvc_cli.portal.dialects.igate1.pages import Page, captcha_roles, login_roles, read_page, table_row

NAMES = ("tenDangNhap", "matKhau", "maXacNhan")
URL = "https://portal.example/a/b?x=1"


def page(html: str) -> Page:
    return read_page(html.encode(), "utf-8", URL, 200)


def roles(html: str):
    found = page(html)
    form = found.login_form()
    assert form is not None
    read = login_roles(found, form, NAMES, "captcha")
    assert read is not None
    return form, read


def test_a_login_form_is_understood_without_any_known_name():
    _form, read = roles(
        "<form><input type=hidden name=__rvt value=t><input name=q1><input name=q2 type=password>"
        '<p><img src="/captcha/1"><input name=q3></p></form>'
    )
    assert (read.user.name, read.password.name, read.captcha.name, read.image) == (
        "q1",
        "q2",
        "q3",
        "https://portal.example/captcha/1",
    )


def test_the_captcha_input_may_stand_before_its_picture():
    _form, read = roles(
        "<form><input name=u><input name=p type=password>"
        '<div><input name=c><img id="captchaImage" src="x.png"></div><input name=other></form>'
    )
    assert read.captcha.name == "c"


def test_a_form_without_a_picture_has_no_captcha():
    _form, read = roles('<form><img src="/logo.png"><input name=u><input name=p type=password></form>')
    assert read.captcha is None


def test_the_text_just_before_the_password_is_the_user_name():
    _form, read = roles("<form><input name=search><input name=u type=email><input name=p type=password></form>")
    assert read.user.name == "u"


def test_a_registration_form_with_two_passwords_is_no_login():
    assert (
        page("<form><input name=u><input type=password name=a><input type=password name=b></form>").login_form() is None
    )


def test_the_look_up_form_finds_its_captcha():
    found = page('<form><input name=code><label>Mã <input name=c></label><img class="captcha" src="/c/1"></form>')
    image, captcha = captcha_roles(found, found.forms[0], "maXacNhan", "captcha")
    assert image == "https://portal.example/c/1"
    assert captcha is not None
    assert captcha.name == "c"


def test_entries_are_what_a_browser_would_send():
    form = page(
        """<form action="/post" method="POST" data-x="1">
        <input type=hidden name=csrf value="a&amp;b"><input type=hidden name=twice value=1><input type=hidden name=twice value=2>
        <input name=text value=" kept "><input name=ro value=fixed readonly><input name=off value=x disabled>
        <input type=checkbox name=box><input type=checkbox name=on value=yes checked>
        <input type=radio name=r value=1><input type=radio name=r value=2 checked>
        <select name=s><option value="">--</option><option value=b selected>B</option></select>
        <select name=first><option>one</option><option>two</option></select>
        <textarea name=t>
line</textarea>
        <input name="many[]"><input name="many[]"><input type=file name=f><button name=go value=1>Go</button></form>"""
    ).forms[0]
    assert form.action == "https://portal.example/post"
    assert (form.method, form.data) == ("post", {"x": "1"})
    assert form.entries(
        {"box": True, "on": False, "ro": "changed", "csrf": "stolen", "s": "", "many[]": ["x"], "new": "1"}
    ) == [
        ("csrf", "a&b"),
        ("twice", "1"),
        ("twice", "2"),
        ("text", " kept "),
        ("ro", "fixed"),
        ("box", "on"),
        ("r", "2"),
        ("s", ""),
        ("first", "one"),
        ("t", "line"),
        ("many[]", "x"),
        ("many[]", ""),
    ]


def test_controls_that_name_another_form_belong_to_that_one():
    first, second = page(
        "<form id=a><input name=x><input name=y form=b></form><form id=b></form><input name=z form=a>"
    ).forms
    assert [one.name for one in first.fields] == ["x", "z"]
    assert [one.name for one in second.fields] == ["y"]


@pytest.mark.parametrize(
    ("wanted", "value"), [("33", "33"), ("hung yen", "33"), ("Tỉnh Hưng Yên", "33"), ("Hưng", "33")]
)
def test_a_choice_is_found_by_value_or_words(wanted, value):
    form = page(
        "<form><select name=p><option value=''>-</option><option value=01>Thành phố Hà Nội</option>"
        "<option value=33>Tỉnh Hưng Yên</option></select></form>"
    ).forms[0]
    assert form.fields[0].choice(wanted) == Choice(value, "Tỉnh Hưng Yên")


def test_an_ambiguous_choice_is_none():
    form = page("<form><select name=p><option value=1>Xã An Bình<option value=2>Xã An Lạc</select></form>").forms[0]
    assert form.fields[0].choice("An") is None


def test_values_are_found_by_the_label_people_see():
    found = page(
        "<dl><dt>Mã hồ sơ:</dt><dd> H1 </dd></dl><table><tr><th>Trạng thái</th><td>Đang <b>xử</b> lý</td></tr></table>"
        "<span data-field='ghi-chu'>x</span>"
    )
    assert found.labelled(["ma ho so"]) == "H1"
    assert found.labelled(["trang thai"]) == "Đang xử lý"
    assert found.labelled(["khong co", "ghi-chu"]) == "x"
    assert found.labelled(["gi do"]) == ""


def test_table_cells_are_found_by_the_head_of_the_column():
    found = page("<table><tr><th>#<th>Tên giấy tờ (*)<th>Bản chính</tr><tr><td>1<td>Đơn<td>2</tr></table>")
    row = table_row(found.find("//tr[td]")[0])
    assert row.cell(["ten giay to"]) == "Đơn"
    assert row.cell(["ban chinh"]) == "2"
    assert row.cell(["ban sao"]) == ""


def test_links_that_are_no_addresses_lead_nowhere():
    found = page('<a href="http://[bad">x</a>')
    assert found.link(found.find("//a")[0]) == "about:invalid"


def test_an_empty_answer_is_not_a_page():
    with pytest.raises(UnexpectedPage):
        read_page(b"", "utf-8", URL, 200)


TAGS = st.sampled_from(
    [
        "form",
        "input",
        "select",
        "option",
        "textarea",
        "label",
        "img",
        "table",
        "tr",
        "td",
        "th",
        "dl",
        "dt",
        "dd",
        "div",
        "a",
    ]
)
WORDS = st.text(max_size=20) | st.sampled_from(
    ["password", "hidden", "captcha", "csrf", "radio", "checkbox", "file", "form1"]
)
ATTRIBUTES = st.lists(
    st.tuples(
        st.sampled_from(["type", "name", "value", "id", "for", "form", "src", "action", "class", "checked"]), WORDS
    ),
    max_size=4,
)
HTML = st.recursive(
    WORDS,
    lambda inner: st.tuples(TAGS, ATTRIBUTES, st.lists(inner, max_size=4), st.booleans()).map(
        lambda part: "<{} {}>{}{}".format(
            part[0],
            " ".join(f'{name}="{value}"' for name, value in part[1]),
            "".join(part[2]),
            f"</{part[0]}>" if part[3] else "",
        )
    ),
    max_leaves=30,
)


@given(HTML)
def test_hostile_html_never_breaks_the_reader(html):
    try:
        found = page(html.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    except UnexpectedPage:
        return
    for form in found.forms:
        entries = form.entries({})
        assert all(isinstance(name, str) and isinstance(value, str) and name for name, value in entries)
        login_roles(found, form, NAMES, "captcha")
        captcha_roles(found, form, "x", "captcha")
    found.labelled(["a"])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_page_or_refused(content):
    try:
        found = read_page(content, "utf-8", URL, 200)
    except UnexpectedPage:
        return
    assert isinstance(found.forms, tuple)


def test_deep_nesting_and_many_controls_are_read_in_reasonable_time():
    deep = page("<div>" * 5000 + "<form><input name=x></form>")
    assert len(deep.forms) <= 1
    wide = page(
        "<form>" + "".join(f"<label for=i{n}>l</label><input id=i{n} name=n{n}>" for n in range(3000)) + "</form>"
    )
    assert len(wide.forms[0].fields) == 3000
