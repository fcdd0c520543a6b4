"""Masking of secrets and personal numbers in text that is kept or shown for diagnosis (logs, traces, crash files)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable

from dvc_cli.model.secret import Secret

MASK = "***"

_NAMES = (
    r"[\w.\-]*(?:pass(?:word|wd|phrase|code)?|m[aậ]t[ _-]?kh[aẩ]u|pwd|secret|token|csrf|xsrf|captcha|otp|totp|session[_-]?id|"
    r"jsessionid|phpsessid|sid|api[_-]?key|reference[_-]?key|authori[sz]ation|credential|signature[_-]?key|private[_-]?key)"
    r"[\w.\-]*|pin|sad|cookie|set-cookie"
)
# A value ends at a blank, a separator of query strings or lists, or its closing quote.
_VALUE = r""""(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s&;,"'<>)\]}]+"""
_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _tail_shown(match: re.Match[str]) -> str:
    """Every digit but the last three becomes a star; blanks and dots stay."""
    text = match.group(0)
    hidden = sum(sign.isdigit() for sign in text) - 3
    shown = []
    for sign in text:
        shown.append("*" if sign.isdigit() and hidden > 0 else sign)
        hidden -= sign.isdigit()
    return "".join(shown)


_RULES: tuple[_Rule, ...] = (
    (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL), MASK),
    # Header lines: all of the value, whatever it looks like.
    (
        re.compile(
            r"(?im)\b((?:set-cookie2?|cookie|(?:proxy-)?authorization|x-csrf-token|x-api-key)\s*:[^\S\r\n]*+)(?!\*\*\*)[^\r\n'\"]+"
        ),
        rf"\g<1>{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic|digest|negotiate)\s++(?!\*\*\*)[A-Za-z0-9+/=._~\-]{6,}"), rf"\g<1> {MASK}"),
    # A cloud-signing transaction id is a secret: whoever knows it can fetch the signatures (smartca.md §1).
    (re.compile(r"(/signatures/sign/)(?!\*\*\*)[^/\s]+(?=/status)"), rf"\g<1>{MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*){1,4}"), MASK),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*://)[^\s/@\"']+@"), rf"\g<1>{MASK}@"),
    # name=value, "name": "value", name: value, name -> value of reprs, and (b'name', b'value') of header lists
    (
        re.compile(
            rf"(?i)((?<![\w.\-])b?[\"']?(?:{_NAMES})[\"']?\s*(?:=|:|%3d|,(?=\s*b?[\"']))\s*+(?:b(?=[\"']))?+)(?!\*\*\*)(?:{_VALUE})"
        ),
        rf"\g<1>{MASK}",
    ),
    # Personal numbers (12 or 9 digits), phone and tax numbers, also as people group them: the last three digits stay.
    (re.compile(r"(?<!\d)\d{9,12}(?!\d)", re.ASCII), _tail_shown),
    (re.compile(r"(?<![\d.])\d{3}(?:([ .])\d{3})(?:\1\d{3}){1,2}(?![\d])", re.ASCII), _tail_shown),
)


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    """`text` with secrets, cookies, bearer tokens and personal numbers masked; doing it twice changes nothing more.

    Args:
        text: a log line, a trace, an address, a piece of JSON or HTML.
        secrets: further values known to be secret; each occurrence is masked.
    """
    for secret in secrets:
        if value := secret.reveal():
            text = text.replace(value, MASK)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """A formatter whose whole output, traces included, is redacted; for every handler of this program."""

    def format(self, record: logging.LogRecord) -> str:
        """Format, then mask."""
        return redact(super().format(record))
