"""Whether a node may stand for others, read off its code: before it has ever run, nothing else says so.

Found is what a function names: globals, also of modules, methods of its own class and of those that it names, imports
inside it. It need not be called to count; but what functions of libraries, and ours, call in their turn does not.
"""

from __future__ import annotations

import dis
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from functools import partial
from importlib.util import resolve_name
from inspect import getattr_static
from os.path import join
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from comfy_core.folders import CHECKOUT
from nodes.node import Node

ROOMS = ("comfy_core", "nodes", "execution", "compat", "web")
LIBRARIES = tuple(
    join(folder, "")
    for folder in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(CHECKOUT / room) for room in ROOMS}
)
IMPORT = dis.opmap["IMPORT_NAME"]
_ordinary: WeakKeyDictionary[FunctionType, set[int]] = WeakKeyDictionary()
"""Functions that are known not to lead to an expansion, as methods of classes by their identities: the nodes of a pack
share much of what they call."""


class _Callable(NamedTuple):
    """Something that may be called, of a class where it is a method."""

    value: Any
    owner: type | None = None


def seems_to_expand(function: Any, owner: type | None = None) -> bool:
    """Does a node's function, a method of `owner`, write a report with a result and a graph to expand to, or does
    another that it calls, of its pack or of a library?"""
    home = _root(function)
    waiting = [_Callable(function, owner)]
    seen: set[tuple[FunctionType, int]] = set()
    while waiting:
        value, owner = waiting.pop()
        inside = _inside(value)
        if inside is not None:
            waiting.append(_Callable(inside, owner))
        if not _is(value, FunctionType) or (value, id(owner)) in seen or id(owner) in _ordinary.get(value, ()):
            continue
        if {"result", "expand"} <= set(_texts(value.__code__.co_consts)):
            return True
        if _root(value) == home or not value.__code__.co_filename.startswith(LIBRARIES):
            seen.add((value, id(owner)))
            waiting += _named(value, owner)
    for value, id_of_owner in seen:
        _ordinary.setdefault(value, set()).add(id_of_owner)
    return False


def _root(function: Any) -> str:
    return str(getattr(function, "__module__", "")).partition(".")[0]


def _is(value: Any, *kinds: type) -> bool:
    """As isinstance, which asks objects that stand for others what they are, and so may do anything."""
    return issubclass(type(value), kinds)


def _inside(value: Any) -> Any:
    """What a wrapper of a function calls; None for all that is none."""
    if _is(value, partial):
        return value.func
    if _is(value, MethodType, staticmethod, classmethod):
        return value.__func__
    if _is(value, property):
        return value.fget
    return value.function if _is(value, Node) else getattr_static(value, "__wrapped__", None)


def _texts(constants: Iterable[Any]) -> Iterator[str]:
    """The texts among the constants of a function's code, also in tuples and in functions inside it."""
    for one in constants:
        if isinstance(one, str):
            yield one
        elif isinstance(one, tuple):
            yield from _texts(one)
        elif isinstance(one, CodeType):
            yield from _texts(one.co_consts)


# --- what a function names -------------------------------------------------------------------------------------------


def _named(function: FunctionType, owner: type | None) -> Iterator[_Callable]:
    """What a function may call, by all the names in its code."""
    codes = list(_codes(function.__code__))
    names = {name for code in codes for name in code.co_names}
    waiting = [function.__globals__[name] for name in names & function.__globals__.keys()]
    waiting += [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    waiting += [module for code in codes for module in _imported(code, function.__globals__.get("__package__"))]
    if owner is not None:
        yield from _methods(owner, names)
    seen = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if _is(value, ModuleType):
            waiting += [vars(value)[name] for name in names & vars(value).keys()]
        elif _is(value, type):
            yield from _methods(value, {"__new__", "__init__", *names})
        else:
            yield _Callable(value)
            yield from _methods(type(value), {"__call__", *names})


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of the functions inside it."""
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # what it is for is not there yet
        return False


def _imported(code: CodeType, package: Any) -> Iterator[ModuleType]:
    """The modules that a function imports when it runs, as far as they are loaded."""
    if IMPORT not in code.co_code[::2]:
        return
    steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
    for level, _, step in zip(steps, steps[1:], steps[2:], strict=False):
        if step.opcode == IMPORT:
            with suppress(ImportError):
                name = resolve_name("." * level.argval + step.argval, package)
                if name in sys.modules:
                    yield sys.modules[name]


def _methods(owner: type, names: Set[str]) -> Iterator[_Callable]:
    """Also those that a method of the same name takes the place of, and may call by `super`."""
    for base in owner.__mro__:
        for name in names & vars(base).keys():
            yield _Callable(vars(base)[name], owner)
