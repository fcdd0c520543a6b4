"""The root command: the table of commands and the one line each shows before it is loaded."""

from __future__ import annotations

from typing import Annotated

from dvc_cli import __version__
from dvc_cli.i18n import N_, _
from dvc_cli.lazy import App, Context, Entry, LazyGroup, Option, examples

DAILY = N_("Daily work")
DOSSIERS = N_("Dossiers and papers")
SETUP = N_("Set-up and tools")

TABLE: dict[str, Entry] = {
    "login": Entry("dvc_cli.commands.login", N_("Log in to the portal"), DAILY),
    "logout": Entry("dvc_cli.commands.logout", N_("End the session and forget it"), DAILY),
    "whoami": Entry("dvc_cli.commands.whoami", N_("Show who is logged in, where, and for how long"), DAILY),
    "procedures": Entry("dvc_cli.commands.procedures", N_("List, search and show procedures"), DAILY),
    "submit": Entry(
        "dvc_cli.commands.submit", N_("File a dossier: convert, sign, upload, submit; run it again to continue"), DAILY
    ),
    "track": Entry(
        "dvc_cli.commands.track",
        N_("Follow a dossier up: by your account when logged in, else by the public look-up"),
        DAILY,
    ),
    "sign": Entry("dvc_cli.commands.sign", N_("Sign PDF files"), DAILY),
    "unsign": Entry("dvc_cli.commands.unsign", N_("Take back your own last signature"), DAILY),
    "verify": Entry("dvc_cli.commands.verify", N_("Verify the signatures of PDF files"), DAILY),
    "dossier": Entry(
        "dvc_cli.commands.dossier", N_("Write and check dossier files, and look at what was filed"), DOSSIERS
    ),
    "scan": Entry("dvc_cli.commands.scan", N_("Turn scans into PDF"), DOSSIERS),
    "tokens": Entry("dvc_cli.commands.tokens", N_("USB tokens and smart cards"), SETUP),
    "trust": Entry("dvc_cli.commands.trust", N_("The roots that signatures are judged by"), SETUP),
    "config": Entry("dvc_cli.commands.config", N_("Show and change settings"), SETUP),
    "profile": Entry("dvc_cli.commands.profile", N_("Portals and accounts to work with"), SETUP),
    "signers": Entry("dvc_cli.commands.signers", N_("The named signers of the profile"), SETUP),
    "doctor": Entry("dvc_cli.commands.doctor", N_("Find out what is missing on this computer"), SETUP),
    "sandbox": Entry(
        "dvc_cli.commands.sandbox", N_("Run a portal, a cloud signer and a CA for trying things out"), SETUP
    ),
    "demo": Entry("dvc_cli.commands.demo", N_("Watch the whole journey in a throw-away sandbox"), SETUP),
    "completion": Entry("dvc_cli.commands.completion", N_("Print the completion script of a shell"), SETUP),
}

ALIASES = {
    "dangnhap": "login",
    "nop": "submit",
    "ky": "sign",
    "kiemtra": "verify",
    "quet": "scan",
    "tracuu": "track",
}


class Root(LazyGroup):
    """`dvc-cli` itself."""

    table = TABLE
    aliases = ALIASES


def _show_version(value: bool) -> None:
    if value:
        import sys

        from typer import Exit

        sys.stdout.write(f"dvc-cli {__version__}\n")
        raise Exit


def root_app() -> App:
    """Build the root with its help in the active language (call `i18n.activate` first)."""
    app = App()
    app.callback(
        cls=Root,
        help=_("Vietnamese public services from the command line: scan, sign, file and follow dossiers."),
        epilog=examples(
            "dvc-cli demo",
            'dvc-cli procedures list "khai sinh"',
            "dvc-cli scan convert trang-1.jpg trang-2.jpg -o don.pdf",
            "dvc-cli sign don.pdf --signer director",
            "dvc-cli submit dossier.toml",
        ),
    )(_root)
    return app


def _root(
    ctx: Context,
    version: Annotated[
        bool, Option("--version", help=_("Show the version and exit"), callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    del ctx, version
