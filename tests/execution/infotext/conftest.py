"""A base directory of its own, without models."""

import pytest

from comfy_core import folders
from comfy_core.folders import Folders
from comfy_core.memory import residency


@pytest.fixture(autouse=True)
def base(tmp_path):
    before = folders.current()
    folders.use(Folders(tmp_path))
    for kind in ("checkpoints", "loras", "vae", "upscale_models"):
        (tmp_path / "models" / kind).mkdir(parents=True)
    yield tmp_path
    residency.free_all()
    folders.use(before)
