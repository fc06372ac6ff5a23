"""The pages as Markdown: one for each kind of node, and one that lists them all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from nodes.schema import Input, NodeSchema
from tools.node_pages.picture import draw
from tools.node_pages.widgets import limits, seen, shown_type, value, within

SPLIT = {"model"}
"""Categories that are too large for one page: their second word counts, too."""
HEAD = "<!-- made by `python -m tools.node_pages` from the code; change the nodes, not this page -->"


def files(schemas: Iterable[NodeSchema]) -> dict[str, str]:
    """All files of docs/nodes/ by name."""
    listed = sorted(
        (one for one in schemas if not one.dev_only), key=lambda one: (page_of(one), one.title.lower(), one.id)
    )
    made = {f"pictures/{_file(one)}.svg": draw(one) for one in listed}
    by_page = {page: list(ones) for page, ones in groupby(listed, page_of)}
    made |= {f"{page}.md": _page(page, ones) for page, ones in by_page.items()}
    return made | {"README.md": _index(by_page)}


def page_of(schema: NodeSchema) -> str:
    words = schema.category.split("/")
    return "-".join(words[: 2 if words[0] in SPLIT else 1]).replace(" ", "-") or "others"


def _index(by_page: dict[str, list[NodeSchema]]) -> str:
    lines = [HEAD, "# Nodes", "", "All built-in nodes, by where the menu has them.", ""]
    for page, ones in by_page.items():
        lines += [f"## [{_title(page)}]({page}.md)", ""]
        lines += [f"- [{one.title}]({page}.md#{_anchor(one)}): {_sentence(one.description)}" for one in ones]
        lines.append("")
    return "\n".join(lines)


def _page(page: str, schemas: list[NodeSchema]) -> str:
    lines = [HEAD, f"# {_title(page)}", "", "[All nodes](README.md)", ""]
    for one in schemas:
        lines += [f'<a id="{_anchor(one)}"></a>', "", f"## {one.title}", "", *_node(one), ""]
    return "\n".join(lines)


def _node(schema: NodeSchema) -> Iterator[str]:
    yield f"![{schema.title}](pictures/{_file(schema)}.svg)"
    yield ""
    yield _line(schema.description)
    yield ""
    yield f"`{schema.id}` in {schema.category}{_marks(schema)}"
    if inputs := seen(schema.inputs):
        yield from ("", "| input | type | default | may be | what it is |", "|---|---|---|---|---|")
        for one in inputs:
            yield _row(one.name + (" (optional)" if one.section == "optional" else ""), one)
            yield from (_row(f"{inner.name} (of {word})", inner) for word, inner in within(one))
    if schema.outputs:
        yield from ("", "| output | type |", "|---|---|")
        for output in schema.outputs:
            type_ = "the type of its inputs" if output.match else output.type
            yield f"| {output.name} | {'list of ' if output.is_list else ''}{type_} |"


def _row(name: str, one: Input) -> str:
    default = value(one)
    shown = f"`{_line(default)}`" if default else ""
    cells = (name, shown_type(one), shown, limits(one), _line(one.options.get("tooltip", "")))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _marks(schema: NodeSchema) -> str:
    marks = {
        "an output: what leads to it is run": schema.is_output,
        "experimental": schema.experimental,
        "deprecated": schema.deprecated,
        "gets whole lists": schema.is_input_list,
    }
    return "".join(f"; {words}" for words, true in marks.items() if true)


def _title(page: str) -> str:
    return page.replace("-", " ").capitalize()


def _anchor(schema: NodeSchema) -> str:
    return re.sub(r"\W+", "-", schema.id.lower())


def _file(schema: NodeSchema) -> str:
    return re.sub(r"\W+", "_", schema.id)


def _sentence(text: str) -> str:
    """The first sentence of a description."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", _line(text))[0]


def _line(text: str) -> str:
    return " ".join(text.split())
