"""The HTTP client over httpx: one origin, streamed uploads, same-origin redirects, no repeats, outcomes for errors."""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dvc_cli import __version__
from dvc_cli.errors import InvalidInput
from dvc_cli.files import reason_of
from dvc_cli.i18n import _
from dvc_cli.net.address import BadAddress, check_address
from dvc_cli.net.base import FilePart, HttpClient, NetSettings, Response
from dvc_cli.net.outcome import AnswerTooLarge, Phase, UnreadableAnswer, failure, status_failure, too_large
from dvc_cli.net.proxy import choose_proxy
from dvc_cli.net.redact import redact
from dvc_cli.net.tls import no_tls, tls_context

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

STREAM_LIMIT = 1_000_000_000
MAX_REDIRECTS = 10
_FOLLOWED_READS = frozenset({301, 302, 303, 307, 308})
_FOLLOWED_AS_GET = frozenset({302, 303})
# Shorter than the 5 s after which common servers close, so that a kept connection is not dead when a commit uses it.
_KEEPALIVE_SECONDS = 3.0
# A server that drips bytes may not hold us longer than this many read time-outs.
_PATIENCE = 10


class UnreadableFile(InvalidInput):
    """A file to be uploaded cannot be opened."""

    slug = "unreadable-file"


def open_client(base_url: str, settings: NetSettings) -> HttpClient:
    """A client for the origin of `base_url`.

    Paths given to its methods are put after the path of `base_url`; a whole address is accepted when its origin is the same.

    Raises:
        BadAddress: not https, and not http on this machine.
        BadCaFile, BadProxy: the settings cannot be used.
    """
    import httpx

    base = httpx.URL(check_address(base_url, plain_host=settings.plain_host, signed_answers=settings.signed_answers))
    # Their debug logs hold headers with cookies, ours does not.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return _Client(base, settings, choose_proxy(settings.proxy, base.scheme, base.host))


