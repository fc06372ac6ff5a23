"""A node as data: its schema, which crosses the process border and is kept on disk, and the code behind it.

Never imports torch.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

MATCH, AUTOGROW = "COMFY_MATCHTYPE_V3", "COMFY_AUTOGROW_V3"
DYNAMIC_COMBO, DYNAMIC_SLOT = "COMFY_DYNAMICCOMBO_V3", "COMFY_DYNAMICSLOT_V3"
MOST_OUTPUTS = 1_000
"""Of a class that declares no end to them."""
DYNAMIC = frozenset({AUTOGROW, DYNAMIC_COMBO, DYNAMIC_SLOT})
"""Types of inputs that bring more inputs along, by their values."""
FILLED_IN = frozenset(
    {
        "PROMPT",
        "DYNPROMPT",
        "EXTRA_PNGINFO",
        "UNIQUE_ID",
        "AUTH_TOKEN_COMFY_ORG",
        "API_KEY_COMFY_ORG",
        "COMFY_USAGE_SOURCE",
    }
)


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a node. `choices` lists a combo's values; `folder` names the folder whose files are its values.

    `fits_all`: the class says that its type equals every other. `bare`: declared without options.
    """

    name: str
    type: str
    section: str = "required"
    options: dict[str, Any] = {}
    choices: tuple[Any, ...] | None = None
    folder: str | None = None
    fits_all: bool = False
    bare: bool = False

    @property
    def is_combo(self) -> bool:
        return self.choices is not None or self.folder is not None

    @property
    def is_filled_in(self) -> bool:
        """Does the engine give its value? Hidden inputs of other types have what the prompt gives, if it does."""
        return self.section == "hidden" and self.type in FILLED_IN

    @property
    def is_lazy(self) -> bool:
        """Is what it is linked to computed only when the node asks for it?"""
        return bool(self.options.get("lazy"))

    @property
    def is_raw_link(self) -> bool:
        """Does the node get the link itself instead of the value?"""
        return bool(self.options.get("rawLink"))


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One output slot of a node. `choices` is set where the output is itself a combo's list of values.

    `match` names the template whose inputs decide its type (schema style nodes).
    """

    type: str
    name: str
    is_list: bool = False
    tooltip: str | None = None
    choices: tuple[Any, ...] | None = None
    fits_all: bool = False
    match: str | None = None


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What a class checks itself: the inputs of those names, or `everything`; `types`: also the types of links."""

    names: tuple[str, ...] = ()
    everything: bool = False
    types: bool = False

    def cover(self, name: str) -> bool:
        return self.everything or name in self.names


class NodeSchema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that is known about a node class without running it.

    `style` says how it was written: as a `function` of ours, a `class` with INPUT_TYPES, or a `schema` (io.Schema).
    `any_input` is what inputs are that the class takes without declaring them, `any_output` what outputs are that it
    has beyond those declared; None when it has none. A node of a class that `may_expand` may stand for others, which
    show when it runs.
    """

    id: str
    title: str
    category: str
    description: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    is_output: bool = False
    is_input_list: bool = False
    not_idempotent: bool = False
    deprecated: bool = False
    experimental: bool = False
    python_module: str = "nodes"
    search_aliases: tuple[str, ...] = ()
    essentials_category: str | None = None
    version: str = ""
    style: str = "function"
    any_input: Input | None = None
    any_output: Output | None = None
    checks: Checks | None = None
    has_intermediate_output: bool = False
    dev_only: bool = False
    api_node: bool = False
    price_badge: dict[str, Any] | None = None
    may_expand: bool = False

    @cached_property
    def filled_in_inputs(self) -> dict[str, Input]:
        """Those that the engine gives values, by the arguments that carry them. Schema style nodes get them apart from
        the others, of which one may be called `prompt`, too."""
        prefix = "hidden." if self.style == "schema" else ""
        return {prefix + one.name: one for one in self.inputs if one.is_filled_in}

    @cached_property
    def given_inputs(self) -> tuple[Input, ...]:
        """Those that a prompt gives."""
        return tuple(one for one in self.inputs if not one.is_filled_in)

    @cached_property
    def dynamic_inputs(self) -> tuple[str, ...]:
        """The names of those that bring more inputs along."""
        return tuple(one.name for one in self.given_inputs if one.type in DYNAMIC)

    @cached_property
    def is_individual(self) -> bool:
        """Does the outcome depend on which node of the graph it is?"""
        return self.not_idempotent or any(one.type == "UNIQUE_ID" for one in self.filled_in_inputs.values())

    def input(self, name: str) -> Input | None:
        return next((one for one in self.inputs if one.name == name), None)

    def output(self, slot: int) -> Output | None:
        if 0 <= slot < len(self.outputs):
            return self.outputs[slot]
        return self.any_output if 0 <= slot < MOST_OUTPUTS else None


@dataclass(frozen=True)
class Node:
    """A schema and the code behind it. The hooks beside `function` are optional and get the same keyword arguments.

    They are `fingerprint`, `lazy` (names the lazy inputs it needs now) and `check` (True, or what is wrong). Where
    there is `make_instance`, `function` and `lazy` get as first argument an instance that is kept while the node
    stays in the prompt. `reread` gives the schema anew where its inputs may change while the worker runs. A built-in
    node that `gives_way` does what one of a well-known pack does, and is not there when that pack is.
    """

    schema: NodeSchema
    function: Callable[..., Any]
    hooks: dict[str, Callable[..., Any]] = field(default_factory=dict)
    make_instance: Callable[[], Any] | None = None
    reread: Callable[[], NodeSchema] | None = None
    is_async: bool = False
    gives_way: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """What notebooks and `help` show."""
        return inspect.signature(self.function)

    def fingerprint(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        """Register what stands for the outside world in the cache signature (a file's hash, a clock …)."""
        self.hooks["fingerprint"] = hook
        return hook

    def lazy(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        """Register what says which lazy inputs are needed, given all inputs with None for those not computed yet."""
        self.hooks["lazy"] = hook
        return hook

    def current_schema(self) -> NodeSchema:
        """The schema as it is now. Raises what the class raises."""
        return self.schema if self.reread is None else self.reread()
