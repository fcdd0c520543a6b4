"""A remote signing service that speaks the CSC API v1 (Cloud Signature Consortium, "Architectures and protocols for
remote signature applications", 1.0.4.0).

Tested against the sandbox's emulator; never tried with a live service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvc_cli.model.ports import AttemptLedger, Clock, TransactionStore
    from dvc_cli.net.base import HttpClient
    from dvc_cli.sign.base import SecretSource, Signer, SignerSpec


def open_csc(
    spec: SignerSpec,
    *,
    secrets: SecretSource,
    ledger: AttemptLedger,
    transactions: TransactionStore,
    http_factory: Callable[[str], HttpClient],
    clock: Clock,
) -> Signer:
    """The CSC signer that `spec` describes (its options: `account.CscAccount`).

    Raises:
        ConfigurationProblem: an option is missing or wrong.
    """
    from dvc_cli.sign.csc.account import CscAccount
    from dvc_cli.sign.csc.signer import CscSigner

    return CscSigner(
        spec.name,
        CscAccount.from_options(spec),
        secrets=secrets,
        ledger=ledger,
        transactions=transactions,
        http_factory=http_factory,
        clock=clock,
    )
