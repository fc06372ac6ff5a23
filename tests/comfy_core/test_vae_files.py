"""VAEs from files of every layout, small ones from two halves, and none at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core import folders
from comfy_core.families import UnknownCheckpoint
from comfy_core.networks.taesd import Taesd, TaesdDims
from comfy_core.vae_files import load_vae_file, load_vae_named
from comfy_core.weights import WeightsError
from tests.tiny_sd1 import randomise

DIMS = TaesdDims(width=8)


def halves(seed: int = 0) -> dict[str, Tensor]:
    """A tiny TAESD, both halves under the names of whole files."""
    network = Taesd(DIMS)
    randomise(network, torch.Generator().manual_seed(seed))
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def write_halves(folder: Path, name: str, tensors: dict[str, Tensor]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for half in ("encoder", "decoder"):
        prefix = f"taesd_{half}."
        of_half = {key.removeprefix(prefix): one for key, one in tensors.items() if key.startswith(prefix)}
        save_file(of_half, folder / f"{name}_{half}.safetensors")


@pytest.mark.parametrize(("name", "scale"), [("taesd", 0.18215), ("taesdxl", 0.13025)])
def test_two_halves_make_a_small_vae_of_the_larger_ones_latents(own_folders: folders.Folders, name: str, scale: float):
    write_halves(own_folders.base / "models" / "vae_approx", name, halves())
    vae = load_vae_named(name)
    plain = Taesd(DIMS)
    plain.load_state_dict(halves())
    images = torch.rand((1, 32, 48, 3), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        scaled = plain.taesd_encoder(images.movedim(-1, 1))
        picture = plain.taesd_decoder(scaled).clamp(0, 1).movedim(1, -1)
    latents = vae.encode(images)
    assert latents.shape == (1, 4, 4, 6)
    assert torch.allclose(latents, scaled / scale, atol=1e-5)
    assert torch.allclose(vae.decode(latents), picture, atol=1e-5)


def test_the_list_of_vaes_has_files_whole_small_ones_and_pixel_space(own_folders: folders.Folders):
    write_halves(own_folders.base / "models" / "vae_approx", "taesdxl", halves())
    save_file({"1.weight": torch.zeros(1)}, own_folders.base / "models" / "vae_approx" / "taesd_decoder.safetensors")
    (own_folders.base / "models" / "vae").mkdir()
    (own_folders.base / "models" / "vae" / "mine.safetensors").touch()
    assert own_folders.files(folders.ANY_VAE) == ["mine.safetensors", "taesdxl", "pixel_space"]


def test_a_small_vae_in_one_file_scales_as_the_file_says(tmp_path: Path):
    scale = {"vae_scale": torch.tensor(0.5), "vae_shift": torch.tensor(0.25)}
    save_file(halves() | scale, tmp_path / "x.safetensors")
    dims = load_vae_file(tmp_path / "x.safetensors").first_stage_model.dims
    assert (dims.scale, dims.shift) == (0.5, 0.25)


def test_half_a_small_vae_is_refused(tmp_path: Path):
    only = {key: value for key, value in halves().items() if key.startswith("taesd_decoder.")}
    save_file(only, tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match=r"the TAESD lacks \d+ tensors, first 'taesd_encoder"):
        load_vae_file(tmp_path / "x.safetensors")


def test_the_vae_of_a_video_model_is_refused(tmp_path: Path):
    save_file({"decoder.mid.block_1.mix_factor": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(UnknownCheckpoint, match=r"x\.safetensors is the VAE of a video model"):
        load_vae_file(tmp_path / "x.safetensors")


def test_pixel_space_leaves_pictures_as_they_are():
    vae = load_vae_named("pixel_space")
    images = torch.rand((2, 5, 7, 3), generator=torch.Generator().manual_seed(0))
    latents = vae.encode(images)
    assert latents.shape == (2, 3, 5, 7)
    assert torch.allclose(latents, images.movedim(-1, 1) * 2 - 1)
    assert torch.allclose(vae.decode(latents), images, atol=1e-6)


def test_a_missing_vae_is_named(own_folders: folders.Folders):
    with pytest.raises(FileNotFoundError, match="'taesd' is not in models/vae/"):
        load_vae_named("taesd")


def test_a_file_that_is_no_vae_is_refused(tmp_path: Path):
    save_file({"lora_unet_x.lora_up.weight": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(UnknownCheckpoint, match=r"not a VAE this version knows.*LoRA"):
        load_vae_file(tmp_path / "x.safetensors")
