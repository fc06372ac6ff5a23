"""What the code of one pack may change for the whole process is put back, so that it harms nobody else."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)
STREAMS = ("stdin", "stdout", "stderr")
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGALRM") if hasattr(signal, name)
)


@contextmanager
def restored(who: str) -> Iterator[None]:
    """Run code of others; afterwards the working directory, the standard streams, signal handlers and torch's
    defaults are what they were. What `who` has changed of them is logged."""
    before = _Settings.now()
    try:
        yield
    finally:
        changed = before.put_back()
        if changed:
            log.warning("%s changed %s for the whole process; that is undone", who, " and ".join(changed))


@dataclass(frozen=True)
class _Settings:
    directory: str
    streams: dict[str, Any]
    handlers: dict[signal.Signals, Any]
    torch: dict[str, Any]

    @classmethod
    def now(cls) -> _Settings:
        return cls(
            directory=_directory(),
            streams={name: getattr(sys, name) for name in STREAMS},
            handlers={number: signal.getsignal(number) for number in SIGNALS} if _is_main() else {},
            torch=_torch_defaults(sys.modules.get("torch")),
        )

    def put_back(self) -> list[str]:
        """Make it all as it was; what was otherwise, in words."""
        changed = []
        if _directory() != self.directory and self.directory:
            os.chdir(self.directory)
            changed.append("the working directory")
        for name, stream in self.streams.items():
            if getattr(sys, name, None) is not stream:
                setattr(sys, name, stream)
                changed.append(f"sys.{name}")
        for number, handler in self.handlers.items():
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)
                changed.append(f"the handler of {number.name}")
        return changed + self._put_back_torch()

    def _put_back_torch(self) -> list[str]:
        torch = sys.modules.get("torch")
        if torch is None:
            return []
        now, before = _torch_defaults(torch), self.torch or _as_imported(torch)
        changed = [name for name in before if now[name] != before[name]]
        if "dtype" in changed:
            torch.set_default_dtype(before["dtype"])
        if "device" in changed:
            torch.set_default_device(before["device"] if before["device"] != torch.device("cpu") else None)
        if "gradients" in changed:
            torch.set_grad_enabled(before["gradients"])
        return [f"torch's default {name}" for name in changed]


def _directory() -> str:
    with suppress(OSError):  # it may have been removed
        return os.getcwd()
    return ""


def _is_main() -> bool:
    """Only the main thread may set signal handlers."""
    return threading.current_thread() is threading.main_thread()


def _torch_defaults(torch: Any) -> dict[str, Any]:
    """Empty where nobody has imported torch yet."""
    if torch is None or not hasattr(torch, "get_default_device"):
        return {}
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "gradients": torch.is_grad_enabled(),
    }


def _as_imported(torch: Any) -> dict[str, Any]:
    return {"dtype": torch.float32, "device": torch.device("cpu"), "gradients": True}
