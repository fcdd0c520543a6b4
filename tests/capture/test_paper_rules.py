"""`scan check --procedure`: the limits are those of the procedure's portal."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dvc_cli.portal.base import NoSuchProcedure, PortalCapabilities
from dvc_cli.portal.memory import CAPABILITIES, MemoryPortal
from dvc_cli.portal.procedure_cache import ProcedureCache
from dvc_cli.services.browse import Shelf
from dvc_cli.services.check_papers import Rules, check_papers
from dvc_cli.services.paper_rules import rules_for
from dvc_cli.testing.signer_contract import SystemTime
from dvc_sandbox.demo.scans import write_scans
from tests.portal.worlds import memory_world


@dataclass
class Desk:
    """The part of a run that the rules come from."""

    portal: MemoryPortal
    shelf: Shelf


@pytest.fixture
def desk(tmp_path, talk):
    from dataclasses import replace

    small: PortalCapabilities = replace(CAPABILITIES, max_component_bytes=200_000, accepted_types=("pdf", "jpg"))
    portal = MemoryPortal(memory_world(), SystemTime(), small)
    cache = ProcedureCache(tmp_path / "cache", "memory://portal")
    return Desk(portal, Shelf(open_portal=lambda: portal, cache=cache, clock=SystemTime(), progress=talk))


def test_without_a_procedure_the_general_rules_hold(desk):
    assert rules_for(desk, None) == Rules(limit=20_000_000)


def test_the_portals_limits_count(desk, tmp_path, talk):
    code = desk.portal.procedures(per_page=1).items[0].code
    rules = rules_for(desk, code)
    assert (rules.procedure, rules.limit, rules.accepted) == (code, 200_000, ("pdf", "jpg"))
    assert rules.procedure_name
    photograph, _flatbed = write_scans(tmp_path)
    (file,) = check_papers([photograph], rules, talk).files
    assert [one.code for one in file.problems] == ["too-large"]


def test_no_such_procedure(desk):
    with pytest.raises(NoSuchProcedure):
        rules_for(desk, "9.999999")
