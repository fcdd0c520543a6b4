"""Language of everything a person reads.

Message ids are English sentences; Vietnamese (`vi`) is a complete catalogue shipped as package data. Slugs, JSON keys, log
lines and exit codes are never translated (design/details.md §7.8).
"""

from __future__ import annotations

import gettext as _gettext
import os
import sys
from pathlib import Path
from typing import Literal

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
DOMAIN = "dvc"
LOCALE_FOLDER = Path(__file__).parent / "locale"


class _Catalogue:
    """The active translations; one per process, set once by `activate`."""

    translations: _gettext.NullTranslations = _gettext.NullTranslations()
    language: Language = "en"


def activate(language: Language) -> None:
    """Make `language` the one of every later message, Typer's own messages included."""
    _Catalogue.language = language
    if language == "en":
        _Catalogue.translations = _gettext.NullTranslations()
    else:
        _Catalogue.translations = _gettext.translation(DOMAIN, LOCALE_FOLDER, [language], fallback=True)
    # Typer takes its own words ("Options", "No such command") from the process-wide domain.
    _gettext.bindtextdomain(DOMAIN, str(LOCALE_FOLDER))
    _gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


def active_language() -> Language:
    """The language in use now."""
    return _Catalogue.language


def parse_language(text: str | None) -> Language | None:
    """The language that `text` names (`vi`, `vi_VN.UTF-8`, `en-GB`, `C`), or None when it names none of ours."""
    if not text:
        return None
    head = text.replace("-", "_").split("_")[0].split(".")[0].lower()
    if head in ("c", "posix"):
        return "en"
    return head if head in LANGUAGES else None


def detect_language(option: str | None, setting: str | None) -> Language:
    """Choose the language: option, setting, DVC_LANG, POSIX variables, the Windows UI language, English."""
    for candidate in (option, setting, os.environ.get("DVC_LANG")):
        if found := parse_language(candidate):
            return found
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return parse_language(value.split(":")[0]) or "en"
    return _windows_language() or "en"


def _windows_language() -> Language | None:
    if sys.platform == "win32":
        import ctypes
        import locale

        code = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return parse_language(locale.windows_locale.get(code))
    return None


def _(message: str) -> str:
    """Translate `message` into the active language."""
    return _Catalogue.translations.gettext(message)


def N_(message: str) -> str:  # noqa: N802 - the customary gettext name
    """Mark `message` for translation where it is stored; `_()` translates it where it is shown."""
    return message


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a message whose form depends on `count` (Vietnamese has one form)."""
    return _Catalogue.translations.ngettext(one, many, count)
