"""The crash matrix of one dossier: killed with SIGKILL at every named fail-point, under every fate of the confirmation.

The oracle is the portal's own world on disk, never what the tool says.
"""

import hashlib
import multiprocessing
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dvc_cli.journal import open_journal
from dvc_cli.model.submission import State
from dvc_cli.portal.memory import CAPABILITIES
from dvc_cli.services.duplicates import AlreadySubmitted
from dvc_cli.services.settle import StillUnknown
from dvc_cli.services.submit import submit
from tests.submission.crashes import POINTS, play
from tests.submission.stage import SETTLE, Stage, filed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and the fork server are POSIX")

UNBOUND = replace(CAPABILITIES, settle_seconds=None, token_burned="unknown")
#: Points that are only reached when the confirmation is not simply answered.
NEEDS = {
    "event<CommitUnanswered": "lost",
    "event>SettlingStarted": "never",
    "event<LookedUp": "lost",
    "event>LookedUp": "lost",
    "event<CommitNotSent": "throttled",
}
COMMIT_POINTS = (
    "event>CommitIntended",
    "portal<commit",
    "portal>commit",
    "event<CommitUnanswered",
    "event>SettlingStarted",
)
FATES = ("ok", "lost", "never", "late", "throttled", "not-sent", "session", "html")


@pytest.fixture(scope="module")
def server():
    """A clean process that has the modules loaded and forks the children that are killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.submission.crashes", "dvc_cli.sign.pades.prepare", "img2pdf", "pikepdf"])
    return context


def run_child(server, stage, point, fates=(), **options):
    child = server.Process(target=play, args=(str(stage.folder), point, list(fates), options))
    child.start()
    child.join(60)
    assert child.exitcode is not None
    return child.exitcode


def go_on(stage, **options):
    """The user runs the same command again; returns the code the tool says."""
    desk = stage.desk(**options)
    try:
        return submit(desk, stage.request(), lambda plan: None).code
    except AlreadySubmitted:
        return next(desk.journal.rows()).row.code
    finally:
        desk.journal.close()


def assert_filed_once(stage, code):
    """I1, I3, I4, I7, I11 against the portal's truth."""
    (dossier,) = filed(stage)
    assert dossier.code == code
    journal = open_journal(stage.state, profile="stage", clock=stage.clock)
    row = next(journal.rows()).row
    assert row.state is State.CONFIRMED
    assert row.reference in dossier.note
    planned = sorted(row.final_sha256(file) for file in row.files)
    if planned:  # an adopted row knows no files of its own
        assert sorted(hashlib.sha256(content).hexdigest() for _stored, content in dossier.files.values()) == planned
    receipt = stage.state / "stage" / "receipts" / row.receipt
    assert hashlib.sha256(receipt.read_bytes()).hexdigest() == row.receipt_sha256
    assert journal.audit().problems == ()
    journal.close()
    left = [path.name for path in stage.state.rglob("*") if path.name.endswith(".dvc-tmp") or "-source-" in path.name]
    assert left == []


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_killed_anywhere_the_same_command_ends_with_one_dossier(server, stage, point):
    fate = NEEDS.get(point, "ok")
    assert run_child(server, stage, point, [fate]) == -9
    assert_filed_once(stage, go_on(stage))
    again = 2 if point == "raw>" else 1  # I8: a value that was never stored has to be made again
    assert len(stage.signatures()) <= again


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("point", COMMIT_POINTS)
def test_killed_round_the_confirmation_under_every_fate(server, stage, point, fate):
    status = run_child(server, stage, point, [fate])
    assert status in (0, -9)  # some points are not reached under some fates
    assert_filed_once(stage, go_on(stage))
    assert stage.truth().late == []


