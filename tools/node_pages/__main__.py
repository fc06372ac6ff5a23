"""Writes docs/nodes/ anew; what no node makes any more is removed."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from execution.load_nodes import load_nodes
from tools.node_pages.pages import files

PAGES = Path(__file__).parents[2] / "docs" / "nodes"


def main() -> None:
    argparse.ArgumentParser(prog="python -m tools.node_pages", description=__doc__).parse_args()
    made = files(node.schema for node in load_nodes(("nodes",)).values())
    shutil.rmtree(PAGES, ignore_errors=True)
    for name, text in made.items():
        path = PAGES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"{len(made)} files in {PAGES}")


if __name__ == "__main__":
    main()
