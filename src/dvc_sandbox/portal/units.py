"""Administrative units: provinces and communes, with districts between them in the three-level profile."""

from __future__ import annotations

from starlette.responses import Response

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import settings
from dvc_sandbox.portal.calls import Call, answer
from dvc_sandbox.portal.store_procedures import Choice


def provinces(environment: Environment) -> list[Choice]:
    """Return the provinces of the profile in force."""
    levels = settings.load(environment).levels
    rows = environment.database.read("SELECT code, name FROM province WHERE levels = ? ORDER BY code", levels)
    return [Choice(row["code"], row["name"]) for row in rows]


def districts(environment: Environment, province: str) -> list[Choice]:
    """Return the districts of a province; empty in the two-level profile."""
    if settings.load(environment).levels == 2:
        return []
    rows = environment.database.read("SELECT code, name FROM district WHERE province = ? ORDER BY code", province)
    return [Choice(row["code"], row["name"]) for row in rows]


def communes(environment: Environment, province: str, district: str) -> list[Choice]:
    """Return the communes of a province (two levels) or of a district in it (three levels)."""
    levels = settings.load(environment).levels
    rows = environment.database.read(
        "SELECT code, name FROM commune WHERE levels = ? AND province = ? AND district = ? ORDER BY code",
        levels,
        province,
        district if levels == 3 else "",
    )
    return [Choice(row["code"], row["name"]) for row in rows]


def list_units(call: Call) -> Response:
    """Answer the communes of ``tinh`` (and the districts, in the three-level profile) as JSON."""
    province, district = call.query("tinh"), call.query("huyen")

    def plain(choices: list[Choice]) -> list[dict[str, str]]:
        return [{"code": choice.key, "name": choice.name} for choice in choices]

    return answer(
        {
            "levels": settings.load(call.environment).levels,
            "districts": plain(districts(call.environment, province)),
            "communes": plain(communes(call.environment, province, district)),
        }
    )
