"""Pictures in tiles are the pictures as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from comfy_core import progress
from comfy_core.checkpoint import Checkpoint
from comfy_core.families import load_checkpoint
from comfy_core.memory import residency
from comfy_core.tiling import Tiles, in_tiles, norms_of, smaller
from comfy_core.vae import VAE
from nodes.tiled import vae_decode_tiled, vae_encode_tiled
from tools.starter import settings


@pytest.mark.parametrize(
    ("length", "largest", "overlap", "size", "starts"),
    [
        (64, 64, 8, 64, (0,)),
        (10, 64, 8, 10, (0,)),
        (128, 64, 8, 48, (0, 40, 80)),
        (65, 64, 8, 37, (0, 28)),
        (30, 10, 90, 9, (0, 7, 14, 21)),
    ],
)
def test_tiles_are_as_few_and_as_small_as_can_be(length: int, largest: int, overlap: int, size: int, starts):
    assert Tiles.along(length, largest, overlap) == Tiles(length, size, starts)


@pytest.mark.parametrize(("length", "largest", "overlap"), [(128, 64, 8), (97, 31, 7), (1000, 16, 16), (50, 49, 0)])
def test_every_place_is_covered_and_counts_once(length: int, largest: int, overlap: int):
    tiles = Tiles.along(length, largest, overlap)
    total = torch.zeros(3 * length)
    for start, weight in zip(tiles.starts, tiles.weights(3), strict=True):
        assert weight.min() > 0
        total[3 * start : 3 * start + len(weight)] += weight
    torch.testing.assert_close(total, torch.ones(3 * length))


def test_a_function_of_single_places_is_the_same_in_tiles():
    x = torch.randn(1, 2, 40, 23)
    tiles = Tiles.along(40, 12, 4), Tiles.along(23, 30, 4)
    torch.testing.assert_close(in_tiles(lambda tile: tile * 2, x, *tiles, 1, 1), x * 2)
    small = in_tiles(lambda tile: tile[:, :, ::8, ::8], torch.ones(1, 2, 320, 184), *tiles, 8, 1)
    torch.testing.assert_close(small, torch.ones(1, 2, 40, 23))


def test_norms_take_their_moments_from_another_picture_while_asked_to():
    norm = nn.GroupNorm(2, 6)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    x = torch.randn(1, 6, 8, 8) * 3 + 1
    with norms_of(norm, lambda: norm(x)):
        torch.testing.assert_close(norm(x[:, :, :2]), nn.GroupNorm.forward(norm, x)[:, :, :2])
    torch.testing.assert_close(norm(x[:, :, :2]), nn.GroupNorm.forward(norm, x[:, :, :2]))


def test_a_smaller_picture_keeps_its_variance():
    x = torch.randn(1, 4, 64, 48)
    small = smaller(x, 16, 4)
    assert small.shape == (1, 4, 16, 12)
    assert abs(small.std() - x.std()) < 0.1


@pytest.fixture(scope="module")
def vae() -> Iterator[VAE]:
    yield load_checkpoint(settings.CHECKPOINT).vae
    residency.free_all()


@pytest.fixture(scope="module")
def smooth(vae: VAE) -> tuple[Tensor, Tensor, Tensor]:
    """A picture of slow changes, its latent, and that decoded whole."""
    across, down = torch.meshgrid(torch.linspace(0, 1, 256), torch.linspace(0, 1, 256), indexing="xy")
    picture = torch.stack([across, down, 0.5 + 0.5 * torch.sin(5 * across + 3 * down)], -1)[None]
    latent = vae.encode(picture)
    return picture, latent, vae.decode(latent)


@pytest.fixture(scope="module")
def busy(vae: VAE) -> tuple[Tensor, Tensor, Tensor]:
    """A picture full of edges, with sides of no round number of tiles; its latent; and that decoded whole."""
    generator = torch.Generator().manual_seed(1)
    squares = torch.rand(1, 3, 24, 19, generator=generator).repeat_interleave(8, 2).repeat_interleave(8, 3)
    picture = (squares + 0.1 * torch.rand(1, 3, 192, 152, generator=generator)).clamp(0, 1).movedim(1, -1)
    latent = vae.encode(picture)
    return picture, latent, vae.decode(latent)


@pytest.mark.parametrize(("size", "overlap"), [(128, 64), (64, 16), (64, 0)])
def test_tiles_make_the_picture_of_the_whole(vae: VAE, busy: tuple[Tensor, Tensor, Tensor], size: int, overlap: int):
    picture, latent, whole = busy
    tiled = vae_decode_tiled({"samples": latent}, vae, size, overlap, 64, 8)
    assert (tiled - whole).abs().max() < 0.1 / 255
    encoded = vae_encode_tiled(picture, vae, size, overlap, 64, 8)["samples"]
    assert (encoded - latent).abs().max() < 1e-3 * latent.std()


@pytest.mark.parametrize("wraps", [(True, False), (False, True), (True, True)])
def test_so_they_do_where_pictures_continue_at_their_other_edge(
    checkpoint: Checkpoint, wraps: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
):
    vae = checkpoint.vae
    vae.wraps = wraps
    latent = torch.randn(1, 4, 12, 18, generator=torch.Generator().manual_seed(2))
    whole = vae.decode(latent)
    assert (vae.decode_tiled(latent, 8, 6, 2) - whole).abs().max() < 0.1 / 255
    back = vae.encode(whole)
    assert (vae.encode_tiled(whole, 64, 48, 16) - back).abs().max() < 1e-3 * back.std()


@pytest.mark.parametrize("room", [0, 2**40])
def test_one_bar_goes_over_all_pictures(checkpoint: Checkpoint, room: int, monkeypatch: pytest.MonkeyPatch):
    """In stages, or tile by tile where the host has no room for what lies between them."""
    monkeypatch.setattr("comfy_core.stages.free_bytes", lambda device: room)
    heard: list[tuple[float, float]] = []

    class Listener:
        def report(self, value: float, total: float, preview: object, node_id: str | None = None) -> None:
            heard.append((value, total))

        def interrupted(self) -> bool:
            return False

    with progress.listen(Listener()):  # type: ignore[arg-type]
        images = checkpoint.vae.decode_tiled(torch.randn(3, 4, 9, 12), 8, 8, 2)
        decoded, heard = heard, []
        checkpoint.vae.encode_tiled(images, 64, 64, 16)
    for said in (decoded, heard):
        assert said == [(i, len(said)) for i in range(1, len(said) + 1)]
        assert len(said) > 3


def test_no_tile_is_larger_than_asked_for_but_by_what_its_convolutions_see(
    vae: VAE, busy: tuple[Tensor, Tensor, Tensor]
):
    seen: list[tuple[int, ...]] = []
    convolutions = [one for one in vae.first_stage_model.decoder.up.modules() if isinstance(one, torch.nn.Conv2d)]
    hooks = [one.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[2:])) for one in convolutions]
    vae_decode_tiled({"samples": busy[1]}, vae, 64, 16, 64, 8)
    for hook in hooks:
        hook.remove()
    assert max(max(shape) for shape in seen) <= 64 + 2 * 8


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that has no room for what lies between stages: every tile is worked off by itself."""
    monkeypatch.setattr("comfy_core.stages.free_bytes", lambda device: 0)


