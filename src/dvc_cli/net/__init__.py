"""The one HTTP client: time-outs, TLS, proxies, same-origin redirects, and outcomes instead of exceptions of httpx."""

from dvc_cli.net.base import HttpClient, NetSettings, NotSent, Response, Unanswered

__all__ = ["HttpClient", "NetSettings", "NotSent", "Response", "Unanswered"]
