"""Leading a model by a ControlNet-LLLite: its file, and the patch of a U-Net's attentions that it becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from uuid import uuid4

import torch.nn.functional as F
from torch import Tensor

from comfy_core.concat import repeated
from comfy_core.control.fit import encoder_of, refusal
from comfy_core.families import UnknownCheckpoint, description, sdxl
from comfy_core.families._ldm import build, file_name, patcher_of, reading
from comfy_core.media.resize import common_upscale
from comfy_core.memory import devices
from comfy_core.networks.lllite import Convolution, LLLite, ModuleDims
from comfy_core.networks.transformer_options import Options
from comfy_core.networks.unet import Encoder
from comfy_core.patcher import ModelPatcher
from comfy_core.weights import Weights, WeightsError

PREFIX = "lllite_unet_"
CELL = 8
"""Pixels of a picture along a cell of its latent."""
TOLERANCE = 1e-4
"""By how much a sigma may differ from that of its step, having been of a smaller type."""
PROJECTIONS = ("to_q", "to_k", "to_v")


def load_lllite(weights: Weights) -> ModelPatcher:
    """The network of a ControlNet-LLLite. Raises WeightsError for anything else, and for one that is not whole."""
    name = file_name(weights)
    modules = list(dict.fromkeys(key.split(".")[0] for key in weights if key.startswith(PREFIX)))
    if not modules:
        raise UnknownCheckpoint(description(weights, "ControlNet-LLLite", "those of kohya's for Stable Diffusion XL"))
    with reading(name):
        network = build(LLLite, {module: _dims(weights, module) for module in modules}, "ControlNet-LLLite", weights)
        dtype = devices.network_dtype(devices.compute_device())
        return patcher_of(network, weights, dtype, f"ControlNet-LLLite {name}")


def _dims(weights: Weights, module: str) -> ModuleDims:
    shape = weights.shape(f"{module}.down.0.weight")
    if len(shape) != 2 or "_to_" not in module:
        raise WeightsError(
            f"{file_name(weights)}: {module!r} changes a layer that is no projection of an attention; such a "
            "ControlNet-LLLite is not supported."
        )
    seeing: list[Convolution] = []
    while (layer := f"{module}.conditioning1.{2 * len(seeing)}.weight") in weights:
        after, before, edge, _ = weights.shape(layer)
        seeing.append((before, after, edge))
    return ModuleDims(width=shape[1], narrow=shape[0], seeing=tuple(seeing))


def with_lllite(
    model: ModelPatcher,
    control: ModelPatcher,
    image: Tensor,
    strength: float = 1.0,
    start_at: float = 0.0,
    end_at: float = 1.0,
) -> ModelPatcher:
    """A clone of a model that a ControlNet-LLLite leads by pictures [b, H, W, C] in 0..1, from a share of the steps to
    another. Raises ValueError when it is for another model."""
    _check_fits(model, control)
    led = Led(control, image[..., :3].movedim(-1, 1).expand(-1, 3, -1, -1), strength, start_at, end_at)
    clone = model.clone()
    clone.set_additional_models(f"lllite_{uuid4()}", [control])
    clone.set_model_attn1_patch(led.before_self_attention)
    clone.set_model_attn2_patch(led.before_cross_attention)
    return clone


def _check_fits(model: ModelPatcher, control: ModelPatcher) -> None:
    """Raises ValueError, naming both families, unless the U-Net has all projections that are to be changed."""
    network = encoder_of(control.name, sdxl.NAME, model)
    widths = _widths(network)
    dims: dict[str, ModuleDims] = control.model.dims  # type: ignore[assignment]
    if any(widths.get(name) != one.width for name, one in dims.items()):
        raise ValueError(refusal(control.name, sdxl.NAME, network.dims))


def _widths(network: Encoder) -> dict[str, int]:
    """The widths of the inputs of a U-Net's projections, under kohya's names for them."""
    return {
        PREFIX + name.replace(".", "_"): layer.in_features  # type: ignore[misc]
        for name, layer in network.named_modules()
        if name.endswith(PROJECTIONS)
    }


@dataclass
class Led:
    """The patch: pictures [b, 3, H, W] in 0..1, how much they count, and between which shares of the steps."""

    control: ModelPatcher
    image: Tensor
    strength: float
    start: float
    end: float
    _seen: dict[tuple[str, tuple[int, ...]], Tensor] = field(default_factory=dict)

    def before_self_attention(
        self, x: Tensor, context: Tensor, value: Tensor, options: Options
    ) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = (self._changed(*one, options, "attn1") for one in zip((x, context, value), PROJECTIONS, strict=True))
        return q, k, v

    def before_cross_attention(
        self, x: Tensor, context: Tensor, value: Tensor, options: Options
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The text is no feature map: what is looked for changes alone."""
        return self._changed(x, "to_q", options, "attn2"), context, value

    def _changed(self, x: Tensor, projection: str, options: Options, attention: str) -> Tensor:
        name = f"{_place(options)}_{attention}_{projection}"
        if name not in self.control.model or not self._counts(options):  # type: ignore[operator]
            return x
        seen = self._fitted(name, x, options)
        module = self.control.model[name]  # type: ignore[index]
        return x + self.strength * module(x, seen.to(x))

    def _counts(self, options: Options) -> bool:
        """Whether this step of the run is one of those that are led."""
        steps = options.get("sample_sigmas")
        if steps is None:
            return True
        step, count = int((steps >= options["sigmas"][0] * (1 - TOLERANCE)).sum()) - 1, len(steps) - 1
        return math.floor(count * self.start) <= step < math.floor(count * self.end)

    def _fitted(self, name: str, x: Tensor, options: Options) -> Tensor:
        """What is seen at each place of `x`: for each latent its picture, or the pictures over and over."""
        size = tuple(options["activations_shape"][-2:])
        if x.shape[1] != size[0] * size[1]:
            raise ValueError(
                f"{self.control.name} changes the attentions that HyperTile cuts: put HyperTile behind it or leave it"
            )
        key = name, (*options["original_shape"][-2:], *size)
        if key not in self._seen:
            self._seen[key] = self._look(name, options["original_shape"][-2:], size)
        sides = len(options["cond_or_uncond"])
        return repeated(self._seen[key], len(x) // sides).repeat(sides, 1, 1)

    def _look(self, name: str, latent: tuple[int, int], size: tuple[int, ...]) -> Tensor:
        """What a module sees of the pictures, [b, places, C], at the size of a feature map."""
        height, width = (side * CELL for side in latent)
        picture = common_upscale(self.image, width, height, "bilinear", "center") * 2 - 1
        seen = self.control.model[name].see(picture.to(self.control.load_device, self.control.model_dtype()))  # type: ignore[index]
        return F.interpolate(seen, size=size, mode="nearest-exact").flatten(2).mT


def _place(options: Options) -> str:
    """Kohya's name for the transformer where `options` tell we are."""
    side, number = options["block"][:2]
    block = "middle_block" if side == "middle" else f"{side}_blocks_{number}"
    return f"{PREFIX}{block}_1_transformer_blocks_{options['block_index']}"
