"""Upscaling networks: which files are opened, and pictures of any size and kind in tiles that leave no seam."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from comfy_core import progress, stages
from comfy_core.families import UnknownCheckpoint
from comfy_core.memory import residency
from comfy_core.upscale import UpscaleModel, _model, load_upscale_model, upscale_model
from comfy_core.upscale.esrgan import BSRGAN_NAMES
from comfy_core.weights import Weights, WeightsError
from tests.counted_bytes import CountedBytes
from tests.reference.test_upscalers import LAYOUTS
from tests.tiny_upscalers import compact_shapes, drawn, esrgan_shapes

STEP = 1 / 255


@pytest.fixture(autouse=True)
def _nothing_stays_loaded():
    yield
    residency.free_all()


def opened(shapes: dict[str, Any]) -> UpscaleModel:
    return upscale_model(Weights.of(drawn(shapes)))


def pictures(height: int, width: int, channels: int = 3, count: int = 1) -> Tensor:
    """Pictures [B, H, W, C] with everything from slow changes to noise."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(count, height, width, channels, generator=generator)
    ramp = torch.linspace(0, 1, width)[None, None, :, None]
    return 0.5 * ramp + 0.5 * noise


def whole(model: UpscaleModel, images: Tensor) -> Tensor:
    return model(images.movedim(-1, 1)).clamp(0, 1).movedim(1, -1)


def tiles_of(monkeypatch: pytest.MonkeyPatch, *edges: int, overlap: int = 32) -> None:
    monkeypatch.setattr(_model, "TILES", edges)
    monkeypatch.setattr(_model, "OVERLAP", overlap)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapping", ["params_ema", "params", "state_dict", "module"])
def test_wrappings_of_trainers_are_opened(tmp_path: Path, wrapping: str):
    torch.save({wrapping: drawn(compact_shapes())}, tmp_path / "x4.pth")
    prefixed = {f"{wrapping}.{name}": value for name, value in drawn(compact_shapes()).items()}
    save_file(prefixed, tmp_path / "x4.safetensors")
    images = pictures(8, 9)
    expected = opened(compact_shapes()).upscale(images)
    for file in ("x4.pth", "x4.safetensors"):
        assert torch.equal(load_upscale_model(tmp_path / file).upscale(images), expected)


def test_bsrgan_is_the_same_network_under_other_names():
    theirs = {new: old for old, new in BSRGAN_NAMES.items()}
    tensors = drawn(esrgan_shapes())
    renamed = {".".join(theirs.get(part, part) for part in name.split(".")): value for name, value in tensors.items()}
    assert "RRDB_trunk.0.RDB1.conv1.weight" in renamed
    images = pictures(8, 9)
    assert torch.equal(upscale_model(Weights.of(renamed)).upscale(images), opened(esrgan_shapes()).upscale(images))


def test_half_precision_files_do(tmp_path: Path):
    halved = {name: value.half() for name, value in drawn(compact_shapes()).items()}
    save_file(halved, tmp_path / "half.safetensors")
    made = load_upscale_model(tmp_path / "half.safetensors").upscale(pictures(8, 9))
    assert made.dtype == torch.float32
    assert (made - opened(compact_shapes()).upscale(pictures(8, 9))).abs().max() < 0.01


def test_what_is_no_upscaler_is_said_to_be_what_it_is(tmp_path: Path):
    save_file({"layer.lora_up.weight": torch.zeros(2, 2)}, tmp_path / "style.safetensors")
    with pytest.raises(
        UnknownCheckpoint, match=r"style\.safetensors is not an? upscaling model .* a LoRA .*ESRGAN, HAT"
    ):
        load_upscale_model(tmp_path / "style.safetensors")


