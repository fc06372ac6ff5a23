"""What a node's function returned, made uniform; and its `ui` part made plain data that can travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from execution.cache import Result
from nodes.schema import NodeSchema

REPORT_KEYS = {"ui", "result"}
INT64 = 1 << 63


def unpack(returned: Any, schema: NodeSchema) -> Result:
    """A function may return a value, a tuple with one value for each output, or `{"ui": …, "result": …}`.

    Raises ValueError when there are more values than outputs, or one bare value for several.
    """
    ui = None
    if isinstance(returned, dict) and returned and returned.keys() <= REPORT_KEYS:
        ui = plain(returned.get("ui"))
        returned = returned.get("result", ())
    return Result(_values(returned, schema), ui)


def _values(returned: Any, schema: NodeSchema) -> tuple[Any, ...]:
    expected = len(schema.outputs)
    if isinstance(returned, tuple):
        values = returned
    elif isinstance(returned, list) and expected > 1:
        values = tuple(returned)
    elif returned is None and expected == 0:
        values = ()
    elif expected <= 1:
        values = (returned,)
    else:
        raise ValueError(f"{schema.id} has {expected} outputs but returned one {type(returned).__name__}, not a tuple")
    if len(values) > expected:
        raise ValueError(f"{schema.id} has {expected} outputs but returned {len(values)} values")
    return values


def plain(value: Any) -> Any:
    """The same value in JSON's types; what has no such form becomes its text."""
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if -INT64 <= value < 2 * INT64 else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if callable(getattr(value, "tolist", None)):  # arrays and their scalars
        return plain(value.tolist())
    return str(value)
