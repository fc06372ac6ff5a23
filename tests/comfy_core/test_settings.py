"""What shapes do not tell: the prediction, the weights of the two kinds, and who has the say."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core import folders
from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.sampling.noise_levels import DiscreteSchedule, EDMSchedule
from comfy_core.sampling.prediction import EDM, Epsilon, Velocity
from comfy_core.weights import WeightsError
from tests.tiny_models import UNET, model_tensors, write_model

KEY = "diffusion_model.out.2.weight"


def sampling_of(checkpoint: Checkpoint) -> object:
    return checkpoint.model.model.model_sampling


def predicts(checkpoint: Checkpoint) -> type:
    sampling = sampling_of(checkpoint)
    return next(kind for kind in (EDM, Velocity, Epsilon) if isinstance(sampling, kind))


def parameterization(path: Path, word: str, **further: object) -> None:
    lines = "".join(f"    {key}: {value}\n" for key, value in further.items())
    path.write_text(f"model:\n  params:\n    parameterization: {word}\n{lines}")


@pytest.mark.parametrize(("name", "expected"), [("sd2", Epsilon), ("sd2_v", Velocity), ("sd2_inpainting", Epsilon)])
def test_stable_diffusion_2_is_guessed_from_a_weight_and_says_so(tmp_path: Path, name: str, expected: type):
    checkpoint = load_checkpoint(write_model(tmp_path / "x.safetensors", name))
    assert predicts(checkpoint) is expected
    assert ("guessed from its weights" in checkpoint.note) == (name != "sd2_inpainting")


def test_a_yaml_beside_the_file_wins_over_the_guess(tmp_path: Path):
    path = write_model(tmp_path / "x.safetensors", "sd2")
    parameterization(tmp_path / "x.yaml", "v")
    checkpoint = load_checkpoint(path)
    assert predicts(checkpoint) is Velocity
    assert checkpoint.note == "Stable Diffusion 2.x: predicts velocity: says its YAML"


@pytest.mark.parametrize(("word", "expected"), [("epsilon", Epsilon), ("v", Velocity)])
def test_the_files_metadata_wins_over_its_yaml(tmp_path: Path, word: str, expected: type):
    said = {"modelspec.prediction_type": word}
    path = write_model(tmp_path / "x.safetensors", "sd2_v", metadata=said)
    parameterization(tmp_path / "x.yaml", "eps" if word == "v" else "v")
    checkpoint = load_checkpoint(path)
    assert predicts(checkpoint) is expected
    assert checkpoint.note.endswith("says the file's metadata")


def test_a_chosen_config_wins_over_the_yaml_beside_the_file(tmp_path: Path, own_folders: folders.Folders):
    path = write_model(tmp_path / "x.safetensors", "sd2")
    parameterization(tmp_path / "x.yaml", "eps")
    config = own_folders.find_model("configs", "v2-inference-v.yaml")
    assert predicts(load_checkpoint(path, config=config)) is Velocity


def test_a_config_may_say_which_layer_the_text_is_read_from(tmp_path: Path, own_folders: folders.Folders):
    config = own_folders.find_model("configs", "v1-inference_clip_skip_2.yaml")
    checkpoint = load_checkpoint(write_model(tmp_path / "x.safetensors", "sd1"), config=config)
    assert checkpoint.clip.layer_idx == -2


@pytest.mark.parametrize("text", ["not: a model", "- 1", "{", "model:\n  params: 3\n"])
def test_an_unreadable_yaml_is_a_warning_beside_a_file_and_an_error_where_chosen(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
):
    path = write_model(tmp_path / "x.safetensors", "sd2")
    (tmp_path / "x.yaml").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert predicts(load_checkpoint(path)) is Epsilon
    assert "x.yaml is not the YAML of a model" in caplog.text
    with pytest.raises(WeightsError, match=r"x\.yaml is not the YAML of a model"):
        load_checkpoint(path, config=tmp_path / "x.yaml")


def test_an_unknown_prediction_is_named(tmp_path: Path):
    path = write_model(tmp_path / "x.safetensors", "sd1", metadata={"modelspec.prediction_type": "magic"})
    with pytest.raises(WeightsError, match=r"x\.safetensors: the prediction type 'magic' is not one of: eps, epsilon"):
        load_checkpoint(path)


def test_markers_make_sdxl_predict_velocity_from_pure_noise(tmp_path: Path):
    checkpoint = load_checkpoint(write_model(tmp_path / "x.safetensors", "sdxl_v"))
    usual = DiscreteSchedule()
    assert predicts(checkpoint) is Velocity
    assert sampling_of(checkpoint).sigma_max == pytest.approx(4518.76, abs=0.1)  # type: ignore[attr-defined]
    assert sampling_of(checkpoint).sigma_min == pytest.approx(float(usual.sigma_min))  # type: ignore[attr-defined]


def test_playground_predicts_as_edm_on_latents_of_its_own_scale(tmp_path: Path):
    model = load_checkpoint(write_model(tmp_path / "x.safetensors", "playground")).model.model
    assert isinstance(model.model_sampling, EDM)
    assert isinstance(model.model_sampling, EDMSchedule)
    assert float(model.model_sampling.sigma_min) == pytest.approx(0.002)
    assert float(model.model_sampling.sigma_max) == pytest.approx(80.0)
    latent = torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(0))
    scaled = model.process_latent_in(latent)
    assert torch.allclose(scaled[0, 3], (latent[0, 3] - 2.5155) / 5.2299 * 0.5)
    assert torch.allclose(model.process_latent_out(scaled), latent, atol=1e-5)


def test_cosxl_takes_its_noise_levels_from_the_file(tmp_path: Path):
    sampling = load_checkpoint(write_model(tmp_path / "x.safetensors", "cosxl")).model.model.model_sampling
    weights = model_tensors("cosxl")
    assert isinstance(sampling, EDMSchedule)
    assert isinstance(sampling, Velocity)
    assert float(sampling.sigma_max) == pytest.approx(float(weights["edm_vpred.sigma_max"]))


def both(path: Path) -> Path:
    """A checkpoint with a second set of weights as training leaves it: the same ones, doubled."""
    live = model_tensors("sd1")
    flat = {
        "model_ema." + key.removeprefix("model.").replace(".", ""): one * 2 for key, one in live.items() if of_unet(key)
    }
    counts = {"model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(470_000)}
    save_file(live | flat | counts, path)
    return path


def of_unet(key: str) -> bool:
    return key.startswith(UNET)


@pytest.mark.parametrize(
    ("choice", "use_ema", "factor"),
    [
        ("auto", None, 1),
        ("auto", "true", 2),
        ("auto", "false", 1),
        ("live", "true", 1),
        ("ema", None, 2),
        ("ema", "false", 2),
    ],
)
def test_of_two_sets_of_weights_the_wanted_one_is_used(tmp_path: Path, choice: str, use_ema: str | None, factor: int):
    path = both(tmp_path / "x.safetensors")
    if use_ema is not None:
        parameterization(tmp_path / "x.yaml", "eps", use_ema=use_ema)
    checkpoint = load_checkpoint(path, choice)
    expected: Tensor = model_tensors("sd1")["model." + KEY] * factor
    assert torch.equal(checkpoint.model.weight(KEY), expected)
    assert ("uses the EMA weights" in checkpoint.note) == (factor == 2)


def test_averages_that_a_file_lacks_cannot_be_asked_for(tmp_path: Path):
    path = write_model(tmp_path / "x.safetensors", "sd1")
    with pytest.raises(WeightsError, match=r"x\.safetensors has no EMA weights; choose auto"):
        load_checkpoint(path, "ema")
    assert "EMA" not in load_checkpoint(path).note
