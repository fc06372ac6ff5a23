"""Nodes over folders of their own, with the tiny checkpoint in place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfy_core import folders
from comfy_core.folders import Folders
from comfy_core.memory import residency
from tests.tiny_sd1 import write_checkpoint


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")


@pytest.fixture(autouse=True)
def base(tmp_path: Path, tiny: Path) -> Iterator[Folders]:
    before = folders.current()
    folders.use(Folders(tmp_path))
    for kind in ("checkpoints", "loras", "vae"):
        (tmp_path / "models" / kind).mkdir(parents=True)
    (tmp_path / "input").mkdir()
    os.link(tiny, tmp_path / "models" / "checkpoints" / "tiny.safetensors")
    yield folders.current()
    residency.free_all()
    folders.use(before)