@pytest.mark.parametrize("content", [b"", b"\x80\x02nonsense", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "x4.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"x4\.pth"):
        load_upscale_model(tmp_path / "x4.pth")


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_file_that_lacks_tensors_is_refused_with_its_name(case: str, tmp_path: Path):
    """Whichever third of them is missing."""
    tensors = drawn(LAYOUTS[case])
    for first in range(3):
        kept = {name: value for i, (name, value) in enumerate(tensors.items()) if i % 3 != first}
        save_file(kept, tmp_path / "holes.safetensors")
        with pytest.raises(WeightsError, match=r"holes\.safetensors"):
            load_upscale_model(tmp_path / "holes.safetensors")


def test_tensors_of_another_shape_are_named():
    tensors = drawn(esrgan_shapes())
    tensors["conv_hr.weight"] = torch.zeros(8, 9, 3, 3)
    with pytest.raises(WeightsError, match=r"'conv_hr\.weight' has shape \(8, 9, 3, 3\)"):
        upscale_model(Weights.of(tensors))


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", [compact_shapes(), compact_shapes(scale=1), esrgan_shapes(in_channels=48)])
def test_pictures_of_any_size_grow_by_the_scale(shapes: dict[str, Any]):
    model = opened(shapes)
    for height, width in ((1, 1), (2, 7), (13, 5)):
        made = model.upscale(pictures(height, width, count=2))
        assert made.shape == (2, height * model.scale, width * model.scale, 3)
        assert made.min() >= 0
        assert made.max() <= 1


def test_transparency_is_enlarged_like_a_grey_picture():
    model = opened(compact_shapes())
    images = pictures(8, 9, channels=4)
    made = model.upscale(images)
    assert torch.equal(made[..., :3], model.upscale(images[..., :3]))
    alpha = model.upscale(images[..., 3:].expand(-1, -1, -1, 3)).mean(-1)
    torch.testing.assert_close(made[..., 3], alpha)


def test_a_grey_picture_becomes_one_in_colour():
    images = pictures(8, 9, channels=1)
    assert torch.equal(
        opened(compact_shapes()).upscale(images), opened(compact_shapes()).upscale(images.expand(-1, -1, -1, 3))
    )


def test_a_network_of_greys_is_run_for_each_colour():
    model = opened(LAYOUTS["SwinIR grey"])
    images = pictures(16, 16)
    made = model.upscale(images)
    assert made.shape == images.shape
    green = model.upscale(images[..., 1:2])
    torch.testing.assert_close(made[..., 1:2], green[..., :1])


# --- tiles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        "Compact 4x", "ESRGAN new", "ESRGAN new 2x", "ESRGAN old 2x", "SwinIR classical 3x", "SwinIR lightweight",
        "SwinIR denoise", "Swin2SR lightweight", "HAT", "SPAN",
    ],
)  # fmt: skip
def test_tiles_are_the_whole(case: str, monkeypatch: pytest.MonkeyPatch):
    """With the overlap that there always is, of a picture full of edges."""
    tiles_of(monkeypatch, 192, overlap=_model.OVERLAP)
    model = opened(LAYOUTS[case])
    images = pictures(192 + 37, 48).unfold(2, 4, 4).mean(-1).repeat_interleave(4, 2)
    seen: list[int] = []
    model.model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[-2]))
    tiled = model.upscale(images)
    assert len(seen) > 1
    assert (tiled - whole(model, images)).abs().max() < STEP


@pytest.mark.parametrize("case", [case for case in LAYOUTS if case.startswith(("DAT", "PLKSR", "RealPLKSR"))])
def test_what_looks_at_the_whole_picture_sees_it_in_every_tile(case: str, monkeypatch: pytest.MonkeyPatch):
    """Attention between channels, the moments of norms, and block after block of very large convolutions."""
    tiles_of(monkeypatch, 96)
    model = opened(LAYOUTS[case])
    images = pictures(96 + 37, 48 + 90)
    sizes: list[int] = []
    for layer in model.model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0][0, 0].numel()))
    tiled, longest = model.upscale(images), max(sizes)
    assert (tiled - whole(model, images)).abs().max() < 1e-4
    assert longest < max(sizes)


def test_without_room_for_a_picture_between_its_stages_tiles_are_done_one_by_one(monkeypatch: pytest.MonkeyPatch):
    tiles_of(monkeypatch, 96)
    monkeypatch.setattr(stages, "free_bytes", lambda device: 0)
    model = opened(LAYOUTS[next(case for case in LAYOUTS if case.startswith("DAT"))])
    seen: list[int] = []
    model.model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[-2]))
    assert model.upscale(pictures(96 + 37, 48)).isfinite().all()
    assert len(seen) > 1


def test_there_is_no_seam_where_tiles_meet(monkeypatch: pytest.MonkeyPatch):
    """A seam is a step between neighbouring pixels that the whole picture does not have; even where a network sees
    farther than tiles overlap, steps are those of the whole picture."""
    tiles_of(monkeypatch, 64, overlap=24)
    model = opened(esrgan_shapes(blocks=2))
    ramp = torch.linspace(0, 1, 150)
    images = torch.stack([ramp.expand(120, 150), ramp.flip(0).expand(120, 150), 0.5 + 0 * ramp.expand(120, 150)], -1)[
        None
    ]
    tiled, expected = model.upscale(images), whole(model, images)
    for dim in (1, 2):
        assert (tiled.diff(dim=dim) - expected.diff(dim=dim)).abs().max() < STEP


def test_group_norms_see_the_same_in_every_tile(monkeypatch: pytest.MonkeyPatch):
    """The same detail in a bright and in a dark tile becomes the same, as it does in the whole picture, even where the
    host has no room for what lies between stages."""
    tiles_of(monkeypatch, 192)
    monkeypatch.setattr(stages, "free_bytes", lambda device: 0)
    model = opened(LAYOUTS["RealPLKSR"])
    images = torch.cat([torch.ones(1, 64, 192, 3), torch.full((1, 64, 192, 3), 0.1)], dim=2)
    images[:, :, 32:96] = images[:, :, 288:352] = pictures(64, 64)
    made = model.upscale(images)
    bright, dark = (made[:, :, 4 * middle - 8 : 4 * middle + 8] for middle in (64, 320))
    assert bright.std() > 0.1
    torch.testing.assert_close(bright, dark)


