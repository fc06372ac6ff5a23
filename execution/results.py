"""What a node's function returned, made uniform; and its `ui` part made plain data that can travel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import msgspec

from execution.cache import Result
from nodes.expansion import ExecutionBlocker
from nodes.schema import NodeSchema, Output

REPORT_KEYS = {"ui", "result", "expand"}
INT64 = 1 << 63


class Returned(msgspec.Struct, frozen=True):
    """What one call gave: a value for each output, its `ui` dict, and the graph that it expands to.

    With `expand`, values may be links into that graph.
    """

    values: tuple[Any, ...]
    ui: dict[str, Any] | None = None
    expand: dict[str, Any] | None = None


def unpack(returned: Any, schema: NodeSchema) -> Returned:
    """A function may return a value, a tuple with one value for each output, `{"ui", "result", "expand"}` or a blocker.

    Raises ValueError when there are more values than outputs, or one bare value for several. Classes of others are
    taken more lightly: too many values are dropped, and a list is as good as a tuple.
    """
    if isinstance(returned, ExecutionBlocker):
        return blocked(schema, returned)
    if not _is_report(returned, schema):
        return Returned(_values(returned, schema))
    ui, expand, values = _ui(returned.get("ui"), schema), returned.get("expand"), returned.get("result", ())
    if isinstance(values, ExecutionBlocker):
        return Returned(blocked(schema, values).values, ui, expand)
    return Returned(_values(values, schema), ui, expand)


def _ui(shown: Any, schema: NodeSchema) -> dict[str, Any] | None:
    if not isinstance(shown, Mapping | None):
        raise ValueError(f"{schema.id} returned a {type(shown).__name__} as ui; it is a dictionary of lists")
    lists = {key: list(one) if isinstance(one, Iterator) else one for key, one in (shown or {}).items()}
    return plain(lists) or None


def blocked(schema: NodeSchema, blocker: ExecutionBlocker) -> Returned:
    """A blocker in place of every value."""
    return Returned((blocker,) * len(schema.outputs))


def merge(calls: Sequence[Returned], schema: NodeSchema, follow: Callable[[Any], list[Any] | None]) -> Result:
    """The results of a node's calls as one: for each output a list with what every call gave.

    A call of a list output gives several items. `follow` gives the items behind a value that is a link into a graph
    the node expanded to, None for other values.
    """
    ui = merge_ui([call.ui for call in calls if call.ui is not None])
    given = [_slots(call, schema, follow) for call in calls]
    if len(given) == 1:
        return Result(tuple(given[0]), ui)
    slots: list[list[Any]] = [[] for _ in range(max(map(len, given), default=len(schema.outputs)))]
    for one in given:
        for slot, items in zip(slots, one, strict=False):
            slot.extend(items)
    return Result(tuple(slots), ui)


def merge_ui(uis: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The `ui` dicts of all calls as one: for each key of the first, the lists of all one after the other."""
    if not uis:
        return None
    return {key: [item for ui in uis for item in _listed(ui.get(key))] for key in uis[0]}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_report(returned: Any, schema: NodeSchema) -> bool:
    if not isinstance(returned, dict) or not returned:
        return False
    return returned.keys() <= REPORT_KEYS or (schema.style == "class" and bool(returned.keys() & REPORT_KEYS))


def _slots(call: Returned, schema: NodeSchema, follow: Callable[[Any], list[Any] | None]) -> list[list[Any]]:
    """The items that one call gave for each output."""
    slots = []
    more = () if schema.any_output is None else repeat(schema.any_output)
    for value, output in zip(call.values, chain(schema.outputs, more), strict=False):
        behind = follow(value) if call.expand is not None else None
        slots.append(_items(value, output) if behind is None else list(behind))
    return slots


def _items(value: Any, output: Output) -> list[Any]:
    if not output.is_list or isinstance(value, ExecutionBlocker):
        return [value]
    if not isinstance(value, Iterable):
        raise TypeError(f"output {output.name!r} is declared as a list, but what came is one {type(value).__name__}")
    return list(value)


def _values(returned: Any, schema: NodeSchema) -> tuple[Any, ...]:
    expected = len(schema.outputs)
    is_class = schema.style == "class"
    if isinstance(returned, tuple):
        values = returned
    elif isinstance(returned, list) and (expected > 1 or is_class):
        values = tuple(returned)
    elif returned is None and (expected == 0 or is_class):
        values = ()
    elif expected <= 1:
        values = (returned,)
    else:
        raise ValueError(f"{schema.id} returned one {type(returned).__name__}, not a tuple for its {expected} outputs")
    if len(values) > expected and not is_class:
        raise ValueError(f"{schema.id} returned {len(values)} values, more than it has outputs: {expected}")
    return values[:expected] if schema.any_output is None else values


def plain(value: Any) -> Any:
    """The same value in JSON's types; what has no such form becomes its text."""
    if value is None or type(value) in (bool, str, float):
        return value
    if isinstance(value, str):  # one of a class derived from it, as packs and arrays have them
        return str.__str__(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value) if -INT64 <= value < 2 * INT64 else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if callable(getattr(value, "tolist", None)):  # arrays and their scalars
        return plain(value.tolist())
    return str(value)
