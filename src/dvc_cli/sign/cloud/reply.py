"""An answer that did not come, or that nobody can use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.net.base import Response
from dvc_cli.sign.base import SignerUnavailable

READ_PAUSES = (0.0, 2.0, 4.0)
T = TypeVar("T")


class LostReplyError(Exception):
    """A request went out and no usable answer came back: cut, time-out, 5xx, or something that is not JSON."""


def json_of(response: Response) -> object:
    """The JSON of an answer; None for 204.

    Raises:
        LostReplyError: a breakdown of the service, or not JSON (a proxy's page, a cut body).
        SignerUnavailable: the service throttles.
    """
    if response.status == 204:
        return None
    if response.status == 429:
        raise SignerUnavailable(
            _("The signing service asks to slow down"), hint=_("Run the same command again in a minute")
        )
    if response.status >= 500 and response.status != 501:
        raise LostReplyError
    try:
        answer: object = response.json()
    except ValueError as error:
        raise LostReplyError from error
    return answer


def read_patiently(read: Callable[[], T], clock: Clock, service: str) -> T:
    """Repeat a read after a lost answer, calmly.

    Raises:
        SignerUnavailable: no answer came at all.
    """
    for pause in READ_PAUSES:
        clock.sleep(pause)
        try:
            return read()
        except LostReplyError:
            continue
    raise SignerUnavailable(
        _("{service} gives no usable answer").format(service=service),
        hint=_("Check the address of this signer and run the same command again later"),
    )
