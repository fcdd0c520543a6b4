"""Which template a procedure's form is."""

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from dvc_sandbox.forms.docx import MEDIA_TYPE, write_docx
from dvc_sandbox.portal.text import fold

_GENERAL = "don-de-nghi"


class FormMissing(LookupError):
    """The procedure has no form with this number."""


@lru_cache(maxsize=64)
def form_file(code: str, number: int) -> tuple[str, bytes, str]:
    """File name, bytes and media type of form `number` (from 1) of a procedure; raises FormMissing."""
    names = _form_names().get(code, ())
    if not 1 <= number <= len(names):
        raise FormMissing(f"procedure {code} has no form {number}")
    name = names[number - 1]
    keys = _index().get(code, [])
    key = keys[number - 1] if number <= len(keys) else _GENERAL
    text = files("dvc_sandbox.forms").joinpath("texts", f"{key}.txt").read_text(encoding="utf-8")
    stem = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:80].strip("-")
    # The portal's name of a form begins with the word for form; the paper's own title does not.
    title = re.sub(r"^Mẫu (?=đơn|giấy|tờ)", "", name)
    return f"{stem}-{code}.docx", write_docx(text, title=title, code=code), MEDIA_TYPE


@cache
def _index() -> dict[str, list[str]]:
    return tomllib.loads(files("dvc_sandbox.forms").joinpath("texts", "index.toml").read_text(encoding="utf-8"))


@cache
def _form_names() -> dict[str, tuple[str, ...]]:
    """Names of all forms by procedure code; they are the same for every seed."""
    from dvc_sandbox.seed.catalogue import procedures

    return {one.code: tuple(name for _, name in one.forms()) for one in procedures(seed=1)}
