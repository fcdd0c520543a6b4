"""The process that reads foreign pictures and PDFs: `python -m dvc_cli.pdf.worker`.

A decoder may crash, hang or eat memory on a hostile file; here it can do all that without harm. One JSON line a request and
an answer; only functions of this package are called, and answers are plain data.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module
from typing import Any, BinaryIO

from dvc_cli.errors import DvcError
from dvc_cli.pdf.limits import allow_seconds, limit_memory

_OWN = "dvc_cli."


def main() -> int:
    """Answer requests until the program closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program decides what Ctrl-C ends
    requests, answers = _private_pipes()
    limit_memory()
    for line in requests:
        allow_seconds()
        answer = _answer(json.loads(line))
        answers.write(json.dumps(answer, ensure_ascii=True).encode("ascii") + b"\n")
        answers.flush()
    return 0


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        _speak(request["language"])
        module, _, name = request["function"].partition(":")
        if not module.startswith(_OWN):
            raise ValueError(module)
        return {"value": getattr(import_module(module), name)(**request["arguments"])}
    except DvcError as error:
        cls = type(error)
        return {
            "error": f"{cls.__module__}:{cls.__qualname__}",
            "message": error.message,
            "hint": error.hint,
            "details": list(error.details),
        }
    except MemoryError:
        return {"fault": "memory"}
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises is an answer, told by its type
        return {"fault": "failed", "text": f"{type(error).__name__}: {error}"[:300]}


def _speak(language: Any) -> None:
    from dvc_cli.i18n import activate, active_language, parse_language

    wanted = parse_language(str(language))
    if wanted and wanted != active_language():
        activate(wanted)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our own handles of stdin and stdout; whatever a library prints goes nowhere."""
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
