"""Views of `dvc-cli sandbox`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.output.dates import show_time
from dvc_cli.output.view import Page, Record, view
from dvc_cli.services.sandbox_profile import SandboxFacts, TokenFacts


@view("dvc.sandbox.status/1")
def status(facts: SandboxFacts) -> Page:
    """Addresses to open in a browser and to give to programs."""
    return Page(
        blocks=(
            Record(
                (
                    (_("Portal"), facts.portal),
                    (_("Officials"), f"{facts.portal}/can-bo"),
                    (_("SmartCA phone"), facts.smartca),
                    (_("CA, OCSP, time stamps"), facts.pki),
                    (_("Admin API"), facts.admin),
                    (_("State folder"), str(facts.state)),
                    (_("Process"), str(facts.pid)),
                    (_("Started"), show_time(facts.started_at)),
                    (_("Profile"), facts.profile),
                )
            ),
        ),
        next_steps=("dvc-cli profile use sandbox", "dvc-cli login", "dvc-cli sandbox down"),
        sandbox=True,
    )


@view("dvc.sandbox.token/1")
def token(facts: TokenFacts) -> Page:
    """The token and how to sign with it."""
    return Page(
        blocks=(
            Record(
                (
                    (_("Token"), facts.label),
                    (_("Serial"), facts.serial),
                    (_("Module"), str(facts.module)),
                    (_("Signer"), _("{signer} (profile {profile})").format(signer=facts.signer, profile=facts.profile)),
                )
            ),
        ),
        next_steps=(f"dvc-cli sign FILE.pdf --signer {facts.signer}",),
        sandbox=True,
    )
