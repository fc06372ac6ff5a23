"""The base of schema style nodes, what they return, and how the engine calls them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from nodes.expansion import ExecutionBlocker
from nodes.schema import Node, NodeSchema

from ._schema import Hidden, Schema, our_schema


class NodeOutput:
    """What a node returns: a value for each output, and what to show, to expand to or to block with."""

    def __init__(
        self,
        *args: Any,
        ui: Any = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        return self.args if self.args else None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NodeOutput:
        """From `{"result", "ui", "expand"}`."""
        result = data.get("result")
        if isinstance(result, ExecutionBlocker):
            return cls(ui=data.get("ui"), expand=data.get("expand"), block_execution=result.message)
        return cls(*(result or ()), ui=data.get("ui"), expand=data.get("expand"))

    def __getitem__(self, index: int) -> Any:
        return self.args[index]


class HiddenHolder:
    """`cls.hidden`: the hidden inputs by name, None for those not declared."""

    def __init__(self, values: dict[str, Any]) -> None:
        for one in Hidden:
            setattr(self, one.name, values.get(one.name))


class _Lockable(type):
    """Classes that refuse assignment once they are locked: a node keeps nothing from call to call."""

    def __setattr__(cls, name: str, value: Any) -> None:
        if "_locked" in cls.__dict__:
            raise AttributeError(f"{cls.__name__} keeps no state: {name!r} cannot be set; use a module variable")
        super().__setattr__(name, value)


class ComfyNode(metaclass=_Lockable):
    """A node states its schema and its work in class methods."""

    RELATIVE_PYTHON_MODULE: str | None = None
    hidden: HiddenHolder = HiddenHolder({})

    @classmethod
    def define_schema(cls) -> Schema:
        raise NotImplementedError(f"{cls.__name__} defines no schema")

    @classmethod
    def execute(cls, **inputs: Any) -> Any:
        raise NotImplementedError(f"{cls.__name__} has no execute")

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """The schema, checked. Raises ValueError for ids that are not unique."""
        schema = cls.define_schema()
        schema.validate()
        return schema

    @classmethod
    def as_node(cls, python_module: str) -> Node:
        """What the engine runs."""
        check = own(cls, "validate_inputs")

        def read() -> Any:
            return our_schema(cls.define_schema(), cls, check, python_module)

        schema = read()
        hooks = {"check": "validate_inputs", "fingerprint": "fingerprint_inputs", "lazy": "check_lazy_status"}
        return Node(
            schema,
            caller(cls, schema, "execute", report),
            {hook: caller(cls, schema, name) for hook, name in hooks.items() if own(cls, name) is not None},
            reread=read,
            is_async=inspect.iscoroutinefunction(cls.execute),
        )


def own(cls: Any, name: str) -> Callable[..., Any] | None:
    """A method that the node itself has."""
    return getattr(cls, name, None)


def caller(
    cls: Any, schema: NodeSchema, method: str, finish: Callable[[Any, Any], Any] = lambda cls, returned: returned
) -> Any:
    """A function that calls a method on a locked copy of the class, which has the hidden inputs, each as it is also
    where the others are lists."""
    filled_in = schema.filled_in_inputs

    def call(**inputs: Any) -> Any:
        given = {one.name: inputs.pop(name) for name, one in filled_in.items() if name in inputs}
        hidden = {name: value[0] for name, value in given.items()} if schema.is_input_list else given
        copy = type(cls.__name__, (cls,), {"hidden": HiddenHolder(hidden), "_locked": True})
        returned = getattr(copy, method)(**inputs)
        return _later(cls, returned, finish) if inspect.isawaitable(returned) else finish(cls, returned)

    return call


async def _later(cls: Any, returned: Any, finish: Callable[[Any, Any], Any]) -> Any:
    return finish(cls, await returned)


def report(cls: Any, returned: Any) -> Any:
    """What `execute` returned in the engine's terms. Raises TypeError for what is none of the allowed forms."""
    if returned is None:
        return {"result": ()}
    if isinstance(returned, tuple | ExecutionBlocker):
        return returned
    if isinstance(returned, dict):
        returned = NodeOutput.from_dict(returned)
    if not isinstance(returned, NodeOutput):
        raise TypeError(f"{cls.__name__} returned a {type(returned).__name__}; return io.NodeOutput(value, …)")
    if returned.expand is not None and not cls.GET_SCHEMA().enable_expand:
        raise ValueError(f"{cls.__name__} expands, but its schema does not say enable_expand=True")
    if returned.block_execution is not None:
        result: Any = ExecutionBlocker(returned.block_execution)
    else:
        result = returned.args
    ui = returned.ui.as_dict() if hasattr(returned.ui, "as_dict") else returned.ui
    parts = {"result": result, "ui": ui, "expand": returned.expand}
    return {key: value for key, value in parts.items() if value is not None}
