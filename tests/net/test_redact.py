"""Redaction: no secret survives, whatever stands around it."""

from __future__ import annotations

import io
import logging
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.model.secret import Secret
from dvc_cli.net.redact import RedactingFormatter, redact

# Letters only a secret has here, so that finding one in the output means a leak.
secrets = st.text(alphabet="QXZqxz!$%*+-./:?@^_~", min_size=8, max_size=40).filter(
    lambda text: sum(sign in "QXZqxz" for sign in text) >= 6 and not text.startswith("*")
)
around = st.text(alphabet=string.ascii_letters + string.digits + " \nĐưàé,.", max_size=30)

SHAPES = [
    "password={}",
    "mat_khau={}&x=1",
    "?a=1&access_token={}&b=2",
    "{{'password': '{}'}}",
    '{{"sp_password": "{}", "x": 1}}',
    '"refresh_token":"{}"',
    "Authorization: Bearer {}",
    "authorization: {}",
    "Cookie: sid={}; other=1",
    "Set-Cookie: JSESSIONID={}; Path=/; HttpOnly",
    "(b'Set-Cookie', b'{}')",
    "('authorization', '{}')",
    "pin: {}",
    "DVC_PASSWORD={}",
    "captcha={}",
    "_csrf={}",
    "X-CSRF-Token: {}",
    'reference_key = "{}"',
    "otp_secret='{}'",
    "Mật khẩu: {}",
]


@pytest.mark.parametrize("shape", SHAPES)
@given(secret=secrets, before=around, after=around)
def test_no_secret_survives(shape: str, secret: str, before: str, after: str) -> None:
    text = f"{before}\n{shape.format(secret)}\n{after}"
    assert secret not in redact(text)


@given(text=st.text() | st.builds("".join, st.lists(st.sampled_from([*SHAPES, "034099000123", "***", '"', "'", " "]))))
def test_twice_is_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(
    number=st.from_regex(r"\A(\d{9}|\d{12})\Z").map(lambda text: "".join(str(int(sign)) for sign in text)), tail=around
)
def test_personal_numbers_show_their_last_three_digits(number: str, tail: str) -> None:
    found = redact(f"CCCD số {number} của ai; {number[:3]} {number[3:6]} {number[6:9]}\n{tail}")
    assert number not in found
    assert "*" * (len(number) - 3) + number[-3:] in found
    assert f"*** *** {number[6:9]}" in found


@given(known=secrets, text=around)
def test_known_values_are_masked_anywhere(known: str, text: str) -> None:
    assert known not in redact(f"{text}{known}{text}", [Secret(known)])


def test_addresses_tokens_and_keys() -> None:
    assert redact("https://ai:canary@proxy.example:3128/x") == "https://***@proxy.example:3128/x"
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    assert redact(f"got {jwt} back") == "got *** back"
    key = "-----BEGIN PRIVATE KEY-----\nMIGk\nAgEA\n-----END PRIVATE KEY-----"
    assert redact(f"a\n{key}\nb") == "a\n***\nb"
    assert "MIGk" not in redact(key[:40])


@pytest.mark.parametrize(
    "text",
    [
        "GET /procedures -> 200 in 12 ms",
        "hồ sơ 000.00.00.H31-260721-0001234",
        "thủ tục 1.001612.000.00.00.H31",
        "2026-07-21T10:00:00Z",
        "/home/an/shipping/tokens.md, line 12",
        "Mã hồ sơ H31.16-20260721-0012345",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


def test_the_formatter_masks_traces_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    logger = logging.Logger("probe")
    logger.addHandler(handler)
    try:
        raise RuntimeError("password=canary for 034099000123")
    except RuntimeError:
        logger.exception("failed with token=%s", "canary")
    assert "canary" not in stream.getvalue()
    assert "*********123" in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()
