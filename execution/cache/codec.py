"""Values of nodes as a JSON text and a list of tensors, and back. Plain data and tensors only, so nothing is pickled.

Containers and JSON's own values keep their exact types: a tuple comes back as a tuple. Free of torch: whatever says
that its class is torch's Tensor is put into the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from execution import json_text

PLAIN = (str, int, float, bool, type(None))


class NotStorable(Exception):
    """A value is, or holds, something that has no plain form: a model, a function, a picture of a library's own."""


def encode(value: Any) -> tuple[str, list[Any]]:
    """The text and the tensors it refers to by number. Raises NotStorable."""
    tensors: dict[int, tuple[int, Any]] = {}
    try:
        text = json_text.write(_tree(value, tensors))
    except RecursionError:
        raise NotStorable("it nests too deeply") from None
    return text, [tensor for _, tensor in tensors.values()]


def decode(text: str, tensors: Sequence[Any]) -> Any:
    """Raises ValueError, KeyError, TypeError or IndexError for a text that `encode` did not write."""
    return _value(json_text.read(text), tensors)


def is_tensor(value: Any) -> bool:
    kind = type(value)
    return kind.__module__ == "torch" and kind.__name__ == "Tensor"


def _tree(value: Any, tensors: dict[int, tuple[int, Any]]) -> Any:
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is list:
        return [_tree(one, tensors) for one in value]
    if kind is tuple:
        return {"tuple": [_tree(one, tensors) for one in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: _tree(one, tensors) for key, one in value.items()}}
    if is_tensor(value):
        return {"tensor": tensors.setdefault(id(value), (len(tensors), value))[0]}
    raise NotStorable(f"{kind.__module__}.{kind.__qualname__} has no plain form")


def _value(tree: Any, tensors: Sequence[Any]) -> Any:
    if isinstance(tree, list):
        return [_value(one, tensors) for one in tree]
    if not isinstance(tree, dict):
        return tree
    ((kind, inside),) = tree.items()
    if kind == "tuple":
        return tuple(_value(one, tensors) for one in inside)
    if kind == "dict":
        return {key: _value(one, tensors) for key, one in inside.items()}
    return tensors[inside]
