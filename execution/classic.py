"""Node classes of the classic style (INPUT_TYPES, RETURN_TYPES, FUNCTION …), adapted to the engine's own Node.

Contract execution.md §4. What a class computes anew on every look (INPUT_TYPES) is read anew for every run.
"""

from __future__ import annotations

import inspect
import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from execution.dynamic_options import check
from execution.results import plain
from nodes.foretelling import seems_to_expand
from nodes.schema import Checks, Input, Node, NodeSchema, Output

NEVER_AN_INPUT = "\0"
NEVER_A_SLOT = 1 << 30
OUTPUTS = ("RETURN_TYPES", "RETURN_NAMES", "OUTPUT_IS_LIST")


def adapt_class(id: str, cls: Any, *, title: str = "", python_module: str = "") -> Node:
    """The node that a classic class is. Raises what the class raises, AttributeError for what it lacks."""
    function = getattr(cls, cls.FUNCTION)
    may_expand = seems_to_expand(function, cls)
    read = _Reader(cls, lambda declared: _read(id, cls, title or id, python_module, declared, may_expand))
    return Node(
        read(),
        lambda instance, /, **inputs: getattr(instance, cls.FUNCTION)(**inputs),
        dict(_hooks(cls)),
        make_instance=cls,
        reread=read,
        is_async=inspect.iscoroutinefunction(function),
    )


