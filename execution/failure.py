"""How an exception inside a node is told: what happened, where, with which inputs, without the person's paths."""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from comfy_core import folders
from comfy_core.memory.shortage import is_out_of_memory
from execution.events import ExecutionError, now_ms
from execution.graph import GraphNode
from execution.results import plain

LONGEST_VALUE = 200
MOST_VALUES = 100
LONGEST_MESSAGE = 10_000
MOST_FRAMES = 100


def describe(
    error: BaseException,
    *,
    prompt_id: str,
    node: GraphNode,
    real_id: str,
    arguments: Mapping[str, Sequence[Any]],
    executed: Sequence[str],
    current_outputs: Sequence[str],
) -> ExecutionError:
    """The event for an exception that a node raised. `real_id` is the prompt's own node that `node` belongs to."""
    error = _raised(error)
    hidden = node.schema.filled_in_inputs if node.schema.style == "schema" else ()
    return ExecutionError(
        prompt_id=prompt_id,
        node_id=real_id,
        node_type=node.schema.id,
        exception_message=_message(error, node),
        exception_type=_type_name(error),
        traceback=_traceback(error),
        executed=list(executed),
        current_inputs={
            name: [_short(one) for one in values[:MOST_VALUES]]
            for name, values in arguments.items()
            if name not in hidden
        },
        current_outputs=list(current_outputs),
        timestamp=now_ms(),
    )


def _message(error: BaseException, node: GraphNode) -> str:
    if is_out_of_memory(error):
        return (
            f"Out of memory in {node.title}. All models were unloaded: run it again with a smaller picture or batch, "
            "or start with --lowvram."
        )
    if isinstance(error, SystemExit):
        return f"{node.title} tried to end the process with exit code {error.code}."
    return without_roots(_text(error)) or f"{node.title} failed with {_type_name(error)} and gave no reason."


def _raised(error: BaseException) -> BaseException:
    """What the node itself raised: Python makes a RuntimeError of a StopIteration that leaves a coroutine."""
    return error.__cause__ if isinstance(error.__cause__, StopIteration) else error


def _text(error: BaseException) -> str:
    try:
        text = str(error).strip()
    except Exception:  # raised by a pack's own way to say it
        return ""
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _traceback(error: BaseException) -> list[str]:
    """The frames from the node's function on; the engine's own, above it, help nobody, nor do all of a recursion."""
    frames = [
        f"  File {_relative(frame.filename)!r}, line {frame.lineno}, in {frame.name}\n    {frame.line}\n"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent != Path(__file__).parent
    ]
    if len(frames) > MOST_FRAMES:
        half = MOST_FRAMES // 2
        frames[half:-half] = [f"  … {len(frames) - 2 * half} more …\n"]
    return frames


def without_roots(text: str) -> str:
    """A text with paths inside the base directory and the checkout as seen from there."""
    for root in (folders.current().base, folders.CHECKOUT):
        text = text.replace(f"{root}{os.sep}", "")
    return text


def _relative(filename: str) -> str:
    for root in (folders.current().base, folders.CHECKOUT, *map(Path, set(sysconfig.get_paths().values()))):
        if Path(filename).is_relative_to(root):
            return Path(filename).relative_to(root).as_posix()
    return Path(filename).name


def _short(value: Any) -> Any:
    """A value as an error report shows it; by its type only where it cannot even be looked at."""
    try:
        return _described(value)
    except Exception:  # raised by a class of a pack
        return type(value).__name__


def _described(value: Any) -> Any:
    """A tensor is told by its shape, for printing one may wait for a device."""
    if value is None or isinstance(value, bool | int | float):
        return plain(value)
    if hasattr(value, "shape"):
        return f"{type(value).__name__}{list(value.shape)}"
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    if isinstance(value, list | tuple | dict):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
