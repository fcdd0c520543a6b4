"""Catalogue of messages: `check` that Vietnamese is complete, `compile` the parts into one `dvc.mo`.

The catalogue is kept in parts (`locale/vi/<area>.po`) so that each area's translations stand together.
"""

from __future__ import annotations

import io
import string
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent / "src" / "dvc_cli"
PARTS = ROOT / "locale" / "vi"
COMPILED = PARTS / "LC_MESSAGES" / "dvc.mo"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}

MessageId = str | tuple[str, ...] | list[str]


def used_messages() -> dict[MessageId, str]:
    """Every message id in the source, with the place of its first use."""
    found: dict[MessageId, str] = {}
    rows = extract_from_dir(str(ROOT), method_map=[("**.py", "python")], keywords=KEYWORDS)
    for name, line, message, *_rest in rows:
        found.setdefault(message, f"{name}:{line}")
    return found


def read_parts(problems: list[str]) -> dict[MessageId, MessageId]:
    """Translations of all parts; contradictions and fuzzy entries go to `problems`."""
    merged: dict[MessageId, MessageId] = {}
    for path in sorted(PARTS.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale="vi")
        for message in catalogue:
            if not message.id:
                continue
            if message.fuzzy or not message.string or message.string == ("",):
                problems.append(f"{path.name}: not translated: {message.id!r}")
                continue
            if merged.setdefault(message.id, message.string) != message.string:
                problems.append(f"{path.name}: another part translates it differently: {message.id!r}")
    return merged


def placeholders(text: str) -> set[str]:
    """Names of the `{}` fields of a message."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def problems_of(used: dict[MessageId, str], known: dict[MessageId, MessageId]) -> list[str]:
    """Missing, unused and mismatching translations."""
    problems = [f"{place}: no Vietnamese for {message!r}" for message, place in used.items() if message not in known]
    for message, translation in known.items():
        if message not in used:
            if not isinstance(message, str) or message not in TYPER_MESSAGES:
                problems.append(f"unused translation: {message!r}")
            continue
        one = message if isinstance(message, str) else message[-1]
        other = translation if isinstance(translation, str) else translation[-1]
        if placeholders(one) != placeholders(other):
            problems.append(f"placeholders differ: {message!r} / {other!r}")
    return problems


# Typer's own messages that come from the process-wide gettext domain.
TYPER_MESSAGES = {
    "(dynamic)",
    "Aborted!",
    "default: {default}",
    "env var: {var}",
    "required",
    "Missing command.",
    "No such command {name!r}.",
    "Commands",
}


def compile_parts(known: dict[MessageId, MessageId]) -> bytes:
    """The binary catalogue, byte for byte reproducible."""
    catalogue = Catalog(locale="vi", charset="utf-8", header_comment="")
    for message in sorted(known, key=str):
        catalogue.add(message, known[message])
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """`check` or `compile`; with a path prefix, `check` only tells problems of files that start with it."""
    problems: list[str] = []
    known = read_parts(problems)
    if arguments[:1] == ["compile"]:
        COMPILED.parent.mkdir(parents=True, exist_ok=True)
        COMPILED.write_bytes(compile_parts(known))
        return 0
    problems += problems_of(used_messages(), known)
    if not COMPILED.exists() or COMPILED.read_bytes() != compile_parts(known):
        problems.append("dvc.mo is stale: run `python tools/i18n.py compile`")
    if arguments[1:]:
        problems = [line for line in problems if line.startswith(arguments[1])]
    sys.stdout.writelines(line + "\n" for line in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
