"""The journal: durable, chained, one writer, refused where it could not be trusted."""

import itertools
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dvc_cli.errors import ExitCode
from dvc_cli.journal import open_journal
from dvc_cli.journal.base import (
    JournalDamaged,
    JournalTooNew,
    JournalUnwritable,
    LeaseLost,
    RunInProgress,
    UnsuitableFolder,
)
from dvc_cli.journal.folders import file_system_type, require_local, synced_part
from dvc_cli.model.events import Checked, FrozenFile, Planned, Prepared, Signed
from dvc_cli.model.submission import IllegalTransition, State

REFERENCE = "DVC-AAAABBBBCCCCDDDD"
ACCOUNT = "congdan"
FILE = FrozenFile("1/0", "ab" * 32, 10)


class SteppingClock:
    """Every look at the clock is a second later."""

    def __init__(self) -> None:
        self._seconds = itertools.count()

    def now(self) -> datetime:
        return datetime(2026, 11, 5, tzinfo=UTC) + timedelta(seconds=next(self._seconds))

    def monotonic(self) -> float:
        return float(next(self._seconds))

    def sleep(self, seconds: float) -> None:
        time.sleep(0)


@pytest.fixture
def journal(tmp_path):
    opened = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    yield opened
    opened.close()


def file_of(tmp_path: Path) -> Path:
    return tmp_path / "sandbox" / "journal.sqlite3"


def fill(journal, *references: str) -> None:
    with journal.run(ACCOUNT, "00") as run:
        for reference in references or (REFERENCE,):
            run.append(reference, Planned("00"))
            run.append(reference, Checked(), {"dossier": reference.encode()})
            run.append(reference, Prepared((FILE,)))


def test_what_was_appended_is_read_back_by_another_process(journal, tmp_path):
    fill(journal)
    other = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    row = other.row(REFERENCE)
    assert row == journal.row(REFERENCE)
    assert row.state is State.PREPARED
    assert row.files == (FILE,)
    assert [type(entry.event).__name__ for entry in other.entries(REFERENCE)] == ["Planned", "Checked", "Prepared"]
    assert other.payload(REFERENCE, "dossier") == REFERENCE.encode()
    assert [item.row.reference for item in other.rows(State.PREPARED)] == [REFERENCE]
    assert list(other.rows(State.CONFIRMED)) == []
    other.close()


