"""Audit of a journal: every chain, the run headers, the payloads that are left, and state = fold of events (I11)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator

from dvc_cli.i18n import _
from dvc_cli.journal import chain
from dvc_cli.journal.base import JournalAudit
from dvc_cli.journal.rows import row_from_json
from dvc_cli.model.events import event_from_json
from dvc_cli.model.submission import IllegalTransition, Row, apply


def audit_database(connection: sqlite3.Connection) -> JournalAudit:
    """Read everything once and list what does not fit, each with its row or run."""
    connection.execute("BEGIN")
    try:
        rows = connection.execute("SELECT reference, state, events, head, body FROM row ORDER BY reference").fetchall()
        problems = [problem for row in rows for problem in _row_problems(connection, *row)]
        problems += _strays(connection)
        problems += _run_problems(connection)
        events = connection.execute("SELECT count(*) FROM event").fetchone()[0]
        runs = connection.execute("SELECT count(*) FROM run").fetchone()[0]
    finally:
        connection.execute("ROLLBACK")
    states = Counter(row[1] for row in rows)
    return JournalAudit(rows=len(rows), events=events, runs=runs, states=dict(states), problems=tuple(problems))


def _row_problems(
    connection: sqlite3.Connection, reference: str, state: str, count: int, head: bytes, body: str
) -> Iterator[str]:
    previous = chain.row_start(reference)
    folded: Row | None = None
    number = 0
    proofs: dict[str, str] = {}
    query = "SELECT number, run, at, kind, body, payload, hash FROM event WHERE reference = ? ORDER BY number"
    for found, run, at, kind, text, payload, digest in connection.execute(query, (reference,)):
        if found != number or chain.link(previous, reference, found, run, at, kind, text, payload) != digest:
            yield _("{reference}: event {number} was changed or is missing").format(reference=reference, number=number)
            return
        previous, number = digest, number + 1
        try:
            folded = apply(folded, event_from_json(kind, text), reference)
            proofs |= json.loads(payload)
        except (IllegalTransition, ValueError) as error:
            yield _("{reference}: event {number} cannot have happened: {reason}").format(
                reference=reference, number=found, reason=error
            )
            return
    if count != number or head != previous:
        yield _("{reference}: its last events are missing").format(reference=reference)
    elif folded is None or folded.state.value != state or folded != _stored(body):
        yield _("{reference}: its state is not what its events say").format(reference=reference)
    yield from _payload_problems(connection, reference, proofs)


def _stored(body: str) -> Row | None:
    try:
        return row_from_json(body)
    except (ValueError, KeyError, TypeError):
        return None


def _payload_problems(connection: sqlite3.Connection, reference: str, proofs: dict[str, str]) -> Iterator[str]:
    for name, content in connection.execute("SELECT name, body FROM payload WHERE reference = ?", (reference,)):
        if proofs.get(name) != hashlib.sha256(content).hexdigest():
            yield _("{reference}: its stored data `{name}` was changed").format(reference=reference, name=name)


def _strays(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT DISTINCT reference FROM event WHERE reference NOT IN (SELECT reference FROM row)"
    return [_("{reference}: its state is missing").format(reference=found[0]) for found in connection.execute(query)]


def _run_problems(connection: sqlite3.Connection) -> Iterator[str]:
    previous = chain.RUN_START
    query = "SELECT number, at, account, plan_sha256, heads, hash FROM run ORDER BY number"
    for expected, (number, at, account, plan, heads, digest) in enumerate(connection.execute(query).fetchall(), 1):
        if number != expected or chain.link(previous, number, at, account, plan, heads) != digest:
            yield _("Run {number}: its header was changed or is missing").format(number=expected)
            return
        if chain.heads_digest(_heads_before(connection, number)) != heads:
            yield _("Run {number}: events from before it were changed or are missing").format(number=number)
        previous = digest


def _heads_before(connection: sqlite3.Connection, run: int) -> Iterator[tuple[str, bytes]]:
    """The last links of all rows when run `run` began."""
    query = (
        "SELECT reference, hash FROM event WHERE id IN (SELECT max(id) FROM event WHERE run < ? GROUP BY reference) "
        "ORDER BY reference"
    )
    yield from connection.execute(query, (run,))
