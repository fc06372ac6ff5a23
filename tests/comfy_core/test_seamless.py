"""Pictures whose edges fit: moving the latent around moves the picture around, and nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.networks.taesd import Taesd, TaesdDims
from comfy_core.seamless import seamless, wrapping
from nodes.seamless import circular_vae_decode, make_circular_vae, offset_image, seamless_tile
from nodes.tiled import vae_decode_tiled, vae_encode_tiled
from tests.tiny_sd1 import randomise
from tools.starter import settings

GENERATOR = torch.Generator().manual_seed(0)
LATENT = torch.randn(1, 4, 8, 12, generator=GENERATOR)
IMAGE = torch.rand(1, 64, 96, 3, generator=GENERATOR)


def moved(x: Tensor, places: int, dims: tuple[int, int]) -> Tensor:
    return torch.roll(x, (places, places), dims)


def test_a_decoded_picture_moves_with_its_latent(checkpoint: Checkpoint):
    vae = checkpoint.vae
    picture = circular_vae_decode({"samples": LATENT}, vae, "enable")
    again = circular_vae_decode({"samples": moved(LATENT, 3, (2, 3))}, vae, "enable")
    torch.testing.assert_close(again, moved(picture, 24, (1, 2)), atol=1e-4, rtol=0)
    plain = vae.decode(moved(LATENT, 3, (2, 3))) - moved(vae.decode(LATENT), 24, (1, 2))
    assert plain.abs().max() > 0.01


def test_an_encoded_latent_moves_with_its_picture(checkpoint: Checkpoint):
    vae = make_circular_vae(checkpoint.vae, "enable", "Make a copy")
    again = vae.encode(moved(IMAGE, 16, (1, 2)))
    torch.testing.assert_close(again, moved(vae.encode(IMAGE), 2, (2, 3)), atol=1e-4, rtol=0)
    assert checkpoint.vae.wraps == (False, False)


@pytest.mark.parametrize(("tiling", "wraps", "cuts"), [("x_only", 3, 2), ("y_only", 2, 3)])
def test_edges_fit_along_one_way_alone(checkpoint: Checkpoint, tiling: str, wraps: int, cuts: int):
    picture = circular_vae_decode({"samples": LATENT}, checkpoint.vae, tiling)
    for dim, fits in ((wraps, True), (cuts, False)):
        again = circular_vae_decode({"samples": torch.roll(LATENT, 3, dim)}, checkpoint.vae, tiling)
        off = (again - torch.roll(picture, 24, dim - 1)).abs().max()
        assert (off < 1e-4) == fits


def test_a_prediction_moves_with_its_input(checkpoint: Checkpoint):
    x, context = torch.randn(1, 4, 16, 16, generator=GENERATOR), torch.randn(1, 77, 32, generator=GENERATOR)

    def predicted(x: Tensor, tiling: str) -> Tensor:
        model = seamless_tile(checkpoint.model, tiling, "Make a copy")
        with torch.no_grad(), residency.use([model]):
            return model.model.apply_model(x, torch.tensor([5.0]), c_crossattn=context)

    for tiling, fits in (("enable", True), ("disable", False)):
        off = (predicted(moved(x, 8, (2, 3)), tiling) - moved(predicted(x, tiling), 8, (2, 3))).abs().max()
        assert (off < 1e-3) == fits
    with torch.no_grad(), residency.use([checkpoint.model]):
        torch.testing.assert_close(
            checkpoint.model.model.apply_model(x, torch.tensor([5.0]), c_crossattn=context), predicted(x, "disable")
        )
    assert not checkpoint.model.object_patches


def test_a_small_vae_wraps_too():
    network = Taesd(TaesdDims(width=8))
    randomise(network, GENERATOR)
    with torch.no_grad(), wrapping(network, (True, True)):
        torch.testing.assert_close(
            network.decode(moved(LATENT, 3, (2, 3))), moved(network.decode(LATENT), 24, (2, 3)), atol=1e-4, rtol=0
        )
    assert all(getattr(layer, "wraps", (False, False)) == (False, False) for layer in network.modules())


def test_tiles_of_a_seamless_picture_make_one():
    """With the starter model, whose decoder has learnt to be smooth: tiles are the whole, at the outer edges too."""
    vae = make_circular_vae(load_checkpoint(settings.CHECKPOINT).vae, "enable", "Make a copy")
    way = torch.linspace(0, 2 * torch.pi, 257)[:-1]
    waves = [0.5 + 0.3 * torch.sin(way)[:, None] * torch.cos(k * way)[None] for k in (0, 1, 2)]
    picture = torch.stack(waves, -1)[None]
    latent = vae.encode(picture)
    tiled = vae_encode_tiled(picture, vae, 192, 64, 64, 8)["samples"]
    assert (tiled - latent).abs().mean() < 0.02 * latent.std()
    off = (vae_decode_tiled({"samples": latent}, vae, 192, 64, 64, 8) - vae.decode(latent)) * 255
    assert off.abs().max() < 4
    assert (off - off.roll(1, 1)).abs().max() < 2
    assert (off - off.roll(1, 2)).abs().max() < 2
    residency.free_all()


def test_a_seamless_model_shares_its_weights(checkpoint: Checkpoint):
    assert seamless(checkpoint.model, (True, True)).is_clone(checkpoint.model)


def test_what_leaves_a_picture_comes_in_at_the_opposite_edge():
    made = offset_image(IMAGE, 50.0, 25.0)
    assert torch.equal(made[0, 16, 48], IMAGE[0, 0, 0])
    assert torch.equal(offset_image(made, 50.0, 75.0), IMAGE)
