"""How many bytes a value holds, roughly, whatever it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

OBJECT_BYTES = 64
MODEL_BYTES = 16 << 20
MOST_OBJECTS = 100_000
NUMBERS = frozenset({int, float, bool, type(None)})
LISTS = frozenset({list, tuple})


def size_of(thing: Any) -> int:
    """Roughly how many bytes a value holds: whatever has `nbytes` says so itself, containers are walked.

    Models count as little, whatever their size: their weights are the residency's to account for, and dropping the
    handle would only mean building it anew.
    """
    total, seen, waiting = 0, set[int](), [thing]
    for _ in range(MOST_OBJECTS):
        if not waiting:
            break
        one = waiting.pop()
        if type(one) in NUMBERS:
            total += OBJECT_BYTES
        elif id(one) not in seen:
            seen.add(id(one))
            size, inside = (OBJECT_BYTES, one) if type(one) in LISTS else _weighed(one)
            total += size
            waiting.extend(inside)
    return total


def _weighed(thing: Any) -> tuple[int, Iterable[Any]]:
    """See `_weigh`; a thing of a pack's own may raise whatever it likes when it is looked at."""
    try:
        return _weigh(thing)
    except Exception:
        return OBJECT_BYTES, ()


def _weigh(thing: Any) -> tuple[int, Iterable[Any]]:
    """The bytes of a thing itself, and what else it holds."""
    if isinstance(thing, (str, bytes, bytearray)):
        return OBJECT_BYTES + len(thing), ()
    if isinstance(thing, ModuleType):
        return OBJECT_BYTES, ()
    nbytes = None if type(thing) is dict else getattr(thing, "nbytes", None)
    if isinstance(nbytes, int):
        return OBJECT_BYTES + nbytes, ()
    if isinstance(thing, Mapping):
        return OBJECT_BYTES, [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset):
        return OBJECT_BYTES, thing
    if _is_model(thing):
        return MODEL_BYTES, ()
    return OBJECT_BYTES, list(vars(thing).values()) if hasattr(thing, "__dict__") and not callable(thing) else ()


def _is_model(thing: Any) -> bool:
    return any(callable(getattr(thing, name, None)) for name in ("state_dict", "parameters", "add_patches"))
