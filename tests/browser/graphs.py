"""Large workflows, made up: for the tests that count and the benchmark that measures."""

from __future__ import annotations

from typing import Any

COLUMNS = 50
WIDTH, HEIGHT = 280, 190
GAP = 40


def chains(count: int) -> dict[str, Any]:
    """`count` nodes of four widgets each, in rows of fifty, each linked to the one on its left."""
    nodes, links = [], []
    for i in range(count):
        column, row = i % COLUMNS, i // COLUMNS
        last, next = column == 0, column == COLUMNS - 1 or i == count - 1
        if not last:
            links.append([i, i, 0, i + 1, 0, "IMAGE"])
        nodes.append(
            {
                "id": i + 1,
                "type": "ImageScale",
                "pos": [column * (WIDTH + GAP), row * (HEIGHT + GAP)],
                "size": [WIDTH, HEIGHT - 28],
                "inputs": [{"name": "image", "type": "IMAGE", "link": None if last else i}],
                "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": None if next else [i + 1]}],
                "widgets_values": ["lanczos", 512 + i, 512, "disabled"],
            }
        )
    return {"nodes": nodes, "links": links, "groups": [], "version": 0.4}