def test_an_illegal_event_changes_nothing_and_hurts_no_neighbour(journal):
    with journal.run(ACCOUNT, "00") as run:
        run.append(REFERENCE, Planned("00"))
        with pytest.raises(IllegalTransition):
            run.append(REFERENCE, Signed())
        results: list[object] = []
        threads = [
            threading.Thread(target=lambda n=n: results.append(run.append(f"DVC-{n:016d}", Planned("00")).state))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [State.PLANNED] * 20
    assert journal.row(REFERENCE).state is State.PLANNED
    assert journal.audit().problems == ()


def test_many_threads_share_commits(journal):
    """Group commit: 400 appends by 16 threads take far fewer transactions than appends."""
    with journal.run(ACCOUNT, "00") as run:
        before = journal.write(lambda connection: connection.total_changes)
        commits = []
        journal._writing.set_trace_callback(
            lambda statement: commits.append(statement) if statement == "COMMIT" else None
        )

        def add(number: int) -> None:
            for step in range(25):
                run.append(f"DVC-{number:08d}{step:08d}", Planned("00"))

        threads = [threading.Thread(target=add, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert journal.write(lambda connection: connection.total_changes) > before
    assert journal.audit().rows == 400
    assert 0 < len(commits) < 300


def test_an_appended_event_survives_a_kill(tmp_path):
    script = """
import os, signal, sys
from dvc_cli.journal import open_journal
from dvc_cli.model.events import Planned
from dvc_cli.output.clock import SystemClock
journal = open_journal(__import__("pathlib").Path(sys.argv[1]), profile="sandbox", clock=SystemClock())
with journal.run("congdan", "00") as run:
    run.append("DVC-KILLED", Planned("00"))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=30)
    assert done.returncode == -9
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    assert journal.row("DVC-KILLED").state is State.PLANNED
    with journal.run(ACCOUNT, "00") as run:  # the lock died with its process
        assert run.number == 2
    assert journal.audit().problems == ()
    journal.close()


def test_a_second_process_is_refused_at_once_and_says_which_runs(journal, tmp_path):
    script = """
import sys, time
from dvc_cli.errors import DvcError
from dvc_cli.journal import open_journal
from dvc_cli.output.clock import SystemClock
journal = open_journal(__import__("pathlib").Path(sys.argv[1]), profile="sandbox", clock=SystemClock())
started = time.monotonic()
try:
    with journal.run(sys.argv[2], "00"):
        sys.exit(0)
except DvcError as error:
    sys.stdout.write(f"{time.monotonic() - started:.3f} {error.message}")
    sys.exit(error.exit_code)
"""

    def start(account: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), account],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )

    with journal.run(ACCOUNT, "00"):
        second = start(ACCOUNT)
        assert second.returncode == ExitCode.LOCKED == 11
        assert float(second.stdout.split()[0]) < 1
        assert str(os.getpid()) in second.stdout
        assert start("another account").returncode == 0
        with pytest.raises(RunInProgress), journal.run(ACCOUNT, "00"):
            pass
    assert start(ACCOUNT).returncode == 0


def test_a_run_that_was_taken_over_may_not_append(journal, tmp_path):
    with journal.run(ACCOUNT, "00") as run:
        run.append(REFERENCE, Planned("00"))
        other = sqlite3.connect(file_of(tmp_path))
        other.execute("UPDATE lease SET fence = fence + 1")
        other.commit()
        other.close()
        with pytest.raises(LeaseLost):
            run.append(REFERENCE, Checked())
    assert journal.row(REFERENCE).state is State.PLANNED


TAMPERING = {
    "event changed": "UPDATE event SET body = replace(body, '10', '11') WHERE kind = 'Prepared'",
    "time changed": "UPDATE event SET at = '2020-01-01T00:00:00+00:00' WHERE number = 0",
    "event removed": "DELETE FROM event WHERE number = 1",
    "last event removed": "DELETE FROM event WHERE number = 2",
    "state changed": "UPDATE row SET state = 'confirmed'",
    "fold changed": "UPDATE row SET body = replace(body, '\"attempt\":0', '\"attempt\":1')",
    "row removed": "DELETE FROM row",
    "payload changed": "UPDATE payload SET body = x'00'",
    "run removed": "DELETE FROM run WHERE number = 1",
    "run changed": "UPDATE run SET plan_sha256 = 'ff' WHERE number = 1",
    "whole row removed, with its events": "DELETE FROM row; DELETE FROM event",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_detected(tmp_path, statement):
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    fill(journal)
    with journal.run(ACCOUNT, "00"):
        pass
    assert journal.audit().problems == ()
    journal.close()
    attacker = sqlite3.connect(file_of(tmp_path))
    for table, verb in itertools.product(("event", "run"), ("UPDATE", "DELETE")):
        attacker.execute(f"DROP TRIGGER {table}_no_{verb}")
    attacker.execute("PRAGMA foreign_keys = OFF")
    attacker.executescript(statement)
    attacker.commit()
    attacker.close()
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    audit = journal.audit()
    journal.close()
    assert audit.problems
    assert audit.exit_code is ExitCode.STORAGE


def test_events_cannot_be_changed_through_sql(journal, tmp_path):
    fill(journal)
    other = sqlite3.connect(file_of(tmp_path))
    for statement in ("UPDATE event SET at = ''", "DELETE FROM event", "DELETE FROM run"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
    other.close()


def test_purging_takes_the_personal_data_out_of_the_file_and_the_chain_still_verifies(tmp_path):
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    with journal.run(ACCOUNT, "00") as run:
        run.append(REFERENCE, Planned("00"), {"dossier": b"NGUYEN THI CANARY"})
    journal.purge(REFERENCE)
    assert journal.payload(REFERENCE, "dossier") is None
    assert journal.row(REFERENCE).state is State.PLANNED
    assert journal.audit().problems == ()
    journal.close()
    assert not [
        path for path in file_of(tmp_path).parent.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()
    ]


def test_no_account_name_is_in_the_files(tmp_path):
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    with journal.run("034199000123", "00") as run:
        run.append(REFERENCE, Planned("00"))
    journal.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"034199000123" in path.read_bytes()]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_files_are_private(journal, tmp_path):
    with journal.run(ACCOUNT, "00") as run:
        run.append(REFERENCE, Planned("00"))
        for path in (tmp_path / "sandbox").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_journal_of_a_newer_program_is_refused(tmp_path):
    open_journal(tmp_path, profile="sandbox", clock=SteppingClock()).close()
    other = sqlite3.connect(file_of(tmp_path))
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(JournalTooNew):
        open_journal(tmp_path, profile="sandbox", clock=SteppingClock())


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path):
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(JournalDamaged) as caught:
        open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    assert caught.value.exit_code is ExitCode.STORAGE


def test_a_closed_journal_refuses(tmp_path):
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    with journal.run(ACCOUNT, "00") as run:
        run.append(REFERENCE, Planned("00"))
    journal.close()
    with pytest.raises(JournalUnwritable):
        run.append(REFERENCE, Checked())


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_stops_the_run_and_hurts_nothing(tmp_path):
    """A limit on the file size is what a full disk looks like to SQLite; it stops before the step is taken."""
    script = """
import resource, sys
from dvc_cli.errors import StorageProblem
from dvc_cli.journal import open_journal
from dvc_cli.model.events import Planned
from dvc_cli.output.clock import SystemClock
journal = open_journal(__import__("pathlib").Path(sys.argv[1]), profile="sandbox", clock=SystemClock())
stored = 0
try:
    with journal.run("congdan", "00") as run:
        run.append("DVC-0", Planned("00"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        for number in range(1, 10_000):
            run.append(f"DVC-{number}", Planned("00"), {"dossier": bytes(4000)})
            stored = number
except StorageProblem as error:
    sys.stdout.write(f"{stored} {error.exit_code.value}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    )
    stored, status = (int(word) for word in done.stdout.split())
    assert status == ExitCode.STORAGE == 14
    journal = open_journal(tmp_path, profile="sandbox", clock=SteppingClock())
    assert journal.audit().problems == ()
    assert journal.audit().rows == stored + 1
    journal.close()


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("nfs4", True),
        ("cifs", True),
        ("fuse.sshfs", True),
        ("smb3", True),
        ("ext4", False),
        ("apfs", False),
        ("", False),
    ],
)
def test_network_disks_are_refused(tmp_path, kind, refused):
    if not refused:
        require_local(tmp_path, type_of=lambda path: kind)
        return
    with pytest.raises(UnsuitableFolder, match=kind):
        require_local(tmp_path, type_of=lambda path: kind)


@pytest.mark.parametrize("name", ["Dropbox", "OneDrive - Cong ty", "Google Drive", "iCloud Drive", "Nextcloud"])
def test_synchronised_folders_are_refused(tmp_path, name):
    with pytest.raises(UnsuitableFolder, match="synchronised"):
        open_journal(tmp_path / name / "state", profile="sandbox", clock=SteppingClock())
    assert not (tmp_path / name).exists()


def test_the_type_of_a_real_folder_is_known(tmp_path):
    if sys.platform == "linux":
        assert file_system_type(Path("/proc/self")) == "proc"
        assert file_system_type(tmp_path)
    assert synced_part(tmp_path) == ""