@pytest.mark.usefixtures("no_room")
def test_tiles_leave_no_seams(vae: VAE, smooth: tuple[Tensor, Tensor, Tensor]):
    """A seam is a step between neighbouring pixels that the whole picture does not have."""
    _, latent, whole = smooth
    tiled = vae_decode_tiled({"samples": latent}, vae, 192, 64, 64, 8)
    difference = (tiled - whole) * 255
    assert difference.diff(dim=1).abs().max() < 2
    assert difference.diff(dim=2).abs().max() < 2
    assert difference.abs().mean() < 1
    assert difference.abs().max() < 2


@pytest.mark.usefixtures("no_room")
def test_encoding_in_tiles_is_encoding(vae: VAE, smooth: tuple[Tensor, Tensor, Tensor]):
    picture, latent, _ = smooth
    tiled = vae_encode_tiled(picture, vae, 192, 64, 64, 8)["samples"]
    assert tiled.shape == latent.shape
    assert (tiled - latent).abs().mean() < 0.02 * latent.std()


def test_one_tile_is_the_whole(checkpoint: Checkpoint):
    latent = torch.randn(2, 4, 5, 9)
    whole = checkpoint.vae.decode(latent)
    assert torch.equal(checkpoint.vae.decode_tiled(latent), whole)
    assert torch.equal(checkpoint.vae.encode_tiled(whole), checkpoint.vae.encode(whole))


def sizes_decoded(vae: VAE, monkeypatch: pytest.MonkeyPatch, refuse_above: int = 10_000) -> list[int]:
    """The widths that the costly half of the decoder sees, in order; above a width there is no memory."""
    widths: list[int] = []
    block = vae.first_stage_model.decoder.up[-1].block[0]
    original = block.conv1.forward

    def forward(features: Tensor) -> Tensor:
        widths.append(features.shape[-1])
        if features.shape[-1] > refuse_above:
            raise torch.OutOfMemoryError("there is none")
        return original(features)

    monkeypatch.setattr(block.conv1, "forward", forward)
    return widths


def test_what_does_not_fit_by_estimate_is_decoded_in_tiles(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    vae = checkpoint.vae
    latent = torch.randn(1, 4, 40, 40)
    needed = vae._working_bytes(32, 32) + vae.patcher.model_size()
    monkeypatch.setattr(residency.current(), "_free_bytes", lambda device: needed)
    widths = sizes_decoded(vae, monkeypatch)
    assert vae.decode(latent).shape == (1, 320, 320, 3)
    assert max(widths) <= 32 + 2


def test_memory_that_ends_while_decoding_makes_tiles_smaller(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    widths = sizes_decoded(checkpoint.vae, monkeypatch, refuse_above=20)
    assert checkpoint.vae.decode(torch.randn(1, 4, 40, 40)).shape == (1, 320, 320, 3)
    assert widths[0] == 40
    assert widths[-1] <= 16 + 2


def test_memory_that_does_not_do_for_the_smallest_tile_is_said(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    sizes_decoded(checkpoint.vae, monkeypatch, refuse_above=2)
    with pytest.raises(torch.OutOfMemoryError, match="VAE: tiles of 128 pixels do not fit the memory"):
        checkpoint.vae.decode(torch.randn(1, 4, 40, 40))


def test_other_errors_are_not_taken_for_a_lack_of_memory(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch):
    def broken(features: Tensor) -> Tensor:
        raise RuntimeError("something else")

    monkeypatch.setattr(checkpoint.vae.first_stage_model, "decode_outer", broken)
    with pytest.raises(RuntimeError, match="something else"):
        checkpoint.vae.decode(torch.randn(1, 4, 8, 8))
