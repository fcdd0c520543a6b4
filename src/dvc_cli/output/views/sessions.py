"""Views of `login`, `logout` and `whoami`."""

from __future__ import annotations

from dvc_cli.i18n import N_, _
from dvc_cli.output.dates import show_time
from dvc_cli.output.view import Line, Page, Record, view
from dvc_cli.services.login_facts import ChallengeReport, LogoutReport, SessionReport

_PLACES = {
    "file": N_("private file, until the session ends"),
    "keyring": N_("keyring"),
    "kept-file": N_("plain file (`--insecure-storage`)"),
}


@view("dvc.sessions.session/1")
def session(report: SessionReport) -> Page:
    """Who, where, until when, and where the secrets are."""
    place = _(_PLACES.get(report.kept, report.kept))
    password = _(_PLACES[report.password_kept]) if report.password_kept in _PLACES else ""
    return Page(
        blocks=(
            Record(
                (
                    (_("Name"), report.display_name),
                    (_("Account"), report.account),
                    (_("ID number"), report.identity),
                    (_("Portal"), report.portal),
                    (_("Profile"), report.profile),
                    (_("Logged in since"), show_time(report.started_at)),
                    (_("Ends without use at"), show_time(report.expires_at)),
                    (_("Session kept in"), place),
                    (_("Password kept in"), password),
                )
            ),
        ),
        next_steps=("dvc-cli procedures list", "dvc-cli submit dossier.toml"),
        sandbox=report.sandbox,
    )


@view("dvc.sessions.challenge/1")
def challenge(report: ChallengeReport) -> Page:
    """The picture to look at and the command that answers."""
    return Page(
        blocks=(
            Record(
                (
                    (_("Challenge"), report.id),
                    (_("Captcha picture"), str(report.captcha or "")),
                    (_("Account"), report.account),
                    (_("Portal"), report.portal),
                    (_("Ends at"), show_time(report.expires_at)),
                )
            ),
        ),
        next_steps=(f"dvc-cli login --challenge {report.id} --captcha TEXT",),
        sandbox=report.sandbox,
    )


@view("dvc.sessions.ended/1")
def ended(report: LogoutReport) -> Page:
    """What was ended."""
    if report.account is None:
        text = _("Nobody was logged in to {portal}").format(portal=report.portal)
    elif report.at_portal:
        text = _("{account} is logged out of {portal}").format(account=report.account, portal=report.portal)
    else:
        text = _("The session of {account} is forgotten here; {portal} was not told").format(
            account=report.account, portal=report.portal
        )
    return Page(blocks=(Line(text),), sandbox=report.sandbox)
