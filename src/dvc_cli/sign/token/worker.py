"""The process that owns the token: `python -m dvc_cli.sign.token.worker`.

A vendor's module may hang, crash or write to stdout; here it can do all that without harm. The PIN comes once, as a message.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, BinaryIO

from dvc_cli.sign.token import wire
from dvc_cli.sign.token.device import Device


def main() -> int:
    """Answer requests until `end` or until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C ends
    requests, answers = _private_pipes()
    device = Device()
    while True:
        request = wire.receive(requests)
        if request is None:
            return 0
        wire.send(answers, _answer(device, request))
        if request.get("op") == "end":
            return 0


def _answer(device: Device, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": True, **device.handle(request)}
    except Exception as error:  # noqa: BLE001 - every failure of a foreign module is an answer, told by its type
        return {"ok": False, "code": type(error).__name__, "text": str(error)[:300]}


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our own handles of stdin and stdout; whatever the module reads or prints goes nowhere."""
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (0, 1):
            msvcrt.setmode(descriptor, os.O_BINARY)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return requests, answers


if __name__ == "__main__":
    sys.exit(main())
