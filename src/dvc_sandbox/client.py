"""A small client of the admin API, on the standard library alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

from dvc_sandbox.errors import SandboxError
from dvc_sandbox.faults import FaultRule


class AdminClient:
    """Talks to a running sandbox's admin server; every method raises SandboxError on a refusal or no answer."""

    def __init__(self, url: str, token: str, timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        # A proxy of the environment must not see the token nor stand before loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the connection machinery."""
        self._opener.close()

    def health(self) -> bool:
        """Whether the server answers as a sandbox."""
        try:
            return bool(json.loads(self._open("GET", "/health")).get("sandbox") is True)
        except (SandboxError, ValueError):
            return False

    def clock(self) -> datetime:
        """The sandbox's present moment."""
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    def shift_clock(self, delta: timedelta) -> datetime:
        """Move the sandbox's clock; returns its new moment."""
        return datetime.fromisoformat(self._call("POST", "/clock", shift_seconds=delta.total_seconds())["now"])

    def set_clock(self, moment: datetime) -> datetime:
        """Set the sandbox's clock to a moment with a zone."""
        return datetime.fromisoformat(self._call("POST", "/clock", set=moment.isoformat())["now"])

    def captcha_answer(self, captcha_id: str) -> str:
        """The text of a captcha picture."""
        return str(self._call("GET", f"/captcha/{quote(captcha_id, safe='')}")["answer"])

    def add_fault(self, rule: FaultRule) -> int:
        """Put a fault in force; returns its number."""
        content = {name: getattr(rule, name) for name in FaultRule.__dataclass_fields__}
        return int(self._call("POST", "/faults", **content)["id"])

    def faults(self) -> dict[str, Any]:
        """The faults in force (`faults`) and how often each number struck (`hits`)."""
        return self._call("GET", "/faults")

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "/faults")

    def portal_settings(self, **values: object) -> dict[str, Any]:
        """Change some drill settings of the portal, and return all."""
        return self._call("POST", "/portal/settings", **values)

    def officer(self, code: str, action: str, **fields: object) -> dict[str, Any]:
        """Let the officer act on a dossier: accept, refuse, supplement, fee, processing, finish, return, stop, apologise."""
        return self._call("POST", f"/officer/{quote(code, safe='')}/{quote(action, safe='')}", **fields)

    def dossiers(self) -> list[dict[str, Any]]:
        """All dossiers of all accounts, newest first."""
        return list(self._call("GET", "/dossiers")["dossiers"])

    def dossier(self, code: str) -> dict[str, Any]:
        """One dossier with its files (`sha256` of each) and history."""
        return self._call("GET", f"/dossiers/{quote(code, safe='')}")

    def blob(self, sha256: str) -> bytes:
        """The bytes that the portal stores under a SHA-256."""
        return self._open("GET", f"/v1/blobs/{quote(sha256, safe='')}")

    def transactions(self) -> list[dict[str, Any]]:
        """All SmartCA transactions, newest first."""
        return list(self._call("GET", "/smartca/transactions")["transactions"])

    def smartca_mode(
        self, mode: str | None = None, delay_seconds: float = 0.0, variants: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """Set who decides SmartCA transactions (`manual`, `approve`, `reject`, `expire`, `fail`) and variants."""
        fields: dict[str, object] = {}
        if mode is not None:
            fields |= {"mode": mode, "delay_seconds": delay_seconds}
        if variants is not None:
            fields["variants"] = dict(variants)
        return self._call("POST" if fields else "GET", "/smartca/mode", **fields)

    def approve(self, transaction: str) -> dict[str, Any]:
        """Confirm a SmartCA transaction as its owner would on the phone."""
        return self._call("POST", f"/smartca/{quote(transaction, safe='')}/approve")

    def reject(self, transaction: str) -> dict[str, Any]:
        """Refuse a SmartCA transaction as its owner would on the phone."""
        return self._call("POST", f"/smartca/{quote(transaction, safe='')}/reject")

    def expire(self, transaction: str) -> dict[str, Any]:
        """Let a SmartCA transaction expire now."""
        return self._call("POST", f"/smartca/{quote(transaction, safe='')}/expire")

    def csc(self) -> dict[str, Any]:
        """The CSC emulator: `variants`, `credentials` with wrong tries and present one-time password, `signings`."""
        return self._call("GET", "/csc")

    def csc_variants(self, **variants: object) -> dict[str, Any]:
        """Set exactly these variants of the CSC emulator; none: back to the defaults."""
        return self._call("POST", "/csc/variants", **variants)

    def csc_reset(self) -> dict[str, Any]:
        """Forget tokens, wrong tries and variants of the CSC emulator."""
        return self._call("POST", "/csc/reset")

    def reset(self) -> None:
        """Bring all data back to the seed."""
        self._call("POST", "/reset")

    def stop(self) -> None:
        """Ask the sandbox to end."""
        self._call("POST", "/stop")

    def _call(self, method: str, path: str, /, **fields: object) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._open(method, f"/v1{path}", fields))
        return answer

    def _open(self, method: str, path: str, fields: Mapping[str, object] | None = None) -> bytes:
        body = json.dumps(fields).encode("utf-8") if fields else None
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        # The address comes from the sandbox's own file and is always http on loopback or a named test host.
        request = urllib.request.Request(self._url + path, data=body, headers=headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read()) from None
        except (OSError, ValueError) as error:
            raise SandboxError("unreachable", f"the sandbox at {self._url} does not answer: {error}") from error


def _refusal(status: int, body: bytes) -> SandboxError:
    try:
        content = json.loads(body)
        return SandboxError(str(content["error"]), str(content["message"]))
    except (ValueError, KeyError, TypeError):
        return SandboxError("refused", f"the sandbox's admin server answered with HTTP {status}")
