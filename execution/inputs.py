"""Is a value right for an input? Links by their types, literals by kind, range and list; literals are also coerced."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from comfy_core.folders import INPUTS, Folders
from execution import problems
from execution.graph import GraphNode, Link
from execution.problems import Problem
from nodes.node import MATCH
from nodes.schema import Input, Output, choices, input_config

# Types that no JSON literal can be; a literal there is a link that somebody forgot or wrote wrongly.
SOCKETS = frozenset({"MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK", "CONTROL_NET", "CLIP_VISION"})
ANYTHING = "*"


class Refused(Exception):
    """A literal that its input does not take; carries the problem to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem["message"])
        self.problem = problem


class Inputs:
    """Checks the inputs of one prompt; the files of a folder are listed once for the whole prompt."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._listed: dict[str, list[str]] = {}

    def config(self, declared: Input) -> list[Any]:
        """`[type, options]` as /object_info shows it."""
        shown = input_config(declared, self._files)
        return shown if len(shown) > 1 else [*shown, {}]

    def check_link(
        self, node: GraphNode, declared: Input, link: Link, find: Callable[[str], GraphNode | None]
    ) -> Problem | None:
        """What is wrong with a link into `declared`, or None. `find` gives the node of an id."""
        source = find(link.node_id)
        if source is None:
            return problems.linked_node_missing(declared, self.config(declared), node, link)
        output = source.schema.output(link.slot)
        if output is None:
            return problems.linked_slot_missing(declared, self.config(declared), node, link, source)
        received = _type_of(output)
        if output.fits_all or declared.fits_all or self._checks_types(node) or types_match(received, declared.type):
            return None
        return problems.return_type_mismatch(declared, self.config(declared), received, link)

    def _checks_types(self, node: GraphNode) -> bool:
        return node.schema.checks is not None and node.schema.checks.types

    def coerce(self, declared: Input, value: Any, checked_by_node: bool = False) -> Any:
        """The literal as the node gets it; range and list do not matter for what the node checks. Raises Refused."""
        if declared.type in SOCKETS and (value is not None or declared.section == "required"):
            raise Refused(problems.bad_linked_input(declared, self.config(declared), value))
        if value is None and declared.section != "required":
            return None
        coerced = self._convert(declared, value)
        if checked_by_node:
            return coerced
        self._check_range(declared, coerced)
        if declared.is_combo:
            self._check_listed(declared, coerced)
        elif "remote" in declared.options and "image_folder" in declared.options:
            self._check_is_there(declared, coerced)
        return coerced

    def _convert(self, declared: Input, value: Any) -> Any:
        convert = CONVERSIONS.get(declared.type)
        if convert is None:
            return value
        try:
            return convert(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise Refused(problems.invalid_input_type(declared, self.config(declared), value, error)) from error

    def _check_range(self, declared: Input, value: Any) -> None:
        least, most = declared.options.get("min"), declared.options.get("max")
        if not isinstance(value, int | float):
            return
        if isinstance(least, int | float) and value < least:
            raise Refused(problems.value_smaller_than_min(declared, self.config(declared), value, least))
        if isinstance(most, int | float) and value > most:
            raise Refused(problems.value_bigger_than_max(declared, self.config(declared), value, most))

    def _check_listed(self, declared: Input, value: Any) -> None:
        values = choices(declared, self._files)
        many = declared.options.get("multiselect") and isinstance(value, list)
        for one in value if many else [value]:
            if one not in values and not self._is_annotated_file(declared, one):
                raise Refused(problems.value_not_in_list(declared, self.config(declared), one, values))

    def _check_is_there(self, declared: Input, value: Any) -> None:
        """A file that the client chose from a list of its own."""
        folder = str(declared.options["image_folder"])
        try:
            is_there = self._folders.find(folder, value).is_file()
        except (ValueError, OSError, AttributeError):
            is_there = False
        if not is_there:
            raise Refused(problems.value_not_in_list(declared, self.config(declared), value, ["files in " + folder]))

    def _is_annotated_file(self, declared: Input, value: Any) -> bool:
        """`picture.png [output]` names a file of another folder than the listed one; uploads do, too."""
        if declared.folder not in INPUTS or not isinstance(value, str) or not value:
            return False
        try:
            return self._folders.find("input", value).is_file()
        except (ValueError, OSError):
            return False

    def _files(self, folder: str) -> list[str]:
        if folder not in self._listed:
            self._listed[folder] = self._folders.files(folder)
        return self._listed[folder]


def types_match(received: Any, declared: Any) -> bool:
    """May an output of type `received` feed an input of type `declared`? (contract execution.md §3.1)"""
    # Written with != because packs in the wild make an "any type" by overriding __ne__ of a str.
    if not (received != declared):  # noqa: SIM202
        return True
    if {ANYTHING, MATCH} & {one for one in (received, declared) if isinstance(one, str)}:
        return True
    if isinstance(received, list):
        return declared == "COMBO"
    if not isinstance(received, str) or not isinstance(declared, str):
        return False
    out, into = _members(received), _members(declared)
    return ANYTHING in out | into or bool(out & into)


def _members(union: str) -> set[str]:
    return {one.strip() for one in union.split(",")} - {""}


def _type_of(output: Output) -> Any:
    return list(output.choices) if output.choices is not None else output.type


def _real_number(value: Any) -> float:
    number = float(value)
    if math.isnan(number):
        raise ValueError("not a number (NaN); give it a value")
    return number


CONVERSIONS: dict[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": _real_number, "STRING": str, "BOOLEAN": bool}
