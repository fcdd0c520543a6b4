"""Finding the token to sign with, over all modules, and saying what stood in the way of those that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dvc_cli.errors import ConfigurationProblem, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.ports import Prompter
from dvc_cli.sign.token.discovery import Candidate, find_modules, named_module
from dvc_cli.sign.token.process import TokenFacts, TokenProcess, WorkerFault


class NoModule(ConfigurationProblem):
    """No PKCS#11 module was found, or the named one cannot be loaded."""

    slug = "no-pkcs11-module"


class NoToken(ConfigurationProblem):
    """No token is plugged in, or none fits."""

    slug = "no-token"


class TokenAmbiguous(InvalidInput):
    """Several tokens are plugged in and fit."""

    slug = "token-ambiguous"


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token and the module it was found through."""

    module: Path
    facts: TokenFacts


@dataclass(frozen=True, slots=True)
class ModuleTrial:
    """What came of trying one module: its tokens, or why it could not be used."""

    candidate: Candidate
    tokens: tuple[TokenFacts, ...]
    problem: str | None = None


def try_modules(module: Path | None, environ: Mapping[str, str]) -> list[ModuleTrial]:
    """Probe the named module, or all that are found, each in a process of its own with a time limit."""
    candidates = [named_module(module)] if module is not None else find_modules(environ)
    return [_try(candidate, environ) for candidate in candidates]


def find_token(
    module: Path | None, label: str, serial: str, environ: Mapping[str, str], prompter: Prompter
) -> FoundToken:
    """Exactly one token, by label and serial where given.

    Raises:
        NoModule, NoToken: with what was tried.
        TokenAmbiguous: several fit and nobody can be asked.
    """
    trials = try_modules(module, environ)
    found = list(_fitting(trials, label, serial))
    if len(found) == 1:
        return found[0]
    if found and prompter.can_ask:
        return found[prompter.choose(_("Which token"), [describe_token(one.facts) for one in found], flag="--token")]
    if found:
        raise TokenAmbiguous(
            _("Several tokens are plugged in: choose one"),
            hint=_("Name one by its label or serial number: `--token NAME`"),
            details=tuple(describe_token(one.facts) for one in found),
        )
    raise _nothing_found(trials, module, label or serial)


def describe_token(facts: TokenFacts) -> str:
    """One line to recognise a token by."""
    return _("{label} (serial {serial}, {manufacturer})").format(
        label=facts.label or "-", serial=facts.serial or "-", manufacturer=facts.manufacturer or "-"
    )


def _try(candidate: Candidate, environ: Mapping[str, str]) -> ModuleTrial:
    if candidate.unfit:
        return ModuleTrial(candidate, (), candidate.unfit)
    process = None
    try:
        process = TokenProcess(candidate.path, environ)
        return ModuleTrial(candidate, tuple(process.tokens()))
    except WorkerFault as fault:
        return ModuleTrial(candidate, (), explain(fault))
    finally:
        if process is not None:
            process.end()


def explain(fault: WorkerFault) -> str:
    """A module's failure in the user's language."""
    if fault.code == "Hung":
        return _("it did not answer in time and was ended")
    if fault.code == "Died":
        return _("it crashed")
    return _("it failed with {code} {text}").format(code=fault.code, text=fault.text).rstrip()


def _fitting(trials: Sequence[ModuleTrial], label: str, serial: str) -> Iterator[FoundToken]:
    """Each token once, though several modules may show it. `label` may also be a serial: people copy either."""
    seen: set[tuple[str, str]] = set()
    for trial in trials:
        for facts in trial.tokens:
            names = {facts.label, facts.serial}
            identity = (facts.serial, facts.label)
            if (not label or label in names) and (not serial or serial == facts.serial) and identity not in seen:
                seen.add(identity)
                yield FoundToken(trial.candidate.path, facts)


def _nothing_found(trials: Sequence[ModuleTrial], module: Path | None, wanted: str) -> NoModule | NoToken:
    problems = tuple(f"{trial.candidate.path}: {trial.problem}" for trial in trials if trial.problem)
    present = tuple(describe_token(facts) for trial in trials for facts in trial.tokens)
    if module is not None and trials and trials[0].problem:
        return NoModule(
            _("The token's library `{module}` cannot be used: {problem}").format(
                module=module, problem=trials[0].problem
            ),
            hint=_("Give the PKCS#11 library of the token's vendor with `--module PATH`"),
        )
    if not any(trial.problem is None for trial in trials):
        return NoModule(
            _("No library for USB tokens was found on this computer"),
            hint=_("Install the program that came with the token, or give its library with `--module PATH`"),
            details=problems,
        )
    if wanted and present:
        return NoToken(
            _("There is no token {wanted}").format(wanted=wanted),
            hint=_("Tokens that are plugged in are listed; choose with `--token NAME`"),
            details=present,
        )
    return NoToken(
        _("No token is plugged in"),
        hint=_("Plug the token in, wait until its light is on, then run the command again"),
        details=problems,
    )
