"""A node's picture as SVG, in the editor's look and colours, dark or light as the reader's system is."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from nodes.schema import Input, NodeSchema
from tools.node_pages.widgets import is_slot, output_type, seen, slot_names, type_of, value

TOKENS = Path(__file__).parents[2] / "web" / "editor" / "src" / "ui" / "tokens.css"
TITLE, ROW, GAP, PAD, TEXT = 28, 24, 4, 8, 64
LEAST, MOST = 220, 420
LETTER, BOLD = 6.9, 7.6
"""How wide a letter of 13 pixels is, about."""
KINDS = {
    "MODEL": "model",
    "CLIP": "clip",
    "VAE": "vae",
    "CONDITIONING": "conditioning",
    "LATENT": "latent",
    "IMAGE": "image",
    "MASK": "mask",
    "INT": "number",
    "FLOAT": "number",
    "BOOLEAN": "number",
    "STRING": "string",
    "COMBO": "string",
    "CONTROL_NET": "control",
    "CLIP_VISION": "clip",
    "CLIP_VISION_OUTPUT": "conditioning",
    "NOISE": "number",
    "SAMPLER": "sampling",
    "SIGMAS": "sampling",
    "GUIDER": "sampling",
    "AUDIO": "media",
    "VIDEO": "media",
    "*": "any",
}
OTHERS = ("model", "clip", "vae", "conditioning", "latent", "image", "mask", "control", "sampling", "media")


def kind_of(type_: str) -> str:
    """Which of the style sheet's colours a type has: as in the editor (`web/editor/src/canvas/typeColors.ts`)."""
    first = type_.split(",")[0]
    hash_ = 7
    for letter in first:
        hash_ = (hash_ * 31 + ord(letter)) % 2**32
    return KINDS.get(first) or OTHERS[hash_ % len(OTHERS)]


def draw(schema: NodeSchema) -> str:
    """The SVG of a node as it is when it is put on the canvas."""
    inputs = [one for one in seen(schema.inputs) if not one.options.get("hidden")]
    slots = [(name, one) for one in inputs if is_slot(one) for name in slot_names(one)]
    widgets = [one for one in inputs if not is_slot(one)]
    width = _width(schema, slots, widgets)
    parts, y = [], TITLE + GAP
    for row in range(max(len(slots), len(schema.outputs))):
        middle = y + ROW // 2
        if row < len(slots):
            name, one = slots[row]
            parts.append(_dot(0, middle, type_of(one), one.section == "optional"))
            parts.append(_text(14, middle, name, "t"))
        if row < len(schema.outputs):
            output = schema.outputs[row]
            parts.append(_dot(width, middle, output_type(schema, output), False))
            parts.append(_text(width - 14, middle, output.name, "q", "end"))
        y += ROW
    y += GAP if y > TITLE + GAP and widgets else 0
    for one in widgets:
        height = TEXT if one.options.get("multiline") else ROW
        parts.append(_widget(one, y, width, height))
        y += height + GAP
    height = y + (GAP if not widgets else PAD - GAP)
    return _svg(schema, width, height, parts)


def _svg(schema: NodeSchema, width: int, height: int, parts: list[str]) -> str:
    kinds = sorted({match for part in parts for match in re.findall(r'class="s (\w+)"', part)})
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + 16}" height="{height + 2}" '
            f'viewBox="-8 -1 {width + 16} {height + 2}">',
            f"<style>{_style(kinds)}</style>",
            f'<rect class="n" width="{width}" height="{height}" rx="8"/>',
            f'<path class="l" d="M0 {TITLE}H{width}"/>',
            f'<text class="t b" x="10" y="{TITLE / 2:g}">{escape(_cut(schema.title, width - 20, BOLD))}</text>',
            *parts,
            "</svg>\n",
        ]
    )


def _width(schema: NodeSchema, slots: list[tuple[str, Input]], widgets: list[Input]) -> int:
    outputs = [one.name for one in schema.outputs]
    rows = [len(name) for name, _ in slots] + [0] * len(outputs)
    wide = [(rows[i] + len(name)) * LETTER + 56 for i, name in enumerate(outputs)]
    wide += [len(name) * LETTER + 40 for name, _ in slots]
    wide += [(len(one.name) + len(value(one))) * LETTER + 56 for one in widgets if not one.options.get("multiline")]
    wide += [len(schema.title) * BOLD + 24]
    return int(max(LEAST, min(MOST, max(wide))))


def _widget(one: Input, y: int, width: int, height: int) -> str:
    box = f'<rect class="w" x="{PAD}" y="{y}" width="{width - 2 * PAD}" height="{height}" rx="6"/>'
    text, inner = value(one), width - 4 * PAD
    if one.options.get("multiline"):
        return box + _text(2 * PAD, y + ROW // 2, _cut(text or one.name, inner), "t" if text else "q")
    room = inner - len(one.name) * LETTER - PAD
    if one.type == "COLOR":
        swatch = f'<rect x="{width - 2 * PAD - 28}" y="{y + 6}" width="28" height="12" rx="3" fill="{escape(text)}"/>'
        return box + _text(2 * PAD, y + ROW // 2, one.name, "q") + swatch
    shown = _text(width - 2 * PAD, y + ROW // 2, _cut(text, room), "t", "end") if text else ""
    return box + _text(2 * PAD, y + ROW // 2, one.name, "q") + shown


def _dot(x: int, y: int, type_: str, optional: bool) -> str:
    hollow = ' style="fill:var(--node)"' if optional else ""
    return f'<circle class="s {kind_of(type_)}" cx="{x}" cy="{y}" r="{4 if optional else 5}"{hollow}/>'


def _text(x: float, y: float, text: str, style: str, anchor: str = "") -> str:
    at = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{style}" x="{x:g}" y="{y:g}"{at}>{escape(text)}</text>'


def _cut(text: str, room: float, letter: float = LETTER) -> str:
    line = text.split("\n")[0]
    most = max(1, int(room / letter))
    return line if len(line) <= most else line[: most - 1] + "…"


def _style(kinds: list[str]) -> str:
    dark, light = _themes()
    names = ["node", "raised", "border-strong", "text", "text-quiet", *(f"type-{kind}" for kind in kinds)]
    rules = (
        "text{font:13px system-ui,sans-serif;dominant-baseline:central}.b{font-weight:600}"
        ".n{fill:var(--node);stroke:var(--border-strong)}.l{stroke:var(--border-strong)}.w{fill:var(--raised)}"
        ".t{fill:var(--text)}.q{fill:var(--text-quiet)}.s{stroke-width:2}"
    )
    dots = "".join(f".{kind}{{fill:var(--type-{kind});stroke:var(--type-{kind})}}" for kind in kinds)
    return f"{_variables(dark, names)}@media(prefers-color-scheme:light){{{_variables(light, names)}}}{rules}{dots}"


def _variables(theme: dict[str, str], names: list[str]) -> str:
    return ":root{" + "".join(f"--{name}:{theme[name]};" for name in names) + "}"


def _themes() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the editor's style sheet: dark, and light where it differs."""
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for name, colour in re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", TOKENS.read_text()):
        found[name in found[0]].setdefault(name, colour)
    return found[0], found[0] | found[1]
