"""Faults on demand: rules in the database, and the middleware that makes them happen on the wire."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from dvc_sandbox.database import Database
from dvc_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

FaultServer = Literal["portal", "smartca"]
FaultKind = Literal[
    "delay",
    "error-before",
    "error-after",
    "cut-before",
    "cut-after",
    "reset",
    "throttle",
    "html",
    "truncate",
    "session-lost",
    "maintenance",
]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fault_rule (
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    count INTEGER,
    probability REAL NOT NULL,
    seconds REAL NOT NULL,
    hits INTEGER NOT NULL DEFAULT 0
);
"""
_SESSION_LOST = "dvc_sandbox.session_lost"


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault: where it strikes, what it does and how often.

    `method` is an HTTP method or `*`; `path` is a regular expression for the whole path; `count` None means always;
    `seconds` is the length of a delay or the value of Retry-After.
    """

    server: FaultServer
    method: str
    path: str
    kind: FaultKind
    count: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0

    def matches(self, server: str, method: str, path: str) -> bool:
        """Whether a request is one that this rule may strike."""
        return (
            self.server == server
            and self.method in ("*", method)
            and self.count != 0
            and re.fullmatch(self.path, path) is not None
        )


def checked_rule(rule: FaultRule) -> FaultRule:
    """The rule itself; raises SandboxError("fault-rule-invalid") when it could never work."""
    problem = _problem(rule)
    if problem:
        raise SandboxError("fault-rule-invalid", problem)
    return rule


def _problem(rule: FaultRule) -> str | None:
    if rule.server not in get_args(FaultServer):
        return f"unknown server {rule.server!r}: use one of {', '.join(get_args(FaultServer))}"
    if rule.kind not in get_args(FaultKind):
        return f"unknown kind {rule.kind!r}: use one of {', '.join(get_args(FaultKind))}"
    if rule.count is not None and rule.count < 1:
        return "count must be at least 1, or null for always"
    if not 0 < rule.probability <= 1:
        return "probability must be above 0 and at most 1"
    if not 0 <= rule.seconds <= 3600:
        return "seconds must be between 0 and 3600"
    try:
        re.compile(rule.path)
    except re.error as error:
        return f"path is not a regular expression: {error}"
    return None


class Faults:
    """The rules in force. The order of adding is the order of trying."""

    def __init__(self, database: Database, seed: int = 1) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - decides when to fail, guards nothing
        database.apply(_SCHEMA)
        self._rules = {
            int(row["id"]): FaultRule(
                server=row["server"],
                method=row["method"],
                path=row["path"],
                kind=row["kind"],
                count=row["count"],
                probability=row["probability"],
                seconds=row["seconds"],
            )
            for row in database.read("SELECT * FROM fault_rule ORDER BY id")
        }

    @property
    def armed(self) -> bool:
        """Whether any rule exists; cheap, asked for every request."""
        return bool(self._rules)

    def add(self, rule: FaultRule) -> int:
        """Put a rule in force and return its number; raises SandboxError("fault-rule-invalid")."""
        checked_rule(rule)
        with self._lock, self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO fault_rule (server, method, path, kind, count, probability, seconds) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (rule.server, rule.method, rule.path, rule.kind, rule.count, rule.probability, rule.seconds),
            )
            number = cursor.lastrowid or 0
            self._rules[number] = rule
        return number

    def list(self) -> tuple[FaultRule, ...]:
        """The rules in force, with the counts that are left."""
        with self._lock:
            return tuple(self._rules.values())

    def hits(self) -> dict[int, int]:
        """How often each rule has struck, by its number; used-up rules included."""
        rows = self._database.read("SELECT id, hits FROM fault_rule ORDER BY id")
        return {int(row["id"]): int(row["hits"]) for row in rows}

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock, self._database.write() as connection:
            connection.execute("DELETE FROM fault_rule")
            self._rules.clear()

    def take(self, server: str, method: str, path: str) -> tuple[FaultRule, ...]:
        """The rules that strike this request: any delays, then at most one other. Their counts go down."""
        taken: list[FaultRule] = []
        with self._lock:
            for number, rule in list(self._rules.items()):
                if not rule.matches(server, method, path) or self._random.random() >= rule.probability:
                    continue
                self._use(number, rule)
                taken.append(rule)
                if rule.kind != "delay":
                    break
        return tuple(taken)

    def _use(self, number: int, rule: FaultRule) -> None:
        left = None if rule.count is None else rule.count - 1
        with self._database.write() as connection:
            connection.execute("UPDATE fault_rule SET count = ?, hits = hits + 1 WHERE id = ?", (left, number))
        if left == 0:
            del self._rules[number]
        else:
            self._rules[number] = replace(rule, count=left)


def session_lost(scope: MutableMapping[str, Any]) -> bool:
    """Whether the portal must drop the session of this request before it handles it (fault `session-lost`)."""
    return bool(scope.get(_SESSION_LOST))


def mark_session_lost(scope: MutableMapping[str, Any]) -> None:
    """Tell the portal, by the request's scope, to drop the session."""
    scope[_SESSION_LOST] = True
