"""The stage that most tests play on, made once; and the sandbox's portal over real HTTP."""

import shutil

import pytest

from tests.portal.worlds import live, live_sandbox
from tests.submission.stage import Stage

__all__ = ["live", "live_sandbox"]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Made once: keys and pictures take time."""
    folder = tmp_path_factory.mktemp("stage")
    Stage.build(folder)
    return folder


@pytest.fixture
def stage(built, tmp_path):
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return Stage(tmp_path)


@pytest.fixture
def desks():
    """Gives desks and closes their journals."""
    opened = []

    def give(stage, *arguments, **options):
        opened.append(stage.desk(*arguments, **options))
        return opened[-1]

    yield give
    for desk in opened:
        desk.journal.close()
