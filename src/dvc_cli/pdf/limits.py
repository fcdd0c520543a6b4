"""What a process that reads foreign pictures and PDFs may use (design/security.md): the system enforces it, not we.

POSIX: resource limits. Windows has none; a job object gives the same two limits there.
"""

from __future__ import annotations

import os
import sys
from typing import Any

CPU_SECONDS = 60
MEMORY_BYTES = 1_000_000_000
MAX_PIXELS = 178_000_000
MAX_PAGES = 2000
# Longest time on the clock for one piece of work, on a machine that does other things too.
WALL_SECONDS = 180.0


def limit_memory() -> None:
    """This process and what it starts may use `MEMORY_BYTES` each, from now on.

    macOS does not enforce the limit on memory; there only the processor time is limited.
    """
    if sys.platform == "win32":
        _windows_job(memory=MEMORY_BYTES)
        return
    import contextlib
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_seconds(seconds: int = CPU_SECONDS) -> None:
    """From now on this process may use so many more seconds of processor time, then the system ends it."""
    if sys.platform == "win32":
        _windows_job(seconds=_used_seconds() + seconds)
        return
    import contextlib
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        wanted = used + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _used_seconds() -> int:
    times = os.times()
    return int(times.user + times.system)


_JOB_HANDLES: list[Any] = []  # a job object lives as long as its handle; closing it ends every process in it


def _windows_job(*, memory: int = MEMORY_BYTES, seconds: int | None = None) -> None:
    """Put this process into a job object of its own with these limits, or change the limits of the one it is in.

    Source: JOBOBJECT_EXTENDED_LIMIT_INFORMATION of the Windows SDK (winnt.h).
    """
    import ctypes
    from ctypes import wintypes

    class Basic(ctypes.Structure):
        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class Extended(ctypes.Structure):
        _fields_ = [
            ("Basic", Basic),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    windows: Any = ctypes  # its Windows half is unknown to type checkers elsewhere
    kernel = windows.WinDLL("kernel32")
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    if not _JOB_HANDLES:
        _JOB_HANDLES.append(wintypes.HANDLE(kernel.CreateJobObjectW(None, None)))
        kernel.AssignProcessToJobObject(_JOB_HANDLES[0], wintypes.HANDLE(kernel.GetCurrentProcess()))
    kill_with_handle, process_memory, process_time = 0x2000, 0x100, 0x2
    limits = Extended()
    limits.Basic.LimitFlags = kill_with_handle | process_memory | (process_time if seconds else 0)
    limits.Basic.PerProcessUserTimeLimit = (seconds or 0) * 10_000_000
    limits.ProcessMemoryLimit = memory
    kernel.SetInformationJobObject(_JOB_HANDLES[0], 9, ctypes.byref(limits), ctypes.sizeof(limits))
