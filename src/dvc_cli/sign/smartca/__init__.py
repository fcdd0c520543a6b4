"""VNPT SmartCA: signatures from the cloud, confirmed on the phone or by password and OTP (contract smartca.md).

Built from public documents and tested against the sandbox's emulator; never tried with the live service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvc_cli.model.ports import AttemptLedger, Clock, TransactionStore
    from dvc_cli.net.base import HttpClient
    from dvc_cli.sign.base import SecretSource, Signer, SignerSpec


def open_smartca(
    spec: SignerSpec,
    *,
    secrets: SecretSource,
    transactions: TransactionStore,
    http_factory: Callable[[str], HttpClient],
    clock: Clock,
    ledger: AttemptLedger | None = None,
) -> Signer:
    """The SmartCA signer that `spec` describes (its options: `account.Account`); a `ledger` remembers refused passwords.

    Raises:
        ConfigurationProblem: an option is missing or wrong.
    """
    from dvc_cli.sign.smartca.account import Account
    from dvc_cli.sign.smartca.signer import SmartCaSigner

    return SmartCaSigner(
        spec.name,
        Account.from_options(spec),
        secrets=secrets,
        transactions=transactions,
        http_factory=http_factory,
        clock=clock,
        ledger=ledger,
    )