class _Client:
    """See `net.base.HttpClient`. One thread at a time; `clone()` for others."""

    def __init__(self, base: httpx.URL, settings: NetSettings, proxy: str | None) -> None:
        import httpx

        self._base = base
        self._settings = settings
        self._proxy = proxy
        # One context per client: truststore holds a lock of it during handshakes, and threads must not wait for another's.
        context = tls_context(settings.ca_file) if base.scheme == "https" else no_tls()
        self._http = httpx.Client(
            verify=context,
            proxy=httpx.Proxy(proxy, ssl_context=context if proxy.startswith("https:") else None) if proxy else None,
            trust_env=False,
            follow_redirects=False,
            timeout=self._timeout(None),
            limits=httpx.Limits(keepalive_expiry=_KEEPALIVE_SECONDS),
            headers={
                "User-Agent": settings.user_agent or f"dvc-cli/{__version__}",
                "Accept-Encoding": "gzip, deflate",
                "Accept-Language": "vi, en;q=0.5",
            },
        )

    @property
    def base_url(self) -> str:
        """The address the client was opened for."""
        return str(self._base)

    def get(self, path: str, *, params: Mapping[str, str] | None = None, follow: bool = True) -> Response:
        """See `HttpClient.get`."""
        address = self._address(path)
        request = self._http.build_request("GET", address.copy_merge_params(params) if params else address)
        return self._walk(request, mutates=False, follow=follow)

    def post(
        self,
        path: str,
        *,
        form: Sequence[tuple[str, str]] | None = None,
        json: object | None = None,
        files: Sequence[FilePart] = (),
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        read_timeout: float | None = None,
    ) -> Response:
        """See `HttpClient.post`. Files are streamed from disk with a true Content-Length."""
        with ExitStack() as opened:
            body = _multipart(form or (), files, opened) if files else _plain_body(form, json, content)
            request = self._http.build_request(
                "POST",
                self._address(path),
                timeout=self._timeout(read_timeout),
                **{**body, "headers": {**body.get("headers", {}), **(headers or {})}},
            )
            return self._walk(request, mutates=True, follow=follow)

    def delete(self, path: str) -> Response:
        """See `HttpClient.delete`."""
        return self._walk(self._http.build_request("DELETE", self._address(path)), mutates=True, follow=True)

    def stream(self, path: str, *, chunk: int = 65536) -> Iterator[bytes]:
        """See `HttpClient.stream`. Raises also NotFound (404) and NoAnswer (any other status than 200)."""
        request = self._http.build_request("GET", self._address(path))
        for _hop in range(MAX_REDIRECTS):
            with self._exchange(request, mutates=False) as (answer, _body):
                following = self._following(answer, mutates=False)
                if following is None:
                    if answer.status_code != 200:
                        raise status_failure(answer.status_code, self._host)
                    yield from self._pieces(answer, STREAM_LIMIT, chunk)
                    return
            request = following
        raise failure(UnreadableAnswer("redirects"), sent=True, mutates=False, host=self._host)

    def cookies(self) -> list[dict[str, str]]:
        """The cookie jar as plain data."""
        return [
            {"name": cookie.name, "value": cookie.value or "", "domain": cookie.domain, "path": cookie.path}
            for cookie in self._http.cookies.jar
        ]

    def set_cookies(self, cookies: Sequence[Mapping[str, str]]) -> None:
        """Put these cookies in the place of all others; those of other hosts are never sent."""
        self._http.cookies.clear()
        for cookie in cookies:
            self._http.cookies.set(
                cookie["name"], cookie["value"], domain=cookie.get("domain", ""), path=cookie.get("path", "/")
            )

    def clone(self) -> HttpClient:
        """Another client with a copy of the cookies and its own connections, for another thread."""
        other = _Client(self._base, self._settings, self._proxy)
        other.set_cookies(self.cookies())
        return other

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # -- one request and the redirects after it ----------------------------------------------------------------------

    def _walk(self, request: httpx.Request, *, mutates: bool, follow: bool) -> Response:
        for _hop in range(MAX_REDIRECTS):
            with self._exchange(request, mutates=mutates) as (answer, body):
                content = body()
            following = self._following(answer, mutates=request.method != "GET") if follow else None
            if following is None:
                return _response(answer, content)
            request = following
        raise failure(UnreadableAnswer("redirects"), sent=True, mutates=mutates, host=self._host)

    @contextmanager
    def _exchange(self, request: httpx.Request, *, mutates: bool) -> Iterator[tuple[httpx.Response, Any]]:
        """Send once; errors until the end of the block become outcomes."""
        import h11
        import httpx

        phase = Phase()
        request.extensions["trace"] = phase.note
        started = time.monotonic()
        told = "?"
        try:
            answer = self._http.send(request, stream=True)
            told = str(answer.status_code)
            try:
                yield answer, lambda: b"".join(self._pieces(answer, self._settings.max_bytes, None))
            finally:
                answer.close()
        except (
            httpx.HTTPError,
            httpx.StreamError,
            httpx.InvalidURL,
            h11.ProtocolError,
            UnreadableAnswer,
            OSError,
        ) as error:
            told = type(error).__name__
            # The first request of a chain changed something already, also when a later read of the chain fails.
            sent = phase.sent or (mutates and request.method == "GET")
            raise failure(error, sent=sent, mutates=mutates, host=self._host) from error
        except AnswerTooLarge as error:
            if mutates:
                raise failure(error, sent=True, mutates=True, host=self._host) from error
            raise
        finally:
            log.debug("%s %s -> %s in %d ms", request.method, _shown(request.url), told, _since(started))

    def _pieces(self, answer: httpx.Response, limit: int, chunk: int | None) -> Iterator[bytes]:
        """The decoded body, at most `limit` bytes of it, in a bounded time."""
        if answer.headers.get("content-encoding", "identity").strip().lower() not in (
            "identity",
            "gzip",
            "deflate",
            "",
        ):
            raise UnreadableAnswer("content-encoding")
        patience = time.monotonic() + _PATIENCE * self._settings.read_timeout
        count = 0
        for piece in answer.iter_bytes(chunk):
            count += len(piece)
            if count > limit:
                raise too_large(self._host, limit)
            if time.monotonic() > patience:
                raise UnreadableAnswer("too slow")
            yield piece

    def _following(self, answer: httpx.Response, *, mutates: bool) -> httpx.Request | None:
        """The GET that a same-origin redirect asks for; None when there is none or it must not be followed."""
        import httpx

        location = answer.headers.get("location", "")
        if not location or answer.status_code not in (_FOLLOWED_AS_GET if mutates else _FOLLOWED_READS):
            return None
        try:
            target = answer.url.join(location).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError):
            return None
        return self._http.build_request("GET", target) if self._is_ours(target) else None

    # -- addresses ---------------------------------------------------------------------------------------------------

    @property
    def _host(self) -> str:
        return self._base.netloc.decode("ascii")

    def _address(self, path: str) -> httpx.URL:
        import httpx

        try:
            if path.startswith(("http://", "https://")):
                target = httpx.URL(path)
            else:
                target = httpx.URL(f"{str(self._base).rstrip('/')}/{path.lstrip('/')}")
        except httpx.InvalidURL as error:
            raise BadAddress(_("`{url}` is not a web address").format(url=redact(path))) from error
        if not self._is_ours(target):
            raise BadAddress(
                _("`{url}` is not on {host}; nothing was sent").format(url=redact(path), host=self._host),
            )
        return target

    def _is_ours(self, target: httpx.URL) -> bool:
        return _origin(target) == _origin(self._base) and not target.userinfo

    def _timeout(self, read: float | None) -> httpx.Timeout:
        import httpx

        settings = self._settings
        usual = settings.read_timeout
        return httpx.Timeout(
            connect=settings.connect_timeout, read=read or usual, write=usual, pool=settings.connect_timeout
        )


def _plain_body(form: Sequence[tuple[str, str]] | None, json: object | None, content: bytes | None) -> dict[str, Any]:
    if json is not None:
        return {"json": json}
    if form is None:
        return {"content": content or b""}
    return {
        "content": urlencode(list(form)).encode("ascii"),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }


def _multipart(form: Sequence[tuple[str, str]], files: Sequence[FilePart], opened: ExitStack) -> dict[str, Any]:
    """Arguments for a multipart body that httpx reads from the open files piece by piece."""
    fields: dict[str, list[str]] = {}
    for name, value in form:
        fields.setdefault(name, []).append(value)
    parts = []
    for part in files:
        try:
            file = opened.enter_context(part.path.open("rb"))
        except OSError as error:
            raise UnreadableFile(
                _("`{path}` cannot be read: {reason}").format(path=part.path, reason=reason_of(error))
            ) from error
        # Portals compare names; macOS hands out decomposed letters.
        parts.append((part.field, (unicodedata.normalize("NFC", part.filename), file, part.media_type)))
    return {"data": fields, "files": parts}


def _response(answer: httpx.Response, content: bytes) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "set-cookie"}
    return Response(status=answer.status_code, url=str(answer.url), headers=headers, content=content)


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host.lower(), url.port or (443 if url.scheme == "https" else 80)


def _shown(url: httpx.URL) -> str:
    """Path and the names of the query's fields; values may be personal."""
    names = "&".join(dict.fromkeys(url.params.keys()))
    return redact(url.path) + (f"?{names}" if names else "")


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
