"""Write the lock files: hashes for every platform and Python version, no index URL and no path (uv as a PyPI package)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--quiet",
    "--python-version=3.11",
)


def compile_lock(output: str, *arguments: str) -> None:
    """Resolve pyproject.toml with these extras into `requirements/<output>`."""
    command = [sys.executable, "-m", "uv", "pip", "compile", *FLAGS, "pyproject.toml", "-o", f"requirements/{output}"]
    subprocess.run([*command, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    compile_lock("dev.txt", "--extra=dev", *sys.argv[1:])
    compile_lock("demo.txt", "--extra=sandbox", "--extra=build", "--constraint=requirements/dev.txt")
