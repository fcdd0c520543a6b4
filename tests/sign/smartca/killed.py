"""The command line in a process that kills itself at a point; the points are wrappers of the ports, the product has no switch."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dvc_cli.context import Context
from dvc_cli.main import main

POINTS = (
    "before the request",
    "request sent",
    "before the values are fetched",
    "values fetched, none embedded",
    "values fetched, one embedded",
    "all embedded, transaction open",
    "transaction over, prepared files kept",
)


def at(point: str, place: str) -> None:
    if point == place:
        os.kill(os.getpid(), signal.SIGKILL)


class _Wrapped:
    def __init__(self, inner: Any, point: str) -> None:
        self._inner, self._point = inner, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Clock(_Wrapped):
    """Waits take no time."""

    waited = 0.0

    def monotonic(self) -> float:
        return float(self._inner.monotonic()) + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


class _Http(_Wrapped):
    def post(self, path: str, **arguments: Any) -> Any:
        if path.endswith("/v1/signatures/sign"):
            at(self._point, "before the request")
        if path.endswith("/status"):
            at(self._point, "before the values are fetched")
        answer = self._inner.post(path, **arguments)
        if path.endswith("/v1/signatures/sign"):
            at(self._point, "request sent")
        return answer


class _Session(_Wrapped):
    def sign(self, digests: Sequence[Any], *, description: str) -> Iterator[Any]:
        for count, value in enumerate(self._inner.sign(digests, description=description), 1):
            at(self._point, "values fetched, none embedded" if count == 1 else "values fetched, one embedded")
            yield value
            if count == len(digests):
                at(self._point, "all embedded, transaction open")


class _Signer(_Wrapped):
    @contextmanager
    def open(self, prompter: Any, progress: Any) -> Iterator[_Session]:
        with self._inner.open(prompter, progress) as session:
            yield _Session(session, self._point)


class _Kept(_Wrapped):
    def over(self, batch_id: str | None = None) -> None:
        at(self._point, "transaction over, prepared files kept")
        self._inner.over(batch_id)


class KilledContext(Context):
    """A run whose collaborators kill it."""

    point = ""

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["clock"] = _Clock(super().clock, self.point)

    def http(self, base_url: str) -> Any:
        return _Http(super().http(base_url), self.point)

    def signer(self, spec: Any, **named: Any) -> Any:
        return _Signer(super().signer(spec, **named), self.point)

    def kept_batches(self, spec: Any = None, evidence: Any = None) -> Any:
        return _Kept(super().kept_batches(spec, evidence), self.point)


if __name__ == "__main__":
    import dvc_cli.context

    KilledContext.point = sys.argv[1]
    dvc_cli.context.Context = KilledContext  # type: ignore[misc]
    sys.exit(main(sys.argv[2:]))
