"""`python -m dvc_sandbox`: a sandbox in the foreground."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from dvc_sandbox.control import Options, Ports, Running, serve
from dvc_sandbox.errors import SandboxError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; exit status 3 when the sandbox refused to start."""
    given = _parser().parse_args(arguments)
    options = Options(
        state=given.state,
        listen=given.listen,
        allow_hosts=tuple(given.allow_host),
        ports=Ports(given.portal_port, given.smartca_port, given.pki_port, given.admin_port),
        seed=given.seed,
        auto_approve=given.auto_approve,
    )
    try:
        serve(options, _announce)
    except SandboxError as error:
        if given.failure_file:
            content = json.dumps({"slug": error.slug, "message": error.message})
            given.failure_file.write_text(content, encoding="utf-8")
        sys.stderr.write(f"{error.message}\n")
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dvc_sandbox", description="Portal, SmartCA emulator and PKI for demos and tests (SANDBOX)"
    )
    parser.add_argument("--state", type=Path, required=True, help="folder of the sandbox's data")
    parser.add_argument("--listen", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--allow-host", action="append", default=[], help="name the sandbox may be addressed by")
    for server in ("portal", "smartca", "pki", "admin"):
        parser.add_argument(f"--{server}-port", type=int, default=0, help="0: the last one, or a free one")
    parser.add_argument("--seed", type=int, help="number from which the invented data is made")
    parser.add_argument("--auto-approve", action="store_true", help="confirm SmartCA transactions by itself")
    parser.add_argument("--failure-file", type=Path, help=argparse.SUPPRESS)
    return parser


def _announce(running: Running) -> None:
    urls = running.urls
    lines = [
        "THỬ NGHIỆM / SANDBOX",
        f"portal   {urls.portal}",
        f"smartca  {urls.smartca}",
        f"pki      {urls.pki}",
        f"admin    {urls.admin}",
        *running.notices,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
