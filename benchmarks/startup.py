"""CPU time of start-up, side by side with a peer, in one run: bare interpreter, ours, `pyhanko`."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

RUNS = 15
FOLDER = Path(sys.executable).parent
COMPLETE = {"_DVC_CLI_COMPLETE": "complete_bash", "COMP_WORDS": "dvc-cli si", "COMP_CWORD": "1"}
ROWS: tuple[tuple[str, list[str], dict[str, str]], ...] = (
    ("python -c pass", [sys.executable, "-c", "pass"], {}),
    ("dvc-cli --help", [str(FOLDER / "dvc-cli"), "--help"], {}),
    ("dvc-cli sign --help", [str(FOLDER / "dvc-cli"), "sign", "--help"], {}),
    ("dvc-cli completion (one key)", [str(FOLDER / "dvc-cli")], COMPLETE),
    ("pyhanko --help", [str(FOLDER / "pyhanko"), "--help"], {}),
)


def cpu_ms(command: list[str], environment: dict[str, str]) -> float:
    """Least user + system CPU time of `RUNS` runs, in milliseconds."""
    best = float("inf")
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, env={**os.environ, **environment}, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000)
    return best


def main() -> None:
    """Print the table; times are of this machine, the ratio column is what counts."""
    bare = cpu_ms(ROWS[0][1], {})
    print("| command | CPU ms | over the bare interpreter | times the bare interpreter |")
    print("| --- | ---: | ---: | ---: |")
    for name, command, environment in ROWS:
        took = cpu_ms(command, environment)
        print(f"| `{name}` | {took:.0f} | {took - bare:+.0f} ms | {took / bare:.1f} |")


if __name__ == "__main__":
    main()