def test_memory_is_that_of_a_tile_whatever_the_size_of_the_picture(monkeypatch: pytest.MonkeyPatch):
    tiles_of(monkeypatch, 48, overlap=12)
    model = opened(esrgan_shapes(growth=4))

    def peak(side: int) -> int:
        images = pictures(side, side)
        with CountedBytes() as counted:
            model.upscale(images)
        result = 3 * (side * 4) ** 2 * 4
        return counted.peak - 2 * result

    tile = model._working_bytes(48, 48)
    assert peak(64) < 1.5 * tile
    assert peak(128) < 1.5 * tile


@pytest.mark.parametrize("case", LAYOUTS)
def test_the_estimate_of_memory_is_what_a_network_takes(case: str):
    model = opened(LAYOUTS[case])
    pixels = torch.rand(1, model.input_channels, 64, 96)
    model(pixels)
    with CountedBytes() as counted:
        model(pixels)
    assert 0.5 < model._working_bytes(64, 96) / counted.peak < 2.5


def widths_seen(model: UpscaleModel, refuse_above: int) -> list[int]:
    widths: list[int] = []

    def watch(_: object, inputs: tuple[Tensor]) -> None:
        widths.append(inputs[0].shape[-1])
        if inputs[0].shape[-1] > refuse_above:
            raise torch.OutOfMemoryError("there is none")

    model.model.register_forward_pre_hook(watch)
    return widths


def test_memory_that_ends_halves_the_tile(monkeypatch: pytest.MonkeyPatch):
    model = opened(compact_shapes())
    widths = widths_seen(model, refuse_above=100)
    assert model.upscale(pictures(20, 600)).shape == (1, 80, 2400, 3)
    first = [width for i, width in enumerate(widths) if i == 0 or width != widths[i - 1]]
    assert [first[0] > 256, 128 < first[1] <= 256, 64 < first[2] <= 128, first[3] <= 64] == [True] * 4


def test_what_does_not_fit_by_estimate_is_not_tried(monkeypatch: pytest.MonkeyPatch):
    model = opened(compact_shapes())
    needed = model._working_bytes(256, 256) + model.patcher.model_size()
    monkeypatch.setattr(residency.current(), "_free_bytes", lambda device: needed)
    widths = widths_seen(model, refuse_above=10_000)
    model.upscale(pictures(600, 600)[:, :300])
    assert max(widths) <= 256


def test_memory_that_does_not_do_for_the_smallest_tile_is_said():
    model = opened(compact_shapes())
    widths_seen(model, refuse_above=2)
    with pytest.raises(torch.OutOfMemoryError, match="Real-ESRGAN compact: tiles of 64 pixels do not fit the memory"):
        model.upscale(pictures(20, 20))


class Steps:
    """Hears what is reported, and interrupts the work after so many steps."""

    def __init__(self, last: int = 10_000) -> None:
        self.heard: list[tuple[float, float]] = []
        self.last = last

    def report(self, value: float, total: float, preview: Any, node_id: str | None = None) -> None:
        self.heard.append((value, total))

    def interrupted(self) -> bool:
        return len(self.heard) == self.last


def test_progress_is_said_for_all_pictures_and_heard_between_tiles(monkeypatch: pytest.MonkeyPatch):
    tiles_of(monkeypatch, 16, overlap=4)
    model, steps = opened(compact_shapes()), Steps(last=5)
    with progress.listen(steps), pytest.raises(progress.Interrupted):  # type: ignore[arg-type]
        model.upscale(pictures(16, 40, count=2))
    assert steps.heard == [(i, 6) for i in range(1, 6)]


def test_pictures_done_in_stages_have_one_bar_too(monkeypatch: pytest.MonkeyPatch):
    tiles_of(monkeypatch, 48)
    model, steps = opened(LAYOUTS["RealPLKSR"]), Steps()
    with progress.listen(steps):  # type: ignore[arg-type]
        model.upscale(pictures(48, 90, count=2))
    whole = 2 * len(list(model.model.stages()))  # type: ignore[operator]
    assert steps.heard == [(i, whole) for i in range(1, whole + 1)]


def test_a_pack_may_call_the_network_itself():
    """As packs do that know spandrel's models: `model.to(device)`, `model(pixels)`, `model.scale`."""
    model = opened(compact_shapes()).to("cpu")
    pixels = pictures(8, 9).movedim(-1, 1)
    assert (model.scale, model.input_channels, model.output_channels) == (4, 3, 3)
    assert model(pixels).shape == (1, 3, 32, 36)


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_network_that_does_not_fit_is_streamed_to_the_same_picture(case: str, monkeypatch: pytest.MonkeyPatch):
    model = opened(LAYOUTS[case])
    pixels = torch.rand(1, model.input_channels, 16, 32)
    expected = model(pixels)
    residency.free_all()
    monkeypatch.setattr(residency.current(), "_free_bytes", lambda device: 0)
    assert torch.equal(model(pixels), expected)
    (resident,) = residency.current().residents
    assert resident.stream is not None
