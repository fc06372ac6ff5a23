"""A base directory with the packs of tests/packs, and what writes a prompt as a script there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from comfy_core import folders
from execution.calling import all_nodes
from execution.export import write_script
from execution.validate import validate
from tests.execution.export.hands import with_packs


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    with with_packs(tmp_path):
        yield tmp_path


@pytest.fixture
def write(base: Path) -> Callable[..., str]:
    """The script of a prompt, given as (class, inputs) by id."""

    def write(**given: tuple[str, dict[str, Any]]) -> str:
        prompt = {id: {"class_type": name, "inputs": inputs} for id, (name, inputs) in given.items()}
        nodes = all_nodes()
        found = validate(prompt, {name: node.schema for name, node in nodes.items()}, folders.current(), None, nodes)
        assert (found.error, found.node_errors) == (None, {})
        return write_script(prompt, found.outputs, nodes)

    return write
