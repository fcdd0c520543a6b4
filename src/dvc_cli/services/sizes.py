"""Size limits of the portal, said before anything is uploaded and by how much (MB = 10^6 bytes)."""

from __future__ import annotations

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _, active_language


class TooLarge(InvalidInput):
    """A file is larger than the portal takes."""

    slug = "too-large"


def too_large(name: str, size: int, limit: int) -> str | None:
    """What to say about a file of `size` bytes under a limit of `limit` bytes; None when it fits."""
    if size <= limit:
        return None
    message = _("`{name}` has {size} MB, {excess} MB more than the {limit} MB the portal takes")
    return message.format(name=name, size=_mb(size), excess=_mb(size - limit), limit=_mb(limit))


def _mb(size: int) -> str:
    """Megabytes with as many decimals as keep a small excess from showing as nothing."""
    for decimals in (1, 3):
        text = f"{size / 1_000_000:.{decimals}f}"
        if float(text):
            return _local(text.removesuffix(".0"))
    return _local(f"{size / 1_000_000:.6f}")


def _local(number: str) -> str:
    return number.replace(".", ",") if active_language() == "vi" else number


def require_size(name: str, size: int, limit: int) -> None:
    """Raises TooLarge."""
    if problem := too_large(name, size, limit):
        raise TooLarge(problem, hint=_("Scan at 200 dpi, or split the paper into several files"))
