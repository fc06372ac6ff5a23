"""What a schema style node says of itself, and the engine's own schema made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from execution.classic import checks_of
from execution.results import plain
from nodes.schema import Input as OurInput
from nodes.schema import NodeSchema
from nodes.schema import Output as OurOutput

from ._base import Input, Output
from ._dynamic import MatchType


class Hidden(StrEnum):
    """Inputs that the engine fills in."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"
    comfy_usage_source = "COMFY_USAGE_SOURCE"


@dataclass
class PriceBadgeDepends:
    widgets: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    input_groups: list[str] = field(default_factory=list)


@dataclass
class PriceBadge:
    """How the editor works out the price of a paid node."""

    expr: str
    depends_on: PriceBadgeDepends = field(default_factory=PriceBadgeDepends)
    engine: str = "jsonata"

    def as_dict(self) -> dict[str, Any]:
        return {"engine": self.engine, "depends_on": vars(self.depends_on), "expr": self.expr}


@dataclass
class Schema:
    """Everything that is known about a node without running it. Ids are unique among inputs and among outputs."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    description: str = ""
    search_aliases: list[str] = field(default_factory=list)
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_dev_only: bool = False
    is_api_node: bool = False
    price_badge: PriceBadge | None = None
    not_idempotent: bool = False
    enable_expand: bool = False
    accept_all_inputs: bool = False
    essentials_category: str | None = None
    has_intermediate_output: bool = False

    def validate(self) -> None:
        """Raises ValueError where an id stands for two inputs or two outputs."""
        for kind, declared in (("input", self.inputs), ("output", self.outputs)):
            ids = [one.id for one in declared or ()]
            twice = [id for id, times in Counter(ids).items() if id is not None and times > 1]
            if twice:
                raise ValueError(f"{self.node_id}: the {kind} ids {', '.join(map(str, twice))} are used more than once")

    def all_hidden(self) -> list[Hidden]:
        """Those asked for, and those that every output node and every API node has."""
        implied: list[Hidden] = []
        if self.is_output_node:
            implied += [Hidden.prompt, Hidden.extra_pnginfo]
        if self.is_api_node:
            implied += [Hidden.auth_token_comfy_org, Hidden.api_key_comfy_org, Hidden.comfy_usage_source]
        return list(dict.fromkeys([*(self.hidden or []), *implied]))


def our_schema(schema: Schema, cls: Any, check: Any, python_module: str) -> NodeSchema:
    """The engine's schema of a node. Raises ValueError for ids that are not unique."""
    schema.validate()
    declared = [our_input(one) for one in sorted(schema.inputs or [], key=lambda one: one.optional)]
    hidden = [OurInput(name=one.name, type=one.value, section="hidden") for one in schema.all_hidden()]
    return NodeSchema(
        id=schema.node_id,
        title=str(schema.display_name or schema.node_id),
        category=str(schema.category or "sd"),
        description=str(schema.description or ""),
        inputs=(*declared, *hidden),
        outputs=tuple(our_output(one) for one in schema.outputs or []),
        is_output=schema.is_output_node,
        is_input_list=schema.is_input_list,
        not_idempotent=schema.not_idempotent,
        deprecated=schema.is_deprecated,
        experimental=schema.is_experimental,
        python_module=python_module,
        search_aliases=tuple(schema.search_aliases or ()),
        essentials_category=schema.essentials_category,
        style="schema",
        any_input=OurInput(name="", type="*", section="optional") if schema.accept_all_inputs else None,
        checks=checks_of(check),
        has_intermediate_output=schema.has_intermediate_output,
        dev_only=schema.is_dev_only,
        api_node=schema.is_api_node,
        may_expand=schema.enable_expand,
        price_badge=schema.price_badge.as_dict() if schema.price_badge is not None else None,
    )


def our_input(one: Input) -> OurInput:
    type, options = one.get_io_type(), plain(one.as_dict())
    is_combo = type == "COMBO" and "remote" not in options
    return OurInput(
        name=one.id,
        type=type,
        section="optional" if one.optional else "required",
        options=options,
        choices=tuple(options.get("options", ())) if is_combo else None,
    )


def our_output(one: Output) -> OurOutput:
    type = one.get_io_type()
    return OurOutput(
        type=type,
        name=one.display_name or type,
        is_list=one.is_output_list,
        tooltip=one.tooltip,
        match=one.template.template_id if isinstance(one, MatchType.Output) else None,
    )
