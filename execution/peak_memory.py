"""How much memory a node takes at its peak, beyond what was taken before it: of this process, and of the device.

The kernel keeps the process's high-water mark and can be told to begin anew. Reading and resetting it costs some 50 µs,
so a node that takes less than `WORTH_SECONDS` is not measured, and the mark is reset at most every `STALE_SECONDS`:
a thousand small nodes pay for a few dozen resets. Where there is no such mark (not Linux), growth at the end counts.
"""

from __future__ import annotations

import os
import re
import time
from typing import NamedTuple, Protocol

import psutil

WORTH_SECONDS = 0.002
STALE_SECONDS = 0.02


class DeviceMemory(Protocol):
    """The accelerator's own high-water mark, in bytes."""

    def reset_peak(self) -> int:
        """Begin anew; what is taken now."""

    def peak(self) -> int: ...


class NoDevice:
    def reset_peak(self) -> int:
        return 0

    def peak(self) -> int:
        return 0


NO_DEVICE = NoDevice()


class Peak(NamedTuple):
    """Bytes beyond those taken before."""

    memory: int = 0
    device: int = 0


NOTHING = Peak()


class PeakMemory:
    """Ask `begin` when a node starts and `end` when it is done; nodes that wait beside others share what they take."""

    def __init__(self, device: DeviceMemory) -> None:
        self._device = device
        self._process = ProcessMemory()
        self._reset_at = 0.0
        self._before = NOTHING

    def begin(self) -> None:
        if time.perf_counter() - self._reset_at > STALE_SECONDS:
            self._before = Peak(self._process.reset_peak(), self._device.reset_peak())
            self._reset_at = time.perf_counter()

    def end(self, seconds: float) -> Peak:
        if seconds < WORTH_SECONDS:
            return NOTHING
        memory, device = self._process.peak() - self._before.memory, self._device.peak() - self._before.device
        self._reset_at = 0.0
        return Peak(max(0, memory), max(0, device))


class ProcessMemory:
    """Resident bytes of this process."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self._has_mark = os.path.exists("/proc/self/clear_refs")

    def reset_peak(self) -> int:
        if self._has_mark:
            try:
                with open("/proc/self/clear_refs", "w") as file:
                    file.write("5")
            except OSError:  # a container may forbid it
                self._has_mark = False
        return self._me.memory_info().rss

    def peak(self) -> int:
        if self._has_mark:
            with open("/proc/self/status") as file:
                mark = re.search(r"VmHWM:\s+(\d+) kB", file.read())
            if mark is not None:
                return int(mark[1]) * 1024
        return self._me.memory_info().rss
