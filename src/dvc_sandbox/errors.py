"""The one exception of the sandbox that a caller is meant to show."""

from __future__ import annotations


class SandboxError(Exception):
    """A failure with a stable English `slug` and a message that says what to do."""

    def __init__(self, slug: str, message: str) -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
