"""`python -m dvc_sandbox.scanner PAGE…`: a scanner with these pictures in its feeder, until Ctrl-C."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from dvc_sandbox.scanner.device import loaded
from dvc_sandbox.scanner.escl import serving


def main(arguments: list[str]) -> int:
    """Serve and print the name to give to `--device`."""
    sheets = [Path(name).read_bytes() for name in arguments]
    with serving(loaded(sheets)) as port:
        sys.stdout.write(f"escl:127.0.0.1:{port}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
