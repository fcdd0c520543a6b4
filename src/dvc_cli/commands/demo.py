"""`dvc-cli demo`: the whole journey in a throw-away sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _, active_language
from dvc_cli.lazy import Annotated, App, Context, Option, Run, examples, run_of

if TYPE_CHECKING:
    from dvc_sandbox.demo.journey import DemoResult

app = App()


class DemoFailed(DvcError):
    """A step of the demo ended with an error."""

    slug = "demo-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """Where the demo left everything."""

    schema: ClassVar[str] = "dvc.demo.report/1"
    folder: Path
    pdf: Path
    signed: Path
    receipt: Path
    codes: tuple[str, ...]
    verdict: str
    portal: str
    smartca: str
    seconds: float
    token_used: bool
    sandbox: bool = True


@app.command(
    "demo",
    help=_("Watch the whole journey in a throw-away sandbox"),
    epilog=examples("dvc-cli demo", "dvc-cli demo --stop --folder thu-nghiem"),
)
def demo(
    ctx: Context,
    folder: Annotated[
        Path | None,
        Option("--folder", metavar="FOLDER", help=_("Where to work (a new one if not given)"), show_default=False),
    ] = None,
    stop: Annotated[bool, Option("--stop", help=_("Stop the sandbox at the end"))] = False,
) -> None:
    """Run every step by the command a person would type."""
    run = run_of(ctx)
    place = _work_folder(folder)
    result = _walk(run, place, stop=stop)
    if run.options.json:
        run.out.show(DemoReport(**{name: getattr(result, name) for name in result.__dataclass_fields__}))


def _work_folder(folder: Path | None) -> Path:
    if folder is None:
        import tempfile

        return Path(tempfile.mkdtemp(prefix="dvc-demo-"))
    from dvc_cli.files import make_private_folder

    make_private_folder(folder.absolute())
    return folder.absolute()


def _walk(run: Run, folder: Path, *, stop: bool) -> DemoResult:
    from dvc_cli.commands.sandbox import translated

    def say(line: str) -> None:
        (run.progress.say if run.options.json else run.out.line)(line)

    with translated(folder / "sandbox"):
        from dvc_sandbox.demo.journey import DemoOptions, Journey, summary
        from dvc_sandbox.errors import SandboxError

        options = DemoOptions(folder=folder, language=active_language(), stop=stop, quiet=run.options.json)
        try:
            result = Journey(options, say).run()
        except SandboxError as error:
            if error.slug != "step-failed":
                raise
            raise DemoFailed(
                _("The demo stopped: {reason}").format(reason=error),
                hint=_("What it made so far is in {folder}").format(folder=folder),
            ) from error
        for line in summary(result, options):
            say(line)
    return result
