"""Composition root: the collaborators of one run, each built on first use. Only this module names concrete drivers."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dvc_cli.errors import ConfigurationProblem, DvcError, ExitCode
from dvc_cli.i18n import N_, _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dvc_cli.config.credentials import Credentials
    from dvc_cli.config.paths import Paths
    from dvc_cli.config.profiles import Profile, ProfileStore
    from dvc_cli.config.settings import Settings
    from dvc_cli.config.trust import TrustStore
    from dvc_cli.journal import Journal
    from dvc_cli.model.ports import AttemptLedger, Clock, Progress, Prompter, TransactionStore
    from dvc_cli.model.signing import SignatureProfile
    from dvc_cli.net import HttpClient, NetSettings
    from dvc_cli.output.renderer import Renderer
    from dvc_cli.portal.base import Portal
    from dvc_cli.services.browse import Shelf
    from dvc_cli.services.desk import Desk
    from dvc_cli.services.diagnose import Examination
    from dvc_cli.services.kept_batches import KeptBatches
    from dvc_cli.services.login import Access
    from dvc_cli.services.login_facts import LoginWishes
    from dvc_cli.sign.base import SecretSource, Signer, SignerSpec
    from dvc_cli.sign.pades.levels import Evidence


class SharedOption(NamedTuple):
    """An option every command understands."""

    name: str
    declarations: tuple[str, ...]
    help: str
    is_flag: bool = True
    is_count: bool = False
    metavar: str | None = None


SHARED_OPTIONS = (
    SharedOption("json", ("--json",), N_("Print one JSON document instead of text")),
    SharedOption("quiet", ("-q", "--quiet"), N_("Only results and errors")),
    SharedOption("verbose", ("-v", "--verbose"), N_("More talk; twice for the network log"), False, is_count=True),
    SharedOption("no_input", ("--no-input",), N_("Never ask; fail and name the missing option")),
    SharedOption("no_color", ("--no-color",), N_("No colour")),
    SharedOption("profile", ("--profile",), N_("The profile to use"), is_flag=False, metavar="NAME"),
    SharedOption("lang", ("--lang",), N_("Language: vi or en"), is_flag=False, metavar="LANG"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Values of the shared options."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    no_input: bool = False
    no_color: bool = False
    profile: str | None = None
    lang: str | None = None


class Context:
    """Lazily built collaborators of one run; `exit_code` is what the process ends with when nothing is raised."""

    def __init__(self) -> None:
        self.options = RunOptions()
        self.exit_code = ExitCode.DONE

    def apply(self, values: dict[str, Any]) -> None:
        """Take the shared options given at one level of the command line."""
        self.options = replace(self.options, **values)
        if "verbose" in values:
            from dvc_cli.output.log import OpenLog

            if earlier := self.__dict__.pop("log", None):
                earlier.close()
            self.__dict__["log"] = OpenLog(self.options.verbose)

    # -- talking to people -------------------------------------------------------------------------------------------

    @cached_property
    def out(self) -> Renderer:
        """The door to stdout."""
        from dvc_cli.output.renderer import open_renderer

        self._apply_output_settings()
        return open_renderer(json=self.options.json, color=not self.options.no_color, quiet=self.options.quiet)

    def _apply_output_settings(self) -> None:
        """`output.format` and `output.color`; a broken file is told by what needs the settings, not by the door out."""
        try:
            settings = self.settings
        except DvcError:
            return
        if settings.text("output.format") == "json":
            self.apply({"json": True})
        if settings.text("output.color") == "never":
            self.apply({"no_color": True})

    @cached_property
    def progress(self) -> Progress:
        """Talk on stderr."""
        from dvc_cli.output.progress import open_progress

        return open_progress(quiet=self.options.quiet, color=not self.options.no_color)

    @cached_property
    def prompter(self) -> Prompter:
        """Questions to a person."""
        from dvc_cli.output.prompt import TerminalPrompter

        return TerminalPrompter(allowed=not self.options.no_input, temporary=self.paths.cache)

    def finish(self, result: Any) -> None:
        """Show `result` and end with the status it carries (`exit_code`)."""
        self.out.show(result)
        self.exit_code = result.exit_code

    def preview(self, result: Any) -> None:
        """Show on stderr what is about to be done; nothing when --quiet."""
        from dvc_cli.output.preview import preview

        preview(result, color=not self.options.no_color, quiet=self.options.quiet)

    # -- settings ----------------------------------------------------------------------------------------------------

    @cached_property
    def clock(self) -> Clock:
        """The real clock."""
        from dvc_cli.output.clock import SystemClock

        return SystemClock()

    @cached_property
    def paths(self) -> Paths:
        """Folders of this user."""
        from dvc_cli.config.paths import default_paths

        return default_paths(os.environ)

    @cached_property
    def settings(self) -> Settings:
        """All settings with their origins."""
        from dvc_cli.config.settings import load_settings

        overrides = {"profile": self.options.profile} if self.options.profile else {}
        return load_settings(self.paths, os.environ, Path.cwd(), overrides)

    @cached_property
    def profiles(self) -> ProfileStore:
        """The stored profiles."""
        from dvc_cli.config.profiles import ProfileStore

        return ProfileStore(self.paths)

    @cached_property
    def profile(self) -> Profile:
        """The chosen profile; ConfigurationProblem when none is."""
        return self.settings.profile(self.options.profile)

    @property
    def has_profile(self) -> bool:
        """Whether a profile is named or in use."""
        return bool(self.options.profile or self.settings.text("profile"))

    @cached_property
    def trust_store(self) -> TrustStore:
        """The roots that the user imported."""
        from dvc_cli.config.trust import TrustStore

        return TrustStore(self.paths)

    @cached_property
    def trust(self) -> tuple[Path, ...]:
        """Files of trusted roots: those of the active profile, and the imported ones."""
        profile = self.profile if self.has_profile else None
        imported = self.trust_store.roots(profile.name if profile else None)
        return (*(profile.trust if profile else ()), *(root.path for root in imported))

    @cached_property
    def signature_profile(self) -> SignatureProfile:
        """The kind of signature that the active profile's portal wants; PAdES when no profile is in use."""
        from dvc_cli.model.signing import SignatureProfile

        return SignatureProfile(self.profile.signature_profile) if self.has_profile else SignatureProfile.PADES

    @cached_property
    def credentials(self) -> Credentials:
        """Where secrets come from."""
        from dvc_cli.config.credentials import Credentials

        return Credentials(
            os.environ,
            self.prompter,
            self.settings.number("credentials.keyring_timeout"),
            folder=self.paths.config,
            use_keyring=self.settings.flag("credentials.keyring"),
        )

    # -- the outside world -------------------------------------------------------------------------------------------

    @cached_property
    def net_settings(self) -> NetSettings:
        """How the active profile reaches the network."""
        return self.settings.network(self.profile.extra_ca)

    def http(self, base_url: str) -> HttpClient:
        """A client for one origin."""
        from dvc_cli.net.client import open_client

        return open_client(base_url, self.net_settings)

    @cached_property
    def portal(self) -> Portal:
        """The profile's portal, with its kept session if there is one."""
        from dvc_cli.portal.registry import PortalAddress, open_portal

        profile = self.profile
        if not profile.portal_url:
            raise ConfigurationProblem(
                _("Profile {name} has no portal address").format(name=profile.name),
                hint=_("Add one: `dvc-cli profile add NAME --portal URL`"),
            )
        address = PortalAddress(url=profile.portal_url, dialect=profile.dialect, data_file=profile.data_file)
        return open_portal(address, self.http, self.clock)

    @cached_property
    def access(self) -> Access:
        """The way into the portal: the kept session, one automatic re-log-in."""
        from dvc_cli.portal.session_store import SessionStore
        from dvc_cli.services.login import Access

        return Access(
            portal=self.portal,
            profile=self.profile,
            store=SessionStore(self.paths.state / self.profile.name),
            ledger=self.ledger,
            credentials=self.credentials,
            prompter=self.prompter,
            progress=self.progress,
            clock=self.clock,
        )

    def access_with(self, wishes: LoginWishes) -> Access:
        """The same, with what the user asked for on the command line."""
        return replace(self.access, wishes=wishes)

    @cached_property
    def shelf(self) -> Shelf:
        """Procedures, from the portal or from the copy kept of what was seen before."""
        from dvc_cli.portal.procedure_cache import ProcedureCache
        from dvc_cli.services.browse import Shelf

        cache = ProcedureCache(self.paths.cache, self.profile.portal_url)
        return Shelf(open_portal=lambda: self.portal, cache=cache, clock=self.clock, progress=self.progress)

    def signer_spec(self, name: str | None) -> SignerSpec:
        """The profile's signer of that name, or its default one."""
        from dvc_cli.sign.base import SignerSpec

        profile = self.profile
        wanted = name or profile.default_signer
        found = profile.signers.get(wanted or "")
        if found is None:
            known = ", ".join(sorted(profile.signers)) or _("none")
            raise ConfigurationProblem(
                _("Profile {profile} has no signer {name}").format(profile=profile.name, name=wanted or "?"),
                hint=_("Signers of this profile: {known}").format(known=known),
            )
        return SignerSpec(name=found.name, kind=found.kind, options=found.options)

    def signer(self, spec: SignerSpec, *, secrets: SecretSource | None = None) -> Signer:
        """The driver for a signer."""
        from dvc_cli.sign.registry import open_signer

        return open_signer(
            spec,
            secrets=secrets or self.secret_source(spec),
            ledger=self.ledger,
            transactions=self.transactions,
            http_factory=self.http,
            clock=self.clock,
        )

    def secret_source(self, spec: SignerSpec) -> SecretSource:
        """Secrets of one signer, by its `*_file` and `*_command` settings, then keyring, then the prompt."""
        from dvc_cli.services.signer_secrets import secrets_of

        return secrets_of(spec, self.credentials)

    # -- filing ------------------------------------------------------------------------------------------------------

    def desk(self, *, on_behalf: bool = False) -> Desk:
        """What the filing of a dossier needs."""
        from dvc_cli.services.open_desk import open_desk

        return open_desk(self, on_behalf=on_behalf)

    # -- durable state -----------------------------------------------------------------------------------------------

    @cached_property
    def journal(self) -> Journal:
        """The journal of the active profile."""
        from dvc_cli.journal import open_journal

        return open_journal(self.paths.state, profile=self.profile.name, clock=self.clock)

    @cached_property
    def ledger(self) -> AttemptLedger:
        """Memory of PIN and password tries, shared by all profiles."""
        from dvc_cli.journal import open_ledger

        return open_ledger(self.paths.state, self.clock)

    @cached_property
    def transactions(self) -> TransactionStore:
        """Open cloud-signing transactions."""
        from dvc_cli.journal import open_transactions

        return open_transactions(self.paths.state)

    def kept_batches(self, spec: SignerSpec | None = None, evidence: Evidence | None = None) -> KeptBatches:
        """What `spec` was sent and has not given back yet; `spec` None: any signer's, to be finished."""
        from dvc_cli.journal import open_prepared
        from dvc_cli.services.kept_batches import KeptBatches
        from dvc_cli.services.sign import maker_for
        from dvc_cli.sign.base import SignerSpec

        name = self.profile.name if self.has_profile else ""
        nobody = SignerSpec(name="", kind="")
        store = open_prepared(self.paths.state)
        return KeptBatches(
            store, self.clock, spec or nobody, name, lambda level: maker_for(level, evidence or self.evidence())
        )

    def evidence(self, tsa: Sequence[str] | None = None, trust: Sequence[Path] | None = None) -> Evidence:
        """Where time stamps and validation data come from: given services before the profile's (docs/adr/0007)."""
        from dvc_cli.net.client import open_client
        from dvc_cli.services.verify import read_roots
        from dvc_cli.sign.base import SignerSpec
        from dvc_cli.sign.pades.levels import Evidence
        from dvc_cli.sign.pades.transport import TSA_PASSWORD, Transport

        usual = self.settings.network(self.profile.extra_ca if self.has_profile else None)
        settings = replace(usual, signed_answers=True, connect_timeout=5.0, read_timeout=15.0)
        ask = self.secret_source(SignerSpec(name="tsa", kind="tsa"))
        transport = Transport(
            lambda origin: open_client(origin, settings),
            lambda subject: ask(
                TSA_PASSWORD,
                subject,
                flag="DVC_TSA_PASSWORD",
                question=_("Password of {subject}").format(subject=subject),
            ),
        )
        known = tuple(tsa or ()) or (self.profile.tsa if self.has_profile else ())
        roots = tuple(read_roots([*self.trust, *(trust or ())]))
        return Evidence(transport=transport, tsa=known, roots=roots, clock=self.clock)

    # -- looking at the computer -------------------------------------------------------------------------------------

    def examinations(self) -> list[tuple[str, str, Examination]]:
        """What `doctor` looks at, with this run's collaborators."""
        from dvc_cli.services.examinations import examinations

        return examinations(
            state=self.paths.state,
            settings=lambda: self.settings,
            profile=lambda: self.profile,
            http=self.http,
            environ=os.environ,
        )

    def close(self) -> None:
        """Close what was opened; errors while closing never hide the run's own."""
        for name in ("portal", "journal", "progress", "log"):
            if name in self.__dict__:
                self.__dict__[name].close()
        sys.stdout.flush()
