"""Types for writing nodes."""

from collections.abc import Callable
from typing import Any, Protocol

from .node_typing import (
    IO,
    CheckLazyMixin,
    ComfyNodeABC,
    FileLocator,
    HiddenInputTypeDict,
    InputTypeDict,
    InputTypeOptions,
)


class UnetApplyFunction(Protocol):
    def __call__(self, x: Any, t: Any, **kwargs: Any) -> Any: ...


UnetWrapperFunction = Callable[[UnetApplyFunction, dict[str, Any]], Any]
UnetParams = dict[str, Any]

__all__ = [
    "IO",
    "CheckLazyMixin",
    "ComfyNodeABC",
    "FileLocator",
    "HiddenInputTypeDict",
    "InputTypeDict",
    "InputTypeOptions",
    "UnetApplyFunction",
    "UnetParams",
    "UnetWrapperFunction",
]
