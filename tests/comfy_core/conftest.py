"""A tiny checkpoint, loaded, and folders of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comfy_core import folders
from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from tests.tiny_sd1 import write_checkpoint


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path) -> Iterator[folders.Folders]:
    before = folders.current()
    folders.use(folders.Folders(tmp_path))
    yield folders.current()
    folders.use(before)


@pytest.fixture(scope="session")
def checkpoint_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")


@pytest.fixture
def checkpoint(checkpoint_file: Path) -> Iterator[Checkpoint]:
    yield load_checkpoint(checkpoint_file)
    residency.free_all()
