"""Viettel MySign: signatures from the cloud, confirmed in the MySign app (contract smartca.md §3).

Built from integrators' public code and documents and tested against an emulator of those calls; never tried live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvc_cli.model.ports import AttemptLedger, Clock, TransactionStore
    from dvc_cli.net.base import HttpClient
    from dvc_cli.sign.base import SecretSource, Signer, SignerSpec


def open_mysign(
    spec: SignerSpec,
    *,
    secrets: SecretSource,
    ledger: AttemptLedger,
    transactions: TransactionStore,
    http_factory: Callable[[str], HttpClient],
    clock: Clock,
) -> Signer:
    """The MySign signer that `spec` describes (its options: `account.MySignAccount`).

    Raises:
        ConfigurationProblem: an option is missing or wrong.
    """
    from dvc_cli.sign.mysign.account import MySignAccount
    from dvc_cli.sign.mysign.signer import MySignSigner

    return MySignSigner(
        spec.name,
        MySignAccount.from_options(spec),
        secrets=secrets,
        ledger=ledger,
        transactions=transactions,
        http_factory=http_factory,
        clock=clock,
    )
