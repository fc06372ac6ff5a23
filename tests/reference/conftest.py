"""The same random weights in our networks and in those of diffusers and transformers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from tests.tiny_models import MODELS, model_tensors, write_model
from tests.tiny_sd1 import DEEP, SMALL, Tiny, tensors, write_checkpoint

os.environ["HF_HUB_OFFLINE"] = "1"
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from tests.reference.controls import SIZE, Model
from tests.reference.references import reference_text, reference_unet, reference_vae, vectors

TEXT = "cond_stage_model.transformer.text_model."


class Pair(NamedTuple):
    """Ours, loaded from a file, and the reference, converted from the same tensors."""

    ours: Checkpoint
    unet: Any
    vae: Any
    text: Any
    tiny: Tiny


@pytest.fixture(scope="session", params=[SMALL, DEEP], ids=["small", "deep"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    tiny: Tiny = request.param
    path: Path = write_checkpoint(tmp_path_factory.mktemp("reference") / "tiny.safetensors", tiny)
    weights = tensors(tiny)
    with torch.no_grad():
        yield Pair(
            load_checkpoint(path),
            reference_unet(weights, tiny.unet),
            reference_vae(weights, tiny.vae),
            reference_text(weights, tiny.clip, TEXT),
            tiny,
        )
    residency.free_all()


@pytest.fixture(scope="module", params=("sd1", "sd2", "sdxl"))
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    """A model of each family, for statements about what changes its predictions."""
    family: str = request.param
    path: Path = write_model(tmp_path_factory.mktemp("control") / "tiny.safetensors", family)
    generator = torch.Generator().manual_seed(1)
    dims = MODELS[family].unet
    x = torch.randn((2, 4, *SIZE), generator=generator)
    text = torch.randn((1, 77, dims.context_dim), generator=generator)
    vector, extra = vectors(dims.vector_dim, False, generator)
    ours = load_checkpoint(path).model
    if vector is not None:
        ours.model.encode_adm = lambda **cond: vector  # type: ignore[method-assign, union-attr]
    with torch.no_grad():
        yield Model(family, ours, reference_unet(model_tensors(family), dims), x, text, vector, extra)
    residency.free_all()
