"""Interface of the HTTP client and the two ways a request can fail (contracts/submission.md §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dvc_cli.errors import OutcomeUnknown, Temporary


class NotSent(Temporary):
    """No body byte was written (DNS, refused, TLS, proxy, pool time-out): safe to send again."""

    slug = "not-sent"


class Unanswered(OutcomeUnknown):
    """The request went out and no usable answer came: for a mutating request the outcome is unknown.

    A read that fails this way is turned into `Temporary` by `HttpClient.get`.
    """

    slug = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSettings:
    """How to reach the network. Seconds; `ca_file` adds to the system store; `proxy` None = from the environment, "" = none;
    `max_bytes` bounds one answer; `plain_host` is the one other computer that may be talked to without encryption: a
    network scanner that the user has named (docs/adr/0006-plain-http-to-a-named-scanner.md); `signed_answers` allows plain
    http because every answer is signed and checked: time stamps, OCSP, CRL (docs/adr/0007-plain-http-for-signed-answers.md)."""

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    ca_file: Path | None = None
    proxy: str | None = None
    user_agent: str = ""
    max_bytes: int = 64_000_000
    plain_host: str = ""
    signed_answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer, read whole (at most `max_bytes`, default 64 MB). Header names are lower-case."""

    status: int
    url: str
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The content type without parameters, lower-case."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def text(self) -> str:
        """The body as text (charset of the header, else UTF-8 with replacement)."""
        from email.message import Message

        message = Message()
        message["content-type"] = self.headers.get("content-type", "text/plain")
        charset = message.get_content_charset() or "utf-8"
        try:
            return self.content.decode(charset, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is none."""
        import json

        return json.loads(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file of a multipart body, streamed from disk."""

    field: str
    path: Path
    filename: str
    media_type: str


class HttpClient(Protocol):
    """One origin, one cookie jar. Retries nothing by itself.

    Follows same-origin redirects of GET only; a POST answered by a same-origin 302/303 is followed as GET without its
    body; another origin is never followed (the 3xx is returned).
    """

    @property
    def base_url(self) -> str: ...

    def get(self, path: str, *, params: Mapping[str, str] | None = None, follow: bool = True) -> Response:
        """Read. Raises NotSent or Temporary."""

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
        """Mutate. Raises NotSent (nothing went out) or Unanswered. HTTP error statuses are returned, not raised.

        `content` is a body as it is; its type stands in `headers`.
        """

    def delete(self, path: str) -> Response:
        """Mutate, as `post`."""

    def stream(self, path: str, *, chunk: int = 65536) -> Iterator[bytes]:
        """Read a large body piece by piece."""

    def cookies(self) -> list[dict[str, str]]:
        """The cookie jar as plain data: name, value, domain, path."""

    def set_cookies(self, cookies: Sequence[Mapping[str, str]]) -> None: ...
    def clone(self) -> HttpClient: ...
    def close(self) -> None: ...
