"""Packs ask of which family a model is, and its latents."""

import pytest

from comfy_core.families import load_checkpoint
from execution.packs import expose_compat
from tests.tiny_models import write_model

expose_compat()


@pytest.fixture
def model(tmp_path):
    return lambda family: load_checkpoint(write_model(tmp_path / f"{family}.safetensors", family)).model.model


@pytest.mark.parametrize(
    ("family", "kinds", "latents"),
    [
        ("sd1", set(), {"SD15"}),
        ("sdxl", {"SDXL"}, {"SDXL"}),
        ("refiner", {"SDXLRefiner"}, {"SDXL"}),
        ("sd2_unclip", {"SD21UNCLIP"}, {"SD15"}),
    ],
)
def test_a_model_is_of_its_family_and_of_no_other(model, family, kinds, latents):
    from comfy import latent_formats, model_base

    model = model(family)
    assert isinstance(model, model_base.BaseModel)
    named = ("SDXL", "SDXLRefiner", "SD21UNCLIP", "Flux", "WAN21")
    assert {name for name in named if isinstance(model, getattr(model_base, name))} == kinds
    named = ("SD15", "SDXL", "SDXL_Playground_2_5", "Flux", "Wan21")
    assert {name for name in named if isinstance(model.latent_format, getattr(latent_formats, name))} == latents


@pytest.mark.parametrize(
    ("family", "name"),
    [("sd1", "EPS"), ("sdxl_v", "V_PREDICTION"), ("cosxl", "V_PREDICTION_EDM"), ("playground", "EDM")],
)
def test_a_model_says_what_it_predicts(model, family, name):
    from comfy.model_base import ModelType

    assert model(family).model_type is ModelType[name]


def test_the_usual_latents_of_a_family_scale_as_its_releases_say():
    from comfy import latent_formats

    assert (latent_formats.SD15().scale_factor, latent_formats.SDXL().scale_factor) == (0.18215, 0.13025)
    with pytest.raises(NotImplementedError, match="Flux"):
        latent_formats.Flux()
    with pytest.raises(AttributeError, match="Fluxx"):
        _ = latent_formats.Fluxx
