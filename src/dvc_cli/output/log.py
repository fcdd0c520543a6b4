"""The log on stderr that `-v` and `-vv` ask for: redacted, and safe for the terminal."""

from __future__ import annotations

import logging
import sys

from dvc_cli.net.redact import RedactingFormatter
from dvc_cli.output.safe import safe


class _StderrHandler(logging.Handler):
    """Writes to the stderr of the moment, which tests and progress displays replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line, or several for a trace."""
        try:
            sys.stderr.write(safe(self.format(record)) + "\n")
        except (OSError, ValueError):
            self.handleError(record)


class OpenLog:
    """A handler on the program's own loggers until it is closed; libraries' logs stay silent."""

    def __init__(self, verbose: int) -> None:
        """`verbose` 1 shows what was decided (where a secret came from), 2 also every request."""
        self._logger = logging.getLogger("dvc_cli")
        self._before = self._logger.level
        self._handler = _StderrHandler()
        self._handler.setFormatter(RedactingFormatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
        self._logger.addHandler(self._handler)
        self._logger.setLevel(logging.DEBUG if verbose > 1 else logging.INFO)

    def close(self) -> None:
        """Take the handler away."""
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._before)
