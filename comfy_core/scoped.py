"""A context variable with a value for the time of a `with` block. A class, for every call of a node enters a few."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def here_or_last(variable: ContextVar[T | None], everywhere: list[T]) -> T | None:
    """The variable's value; in a thread that was given none, the last one that is `everywhere` (see Scoped)."""
    value = variable.get()
    return value if value is not None else next(iter(everywhere[-1:]), None)


class Scoped(Generic[T]):
    """`with Scoped(variable, value)`: the variable has the value inside, in this thread and in tasks made there.

    The value is also in the list `everywhere` meanwhile, for other threads to see.
    """

    __slots__ = ("_everywhere", "_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[T], value: T, everywhere: list[Any] | None = None) -> None:
        self._variable, self._value, self._everywhere = variable, value, everywhere

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)
        if self._everywhere is not None:
            self._everywhere.append(self._value)

    def __exit__(self, *_: object) -> None:
        if self._everywhere is not None:
            self._everywhere.remove(self._value)
        self._variable.reset(self._token)
