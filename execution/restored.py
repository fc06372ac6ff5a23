"""What the code of one pack may change for the whole process is put back, so that it harms nobody else."""

from __future__ import annotations

import _signal  # the `signal` module looks every handler up in an enumeration, which takes a hundred times as long
import locale
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

log = logging.getLogger(__name__)
STREAMS = ("stdin", "stdout", "stderr")
SIGNALS = {
    name: int(getattr(signal, name))
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGALRM")
    if hasattr(signal, name)
}


class TorchDefaults(NamedTuple):
    dtype: Any
    device: Any
    gradients: bool
    threads: int
    determinism: bool


class Settings(NamedTuple):
    """`handlers` are empty where they cannot be set, `torch` is None while nobody has imported it."""

    directory: str
    locale: str
    streams: tuple[Any, ...]
    handlers: tuple[Any, ...]
    torch: TorchDefaults | None


@contextmanager
def restored(who: str) -> Iterator[Settings]:
    """Run code of others; afterwards the working directory, the locale, the standard streams, signal handlers and
    torch's defaults are what they were. What `who` has changed of them is logged."""
    before = _settings()
    try:
        yield before
    finally:
        now = _settings()
        changed = _put_back(before, now) if now != before else []
        _tell(who, changed)


def restore_tensors(before: Settings, who: str) -> None:
    """The same for what new tensors are like; it is cheap enough for after every node."""
    torch: Any = sys.modules.get("torch")
    was = before.torch
    if was is None or (torch.get_default_dtype() is was.dtype and torch.empty(0).device == was.device):
        return
    now = was._replace(dtype=torch.get_default_dtype(), device=torch.empty(0).device)
    _tell(who, _put_back_torch(was, now))


def _tell(who: str, changed: list[str]) -> None:
    if changed:
        log.warning("%s changed %s for the whole process; that is undone", who, " and ".join(changed))


def _settings() -> Settings:
    """As they are now."""
    return Settings(
        _directory(),
        locale.setlocale(locale.LC_ALL),
        tuple([getattr(sys, name, None) for name in STREAMS]),
        tuple(map(_signal.getsignal, SIGNALS.values())) if _is_main() else (),
        _torch_defaults(sys.modules.get("torch")),
    )


def _put_back(before: Settings, now: Settings) -> list[str]:
    """Make it all as it was; what was otherwise, in words."""
    changed = []
    if now.directory != before.directory and before.directory:
        os.chdir(before.directory)
        changed.append("the working directory")
    if now.locale != before.locale:
        locale.setlocale(locale.LC_ALL, before.locale)
        changed.append("the locale")
    for name, stream, other in zip(STREAMS, before.streams, now.streams, strict=True):
        if other is not stream:
            setattr(sys, name, stream)
            changed.append(f"sys.{name}")
    for name, handler, other in zip(SIGNALS, before.handlers, now.handlers, strict=False):
        if other is not handler and handler is not None:
            signal.signal(SIGNALS[name], handler)
            changed.append(f"the handler of {name}")
    return changed + _put_back_torch(before.torch, now.torch)


def _put_back_torch(before: TorchDefaults | None, now: TorchDefaults | None) -> list[str]:
    if now is None:
        return []
    torch: Any = sys.modules["torch"]
    before = before or TorchDefaults(torch.float32, torch.device("cpu"), True, now.threads, False)
    if now.dtype != before.dtype:
        torch.set_default_dtype(before.dtype)
    if now.device != before.device:
        torch.set_default_device(before.device if before.device != torch.device("cpu") else None)
    if now.gradients != before.gradients:
        torch.set_grad_enabled(before.gradients)
    if now.threads != before.threads:
        torch.set_num_threads(before.threads)
    if now.determinism != before.determinism:
        torch.use_deterministic_algorithms(before.determinism)
    names = [name for name, one, other in zip(now._fields, before, now, strict=True) if one != other]
    return [f"torch's default {name}" for name in names]


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it may have been removed
        return ""


def _is_main() -> bool:
    """Only the main thread may set signal handlers."""
    return threading.current_thread() is threading.main_thread()


def _torch_defaults(torch: Any) -> TorchDefaults | None:
    if not hasattr(torch, "empty"):  # it is not there, or a thread is about to import it
        return None
    return TorchDefaults(
        torch.get_default_dtype(),
        torch.empty(0).device,
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
    )