@pytest.mark.parametrize("fate", ["ok", "lost", "never", "late"])
@pytest.mark.parametrize("point", ["event>CommitIntended", "portal>commit", "event<Committed"])
def test_killed_without_a_settle_bound_nothing_is_filed_twice(server, stage, point, fate):
    """P2: at most one; what cannot be told waits for the portal's list."""
    run_child(server, stage, point, [fate], capabilities=UNBOUND)
    for _time in range(2):
        try:
            go_on(stage, capabilities=UNBOUND)
        except StillUnknown:
            stage.clock.sleep(SETTLE)
    presses = [call for call in stage.truth().calls if call.startswith("commit ")]
    assert len(presses) <= 1
    assert len(filed(stage)) <= 1
    if fate in ("ok", "lost", "late") and presses:
        assert len(filed(stage)) == 1


def test_killed_twenty_times_in_a_row(server, stage):
    """Every run dies one step later than the one before."""
    for point in list(POINTS.values())[::2]:
        run_child(server, stage, point, ["late", "lost"])
    assert_filed_once(stage, go_on(stage))


def test_two_at_once_file_one(server, stage):
    """I14: the second ends with 11, or finds that the first has done it (3)."""
    children = [server.Process(target=play, args=(str(stage.folder), "", [], {})) for _number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    codes = sorted(child.exitcode for child in children)
    assert codes[0] == 0
    assert set(codes[1:]) <= {3, 11}
    assert len(filed(stage)) == 1


def test_a_full_disk_stops_before_anything_is_sent(server, stage):
    """What cannot be journalled is not done; with space again the same command goes on."""
    status = run_child_with_small_disk(server, stage)
    assert status == 14
    assert filed(stage) == []
    assert_filed_once(stage, go_on(stage))


def run_child_with_small_disk(server, stage):
    child = server.Process(target=play_with_small_disk, args=(str(stage.folder),))
    child.start()
    child.join(60)
    return child.exitcode


def play_with_small_disk(folder):
    import resource

    from dvc_cli.errors import DvcError
    from tests.submission.crashes import with_point

    stage = Stage(Path(folder))
    desk = stage.desk()

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    try:
        submit(with_point(desk, "event>Ready", fill), stage.request(), lambda plan: None)
    except DvcError as error:
        sys.exit(int(error.exit_code))
    sys.exit(0)


# -- mutants: without these rules the harness must see two dossiers -----------------------------------------------------


def everything_arrives(stage):
    stage.clock.sleep(SETTLE)
    desk = stage.desk()
    desk.portal.arrive()
    desk.journal.close()


def test_without_the_intent_in_the_journal_a_second_dossier_appears(server, stage):
    """R1 removed: the intent is written only with the next event."""
    run = server.Process(target=play_without_intent, args=(str(stage.folder),))
    run.start()
    run.join(60)
    assert run.exitcode == -9
    go_on(stage)
    everything_arrives(stage)
    assert len(filed(stage)) == 2


def play_without_intent(folder):
    from dvc_cli.model.events import CommitIntended
    from dvc_cli.model.submission import apply
    from tests.submission import crashes

    class Forgetful(crashes._Run):
        held = ()

        def append(self, reference, event, payload=None):
            if isinstance(event, CommitIntended):
                self.held = (event,)
                return apply(stage_row(), event)
            if self.held:
                self._at(f"event<{type(event).__name__}")  # killed before the intent is written after all
                self._inner.append(reference, *self.held)
                self.held = ()
            return super().append(reference, event, payload)

    def stage_row():
        return next(desk.journal.rows()).row

    crashes._Run = Forgetful
    stage = Stage(Path(folder))
    desk = stage.desk(["late"])
    submit(crashes.with_point(desk, "event<CommitUnanswered"), stage.request(), lambda plan: None)


def test_without_the_settle_wait_a_second_dossier_appears(stage):
    """The wait carries the guarantee: looking at once is not enough."""
    desk = stage.desk(["late"], replace(CAPABILITIES, settle_seconds=0.0, token_burned="unknown"))
    submit(desk, stage.request(), lambda plan: None)
    desk.journal.close()
    everything_arrives(stage)
    assert len(filed(stage)) == 2
