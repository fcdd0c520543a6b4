# mypy: allow-untyped-calls, allow-untyped-defs
# pyHanko is typed in part only.
"""OCSP answers, revocation lists and issuers' certificates over our HTTP client, in the shape that pyHanko wants them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dvc_cli.errors import DvcError

if TYPE_CHECKING:
    from dvc_cli.sign.pades.transport import Transport

_MOST_FETCHES = 32  # for one certificate with its chain; a hostile certificate may name any number of addresses


class Purse:
    """Counts fetches; ValueError when there were too many."""

    def __init__(self) -> None:
        self._left = _MOST_FETCHES

    def spend(self) -> None:
        """One more fetch."""
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many fetches")


def make_fetchers(transport: Transport) -> Any:
    """The three fetchers with one budget (a pyHanko `Fetchers`)."""
    from pyhanko_certvalidator.fetchers.api import Fetchers

    purse = Purse()
    return Fetchers(
        ocsp_fetcher=_ocsp_class()(transport, purse),
        crl_fetcher=_crl_class()(transport, purse),
        cert_fetcher=_issuer_class()(transport, purse),
    )


def _first(urls: Iterable[str], fetch: Callable[[str], Any]) -> Any:
    """What the first address gives; ValueError with the last reason."""
    reason = "no address"
    for url in urls:
        try:
            return fetch(url)
        except DvcError as problem:
            reason = problem.message
        except (ValueError, TypeError) as problem:
            reason = str(problem)
    raise ValueError(reason)


@functools.cache
def _ocsp_class() -> Any:
    from pyhanko_certvalidator import errors
    from pyhanko_certvalidator.fetchers.api import OCSPFetcher
    from pyhanko_certvalidator.fetchers.common_utils import format_ocsp_request, process_ocsp_response_data
    from pyhanko_certvalidator.util import get_ocsp_urls, issuer_serial

    class Ocsp(OCSPFetcher):
        """RFC 6960."""

        def __init__(self, transport: Transport, purse: Purse) -> None:
            self._transport, self._purse = transport, purse
            self._known: dict[Any, Any] = {}

        async def fetch(self, cert, authority):
            """See `OCSPFetcher`."""
            key = (issuer_serial(cert), authority.hashable)
            if key not in self._known:
                request = format_ocsp_request(cert, authority, certid_hash_algo="sha1", request_nonces=True)

                def ask(url: str) -> Any:
                    self._purse.spend()
                    answer = self._transport.post(url, request.dump(), "application/ocsp-request")
                    return process_ocsp_response_data(answer.content, ocsp_request=request, ocsp_url=url)

                try:
                    self._known[key] = _first(get_ocsp_urls(cert), ask)
                except ValueError as error:
                    raise errors.OCSPFetchError(str(error)) from error
            return self._known[key]

        def fetched_responses(self):
            """See `OCSPFetcher`."""
            return list(self._known.values())

        def fetched_responses_for_cert(self, cert):
            """See `OCSPFetcher`."""
            return [answer for (whose, _), answer in self._known.items() if whose == issuer_serial(cert)]

    return Ocsp


@functools.cache
def _crl_class() -> Any:
    from asn1crypto import crl, pem
    from pyhanko_certvalidator import errors
    from pyhanko_certvalidator.fetchers.api import CRLFetcher
    from pyhanko_certvalidator.fetchers.common_utils import enumerate_delivery_point_urls
    from pyhanko_certvalidator.util import get_relevant_crl_dps, issuer_serial

    class Crl(CRLFetcher):
        """RFC 5280 §5."""

        def __init__(self, transport: Transport, purse: Purse) -> None:
            self._transport, self._purse = transport, purse
            self._known: dict[Any, list[Any]] = {}

        async def fetch(self, cert, *, use_deltas=True):
            """See `CRLFetcher`."""
            key = issuer_serial(cert)
            if key not in self._known:
                points = get_relevant_crl_dps(cert, use_deltas=use_deltas)
                urls = [url for point in points for url in enumerate_delivery_point_urls(point)]
                try:
                    self._known[key] = [_first(urls, self._one)] if urls else []
                except ValueError as error:
                    raise errors.CRLFetchError(str(error)) from error
            return self._known[key]

        def _one(self, url: str) -> Any:
            self._purse.spend()
            content = self._transport.get(url).content
            if pem.detect(content):
                _, _, content = pem.unarmor(content)
            return crl.CertificateList.load(content, strict=True)

        def fetched_crls(self):
            """See `CRLFetcher`."""
            return [one for found in self._known.values() for one in found]

        def fetched_crls_for_cert(self, cert):
            """See `CRLFetcher`."""
            return self._known[issuer_serial(cert)]

    return Crl


@functools.cache
def _issuer_class() -> Any:
    from pyhanko_certvalidator import errors
    from pyhanko_certvalidator.fetchers.api import CertificateFetcher
    from pyhanko_certvalidator.fetchers.common_utils import gather_aia_issuer_urls, unpack_cert_content

    class Issuers(CertificateFetcher):
        """RFC 5280 §4.2.2.1."""

        def __init__(self, transport: Transport, purse: Purse) -> None:
            self._transport, self._purse = transport, purse
            self._known: dict[str, list[Any]] = {}

        async def fetch_cert_issuers(self, cert):
            """See `CertificateFetcher`."""
            for url in gather_aia_issuer_urls(cert):
                for one in self._all(url):
                    yield one

        async def fetch_crl_issuers(self, certificate_list):
            """See `CertificateFetcher`."""
            for url in certificate_list.issuer_cert_urls:
                for one in self._all(url):
                    yield one

        def fetched_certs(self):
            """See `CertificateFetcher`."""
            return [one for found in self._known.values() for one in found]

        def _all(self, url: str) -> list[Any]:
            if url not in self._known:
                try:
                    self._purse.spend()
                    answer = self._transport.get(url)
                    kind = answer.headers.get("content-type", "").strip()
                    self._known[url] = list(unpack_cert_content(answer.content, kind, url, True))
                except (DvcError, ValueError, TypeError) as error:
                    raise errors.CertificateFetchError(str(error)) from error
            return self._known[url]

    return Issuers
