"""Deferred loading of commands, shared options, and help pages: all knowledge of Typer's internals lives here.

Groups are stubs with a name and a line of help until one of them is run (design/details.md §6.3). Help is plain text with
bold headings at a terminal; rich is never imported for it (docs/adr/0002-plain-help.md).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar

from typer import Argument, Context, Option, Typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from dvc_cli.context import SHARED_OPTIONS
from dvc_cli.context import Context as Run
from dvc_cli.i18n import _
from dvc_cli.output.tree import Node, Switch

__all__ = ["Annotated", "App", "Argument", "Context", "Option", "Run", "examples", "run_of"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_HELP_NAMES = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EXAMPLE_MARK = "\x1f"


def run_of(ctx: Context) -> Run:
    """The collaborators of this run, from Typer's context."""
    run: Run = ctx.find_root().obj
    return run


def examples(*lines: str) -> str:
    """An epilog that shows `lines` as commands, unwrapped."""
    return _EXAMPLE_MARK + "\n".join(lines)


def _bold(text: str) -> str:
    import os

    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[1m{text}\x1b[0m"


class _Shared(TyperOption):
    """A shared option; its help shows no range."""

    def get_help_record(self, ctx: Any) -> tuple[str, str] | None:
        """Without the `[x>=0]` that Typer adds to counted options."""
        record = super().get_help_record(ctx)
        return (record[0], record[1].removesuffix("[x>=0]").rstrip()) if record else None


def _shared_parameters() -> list[_Shared]:
    return [
        _Shared(
            param_decls=[option.name, *option.declarations],
            help=_(option.help),
            is_flag=option.is_flag,
            count=option.is_count,
            metavar=option.metavar,
            default=0 if option.is_count else None,
            show_default=False,
            hidden=False,
        )
        for option in SHARED_OPTIONS
    ]


class _Page:
    """What commands and groups have in common: shared options, translated usage line, examples."""

    params: list[Any]
    epilog: str | None

    def take_shared(self, ctx: Any) -> None:
        """Move the shared options' values from the parsed parameters to the run."""
        values = {option.name: ctx.params.pop(option.name, None) for option in SHARED_OPTIONS}
        run = ctx.find_root().obj
        if isinstance(run, Run):
            run.apply({name: value for name, value in values.items() if value})

    def get_help_option(self, ctx: Any) -> Any:
        """Typer's help option with the sentence translated."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _("Show this help and exit")
        return option

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """As Typer's, with the word translated."""
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_bold(_("Usage:")) + " ")

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, one command a line, never wrapped."""
        del ctx
        if not self.epilog:
            return
        formatter.write_paragraph()
        if not self.epilog.startswith(_EXAMPLE_MARK):
            formatter.write_text(self.epilog)
            return
        formatter.write(_bold(_("Examples")) + ":\n")
        for line in self.epilog.removeprefix(_EXAMPLE_MARK).splitlines():
            formatter.write(f"  {line}\n")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, the command's own options, then the shared ones."""
        shared = {option.name for option in SHARED_OPTIONS} | {"help"}
        records: dict[str, list[tuple[str, str]]] = {"argument": [], "own": [], "shared": []}
        for parameter in self.get_params(ctx):  # type: ignore[attr-defined]
            if record := parameter.get_help_record(ctx):
                kind = "shared" if parameter.name in shared else parameter.param_type_name.replace("option", "own")
                records[kind].append(record)
        titles = {"argument": _("Arguments"), "own": _("Options"), "shared": _("Common options")}
        for kind, rows in records.items():
            if rows:
                with formatter.section(_bold(titles[kind])):
                    formatter.write_dl(rows)


class Command(_Page, TyperCommand):
    """A command that also understands the shared options, wherever they stand on the line."""

    def __init__(self, name: str | None, **attrs: Any) -> None:
        attrs["rich_markup_mode"] = None
        attrs["options_metavar"] = _("[OPTIONS]")
        attrs["context_settings"] = {**_HELP_NAMES, **(attrs.get("context_settings") or {})}
        super().__init__(name, **attrs)
        self.params.extend(_shared_parameters())

    def invoke(self, ctx: Any) -> Any:
        """Run the command with the shared options taken out of its parameters."""
        self.take_shared(ctx)
        return super().invoke(ctx)


class Group(_Page, TyperGroup):
    """A group of commands, with the same shared options."""

    def __init__(self, **attrs: Any) -> None:
        attrs["rich_markup_mode"] = None
        attrs["no_args_is_help"] = True
        attrs["options_metavar"] = _("[OPTIONS]")
        attrs["subcommand_metavar"] = _("COMMAND [ARGUMENTS]...")
        attrs["context_settings"] = {**_HELP_NAMES, **(attrs.get("context_settings") or {})}
        super().__init__(**attrs)
        self.params.extend(_shared_parameters())

    def invoke(self, ctx: Any) -> Any:
        """Run the sub-command with the shared options taken."""
        self.take_shared(ctx)
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Commands first: that is what people look for in a group's help."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)


class App(Typer):
    """The one factory of sub-apps: no completion options of their own, no rich, no pretty exceptions.

    With `help` it is a group, even with a single command; without, it is one command.
    """

    def __init__(self, help: str | None = None) -> None:  # noqa: A002 - Typer's name
        super().__init__(
            help=help, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, cls=Group
        )
        if help is not None:
            self.callback()(lambda: None)

    def command(  # type: ignore[override]
        self,
        name: str,
        *,
        help: str,  # noqa: A002 - Typer's name
        epilog: str | None = None,
        hidden: bool = False,
    ) -> Callable[[_Function], _Function]:
        """Register a command; `epilog` is normally `examples(...)`."""
        return super().command(name, cls=Command, help=help, epilog=epilog, hidden=hidden)


class Entry(NamedTuple):
    """A row of the root's table: where a command lives and the line shown for it before it is loaded."""

    module: str
    help: str
    section: str


class Deferred(TyperCommand):
    """The name and one-line help of a command whose module is not imported yet."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=_(entry.help), add_help_option=False, rich_markup_mode=None)
        self.entry = entry

    def load(self) -> Any:
        """Import the module and build the real command."""
        command = get_command(import_module(self.entry.module).app)
        command.name = self.name
        return command


class LazyGroup(Group):
    """The root: listing, help, completion and "did you mean" read the stubs; running a command imports it."""

    table: ClassVar[dict[str, Entry]] = {}
    aliases: ClassVar[dict[str, str]] = {}

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        for name, entry in self.table.items():
            self.commands[name] = Deferred(name, entry)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command or one of the hidden Vietnamese aliases."""
        return super().get_command(ctx, self.aliases.get(cmd_name, cmd_name))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Swap the stub for the real command."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, Deferred):
            name = command.name
            command = self.commands[command.name or ""] = command.load()
        return name, command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Commands by section, in the table's order."""
        del ctx
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, entry in self.table.items():
            sections.setdefault(entry.section, []).append((name, _(entry.help)))
        for title, rows in sections.items():
            with formatter.section(_bold(_(title))):
                formatter.write_dl(rows)

    def list_commands(self, ctx: Any) -> list[str]:
        """In the table's order."""
        del ctx
        return list(self.commands)


def command_tree(root: Any) -> Node:
    """The whole command tree below `root`, every deferred command loaded (completion scripts, reference pages)."""
    return _node(root, ("dvc-cli",))


def _node(command: Any, path: tuple[str, ...]) -> Node:
    if isinstance(command, Deferred):
        command = command.load()
    context = command.make_context(path[-1], [], resilient_parsing=True)
    switches = tuple(
        Switch(
            # Typer keeps the help option's names in a set, so their order is not the same in every process
            names=(*sorted(parameter.opts, key=len), *sorted(parameter.secondary_opts, key=len)),
            takes_value=not (parameter.is_flag or parameter.count),
            help=parameter.help or "",
            choices=tuple(str(choice) for choice in getattr(parameter.type, "choices", ())),
        )
        for parameter in command.get_params(context)
        if parameter.param_type_name == "option" and not parameter.hidden
    )
    children = tuple(
        _node(child, (*path, name)) for name, child in getattr(command, "commands", {}).items() if not child.hidden
    )
    return Node(path=path, help=command.get_short_help_str(200), switches=switches, children=children)
