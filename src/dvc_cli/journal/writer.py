"""The one thread that writes the journal: it gathers what is waiting, commits once, and answers after the fsync."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from dvc_cli.i18n import _
from dvc_cli.journal.base import JournalUnwritable
from dvc_cli.journal.database import immediate, storage_error

_Answer = TypeVar("_Answer")
_Work = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]
_MAX_GROUP = 256


class GroupWriter:
    """Runs pieces of work in write transactions on its own connection; `do` returns when the piece is on disk."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="journal-writer", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        """Run `work` in a transaction; returns its answer after fsync, raises its error (then nothing of it is stored)."""
        future: Future[_Answer] = Future()
        with self._lock:
            if self._closed:
                raise JournalUnwritable(_("`{path}` is closed").format(path=self._path))
            self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        """Write what is queued, then end."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while True:
            group, more = self._gather()
            if group:
                self._commit(group)
            if not more:
                return

    def _gather(self) -> tuple[list[_Work], bool]:
        first = self._queue.get()
        group: list[_Work] = []
        item: _Work | None = first
        while item is not None:
            group.append(item)
            if len(group) == _MAX_GROUP:
                return group, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: list[_Work]) -> None:
        answers: list[tuple[Future[Any], Any]] = []
        try:
            with immediate(self._connection):
                for work, future in group:
                    self._one(work, future, answers)
        except sqlite3.Error as error:
            self._fail(group, storage_error(error, self._path))
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            self._fail(group, error)
        else:
            for future, answer in answers:
                future.set_result(answer)

    def _one(
        self, work: Callable[[sqlite3.Connection], Any], future: Future[Any], answers: list[tuple[Future[Any], Any]]
    ) -> None:
        """One piece in a savepoint, so that its refusal does not undo its neighbours."""
        self._connection.execute("SAVEPOINT piece")
        try:
            answers.append((future, work(self._connection)))
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - handed to the caller
            self._connection.execute("ROLLBACK TO piece")
            future.set_exception(error)
        self._connection.execute("RELEASE piece")

    @staticmethod
    def _fail(group: list[_Work], error: BaseException) -> None:
        for _work, future in group:
            if not future.done():
                future.set_exception(error)
