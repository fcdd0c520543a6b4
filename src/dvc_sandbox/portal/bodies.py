"""Bodies of requests: files go to temporary files on disk in pieces, and never further than their limit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

MULTIPART_LIMIT = 300_000_000
FORM_LIMIT = 1_000_000


class BodyTooLarge(Exception):
    """The whole body is larger than any form of the portal may be."""


class _BoundedParser(MultiPartParser):
    """Stops writing a file at its limit plus one byte, so the size tells that it was too large."""

    def __init__(self, request: Request, stream: AsyncGenerator[bytes, None], part_limit: int) -> None:
        super().__init__(request.headers, stream, max_files=200, max_fields=1000)
        self._part_limit = part_limit
        self._written = 0

    def on_part_begin(self) -> None:
        self._written = 0
        super().on_part_begin()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is not None:
            end = min(end, start + self._part_limit + 1 - self._written)
            self._written += max(0, end - start)
        if start < end:
            super().on_part_data(data, start, end)

    def drop_files(self) -> None:
        """Close the temporary files of a body that was given up."""
        for file in self._files_to_close_on_error:
            file.close()


async def _counted(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    total = 0
    async for piece in request.stream():
        total += len(piece)
        if total > limit:
            raise BodyTooLarge
        yield piece


async def read_form(request: Request, part_limit: int) -> FormData:
    """Read a form's body. A body that is no form reads as an empty form; raises ``BodyTooLarge``."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        parser = _BoundedParser(request, _counted(request, MULTIPART_LIMIT), part_limit)
        try:
            return await parser.parse()
        except MultiPartException:
            return FormData()
        except BodyTooLarge:
            parser.drop_files()
            raise
    body = b"".join([piece async for piece in _counted(request, FORM_LIMIT)])
    return _plain_form(body) if kind == "application/x-www-form-urlencoded" else FormData()


def _plain_form(body: bytes) -> FormData:
    fields: list[tuple[str, str | UploadFile]] = []
    try:
        fields += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:  # more fields than any page has
        return FormData()
    return FormData(fields)


async def close_files(form: FormData) -> None:
    """Give the temporary files back."""
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            await value.close()
