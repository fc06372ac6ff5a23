"""Nodes that join, cut, compare and rewrite text."""

from __future__ import annotations

import json
import re
import string as strings
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from nodes.preview import as_text
from nodes.schema import Boolean, Combo, Grow, Int, Socket, String, node

CATEGORY, MODULE = "text", "comfy_extras.nodes_string"
LONGEST_SPEC = 12
CASES = {"UPPERCASE": str.upper, "lowercase": str.lower, "Capitalize": str.capitalize, "Title Case": str.title}
TRIMS = {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "Starts With": str.startswith,
    "Ends With": str.endswith,
    "Equal": str.__eq__,
}

Text = Annotated[str, String(multiline=True, tooltip="Text.")]
Result = Annotated[str, String()]
Yes = Annotated[bool, Boolean()]
CaseSensitive = Annotated[bool, Boolean(default=True, advanced=True, tooltip="Are a and A different letters?")]
Indent = Annotated[int, Int(default=2, min=0, max=8, tooltip="Spaces for each level; 0 puts all on one line.")]
Values = Annotated[
    dict[str, Any],
    Grow("value", names=tuple(strings.ascii_lowercase), min=0, tooltip="What stands for {a}, {b} … in the text."),
]


@node(
    "StringConcatenate",
    title="Concatenate Text",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=(
        "concatenate",
        "text concat",
        "join text",
        "merge text",
        "combine strings",
        "string concat",
        "append text",
        "combine text",
    ),
)
def string_concatenate(
    string_a: Text, string_b: Text, delimiter: Annotated[str, String(default="", tooltip="What comes between the two.")]
) -> Result:
    """Join two texts."""
    return delimiter.join((string_a, string_b))


@node(
    "StringSubstring",
    title="Substring",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("substring", "extract text", "text portion"),
)
def string_substring(
    string: Text,
    start: Annotated[int, Int(default=None, tooltip="The first character, from 0; below 0 it counts from the end.")],
    end: Annotated[int, Int(default=None, tooltip="The character after the last; below 0 it counts from the end.")],
) -> Result:
    """A part of a text."""
    return string[start:end]


@node(
    "StringLength",
    title="Text Length",
    category=CATEGORY,
    outputs=("length",),
    python_module=MODULE,
    search_aliases=("character count", "text size", "string length"),
)
def string_length(string: Text) -> Annotated[int, Int()]:
    """How many characters a text has."""
    return len(string)


@node(
    "CaseConverter",
    title="Convert Text Case",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("case converter", "text case", "uppercase", "lowercase", "capitalize"),
)
def case_converter(
    string: Text, mode: Annotated[str, Combo(tuple(CASES), tooltip="Which letters are capitals.")]
) -> Result:
    """Turn letters into capitals, or capitals into small letters."""
    return CASES[mode](string)


@node(
    "StringTrim",
    title="Trim Text",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("trim", "clean whitespace", "remove whitespace", "remove spaces", "strip"),
)
def string_trim(string: Text, mode: Annotated[str, Combo(tuple(TRIMS), tooltip="At which end.")]) -> Result:
    """Take away spaces and line ends around a text."""
    return TRIMS[mode](string)


@node(
    "StringReplace",
    title="Replace Text",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("replace", "find and replace", "substitute", "swap text"),
)
def string_replace(string: Text, find: Text, replace: Text) -> Result:
    """Put one text in place of another, wherever it stands."""
    return string.replace(find, replace)


@node(
    "StringContains",
    title="Contains Text",
    category=CATEGORY,
    outputs=("contains",),
    python_module=MODULE,
    search_aliases=("contains", "text includes", "string includes"),
)
def string_contains(string: Text, substring: Text, case_sensitive: CaseSensitive) -> Yes:
    """Does a text hold another one?"""
    return substring in string if case_sensitive else substring.lower() in string.lower()


@node(
    "StringCompare",
    title="Compare Text",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("compare", "text match", "string equals", "starts with", "ends with"),
)
def string_compare(
    string_a: Text,
    string_b: Text,
    mode: Annotated[str, Combo(tuple(COMPARISONS), tooltip="What the second is to the first.")],
    case_sensitive: CaseSensitive,
) -> Yes:
    """Does a text begin with another, end with it, or equal it?"""
    if not case_sensitive:
        string_a, string_b = string_a.lower(), string_b.lower()
    return COMPARISONS[mode](string_a, string_b)


@node("StringFormat", title="Format Text", category=CATEGORY, python_module=MODULE, search_aliases=("string", "format"))
def string_format(
    values: Values,
    f_string: Annotated[
        str, String(default="{a}", multiline=True, tooltip="Text with {a}, {b:.2f} … where values go; {{ is a brace.")
    ],
) -> Result:
    """Put values into a text."""
    return "".join(_pieces(f_string, values))


def _pieces(template: str, values: Mapping[str, Any]) -> list[str]:
    """The parts of a template, filled in. A field is a name and a short format: nothing reaches into a value."""
    pieces = []
    try:
        for literal, name, spec, conversion in strings.Formatter().parse(template):
            pieces.append(literal)
            if name is None:
                continue
            if name not in values:
                there = ", ".join(f"{{{one}}}" for one in values) or "none"
                raise ValueError(f"{{{name}}} is none of the values; there are: {there}")
            if conversion or _is_unreasonable(spec or ""):
                raise ValueError(f"{{{name}:{spec}}} has a format that is not taken; try one like {{{name}:.2f}}")
            value = values[name]
            pieces.append(format(value, spec) if spec else as_text(value))
    except (ValueError, TypeError) as error:
        raise ValueError(f"f_string cannot be filled in: {error}") from error
    return pieces


def _is_unreasonable(spec: str) -> bool:
    """Is it nested, or does it ask for a width that would fill the memory?"""
    return len(spec) > LONGEST_SPEC or "{" in spec or any(len(number) > 3 for number in re.findall(r"\d+", spec))


@node(
    "JsonExtractString",
    title="Extract Text from JSON",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("json", "extract json", "parse json", "json value", "read json"),
)
def json_extract_string(json_string: Text, key: Annotated[str, String(tooltip="Whose value is wanted.")]) -> Result:
    """The value of a key in a JSON object as text; empty when there is none."""
    try:
        found = json.loads(json_string)
    except (ValueError, RecursionError):
        return ""
    value = found.get(key) if isinstance(found, dict) else None
    return "" if value is None else str(value)


@node(
    "ConvertArrayToString",
    title="Convert Array to String",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("json", "list to json", "stringify", "serialize", "list to string", "array to json"),
)
def convert_array_to_string(
    array: Annotated[Sequence[Any], Socket("ARRAY", tooltip="A list of values.")], indent: Indent
) -> Result:
    """A list as JSON text."""
    return _json(list(array), indent)


@node(
    "ConvertDictionaryToString",
    title="Convert Dictionary to String",
    category=CATEGORY,
    python_module=MODULE,
    search_aliases=("json", "dict to json", "stringify", "serialize", "dict to string"),
)
def convert_dictionary_to_string(
    dictionary: Annotated[Mapping[str, Any], Socket("DICT", tooltip="Values by name.")], indent: Indent
) -> Result:
    """Values by name as JSON text."""
    return _json(dict(dictionary), indent)


def _json(value: Any, indent: int) -> str:
    return json.dumps(value, indent=indent or None, ensure_ascii=False, default=str)
