"""Dialect `igate1`: server-rendered HTML with a session cookie, the portal of the guide (contracts/portal.md §1)."""

from dvc_cli.portal.dialects.igate1.client import Igate1Portal, open_igate1

__all__ = ["Igate1Portal", "open_igate1"]
