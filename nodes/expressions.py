"""Nodes that compute numbers."""

from __future__ import annotations

import string
from typing import Annotated, Any

from comfy_core.formula import compute
from nodes.schema import Boolean, Float, Grow, Int, String, node

Values = Annotated[
    dict[str, Any],
    Grow(
        "value",
        names=tuple(string.ascii_lowercase),
        type="FLOAT,INT,BOOLEAN",
        min=1,
        tooltip="The numbers called a, b … in the formula.",
    ),
]


@node(
    "ComfyMathExpression",
    title="Math Expression",
    category="utilities",
    outputs=("FLOAT", "INT", "BOOL"),
    python_module="comfy_extras.nodes_math",
    search_aliases=("expression", "formula", "calculate", "calculator", "eval", "math"),
)
def math_expression(
    expression: Annotated[
        str, String(default="a + b", multiline=True, tooltip="Such as round(a * 1.5 / 8) * 8, or b if a > 2 else c.")
    ],
    values: Values,
) -> tuple[Annotated[float, Float()], Annotated[int, Int()], Annotated[bool, Boolean()]]:
    """Compute a formula over numbers."""
    result = compute(expression, values)
    return float(result), int(result), bool(result)
