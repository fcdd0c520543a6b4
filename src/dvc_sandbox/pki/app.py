"""The PKI's web server: OCSP, CRL, time stamps and certificates (certomancer), on the sandbox's clock."""

from __future__ import annotations

import base64
import binascii
import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import unquote

from dvc_sandbox.environment import Environment
from dvc_sandbox.pki.plan import ARCHITECTURE, stamp

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from dvc_sandbox.clock import SandboxClock

Environ: TypeAlias = dict[str, Any]
WsgiApp: TypeAlias = Callable[[Environ, Any], Iterable[bytes]]

_OCSP = f"/{ARCHITECTURE}/ocsp/"


def build_app(environment: Environment) -> Starlette:
    """The server `pki`: an index page, the root to download, and certomancer below `/dvc`."""
    from a2wsgi import WSGIMiddleware
    from starlette.applications import Starlette
    from starlette.routing import Mount, Route

    services = TimedServices(_animator(environment), environment.clock)
    bridge: Any = WSGIMiddleware(cast("Any", services), workers=4)

    def root_certificate(_request: Request) -> Response:
        from starlette.responses import Response

        headers = {"Content-Disposition": 'attachment; filename="SANDBOX-root.pem"'}
        return Response(environment.pki.root.read_bytes(), media_type="application/x-pem-file", headers=headers)

    def index(_request: Request) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(_index_page(environment))

    return Starlette(
        routes=[
            Route("/", index),
            Route("/root.pem", root_certificate),
            Mount("/", app=bridge),
        ]
    )


class TimedServices:
    """Gives each request the sandbox's time and lets OCSP be asked by GET (RFC 6960 appendix A.1) as NSS does."""

    def __init__(self, inner: WsgiApp, clock: SandboxClock) -> None:
        self._inner = inner
        self._clock = clock
        # certomancer fills its caches while it answers.
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one WSGI request."""
        # Whole seconds: RFC 6960 allows no fractions. A caller's own header is overwritten: time is the admin API's.
        environ["HTTP_X_CERTOMANCER_FAKE_TIME"] = stamp(self._clock.now())
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].startswith(_OCSP):
            _turn_into_post(environ)
        try:
            with self._lock:
                return list(self._inner(environ, start_response))
        except (ValueError, TypeError):  # asn1crypto's words for a body that is no request
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"SANDBOX: this is not a well-formed request\n"]


def _turn_into_post(environ: Environ) -> None:
    label, _, encoded = environ["PATH_INFO"].removeprefix(_OCSP).partition("/")
    try:
        query = base64.b64decode(unquote(encoded), validate=True)
    except binascii.Error:
        return
    if query:
        environ.update(
            REQUEST_METHOD="POST",
            PATH_INFO=f"{_OCSP}{label}",
            CONTENT_LENGTH=str(len(query)),
            CONTENT_TYPE="application/ocsp-request",
        )
        environ["wsgi.input"] = io.BytesIO(query)


def _animator(environment: Environment) -> WsgiApp:
    from certomancer.integrations.animator import Animator, AnimatorArchStore
    from certomancer.registry import CertomancerConfig

    folder = environment.pki.folder
    plan = json.loads((folder / "pki.yml").read_text(encoding="ascii"))
    config = CertomancerConfig(plan, key_search_dir=str(folder), lazy_load_keys=True, config_search_dir=str(folder))
    animator: WsgiApp = Animator(AnimatorArchStore(config.pki_archs), with_web_ui=False)
    return animator


def _index_page(environment: Environment) -> str:
    base = f"{environment.urls.pki}/{ARCHITECTURE}"
    services = (
        ("Chứng thư số gốc (root)", f"{environment.urls.pki}/root.pem"),
        ("OCSP", f"{base}/ocsp/ca"),
        ("OCSP (SmartCA)", f"{base}/ocsp/smartca-ca"),
        ("CRL", f"{base}/crls/ca/latest.crl"),
        ("CRL (SmartCA)", f"{base}/crls/smartca-ca/latest.crl"),
        ("Cấp dấu thời gian (TSA)", f"{base}/tsa/tsa"),
    )
    rows = "".join(f"<tr><th>{name}</th><td><code>{url}</code></td></tr>" for name, url in services)
    return _PAGE.replace("{rows}", rows)


_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chứng thực chữ ký số - THỬ NGHIỆM</title>
<style>body{font-family:system-ui,sans-serif;margin:0;color:#1c2733}
.banner{background:#b45309;color:#fff;text-align:center;padding:.5rem;font-weight:600}
main{max-width:56rem;margin:1.5rem auto;padding:0 1rem}th{text-align:left;padding:.4rem 1rem .4rem 0;vertical-align:top}
code{overflow-wrap:anywhere}</style></head>
<body><div class="banner">THỬ NGHIỆM / SANDBOX - chứng thư số không có giá trị pháp lý</div>
<main><h1>Dịch vụ chứng thực chữ ký số</h1><table>{rows}</table></main></body></html>
"""
