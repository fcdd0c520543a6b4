"""For which processor a library file is made, read from its header: loading the wrong one fails with nonsense."""

from __future__ import annotations

import platform
import struct
from pathlib import Path
from typing import Final

_ELF: Final = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64"}
_PE: Final = {0x14C: "x86", 0x1C0: "arm", 0x1C4: "arm", 0x8664: "x86_64", 0xAA64: "aarch64"}
_MACH: Final = {7: "x86", 12: "arm", 0x01000007: "x86_64", 0x0100000C: "aarch64"}
_SAME: Final = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "i386": "x86", "i686": "x86", "armv7l": "arm"}
_LARGEST_SEARCHED: Final = 60_000_000


def processors_of(path: Path) -> frozenset[str]:
    """The processors a library is made for (`x86`, `x86_64`, `arm`, `aarch64`); empty when the file is no library."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            if head[:2] == b"MZ" and len(head) >= 64:
                file.seek(struct.unpack_from("<I", head, 60)[0])
                return _of_pe(file.read(6))
    except OSError:
        return frozenset()
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        order = "<" if head[5] == 1 else ">"
        return _known(_ELF, struct.unpack_from(order + "H", head, 18)[0])
    return _of_mach(head)


def own_processor() -> str:
    """The processor this Python runs on, the 32-bit one for a 32-bit Python on a 64-bit machine."""
    machine = platform.machine().lower()
    name = _SAME.get(machine, machine)
    if struct.calcsize("P") == 4:
        return {"x86_64": "x86", "aarch64": "arm"}.get(name, name)
    return name


def exports_pkcs11(path: Path) -> bool:
    """Whether the file carries the name `C_GetFunctionList`, without loading it."""
    try:
        return path.stat().st_size <= _LARGEST_SEARCHED and b"C_GetFunctionList" in path.read_bytes()
    except OSError:
        return False


def _of_pe(header: bytes) -> frozenset[str]:
    if header[:4] != b"PE\0\0" or len(header) < 6:
        return frozenset()
    return _known(_PE, struct.unpack_from("<H", header, 4)[0])


def _of_mach(head: bytes) -> frozenset[str]:
    magic = head[:4]
    if magic in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe") and len(head) >= 8:
        return _known(_MACH, struct.unpack_from("<I", head, 4)[0])
    if magic == b"\xca\xfe\xba\xbe" and len(head) >= 8:
        count = min(struct.unpack_from(">I", head, 4)[0], 20)
        kinds = [
            struct.unpack_from(">I", head, 8 + 20 * index)[0] for index in range(count) if len(head) >= 12 + 20 * index
        ]
        return frozenset(_MACH[kind] for kind in kinds if kind in _MACH)
    return frozenset()


def _known(table: dict[int, str], number: int) -> frozenset[str]:
    return frozenset({table.get(number, f"0x{number:x}")})
