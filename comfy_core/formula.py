"""Formulas that a user writes, computed without running Python: `round(a * 1.5 / 8) * 8`, `b if a > 2 else c`.

A formula is parsed to a syntax tree and only what is listed here is computed. Free of torch.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

LONGEST = 2000
DEEPEST = 100
MOST_BITS = 1024

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "float": float,
    "floor": math.floor,
    "int": int,
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": max,
    "min": min,
    "pow": lambda base, exponent: power(base, exponent),
    "round": round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "sum": lambda *values: sum(values[0] if len(values) == 1 and isinstance(values[0], list) else values),
    "tan": math.tan,
}
CONSTANTS = {"pi": math.pi, "e": math.e}


def power(base: float, exponent: float) -> float:
    """Raises ValueError when the result would have more digits than a formula needs."""
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MOST_BITS:
        raise ValueError(f"{base} to the power of {exponent} is too large")
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError(f"{base} to the power of {exponent} is not a real number")
    return result


def product(one: float, other: float) -> float:
    if isinstance(one, int) and isinstance(other, int) and one.bit_length() + other.bit_length() > MOST_BITS:
        raise ValueError("a product is too large")
    return one * other


OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: product,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: power,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def compute(formula: str, values: Mapping[str, float]) -> float:
    """The number or truth value of a formula over named numbers; `values` in it is the list of all.

    Raises ValueError in one sentence.
    """
    if len(formula) > LONGEST:
        raise ValueError(f"a formula of {len(formula)} characters is too long; it may have {LONGEST}")
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{formula!r} is not a formula: {getattr(error, 'msg', error)}") from None
    names = {**CONSTANTS, **values, "values": list(values.values())}
    try:
        result = _value(tree, names, DEEPEST)
        is_number = isinstance(result, int | float) and math.isfinite(result)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"{formula!r} cannot be computed: {error}") from None
    if not is_number:
        raise ValueError(f"{formula!r} is not a number")
    return result


def _value(node: ast.expr, names: Mapping[str, Any], depth: int) -> Any:
    if depth == 0:
        raise ValueError("it nests too deeply")

    def value(one: ast.expr) -> Any:
        return _value(one, names, depth - 1)

    match node:
        case ast.Constant(value=bool() | int() | float() as number):
            return number
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Name(id=name):
            raise ValueError(f"{name!r} has no value; there are: {', '.join(names)}")
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](value(left), value(right))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(value(one) for one in parts)
        case ast.BoolOp(values=parts):
            return any(value(one) for one in parts)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in OPERATORS for op in ops):
            terms = [value(one) for one in (left, *others)]
            return all(OPERATORS[type(op)](*pair) for op, pair in zip(ops, pairwise(terms), strict=True))
        case ast.IfExp(test=test, body=body, orelse=otherwise):
            return value(body) if value(test) else value(otherwise)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(value(one) for one in arguments))
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"there is no function {name!r}; there are: {', '.join(FUNCTIONS)}")
    raise ValueError(f"{ast.unparse(node)!r} is more than a formula may say")
