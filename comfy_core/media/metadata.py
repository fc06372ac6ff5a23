"""Whether the files that nodes save tell how they were made: yes, unless `--disable-metadata` says no."""

from __future__ import annotations

_is_wanted = True


def configure(wanted: bool) -> None:
    """Set once, at start."""
    global _is_wanted
    _is_wanted = wanted


def is_wanted() -> bool:
    return _is_wanted
