"""What statements about a script do with it, and a base directory that has packs."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from comfy_core import folders
from comfy_core.folders import CHECKOUT, Folders
from comfy_core.memory import residency

PACKS = CHECKOUT / "tests" / "packs" / "custom_nodes"


@contextmanager
def with_packs(base: Path) -> Iterator[None]:
    before, loaded = folders.current(), set(sys.modules)
    (base / "custom_nodes").symlink_to(PACKS)
    folders.use(Folders(base))
    yield
    residency.free_all()
    folders.use(before)
    for name in set(sys.modules) - loaded:  # the next test that has these packs has them in another place
        if name.startswith("custom_nodes."):
            del sys.modules[name]


def body(script: str) -> list[str]:
    """The statements of `main`."""
    lines = script.split("def main():\n")[1].split("\n\n\nif __name__")[0].splitlines()
    return [line.removeprefix("    ") for line in lines]


def run(script: str, path: Path) -> dict[str, Any]:
    path.write_text(script, encoding="utf-8")
    return runpy.run_path(str(path), run_name="__main__")


def pixels(path: Path) -> bytes:
    return Image.open(path).tobytes()