def _hooks(cls: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    if hasattr(cls, "IS_CHANGED"):
        yield "fingerprint", cls.IS_CHANGED
    if hasattr(cls, "VALIDATE_INPUTS"):
        yield "check", cls.VALIDATE_INPUTS
    if hasattr(cls, "check_lazy_status"):
        yield "lazy", lambda instance, /, **inputs: instance.check_lazy_status(**inputs)


class _Reader:
    """Reads the schema of a class; again only when what the class declares is not, to the byte, what it was."""

    def __init__(self, cls: Any, read: Callable[[Any], NodeSchema]) -> None:
        self._cls, self._read = cls, read
        self._declared: bytes | None = None

    def __call__(self) -> NodeSchema:
        declared = self._cls.INPUT_TYPES()
        seen = _bytes_of([declared, *[getattr(self._cls, name, None) for name in OUTPUTS]])
        if seen is None or seen != self._declared:
            self._schema = self._read(declared)
            self._declared = seen
        return self._schema


def _bytes_of(declared: Any) -> bytes | None:
    """Plain values as bytes; None if there are others, in which anything may change."""
    try:
        return marshal.dumps(declared, 2)  # from 3 on it also says which objects are the same one
    except ValueError:
        return None


def _read(id: str, cls: Any, title: str, python_module: str, declared: Any, may_expand: bool) -> NodeSchema:
    inputs = tuple(_inputs(declared))
    check(inputs)
    return NodeSchema(
        id=id,
        title=title,
        category=str(getattr(cls, "CATEGORY", None) or "sd"),
        description=str(getattr(cls, "DESCRIPTION", None) or ""),
        inputs=inputs,
        outputs=tuple(_outputs(cls)),
        is_output=getattr(cls, "OUTPUT_NODE", False) is True,
        is_input_list=bool(getattr(cls, "INPUT_IS_LIST", False)),
        not_idempotent=bool(getattr(cls, "NOT_IDEMPOTENT", False)),
        deprecated=bool(getattr(cls, "DEPRECATED", False)),
        experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
        python_module=python_module or cls.__module__,
        search_aliases=tuple(_listed(cls, "SEARCH_ALIASES")),
        essentials_category=getattr(cls, "ESSENTIALS_CATEGORY", None),
        style="class",
        any_input=_any_input(declared.get("optional")) or _any_input(declared.get("required")),
        any_output=_any_output(cls),
        checks=checks_of(getattr(cls, "VALIDATE_INPUTS", None)),
        has_intermediate_output=bool(getattr(cls, "HAS_INTERMEDIATE_OUTPUT", False)),
        dev_only=bool(getattr(cls, "DEV_ONLY", False)),
        api_node=bool(getattr(cls, "API_NODE", False)),
        may_expand=may_expand,
    )


def _inputs(declared: Mapping[str, Mapping[str, Any]]) -> Iterator[Input]:
    for section in ("required", "optional"):
        for name, entry in (declared.get(section) or {}).items():
            yield _input(name, entry, section)
    for name, entry in (declared.get("hidden") or {}).items():
        yield Input(name=name, type=_text(entry if isinstance(entry, str) else entry[0]), section="hidden")


def _input(name: str, entry: Any, section: str) -> Input:
    """An input from `(type,)`, `(type, options)` or, as some write it, the bare type."""
    kind, *rest = entry if isinstance(entry, list | tuple) else (entry,)
    options = plain(rest[0]) if rest and isinstance(rest[0], Mapping) else {}
    is_list = isinstance(kind, list | tuple)
    values = kind if is_list else options.get("options") if kind == "COMBO" and "remote" not in options else None
    values = values if isinstance(values, list | tuple) else None
    folder = getattr(kind, "folder", None)
    return Input(
        name=str(name),
        type="COMBO" if is_list else _text(kind),
        section=section,
        options=options,
        choices=None if values is None or folder else tuple(plain(list(values))),
        folder=folder,
        fits_all=_fits_all(kind),
        bare=not rest,
    )


def _outputs(cls: Any) -> Iterator[Output]:
    names, tooltips = _listed(cls, "RETURN_NAMES"), _listed(cls, "OUTPUT_TOOLTIPS")
    lists = _listed(cls, "OUTPUT_IS_LIST")
    kinds = _listed(cls, "RETURN_TYPES")
    for slot, kind in enumerate(kinds):
        is_combo = isinstance(kind, list | tuple)
        type = "COMBO" if is_combo else _text(kind)
        yield Output(
            type=type,
            name=str(names[slot]) if slot < len(names) else type,
            is_list=bool(lists[slot]) if slot < len(lists) else False,
            tooltip=tooltips[slot] if slot < len(tooltips) else None,
            choices=tuple(plain(list(kind))) if is_combo else None,
            fits_all=_fits_all(kind) or _fits_all(kinds[slot]),
        )


def _any_output(cls: Any) -> Output | None:
    """What the outputs are that a class has by giving, in an overridden `[]`, a type for every number."""
    try:
        kind = _listed(cls, "RETURN_TYPES")[NEVER_A_SLOT]
    except IndexError:
        return None
    return Output(type=_text(kind), name=_text(kind), fits_all=_fits_all(kind))


def _listed(cls: Any, name: str) -> Sequence[Any]:
    """An attribute that is a tuple; `("IMAGE")`, where the comma is forgotten, is one of that alone."""
    values = getattr(cls, name, None)
    return (values,) if isinstance(values, str | bool) else values or ()


def _any_input(section: Any) -> Input | None:
    """What the inputs are that a class takes by claiming, in an overridden `in`, to have every name."""
    if section is None or type(section) is dict or NEVER_AN_INPUT not in section:
        return None
    try:
        return _input("", section[NEVER_AN_INPUT], "optional")
    except (KeyError, TypeError, IndexError):
        return Input(name="", type="*", section="optional")


def checks_of(check: Callable[..., Any] | None) -> Checks | None:
    """What the parameters of a class's check say that it checks."""
    if check is None:
        return None
    parameters = inspect.signature(check).parameters.values()
    names = tuple(one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY))
    return Checks(
        names=tuple(name for name in names if name != "input_types"),
        everything=any(one.kind is one.VAR_KEYWORD for one in parameters),
        types="input_types" in names,
    )


def _fits_all(kind: Any) -> bool:
    """Does it claim to differ from nothing? So packs make an input or output of any type, mostly of a text."""
    if type(kind) is str or isinstance(kind, list | tuple):
        return False
    return not (kind != NEVER_AN_INPUT)  # noqa: SIM202


def _text(kind: Any) -> str:
    """The type as plain text: what packs derive from str does not cross the process border."""
    if isinstance(kind, str):
        return str.__str__(kind)
    return "*" if _fits_all(kind) else str(kind)
