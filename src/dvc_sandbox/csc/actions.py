"""What the sandbox's admin API may do with the emulator: look, and set its switches.

Every function takes the sandbox's environment and answers with JSON-ready values. ValueError: a wrong switch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dvc_sandbox.csc.model import CscVariants
from dvc_sandbox.csc.service import CscService

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment


def state(environment: Environment) -> dict[str, object]:
    """The switches, every credential with its tries and present code, and what was signed (newest first)."""
    service = CscService(environment)
    rows = []
    for user in service.people.users.values():
        for one in user.credentials:
            tries = service.store.tries(one.id)
            rows.append(
                {
                    "id": one.id,
                    "user_id": one.user_id,
                    "wrong_pin": tries.wrong_pin,
                    "wrong_otp": tries.wrong_otp,
                    "otp": service.present_otp(one),
                }
            )
    return {
        "sandbox": True,
        "variants": dataclasses.asdict(service.variants()),
        "credentials": rows,
        "signings": service.store.signings(),
    }


def set_variants(environment: Environment, variants: Mapping[str, object]) -> dict[str, object]:
    """Set exactly these variants (README.md lists them); all others go back to their defaults."""
    CscService(environment).store.set_variants(CscVariants.from_mapping(variants))
    return state(environment)


def reset(environment: Environment) -> None:
    """Forget tokens, activation data, wrong tries and switches."""
    CscService(environment).store.clear()
