"""From a signer's settings to its driver."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Clock, TransactionStore
from dvc_cli.sign.base import SecretSource, Signer, SignerSpec

if TYPE_CHECKING:
    from dvc_cli.net.base import HttpClient

BUILT_IN: Final = ("token", "p12", "smartca", "csc", "mysign")
GROUP: Final = "dvc_cli.signers"
API_VERSION: Final = 1


class UnknownSigner(ConfigurationProblem):
    """The settings name a kind of signer that is not installed, or one made for another version."""

    slug = "unknown-signer"


def open_signer(
    spec: SignerSpec,
    *,
    secrets: SecretSource,
    ledger: AttemptLedger,
    transactions: TransactionStore,
    http_factory: Callable[[str], HttpClient],
    clock: Clock,
) -> Signer:
    """The driver for `spec`; nothing is asked or contacted yet.

    Raises:
        UnknownSigner: no such kind.
        ConfigurationProblem: an option is missing or wrong.
    """
    if spec.kind == "p12":
        from dvc_cli.sign.p12 import Pkcs12Signer

        return Pkcs12Signer(spec, secrets, clock)
    if spec.kind == "token":
        from dvc_cli.sign.token.signer import TokenSigner

        return TokenSigner(spec, secrets, ledger, clock, token_environment(spec))
    if spec.kind == "smartca":
        from dvc_cli.sign.smartca import open_smartca

        return open_smartca(
            spec, secrets=secrets, transactions=transactions, http_factory=http_factory, clock=clock, ledger=ledger
        )
    if spec.kind == "csc":
        from dvc_cli.sign.csc import open_csc

        return open_csc(
            spec, secrets=secrets, ledger=ledger, transactions=transactions, http_factory=http_factory, clock=clock
        )
    if spec.kind == "mysign":
        from dvc_cli.sign.mysign import open_mysign

        return open_mysign(
            spec, secrets=secrets, ledger=ledger, transactions=transactions, http_factory=http_factory, clock=clock
        )
    factory = _installed(spec.kind)
    signer: Signer = factory(
        spec, secrets=secrets, ledger=ledger, transactions=transactions, http_factory=http_factory, clock=clock
    )
    return signer


def token_environment(spec: SignerSpec) -> dict[str, str]:
    """The worker's environment; a software token's configuration (`softhsm2_conf`) stands in the signer's settings."""
    conf = spec.options.get("softhsm2_conf")
    return {**os.environ, "SOFTHSM2_CONF": str(conf)} if conf else dict(os.environ)


def _installed(kind: str) -> Any:
    """A driver of another distribution: an entry point whose factory carries `api_version`."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=kind):
        factory = entry.load()
        if getattr(factory, "api_version", None) != API_VERSION:
            raise UnknownSigner(
                _("The signer driver `{kind}` is made for another version of this program").format(kind=kind),
                hint=_("Update the package it comes from"),
            )
        return factory
    raise UnknownSigner(
        _("There is no kind of signer called `{kind}`").format(kind=kind),
        hint=_("Known kinds: {kinds}").format(kinds=", ".join(BUILT_IN)),
    )
