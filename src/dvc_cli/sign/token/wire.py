"""Messages between the program and the process that owns the token: four bytes of length, then JSON."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

_LENGTH = struct.Struct(">I")
_LARGEST = 32_000_000


def send(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Write one message."""
    content = json.dumps(message, ensure_ascii=False).encode("utf-8")
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read one message; None when the other side has closed.

    Raises:
        ValueError: not a message.
    """
    head = _exactly(stream, _LENGTH.size)
    if head is None:
        return None
    (size,) = _LENGTH.unpack(head)
    if size > _LARGEST:
        raise ValueError("message too long")
    content = _exactly(stream, size)
    if content is None:
        return None
    message: dict[str, Any] = json.loads(content)
    return message


def _exactly(stream: IO[bytes], size: int) -> bytes | None:
    content = b""
    while len(content) < size:
        piece = stream.read(size - len(content))
        if not piece:
            return None
        content += piece
    return content
