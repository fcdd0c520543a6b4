"""On which line of a TOML file a key stands; `tomllib` does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_KEY = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')"
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(rf"\s*({_DOTTED})\s*=(.*)$", re.DOTALL)
_SPLIT = re.compile(_KEY)
_TOKEN = re.compile(r"\"\"\"|'''|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|#[^\n]*|[\[\]{}]")


def key_lines(text: str) -> Mapping[Path, int]:
    """Line numbers (from 1) by path of keys; elements of arrays of tables are counted from 0: `("component", 0, "files")`.

    `text` must be valid TOML. Keys inside inline tables are not listed: look up their parent.
    """
    lines: dict[Path, int] = {}
    tables: dict[tuple[str, ...], int] = {}
    prefix: Path = ()
    for number, logical in _logical_lines(text):
        if header := _HEADER.match(logical):
            names = _names(header.group(2))
            if header.group(1) == "[[":
                tables[names] = tables.get(names, -1) + 1
                tables = {key: count for key, count in tables.items() if key == names or key[: len(names)] != names}
            prefix = _located(names, tables)
            lines.setdefault(prefix, number)
        elif pair := _PAIR.match(logical):
            path: Path = prefix
            for name in _names(pair.group(1)):
                path = (*path, name)
                lines.setdefault(path, number)
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the nearest thing round it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _located(names: tuple[str, ...], tables: Mapping[tuple[str, ...], int]) -> Path:
    """`names` with the number of the current element after each array of tables."""
    path: Path = ()
    for count in range(1, len(names) + 1):
        path = (*path, names[count - 1])
        if names[:count] in tables:
            path = (*path, tables[names[:count]])
    return path


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(_unquoted(key) for key in _SPLIT.findall(dotted))


def _unquoted(key: str) -> str:
    if key.startswith('"'):
        import tomllib

        return next(iter(tomllib.loads(f"{key} = 0")))
    return key.strip("'") if key.startswith("'") else key


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines, those of a multi-line string or array joined to the first, each with its number."""
    result: list[tuple[int, str]] = []
    waiting: list[str] = []
    start, depth, quote = 1, 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not waiting:
            start = number
        waiting.append(line)
        if not quote and not depth and _HEADER.match(line):
            result.append((start, line))
            waiting = []
            continue
        depth, quote = _nesting(line, depth, quote)
        if not quote and not depth:
            result.append((start, "\n".join(waiting)))
            waiting = []
    return result


def _nesting(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Depth of brackets and the open triple quote at the end of `line`."""
    position = 0
    while position < len(line):
        if quote:
            end = line.find(quote, position)
            if end < 0:
                return depth, quote
            position, quote = end + 3, ""
            continue
        token = _TOKEN.search(line, position)
        if token is None:
            break
        position = token.end()
        word = token.group()
        if word in ('"""', "'''"):
            quote = word
        elif word in "[{":
            depth += 1
        elif word in "]}":
            depth -= 1
    return max(depth, 0), quote
