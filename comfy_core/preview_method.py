"""Which previews sampling shows: what the command line says, unless the prompt says otherwise. Free of torch."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar

from comfy_core.scoped import Scoped

METHODS = ("none", "auto", "latent2rgb", "taesd")
"""`latent2rgb` is rough colours by one matrix, `taesd` a small decoder from models/vae_approx/; `auto` is the former
where the family has a matrix, else the latter."""

_usual = "auto"
_of_run: ContextVar[str | None] = ContextVar("preview_method", default=None)


def configure(method: str) -> None:
    """Set the usual method, once, at start. Raises ValueError for one that does not exist."""
    global _usual
    if method not in METHODS:
        raise ValueError(f"the preview method {method!r} is not one of: {', '.join(METHODS)}")
    _usual = method


def current() -> str:
    """The method that counts here."""
    return _of_run.get() or _usual


def using(method: object) -> AbstractContextManager[None]:
    """Have a run's own method inside the block; `default`, or anything that is none, is the usual one."""
    return Scoped(_of_run, method if isinstance(method, str) and method in METHODS else None)
