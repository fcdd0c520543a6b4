"""`dvc-cli sandbox`: a portal, a cloud signer and a CA on this computer, for trying things out and for CI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.errors import AnotherRun, ConfigurationProblem, DvcError, NotFound, Temporary
from dvc_cli.i18n import N_, _
from dvc_cli.lazy import Annotated, App, Context, Option, Run, examples, run_of

if TYPE_CHECKING:
    from dvc_sandbox.control import Options, Running

app = App(help=_("Run a portal, a cloud signer and a CA for trying things out"))

StateOption = Annotated[
    Path | None, Option("--state", metavar="FOLDER", help=_("Where the sandbox keeps its state"), show_default=False)
]
PortOption = Annotated[int, Option(min=0, max=65535, metavar="PORT", help=_("A fixed port (0: any free one)"))]


class SandboxMissing(ConfigurationProblem):
    """The libraries of the extra `sandbox` are not installed."""

    slug = "sandbox-extra-missing"


class SandboxProblem(ConfigurationProblem):
    """The sandbox could not be started, stopped or used as asked."""

    slug = "sandbox-problem"


class SandboxInUse(AnotherRun):
    """Another sandbox runs on the same state folder."""

    slug = "sandbox-in-use"


class NoSandbox(NotFound):
    """No sandbox runs on this state folder."""

    slug = "no-sandbox"


class SandboxSilent(Temporary):
    """The sandbox did not answer in time."""

    slug = "sandbox-silent"


@app.command(
    "up",
    help=_("Start the sandbox and write the profile `sandbox`"),
    epilog=examples(
        "dvc-cli sandbox up",
        "dvc-cli sandbox up --detach --auto-approve",
        "dvc-cli sandbox up --listen 0.0.0.0 --allow-host portal.test --portal-port 8080",
    ),
)
def up(
    ctx: Context,
    state: StateOption = None,
    detach: Annotated[bool, Option("-d", "--detach", help=_("Leave it running in the background"))] = False,
    auto_approve: Annotated[
        bool, Option("--auto-approve", help=_("SmartCA confirms by itself, without the phone page"))
    ] = False,
    seed: Annotated[int | None, Option("--seed", help=_("Seed of the generated data"), show_default=False)] = None,
    portal_port: PortOption = 0,
    smartca_port: PortOption = 0,
    pki_port: PortOption = 0,
    admin_port: PortOption = 0,
    listen: Annotated[str, Option("--listen", metavar="ADDR", help=_("Address to listen on"))] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        Option("--allow-host", metavar="NAME", help=_("A further host name to answer to"), show_default=False),
    ] = None,
) -> None:
    """Start, write the profile, show the addresses."""
    run = run_of(ctx)
    with translated(folder := _state_folder(run, state)):
        from dvc_sandbox.control import Options, Ports

        ports = Ports(portal=portal_port, smartca=smartca_port, pki=pki_port, admin=admin_port)
        hosts = tuple(allow_host or ())
        _start(run, Options(folder, listen, hosts, ports, seed, auto_approve), detach=detach)


@app.command("status", help=_("Show whether the sandbox runs, and where"), epilog=examples("dvc-cli sandbox status"))
def status(ctx: Context, state: StateOption = None) -> None:
    """Show the addresses; exit code 9 when none runs."""
    run = run_of(ctx)
    with translated(folder := _state_folder(run, state)):
        run.out.show(_facts(_running(folder)))


@app.command("down", help=_("Stop the sandbox"), epilog=examples("dvc-cli sandbox down"))
def down(ctx: Context, state: StateOption = None) -> None:
    """Stop it; nothing of its data is lost."""
    run = run_of(ctx)
    with translated(folder := _state_folder(run, state)):
        from dvc_sandbox import control

        _running(folder)
        control.stop(folder)
        run.progress.say(_("The sandbox in {folder} has stopped").format(folder=folder))


@app.command(
    "reset", help=_("Bring the sandbox's data back to the beginning"), epilog=examples("dvc-cli sandbox reset")
)
def reset(ctx: Context, state: StateOption = None) -> None:
    """Forget dossiers and sessions; keys, certificates and ports stay."""
    run = run_of(ctx)
    with translated(folder := _state_folder(run, state)):
        from dvc_sandbox import control

        control.reset(folder)
        run.progress.say(_("The sandbox in {folder} is as new").format(folder=folder))


@app.command(
    "token",
    help=_("Put a key and a certificate of the sandbox on a SoftHSM2 token"),
    epilog=examples("dvc-cli sandbox token", "dvc-cli sandbox token --certificate organisation"),
)
def token(
    ctx: Context,
    state: StateOption = None,
    certificate: Annotated[
        str, Option("--certificate", metavar="NAME", help=_("citizen, organisation, expired or revoked"))
    ] = "citizen",
    label: Annotated[str, Option("--label", metavar="TEXT", help=_("Label of the token"))] = "dvc-sandbox",
    module: Annotated[
        Path | None, Option("--module", metavar="PATH", help=_("The SoftHSM2 library"), show_default=False)
    ] = None,
) -> None:
    """Make the token and add the signer `token` to the profile `sandbox`."""
    run = run_of(ctx)
    with translated(folder := _state_folder(run, state)):
        from dvc_cli.services.sandbox_profile import add_token_signer
        from dvc_sandbox.token import make_token

        made = make_token(folder, certificate, label, module=module)
        run.out.show(add_token_signer(run.profiles, folder, made.module, made.conf, made.label, made.serial))


def _start(run: Run, options: Options, *, detach: bool) -> None:
    from dvc_sandbox import control

    if detach:
        _ready(run, control.start_detached(options))
        return
    run.progress.say(_("Starting the sandbox; Ctrl-C stops it"))
    control.serve(options, lambda running: _ready(run, running))


def _ready(run: Run, running: Running) -> None:
    import sys

    from dvc_cli.services.sandbox_profile import write_sandbox_profile

    write_sandbox_profile(run.profiles, running.state, portal=running.urls.portal, smartca=running.urls.smartca)
    for notice in running.notices:
        run.progress.warn(_notice(notice))
    run.out.show(_facts(running))
    sys.stdout.flush()


def _notice(text: str) -> str:
    import re

    for pattern, sentence in _NOTICES:
        if match := re.fullmatch(pattern, text):
            return _(sentence).format(**match.groupdict())
    return text


def _facts(running: Running) -> Any:
    from dvc_cli.services.sandbox_profile import SandboxFacts

    return SandboxFacts(
        pid=running.pid,
        state=running.state,
        portal=running.urls.portal,
        smartca=running.urls.smartca,
        pki=running.urls.pki,
        admin=running.urls.admin,
        started_at=running.started_at,
    )


def _running(folder: Path) -> Running:
    from dvc_sandbox import control

    running = control.status(folder)
    if running is None:
        raise NoSandbox(
            _("No sandbox runs in {folder}").format(folder=folder), hint=_("Start one: `dvc-cli sandbox up --detach`")
        )
    return running


def _state_folder(run: Run, state: Path | None) -> Path:
    return (state or run.paths.data / "sandbox").absolute()


_NOTICES = (
    (
        r"port (?P<port>\d+) of the (?P<name>\w+) server is taken.*",
        N_("Port {port} of the {name} server is taken by another program; it has a new one"),
    ),
    (
        r"the certificates were issued anew.* (?P<url>\S+)",
        N_("The certificates were issued anew, because their OCSP and CRL addresses are now {url}"),
    ),
)
_REASONS: dict[str, tuple[type[DvcError], str, str | None]] = {
    "extra-missing": (
        SandboxMissing,
        N_("The sandbox is not installed"),
        N_("Install it: `pip install 'dvc-cli[sandbox]'`"),
    ),
    "state-in-use": (
        SandboxInUse,
        N_("Another sandbox is using the folder {folder}"),
        N_("Stop it (`dvc-cli sandbox down`) or name another folder with --state"),
    ),
    "state-foreign": (
        SandboxProblem,
        N_("The folder {folder} is not empty and not a sandbox's"),
        N_("Name an empty or new folder with --state"),
    ),
    "state-newer": (
        SandboxProblem,
        N_("The folder {folder} was made by a newer version"),
        N_("Update dvc-cli or name another folder with --state"),
    ),
    "state-missing": (NoSandbox, N_("There is no sandbox in {folder}"), N_("Start one: `dvc-cli sandbox up --detach`")),
    "seed-differs": (
        SandboxProblem,
        N_("The folder {folder} was filled from another seed"),
        N_("Name another folder with --state"),
    ),
    "allow-host-missing": (
        SandboxProblem,
        N_("Listening on that address opens the sandbox to the network"),
        N_("Name the hosts it may be addressed by with --allow-host"),
    ),
    "port-in-use": (SandboxProblem, N_("A port is in use by another program"), N_("Choose other ports or 0")),
    "listen-failed": (SandboxProblem, N_("The address or a port cannot be used"), N_("Choose another one")),
    "start-timeout": (SandboxSilent, N_("The sandbox in {folder} did not answer in time"), N_("Try again")),
    "unreachable": (SandboxSilent, N_("The sandbox in {folder} does not answer"), N_("Try again")),
    "stop-failed": (SandboxSilent, N_("The sandbox in {folder} did not stop in time"), N_("Try again")),
    "softhsm-missing": (
        SandboxProblem,
        N_("SoftHSM2 is not installed"),
        N_("Install it: `sudo apt install softhsm2` (Debian, Ubuntu), `brew install softhsm` (macOS)"),
    ),
    "credential-unknown": (
        SandboxProblem,
        N_("The sandbox in {folder} has no such certificate"),
        N_("Use citizen, organisation, expired or revoked, after `dvc-cli sandbox up`"),
    ),
}


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn errors of the sandbox, and its absence, into errors with a fate."""
    try:
        from dvc_sandbox.errors import SandboxError
    except ImportError as error:
        raise SandboxMissing(
            _("The sandbox is not installed"), hint=_("Install it: `pip install 'dvc-cli[sandbox]'`")
        ) from error
    try:
        yield
    except SandboxError as error:
        fallback = (SandboxProblem, N_("The sandbox in {folder} failed: {reason}"), None)
        kind, message, hint = _REASONS.get(error.slug, fallback)
        raise kind(_(message).format(folder=folder, reason=error), hint=_(hint) if hint else None) from error
