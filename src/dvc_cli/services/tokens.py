"""`tokens list` and `tokens test`: what is plugged in and what it holds; one signature to see that it works."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dvc_cli.errors import ConfigurationProblem, ExitCode
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.signing import DocumentDigest, SigningCertificate
from dvc_cli.sign.base import BadSignature, Signer
from dvc_cli.sign.certificates import is_sandbox, judged_at, verify_raw

if TYPE_CHECKING:
    from dvc_cli.sign.token.process import TokenFacts
    from dvc_cli.sign.token.search import ModuleTrial


class NoTokenSigner(ConfigurationProblem):
    """The signer that was named is not a USB token."""

    slug = "not-a-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSource:
    """Where to look: a module (None: all that are found on this computer) and the environment it is loaded in."""

    module: Path | None
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedToken:
    """A token that is plugged in. `pin`: "ok", "wrong-before", "last-try", "locked"; `hint` says why it shows no certificate."""

    module: str
    family: str
    label: str
    serial: str
    manufacturer: str
    model: str
    slot: int
    pin: str
    pin_pad: bool
    hashes_itself: bool  # CKM_SHA256_RSA_PKCS; without it the digest is sent (tokens.md §2)
    certificates: tuple[SigningCertificate, ...]
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableModule:
    """A PKCS#11 library that could not be used, and why."""

    module: str
    family: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenList:
    """Result of `tokens list`."""

    schema: ClassVar[str] = "dvc.tokens.list/1"
    tokens: tuple[ListedToken, ...]
    modules: tuple[str, ...]  # those that were loaded
    unusable: tuple[UnusableModule, ...]

    @property
    def sandbox(self) -> bool:
        """Whether a certificate comes from the sandbox."""
        return any(is_sandbox(one) for token in self.tokens for one in token.certificates)

    @property
    def exit_code(self) -> ExitCode:
        """13 when there is no token."""
        return ExitCode.DONE if self.tokens else ExitCode.CONFIGURATION


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTest:
    """Result of `tokens test`: one signature over a text of our own was made and verified."""

    schema: ClassVar[str] = "dvc.tokens.test/1"
    certificate: SigningCertificate
    seconds: float
    sandbox: bool = False


def list_tokens(sources: Sequence[TokenSource], *, clock: Clock, progress: Progress) -> TokenList:
    """Every token once, with the certificates it shows without a PIN, each judged for today.

    A library that hangs, crashes or is made for another processor is listed with the reason.
    """
    from dvc_cli.sign.token.search import try_modules

    tokens: dict[tuple[str, str], ListedToken] = {}
    loaded: list[str] = []
    unusable: dict[str, UnusableModule] = {}
    with progress.task(_("Looking for tokens")):
        for source in sources:
            for trial in try_modules(source.module, source.environ):
                path = str(trial.candidate.path)
                if trial.problem:
                    unusable[path] = UnusableModule(module=path, family=trial.candidate.family, problem=trial.problem)
                    continue
                loaded.append(path)
                for token in _listed(trial, source.environ, clock):
                    tokens.setdefault((token.serial, token.label), token)
    return TokenList(
        tokens=tuple(tokens.values()), modules=tuple(dict.fromkeys(loaded)), unusable=tuple(unusable.values())
    )


def try_token(signer: Signer, *, clock: Clock, progress: Progress, prompter: Prompter) -> TokenTest:
    """Log in, sign a text of our own once, and verify the value with the certificate.

    Raises:
        NoTokenSigner: the signer is of another kind.
        DvcError: what `Signer.open` and `SigningSession.sign` say; the PIN guard holds as in `sign`.
    """
    if signer.capabilities.kind != "token":
        raise NoTokenSigner(
            _("The signer {name} is not a USB token").format(name=signer.name),
            hint=_("Look at other signers with `dvc-cli signers test`"),
        )
    content = f"dvc-cli tokens test {clock.now().isoformat()}".encode("ascii")
    digest = hashlib.sha256(content).digest()
    document = DocumentDigest(doc_id="1", display_name=_("test"), signed_attributes=content, digest=digest)
    with signer.open(prompter, progress) as session, progress.task(_("Signing a test")):
        start = clock.monotonic()
        values = list(session.sign([document], description=_("Test of the token; no document is signed")))
        seconds = clock.monotonic() - start
        certificate = session.certificate
    if len(values) != 1 or not verify_raw(certificate, digest, values[0].value):
        raise BadSignature(
            _("The token's signature does not fit the certificate of {name}").format(name=certificate.common_name)
        )
    return TokenTest(certificate=certificate, seconds=round(seconds, 3), sandbox=is_sandbox(certificate))


def _listed(trial: ModuleTrial, environ: Mapping[str, str], clock: Clock) -> Iterator[ListedToken]:
    from dvc_cli.sign.token.signer import visible_certificates

    for facts in trial.tokens:
        shown = visible_certificates(trial.candidate.path, facts, environ)
        yield ListedToken(
            module=str(trial.candidate.path),
            family=trial.candidate.family,
            label=facts.label,
            serial=facts.serial,
            manufacturer=facts.manufacturer,
            model=facts.model,
            slot=facts.slot,
            pin=_pin_state(facts),
            pin_pad=facts.has(facts.PIN_PAD),
            hashes_itself="SHA256_RSA_PKCS" in facts.mechanisms,
            certificates=tuple(judged_at(one, clock.now()) for one in shown or ()),
            hint=_why_none(shown),
        )


def _why_none(shown: Sequence[SigningCertificate] | None) -> str:
    if shown is None:
        return _("it does not answer without a PIN; see its certificates with `dvc-cli tokens test`")
    return "" if shown else _("it shows no certificate without a PIN; try `dvc-cli tokens test`")


def _pin_state(facts: TokenFacts) -> str:
    if facts.has(facts.LOCKED):
        return "locked"
    if facts.has(facts.FINAL_TRY):
        return "last-try"
    return "wrong-before" if facts.has(facts.COUNT_LOW) else "ok"
